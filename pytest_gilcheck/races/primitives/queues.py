"""Model of ``SimpleQueue``: the real queue holds the items, the model decides who waits for one."""

from __future__ import annotations

from _queue import Empty, SimpleQueue
from typing import Any

from pytest_gilcheck.races.events import Act
from pytest_gilcheck.races.primitives.limits import Handler, deadline, is_duration, parse_get
from pytest_gilcheck.races.run import Wait, run
from pytest_gilcheck.races.sites import Site


def get(site: Site, call: Handler, queue: Any, *args: Any, **kwargs: Any) -> Any:
    """``get``."""
    may_wait, seconds = True, None
    if args or kwargs:
        _check(args, kwargs)
        may_wait, seconds = parse_get(*args, **kwargs)
    run.touch(site, queue, None, True)
    if not may_wait:
        return call(*args, **kwargs)
    until = deadline(seconds)
    waited = False
    while True:
        try:
            item = SimpleQueue.get(queue, False)
        except Empty:
            if seconds == 0 or not _wait(queue, until):
                raise
            waited = True
            continue
        if waited:
            run.tell(Act.WRITE, queue)
        if SimpleQueue.empty(queue):
            run.close(("queue", id(queue)))
        return item


def get_nowait(site: Site, call: Handler, queue: Any, *args: Any, **kwargs: Any) -> Any:
    """``get_nowait``."""
    run.touch(site, queue, None, True)
    return call(*args, **kwargs)


def look(site: Site, call: Handler, queue: Any, *args: Any, **kwargs: Any) -> Any:
    """``empty`` and ``qsize``."""
    run.touch(site, queue, None, False)
    return call(*args, **kwargs)


def put(site: Site, call: Handler, queue: Any, *args: Any, **kwargs: Any) -> Any:
    """``put`` and ``put_nowait``: never wait."""
    run.touch(site, queue, None, True)
    result = call(*args, **kwargs)
    run.open(("queue", id(queue)))
    return result


def _wait(queue: Any, until: float | None) -> bool:
    return run.wait(("queue", id(queue)), Wait(what="an item of a queue", lock=queue, kind="queue"), until)


def _check(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Raise what the real ``get`` raises for these arguments: a queue that has an item is asked."""
    if len(args) == 2 and not kwargs and (args[1] is None or is_duration(args[1])):
        return
    scratch: SimpleQueue[None] = SimpleQueue()
    scratch.put(None)
    scratch.get(*args, **kwargs)


METHODS: dict[tuple[type, str], Handler] = {
    (SimpleQueue, "get"): get,
    (SimpleQueue, "get_nowait"): get_nowait,
    (SimpleQueue, "put"): put,
    (SimpleQueue, "put_nowait"): put,
    (SimpleQueue, "empty"): look,
    (SimpleQueue, "qsize"): look,
}
