"""Digests of documents. ``hashlib`` releases the GIL for one long buffer and keeps it for a short one."""

import hashlib
from collections.abc import Iterable


def digest(document: bytes) -> str:
    """The SHA-256 of one document, in one call."""
    return hashlib.sha256(document).hexdigest()


def digests(records: Iterable[bytes]) -> list[str]:
    """The SHA-256 of each of many short records."""
    return [hashlib.sha256(record).hexdigest() for record in records]
