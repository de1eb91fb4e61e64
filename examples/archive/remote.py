"""The remote store: a server that answers each request after a few milliseconds, and its client."""

import socket
import socketserver
import time
from collections.abc import Iterable

#: How long the server takes to find a document.
LATENCY_SECONDS = 0.005


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        for request in self.rfile:
            time.sleep(LATENCY_SECONDS)
            self.wfile.write(b"document " + request)


class Server(socketserver.ThreadingTCPServer):
    """Answers on a port of the loopback interface that the system chooses; one thread for each connection."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def port(self) -> int:
        """The port that the system chose."""
        return int(self.server_address[1])


def fetch(port: int, names: Iterable[str]) -> list[str]:
    """Ask the server on ``port`` for each of ``names``, one after another over one connection."""
    answers = []
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as connection,
        connection.makefile("rwb") as stream,
    ):
        for name in names:
            stream.write(f"{name}\n".encode())
            stream.flush()
            answers.append(stream.readline().decode().strip())
    return answers


def ping(seconds: float = 0.03) -> bool:
    """Wait for a peer that takes ``seconds`` to answer."""
    time.sleep(seconds)
    return True
