"""State that belongs to the whole process, behind calls that do not look like an access."""

from __future__ import annotations

import contextlib
import io
import locale
import os
import random
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from pytest_gilcheck.races import run

LOCK = threading.Lock()
FOLDERS = ("/", os.path.realpath(tempfile.gettempdir()))


@contextlib.contextmanager
def _kept() -> Iterator[None]:
    """Whatever the threads leave behind, the process is as it was."""
    folder, environment, out, state = os.getcwd(), dict(os.environ), sys.stdout, random.getstate()
    mask = os.umask(0)
    os.umask(mask)
    filters = warnings.filters[:]
    try:
        yield
    finally:
        os.chdir(folder)
        os.umask(mask)
        os.environ.clear()
        os.environ.update(environment)
        sys.stdout = out
        random.setstate(state)
        warnings.filters[:] = filters


def _run(*callables: Callable[[], object]) -> list[object]:
    with _kept():
        return run(*callables)


def folder_bad() -> None:
    def work(folder: str) -> None:
        os.chdir(folder)
        assert os.getcwd() == folder

    _run(lambda: work(FOLDERS[0]), lambda: work(FOLDERS[1]))


def folder_twin() -> None:
    def work(folder: str) -> None:
        with LOCK:
            os.chdir(folder)
            assert os.getcwd() == folder

    _run(lambda: work(FOLDERS[0]), lambda: work(FOLDERS[1]))


def relative_path_bad() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "here").touch()

        def read() -> None:
            os.chdir(folder)
            assert Path("here").exists()

        _run(read, lambda: os.chdir("/"))


def relative_path_twin() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "here").touch()

        def read() -> None:
            assert Path(folder, "here").exists()

        _run(read, lambda: os.chdir("/"))


def environment_bad() -> None:
    def work(mode: str) -> None:
        os.environ["RACE_MODE"] = mode
        assert os.environ.get("RACE_MODE") == mode

    _run(lambda: work("a"), lambda: work("b"))


def environment_twin() -> None:
    def work(mode: str) -> None:
        environment = {**os.environ, "RACE_MODE": mode}
        assert environment["RACE_MODE"] == mode

    _run(lambda: work("a"), lambda: work("b"))


def environment_check_bad() -> None:
    def work() -> None:
        if "RACE_MODE" in os.environ:
            del os.environ["RACE_MODE"]

    with _kept():
        os.environ["RACE_MODE"] = "a"
        run(work, work)


def environment_check_twin() -> None:
    def work() -> None:
        os.environ.setdefault("RACE_MODE", "a")
        assert os.getenv("RACE_MODE") == "a"

    _run(work, work)


def output_bad() -> None:
    def work(text: str) -> None:
        with contextlib.redirect_stdout(io.StringIO()) as out:
            print(text)
        assert out.getvalue() == f"{text}\n"

    _run(lambda: work("a"), lambda: work("b"))


def output_twin() -> None:
    def work(text: str) -> None:
        out = io.StringIO()
        print(text, file=out)
        assert out.getvalue() == f"{text}\n"

    _run(lambda: work("a"), lambda: work("b"))


def stream_bad() -> None:
    out = io.StringIO()

    def work(text: str) -> None:
        out.write(text)
        out.write("\n")

    _run(lambda: work("a"), lambda: work("b"))
    assert sorted(out.getvalue().split()) == ["a", "b"]


def stream_twin() -> None:
    out = io.StringIO()
    _run(lambda: out.write("a\n"), lambda: out.write("b\n"))
    assert sorted(out.getvalue().split()) == ["a", "b"]


if not getattr(sys.flags, "context_aware_warnings", 0):  # with them, filters are no longer the whole process's

    def warnings_bad() -> None:
        def strict() -> None:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                try:
                    warnings.warn("old", DeprecationWarning, stacklevel=1)
                except DeprecationWarning:
                    return
                raise AssertionError("the filter was replaced")

        def lenient() -> None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")

        _run(strict, lenient)


def warnings_twin() -> None:
    def strict() -> None:
        with LOCK, warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                warnings.warn("old", DeprecationWarning, stacklevel=1)
            except DeprecationWarning:
                return
            raise AssertionError("the filter was replaced")

    def lenient() -> None:
        with LOCK, warnings.catch_warnings():
            warnings.simplefilter("ignore")

    _run(strict, lenient)


def hidden_random_bad() -> None:
    def draw(seed: int) -> None:
        random.seed(seed)
        assert random.random() == random.Random(seed).random()

    _run(lambda: draw(1), lambda: draw(2))


def hidden_random_twin() -> None:
    def draw(seed: int) -> None:
        own = random.Random(seed)
        assert own.random() == random.Random(seed).random()

    _run(lambda: draw(1), lambda: draw(2))


def mask_bad() -> None:
    def work(mask: int) -> None:
        os.umask(mask)
        assert os.umask(mask) == mask

    _run(lambda: work(0o077), lambda: work(0o027))


def mask_twin() -> None:
    def work(mask: int) -> None:
        with LOCK:
            os.umask(mask)
            assert os.umask(mask) == mask

    _run(lambda: work(0o077), lambda: work(0o027))


def locale_bad() -> None:
    before = locale.setlocale(locale.LC_NUMERIC)

    def work(name: str) -> None:
        locale.setlocale(locale.LC_NUMERIC, name)
        assert locale.setlocale(locale.LC_NUMERIC) == name

    try:
        _run(lambda: work("C"), lambda: work("C.UTF-8"))
    finally:
        locale.setlocale(locale.LC_NUMERIC, before)


def locale_twin() -> None:
    before = locale.setlocale(locale.LC_NUMERIC)
    try:
        _run(lambda: locale.setlocale(locale.LC_NUMERIC, "C"), locale.localeconv)
    finally:
        locale.setlocale(locale.LC_NUMERIC, before)


def recursion_limit_bad() -> None:
    before = sys.getrecursionlimit()

    def deeper() -> None:
        sys.setrecursionlimit(sys.getrecursionlimit() + 10)

    try:
        _run(deeper, deeper)
        assert sys.getrecursionlimit() == before + 20
    finally:
        sys.setrecursionlimit(before)


def recursion_limit_twin() -> None:
    before = sys.getrecursionlimit()

    def deeper() -> None:
        with LOCK:
            sys.setrecursionlimit(sys.getrecursionlimit() + 10)

    try:
        _run(deeper, deeper)
        assert sys.getrecursionlimit() == before + 20
    finally:
        sys.setrecursionlimit(before)


def patched_module_bad() -> None:
    keep = tempfile.tempdir

    def work(folder: str) -> None:
        tempfile.tempdir = folder
        assert tempfile.gettempdir() == folder

    try:
        _run(lambda: work("/a"), lambda: work("/b"))
    finally:
        tempfile.tempdir = keep


def patched_module_twin() -> None:
    keep = tempfile.tempdir

    def work(folder: str) -> None:
        with LOCK:
            tempfile.tempdir = folder
            assert tempfile.gettempdir() == folder

    try:
        _run(lambda: work("/a"), lambda: work("/b"))
    finally:
        tempfile.tempdir = keep
