"""What the system tells about a thread of this process."""

from __future__ import annotations

from pathlib import Path


def is_asleep(native_id: int | None) -> bool:
    """Whether the thread waits for something, and not just for a CPU; ``True`` where the system does not tell (it does on
    Linux, in ``/proc``)."""
    try:
        return Path(f"/proc/self/task/{native_id}/stat").read_bytes().rpartition(b")")[2].split()[0] != b"R"
    except OSError:
        return True
