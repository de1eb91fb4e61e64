"""A locked file stands in the way of threads and processes alike; nobody waits for a file of one's own."""

import fcntl
import tempfile
import time
from pathlib import Path

BAD, TWIN = "shared-resource", "io-bound"

_SHARED = Path(tempfile.mkdtemp(), "shared")


def bad() -> None:
    with _SHARED.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        time.sleep(0.02)


def twin() -> None:
    with tempfile.TemporaryFile("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        time.sleep(0.02)
