from __future__ import annotations

import gc
import json
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from pytest_gilcheck.races import discovery as module
from pytest_gilcheck.races.discovery import Discovery
from pytest_gilcheck.races.quiet import differences, snapshot
from pytest_gilcheck.races.scope import Scope
from pytest_gilcheck.races.watchers import Monitor, Profiler
from pytest_gilcheck.tracers import monitoring
from unit.races.alone import alone

#: The free-threaded build of 3.13 never frees code.
IMMORTAL_CODE = bool(sysconfig.get_config_var("Py_GIL_DISABLED")) and sys.version_info < (3, 14)

HERE = Scope(named=frozenset({__file__}))


class Bench:
    """A discovery over this file, with what it found; ``twins`` plays the rewriter."""

    def __init__(self, **options: Any) -> None:
        self.found: list[str] = []
        self.twins: dict[CodeType, CodeType] = {}
        self.controlled = True
        self.discovery = Discovery(
            options.pop("scope", HERE),
            self._find,
            is_controlled=lambda: self.controlled,
            original=lambda code: self.twins.get(code, code),
            **options,
        )

    def _find(self, code: CodeType) -> None:
        if code.co_filename == __file__ and not code.co_qualname.startswith("Bench"):
            self.found.append(code.co_name)

    def execution(self, *functions: Callable[[], object], collect: bool = False) -> list[str]:
        """What was found while these ran one after another."""
        self.found.clear()
        with self.discovery.watching(collect=collect):
            for function in functions:
                function()
        return list(self.found)


def watchers() -> list[str]:
    return ["profile", "monitoring"] if monitoring is not None else ["profile"]


@pytest.fixture(params=watchers())
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    if request.param == "profile":
        monkeypatch.setattr(Monitor, "available", classmethod(lambda cls: None))
    before = snapshot()
    yield str(request.param)
    if request.param == "profile":
        monkeypatch.undo()
    assert [line for line in differences(before) if not line.startswith("function")] == []


@pytest.fixture
def bench(way: str) -> Bench:
    return Bench()


def one() -> None:
    two()


def two() -> None:
    json.dumps([])


def three() -> None:
    pass


def generator() -> Iterator[int]:
    yield 1
    yield 2


def test_all_code_in_scope_is_found_once(bench: Bench) -> None:
    with bench.discovery:
        assert bench.execution(one, two, lambda: list(generator())) == ["one", "two", "<lambda>", "generator"]


def test_code_that_goes_on_running_as_it_was_is_reported_once_more(bench: Bench) -> None:
    with bench.discovery:
        assert [bench.execution(three) for _ in range(4)] == [["three"], ["three"], [], []]


def test_each_search_finds_anew_what_was_given_back_in_between(bench: Bench) -> None:
    for _ in range(3):
        with bench.discovery:
            assert bench.execution(one) == ["one", "two"]


def test_rewritten_code_is_not_new(bench: Bench) -> None:
    original = three.__code__
    rewritten = original.replace(co_consts=(*original.co_consts, "rewritten"))
    bench.twins[rewritten] = original
    three.__code__ = rewritten
    try:
        with bench.discovery:
            assert bench.execution(three) == []
            assert bench.discovery.ran == set()
    finally:
        three.__code__ = original


def test_what_ran_is_collected_as_originals_whenever_it_is_asked(bench: Bench) -> None:
    original = three.__code__
    rewritten = original.replace(co_consts=(*original.co_consts, "rewritten"))
    bench.twins[rewritten] = original
    try:
        with bench.discovery:
            bench.execution(one)
            three.__code__ = rewritten
            bench.execution(three)
            for _ in range(2):
                bench.execution(one, three, three, collect=True)
                assert bench.discovery.ran >= {one.__code__, two.__code__, original}
            bench.execution(two, collect=True)
            assert bench.discovery.ran & {one.__code__, two.__code__, original} == {two.__code__}
    finally:
        three.__code__ = original


