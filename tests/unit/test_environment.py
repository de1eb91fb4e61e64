from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_gilcheck import environment, extensions
from pytest_gilcheck.environment import cpu_model, cpu_quota, gil_reenabled_by, gil_state, observe, usable_cpus
from unit.scaling.fakes import an_environment


@pytest.mark.parametrize(("usable", "quota", "cpus"), [(4, None, 4.0), (4, 1.5, 1.5), (2, 8.0, 2.0), (1, 0.25, 0.25)])
def test_the_cpus_are_the_tighter_of_mask_and_quota(usable: int, quota: float | None, cpus: float) -> None:
    assert an_environment(usable_cpus=usable, cpu_quota=quota).cpus == cpus


def test_a_gil_that_is_switched_on_again_is_one() -> None:
    assert an_environment(gil="enabled").has_gil
    assert an_environment(gil="re-enabled").has_gil
    assert not an_environment(gil="disabled").has_gil


def test_this_machine_as_it_is() -> None:
    seen = observe()
    assert seen.python.startswith(platform.python_version())
    assert seen.python.endswith("t") is environment.free_threaded_build()
    assert 1 <= seen.usable_cpus <= (os.cpu_count() or 1)
    assert seen.gil in {"enabled", "disabled", "re-enabled"}
    assert seen.cpus > 0
    assert seen.fork is (sys.platform not in {"win32", "darwin"})
    assert seen.run_queue_delay is Path("/proc/thread-self/schedstat").exists()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity masks")
def test_the_affinity_mask_limits_the_cpus() -> None:
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert usable_cpus() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert usable_cpus() == len(allowed)


def test_without_affinity_masks_all_cpus_are_usable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert usable_cpus() == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert usable_cpus() == 1


@pytest.mark.parametrize(
    ("built_free", "enabled", "state"),
    [(False, True, "enabled"), (True, False, "disabled"), (True, True, "re-enabled")],
)
def test_the_state_of_the_gil(monkeypatch: pytest.MonkeyPatch, built_free: bool, enabled: bool, state: str) -> None:
    monkeypatch.setattr(environment, "free_threaded_build", lambda: built_free)
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: enabled, raising=False)
    monkeypatch.setattr(environment, "gil_reenabled_by", lambda: "somebody")
    assert gil_state() == state
    seen = observe()
    assert seen.gil == state
    assert seen.gil_reenabled_by == ("somebody" if state == "re-enabled" else None)
    assert seen.python.endswith("t") is built_free


def test_what_switched_the_gil_back_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "_xoptions", {})
    monkeypatch.delenv("PYTHON_GIL", raising=False)
    monkeypatch.setattr(extensions, "first_to_enable_the_gil", lambda: None)
    assert gil_reenabled_by() is None
    monkeypatch.setattr(extensions, "first_to_enable_the_gil", lambda: "numpy.core")
    assert gil_reenabled_by() == "import numpy.core"
    monkeypatch.setenv("PYTHON_GIL", "1")
    assert gil_reenabled_by() == "PYTHON_GIL=1"
    # The option wins over the variable, in CPython too.
    monkeypatch.setattr(sys, "_xoptions", {"gil": "1"})
    assert gil_reenabled_by() == "-X gil=1"


Lay = Callable[[str, str], None]


@pytest.fixture
def lay(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Lay:
    """Put a file at an absolute path of a file system that the module then sees."""
    monkeypatch.setattr(environment, "Path", lambda *parts: _below(tmp_path, *parts))

    def write(path: str, text: str) -> None:
        file = _below(tmp_path, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    return write


def _below(root: Path, *parts: str | Path) -> Path:
    path = Path(*parts)
    return root.joinpath(*path.parts[1:]) if path.is_absolute() else path


def test_the_model_is_the_one_of_the_first_cpu(lay: Lay) -> None:
    lay("/proc/cpuinfo", "processor\t: 0\nmodel name\t: A Fine CPU: the second\nmodel name\t: other\n")
    assert cpu_model() == "A Fine CPU: the second"


def test_the_model_without_a_name_is_what_python_knows(lay: Lay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "processor", lambda: "")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    assert cpu_model() == "arm64"
    lay("/proc/cpuinfo", "processor\t: 0\nBogoMIPS\t: 50.00\n")
    assert cpu_model() == "arm64"
    monkeypatch.setattr(platform, "processor", lambda: "arm")
    assert cpu_model() == "arm"


@pytest.mark.usefixtures("lay")
def test_no_cgroups_are_no_limit() -> None:
    assert cpu_quota() is None


def test_the_tightest_limit_of_all_the_groups_above_counts(lay: Lay) -> None:
    lay("/proc/self/cgroup", "0::/ci.slice/job-7/inner\n")
    assert cpu_quota() is None
    lay("/sys/fs/cgroup/ci.slice/cpu.max", "400000 100000\n")
    assert cpu_quota() == 4.0
    lay("/sys/fs/cgroup/ci.slice/job-7/inner/cpu.max", "max 100000\n")
    assert cpu_quota() == 4.0
    lay("/sys/fs/cgroup/ci.slice/job-7/cpu.max", "150000 100000\n")
    assert cpu_quota() == 1.5


def test_the_groups_own_folder_may_be_the_root(lay: Lay) -> None:
    lay("/proc/self/cgroup", "0::/\n")
    lay("/sys/fs/cgroup/cpu.max", "50000 100000")
    assert cpu_quota() == 0.5


@pytest.mark.parametrize("folder", ["cpu", "cpu,cpuacct"])
def test_the_first_version_of_cgroups(lay: Lay, folder: str) -> None:
    lay("/proc/self/cgroup", "7:memory:/elsewhere\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n")
    lay(f"/sys/fs/cgroup/{folder}/docker/abc/cpu.cfs_period_us", "100000\n")
    lay(f"/sys/fs/cgroup/{folder}/docker/abc/cpu.cfs_quota_us", "250000\n")
    assert cpu_quota() == 2.5
    lay(f"/sys/fs/cgroup/{folder}/docker/abc/cpu.cfs_quota_us", "-1\n")
    assert cpu_quota() is None


def test_the_limits_of_other_controllers_are_none_of_the_cpu(lay: Lay) -> None:
    lay("/proc/self/cgroup", "3:cpuset:/a\n")
    lay("/sys/fs/cgroup/cpuset/a/cpu.cfs_quota_us", "100000")
    lay("/sys/fs/cgroup/cpuset/a/cpu.cfs_period_us", "100000")
    assert cpu_quota() is None


@pytest.mark.parametrize("text", ["", "max\n", "nonsense\n", "100000\n", "a b\n"])
def test_a_limit_that_cannot_be_read_is_none(lay: Lay, text: str) -> None:
    lay("/proc/self/cgroup", "0::/job\n")
    lay("/sys/fs/cgroup/job/cpu.max", text)
    assert cpu_quota() is None
