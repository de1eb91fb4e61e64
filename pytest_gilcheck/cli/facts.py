"""What this machine and this interpreter are, each fact with what it means for the checks."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata

from pytest_gilcheck.environment import Environment, observe

#: How good a fact is for the checks.
GOOD, LIMITS, BROKEN = "good", "limits", "broken"

_NAME = "pytest-gilcheck"
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")

# Modules of debuggers that trace.
_DEBUGGERS = ("pydevd", "debugpy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """``name`` is ``value``, which is ``state`` for the checks: ``consequence`` says why."""

    name: str
    value: str
    state: str
    consequence: str


def facts() -> list[Fact]:
    """All of them, as they are in this process."""
    environment = observe()
    found = [
        _interpreter(environment),
        _gil(environment),
        _cpus(environment),
        _quota(environment),
        _run_queue(environment),
        _fork(environment),
        _monitoring(),
        _tracers(),
        _pytest(),
        _xdist(),
        _plugin(),
    ]
    return [*found, *_extras()]


def _interpreter(environment: Environment) -> Fact:
    build = "free-threaded build" if environment.python.endswith("t") else "default build"
    value = f"{environment.implementation} {environment.python}, {build}"
    try:
        from pytest_gilcheck.races.bytecode import versions  # noqa: PLC0415 - it refuses an interpreter that it does not know
    except NotImplementedError as reason:
        return Fact(name="interpreter", value=value, state=BROKEN, consequence=f"race checks cannot run: {reason}")
    known = ", ".join(f"{major}.{minor}" for major, minor in versions.LAYOUTS)
    said = f"race checks can run: the byte code of CPython {known} is known"
    return Fact(name="interpreter", value=value, state=GOOD, consequence=said)


def _gil(environment: Environment) -> Fact:
    by = f" by {environment.gil_reenabled_by}" if environment.gil_reenabled_by else ""
    said = {
        "enabled": "one thread at a time runs byte code: CPU-bound Python code does not get faster in threads",
        "disabled": "threads run byte code at once: gil-bound cannot come up, and races are likelier than with a GIL",
        "re-enabled": "this build can do without the GIL, and something in this process needs it: threads run one at a time",
    }
    state = LIMITS if environment.gil == "re-enabled" else GOOD
    return Fact(name="GIL", value=f"{environment.gil}{by}", state=state, consequence=said[environment.gil])


def _cpus(environment: Environment) -> Fact:
    number = environment.usable_cpus
    few = "nothing that computes can get faster at once: verdicts on CPU-bound code rest on who wanted to run, not on time"
    said = few if number < 2 else "threads and processes can run at once, as far as nothing else uses these CPUs"
    return Fact(name="usable CPUs", value=str(number), state=LIMITS if number < 2 else GOOD, consequence=said)


def _quota(environment: Environment) -> Fact:
    quota = environment.cpu_quota
    if quota is None:
        said = "the process may use its CPUs all the time"
        return Fact(name="CPU quota", value="none", state=GOOD, consequence=said)
    tight = quota < environment.usable_cpus
    said = f"a cgroup gives no more than {quota:g} CPUs' time: " + (
        "it is what speed-ups are held against, and workers are stopped when it is used up"
        if tight
        else "that is no less than the usable CPUs"
    )
    return Fact(name="CPU quota", value=f"{quota:g}", state=LIMITS if tight else GOOD, consequence=said)


def _run_queue(environment: Environment) -> Fact:
    if environment.run_queue_delay:
        said = "how long each thread waits for a CPU is known: other load is told from waiting for the GIL"
        return Fact(name="run-queue delay", value="/proc/thread-self/schedstat", state=GOOD, consequence=said)
    said = "how long threads wait for a CPU is not known: verdicts on scaling are less certain on a busy machine"
    return Fact(name="run-queue delay", value="not available", state=LIMITS, consequence=said)


def _fork(environment: Environment) -> Fact:
    if environment.fork:
        said = "worker processes of scaling checks are forked from one that has collected the tests"
        return Fact(name="fork", value="available", state=GOOD, consequence=said)
    said = "each worker process of a scaling check is started anew and collects the tests: that takes longer"
    return Fact(name="fork", value="not available or not safe", state=LIMITS, consequence=said)


def _monitoring() -> Fact:
    monitoring = getattr(sys, "monitoring", None)
    if monitoring is None:
        said = "race checks follow threads with a profile function each, which costs more time"
        return Fact(name="sys.monitoring", value="not available", state=LIMITS, consequence=said)
    taken = {number: str(tool) for number in range(6) if (tool := monitoring.get_tool(number)) is not None}
    value = ", ".join(f"{number}: {tool}" for number, tool in taken.items()) or "no tool registered"
    if len(taken) == 6:
        said = "no id is left: race checks follow threads with a profile function each, which costs more time"
        return Fact(name="sys.monitoring", value=value, state=LIMITS, consequence=said)
    if taken:
        said = (
            "those tools are set aside while a race check runs, and see all that a scaling check runs, which slows it down"
        )
        return Fact(name="sys.monitoring", value=value, state=LIMITS, consequence=said)
    return Fact(name="sys.monitoring", value=value, state=GOOD, consequence="race checks learn from it which code starts")


def _tracers() -> Fact:
    active = {
        "sys.settrace": sys.gettrace(),
        "sys.setprofile": sys.getprofile(),
    }
    found = [f"{how}: {type(what).__module__}.{type(what).__qualname__}" for how, what in active.items() if what is not None]
    found += [f"module {name}" for name in _DEBUGGERS if name in sys.modules]
    found += [f"{name}={os.environ[name]}" for name in ("COVERAGE_CORE", "COVERAGE_PROCESS_START") if name in os.environ]
    if not found:
        said = "nothing traces this process; what coverage or a debugger will do in the run of the tests is not known here"
        return Fact(name="tracers", value="none", state=GOOD, consequence=said)
    said = "tracers see the ordinary run only: they are switched off in rerun threads and set aside in race checks"
    return Fact(name="tracers", value=", ".join(found), state=LIMITS, consequence=said)


def _pytest() -> Fact:
    version = _version("pytest")
    if version is None:
        return Fact(name="pytest", value="not installed", state=BROKEN, consequence="the plugin has nothing to plug into")
    if int(version.partition(".")[0]) < 8:
        return Fact(name="pytest", value=version, state=BROKEN, consequence="the plugin needs pytest 8 or newer")
    return Fact(name="pytest", value=version, state=GOOD, consequence="the plugin works with it")


def _xdist() -> Fact:
    version = _version("pytest-xdist")
    said = (
        "tests run one after another" if version is None else "with -n, one scaling check at a time runs beside other tests"
    )
    return Fact(name="pytest-xdist", value=version or "not installed", state=GOOD, consequence=said)


def _plugin() -> Fact:
    found = [point for point in metadata.entry_points(group="pytest11") if point.value.startswith("pytest_gilcheck.")]
    if not found:
        said = f"pytest does not load it by itself: install {_NAME}, or pass -p pytest_gilcheck.plugin"
        return Fact(name="plugin", value="no entry point", state=BROKEN, consequence=said)
    blocked = _blocked()
    if blocked is not None:
        said = f"pytest will not load the plugin here: {blocked}"
        return Fact(name="plugin", value=found[0].value, state=BROKEN, consequence=said)
    return Fact(name="plugin", value=found[0].value, state=GOOD, consequence="pytest loads it by its entry point")


def _blocked() -> str | None:
    if os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD") and "pytest_gilcheck" not in os.environ.get("PYTEST_PLUGINS", ""):
        return "PYTEST_DISABLE_PLUGIN_AUTOLOAD is set"
    if re.search(r"-p\s*no:gilcheck\b", os.environ.get("PYTEST_ADDOPTS", "")):
        return "PYTEST_ADDOPTS has -p no:gilcheck"
    return None


def _extras() -> Iterator[Fact]:
    """A fact for each optional part of the package."""
    try:
        own = metadata.metadata(_NAME)
        required = metadata.requires(_NAME) or []
    except metadata.PackageNotFoundError:
        return
    for extra in own.get_all("Provides-Extra") or []:
        names = [
            found[1]
            for line in required
            if (found := _REQUIREMENT.match(line)) and (needed := _EXTRA.search(line)) and needed[1] == extra
        ]
        missing = [name for name in names if _version(name) is None]
        told = ", ".join(f"{name} {_version(name) or 'missing'}" for name in names)
        said = (
            f"install it with: pip install '{_NAME}[{extra}]'" if missing else f"what --gilcheck-{extra} needs is installed"
        )
        state = LIMITS if missing else GOOD
        yield Fact(name=f"extra {extra}", value=told or "nothing needed", state=state, consequence=said)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
