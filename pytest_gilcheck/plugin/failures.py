"""Failures of reruns as pytest shows them: each worker named, no exception lost."""

from __future__ import annotations

import pytest

from pytest_gilcheck.scaling.failures import WorkerFailure, WorkersFailed
from pytest_gilcheck.scaling.processes import told


def exception(failed: WorkersFailed, copies: str) -> BaseException:
    """What to raise for ``failed``: the one exception itself, or a group of them, each with a note that names its worker."""
    errors = [_single(failure) for failure in failed.failures]
    if len(errors) == 1:
        return errors[0]
    distinct = list({id(error): error for error in errors}.values())
    return BaseExceptionGroup(f"the ordinary run passed, but {len(errors)} workers of {copies} failed", distinct)


def summary(failed: WorkersFailed, copies: str) -> str:
    """One line for the report."""
    first = failed.failures[0]
    others = f" (and {len(failed.failures) - 1} more)" if len(failed.failures) > 1 else ""
    return f"failed when rerun in {copies}: {first.worker} {first.what}{others}"


def _single(failure: WorkerFailure) -> BaseException:
    error = failure.error
    # An interrupt or an exit that a test raised in a worker must fail that test, not end the session.
    if error is None or isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit | pytest.exit.Exception):
        details = f"\n{failure.details}" if failure.details else ""
        return pytest.fail.Exception(
            f"gilcheck: {failure.worker} {failure.what}; the ordinary run passed{details}", pytrace=False
        )
    note = f"gilcheck: raised in {failure.worker}; the ordinary run passed"
    try:
        if note not in getattr(error, "__notes__", ()):
            error.add_note(note)
    except Exception:  # noqa: BLE001 - the user's class may refuse notes in any way; the worker must be named all the same
        text = f"gilcheck: {failure.worker} {failure.what}; the ordinary run passed\n{told(error)}"
        return pytest.fail.Exception(text, pytrace=False)
    return error
