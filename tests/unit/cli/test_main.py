from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import pytest_gilcheck
from pytest_gilcheck import __version__
from pytest_gilcheck.cli import COMMANDS, main


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"pytest-gilcheck {__version__}\n"


def test_the_commands_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    listed = capsys.readouterr().out
    assert {"report", "replay", "doctor"} <= COMMANDS.keys()
    assert all(f"\n    {name}" in listed for name in COMMANDS)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "COMMAND"),
        (["rapport"], "invalid choice: 'rapport'"),
        (["report"], "FILE.json"),
        (["report", "no-such-file"], "cannot read 'no-such-file'"),
        (["report", "x", "--nothing"], "--nothing"),
        (["doctor", "x"], "unrecognized arguments: x"),
        (["compare", "a", "b", "--max-regression", "much"], "'much' is not a share above 0, at most 1, such as 0.25"),
        (["compare", "a", "b", "--max-speedup-loss", "7"], "'7' is not a share above 0, at most 1, such as 0.25"),
        (["history", "a", "--last", "x"], "'x' is not a whole number from 1 on"),
        (["history", "a", "--last", "0"], "'0' is not a whole number from 1 on"),
    ],
)
def test_a_mistake_has_status_2_and_is_said(argv: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(argv)
    assert end.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert "Traceback" not in err


def test_it_is_run_as_a_module_and_a_closed_pipe_is_no_matter(tmp_path: Path) -> None:
    # Standard output is closed before anything is written to it: the first flush finds that out.
    program = [sys.executable, "-W", "error", "-m", "pytest_gilcheck", "doctor", "--json"]
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=Path(pytest_gilcheck.__file__).parents[1]
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1
