"""What is known not to be thread-safe is not rerun, and the report says why."""

from __future__ import annotations

import sys

from acceptance.suite import SLEEP, Suite

FIXTURES = {
    "capsys": "captures output",
    "capsysbinary": "captures output",
    "capteesys": "captures output",
    "capfd": "captures output",
    "capfdbinary": "captures output",
    "caplog": "records",
    "recwarn": "records",
    "monkeypatch": "changes state",
    "pytester": "changes state",
    "subtests": "reports to the running test",
}

BODIES = """
import contextlib, doctest, unittest, warnings
import warnings as w
from unittest import mock
from unittest.mock import patch
from warnings import catch_warnings
pytestmark = pytest.mark.gilcheck
ran = []

@pytest.fixture(autouse=True)
def counted(request): ran.append(request.node.name)

def test_pytest_warns():
    with pytest.warns(UserWarning): warnings.warn("x")
def test_deprecated_call():
    with pytest.deprecated_call(): warnings.warn("x", DeprecationWarning)
def test_patch_object():
    with mock.patch.object(os, "getcwd"): ...
def test_patch_imported():
    with patch("os.getcwd"): ...
@patch("os.getcwd")
def test_patch_decorator(patched): ...
def helper():
    with mock.patch.dict(os.environ): ...
def test_patch_in_a_helper(): helper()
def further(): helper()
def test_patch_in_a_helper_of_a_helper(): further()
def test_patch_in_a_nested_function():
    def inner():
        with patch("os.getcwd"): ...
    inner()
@contextlib.contextmanager
def patching():
    with patch("os.getcwd"): yield
def test_patch_in_a_context_manager():
    with patching(): ...
class TestMethods:
    def test_patch(self):
        with mock.patch("os.getcwd"): ...
@pytest.fixture
def through(monkeypatch): ...
def test_monkeypatch_through_a_fixture(through): ...
def test_last():
    again = [name for name in ran if ran.count(name) > 1]
    assert again == []
"""

WARNINGS = """
def test_catch_warnings():
    with warnings.catch_warnings(): ...
def test_catch_warnings_alias():
    with w.catch_warnings(record=True): ...
def test_catch_warnings_imported():
    with catch_warnings(): ...
"""

REASONS = {
    "test_pytest_warns": "it uses pytest.warns, which is not thread-safe: it changes state of the whole process",
    "test_deprecated_call": "it uses pytest.deprecated_call, which is *",
    "test_patch_object": "it uses unittest.mock.patch, which is *",
    "test_patch_imported": "it uses unittest.mock.patch, which is *",
    "test_patch_decorator": "it uses unittest.mock.patch, which changes state of the whole process",
    "test_patch_in_a_helper": "it uses unittest.mock.patch, which is *",
    "test_patch_in_a_helper_of_a_helper": "it uses unittest.mock.patch, which is *",
    "test_patch_in_a_nested_function": "it uses unittest.mock.patch, which is *",
    "test_patch_in_a_context_manager": "it uses unittest.mock.patch, which is *",
    "TestMethods::test_patch": "it uses unittest.mock.patch, which is *",
    "test_monkeypatch_through_a_fixture": "it uses the fixture monkeypatch, which is not thread-safe: it changes state *",
}


def test_unsafe_calls(suite: Suite) -> None:
    # From 3.14 on a free-threaded build keeps warning filters for each thread.
    filters_are_shared = not getattr(sys.flags, "context_aware_warnings", 0)
    suite.write(BODIES.replace("def test_last", WARNINGS + "def test_last") if filters_are_shared else BODIES)
    ran = suite.run("-p", "pytester")
    assert set(map(tuple, ran.outcomes.values())) == {("passed",)}, ran.output
    expected = dict(REASONS)
    if filters_are_shared:
        for name in ("test_catch_warnings", "test_catch_warnings_alias", "test_catch_warnings_imported"):
            expected[name] = "it uses warnings.catch_warnings, which is *"
    for test, reason in expected.items():
        assert ran.verdict(test) == "skipped", test
        assert ran.reason(test).startswith(reason.rstrip("*")), test


