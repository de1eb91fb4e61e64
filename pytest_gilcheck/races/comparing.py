"""Whether two runs of one schedule went the same way, and where they first did not."""

from __future__ import annotations

from pytest_gilcheck.races.sites import Site

#: A thread at a site where threads meet.
Step = tuple[int, object]

# Loops of at most so many steps are recognised when runs are compared for all but their rounds.
_LONGEST_LOOP = 64


def difference(one: list[Step], other: list[Step]) -> str | None:
    """Where two runs first went different ways, or ``None``.

    Runs that differ only in how often they went round a loop are the same way: what a scenario leaves behind in the
    process, such as the registry of loggers, grows from run to run.
    """
    if one == other:
        return None
    short, brief = _without_rounds(one), _without_rounds(other)
    if short == brief:
        return None
    for number, (first, second) in enumerate(zip(short, brief, strict=False)):
        if first != second:
            return f"step {number + 1} is {_step(first)} in one and {_step(second)} in the other"
    longer = max(short, brief, key=len)
    return f"one goes on with {_step(longer[min(len(short), len(brief))])} where the other has ended"


def _without_rounds(steps: list[Step]) -> list[Step]:
    """The steps with each loop gone round once."""
    kept: list[Step] = []
    for step in steps:
        kept.append(step)
        for length in range(1, min(_LONGEST_LOOP, len(kept) // 2) + 1):
            if kept[-1] == kept[-1 - length] and kept[-length:] == kept[-2 * length : -length]:
                del kept[-length:]
                break
    return kept


def _step(step: Step) -> str:
    thread, site = step
    if not isinstance(site, Site):
        return f"thread {thread} going on"
    return f"thread {thread} at {site.code.co_filename}:{site.line}"
