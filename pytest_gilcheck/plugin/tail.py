"""A stream that keeps the end of what is written to it and forgets the rest."""

from __future__ import annotations

import io
from typing import Any


class _Kept(io.RawIOBase):
    """The bytes; ``fileno`` is that of the stream in whose place this is, for those who write past it."""

    def __init__(self, instead_of: Any, most: int) -> None:
        super().__init__()
        self._instead_of = instead_of
        self._most = most
        self.kept = bytearray()
        self.written = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        new = bytes(data)
        self.written += len(new)
        self.kept += new
        if len(self.kept) > 2 * self._most:
            del self.kept[: -self._most]
        return len(new)

    def fileno(self) -> int:
        return int(self._instead_of.fileno())


class Tail(io.TextIOWrapper):
    """A text stream like ``sys.stdout`` whose :meth:`text` is the end of what was written to it."""

    def __init__(self, instead_of: Any, most: int) -> None:
        self._raw_bytes = _Kept(instead_of, 4 * most)
        self._most = most
        super().__init__(
            io.BufferedWriter(self._raw_bytes), encoding="utf-8", errors="backslashreplace", newline="", write_through=True
        )

    def clear(self) -> None:
        """Forget everything."""
        self.flush()
        self._raw_bytes.kept.clear()
        self._raw_bytes.written = 0

    def text(self) -> str:
        """The last of it; where something is missing before, it says so."""
        self.flush()
        text = self._raw_bytes.kept.decode("utf-8", "replace")
        if len(text) <= self._most and self._raw_bytes.written == len(self._raw_bytes.kept):
            return text
        return f"(the last {self._most} characters)\n{text[-self._most :]}"
