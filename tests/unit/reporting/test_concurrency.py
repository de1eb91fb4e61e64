"""The table of the coverage of concurrency, and what it is counted from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from coverage import CoverageData
from coverage.data import combinable_files

from pytest_gilcheck.covered import Covered
from pytest_gilcheck.reporting.concurrency import table
from pytest_gilcheck.reporting.coveragedata import Source, close, counted, write

TEXT = """\
def call(a,
         b):
    return [a,
            b]

def never():  # pragma: no cover
    return 1
"""


def counts(lines: int, reached: int, threads: int, accesses: int, both_orders: int) -> dict[str, int]:
    return {"lines": lines, "reached": reached, "threads": threads, "accesses": accesses, "both_orders": both_orders}


def test_a_row_for_each_file_and_one_for_all() -> None:
    files = {"b.py": counts(200, 199, 1, 3, 2), "a.py": counts(3, 3, 0, 0, 0), "empty.py": counts(0, 0, 0, 0, 0)}
    shown = [line.split() for line in table({"files": files})]
    assert shown[2] == ["a.py", "3", "3", "100%", "0", "0%"]
    assert shown[3] == ["b.py", "200", "199", "99%", "1", "1%", "3", "2", "67%"], "not all is not 100 %, some is not 0 %"
    assert shown[5] == ["TOTAL", "203", "202", "99%", "1", "1%", "3", "2", "67%"]
    assert len(shown) == 6


def test_columns_are_below_one_another_and_names_are_inert() -> None:
    rows = table({"files": {"\x1b[31m.py": counts(10, 5, 5, 12, 6)}})
    assert "\x1b" not in "".join(rows)
    assert len({len(row) for row in rows}) == 1


def test_nothing_measured() -> None:
    assert table({"files": {}}) == ["no lines were measured"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "module.py").write_text(TEXT)
    return tmp_path


def source(folder: Path, **more: Any) -> Source:
    given: dict[str, Any] = {
        "config_file": False,
        "data_file": str(folder / "data"),
        "parallel": False,
        "branch": False,
        "relative": False,
        "folder": str(folder),
        "limited": False,
        "with_plain": False,
    }
    return Source(**{**given, **more})


def covered(folder: Path) -> Covered:
    file = str(folder / "module.py")
    found = Covered(plain={file: {1}}, together={file: {3, 4}})
    found.reruns["race"][file] = {1, 3, 4}
    found.reruns["threads"][str(folder / "gone.py")] = {1}
    found.access(file, 3, "call:2", both=True)
    found.access(file, 3, "call:4", both=False)
    return found


def test_lines_are_counted_as_coverage_counts_them(folder: Path) -> None:
    # A statement over two lines is one; what is excluded does not count; nor does a file that is gone.
    assert counted(covered(folder), source(folder), folder) == {"files": {"module.py": counts(2, 2, 1, 2, 1)}}
    assert list(counted(covered(folder), source(folder), folder / "x")["files"]) == [str(folder / "module.py")]


def test_files_that_the_user_did_not_name_do_not_count(folder: Path) -> None:
    found = covered(folder)
    found.plain.clear()
    assert counted(found, source(folder, limited=True), folder) == {"files": {}}
    assert counted(found, source(folder), folder)["files"]


@pytest.mark.parametrize("branch", [False, True])
@pytest.mark.parametrize("relative", [False, True])
def test_the_data_file_has_contexts(folder: Path, branch: bool, relative: bool) -> None:
    found = covered(folder)
    file = str(folder / "module.py")
    found.arcs = {file: {(-1, 1)}}
    path = write(found, source(folder, branch=branch, relative=relative, with_plain=True))
    assert path == folder / ".gilcheck.data"
    assert sorted(each.name for each in folder.iterdir()) == [".gilcheck.data", "module.py"]
    data = CoverageData(basename=str(path))
    data.read()
    try:
        assert data.measured_files() == {"module.py" if relative else file}
        assert data.has_arcs() is branch
        lines = {}
        for context in ("", "gilcheck:race"):
            data.set_query_context(context)
            lines[context] = sorted(data.lines("module.py" if relative else file) or ())
        assert lines == {"": [1], "gilcheck:race": [1, 3, 4]}
    finally:
        close(data)


def test_each_run_has_a_file_of_its_own_where_the_user_wants_that(folder: Path) -> None:
    one, other = (write(covered(folder), source(folder, parallel=True)) for _ in range(2))
    assert one is not None
    assert other is not None
    assert one != other
    assert one.name.startswith(".gilcheck.data.")


@pytest.mark.parametrize("name", [".coverage", ".coverage.linux", "coverage.db"])
def test_nobody_takes_it_for_a_file_of_ordinary_runs(folder: Path, name: str) -> None:
    path = write(covered(folder), source(folder, data_file=str(folder / name)))
    assert path is not None
    assert combinable_files(str(folder / ".coverage")) == combinable_files(str(folder / name)) == []
    assert path.name.endswith(name.lstrip("."))


def test_nothing_measured_leaves_no_file(folder: Path) -> None:
    write(covered(folder), source(folder))
    assert write(Covered(), source(folder)) is None
    assert [each.name for each in folder.iterdir()] == ["module.py"]


def test_a_folder_that_is_not_there_is_an_error_of_the_system(folder: Path) -> None:
    with pytest.raises(OSError, match=r"data|open"):
        write(covered(folder), source(folder, data_file=str(folder / "no" / "data")))
