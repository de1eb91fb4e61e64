"""Waits overlap, but with eight threads there is more byte code between them than one GIL has time for."""

import time

BAD, TWIN = "partly-gil-bound", "io-bound"
BAD_WITHOUT_GIL = "io-bound"
THREADS = 8


def bad() -> None:
    total = 0
    for number in range(200_000):
        total += number * number % 7
    time.sleep(0.02)


def twin() -> None:
    total = 0
    for number in range(1_000):
        total += number * number % 7
    time.sleep(0.02)
