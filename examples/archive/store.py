"""Where documents are kept: compressed files, a journal behind one lock, a counter of visits behind none."""

import threading
import time
import zlib
from pathlib import Path

#: One lock for every journal of this process: simple, and the reason why threads wait for one another.
_JOURNAL_LOCK = threading.Lock()

#: What a slow disk or a remote log takes for one entry.
_APPEND_SECONDS = 0.025


def save(path: Path, document: bytes) -> int:
    """Write ``document`` compressed and return the number of bytes written."""
    return path.write_bytes(zlib.compress(document))


class Journal:
    """A list of entries that are written one at a time."""

    def __init__(self) -> None:
        self.entries: list[str] = []

    def append(self, entry: str) -> None:
        """Write one entry; the lock is held for as long as the write takes."""
        with _JOURNAL_LOCK:
            time.sleep(_APPEND_SECONDS)
            self.entries.append(entry)


class Visits:
    """How often the archive was opened. ``increment`` reads and then writes, with no lock."""

    def __init__(self) -> None:
        self.count = 0

    def increment(self) -> None:
        """Count one more visit. About so many are enough to know."""
        self.count += 1  # gilcheck: ok
