from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest

from pytest_gilcheck.record import Checked
from pytest_gilcheck.reporting.markdown import MARKER, MOST, coded, escaped, text
from unit.reporting.specimens import BOUND, CLEAN, DEADLOCK, RACE, WAITS, a_report, of_tests

EVERY = {
    "waits": Checked(scaling=WAITS),
    "bound": Checked(scaling=BOUND),
    "race": Checked(race=RACE, scaling=replace(BOUND, failed=True)),
    "hazard": Checked(race=CLEAN),
    "deadlock": Checked(race=DEADLOCK),
}


def test_the_marker_and_the_headline_come_first() -> None:
    lines = text(a_report(**EVERY)).splitlines()
    assert lines[:2] == [
        MARKER,
        "### gilcheck: 1 race, 1 failed-in-rerun, 1 deadlock, 1 hazard-unordered in 5 checked tests",
    ]
    assert text(a_report(a=Checked(scaling=WAITS))).splitlines()[1] == "### gilcheck: nothing found in 1 checked test"


def test_the_table_is_worst_first() -> None:
    rows = [line for line in text(a_report(**EVERY)).splitlines() if line.startswith("|")]
    tests = [re.search("::([a-z]+)<", html.unescape(row)) for row in rows[2:]]
    assert [found and found[1] for found in tests] == ["race", "deadlock", "bound", "waits", "hazard"]
    assert rows[2].startswith("| **race** | **failed** | ×1.02 | ×1.90 | 99% |")
    assert rows[-1].startswith("| clean, 1 hazard |  |")


def test_a_failure_has_its_interleaving_and_how_to_replay_it() -> None:
    shown = text(a_report(race=Checked(race=RACE)))
    assert "<details><summary>race: lost update of Counter.value in <code>tests/test_it.py::race</code></summary>" in shown
    block = shown.partition("```text\n")[2].partition("\n```\n")[0].splitlines()
    assert "counter.py:5  self.value += 1" in block
    assert any(line.startswith("thread 1 ") and line.endswith("thread 2") for line in block)
    assert block[-1] == "replay: pytest tests/test_it.py::race --gilcheck-replay=gc1:AAAA"
    assert "possible on this interpreter with the GIL: no" in block


def test_an_id_that_cannot_be_shown_is_not_given_as_a_command() -> None:
    shown = text(of_tests({"t.py::test[\x1b]": Checked(race=RACE)}))
    assert "replay" not in shown
    assert "replay: pytest 't.py::test[a b]' --gil" in text(of_tests({"t.py::test[a b]": Checked(race=RACE)}))


def test_a_note_has_no_section() -> None:
    assert "<details>" not in text(a_report(bound=Checked(scaling=BOUND)))


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("plain ×2, a-b (c).", "plain ×2, a-b (c)."),
        ("tests/test_a.py::test_b", "tests/test_a.py::test_b"),
        ("<b>&", "&#60;b&#62;&#38;"),
        ("a|b", "a&#124;b"),
        ("a\\|b", "a&#92;&#124;b"),
        ("`x`", "&#96;x&#96;"),
        ("@user #1", "&#64;user &#35;1"),
        ("__init__", "&#95;&#95;init&#95;&#95;"),
        ("http://x www.x", "http&#58;//x www&#46;x"),
        ("![a](b)", "&#33;&#91;a&#93;(b)"),
        ("a\nb\x1b[1m\ud800", "a&#92;nb&#92;x1b&#91;1m&#92;ud800"),
    ],
)
def test_nothing_in_a_line_is_markup(said: str, shown: str) -> None:
    assert escaped(said) == shown
    assert coded(said) == f"<code>{shown}</code>"


def test_a_fence_is_longer_than_any_in_its_block() -> None:
    shown = text(a_report(race=Checked(race=replace(RACE, reason="a\n````\nb"))))
    assert "\n`````text\na\n````\nb\n" in shown


def test_what_is_too_long_is_left_out_and_said() -> None:
    tests = {f"tests/test_it.py::test_{n}": Checked(race=RACE) for n in range(5_000)}
    shown = text(of_tests(tests))
    assert MOST * 0.9 < len(shown.encode()) <= MOST
    rows, sections = shown.count("\n| **race**"), shown.count("<details>")
    assert rows > 100
    assert sections > 20
    assert sections == shown.count("</details>")
    assert shown.splitlines()[-1] == (
        f"Left out, as it would be too long: {5000 - rows:,} rows of the table and {5000 - sections:,} findings. "
        f"`--gilcheck-json` has everything."
    )


@pytest.mark.parametrize("most", [1_000, 5_000, 200_000])
def test_it_stays_below_any_limit(most: int) -> None:
    tests = {f"ü{n}{'x' * 10_000}": Checked(race=replace(RACE, reason="ü" * 50_000)) for n in range(40)}
    shown = text(of_tests(tests), most)
    assert len(shown.encode()) <= most
    assert shown.count("<details>") == shown.count("</details>")


def test_no_test_at_all() -> None:
    shown = text(of_tests({}))
    assert "|" not in shown
    assert "nothing found in 0 checked tests" in shown


def test_a_failing_word_is_a_finding() -> None:
    shown = text(a_report((("tests/test_it.py::a", "gil-bound"),), a=Checked(scaling=BOUND)))
    assert shown.splitlines()[1] == "### gilcheck: 1 gil-bound in 1 checked test"
    assert "4 threads ×1.02; processes help" in shown
