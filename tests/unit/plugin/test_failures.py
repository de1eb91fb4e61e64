from __future__ import annotations

import pytest

from pytest_gilcheck.plugin.failures import exception, summary
from pytest_gilcheck.scaling.failures import WorkerFailure, WorkersFailed, raised


def failed(*errors: BaseException) -> WorkersFailed:
    workers = enumerate(errors, start=1)
    return WorkersFailed(
        tuple(WorkerFailure(worker=f"thread {n} of {len(errors)}", what=raised(e), error=e) for n, e in workers)
    )


def test_one_exception_is_raised_itself_with_a_note() -> None:
    error = ValueError("boom")
    assert exception(failed(error), "1 threads") is error
    assert error.__notes__ == ["gilcheck: raised in thread 1 of 1; the ordinary run passed"]


def test_a_note_is_not_repeated() -> None:
    error = ValueError("boom")
    exception(failed(error), "x")
    exception(failed(error), "x")
    assert len(error.__notes__) == 1


def test_several_are_a_group_in_which_none_is_lost() -> None:
    first, second = ValueError("a"), AssertionError("b")
    group = exception(failed(first, second), "2 threads")
    assert isinstance(group, ExceptionGroup)
    assert group.message == "the ordinary run passed, but 2 workers of 2 threads failed"
    assert group.exceptions == (first, second)
    assert second.__notes__ == ["gilcheck: raised in thread 2 of 2; the ordinary run passed"]


def test_the_same_object_from_several_threads_is_in_the_group_once_with_all_notes() -> None:
    error = ValueError("shared")
    group = exception(failed(error, error, error), "3 threads")
    assert isinstance(group, ExceptionGroup)
    assert group.exceptions == (error,)
    assert len(error.__notes__) == 3


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3), GeneratorExit(), pytest.exit.Exception("enough")])
def test_what_would_end_the_session_becomes_a_failure(error: BaseException) -> None:
    shown = exception(failed(error), "1 threads")
    assert isinstance(shown, pytest.fail.Exception)
    assert str(shown).startswith(f"gilcheck: thread 1 of 1 raised {type(error).__name__}")
    group = exception(failed(error, ValueError()), "2 threads")
    assert isinstance(group, BaseExceptionGroup)
    assert not any(isinstance(inner, KeyboardInterrupt | SystemExit) for inner in group.exceptions)


def test_a_worker_without_an_exception_is_described() -> None:
    died = WorkerFailure(worker="process 2 of 2", what="died: exit status 3", details="last words")
    shown = exception(WorkersFailed((died,)), "2 processes")
    assert isinstance(shown, pytest.fail.Exception)
    assert str(shown) == "gilcheck: process 2 of 2 died: exit status 3; the ordinary run passed\nlast words"
    assert not shown.pytrace


def test_the_line_for_the_report() -> None:
    assert (
        summary(failed(ValueError("a")), "1 threads") == "failed when rerun in 1 threads: thread 1 of 1 raised ValueError: a"
    )
    assert summary(failed(ValueError("a"), KeyError("b"), KeyError("c")), "3 threads").endswith("ValueError: a (and 2 more)")
