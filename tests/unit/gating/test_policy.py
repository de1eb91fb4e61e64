from __future__ import annotations

import pytest

from pytest_gilcheck.errors import Misuse
from pytest_gilcheck.gating.policy import WORDS, Decision, Policy, decide
from pytest_gilcheck.record import ScalingRecord
from pytest_gilcheck.verdict import Scaling

RECORDS = {f"t.py::test_{verdict.name.lower()}": ScalingRecord(verdict=verdict, reason="x") for verdict in Scaling}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gil-bound", {"gil-bound"}),
        (" gil-bound ,lock-bound,, ", {"gil-bound", "lock-bound"}),
        ("gil-bound,gil-bound", {"gil-bound"}),
        ("none", set()),
        (",".join(word for word in WORDS if word != "none"), set(WORDS) - {"none"}),
    ],
)
def test_a_list_of_words(text: str, words: set[str]) -> None:
    assert Policy.parse(text) == Policy(fail_on=frozenset(words))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "needs at least one word; valid: gil-bound, lock-bound, expectation, inconclusive, none"),
        (" , ", "needs at least one word"),
        ("gilbound", r"unknown word 'gilbound' \(did you mean 'gil-bound'\?\); valid: gil-bound, lock-bound"),
        ("race", "unknown word 'race'"),
        ("None", "unknown word 'None'"),
        ("expectation,none", "'none' means that nothing fails the run; it cannot stand beside other words"),
    ],
)
def test_a_list_that_cannot_be_used(text: str, message: str) -> None:
    with pytest.raises(Misuse, match=message):
        Policy.parse(text)


def test_only_broken_expectations_fail_unless_asked_for_more() -> None:
    assert Policy().fail_on == {"expectation"}
    assert not decide(Policy(), RECORDS).fails


@pytest.mark.parametrize("word", ["gil-bound", "lock-bound", "inconclusive"])
def test_a_word_names_one_verdict(word: str) -> None:
    test = f"t.py::test_{word.replace('-', '_')}"
    assert decide(Policy.parse(word), RECORDS) == Decision(failing=((test, word),))


def test_all_that_fails_is_listed_in_the_order_of_the_records() -> None:
    decision = decide(Policy.parse("inconclusive,lock-bound,gil-bound,expectation"), RECORDS)
    assert decision.fails
    assert [word for _, word in decision.failing] == ["gil-bound", "lock-bound", "inconclusive"]


def test_a_broken_expectation_has_failed_its_test_already() -> None:
    record = ScalingRecord(verdict=Scaling.IO_BOUND, reason="x", expectation="broken")
    assert not decide(Policy.parse("expectation"), {"t": record}).fails


def test_a_test_that_failed_when_rerun_is_no_reason_of_its_own() -> None:
    record = ScalingRecord(verdict=Scaling.INCONCLUSIVE, reason="x", failed=True)
    assert not decide(Policy.parse("gil-bound"), {"t": record}).fails


def test_nothing_fails_without_records() -> None:
    assert not decide(Policy.parse("inconclusive,gil-bound"), {}).fails
