"""One call into C that keeps the GIL all the while; a call into C that lets go of it."""

import random
import zlib

BAD, TWIN = "gil-bound", "releases-gil"
BAD_WITHOUT_GIL = "releases-gil"

_random = random.Random(1)
_NUMBERS = [_random.random() for _ in range(80_000)]
_BYTES = _random.randbytes(1_000_000)


def bad() -> None:
    sorted(_NUMBERS)


def twin() -> None:
    zlib.compress(_BYTES)
