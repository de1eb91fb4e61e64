"""Where the worker processes of a session report: a private folder with a socket, and their output."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from pytest_gilcheck.plugin import compat
from pytest_gilcheck.plugin.roles import ROLE, WORKER
from pytest_gilcheck.scaling.conduct import receive
from pytest_gilcheck.scaling.failures import ProcessesUnavailable
from pytest_gilcheck.scaling.processes import describe_exit

# Enough for what faulthandler writes about a crash, the stack of the C code included.
_TAIL_LINES = 90

# Options whose value is a file that is opened before the tests are collected.
_FILE_OPTIONS = ("--report-log",)

_BOOT = "import json, os, sys; sys.path[:] = json.loads(os.environ.pop('PYTEST_GILCHECK_PATH')); import pytest; "
_BOOT += "sys.exit(pytest.main(sys.argv[1:]))"


class Station:
    """A private folder with a socket on which the started processes report, and their output files."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.folder = compat.private_folder(config)
        self._key = secrets.token_hex(16)
        self._listener = self._listen()

    def _listen(self) -> socket.socket:
        if hasattr(socket, "AF_UNIX") and sys.platform != "win32":
            listener = socket.socket(socket.AF_UNIX)
            try:
                listener.bind(str(self.folder / "s"))
            except OSError:  # the folder's path is too long for a socket
                listener.close()
            else:
                listener.listen(64)
                return listener
        return socket.create_server(("127.0.0.1", 0), backlog=64)

    def role(self, kind: str, number: int) -> str:
        """What a started process is told through its environment."""
        return json.dumps(
            {
                "kind": kind,
                "number": number,
                "address": self._listener.getsockname(),
                "key": self._key,
                "folder": str(self.folder),
            }
        )

    def start_pytest(self, kind: str, number: int) -> subprocess.Popen[bytes]:
        """A pytest with this session's arguments that plays a role instead of running its tests."""
        role = f"{kind}{number}"
        environment = {name: text for name, text in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
        environment |= {ROLE: self.role(kind, number), WORKER: role, "PYTEST_GILCHECK_PATH": json.dumps(sys.path)}
        # The flags (-W, -X) that this interpreter was started with, as multiprocessing hands them on.
        flags: list[str] = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
        with self.log(role).open("wb") as log:
            return subprocess.Popen(  # noqa: S603 - this interpreter and this session's own arguments
                [sys.executable, *flags, "-c", _BOOT, *self._arguments(role)],
                cwd=self.config.invocation_params.dir,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _arguments(self, role: str) -> list[str]:
        """This session's arguments, less what would touch files that belong to it."""
        manager = self.config.pluginmanager
        arguments = _without_files(compat.invocation_arguments(self.config))
        added = {
            "capture": "--capture=no",
            "tmpdir": f"--basetemp={self.folder / role}",
            "logging": f"--log-file={os.devnull}",
        }
        arguments += [option for plugin, option in added.items() if manager.has_plugin(plugin)]
        if manager.has_plugin("xdist"):
            arguments.append("-n0")
        if manager.has_plugin("_cov") or manager.has_plugin("pytest_cov"):
            arguments.append("--no-cov")
        return arguments

    def accept(
        self, process: subprocess.Popen[bytes] | None, role: str, limit: float
    ) -> tuple[Connection, dict[str, object]]:
        """Wait until a process reports; raises :class:`ProcessesUnavailable` when it ends or takes too long."""
        deadline = time.monotonic() + limit
        self._listener.settimeout(0.05)
        while time.monotonic() < deadline:
            try:
                peer, _ = self._listener.accept()
            except TimeoutError:
                if process is not None and process.poll() is not None:
                    raise ProcessesUnavailable(
                        f"the pytest that was to collect the tests again ended ({describe_exit(process.returncode)})"
                        f"{self.tail(role)}"
                    ) from None
                continue
            peer.setblocking(True)
            connection = Connection(peer.detach())
            try:
                hello = receive(connection)
            except (EOFError, OSError, ValueError):
                connection.close()
                continue
            if secrets.compare_digest(str(hello.get("key")), self._key):
                return connection, hello
            connection.close()
        raise ProcessesUnavailable(f"a worker process was not ready within {limit:g} s{self.tail(role)}")

    def log(self, role: str) -> Path:
        """The file with the output of a process."""
        return self.folder / f"{role}.log"

    def tail(self, role: str) -> str:
        """The last lines that a process wrote, introduced; empty when there are none."""
        try:
            lines = self.log(role).read_text(errors="replace").rstrip().splitlines()
        except OSError:
            return ""
        return "\n".join(["", "its last output:", *lines[-_TAIL_LINES:]]) if lines else ""

    def close(self) -> None:
        """Remove the folder."""
        self._listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _without_files(arguments: list[str]) -> list[str]:
    """``arguments`` without the options that make pytest, or a plugin, open a file of this session when it starts."""
    kept = []
    rest = iter(arguments)
    for argument in rest:
        if argument in _FILE_OPTIONS:
            next(rest, None)
        elif not argument.startswith(("--debug", *(f"{option}=" for option in _FILE_OPTIONS))):
            kept.append(argument)
    return kept
