"""What refuses a second user at the same time fails in threads only; what lets him wait is slow, but right."""

import threading
import time

BAD, TWIN = "fails-in-threads", "lock-bound"

_used = threading.Lock()


def bad() -> None:
    if not _used.acquire(blocking=False):
        raise RuntimeError("in use")
    try:
        time.sleep(0.02)
    finally:
        _used.release()


def twin() -> None:
    with _used:
        time.sleep(0.02)
