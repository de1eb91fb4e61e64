from __future__ import annotations

from dataclasses import replace

from pytest_gilcheck.record import Checked
from pytest_gilcheck.reporting.github import commands
from pytest_gilcheck.reporting.report import Report
from unit.reporting.specimens import BOUND, CLEAN, DEADLOCK, RACE, a_report, of_tests


def only(checked: Checked, workspace: str = "/repo") -> str:
    (line,) = commands(a_report(a=checked), workspace)
    return line


def test_a_race_is_an_error_at_its_line() -> None:
    assert only(Checked(race=RACE)) == (
        "::error file=src/counter.py,line=5,title=gilcheck%3A race%3A lost update of Counter.value::"
        "tests/test_it.py::a%0Alost update of Counter.value (found on schedule 2)%0A"
        "replay: pytest tests/test_it.py::a --gilcheck-replay=gc1:AAAA"
    )


def test_a_hazard_is_a_warning_and_a_bound_body_a_notice() -> None:
    assert only(Checked(race=CLEAN)).startswith("::warning file=src/cache.py,line=8,title=")
    assert only(Checked(scaling=BOUND)).startswith("::notice file=src/a b.py,line=3,title=")


def test_what_is_outside_of_the_workspace_is_shown_at_the_test() -> None:
    assert only(Checked(race=DEADLOCK)).startswith("::error file=tests/test_it.py,title=")
    assert only(Checked(race=DEADLOCK, line=7)).startswith("::error file=tests/test_it.py,line=7,title=")
    assert only(Checked(race=RACE), "/repo/src").startswith("::error file=counter.py,line=5,title=")
    assert only(Checked(race=RACE), "/elsewhere").startswith("::error title=gilcheck")


def test_what_a_command_could_choke_on_is_escaped() -> None:
    hostile = replace(RACE, reason="100%\r\n::error::x\x1b[1m\ud800", story=None, kind="a:b,c=%")
    line = commands(of_tests({"a,b:c%.py::t": Checked(race=hostile)}), "/repo")[0]
    assert line.startswith(
        "::error file=a%2Cb%3Ac%25.py,title=gilcheck%3A race%3A a%3Ab%2Cc=%25::a,b:c%25.py::t%0A100%25\\r%0A"
    )
    assert line.partition("%0A")[2].startswith("100%25\\r%0A::error::x\\x1b[1m\\ud800%0A")
    assert line.isprintable()


def many(number: int) -> Report:
    races = {f"race{n}": Checked(race=RACE) for n in range(number)}
    return of_tests({**races, **{f"bound{n}": Checked(scaling=BOUND) for n in range(number)}})


def test_no_more_than_a_step_shows() -> None:
    lines = commands(many(12))
    assert [line.split(" ")[0] for line in lines[:-1]] == ["::error"] * 10 + ["::notice"] * 10
    assert lines[-1] == "gilcheck: not annotated, as a step has 10 of a kind: 2 more errors, 2 more notices"
    assert len(commands(many(10))) == 20
    assert commands(many(11))[-1].endswith("1 more error, 1 more notice")


def test_nothing_found_nothing_said() -> None:
    assert commands(of_tests({})) == []
