"""A pytest that has collected the tests and, instead of running them, forks workers or becomes one."""

from __future__ import annotations

import atexit
import ctypes
import faulthandler
import json
import os
import signal
import socket
import sys
import threading
import time
import warnings
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn

import pytest

from pytest_gilcheck.plugin import compat
from pytest_gilcheck.plugin.roles import WORKER
from pytest_gilcheck.plugin.serve import Worker
from pytest_gilcheck.scaling.conduct import receive, send

# How long a child that was reported dead may take to be gone.
_REAP_SECONDS = 2.0

_PR_SET_PDEATHSIG = 1


def enlist(config: pytest.Config, role: str) -> None:
    """Make this session play ``role`` once it has collected its tests."""
    config.pluginmanager.register(Enlisted(json.loads(role)), "gilcheck-worker")


class Enlisted:
    """Takes over the session's main loop; the process ends there, so that nothing is written on its behalf."""

    def __init__(self, role: dict[str, Any]) -> None:
        self._role = role

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> NoReturn:
        """Serve until the other side is gone, then end."""
        if self._role["kind"] == "zygote":
            _Zygote(session, self._role).serve()
            os._exit(0)
        work(session, self._role)


def connect(role: dict[str, Any]) -> Connection:
    """Report to the session that started this process."""
    address = role["address"]
    if isinstance(address, str):
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(address)
    else:
        peer = socket.create_connection(tuple(address))
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection = Connection(peer.detach())
    send(connection, {"key": role["key"], "pid": os.getpid(), "threads": threading.active_count()})
    return connection


def work(session: pytest.Session, role: dict[str, Any]) -> NoReturn:
    """Be a worker until told to leave, then end without pytest's own farewell."""
    os.environ[WORKER] = f"worker{role['number']}"
    connection = connect(role)
    log = Path(role["folder"], f"worker{role['number']}.log")
    Worker(session, connection, log).serve()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


class _Zygote:
    """Forks a worker for each order; stays single-threaded."""

    def __init__(self, session: pytest.Session, role: dict[str, Any]) -> None:
        self._session = session
        self._connection = connect(role)
        self._children: set[int] = set()

    def serve(self) -> None:
        """Answer orders until the session that gave them is gone; its children go with it."""
        try:
            while True:
                order = receive(self._connection)
                if order["op"] == "fork":
                    send(self._connection, {"pid": self._fork(order["role"])})
                else:
                    send(self._connection, {"code": self._reap(order["pid"])})
        except (EOFError, OSError):
            for pid in self._children:
                os.kill(pid, signal.SIGKILL)

    def _fork(self, role: Any) -> int:
        sys.stdout.flush()
        sys.stderr.flush()
        with warnings.catch_warnings():
            # Native threads (a BLAS pool) make CPython warn; they do not survive the fork and their libraries know it.
            warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            self._become(role)
        self._children.add(pid)
        return pid

    def _become(self, role: dict[str, Any]) -> NoReturn:
        self._connection.close()
        _die_with_parent()
        folder = Path(role["folder"])
        log = os.open(folder / f"worker{role['number']}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        faulthandler.enable(2)
        # What was registered to run at exit belongs to the zygote; what this worker's tests register is its own.
        atexit._clear()
        compat.private_basetemp(self._session.config, folder / f"tmp{role['number']}")
        try:
            work(self._session, role)
        finally:
            os._exit(70)

    def _reap(self, pid: Any) -> int | None:
        deadline = time.monotonic() + _REAP_SECONDS
        while pid in self._children and time.monotonic() < deadline:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                self._children.discard(pid)
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.005)
        return None


def _die_with_parent() -> None:
    """On Linux, be killed when the zygote dies, however it dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
