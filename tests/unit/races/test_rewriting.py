from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_gilcheck.races import rewriting
from pytest_gilcheck.races.functions import all_functions
from pytest_gilcheck.races.quiet import differences, snapshot
from pytest_gilcheck.races.rewriting import Rewriter
from pytest_gilcheck.races.scope import Scope
from pytest_gilcheck.races.sites import Hook, Kind, Site
from unit.races.alone import alone


class Recorder:
    """Hooks before attributes that are called ``probed``, which write down where they stand."""

    def __init__(self) -> None:
        self.sites: list[Site] = []
        self.passed: list[str] = []

    def __call__(self, site: Site) -> Hook | None:
        if site.name != "probed" or site.kind not in {Kind.LOAD_ATTR, Kind.LOAD_METHOD}:
            return None
        self.sites.append(site)
        return lambda *_: self.passed.append(site.code.co_qualname)


class Probe:
    probed = 1


PROBE = Probe()


def plain() -> int:
    return PROBE.probed


def decorated_with(wrap: Any) -> Callable[[Callable[[], int]], Callable[[], int]]:
    def decorator(function: Any) -> Any:
        def wrapper(*arguments: object) -> Any:
            return function(*arguments)

        return wrap(function)(wrapper)

    return decorator


class Owner:
    def method(self) -> int:
        return PROBE.probed

    @staticmethod
    def static() -> int:
        return PROBE.probed

    @classmethod
    def of_class(cls) -> int:
        return PROBE.probed

    @property
    def value(self) -> int:
        return PROBE.probed

    @value.setter
    def value(self, new: int) -> None:
        assert PROBE.probed

    @functools.cached_property
    def cached(self) -> int:
        return PROBE.probed

    def __private(self) -> int:
        return PROBE.probed

    def call_private(self) -> int:
        return self.__private()

    class Inner:
        def method(self) -> int:
            return PROBE.probed


@decorated_with(functools.wraps)
def wrapped() -> int:
    return PROBE.probed


@decorated_with(lambda function: lambda wrapper: wrapper)
def hidden() -> int:
    return PROBE.probed


@functools.lru_cache(maxsize=0)
def lru() -> int:
    return PROBE.probed


def make() -> Callable[[], int]:
    def made() -> int:
        return PROBE.probed

    return made


def code_of(name: str) -> types.CodeType:
    """The code with this qualified name in this module."""
    codes = {
        function.__code__.co_qualname: function.__code__ for function in all_functions() if function.__module__ == __name__
    }
    return codes[name]


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def rewriter(recorder: Recorder) -> Iterator[Rewriter]:
    before = snapshot()
    made = Rewriter(recorder, Scope())
    yield made
    made.restore()
    assert made.refused == []
    assert [line for line in differences(before) if line.startswith("function")] == []


NAMED: dict[str, Callable[[], object]] = {
    "plain": plain,
    "Owner.method": lambda: Owner().method(),
    "Owner.static": Owner.static,
    "Owner.of_class": Owner.of_class,
    "Owner.cached": lambda: Owner().cached,
    "Owner.__private": lambda: Owner().call_private(),
    "Owner.Inner.method": lambda: Owner.Inner().method(),
    "wrapped": wrapped,
    "hidden": hidden,
    "lru": lru,
}


