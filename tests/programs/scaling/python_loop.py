"""A loop of byte code holds the GIL; hashing a large buffer lets go of it."""

import hashlib

BAD, TWIN = "gil-bound", "releases-gil"
BAD_WITHOUT_GIL = "releases-gil"

_BUFFER = bytes(12_000_000)


def bad() -> None:
    total = 0
    for number in range(250_000):
        total += number * number % 7


def twin() -> None:
    hashlib.sha256(_BUFFER).digest()
