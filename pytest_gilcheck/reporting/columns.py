"""The story of a race as text: a column for each thread where there is room, a list where there is none. ASCII only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import PurePath

from pytest_gilcheck.races.story import Doing, Hold, Line, Place, Story, Stuck

#: The widest that a story gets. The width of the terminal is not asked for: a report may be read anywhere.
TOTAL = 120
_GAP = 2
_INDENT = "    "
_MARK = "  * "
_LEGEND = "* these accesses conflict"


class Drawing:
    """A story as lines of text; ``shortened`` makes a path as it is shown of that of a file."""

    def __init__(self, story: Story, shortened: Callable[[str], str]) -> None:
        self._story = story
        places = [
            *_places(story.lines),
            *(each.at for each in story.stuck),
            *(h.at for each in story.stuck for h in each.holds),
        ]
        paths = {place.file: shortened(place.file) for place in places}
        names = [PurePath(path).name for path in paths.values()]
        self._files = {
            file: name if names.count(name) == 1 and not path.startswith("<") else path
            for (file, path), name in zip(paths.items(), names, strict=True)
        }
        self._paths = paths

    def columns(self) -> list[str]:
        """What the threads did, one after another."""
        lines = self._story.lines
        threads = sorted({line.thread for line in lines})
        # The one that runs the test is told across the columns of those that it lets run.
        threads = [thread for thread in threads if thread or len(threads) <= 2]
        if not lines:
            return []
        marked = any(act.conflict for line in lines for act in line.acts)
        body = self._side_by_side(threads) if 2 <= len(threads) <= 4 else None
        longer = [f"{self._files[file]} is {path}" for file, path in self._paths.items() if self._files[file] != path]
        return [*(body or self._list()), *([_LEGEND] if marked else []), *longer]

    def stuck(self) -> list[str]:
        """Who waits for what, and who holds it."""
        return [text for each in self._story.stuck for text in self._one_stuck(each)]

    def _side_by_side(self, threads: Sequence[int]) -> list[str] | None:
        """``None`` if it does not fit: two threads always do."""
        lines = self._story.lines
        most = (TOTAL - _GAP * (len(threads) - 1)) // len(threads)
        blocks = [self._block(line, most) for line in lines]
        longest = max(
            len(text) for line, block in zip(lines, blocks, strict=True) if line.thread in threads for text in block
        )
        if longest > most and len(threads) > 2:
            return None
        width = min(most, longest)
        gap = " " * _GAP
        found = [
            gap.join(f"{who(thread):{width}}" for thread in threads).rstrip(),
            gap.join("-" * width for _ in threads),
        ]
        for line, block in zip(lines, blocks, strict=True):
            if line.thread not in threads:
                found += [f"{who(line.thread)}:", *(f"  {_cut(text, TOTAL - 2)}" for text in self._block(line, TOTAL - 2))]
                continue
            before = " " * (threads.index(line.thread) * (width + _GAP))
            found += [f"{before}{_cut(text, width)}".rstrip() for text in block]
        return found

    def _list(self) -> list[str]:
        found = []
        for thread, lines in groupby(self._story.lines, key=lambda line: line.thread):
            found.append(who(thread))
            found += [f"  {_cut(text, TOTAL - 2)}" for line in lines for text in self._block(line, TOTAL - 2)]
        return found

    def _block(self, line: Line, width: int) -> list[str]:
        head = self._at(line.at)
        heads = [head] if len(head) <= width or not line.at.source else [head.split("  ", 1)[0], f"  {line.at.source}"]
        left_out = [f"... {line.left_out} more step{'s' * (line.left_out != 1)}"] if line.left_out else []
        holds = [f"{_INDENT}holds {self._since(hold)}" for hold in line.holds]
        return [*left_out, *heads, *(text for act in line.acts for text in _act(act, width)), *holds]

    def _one_stuck(self, each: Stuck) -> list[str]:
        does = "runs in a loop" if each.what is None else f"waits for {each.what}"
        found = [f"{who(each.thread)} {does} at {self._at(each.at)}"]
        if each.holder is not None:
            found.append(f"{_INDENT}{self._holder(each)}")
        told = {other.what for other in self._story.stuck if other.holder == each.thread}
        return [*found, *(f"{_INDENT}it holds {self._since(hold)}" for hold in each.holds if hold.what not in told)]

    def _holder(self, each: Stuck) -> str:
        other = next((other for other in self._story.stuck if other.thread == each.holder), None)
        hold = next((hold for hold in other.holds if hold.what == each.what), None) if other is not None else None
        name = "itself" if each.holder == each.thread else who(each.holder or 0)
        ended = ", which has ended" if other is None else ""
        return f"held by {name}{ended}" if hold is None else f"held by {name} since {self._at(hold.at)}"

    def _since(self, hold: Hold) -> str:
        return f"{hold.what} since {self._files.get(hold.at.file, hold.at.file)}:{hold.at.line}"

    def _at(self, at: Place) -> str:
        return f"{self._files[at.file]}:{at.line}  {at.source}".rstrip()


def who(thread: int) -> str:
    """What thread number ``thread`` is called."""
    return f"thread {thread}" if thread else "main thread"


def _places(lines: Iterable[Line]) -> Iterable[Place]:
    for line in lines:
        yield line.at
        yield from (hold.at for hold in line.holds)


def _act(act: Doing, width: int) -> list[str]:
    """In one line if there is room, else with what was there and what came of it below one another."""
    mark = _MARK if act.conflict else _INDENT
    said, note = f"{mark}{act}", None if act.note is None else f"<- {act.note}"
    if note is not None and len(said) + len(note) + 2 <= width:
        return [f"{said}  {note}"]
    deeper = " " * (len(_INDENT) + 2)
    notes = [] if note is None else [f"{deeper}{note}"]
    if len(said) <= width:
        return [said, *notes]
    if act.before is not None and act.after is None:
        arrow = "-> " if act.verb == "reads" else ""
        return [f"{mark}{act.verb} {act.what}{'' if arrow else ':'}", f"{deeper}{arrow}{act.before}", *notes]
    if act.before is not None:
        return [f"{mark}{act.verb} {act.what}:", f"{deeper}{act.before}", f"{deeper}-> {act.after}", *notes]
    return [said, *notes]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."
