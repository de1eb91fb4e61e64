"""What report files cost: seconds and bytes of each format, for so many synthetic results.

python benchmarks/report_size.py [TESTS]    (default: 5,000)

Every test has both records. One in twenty has a race with its story, one in ten has hazards, and all that were measured have
five runs of each kind and three hot lines. The second HTML file has 30 earlier runs of every test as well.
"""

from __future__ import annotations

import random
import sys
import time
from dataclasses import replace

from pytest_gilcheck.environment import observe
from pytest_gilcheck.record import Checked, RaceRecord, ScalingRecord
from pytest_gilcheck.reporting.formats import FORMATS, renderer
from pytest_gilcheck.reporting.report import Report
from pytest_gilcheck.verdict import Hazard, HazardPlace, HotLine, Race, Scaling

RUNS = 5
EARLIER = 30


def main() -> None:
    tests = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    report = synthetic(tests, random.Random(1))
    for name in FORMATS:
        cost(name, name, report)
    cost("html", f"html, with {EARLIER} earlier runs", replace(report, trend=earlier(report)))


def cost(name: str, label: str, report: Report) -> None:
    began = time.perf_counter()
    text = renderer(name)(report)
    seconds = time.perf_counter() - began
    print(f"{label:30s} {len(report.tests):6,d} tests  {seconds:5.2f} s  {len(text.encode('utf-8')) / 1e6:6.2f} MB")


def synthetic(tests: int, chance: random.Random) -> Report:
    records = {}
    for number in range(tests):
        test = (
            f"tests/unit/part_{number // 40}/test_module_{number // 10}.py::TestThing::test_does_it[{number}-{number * 7}]"
        )
        records[test] = Checked(scaling=scaling(number, chance), race=race(number, chance))
    failing = tuple((test, "gil-bound") for test in list(records)[:100])
    return Report(environment=observe(), tests=records, session={"xdist_workers": 0}, failing=failing)


def scaling(number: int, chance: random.Random) -> ScalingRecord:
    file = f"/home/somebody/work/project/src/package/module_{number % 300}.py"
    runs = {kind: tuple(chance.uniform(0.01, 0.05) for _ in range(RUNS)) for kind in ("single", "thread", "process")}
    return ScalingRecord(
        verdict=chance.choice(list(Scaling)),
        reason=f"8 threads ×{chance.random():.2f}, 8 processes ×{chance.random():.2f} on 2 CPUs; the body holds the GIL",
        advice=f"processes help (×{chance.random():.2f} here); move the loop at module_{number % 300}.py:{number % 500}",
        threads=8,
        processes=8,
        gil_share=chance.random(),
        runnable_ratio=chance.random(),
        speedup_threads=chance.uniform(0.5, 8),
        speedup_processes=chance.uniform(0.5, 8),
        single_seconds=chance.uniform(0.01, 0.05),
        cpu_share=chance.random(),
        waiting_for_cpu=chance.random(),
        single_runs=runs["single"],
        thread_runs=runs["thread"],
        process_runs=runs["process"],
        hot_lines=tuple(
            HotLine(
                file=file,
                line=chance.randrange(1, 900),
                function=f"Thing.method_{line}",
                share=chance.random(),
                kind="bytecode",
                source=f"total += self.table[key_{chance.randrange(999)}] * {line}",
            )
            for line in range(3)
        ),
        seconds=chance.uniform(0.5, 2),
    )


def race(number: int, chance: random.Random) -> RaceRecord:
    hazards = (hazard(number),) if number % 10 == 0 else ()
    figures = {
        "conflicts": chance.randrange(200),
        "orders_seen": chance.randrange(300),
        "orders_total": 400,
        "schedules": chance.randrange(1, 9_000),
        "seconds": chance.random(),
        "threads": 2,
        "strategy": "auto",
        "seed": 0,
    }
    if number % 20 == 0:
        return RaceRecord(
            verdict=Race.RACE,
            reason=f"AssertionError: assert {number} == {number + 1} (found on schedule 2, with 1 context switch)",
            kind="exception",
            first_failure=2,
            switches=1,
            token="gc1:" + "".join(chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=40)),
            failed=True,
            hazards=hazards,
            story=story(number),
            **figures,
        )
    return RaceRecord(
        verdict=Race.CLEAN, reason="exhausted: every interleaving", coverage="exhausted", hazards=hazards, **figures
    )


def hazard(number: int) -> Hazard:
    places = tuple(
        HazardPlace(
            thread=thread,
            file=f"src/package/module_{number % 300}.py",
            line=number % 500 + 1,
            function="Thing.add",
            source="self.value += amount",
            act="reads .value",
        )
        for thread in (1, 1, 2)
    )
    return Hazard(
        kind="unordered", text="thread 1 reads .value of a Thing and then writes what depends on that", places=places
    )


def story(number: int) -> dict[str, object]:
    def step(thread: int, line: int) -> dict[str, object]:
        act = {
            "verb": "writes",
            "what": f"Thing.value_{number}",
            "before": str(number),
            "after": str(number + line),
            "conflict": line % 2 == 0,
            "note": None,
        }
        return {
            "thread": thread,
            "file": f"src/package/module_{number % 300}.py",
            "line": line,
            "source": f"self.value_{number} += {line}",
            "acts": [act, act],
            "holds": [],
            "left_out": 0,
        }

    return {"cause": "lost update of Thing.value", "steps": [step(1 + line % 2, line) for line in range(12)], "stuck": []}


def earlier(report: Report) -> dict[str, object]:
    chance = random.Random(2)
    return {
        test: [
            {
                "at": f"2026-11-{day + 1:02d}T10:00:00Z",
                "scaling": "gil-bound",
                "race": "clean",
                "speedup_threads": chance.uniform(0.5, 8),
                "gil_share": chance.random(),
            }
            for day in range(EARLIER)
        ]
        for test in report.tests
    }


if __name__ == "__main__":
    main()