def test_only_controlled_threads_count(bench: Bench) -> None:
    def started(function: Callable[[], None]) -> None:
        thread = threading.Thread(target=function)
        thread.start()
        thread.join()

    def controlled() -> None:
        with bench.discovery.thread():
            one()

    with bench.discovery:
        bench.controlled = False
        assert bench.execution(lambda: started(controlled)) == []
        bench.controlled = True
        assert set(bench.execution(lambda: started(controlled))) >= {"one", "two"}, "it was not dismissed by the first"


def test_nothing_is_found_outside_of_an_execution(bench: Bench) -> None:
    with bench.discovery:
        bench.execution(three)
        bench.found.clear()
        one()
        assert bench.found == []
        assert bench.execution(one) == ["one", "two"]


def test_watching_alone_opens_and_closes_by_itself(bench: Bench) -> None:
    assert bench.execution(one) == ["one", "two"]
    assert bench.execution(one) == ["one", "two"]


def test_another_scope_sees_what_was_out_of_the_first(way: str) -> None:
    assert Bench(scope=Scope(named=frozenset({"/nowhere"}))).execution(one) == []
    assert Bench().execution(one) == ["one", "two"]


def test_code_compiled_for_an_execution_is_new_each_time_and_not_kept(bench: Bench) -> None:
    def compiled() -> None:
        eval(compile("(lambda: 0)()", __file__, "eval"), {})

    with bench.discovery:
        for _ in range(5):
            assert {"<module>", "<lambda>"} <= set(bench.execution(compiled))
        gc.collect()
        assert IMMORTAL_CODE or len(bench.discovery._reported) < 5


def test_a_profile_function_is_given_up_when_nothing_new_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Monitor, "available", classmethod(lambda cls: None))
    bench = Bench(quiet_executions=3)
    watched: list[bool] = []
    with bench.discovery:
        bench.execution(one)
        for _ in range(3 + module.LOOK_AGAIN):
            bench.execution(lambda: watched.append(sys.getprofile() is not None))
    # The lambda is new in the first of them.
    assert watched == [True] * 4 + [False] * (module.LOOK_AGAIN - 1)
    with bench.discovery:
        watched.clear()
        for _ in range(4 + module.LOOK_AGAIN):
            bench.execution(three, lambda: watched.append(sys.getprofile() is not None))
    assert watched == [True] * 4 + [False] * (module.LOOK_AGAIN - 1) + [True]


def test_the_profile_function_of_others_is_put_back_and_sees_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Monitor, "available", classmethod(lambda cls: None))
    events: list[str] = []

    def theirs(frame: Any, event: str, _: object) -> None:
        events.append(frame.f_code.co_name)

    before = sys.getprofile()
    sys.setprofile(theirs)
    try:
        Bench().execution(one)
        after = sys.getprofile()
    finally:
        sys.setprofile(before)
    assert after is theirs
    assert "one" not in events


@pytest.mark.skipif(monitoring is None, reason="sys.monitoring is new in 3.12")
def test_a_free_tool_id_is_taken_and_given_back(tmp_path: Path) -> None:
    printed = alone(
        tmp_path,
        """
        import sys
        from pytest_gilcheck.races.watchers import Monitor, Profiler
        from pytest_gilcheck.tracers import TOOL
        m = sys.monitoring
        m.use_tool_id(3, "somebody")
        watcher = Monitor.available()
        print([m.get_tool(tool) for tool in range(6)].index(TOOL))
        watcher.start(lambda code: True, afresh=False)
        watcher.stop()
        print([m.get_tool(tool) for tool in range(6)], m._all_events())
        for tool in range(6):
            if tool != 3: m.use_tool_id(tool, "others")
        print(Monitor.available())
        """,
    )
    assert printed == "4\n[None, None, None, 'somebody', None, None] {}\nNone\n"


def test_before_there_is_monitoring_profile_functions_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_gilcheck.races.watchers.monitoring", None)
    assert Monitor.available() is None
    with Bench().discovery as opened:
        assert isinstance(opened._watcher, Profiler)


def test_an_exception_leaves_nothing_on(bench: Bench) -> None:
    def body() -> None:
        with bench.discovery.watching():
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        body()
    assert bench.discovery._watcher is None
