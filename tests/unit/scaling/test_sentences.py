from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pytest_gilcheck.scaling.sentences import advice, reason, speedups
from pytest_gilcheck.verdict import FLAGGED, HotLine, Scaling
from unit.scaling.fakes import a_measurement, an_environment, an_estimate

UNMEASURED: dict[str, Any] = {"solo": (), "in_threads": (), "in_processes": ()}
LINE = HotLine(file="/project/src/parse.py", line=12, function="parse", share=0.42, kind="bytecode")


def said(
    verdict: Scaling,
    because: str = "",
    *,
    measurement: dict[str, Any] | None = None,
    figures: dict[str, Any] | None = None,
) -> str:
    return reason(verdict, because, a_measurement(**(measurement or {})), an_estimate(**(figures or {})))


@pytest.mark.parametrize(
    ("verdict", "because", "figures", "words"),
    [
        (Scaling.GIL_BOUND, "", {"gil_share": 0.974}, "holds the GIL 97% of its time"),
        (Scaling.GIL_BOUND, "", {"gil_share": None}, "holds the GIL an unknown share of its time"),
        (Scaling.PARTLY_GIL_BOUND, "", {"gil_share": 0.33}, "33% of its time, so about 3 threads fill it"),
        (Scaling.PARTLY_GIL_BOUND, "", {"gil_share": 0.0}, "so about a few threads fill it"),
        (Scaling.LOCK_BOUND, "", {"gil_share": 0.04}, "the GIL is free (4% held), yet the threads wait for one another"),
        (Scaling.LOCK_BOUND, "", {"gil_share": None}, "; the threads wait for one another: a lock in this process"),
        (Scaling.SHARED_RESOURCE, "contention", {}, "run at once, but slow one another down"),
        (
            Scaling.SHARED_RESOURCE,
            "",
            {"slowdown_threads": 3.96, "slowdown_processes": 4.02},
            "threads and processes slow down alike (×4.0 and ×4.0 longer)",
        ),
        (Scaling.RELEASES_GIL, "", {"gil_share": 0.02}, "holds the GIL only 2% of its time"),
        (Scaling.IO_BOUND, "", {"cpu_share": 0.1}, "the body waits 90% of its time, and the waits overlap"),
        (Scaling.PARALLEL_INSIDE, "", {"other_cpu": 1.46}, "keeps 1.5 CPUs busy with threads of its own"),
        (Scaling.INCONCLUSIVE, "in doubt", {}, "; in doubt"),
    ],
)
def test_reasons_carry_the_figures_that_decided(verdict: Scaling, because: str, figures: dict[str, Any], words: str) -> None:
    text = said(verdict, because, figures=figures)
    assert text.startswith("4 threads ×4.00, 4 processes ×4.00 on 4 CPUs; ")
    assert words in text


def test_a_skip_is_its_own_reason() -> None:
    assert said(Scaling.SKIPPED, "not on Mondays") == "not on Mondays"


def test_too_short_says_how_short() -> None:
    text = said(Scaling.TOO_SHORT, measurement={"shortest": 0.000123, **UNMEASURED})
    assert text == "one call takes 0.123 ms; below 2 ms starting a thread costs as much"


def test_too_long_says_what_to_allow() -> None:
    text = said(Scaling.INCONCLUSIVE, "too long for its budget", measurement={"shortest": 41.5, **UNMEASURED})
    assert text.startswith("one call takes 41.5 s, too long for the budget; 4 threads take about 249 s: allow that with ")


@pytest.mark.parametrize(("waiting", "busy"), [(0.14, False), (0.5, True), (None, False)])
def test_an_inconclusive_reason_says_when_the_machine_was_busy(waiting: float | None, busy: bool) -> None:
    text = said(Scaling.INCONCLUSIVE, "in doubt", figures={"waiting_for_cpu": waiting})
    assert ("the machine was busy (50% of the wanted CPU time went to others)" in text) is busy


def test_an_interpreter_without_the_gil_is_said_to_be_one() -> None:
    text = said(Scaling.RELEASES_GIL, measurement={"environment": an_environment(gil="disabled")})
    assert "this interpreter runs without the GIL" in text


@pytest.mark.parametrize(
    ("measurement", "note"),
    [
        ({"asked_threads": 8}, "4 workers instead of 8, to stay near the budget"),
        ({"processes": 0, "processes_missing": "no fork here"}, "without processes: no fork here"),
        (
            {"environment": an_environment(gil="re-enabled")},
            "the GIL of this free-threaded build is switched on",
        ),
        (
            {"environment": an_environment(gil="re-enabled", gil_reenabled_by="import numpy")},
            "the GIL of this free-threaded build is switched on by import numpy",
        ),
    ],
)
def test_what_else_a_reader_should_know_is_noted_at_the_end(measurement: dict[str, Any], note: str) -> None:
    assert said(Scaling.GIL_BOUND, measurement=measurement).endswith("; " + note)
    assert note not in said(Scaling.GIL_BOUND)
    assert note not in said(Scaling.TOO_SHORT, measurement={**measurement, **UNMEASURED, "shortest": 0.001})


def test_of_a_reason_of_several_lines_why_there_are_no_processes_only_the_first_is_said() -> None:
    text = said(Scaling.GIL_BOUND, measurement={"processes": 0, "processes_missing": "no pickles\nat line 3\n"})
    assert text.endswith("; without processes: no pickles")


def test_speed_ups_leave_out_what_was_not_run() -> None:
    one_cpu = a_measurement(environment=an_environment(usable_cpus=1), processes=0)
    assert speedups(one_cpu, an_estimate(speedup_processes=None)) == "4 threads ×4.00 on 1 CPU"
    quota = a_measurement(environment=an_environment(cpu_quota=1.5))
    assert speedups(quota, an_estimate(speedup_threads=None)) == "4 processes ×4.00 on 1.5 CPUs"


def test_every_class_has_a_reason() -> None:
    for verdict in Scaling:
        assert said(verdict, "because")


def test_advice_is_given_where_something_is_wrong_and_only_there() -> None:
    assert {verdict for verdict in Scaling if advice(verdict, an_estimate(), ()) is not None} == FLAGGED


@pytest.mark.parametrize(
    ("speedup", "words"),
    [
        (1.9, "processes help (×1.90 here)"),
        (1.1, "processes do not share the GIL, though they gained nothing here (×1.10)"),
        (None, "processes do not share the GIL"),
    ],
)
def test_processes_are_recommended_with_what_they_gave(speedup: float | None, words: str) -> None:
    assert advice(Scaling.GIL_BOUND, an_estimate(speedup_processes=speedup), ()) == words


def test_the_hottest_line_is_named() -> None:
    c_call = HotLine(file="/project/src/dump.py", line=7, function="dump", share=0.9, kind="c-call")
    loop = str(advice(Scaling.GIL_BOUND, an_estimate(), (LINE, c_call)))
    assert "the byte code at parse.py:12 holds it most (42% of the held time)" in loop
    assert "dump.py" not in loop
    call = str(advice(Scaling.GIL_BOUND, an_estimate(), (c_call, LINE)))
    assert "dump.py:7 is one C call that never lets go of the GIL (90% of the held time)" in call
    unclear = str(advice(Scaling.GIL_BOUND, an_estimate(), (replace(c_call, kind="unclear"), LINE)))
    assert "dump.py:7 holds it most (90% of the held time): move that loop" in unclear
    assert "or split it up if it is one C call, which cannot be told on a busy machine" in unclear
