"""A singleton that is made when it is first asked for."""

import threading

import pytest

_LOCK = threading.Lock()
_catalogue = None


class Catalogue:
    """Expensive to make, so there is to be one."""


def catalogue() -> Catalogue:
    """The one catalogue."""
    global _catalogue
    if _catalogue is None:
        _catalogue = Catalogue()
    return _catalogue


def catalogue_locked() -> Catalogue:
    """The one catalogue; whoever finds that it is missing looks again under a lock."""
    global _catalogue
    if _catalogue is None:
        with _LOCK:
            if _catalogue is None:
                _catalogue = Catalogue()
    return _catalogue


@pytest.fixture(autouse=True)
def _nothing_made_yet() -> None:
    global _catalogue
    _catalogue = None


def test_there_is_one_catalogue(gilcheck):
    """race: both threads can find none and make one."""
    one, other = gilcheck.run(catalogue, catalogue)
    assert one is other


def test_there_is_one_locked_catalogue(gilcheck):
    """clean: the second look is the one that counts."""
    one, other = gilcheck.run(catalogue_locked, catalogue_locked)
    assert one is other
