"""Items that a ``defaultdict`` makes when they are missing: other threads can run while a factory in Python does."""

from __future__ import annotations

import sys
from collections import defaultdict
from typing import Any

from pytest_gilcheck.races import callbacks
from pytest_gilcheck.races.classes import inherited
from pytest_gilcheck.races.run import run
from pytest_gilcheck.races.sites import Site

# Up to 3.13 what the factory made is stored whatever else was stored meanwhile; from then on the item that is there stays.
_KEEPS = sys.version_info >= (3, 14)


def fill(site: Site, container: Any, key: Any, write: bool) -> None:
    """``site`` is about to use an item of ``container``, a mapping, that may be missing. If it is read where threads
    meet: do what the container would do, and let others run before the item is stored.

    Nothing is done where the container makes the item in one go. What the factory raises is raised here.
    """
    if write or not site.hot:
        return
    if inherited(type(container), "__missing__") is not defaultdict.__missing__ or dict.__contains__(container, key):
        return
    factory = container.default_factory
    if not callbacks.is_python(factory):
        return
    value = factory()
    run.touch(site, container, None, True)
    if _KEEPS:
        dict.setdefault(container, key, value)
    else:
        container[key] = value
