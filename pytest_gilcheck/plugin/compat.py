"""All that is taken from pytest's private side, in one place: item life cycle, temporary folders, other plugins' timers."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import pytest
from _pytest.junitxml import xml_key
from _pytest.logging import caplog_handler_key, caplog_records_key
from _pytest.tmpdir import tmppath_result_key
from _pytest.unittest import TestCaseFunction as TestCaseFunction  # noqa: PLC0414 - others get it from here

#: The module with which pytest loads test modules, and runs their code itself.
ASSERTION_REWRITER = "_pytest.assertion.rewrite"


def arguments(item: pytest.Function) -> dict[str, Any]:
    """The fixture values that the test function takes, by name."""
    return {name: item.funcargs[name] for name in item._fixtureinfo.argnames}


def ordinary_run_failed(item: pytest.Item) -> bool:
    """Whether a unittest method failed or skipped: its exceptions are kept on the item, not raised."""
    return bool(getattr(item, "_excinfo", None))


def set_up(item: pytest.Item, *, hooks: bool = False) -> float:
    """Set the item up (and what is above it, if it is not yet); return the seconds that took.

    ``hooks``: as in an ordinary run, with what other plugins do then; without them while a run of this item is going on.
    """
    begin = time.perf_counter()
    _forget(item)
    if hooks:
        item.ihook.pytest_runtest_setup(item=item)
    else:
        item.session._setupstate.setup(item)
    return time.perf_counter() - begin


def set_up_again(item: pytest.Item) -> None:
    """Set the item up for one of many executions, whatever the one before has left standing; log records start anew."""
    if item in item.session._setupstate.stack:
        with suppress(Exception, pytest.skip.Exception, pytest.fail.Exception):
            tear_down(item)
    handler = item.stash.get(caplog_handler_key, None)
    if handler is not None:
        handler.reset()
        item.stash[caplog_records_key]["call"] = handler.records
    _forget_interrupted(item)
    set_up(item)


def _forget_interrupted(item: pytest.Item) -> None:
    """Fixtures whose set-up was ended by no ``Exception`` have no value but finalizers, with which they refuse to start."""
    for name in fixture_names(item):
        for fixture in item._fixtureinfo.name2fixturedefs.get(name, ()):  # type: ignore[attr-defined]
            if fixture.cached_result is None and fixture._finalizers:
                fixture._finalizers.clear()


def tear_down(item: pytest.Item) -> None:
    """Tear down the item alone: its function-scoped fixtures; all wider ones stay."""
    _expect_teardown(item)
    # Only the collectors of ``nextitem`` matter to teardown_exact, and a collector has them as well as an item.
    item.session._setupstate.teardown_exact(item.parent)  # type: ignore[arg-type]


def tear_down_with_hooks(item: pytest.Item) -> None:
    """Tear down the item alone, with what other plugins do in an ordinary run."""
    _expect_teardown(item)
    item.ihook.pytest_runtest_teardown(item=item, nextitem=item.parent)


def tear_down_wider(session: pytest.Session, following: pytest.Item | None) -> None:
    """Tear down all that ``following`` does not need, once the item itself is torn down."""
    session._setupstate.teardown_exact(following)


def tell_result(item: pytest.Item, *phases: Literal["setup", "call"]) -> None:
    """Let plugins and conftests note that ``phases`` passed, as they do for fixtures that ask for it when they tear down.

    The reports are made and go nowhere else.
    """
    for phase in phases:
        call = pytest.CallInfo.from_call(lambda: None, when=phase)
        item.ihook.pytest_runtest_makereport(item=item, call=call)


def _expect_teardown(item: pytest.Item) -> None:
    """Let the teardown of ``tmp_path`` find how the phases went, which only the reports of an ordinary run note."""
    item.stash.setdefault(tmppath_result_key, {})


def _forget(item: pytest.Item) -> None:
    """Make an item as it was before its first set-up: a new request, and a new instance of its class."""
    if isinstance(item, pytest.Function):
        item._initrequest()
        if item.cls is not None and not isinstance(item, TestCaseFunction):  # which does this itself
            item.__dict__.pop("_instance", None)
            item.__dict__["_obj"] = None


def invocation_arguments(config: pytest.Config) -> list[str]:
    """The command line of this session, for another pytest that shall collect the same."""
    workerinput = getattr(config, "workerinput", None)
    if workerinput is None:
        return [str(argument) for argument in config.invocation_params.args]
    # A worker of pytest-xdist got its options from the controller, whose own command line it was told.
    return [str(argument) for argument in workerinput["mainargv"][1:]]


def private_folder(config: pytest.Config) -> Path:
    """A new empty folder; below pytest's own temporary one, which pytest removes in its own time should we be killed."""
    factory = getattr(config, "_tmp_path_factory", None)
    return Path(tempfile.mkdtemp(prefix="pytest-gilcheck-")) if factory is None else Path(factory.mktemp("gilcheck"))


def private_basetemp(config: pytest.Config, folder: Path) -> None:
    """Let ``tmp_path`` and its kin make their folders below ``folder`` from now on."""
    factory = getattr(config, "_tmp_path_factory", None)
    if factory is not None:
        factory._given_basetemp = folder
        factory._basetemp = None


def shared_folder(config: pytest.Config) -> Path:
    """A folder that all workers of one pytest-xdist run know, and that pytest removes in its own time."""
    basetemp = config.getoption("basetemp", None)
    return Path(basetemp).parent if basetemp else Path(tempfile.gettempdir())


def stop_timers(item: pytest.Item) -> None:
    """Let pytest-timeout stop watching this item: reruns have limits of their own, and take longer than the test."""
    cancel = getattr(item.config.hook, "pytest_timeout_cancel_timer", None)
    if cancel is not None:
        cancel(item=item)


@contextmanager
def uncaptured(config: pytest.Config) -> Iterator[None]:
    """Let what is written to the terminal inside go there, although a test is running."""
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is None:
        yield
    else:
        with capture.global_and_fixture_disabled():
            yield


def fixture_names(item: pytest.Item) -> Sequence[str]:
    """Every fixture the item uses, directly or through others."""
    return getattr(item, "fixturenames", ())


@contextmanager
def log_handlers_replaced(item: pytest.Item, handler: logging.Handler) -> Iterator[None]:
    """Let log records go to ``handler`` and to none of pytest's own; where the test reads its records, they stay."""
    plugin: Any = item.config.pluginmanager.getplugin("logging-plugin")
    if plugin is None:
        yield
        return
    own = [plugin.report_handler, plugin.log_cli_handler, plugin.log_file_handler]
    if "caplog" not in fixture_names(item):
        own.append(plugin.caplog_handler)
    root = logging.getLogger()
    replaced = [each for each in own if each in root.handlers]
    handler.setFormatter(plugin.report_handler.formatter)
    for each in replaced:
        root.removeHandler(each)
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        for each in replaced:
            root.addHandler(each)


def set_junit_properties(report: pytest.TestReport, config: pytest.Config, prefix: str, values: Mapping[str, str]) -> None:
    """Give the test case of ``report`` in the file of ``--junitxml`` these properties, in place of all with this prefix.

    Not by way of ``report.user_properties``, which belong to the test and which other plugins show.
    """
    xml = config.stash.get(xml_key, None)
    if xml is None:
        return
    case = xml.node_reporter(report)
    case.properties[:] = [(name, value) for name, value in case.properties if not name.startswith(prefix)]
    for name, value in values.items():
        case.add_property(f"{prefix}{name}", value)
