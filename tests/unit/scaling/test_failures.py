from __future__ import annotations

import pytest

from pytest_gilcheck.scaling.failures import WorkerFailure, WorkersFailed, raised


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("no such thing"), "raised ValueError: no such thing"),
        (ValueError("two\n  lines\u2028and a third"), "raised ValueError: two lines and a third"),
        (ValueError(), "raised ValueError"),
        (SystemExit(3), "raised SystemExit: 3"),
        (Unprintable(), "raised Unprintable: (its message cannot be shown)"),
    ],
)
def test_raised_is_one_line_whatever_the_error(error: BaseException, text: str) -> None:
    assert raised(error) == text


def test_a_long_message_is_cut() -> None:
    assert len(raised(ValueError("x" * 10_000))) == len("raised ValueError: ") + 500


def test_the_exception_names_every_worker() -> None:
    first = WorkerFailure(worker="thread 1 of 3", what="raised ValueError: a")
    last = WorkerFailure(worker="thread 3 of 3", what="did not finish within 1 s", hung=True)
    failed = WorkersFailed((first, last))
    assert str(failed) == "thread 1 of 3: raised ValueError: a; thread 3 of 3: did not finish within 1 s"
    assert failed.failures == (first, last)
    assert failed.hung
    assert not WorkersFailed((first,)).hung
    assert WorkersFailed((first,), "3 threads").copies == "3 threads"
