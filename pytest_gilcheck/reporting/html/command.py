"""The one line that replays a failure, for a shell in the root folder of the tests."""

from __future__ import annotations

import shlex


def replay_command(test: str, token: str) -> str | None:
    """``None`` for an id with characters that cannot be shown: a line with others in their place would select nothing."""
    return shlex.join(["pytest", test, f"--gilcheck-replay={token}"]) if test.isprintable() else None
