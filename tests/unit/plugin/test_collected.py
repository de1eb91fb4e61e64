from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pytest_gilcheck.plugin.collected import Collected

KNOWN = {"a.py::test_1", "a.py::test_2", "b.py::test_1", "gone.py::test_1"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.py", "b.py"):
        (tmp_path / name).touch()
    return tmp_path


def collected(
    folder: Path, *tests: str, args: tuple[str, ...] = ("tests",), lf: bool = False, failed: str = "", empty: str = ""
) -> list[str]:
    config = SimpleNamespace(args=args, rootpath=folder, getoption=lambda name, default: lf if name == "lf" else default)
    hooks = Collected(cast("Any", config), KNOWN)
    for test in tests:
        hooks.pytest_itemcollected(cast("Any", SimpleNamespace(nodeid=test)))
    if failed:
        hooks.pytest_collectreport(cast("Any", SimpleNamespace(nodeid=failed, passed=False)))
    for file in {*(test.partition("::")[0] for test in tests), empty} - {""}:
        hooks.pytest_collectreport(cast("Any", SimpleNamespace(nodeid=file, passed=True)))
    return hooks.gone()


def test_a_test_that_its_file_no_longer_has_is_gone(folder: Path) -> None:
    assert collected(folder, "a.py::test_1", "a.py::test_3") == ["a.py::test_2", "gone.py::test_1"]
    assert collected(folder, "a.py::test_1", "a.py::test_2", "b.py::test_1") == ["gone.py::test_1"], "its file is"
    assert collected(folder, "a.py::test_1", "a.py::test_2", empty="b.py") == ["b.py::test_1", "gone.py::test_1"]


def test_what_was_not_collected_to_its_end_is_not_gone(folder: Path) -> None:
    config = SimpleNamespace(args=("tests",), rootpath=folder, getoption=lambda name, default: default)
    hooks = Collected(cast("Any", config), {"a.py::test_1", "a.py::test_2"})
    hooks.pytest_itemcollected(cast("Any", SimpleNamespace(nodeid="a.py::test_1")))
    assert hooks.gone() == [], "as after Ctrl-C"


def test_seen_from_another_folder_nothing_is_gone(folder: Path) -> None:
    assert collected(folder, "tests/a.py::test_1") == []


@pytest.mark.parametrize("partial", [{"args": ("a.py::test_1",)}, {"args": ("x", "a.py::test_1[1]")}, {"lf": True}])
def test_where_not_all_was_collected_nothing_is_gone(folder: Path, partial: dict[str, Any]) -> None:
    assert collected(folder, "a.py::test_1", **partial) == []


def test_of_a_file_with_an_error_nothing_is_gone(folder: Path) -> None:
    (folder / "gone.py").touch()
    assert collected(folder, "a.py::test_1", "b.py::test_3") == ["a.py::test_2", "b.py::test_1"]
    for failed in ("a.py", "a.py::TestClass"):
        assert collected(folder, "a.py::test_1", "b.py::test_3", failed=failed) == ["b.py::test_1"]
