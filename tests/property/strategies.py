"""Runs, samples and measurements of any figures that a measurement can yield.

What a measurement guarantees and these strategies keep: a run takes longer than nothing, a worker starts no sooner than it
is released and ends no sooner than it starts, CPU time and delays are not negative, every block has a solo run and one in
threads, and wherever there is a GIL and a block there is a sample of it.
"""

from __future__ import annotations

from hypothesis import strategies as st
from unit.scaling.fakes import an_environment

from pytest_gilcheck.environment import Environment
from pytest_gilcheck.scaling.measurement import Measurement
from pytest_gilcheck.scaling.probe import GilSample
from pytest_gilcheck.scaling.reading import Kind, Reading, Run

WORKERS = st.integers(2, 64)
SECONDS = st.floats(1e-4, 1e3)
SHARES = st.floats(0.0, 1.0)
LINES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=60)
#: A sentence, and what goes with it on further lines.
REASONS = st.lists(LINES.map(str.strip).filter(bool), min_size=1, max_size=3).map("\n".join)

#: A delay counts from before the release, and on a counter of its own: it can be more than all of a worker's time.
_MOST_DELAY = 1.2


@st.composite
def environments(draw: st.DrawFn) -> Environment:
    gil = draw(st.sampled_from(["enabled", "disabled", "re-enabled"]))
    return an_environment(
        usable_cpus=draw(st.integers(1, 128)),
        cpu_quota=draw(st.none() | st.floats(0.05, 256.0)),
        gil=gil,
        gil_reenabled_by=draw(st.none() | LINES) if gil == "re-enabled" else None,
        run_queue_delay=draw(st.booleans()),
    )


@st.composite
def runs(draw: st.DrawFn, kind: Kind, workers: int, *, tells_delay: bool = True) -> Run:
    released = draw(st.floats(0.0, 1e6))
    tells_blocks = draw(st.booleans())
    readings = []
    for wait, seconds in draw(st.lists(st.tuples(SHARES, SECONDS), min_size=workers, max_size=workers)):
        start = released + wait * seconds
        end = start + seconds
        delay = draw(st.floats(0.0, _MOST_DELAY)) * (end - released) if tells_delay else None
        cpu = draw(st.floats(0.0, 1.1)) * seconds
        # That of the thread and others; the two counters differ a little.
        process_cpu = max(0.0, cpu + draw(st.floats(-0.1, 8.0)) * seconds)
        blocks = draw(st.integers(0, 10**6)) if tells_blocks else None
        readings.append(Reading(start=start, end=end, cpu=cpu, delay=delay, process_cpu=process_cpu, blocks=blocks))
    in_all = [r.process_cpu for r in readings]
    return Run(
        kind=kind,
        released=released,
        repeats=draw(st.integers(1, 10)),
        readings=tuple(readings),
        process_cpu=sum(in_all) if kind is Kind.PROCESSES else max(in_all),
        disk_bytes=draw(st.none() | st.integers(0, 10**12)),
    )


@st.composite
def samples(draw: st.DrawFn) -> GilSample:
    watched = draw(SECONDS)
    late = draw(SHARES) * watched
    gil_part = draw(SHARES)
    wall = max(watched - late * (1.0 - gil_part), 1e-9)
    return GilSample(
        switch_interval=draw(st.sampled_from([0.005, 0.0005])),
        wall=wall,
        held=min(late * gil_part, wall),
        watched=watched,
        late=late,
        wakes=(),
    )


@st.composite
def measurements(draw: st.DrawFn) -> Measurement:
    environment = draw(environments())
    # Few workers: what depends on their number changes at 2, 3 and 4.
    threads, processes = draw(st.integers(2, 6)), draw(st.integers(0, 6))
    blocks = draw(st.integers(0, 2))
    tells = environment.run_queue_delay

    def block_of(kind: Kind, workers: int, number: int) -> tuple[Run, ...]:
        return tuple(draw(runs(kind, workers, tells_delay=tells)) for _ in range(number))

    probed = environment.has_gil and blocks
    return Measurement(
        environment=environment,
        asked_threads=draw(st.integers(threads, 64)),
        threads=threads,
        processes=processes,
        processes_missing=None if processes else draw(REASONS),
        shortest=draw(st.floats(1e-9, 1e3)),
        solo=block_of(Kind.SOLO, 1, blocks),
        in_threads=block_of(Kind.THREADS, threads, blocks),
        in_processes=block_of(Kind.PROCESSES, processes, blocks) if processes else (),
        gil=tuple(draw(st.lists(samples(), min_size=1, max_size=2))) if probed else (),
        gil_fast=tuple(draw(st.lists(samples(), max_size=2))) if probed else (),
        seconds=draw(st.floats(0.0, 1e4)),
    )
