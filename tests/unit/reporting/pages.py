"""Reports for the tests of report files: a test of every sort, and ids that somebody made to do harm."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pytest_gilcheck.environment import Environment
from pytest_gilcheck.record import Checked, RaceRecord, ScalingRecord
from pytest_gilcheck.reporting.report import Report
from pytest_gilcheck.verdict import Hazard, HazardPlace, HotLine, Race, Scaling

ENVIRONMENT = Environment(
    python="3.12.1",
    implementation="CPython",
    platform="Linux 6.1 x86_64",
    cpu_model="Some CPU",
    usable_cpus=2,
    cpu_quota=None,
    gil="enabled",
    gil_reenabled_by=None,
    run_queue_delay=True,
    fork=True,
)

GIL_BOUND = ScalingRecord(
    verdict=Scaling.GIL_BOUND,
    reason="8 threads ×0.95, 8 processes ×1.90 on 2 CPUs; the body holds the GIL 94% of its time",
    advice="processes help (×1.90 here)",
    details="output of a process\nin two lines",
    threads=8,
    processes=8,
    gil_share=0.94,
    runnable_ratio=0.25,
    speedup_threads=0.95,
    speedup_processes=1.9,
    single_seconds=0.03,
    cpu_share=1.0,
    waiting_for_cpu=0.02,
    single_runs=(0.03, 0.03, 0.031),
    thread_runs=(0.032, 0.03, 0.036),
    process_runs=(0.015, 0.016, 0.0158),
    hot_lines=(
        HotLine(
            file="/work/src/digests.py",
            line=14,
            function="digests",
            share=0.78,
            kind="c-call",
            inside="/usr/lib/json.py:3 load",
            source="return [sha(record) for record in records]",
        ),
        HotLine(file="C:\\work\\digests.py", line=20, function="digests", share=0.1, kind="bytecode"),
    ),
    seconds=1.25,
)
RELEASES = ScalingRecord(
    verdict=Scaling.RELEASES_GIL,
    reason="8 threads ×1.81",
    threads=8,
    processes=0,
    gil_share=0.04,
    speedup_threads=1.81,
    single_seconds=1.5,
    single_runs=(1.5,),
    thread_runs=(0.83,),
    seconds=2.0,
)
TOO_SHORT = ScalingRecord(verdict=Scaling.TOO_SHORT, reason="one call takes 0.019 ms", single_seconds=0.000019)
BROKEN = replace(RELEASES, expectation="broken", expected="expect='gil-bound' is not met: releases-gil")


def act(verb: str, what: str, before: str | None = None, after: str | None = None, **more: Any) -> dict[str, Any]:
    return {"verb": verb, "what": what, "before": before, "after": after, "conflict": False, "note": None, **more}


def step(thread: int, line: int, source: str, *acts: dict[str, Any], **more: Any) -> dict[str, Any]:
    place = {"thread": thread, "file": "shop.py", "line": line, "source": source}
    return {**place, "acts": list(acts), "holds": [], "left_out": 0, **more}


def hold(what: str, line: int) -> dict[str, Any]:
    return {"what": what, "file": "shop.py", "line": line, "source": f"with {what}:"}


def stuck(thread: int, waits_for: str | None, held_by: int | None, *holds: dict[str, Any]) -> dict[str, Any]:
    place = {"file": "shop.py", "line": 30 + thread, "source": f"with lock_{thread}:"}
    return {
        "thread": thread,
        "name": f"t{thread}",
        "waits_for": waits_for,
        **place,
        "held_by": held_by,
        "holds": list(holds),
    }


LOST = RaceRecord(
    verdict=Race.RACE,
    reason="AssertionError: assert 1 == 2 (found on schedule 2, with 2 context switches)",
    kind="exception",
    schedules=2,
    first_failure=2,
    switches=2,
    token="gc1:Aws8QufuMGYB",
    gil_feasible=False,
    threads=2,
    strategy="auto",
    seed=0,
    hazards=(
        Hazard(
            kind="unordered",
            text="thread 1 reads .value and then writes what depends on that",
            places=(
                HazardPlace(
                    thread=1,
                    file="shop.py",
                    line=9,
                    function="Counter.add",
                    source="self.value += 1",
                    act="reads .value",
                    locks=("shop.py:7",),
                ),
                HazardPlace(
                    thread=2, file="shop.py", line=9, function="Counter.add", source="self.value += 1", act="writes it"
                ),
            ),
        ),
    ),
    conflicts=3,
    orders_seen=5,
    orders_total=6,
    found_after=0.00099,
    failed=True,
    seconds=0.12,
    story={
        "cause": "lost update of Counter.value",
        "steps": [
            step(1, 9, "self.value += 1", act("reads", "Counter.value", "0", conflict=True), left_out=3),
            step(2, 9, "self.value += 1", act("writes", "Counter.value", "0", "1", conflict=True)),
            step(
                1,
                9,
                "self.value += 1",
                act("writes", "Counter.value", "1", "1", conflict=True, note="thread 2's write of 1 is lost"),
                holds=[hold("Counter.lock", 8)],
            ),
        ],
        "stuck": [],
    },
)
THREE = replace(
    LOST,
    hazards=(),
    story={
        "cause": None,
        "steps": [
            step(3, 7, "self.step = 1", act("takes", "Ticket.lock")),
            step(2, 8, "self.step = 2", act("raises", "KeyError('a')")),
            step(0, 20, "assert ticket.step == 3", act("reads", "Ticket.step", "2")),
            step(1, 9, "self.step = 3", act("deletes", "Ticket.step", "2", "absent")),
        ],
        "stuck": [],
    },
)
DEADLOCK = RaceRecord(
    verdict=Race.DEADLOCK,
    reason="thread 1 waits for a lock",
    kind="deadlock",
    schedules=2,
    token="gc1:Awz4VomVaEwB",
    failed=True,
    story={
        "cause": None,
        "steps": [step(1, 11, "with a:", act("takes", "a")), step(2, 12, "with b:", act("takes", "b"))],
        "stuck": [
            stuck(1, "b", 2, hold("a", 11)),
            stuck(2, "a", 1, hold("b", 12)),
            stuck(3, "an item of Queue.jobs", None),
            stuck(4, None, None),
            stuck(5, "c", 6),
        ],
    },
)
SELF_DEADLOCK = replace(
    DEADLOCK, story={"cause": None, "steps": [], "stuck": [stuck(1, "Cache.lock", 1, hold("Cache.lock", 10))]}
)
CLEAN = RaceRecord(
    verdict=Race.CLEAN,
    reason="exhausted: every interleaving with at most 2 preemptions (214 schedules)",
    coverage="exhausted",
    preemption_bound=2,
    schedules=214,
    threads=2,
    strategy="auto",
    seed=0,
    conflicts=4,
    orders_seen=8,
    orders_total=8,
    pruned=10,
    seconds=0.2,
)
UNCONTROLLED = RaceRecord(
    verdict=Race.UNCONTROLLED,
    reason="2 executions could not be controlled",
    schedules=2,
    uncontrolled=("thread 1 waits in recv at net.py:3", "thread 2 waits there, too"),
)

TESTS = {
    "tests/test_a.py::test_met[1]": Checked(scaling=RELEASES, race=CLEAN),
    "tests/test_a.py::test_digests": Checked(scaling=GIL_BOUND, race=CLEAN),
    "tests/test_a.py::test_short": Checked(scaling=TOO_SHORT),
    "tests/test_b.py::test_lost": Checked(race=LOST),
    "tests/test_b.py::test_three": Checked(race=THREE),
    "tests/test_b.py::test_dead": Checked(race=DEADLOCK),
    "tests/test_b.py::test_self": Checked(race=SELF_DEADLOCK),
    "tests/test_b.py::test_socket": Checked(race=UNCONTROLLED),
    "tests/test_c.py::test_unexpected": Checked(scaling=BROKEN),
    "tests/test_c.py::test_nothing": Checked(),
}
FAILING = (("tests/test_a.py::test_digests", "gil-bound"),)
REPORT = Report(environment=ENVIRONMENT, tests=TESTS, session={"xdist_workers": 0}, gilcheck="1.2.3", failing=FAILING)

COVERAGE = {
    "files": {
        "src/b.py": {"lines": 40, "reached": 30, "threads": 10, "accesses": 4, "both_orders": 3},
        "src/a.py": {"lines": 10, "reached": 10, "threads": 0, "accesses": 0, "both_orders": 0},
    }
}


def past(day: int, scaling: str | None, race: str | None, speedup: float | None = None) -> dict[str, Any]:
    at = f"2026-11-{day:02d}T10:00:00Z"
    return {"at": at, "scaling": scaling, "race": race, "speedup_threads": speedup, "gil_share": 0.9 if speedup else None}


TREND = {
    "tests/test_a.py::test_digests": [
        past(1, "releases-gil", "clean", 1.8),
        past(2, "releases-gil", "clean", 1.7),
        past(3, "gil-bound", "clean", 0.95),
    ],
    "tests/test_b.py::test_lost": [past(3, None, "race")],
    "tests/test_gone.py::test_gone": [past(2, None, "clean"), past(3, None, "race")],
}

#: Ids and texts that somebody made to do harm, or to be unreadable.
HOSTILE = (
    "<script>window.hacked = 1</script>",
    "</script><script>window.hacked = 2</script>",
    "<img src=x onerror='window.hacked = 3'>",
    '"><svg onload=window.hacked=4>',
    "' onmouseover='window.hacked = 5",
    "{{ 7 * 7 }}{% raw %}",
    "<!-- ]]> -->",
    "\x1b[31mred\x1b[0m",
    "\x00null\x00",
    "\ud800 lone \udfff",
    "\u202eright to left\u202c and \u200f",
    "line\u2028and\u2029paragraph\nand\ttab",
    "x" * 10_000,
    "&amp; &lt;b&gt; \\u003cb\\u003e",
    "javascript:window.hacked=6",
)


def hostile() -> Report:
    """Every text of every record is a hostile one somewhere, and all ids are."""
    tests = {}
    for number, text in enumerate(HOSTILE):
        place = {"file": text, "source": text}
        lost = replace(
            LOST,
            reason=text,
            kind=text,
            strategy=text,
            uncontrolled=(text,),
            hazards=(
                Hazard(
                    kind=text, text=text, places=(replace(LOST.hazards[0].places[0], file=text, act=text, locks=(text,)),)
                ),
            ),
            story={
                "cause": text,
                "steps": [
                    {**step(1, 1, text, act(text, text, text, text, note=text, conflict=True)), **place},
                    {**step(2, 1, text, act("writes", text, text, text)), **place},
                ],
                "stuck": [{**stuck(1, text, 2, hold(text, 1)), **place, "name": text}],
            },
        )
        scaling = replace(
            GIL_BOUND,
            reason=text,
            advice=text,
            details=text,
            expectation="broken",
            expected=text,
            hot_lines=(HotLine(file=text, line=1, function=text, share=0.5, kind=text, inside=text, source=text),),
        )
        tests[f"t.py::test_{number}[{text}]"] = Checked(race=lost, scaling=scaling)
    failing = tuple((test, "gil-bound") for test in tests)
    environment = replace(ENVIRONMENT, platform=HOSTILE[0], cpu_model=HOSTILE[9])
    trend = {test: [past(1, HOSTILE[0], HOSTILE[1]), {**past(2, "gil-bound", "race"), "at": HOSTILE[2]}] for test in tests}
    return Report(
        environment=environment,
        tests=tests,
        gilcheck=HOSTILE[3],
        failing=failing,
        coverage={"files": dict.fromkeys(HOSTILE, COVERAGE["files"]["src/a.py"])},
        trend=trend,
    )
