"""Facts about the machine and the interpreter that decide what can be measured and compared."""

from __future__ import annotations

import os
import platform
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where a measurement was taken.

    ``usable_cpus`` counts the CPUs this process may run on, ``cpu_quota`` is the cgroup's limit in CPUs (``None``: no
    limit). ``gil`` is ``"enabled"``, ``"disabled"`` or ``"re-enabled"`` (a free-threaded build on which something
    switched the GIL back on; ``gil_reenabled_by`` says what).
    """

    python: str
    implementation: str
    platform: str
    cpu_model: str
    usable_cpus: int
    cpu_quota: float | None
    gil: str
    gil_reenabled_by: str | None
    run_queue_delay: bool
    fork: bool

    @property
    def cpus(self) -> float:
        """How many CPUs' worth of time the process can get at once."""
        return self.usable_cpus if self.cpu_quota is None else min(float(self.usable_cpus), self.cpu_quota)

    @property
    def has_gil(self) -> bool:
        """Whether one thread at a time runs byte code."""
        return self.gil != "disabled"


def observe() -> Environment:
    """Look at this process and its machine as they are now."""
    state = gil_state()
    return Environment(
        python=platform.python_version() + ("t" if free_threaded_build() else ""),
        implementation=platform.python_implementation(),
        platform=f"{platform.system()} {platform.release()} {platform.machine()}",
        cpu_model=cpu_model(),
        usable_cpus=usable_cpus(),
        cpu_quota=cpu_quota(),
        gil=state,
        gil_reenabled_by=gil_reenabled_by() if state == "re-enabled" else None,
        run_queue_delay=Path("/proc/thread-self/schedstat").exists(),
        fork=hasattr(os, "fork") and sys.platform != "darwin",
    )


def usable_cpus() -> int:
    """CPUs in the affinity mask of this process, or all of the machine's where there is no such mask."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def free_threaded_build() -> bool:
    """Whether this CPython was built with ``--disable-gil``."""
    return bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def gil_state() -> str:
    """``enabled``, ``disabled`` or ``re-enabled``: see :class:`Environment`."""
    if not free_threaded_build():
        return "enabled"
    return "re-enabled" if sys._is_gil_enabled() else "disabled"  # type: ignore[attr-defined,unused-ignore]


def gil_reenabled_by() -> str | None:
    """What switched the GIL back on in this free-threaded process: a setting, or the import of an extension module."""
    if sys._xoptions.get("gil") == "1":
        return "-X gil=1"
    if os.environ.get("PYTHON_GIL") == "1":
        return "PYTHON_GIL=1"
    from pytest_gilcheck.extensions import first_to_enable_the_gil  # noqa: PLC0415 - needed on such builds only

    module = first_to_enable_the_gil()
    return None if module is None else f"import {module}"


def cpu_model() -> str:
    """The processor's name as the system gives it; never its frequency."""
    try:
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def cpu_quota() -> float | None:
    """The tightest CPU limit of the cgroups this process is in, in CPUs, or ``None``."""
    limits = [limit for folder in _cgroup_folders() if (limit := _quota_of(folder)) is not None]
    return min(limits, default=None)


def _cgroup_folders() -> list[Path]:
    """The process's own cgroup folders and all above them, for cgroup v2 and for the v1 cpu controller."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    folders = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            roots = [Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified")]
        elif "cpu" in controllers.split(","):
            roots = [Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup", controllers)]
        else:
            continue
        relative = Path(path.lstrip("/"))
        for root in roots:
            folders += [root / relative, *(root / parent for parent in relative.parents)]
    return folders


def _quota_of(folder: Path) -> float | None:
    try:
        words = (folder / "cpu.max").read_text().split()
        if words[0] == "max":
            return None
        return int(words[0]) / int(words[1])
    except (OSError, ValueError, IndexError):
        pass
    try:
        quota = int((folder / "cpu.cfs_quota_us").read_text())
        period = int((folder / "cpu.cfs_period_us").read_text())
    except (OSError, ValueError):
        return None
    return quota / period if quota > 0 and period > 0 else None
