"""Calls of what ``functools.cache`` and ``lru_cache`` made: between the look into the cache and the call others may look."""

from __future__ import annotations

import functools
import gc
from typing import Any

from pytest_gilcheck.races import targets
from pytest_gilcheck.races.classes import inherited
from pytest_gilcheck.races.run import run
from pytest_gilcheck.races.sites import Site

#: The type of the functions that these decorators make.
CACHED: type = type(functools.cache(len))


def call(site: Site, cached: Any, *args: Any, **kwargs: Any) -> Any:
    """Call ``cached``, with a second place to switch after the look that did not find the result.

    Where another thread was faster meanwhile, the function is called all the same, as the real one would; only the number
    of misses in ``cache_info`` then stays one too small.
    """
    __tracebackhide__ = True
    if not run.mine() or not run.recording:
        return cached(*args, **kwargs)
    run.touch(site, cached, None, True)
    with run.passing():
        inside = _inside(cached, args, kwargs)
    if inside is None:
        return cached(*args, **kwargs)
    cache, key = inside
    if key in cache:
        return cached(*args, **kwargs)
    run.touch(site, cached, None, True)
    if key not in cache:
        return cached(*args, **kwargs)
    value = cached.__wrapped__(*args, **kwargs)
    if not _is_bounded(cache, key):
        cache[key] = value
    return value


def _inside(cached: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[dict[Any, Any], Any] | None:
    """The dictionary that holds the results, and the key of these arguments; ``None`` for what is not looked into.

    Arguments whose comparison might run code are left alone.
    """
    if not all(map(_is_plain, (*args, *kwargs.values()))) or not hasattr(cached, "__wrapped__"):
        return None
    mark, cache = None, None
    for thing in gc.get_referents(cached):
        if type(thing) is object:
            mark = thing
        elif type(thing) is dict and thing is not cached.__dict__:
            cache = thing
    if cache is None or (kwargs and mark is None):
        return None
    key: tuple[Any, ...] = args
    if kwargs:
        key += (mark, *(part for item in kwargs.items() for part in item))
    parameters = getattr(cached, "cache_parameters", None)
    if parameters is not None and parameters()["typed"]:
        key += tuple(map(type, (*args, *kwargs.values())))
    elif not kwargs and len(args) == 1 and (type(args[0]) is str or type(args[0]) is int):
        return cache, args[0]
    return cache, key


def _is_plain(value: object) -> bool:
    kind = type(value)
    return targets.safe(value) or (
        inherited(kind, "__hash__") is object.__hash__ and inherited(kind, "__eq__") is object.__eq__
    )


def _is_bounded(cache: dict[Any, Any], key: Any) -> bool:
    """Whether results are kept in links of a list, which only the decorator in C can make."""
    return type(cache[key]).__name__ == "_lru_list_elem"
