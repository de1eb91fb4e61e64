"""A lock held while waiting lets one thread wait at a time; without it the waits overlap."""

import threading
import time

BAD, TWIN = "lock-bound", "io-bound"

_lock = threading.Lock()


def bad() -> None:
    with _lock:
        time.sleep(0.02)


def twin() -> None:
    time.sleep(0.02)
