"""What the tests of the archive share."""

import threading
from collections.abc import Iterator

import pytest
from archive.remote import Server


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A running server. Every process that runs a test has its own, so the port is never fixed."""
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server.port
        server.shutdown()
        thread.join()
