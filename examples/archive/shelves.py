"""Shelves that documents are moved between, and a desk where readers wait for one."""

import threading


class Shelf:
    """Documents behind a lock."""

    def __init__(self, number: int, *documents: str) -> None:
        self.number = number
        self.documents = list(documents)
        self.lock = threading.Lock()


def move(document: str, source: Shelf, target: Shelf) -> None:
    """Takes both locks, each caller in its own order: two that move in opposite directions can wait for one another."""
    with source.lock, target.lock:
        source.documents.remove(document)
        target.documents.append(document)


def move_in_order(document: str, source: Shelf, target: Shelf) -> None:
    """Takes both locks in one order, whatever the direction."""
    first, second = sorted((source, target), key=lambda shelf: shelf.number)
    with first.lock, second.lock:
        source.documents.remove(document)
        target.documents.append(document)


class Desk:
    """Readers wait until a document lies on it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._document: str | None = None

    def lay(self, document: str) -> None:
        """Put a document on the desk and wake a reader."""
        with self._changed:
            self._document = document
            self._changed.notify()

    def read(self) -> str | None:
        """Looks before it takes the lock, so that the only call can come before it waits."""
        if self._document is None:
            with self._changed:
                self._changed.wait()
        return self._document
