from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_gilcheck.errors import Misuse
from pytest_gilcheck.reporting.files import alone, check_writable, write_atomically


def test_a_path_that_can_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    check_writable(tmp_path / "new.json")
    assert list(tmp_path.iterdir()) == []
    old = tmp_path / "old.json"
    old.write_text("old", encoding="utf-8")
    check_writable(old)
    assert old.read_text(encoding="utf-8") == "old"


def test_missing_folders_are_made(tmp_path: Path) -> None:
    check_writable(tmp_path / "a" / "b" / "new.json")
    assert (tmp_path / "a" / "b").is_dir()
    assert not (tmp_path / "a" / "b" / "new.json").exists()


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="is a folder; give the path of a file"):
        check_writable(tmp_path)


@pytest.mark.parametrize(
    "name", ["file/report.json", "file/below/report.json", "n" * 300 + "/report.json", "a\0b/report.json"]
)
def test_a_path_that_cannot_be_written(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Misuse, match=r"cannot write '.*': .*; give a path in a folder that can be written"):
        check_writable(tmp_path / name)


@pytest.mark.parametrize("name", ["n" * 300, "a\0b"])
def test_a_name_that_no_file_can_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(Misuse, match=r"cannot write '.*': .*; give a path"):
        check_writable(tmp_path / name)


def test_the_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old", encoding="utf-8")
    path.chmod(0o640)
    with path.open(encoding="utf-8") as reader:
        write_atomically(path, "new → text")
        assert reader.read() == "old", "who reads it meanwhile finds the old one"
    assert path.read_text(encoding="utf-8") == "new → text"
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_has_the_mode_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    write_atomically(tmp_path / "report.json", "{}")
    assert (tmp_path / "report.json").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_nothing_is_left_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.json"
    path.write_text("old", encoding="utf-8")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, "new")
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_text_that_utf_8_cannot_encode_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "\ud800")
    assert path.read_text(encoding="utf-8") == "old"
    assert os.listdir(tmp_path) == ["report.json"]


def test_a_long_name_is_no_hindrance(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 250)
    check_writable(path)
    write_atomically(path, "x")
    assert path.read_text(encoding="utf-8") == "x"


COUNTS = """
import sys
from pathlib import Path
from pytest_gilcheck.reporting.files import alone, write_atomically
path = Path(sys.argv[1])
for _ in range(60):
    with alone(path):
        write_atomically(path, str(int(path.read_text(encoding="utf-8")) + 1))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="folders cannot be locked there")
def test_who_reads_and_writes_alone_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "count"
    path.write_text("0", encoding="utf-8")
    writers = [subprocess.Popen([sys.executable, "-c", COUNTS, str(path)]) for _ in range(3)]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    assert path.read_text(encoding="utf-8") == "180"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_locked_is_used_all_the_same(tmp_path: Path) -> None:
    with alone(tmp_path / "missing" / "count"):
        write_atomically(tmp_path / "count", "1")
    assert (tmp_path / "count").read_text(encoding="utf-8") == "1"
