"""Reports with any verdicts, figures and places, and texts that a format could choke on."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from unit.scaling.fakes import an_environment

from pytest_gilcheck.races.story import Doing, Hold, Line, Place, Story, Stuck
from pytest_gilcheck.record import Checked, RaceRecord, ScalingRecord
from pytest_gilcheck.reporting.report import Report
from pytest_gilcheck.verdict import Hazard, HazardPlace, HotLine, Race, Scaling

_HOSTILE = [
    "<script>alert(1)</script>",
    "</details><!--",
    "```",
    "a|b\\|c\\",
    "@everyone #1 ![x](http://evil)",
    "\x1b[31mred\x1b[0m",
    "one\ntwo\r\n::error::three",
    "\ud800",
    "\u202e\u2028",
    "]]>&amp;\x00\ufffe",
    "{0} {{1}} [text](1)",
    "%0A%25:,;",
    "__init__ _x_ ~~y~~ $z$ www.evil.com",
    "x" * 10_000,
]

#: Any text, lone surrogates and control characters included.
TEXTS = st.one_of(st.sampled_from(_HOSTILE), st.text(st.characters(exclude_categories=[]), max_size=30))
FILES = st.one_of(
    st.sampled_from(["/repo/src/a b.py", "tests/test_ü.py", "../out.py", "/elsewhere/c.py", "<string>", "", "a\x00b.py"]),
    TEXTS,
)
_NUMBERS = st.integers(1, 10**6)
_THREADS = st.integers(0, 6)
_FIGURES = st.none() | st.floats(0, 1e6) | st.just(float("nan"))

PLACES = st.builds(Place, file=FILES, line=_NUMBERS, source=TEXTS)
HOLDS = st.builds(Hold, what=TEXTS, at=PLACES)
ACTS = st.builds(
    Doing,
    verb=st.sampled_from(["reads", "writes", "changes", "takes", "waits for"]),
    what=TEXTS,
    before=st.none() | TEXTS,
    after=st.none() | TEXTS,
    conflict=st.booleans(),
    note=st.none() | TEXTS,
)
STORIES = st.builds(
    Story,
    lines=st.lists(
        st.builds(
            Line,
            thread=_THREADS,
            at=PLACES,
            acts=st.lists(ACTS, max_size=2).map(tuple),
            holds=st.lists(HOLDS, max_size=1).map(tuple),
            left_out=st.integers(0, 9),
        ),
        max_size=4,
    ).map(tuple),
    stuck=st.lists(
        st.builds(
            Stuck,
            thread=_THREADS,
            name=TEXTS,
            what=st.none() | TEXTS,
            at=PLACES,
            holder=st.none() | _THREADS,
            holds=st.lists(HOLDS, max_size=1).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
    cause=st.none() | TEXTS,
)
_HAZARDS = st.builds(
    Hazard,
    kind=st.sampled_from(["unordered", "split", "lock-order", "lost-update", "unserialisable", "of a later version"]),
    text=TEXTS,
    places=st.lists(
        st.builds(HazardPlace, thread=_THREADS, file=FILES, line=_NUMBERS, function=TEXTS, source=TEXTS, act=TEXTS),
        max_size=2,
    ).map(tuple),
)


@st.composite
def races(draw: st.DrawFn) -> RaceRecord:
    verdict = draw(st.sampled_from(Race))
    story: dict[str, Any] | None = draw(st.none() | STORIES.map(Story.to_builtins))
    return RaceRecord(
        verdict=verdict,
        reason=draw(TEXTS),
        kind=draw(st.none() | st.sampled_from(["exception", "lost-update", "deadlock"])),
        schedules=draw(_NUMBERS),
        first_failure=draw(st.none() | _NUMBERS),
        switches=draw(st.none() | _NUMBERS),
        token=draw(st.none() | st.just("gc1:AAAA")),
        gil_feasible=draw(st.none() | st.booleans()),
        uncontrolled=draw(st.lists(TEXTS, max_size=2).map(tuple)),
        threads=draw(st.none() | _NUMBERS),
        hazards=draw(st.lists(_HAZARDS, max_size=2).map(tuple)),
        failed=draw(st.booleans()),
        story=story,
    )


_SCALINGS = st.builds(
    ScalingRecord,
    verdict=st.sampled_from(Scaling),
    reason=TEXTS,
    advice=st.none() | TEXTS,
    gil_share=st.none() | st.floats(0, 1),
    speedup_threads=_FIGURES,
    speedup_processes=_FIGURES,
    hot_lines=st.lists(
        st.builds(HotLine, file=FILES, line=_NUMBERS, function=TEXTS, share=st.floats(0, 1), kind=st.just("bytecode")),
        max_size=2,
    ).map(tuple),
    expectation=st.sampled_from([None, "met", "broken", "unchecked"]),
    expected=st.none() | TEXTS,
    failed=st.booleans(),
)


@st.composite
def reports(draw: st.DrawFn) -> Report:
    tests = draw(
        st.dictionaries(
            TEXTS,
            st.builds(Checked, scaling=st.none() | _SCALINGS, race=st.none() | races(), line=st.none() | _NUMBERS),
            max_size=4,
        )
    )
    words = st.sampled_from(["gil-bound", "inconclusive", "hazard", "regression", "race", "a later word"])
    ids = st.sampled_from([*tests, "gone.py::test_gone"])
    return Report(
        environment=an_environment(),
        tests=tests,
        session={"xdist_workers": 0, "folder": "/repo/src", "root": "/repo", "repository": "/repo"},
        failing=tuple(draw(st.lists(st.tuples(ids, words), max_size=3))),
    )