def test_unsafe_fixtures(suite: Suite) -> None:
    suite.write(
        "pytestmark = pytest.mark.gilcheck",
        *(f"def test_{name}({name}): ..." for name in FIXTURES),
        "def test_benchmark(benchmark): ...",
        "@pytest.fixture\ndef benchmark(): ...",
        "def test_mocker(mocker): ...",
        "@pytest.fixture\ndef mocker(): ...",
    )
    ran = suite.run("-p", "pytester")
    known = {name for name in FIXTURES if ran.outcomes[f"test_{name}"] == ["passed"]}
    assert known >= FIXTURES.keys() - {"subtests", "capteesys"}, "newer versions of pytest have these two"
    for name in known:
        reason = ran.reason(f"test_{name}")
        assert reason.startswith(f"it uses the fixture {name}, which is not thread-safe: it {FIXTURES[name]}")
    assert "benchmark" in ran.reason("test_benchmark")
    assert "mocker" in ran.reason("test_mocker")


def test_async_tests_and_doctests(suite: Suite) -> None:
    suite.write(
        '''
        import functools, inspect, unittest
        pytestmark = pytest.mark.gilcheck
        class TestCase(unittest.IsolatedAsyncioTestCase):
            async def test_async_method(self): ...
            def test_sync_method(self): ...
        async def test_coroutine(): ...
        def synchronised(function):
            @functools.wraps(function)
            def run(*args):
                try: function(*args).send(None)
                except StopIteration: ...
            return run
        @synchronised
        async def test_wrapped(): ...
        def double(n):
            """
            >>> double(2)
            4
            """
            return 2 * n
        ''',
        conftest="""
        import inspect
        def pytest_pyfunc_call(pyfuncitem):
            if inspect.iscoroutinefunction(pyfuncitem.obj):
                pyfuncitem.obj().close()
                return True
        """,
    )
    (suite.folder / "notes.txt").write_text(">>> 1 + 1\n2\n", encoding="utf-8")
    ran = suite.run("--gilcheck", "--doctest-modules", "--doctest-glob=*.txt")
    assert set(map(tuple, ran.outcomes.values())) == {("passed",)}, ran.output
    for test in ("TestCase::test_async_method", "TestCase::test_sync_method", "test_coroutine", "test_wrapped"):
        assert ran.reason(test) == "it is async; its event loop would have to be set up in each thread", test
    for test in ("test_suite.double", "notes.txt"):
        assert ran.reason(test) == "it is a doctest, which cannot be rerun in threads"


def test_items_that_are_no_functions(suite: Suite) -> None:
    suite.write(
        conftest="""
        import pytest
        def pytest_collect_file(file_path, parent):
            if file_path.suffix == ".check": return File.from_parent(parent, path=file_path)
        class File(pytest.File):
            def collect(self): yield Item.from_parent(self, name="only")
        class Item(pytest.Item):
            def runtest(self): ...
        """
    )
    (suite.folder / "one.check").touch()
    ran = suite.run("--gilcheck")
    assert ran.outcomes == {"only": ["passed"]}
    assert ran.reason("only") == "it is no Python test function (Item), which cannot be rerun in threads"


def test_what_only_looks_unsafe_is_measured(suite: Suite) -> None:
    suite.write(
        f"""
        import warnings
        from unittest import mock
        pytestmark = pytest.mark.gilcheck(processes=0)
        class Things:
            def patch(self): ...
            def warns(self): ...
        def test_names():
            Things().patch(); Things().warns()
            {SLEEP}
        def test_a_warning():
            with_warning = str(warnings)
            {SLEEP}
        def test_a_mock_object():
            mock.Mock()()
            {SLEEP}
        def test_a_method_with_the_name_of_a_function():
            client = mock.Mock()
            client.patch("/users/1"); client.warns()
            {SLEEP}
        def test_raises():
            Things().warns()
            with pytest.raises(ValueError): raise ValueError
            {SLEEP}
        """
    )
    ran = suite.run()
    assert {record["verdict"] for record in ran.records.values()} == {"io-bound"}, ran.records
