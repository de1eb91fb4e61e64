from __future__ import annotations

import io
import sys

import pytest

from pytest_gilcheck.plugin.tail import Tail


def test_a_little_is_kept_as_it_is() -> None:
    tail = Tail(sys.stdout, 10)
    print("a\nb", file=tail)
    assert tail.text() == "a\nb\n"


def test_of_much_only_the_end_is_kept() -> None:
    tail = Tail(sys.stdout, 10)
    for number in range(10_000):
        print(number, file=tail)
    assert tail.text() == "(the last 10 characters)\n9998\n9999\n"
    assert len(tail._raw_bytes.kept) <= 80


def test_it_can_be_emptied() -> None:
    tail = Tail(sys.stdout, 10)
    tail.write("x" * 100)
    tail.clear()
    tail.write("y")
    assert tail.text() == "y"


def test_it_takes_all_that_a_standard_stream_takes() -> None:
    tail = Tail(sys.stdout, 100)
    tail.buffer.write(b"bytes ")
    tail.buffer.flush()
    tail.write("\ud800ü")
    assert tail.text() == "bytes \\ud800ü"
    assert tail.encoding == "utf-8"
    assert not tail.isatty()


def test_who_writes_past_it_gets_the_stream_that_was_there() -> None:
    class Other:
        def fileno(self) -> int:
            return 7

    assert Tail(Other(), 10).fileno() == 7
    with pytest.raises(io.UnsupportedOperation):
        Tail(io.StringIO(), 10).fileno()
