"""Sockets that wait: the model waits until the real call would not, and counts time-outs in virtual time."""

from __future__ import annotations

import socket
from _socket import socket as BaseSocket  # noqa: N812 - a class in C with a small name
from collections.abc import Callable
from typing import Any

from pytest_gilcheck.races.primitives.limits import Handler
from pytest_gilcheck.races.primitives.waiting import until_readable, until_writable
from pytest_gilcheck.races.run import run
from pytest_gilcheck.races.sites import Site

_AT_ONCE: int = getattr(socket, "MSG_DONTWAIT", 0)
_CHUNK = 1 << 16


def _reader(what: str) -> Handler:
    def read(site: Site, call: Handler, owner: Any, *args: Any, **kwargs: Any) -> Any:
        run.touch(site, owner, None, True)
        _wait(owner, until_readable, what)
        return call(*args, **kwargs)

    return read


def _wait(owner: Any, until: Callable[[Any, str, float | None], bool], what: str) -> None:
    timeout = BaseSocket.gettimeout(owner)
    file = BaseSocket.fileno(owner)
    if timeout == 0 or file < 0:
        return  # does not wait, or raises
    if not until(file, what, None if timeout is None else run.now + timeout):
        raise TimeoutError("timed out")


def _send(site: Site, call: Handler, owner: Any, *args: Any, **kwargs: Any) -> Any:
    run.touch(site, owner, None, True)
    _wait(owner, until_writable, "room in a socket")
    return call(*args, **kwargs)


def _send_some(site: Site, call: Handler, owner: Any, *args: Any, **kwargs: Any) -> Any:
    """``send``: as much as there is room for."""
    run.touch(site, owner, None, True)
    if kwargs or not 1 <= len(args) <= 2 or not _AT_ONCE:
        return call(*args, **kwargs)
    return _push(owner, args[0], args[1] if len(args) == 2 else 0)


def _push(owner: Any, data: Any, flags: int) -> int:
    while True:
        _wait(owner, until_writable, "room in a socket")
        try:
            return BaseSocket.send(owner, data, flags | _AT_ONCE)
        except BlockingIOError:
            if BaseSocket.gettimeout(owner) == 0:
                raise


def _send_all(site: Site, call: Handler, owner: Any, *args: Any, **kwargs: Any) -> Any:
    """``sendall``: in pieces, so that another thread can read them in between."""
    run.touch(site, owner, None, True)
    data = args[0] if args else b""
    if kwargs or len(args) > 2 or not _AT_ONCE or not data or BaseSocket.gettimeout(owner) == 0:
        return call(*args, **kwargs)
    rest = memoryview(data).cast("B")
    while rest:
        rest = rest[_push(owner, rest[:_CHUNK], args[1] if len(args) == 2 else 0) :]
    return None


_READERS = ("recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into")

METHODS: dict[tuple[type, str], Handler] = {
    (BaseSocket, name): handler
    for name, handler in {
        **dict.fromkeys(_READERS, _reader("data on a socket")),
        "_accept": _reader("a connection"),
        "send": _send_some,
        "sendall": _send_all,
        "sendto": _send,
        "sendmsg": _send,
    }.items()
    if hasattr(BaseSocket, name)
}
