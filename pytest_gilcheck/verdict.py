"""What the engines conclude: plain values that reporting, gating and the plugin read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Scaling(StrEnum):
    """The answers to "do threads help this body?"."""

    GIL_BOUND = "gil-bound"
    PARTLY_GIL_BOUND = "partly-gil-bound"
    LOCK_BOUND = "lock-bound"
    SHARED_RESOURCE = "shared-resource"
    RELEASES_GIL = "releases-gil"
    IO_BOUND = "io-bound"
    PARALLEL_INSIDE = "parallel-inside"
    TOO_SHORT = "too-short"
    INCONCLUSIVE = "inconclusive"
    SKIPPED = "skipped"


class Race(StrEnum):
    """The answers to "is this safe under threads?"."""

    CLEAN = "clean"
    RACE = "race"
    DEADLOCK = "deadlock"
    HANG = "hang"
    NONDETERMINISTIC = "nondeterministic"
    NOT_REPEATABLE = "not-repeatable"
    UNCONTROLLED = "uncontrolled"
    SKIPPED = "skipped"


#: What judges the executions of a race search, by the names under which it can be switched off.
ORACLES = {
    "failure": "an assertion, an exception or a time-out in some schedule, though the ordinary run passed",
    "lost-update": "a thread wrote over what another had written, and had not seen it",
    "unserialisable": "results or a final state that no serial order of the operations gives",
    "deadlock": "threads that wait for one another, or for what will never come",
    "left-over": "a thread still runs at the end, or a lock is still held",
    "hazard": "what may go wrong: reported, and a failure only on request",
}

#: Verdicts of a race search that fail a test: each was witnessed, and a schedule shows it again, or a free run did.
WITNESSED = frozenset({Race.RACE, Race.DEADLOCK, Race.HANG})

#: Verdicts that say threads do not help, or help less than they could: one summary line on every run.
FLAGGED = frozenset({Scaling.GIL_BOUND, Scaling.PARTLY_GIL_BOUND, Scaling.LOCK_BOUND, Scaling.SHARED_RESOURCE})

#: Verdicts that answer nothing, so that an expectation can be neither met nor broken.
UNDECIDED = frozenset({Scaling.TOO_SHORT, Scaling.INCONCLUSIVE, Scaling.SKIPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class HotLine:
    """A source line at which the body held the GIL while another thread wanted it.

    ``share`` is the line's part of all the time the GIL was held against the probe, 0 to 1. ``kind`` is ``"bytecode"``
    (the interpreter could switch at any time), ``"c-call"`` (one C call that never lets go) or ``"unclear"`` (the machine
    was too busy to tell). ``inside`` names the innermost frame when the line belongs to the caller of library code.
    ``source`` is the text of the line, empty where it cannot be read.
    """

    file: str
    line: int
    function: str
    share: float
    kind: str
    inside: str | None = None
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One conclusion about scaling: the class, a sentence with its numbers, and what would help (or ``None``)."""

    verdict: Scaling
    reason: str
    advice: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardPlace:
    """A line that takes part in a hazard: ``thread`` (its number) does ``act`` there, such as ``reads .value``.

    ``locks`` are those that it holds there, each as ``file:line`` of where it was taken.
    """

    thread: int
    file: str
    line: int
    function: str
    source: str
    act: str
    locks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard:
    """Something that may go wrong and was not seen to: ``text`` says what in one sentence, ``places`` where.

    ``kind`` is ``unordered`` (nothing keeps another thread's write out of a compound operation), ``split`` (a check and an
    act on it in two sections of one lock), ``lock-order`` (locks that threads take in opposite orders), ``lost-update`` (in
    code that is not the user's) or ``unserialisable`` (not all serial orders were run).
    """

    kind: str
    text: str
    places: tuple[HazardPlace, ...]

    def to_builtins(self) -> dict[str, Any]:
        """Exact builtins: what JSON and a worker's message can carry."""
        places = [{**asdict(place), "locks": list(place.locks)} for place in self.places]
        return {"kind": self.kind, "text": self.text, "places": places}

    @classmethod
    def from_builtins(cls, plain: Mapping[str, Any]) -> Hazard:
        """The inverse of :meth:`to_builtins`."""
        places = tuple(HazardPlace(**{**place, "locks": tuple(place["locks"])}) for place in plain["places"])
        return cls(kind=plain["kind"], text=plain["text"], places=places)
