from __future__ import annotations

from pytest_gilcheck.verdict import FLAGGED, UNDECIDED, Scaling


def test_a_verdict_is_flagged_or_undecided_or_fine() -> None:
    fine = {Scaling.RELEASES_GIL, Scaling.IO_BOUND, Scaling.PARALLEL_INSIDE}
    assert not FLAGGED & UNDECIDED
    assert set(Scaling) == FLAGGED | UNDECIDED | fine


def test_the_values_are_the_words_that_users_write() -> None:
    assert Scaling("gil-bound") is Scaling.GIL_BOUND
    assert str(Scaling.IO_BOUND) == "io-bound"
