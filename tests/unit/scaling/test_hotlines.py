from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

import pytest_gilcheck
from pytest_gilcheck.scaling.hotlines import hot_lines, is_library
from pytest_gilcheck.scaling.probe import Place, Wake
from pytest_gilcheck.verdict import HotLine
from unit.scaling.fakes import a_sample, a_wake

LOOP: Place = ("/project/loop.py", 3, "loop")
OTHER: Place = ("/project/loop.py", 9, "other")
LIBRARY: Place = ("/library/json/decoder.py", 40, "decode")
OURS: Place = (str(Path(pytest_gilcheck.__file__).parent / "scaling" / "work.py"), 20, "work")

# The switch interval of the samples, and waits well below and above 1.6 of it.
INTERVAL = 0.005
BYTECODE, C_CALL = 0.0052, 0.015


def in_library(file: str) -> bool:
    return file.startswith("/library/")


def found(*wakes: Wake, most: int = 3) -> tuple[HotLine, ...]:
    return hot_lines([a_sample(0.5, interval=INTERVAL, wakes=wakes)], most=most, library=in_library)


def test_lines_are_ranked_by_the_time_they_held_the_gil() -> None:
    lines = found(a_wake(BYTECODE, OTHER), a_wake(BYTECODE, LOOP), a_wake(BYTECODE, LOOP), a_wake(BYTECODE, LOOP))
    assert [(line.file, line.line, line.function) for line in lines] == [LOOP, OTHER]
    assert [line.share for line in lines] == pytest.approx([0.75, 0.25])


def test_a_long_wait_outweighs_several_short_ones() -> None:
    lines = found(a_wake(BYTECODE, OTHER), a_wake(BYTECODE, OTHER), a_wake(C_CALL, LOOP))
    assert lines[0].line == LOOP[1]


def test_only_the_first_few_are_kept_but_all_count_in_the_shares() -> None:
    places = [("/project/many.py", number, "f") for number in range(1, 5)]
    lines = found(*[a_wake(BYTECODE, place) for place in places], most=2)
    assert [line.share for line in lines] == pytest.approx([0.25, 0.25])


def test_waits_of_more_than_a_switch_interval_are_one_c_call() -> None:
    assert found(a_wake(BYTECODE, LOOP))[0].kind == "bytecode"
    assert found(a_wake(C_CALL, LOOP))[0].kind == "c-call"


def test_the_switch_interval_is_that_of_the_sample() -> None:
    fast = a_sample(0.5, interval=0.0005, wakes=[a_wake(0.0015, LOOP)])
    assert hot_lines([fast], library=in_library)[0].kind == "c-call"


def test_a_line_is_of_the_kind_that_it_spent_more_time_in() -> None:
    mostly = found(*[a_wake(BYTECODE, LOOP)] * 4, a_wake(C_CALL, LOOP))
    assert mostly[0].kind == "bytecode"
    half = found(*[a_wake(BYTECODE, LOOP)] * 2, a_wake(C_CALL, LOOP))
    assert half[0].kind == "c-call"


def test_waits_for_a_cpu_do_not_make_a_c_call_of_byte_code() -> None:
    busy = a_sample(0.5, interval=INTERVAL, wakes=[a_wake(C_CALL, LOOP)])
    assert hot_lines([busy], library=in_library)[0].kind == "c-call"
    # Of all the lateness a third was waiting for the GIL: a switch interval each time.
    busy = replace(busy, held=busy.late / 3)
    assert hot_lines([busy], library=in_library)[0].kind == "bytecode"


def test_on_a_busy_machine_a_long_wait_may_be_byte_code_that_had_no_cpu() -> None:
    sample = a_sample(0.5, interval=INTERVAL, wakes=[*[a_wake(C_CALL, LOOP)] * 2, a_wake(BYTECODE, OTHER)])
    assert [line.kind for line in hot_lines([sample], library=in_library, busy=True)] == ["unclear", "bytecode"]


def test_a_sample_that_was_never_late_for_the_gil_has_a_kind() -> None:
    nothing = replace(a_sample(0.0, interval=INTERVAL, wakes=[a_wake(C_CALL, LOOP)]), late=0.0, held=0.0)
    assert hot_lines([nothing], library=in_library)[0].kind == "c-call"


def test_time_in_a_library_belongs_to_the_line_that_called_it() -> None:
    (line,) = found(a_wake(BYTECODE, LIBRARY, LOOP, OTHER))
    assert (line.file, line.line) == LOOP[:2]
    assert line.inside == "/library/json/decoder.py:40 decode"
    (direct,) = found(a_wake(BYTECODE, LOOP, OTHER))
    assert direct.inside is None


def test_wakes_outside_of_the_users_code_are_left_out() -> None:
    assert found(a_wake(BYTECODE, LIBRARY), a_wake(BYTECODE), a_wake(BYTECODE, OURS)) == ()
    (line,) = found(a_wake(BYTECODE, OURS, LOOP))
    assert (line.line, line.inside, line.share) == (LOOP[1], None, 1.0)


def test_nothing_seen_is_no_line() -> None:
    assert hot_lines([]) == ()
    assert found() == ()


def test_a_line_comes_with_its_text_where_that_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "loop.py"
    file.write_text(f"def loop():\n    total += 1  # why\n    {'x' * 1_000}\n", encoding="utf-8")
    lines = found(a_wake(C_CALL, (str(file), 2, "loop")), a_wake(BYTECODE, (str(file), 3, "loop")), a_wake(BYTECODE, LOOP))
    assert [line.source for line in lines] == ["total += 1  # why", "x" * 200, ""]


def test_several_samples_add_up() -> None:
    one = a_sample(0.5, interval=INTERVAL, wakes=[a_wake(BYTECODE, LOOP)])
    two = a_sample(0.5, interval=INTERVAL, wakes=[a_wake(BYTECODE, LOOP), a_wake(BYTECODE, OTHER)])
    assert hot_lines([one, two], library=in_library)[0].share == pytest.approx(2 / 3)


@pytest.mark.parametrize("file", [json.__file__, pytest.__file__, OURS[0], "<frozen importlib._bootstrap>", "<string>"])
def test_library_code_is_recognised(file: str) -> None:
    assert is_library(file)


@pytest.mark.parametrize("folder", ["site-packages", "dist-packages"])
def test_a_package_installed_for_another_interpreter_is_a_library_too(tmp_path: Path, folder: str) -> None:
    assert is_library(str(tmp_path / "venv" / "lib" / folder / "json5" / "lib.py"))
    assert not is_library(str(tmp_path / f"{folder}-of-mine" / "test_it.py"))
    assert not is_library(str(tmp_path / f"{folder}.py"))


def test_users_code_is_not_a_library(tmp_path: Path) -> None:
    assert not is_library(__file__)
    assert not is_library(str(tmp_path / "test_it.py"))


def test_a_folder_that_only_begins_like_the_library_is_not_it() -> None:
    assert not is_library(os.path.dirname(os.path.dirname(json.__file__)) + "-of-mine/test_it.py")


def test_library_code_behind_a_link_is_recognised(tmp_path: Path) -> None:
    link = tmp_path / "link"
    try:
        link.symlink_to(os.path.dirname(json.__file__), target_is_directory=True)
    except OSError as error:
        pytest.skip(f"no symbolic links here: {error}")
    assert is_library(str(link / "decoder.py"))
