"""Where in the text of a JSON file its keys stand, and which of them stand there twice."""

from __future__ import annotations

import json
import re

_TOKEN = re.compile(r'(?P<key>"(?:[^"\\]|\\.)*")(?=\s*:)|"(?:[^"\\]|\\.)*"|[{}]|\n')
_CONFLICT = re.compile(r"^(?:<{7}|\|{7}|={7}|>{7})(?: .*)?\r?$", re.MULTILINE)


def conflict_marker(text: str) -> int | None:
    """The line of the first marker that a merge has left, from 1; no line of a JSON file looks like one."""
    found = _CONFLICT.search(text)
    return None if found is None else text.count("\n", 0, found.start()) + 1


class Lines:
    """The lines of the keys in ``text``, which must be JSON. ``duplicate`` is the line and the key of the first one that an
    object has twice, or ``None``."""

    def __init__(self, text: str) -> None:
        self.duplicate: tuple[int, str] | None = None
        self._lines: dict[tuple[str, ...], int] = {}
        line, path, key = 1, list[str](), ""
        opened: list[set[str]] = []
        for token in _TOKEN.finditer(text):
            if token[0] == "\n":
                line += 1
            elif token[0] == "{":
                path.append(key)
                opened.append(set())
            elif token[0] == "}":
                key = path.pop()
                opened.pop()
            elif token["key"]:
                key = json.loads(token["key"])
                if key in opened[-1] and self.duplicate is None:
                    self.duplicate = line, key
                opened[-1].add(key)
                self._lines.setdefault((*path[1:], key), line)

    def of(self, path: tuple[str, ...]) -> int:
        """The line of the key at the end of ``path``, or of what it should be in."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)
