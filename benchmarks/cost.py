"""What a scaling check costs: seconds and verdict for a few kinds of body, at 2, 4 and 8 threads.

python benchmarks/cost.py
"""

from __future__ import annotations

import hashlib
import threading
import time

from pytest_gilcheck.scaling import classify, estimate, measure

BUFFER = b"x" * 30_000_000
LOCK = threading.Lock()


def loop() -> None:
    total = 0
    for number in range(250_000):
        total += number * number % 7


def digest() -> None:
    hashlib.sha256(BUFFER).digest()


def sleep() -> None:
    time.sleep(0.025)


def locked_sleep() -> None:
    with LOCK:
        time.sleep(0.025)


def main() -> None:
    for body in (loop, digest, sleep, locked_sleep):
        for threads in (2, 4, 8):
            measurement = measure(body, threads=threads)
            figures = estimate(measurement)
            print(
                f"{body.__name__:14s} {threads} threads  {classify(measurement).verdict:16s} {measurement.seconds:5.2f} s  "
                f"one call {(figures.single_seconds or 0) * 1e3:5.1f} ms  blocks {len(measurement.in_threads)}"
            )


if __name__ == "__main__":
    main()
