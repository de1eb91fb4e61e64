"""What works in the main thread only fails in any other, however few they are."""

import signal
import time

# Where no timer can end a second attempt in the main thread, none is made.
BAD = "fails-in-threads" if hasattr(signal, "setitimer") else "not-repeatable"
TWIN = "io-bound"


def bad() -> None:
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))
    time.sleep(0.02)


def twin() -> None:
    signal.getsignal(signal.SIGTERM)
    time.sleep(0.02)
