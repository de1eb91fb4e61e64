"""The methods of threads, modelled also where the calling code is not instrumented: replaced while explorations go on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from typing import Any

from pytest_gilcheck.races.primitives import threads
from pytest_gilcheck.races.primitives.limits import Handler
from pytest_gilcheck.races.run import run
from pytest_gilcheck.races.sites import Kind, Site

_METHODS: dict[str, Handler] = {"start": threads.start, "join": threads.join, "is_alive": threads.is_alive}


def _site(name: str) -> Site:
    code = vars(threading.Thread)[name].__code__
    return Site(code=code, offset=0, line=None, kind=Kind.CALL, name=name, trusted=True)


def _replacement(real: Callable[..., Any], handler: Handler, site: Site) -> Callable[..., Any]:
    @wraps(real)
    def method(self: threading.Thread, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        if run.mine():
            return handler(site, partial(real, self), self, *args, **kwargs)
        return real(self, *args, **kwargs)

    return method


@contextmanager
def everywhere() -> Iterator[None]:
    """Inside, threads that uninstrumented code starts are controlled, too."""
    before = {name: vars(threading.Thread)[name] for name in _METHODS}
    for name, handler in _METHODS.items():
        setattr(threading.Thread, name, _replacement(before[name], handler, _site(name)))
    try:
        yield
    finally:
        for name, real in before.items():
            setattr(threading.Thread, name, real)
