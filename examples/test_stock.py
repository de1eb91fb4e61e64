"""A shared resource with its lock and without, with the random sleeps that are put around one to see what happens."""

import random
import threading
import time

import pytest


def pause():
    """What goes on between two steps takes now longer, now shorter."""
    time.sleep(random.uniform(0, 0.01))


class Stock:
    """Copies of a book."""

    def __init__(self, copies: int) -> None:
        self.copies = copies
        self._lock = threading.Lock()

    def sell(self) -> None:
        """Take one copy."""
        pause()
        copies = self.copies
        pause()
        self.copies = copies - 1

    def sell_locked(self) -> None:
        """Take one copy; nobody else looks or takes meanwhile."""
        pause()
        with self._lock:
            copies = self.copies
            pause()
            self.copies = copies - 1


@pytest.fixture(autouse=True)
def _same_pauses() -> None:
    """Chance that comes out differently each time would make it impossible to repeat an interleaving."""
    random.seed(0)


@pytest.fixture
def stock(gilcheck) -> Stock:
    """Ten copies; when all threads have ended, each must have taken one."""
    stock = Stock(10)
    yield stock
    assert stock.copies == 10 - gilcheck.thread_count


@pytest.mark.gilcheck_race(threads=2)
def test_sales(stock):
    """race: both threads can read the same number of copies."""
    stock.sell()


@pytest.mark.gilcheck_race(threads=2)
def test_sales_under_a_lock(stock):
    """clean: however long the sleeps are, one sale is over before the next one looks."""
    stock.sell_locked()
