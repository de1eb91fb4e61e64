"""The story of a failure as data: what its threads did to what they share, line by line of their source, with the values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: What is said of an item that a container does not have.
ABSENT = "absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """Something done on a line: ``reads``, ``writes``, ``changes``, ``deletes``, ``uses``, ``takes``, ``releases``,
    ``waits for``, ``calls`` or ``raises`` ``what``. ``before`` and ``after`` are texts of its value, ``None`` where there is
    none to tell.

    ``conflict``: it is one of those that met with another thread's; ``note`` says how.
    """

    verb: str
    what: str
    before: str | None = None
    after: str | None = None
    conflict: bool = False
    note: str | None = None

    def __str__(self) -> str:
        if self.verb in {"writes", "changes", "deletes"} and self.after is not None:
            return f"{self.verb} {self.what}: {'?' if self.before is None else self.before} -> {self.after}"
        if self.verb == "reads" and self.before is not None:
            return f"reads {self.what} -> {self.before}"
        return f"{self.verb} {self.what}" + (f": {self.before}" if self.before is not None else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A line of source."""

    file: str
    line: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A lock, and where it was taken."""

    what: str
    at: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Thread number ``thread`` runs a line of source and does ``acts`` there while it ``holds`` locks.

    ``left_out`` steps come before it that are not told.
    """

    thread: int
    at: Place
    acts: tuple[Doing, ...]
    holds: tuple[Hold, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """A thread that did not come to its end: it waits for ``what`` at a line (``None``: it runs, in a loop), which
    ``holder`` has, and ``holds`` locks itself."""

    thread: int
    name: str
    what: str | None
    at: Place
    holder: int | None = None
    holds: tuple[Hold, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The lines around the switches, the threads that were stuck at the end, and what is behind the failure, if that can be
    told: such as ``lost update of Counter.value``."""

    lines: tuple[Line, ...] = ()
    stuck: tuple[Stuck, ...] = ()
    cause: str | None = None

    def to_builtins(self) -> dict[str, Any]:
        """Exact builtins, for JSON. Their size is bounded, whatever the execution did."""
        return {
            "cause": self.cause,
            "steps": [
                {
                    "thread": line.thread,
                    **_plain(line.at),
                    "acts": [_plain(act) for act in line.acts],
                    "holds": [_held(hold) for hold in line.holds],
                    "left_out": line.left_out,
                }
                for line in self.lines
            ],
            "stuck": [
                {
                    "thread": each.thread,
                    "name": each.name,
                    "waits_for": each.what,
                    **_plain(each.at),
                    "held_by": each.holder,
                    "holds": [_held(hold) for hold in each.holds],
                }
                for each in self.stuck
            ],
        }

    @classmethod
    def from_builtins(cls, plain: Mapping[str, Any]) -> Story:
        """The inverse of :meth:`to_builtins`; raises ``KeyError`` or ``TypeError`` for what is none."""
        return cls(
            lines=tuple(
                Line(
                    thread=step["thread"],
                    at=_place(step),
                    acts=tuple(Doing(**{name: act[name] for name in Doing.__slots__}) for act in step["acts"]),
                    holds=tuple(_hold(hold) for hold in step["holds"]),
                    left_out=step["left_out"],
                )
                for step in plain["steps"]
            ),
            stuck=tuple(
                Stuck(
                    thread=each["thread"],
                    name=each["name"],
                    what=each["waits_for"],
                    at=_place(each),
                    holder=each["held_by"],
                    holds=tuple(_hold(hold) for hold in each["holds"]),
                )
                for each in plain["stuck"]
            ),
            cause=plain["cause"],
        )


def _place(plain: Mapping[str, Any]) -> Place:
    return Place(file=plain["file"], line=plain["line"], source=plain["source"])


def _hold(plain: Mapping[str, Any]) -> Hold:
    return Hold(what=plain["what"], at=_place(plain))


def _plain(value: Place | Doing) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__}


def _held(hold: Hold) -> dict[str, Any]:
    return {"what": hold.what, **_plain(hold.at)}
