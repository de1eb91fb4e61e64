"""A queue done right: the threads share nothing but queues, and a last entry tells the one that reads to go home."""

import queue
import threading

import pytest


class Scanner:
    """A thread that takes pages from one queue and puts what it read into another."""

    def __init__(self) -> None:
        self._pages: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._texts: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def scan(self, page: str) -> None:
        """Have ``page`` read."""
        self._pages.put(page)

    def close(self) -> list[str]:
        """All that was read, in order, when the thread has ended."""
        self._pages.put(None)
        self._thread.join()
        return [self._texts.get() for _ in range(self._texts.qsize())]

    def _work(self) -> None:
        while (page := self._pages.get()) is not None:
            self._texts.put(page.upper())


@pytest.mark.gilcheck_race
def test_every_page_is_read():
    """clean: each page is read once, in its turn, and none is left over."""
    scanner = Scanner()
    scanner.scan("a")
    scanner.scan("b")
    assert scanner.close() == ["A", "B"]
