"""A body that starts threads of its own uses the CPUs already; the same work one piece after the other does not."""

import hashlib
import threading

BAD, TWIN = "parallel-inside", "releases-gil"

_BUFFER = bytes(10_000_000)


def _piece() -> None:
    hashlib.sha256(_BUFFER).digest()


def bad() -> None:
    pieces = [threading.Thread(target=_piece) for _ in range(2)]
    for piece in pieces:
        piece.start()
    for piece in pieces:
        piece.join()


def twin() -> None:
    for _ in range(2):
        _piece()
