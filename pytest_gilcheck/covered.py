"""What the coverage of concurrency is made of, as it crosses from where it was taken to where it is reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_gilcheck.lines import Lines, merged

#: The reruns that are told apart.
MODES = ("threads", "processes", "race")


@dataclass(slots=True, kw_only=True)
class Covered:
    """Lines by file (absolute paths), of one process or of several.

    ``plain`` are those of the ordinary runs, as coverage.py has measured them, ``arcs`` the same where it measures branches,
    from line to line. ``reruns`` are those of reruns, by mode: ``threads``, ``processes``, ``race``. ``together`` are those
    that a rerun reached under two or more threads. ``accesses`` are the shared accesses that race checks saw: by file, the
    line and place of each, and whether it ran in both orders with each access that it conflicts with. ``notes`` say what
    could not be measured.
    """

    plain: Lines = field(default_factory=dict)
    arcs: dict[str, set[tuple[int, int]]] = field(default_factory=dict)
    reruns: dict[str, Lines] = field(default_factory=lambda: {mode: {} for mode in MODES})
    together: Lines = field(default_factory=dict)
    accesses: dict[str, dict[tuple[int, str], bool]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, other: Covered) -> None:
        """Take in what another process has measured."""
        merged(self.plain, other.plain)
        merged(self.together, other.together)
        for file, arcs in other.arcs.items():
            self.arcs.setdefault(file, set()).update(arcs)
        for mode, lines in other.reruns.items():
            merged(self.reruns[mode], lines)
        for file, accesses in other.accesses.items():
            for (line, place), both in accesses.items():
                self.access(file, line, place, both=both)
        self.note(*other.notes)

    def access(self, file: str, line: int, place: str, *, both: bool) -> None:
        """A race check saw a shared access."""
        known = self.accesses.setdefault(file, {})
        known[line, place] = both or known.get((line, place), False)

    def note(self, *notes: str) -> None:
        """Something could not be measured; the same is said once."""
        self.notes += [note for note in dict.fromkeys(notes) if note not in self.notes]

    def to_builtins(self) -> dict[str, Any]:
        """Exact builtins: what a worker's message can carry."""
        return {
            "plain": _plain(self.plain),
            "arcs": {file: [list(arc) for arc in sorted(arcs)] for file, arcs in self.arcs.items()},
            "reruns": {mode: _plain(lines) for mode, lines in self.reruns.items()},
            "together": _plain(self.together),
            "accesses": {
                file: [[line, place, both] for (line, place), both in known.items()] for file, known in self.accesses.items()
            },
            "notes": list(self.notes),
        }

    @classmethod
    def from_builtins(cls, plain: Mapping[str, Any]) -> Covered:
        """The inverse of :meth:`to_builtins`."""
        return cls(
            plain=lines_of(plain["plain"]),
            arcs={file: {(start, end) for start, end in arcs} for file, arcs in plain["arcs"].items()},
            reruns={mode: lines_of(plain["reruns"][mode]) for mode in MODES},
            together=lines_of(plain["together"]),
            accesses={
                file: {(line, place): both for line, place, both in known} for file, known in plain["accesses"].items()
            },
            notes=list(plain["notes"]),
        )


def _plain(lines: Lines) -> dict[str, list[int]]:
    return {file: sorted(numbers) for file, numbers in lines.items()}


def lines_of(plain: Mapping[str, list[int]]) -> Lines:
    """Lines by file from the lists that a message carries them in."""
    return {file: set(numbers) for file, numbers in plain.items()}
