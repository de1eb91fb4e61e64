from __future__ import annotations

from pathlib import Path

import pytest

from pytest_gilcheck.reporting.paths import Paths, repository, uri
from unit.reporting.specimens import of_tests

PATHS = Paths(folder="/repo/tests", root="/repo/tests", base="/repo")


@pytest.mark.parametrize(
    ("file", "relative"),
    [
        ("test_a.py", "tests/test_a.py"),
        ("/repo/src/b.py", "src/b.py"),
        ("../src/b.py", "src/b.py"),
        ("/elsewhere/c.py", None),
        ("/repository/c.py", None),
        ("..hidden/d.py", "tests/..hidden/d.py"),
    ],
)
def test_a_place_seen_from_the_repository(file: str, relative: str | None) -> None:
    path = PATHS.of_place(file)
    assert path is not None
    assert PATHS.relative(path) == relative


@pytest.mark.parametrize("file", ["<string>", "", "a\0b"])
def test_code_that_is_from_no_file(file: str) -> None:
    assert PATHS.of_place(file) is None


def test_the_file_of_a_test() -> None:
    assert PATHS.of_test("unit/test_a.py::TestX::test[a::b/../c]") == "/repo/tests/unit/test_a.py"
    assert PATHS.of_test("::x") is None


def test_what_paths_are_seen_from() -> None:
    assert Paths.of(of_tests({})).base == "/repo"
    assert Paths.of(of_tests({}, repository=None, root="/repo/sub")).base == "/repo/sub"
    assert Paths.of(of_tests({}), "/workspace").base == "/workspace"
    assert Paths.of(of_tests({}, repository=1, root=None, folder="")).base == str(Path.cwd())


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("src/a b.py", "src/a%20b.py"),
        ("a%20b:c#d?.py", "a%2520b%3Ac%23d%3F.py"),
        ("ü.py", "%C3%BC.py"),
        ("\udcff.py", "%FF.py"),
        ("\ud800.py", "%3F.py"),
        ("/x/a b.py", "file:///x/a%20b.py"),
    ],
)
def test_a_path_as_a_uri(path: str, said: str) -> None:
    assert uri(path) == said


def test_the_repository_is_the_nearest_above(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    assert repository(inner) == tmp_path
    (tmp_path / "a" / ".git").write_text("gitdir: elsewhere")
    assert repository(inner) == tmp_path / "a"
