"""A lock around work that would run at once: the GIL is free, yet the threads take turns."""

import hashlib
import threading

BAD, TWIN = "lock-bound", "releases-gil"

_BUFFER = bytes(12_000_000)
_lock = threading.Lock()


def bad() -> None:
    with _lock:
        hashlib.sha256(_BUFFER).digest()


def twin() -> None:
    hashlib.sha256(_BUFFER).digest()