@pytest.mark.parametrize("name", NAMED)
def test_a_function_is_found_by_its_name_and_given_back(
    rewriter: Rewriter, recorder: Recorder, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = code_of(name)
    with monkeypatch.context() as patched:
        patched.setattr(rewriting, "functions_with", lambda *_: pytest.fail("searched all objects"))
        assert rewriter.add([code]) == 1
    NAMED[name]()
    assert recorder.passed == [name]
    rewriter.restore()
    NAMED[name]()
    assert recorder.passed == [name]


def test_getter_and_setter_have_one_name_but_two_codes(rewriter: Rewriter, recorder: Recorder) -> None:
    setter: Any = vars(Owner)["value"].fset
    rewriter.add([setter.__code__])
    owner = Owner()
    owner.value  # noqa: B018
    assert recorder.passed == []
    owner.value = 1
    assert recorder.passed == ["Owner.value"]


def test_all_closures_of_one_code_are_swapped_and_those_made_later_too(rewriter: Rewriter, recorder: Recorder) -> None:
    first, second = make(), make()
    rewriter.add([first.__code__])
    first()
    second()
    make()()
    assert len(recorder.passed) == 3
    assert len(recorder.sites) == 1, "one place has one site, whatever led to it"
    late = make()
    rewriter.restore()
    first()
    late()
    assert len(recorder.passed) == 3


def test_a_copy_that_its_name_does_not_lead_to_is_found_the_second_time(rewriter: Rewriter, recorder: Recorder) -> None:
    copy = types.FunctionType(plain.__code__, globals())
    original = plain.__code__
    rewriter.add([original])
    copy()
    assert recorder.passed == []
    rewriter.add([original])
    copy()
    assert recorder.passed == ["plain"]


def test_functions_are_found_after_a_thread_ran(tmp_path: Path) -> None:
    """The free-threaded build of 3.13 hides them from the collector then."""
    printed = alone(
        tmp_path,
        """
        import threading
        from pytest_gilcheck.races.functions import all_functions
        def function(): pass
        def make():
            return [function]
        class Holder:
            kept = make()
            def method(self): pass
        names = {"function", "make", "method"}
        for _ in range(2):
            found = [f for f in all_functions() if f.__module__ == "__main__" and f.__name__ in names]
            assert len(found) == 3, found
            thread = threading.Thread(target=function)
            thread.start()
            thread.join()
        """,
    )
    assert printed == ""


def test_original_and_rewritten_code_are_told_apart(rewriter: Rewriter) -> None:
    original, nested = plain.__code__, make().__code__
    rewriter.add([original, make.__code__])
    assert plain.__code__ is not original
    assert rewriter.is_rewritten(plain.__code__)
    assert rewriter.original(plain.__code__) is original
    assert rewriter.original(make().__code__) is nested
    assert rewriter.original(original) is original
    assert not rewriter.is_rewritten(original)


def test_resume_puts_back_what_restore_took_away(rewriter: Rewriter, recorder: Recorder) -> None:
    rewriter.add([plain.__code__])
    assert rewriter.restore() == 1
    assert rewriter.restore() == 0
    assert rewriter.resume() == 1
    plain()
    assert recorder.passed == ["plain"]
    assert len(recorder.sites) == 1


def test_our_own_code_and_code_without_places_of_interest_stay(rewriter: Rewriter, recorder: Recorder) -> None:
    def boring() -> int:
        return 1

    before = boring.__code__
    assert rewriter.add([before]) == 0
    assert boring.__code__ is before
    rewriter.add([plain.__code__])
    mine = plain.__code__
    assert rewriter.add([mine]) == 0
    assert plain.__code__ is mine


def test_a_function_that_refuses_other_code_is_left_alone(recorder: Recorder, tmp_path: Path) -> None:
    printed = alone(
        tmp_path,
        """
        import sys
        from pytest_gilcheck.races.rewriting import Rewriter
        from pytest_gilcheck.races.scope import Scope
        def function(x): return x.real
        def refuse(event, arguments):
            if event == "object.__setattr__" and arguments[1] == "__code__": raise ValueError("no")
        rewriter = Rewriter(lambda site: print, Scope())
        sys.addaudithook(refuse)
        print(rewriter.add([function.__code__]), function(1), rewriter.restore())
        """,
    )
    assert printed == "0 1 0\n"


def test_a_defect_of_the_rewriting_leaves_the_code_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> types.CodeType:
        raise IndexError("defect")

    monkeypatch.setattr(rewriting, "instrument", fail)
    rewriter = Rewriter(Recorder(), Scope())
    before = plain.__code__
    assert rewriter.add([before]) == 0
    assert plain.__code__ is before
    ((code, error),) = rewriter.refused
    assert code is before
    assert isinstance(error, IndexError)


MODULE = "class P: probed = 1\ndef f(): return P().probed\nP.probed\n"


def test_code_that_is_loaded_again_has_the_same_sites(rewriter: Rewriter, recorder: Recorder, tmp_path: Path) -> None:
    file = str(tmp_path / "mod.py")
    for _ in range(2):
        space: dict[str, Any] = {}
        exec(rewriter.exec_code(compile(MODULE, file, "exec")), space)
        space["f"]()
    assert recorder.passed == ["<module>", "f"] * 2
    assert len(recorder.sites) == 2
    other = compile(MODULE, str(tmp_path / "other.py"), "exec")
    rewriter.exec_code(other)
    assert len(recorder.sites) == 4, "the same text in another file is another place"


def test_a_module_that_is_not_the_users_is_rewritten_when_it_is_run_again(rewriter: Rewriter, tmp_path: Path) -> None:
    file = str(tmp_path / "site-packages" / "lib" / "mod.py")
    first, second = (compile(MODULE, file, "exec") for _ in range(2))
    assert rewriter.exec_code(first) is first
    assert rewriter.exec_code(second) is not second


def test_nested_code_that_is_out_of_scope_has_no_hooks(recorder: Recorder, tmp_path: Path) -> None:
    rewriter = Rewriter(recorder, Scope.parse("threading", tmp_path))
    import threading

    assert threading.__file__ is not None
    text = "class Thread:\n  def start(self): self.probed\n  def run(self): self.probed\n"
    for _ in range(2):
        rewriter.exec_code(compile(text, threading.__file__, "exec"))
    assert [site.code.co_qualname for site in recorder.sites] == ["Thread.run"]
    assert recorder.sites[0].trusted


@pytest.mark.parametrize(
    ("source", "mode"),
    [
        ("P.probed", "exec"),
        (" \tP.probed", "eval"),
        (b"P.probed", "eval"),
        (bytearray(b"P.probed"), "exec"),
        (memoryview(b"P.probed"), "exec"),
    ],
)
def test_a_text_is_compiled_and_rewritten(rewriter: Rewriter, recorder: Recorder, source: Any, mode: str) -> None:
    code: Any = rewriter.handle_exec(source, mode=mode)
    {"exec": exec, "eval": eval}[mode](code, {"P": Probe})
    assert recorder.passed == ["<module>"]
    assert rewriter.handle_exec(source, mode=mode) is code


def test_a_text_is_compiled_with_the_future_of_its_caller(rewriter: Rewriter) -> None:
    text = "def f(x: y): return x.probed"
    with_future: dict[str, Any] = {}
    exec(rewriter.handle_exec(text, flags=plain.__code__.co_flags), with_future)  # type: ignore[arg-type]
    assert with_future["f"].__annotations__ == {"x": "y"}
    without: dict[str, Any] = {"y": int}
    exec(rewriter.handle_exec(text), without)  # type: ignore[arg-type]
    assert without["f"].__annotations__ == {"x": int}


@pytest.mark.parametrize("source", ["1 +", "a\0b", b"\xff"])
def test_a_text_that_is_no_python_fails_as_it_would_have(rewriter: Rewriter, source: Any) -> None:
    with pytest.raises(Exception) as real:
        exec(source, {})
    with pytest.raises(Exception) as ours:
        rewriter.handle_exec(source)
    assert (type(ours.value), str(ours.value)) == (type(real.value), str(real.value))


@pytest.mark.parametrize("source", [None, 3, ["x"]])
def test_what_is_neither_text_nor_code_comes_back(rewriter: Rewriter, source: object) -> None:
    assert rewriter.handle_exec(source) is source


IMPORTING = """
import sys, traceback, importlib, importlib._bootstrap as bootstrap
import pytest_gilcheck.races.importing as importing
from pytest_gilcheck.races.rewriting import Rewriter
from pytest_gilcheck.races.scope import Scope
passed = []
def factory(site):
    if site.name == "probed": return lambda *_: passed.append(site.code.co_qualname)
rewriter = Rewriter(factory, Scope(loaders=frozenset({"runpy", "_pytest.assertion.rewrite"})))
real = bootstrap._call_with_frames_removed
"""


def test_modules_imported_meanwhile_are_rewritten_before_they_run(tmp_path: Path) -> None:
    (tmp_path / "fresh.py").write_text(MODULE)
    (tmp_path / "broken.py").write_text("def f(): 1 / 0\nf()\n")
    printed = alone(
        tmp_path,
        IMPORTING
        + """
with rewriter.importing():
    import fresh
    fresh.f()
    importlib.reload(fresh)
    try:
        import broken
    except ZeroDivisionError as error:
        print([frame.name for frame in traceback.extract_tb(error.__traceback__)])
print(passed, bootstrap._call_with_frames_removed is real, rewriter.restore() > 0)
fresh.f()
print(len(passed))
""",
    )
    assert printed == "['<module>', '<module>', 'f']\n['<module>', 'f', '<module>'] True True\n3\n"


def test_modules_that_pytest_or_runpy_load_are_rewritten_too(tmp_path: Path) -> None:
    (tmp_path / "fresh.py").write_text(MODULE)
    (tmp_path / "test_it.py").write_text(MODULE + "def test_it():\n    assert P().probed\n")
    printed = alone(
        tmp_path,
        IMPORTING
        + """
import runpy, pytest
from _pytest.assertion import rewrite
before = dict(vars(rewrite)), dict(vars(runpy))
with rewriter.importing():
    runpy.run_path("fresh.py")
    assert pytest.main(["-q", "-p", "no:cacheprovider", "test_it.py"]) == 0
assert before == (dict(vars(rewrite)), dict(vars(runpy)))
print(passed, type(sys.modules["test_it"].__loader__).__name__)
""",
    )
    assert printed.splitlines()[-1] == "['<module>', '<module>', 'test_it'] AssertionRewritingHook"


@pytest.mark.skipif(not rewriting._COUNTED, reason="this interpreter does not count references to code")
def test_nobody_looks_through_all_objects_after_a_check_that_left_no_function(tmp_path: Path) -> None:
    program = """
import threading
from pytest_gilcheck.races import explore, rewriting
from pytest_gilcheck.races.running import run

searches = []
search = rewriting.functions_with

def counted(*arguments):
    searches.append(arguments)
    return search(*arguments)

class Counter:
    value = 0
    def increment(self): self.value += 1

def scenario():
    counter, lock = Counter(), threading.Lock()
    def locked():
        with lock: counter.increment()
    run(locked, lambda: locked())
    assert counter.value == 2

explore(scenario)
rewriting.functions_with = counted
print(explore(scenario).verdict, len(searches))
"""
    assert alone(tmp_path, program).split() == ["clean", "0"]


def test_a_thread_that_nobody_controls_may_come_by_new_code_meanwhile(tmp_path: Path) -> None:
    alone(
        tmp_path,
        """
import sys, threading
from pytest_gilcheck.races.rewriting import Rewriter
from pytest_gilcheck.races.scope import Scope

def made(number):
    namespace = {}
    exec(compile(f"def f{number}(): return probe.probed", f"made_{number}.py", "exec"), namespace)
    return namespace[f"f{number}"]

rewriter = Rewriter(lambda site: (lambda *_: None) if site.name == "probed" else None, Scope())
functions = [made(number) for number in range(120)]
problems = []

def come_by():
    try:
        for function in functions:
            rewriter.prepare(function)
    except BaseException as error:
        problems.append(error)

sys.setswitchinterval(1e-6)
thread = threading.Thread(target=come_by)
thread.start()
while thread.is_alive():
    rewriter.redo({"probe"})
    thread.join(0.001)  # the other one gets its turn
thread.join()
assert problems == []
assert all(rewriter.is_rewritten(function.__code__) for function in functions)
""",
    )
