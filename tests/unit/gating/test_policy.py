from __future__ import annotations

from itertools import combinations

import pytest

from pytest_gilcheck.errors import Misuse
from pytest_gilcheck.gating.policy import WORDS, Decision, Policy, decide, reason
from pytest_gilcheck.record import Checked, RaceRecord, ScalingRecord
from pytest_gilcheck.verdict import Race, Scaling

RECORDS = {
    **{f"t.py::test_{v.name.lower()}": Checked(scaling=ScalingRecord(verdict=v, reason="x")) for v in Scaling},
    **{f"t.py::test_race_{v.name.lower()}": Checked(race=RaceRecord(verdict=v, reason="x")) for v in Race},
}


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
        ("", "needs at least one word; valid: race, deadlock, hang, nondeterministic, uncontrolled, hazard, gil-bound, "),
        (" , ", "needs at least one word"),
        ("gilbound", r"unknown word 'gilbound' \(did you mean 'gil-bound'\?\); valid: race, deadlock"),
        ("races", r"unknown word 'races' \(did you mean 'race'\?\)"),
        ("None", "unknown word 'None'"),
        ("expectation,none", "'none' means that nothing fails the run; it cannot stand beside other words"),
    ],
)
def test_a_list_that_cannot_be_used(text: str, message: str) -> None:
    with pytest.raises(Misuse, match=message):
        Policy.parse(text)


def test_what_was_witnessed_and_broken_expectations_fail_unless_asked_for_more() -> None:
    assert Policy().fail_on == {"race", "deadlock", "hang", "expectation", "regression"}
    assert not decide(Policy(), RECORDS).fails


@pytest.mark.parametrize("word", ["gil-bound", "lock-bound", "inconclusive"])
def test_a_word_names_one_verdict(word: str) -> None:
    test = f"t.py::test_{word.replace('-', '_')}"
    assert decide(Policy.parse(word), RECORDS) == Decision(failing=((test, word),))


@pytest.mark.parametrize("word", ["nondeterministic", "uncontrolled"])
def test_a_word_names_one_verdict_of_a_race_search(word: str) -> None:
    assert decide(Policy.parse(word), RECORDS) == Decision(failing=((f"t.py::test_race_{word}", word),))


@pytest.mark.parametrize("verdict", list(Race))
def test_only_what_was_witnessed_fails_its_test(verdict: Race) -> None:
    assert Policy().fails_test(verdict) is (verdict in {Race.RACE, Race.DEADLOCK, Race.HANG})
    assert Policy.parse(",".join(word for word in WORDS if word != "none")).fails_test(verdict) is Policy().fails_test(
        verdict
    )
    assert not Policy.parse("none").fails_test(verdict)
    assert not Policy.parse("expectation").fails_test(verdict)


def test_races_have_failed_their_tests_already() -> None:
    assert not decide(Policy.parse("race,deadlock,hang"), RECORDS).fails


def test_all_that_fails_is_listed_in_the_order_of_the_records() -> None:
    decision = decide(Policy.parse("inconclusive,lock-bound,gil-bound,expectation"), RECORDS)
    assert decision.fails
    assert [word for _, word in decision.failing] == ["gil-bound", "lock-bound", "inconclusive"]


def test_a_broken_expectation_has_failed_its_test_already() -> None:
    record = ScalingRecord(verdict=Scaling.IO_BOUND, reason="x", expectation="broken")
    assert not decide(Policy.parse("expectation"), {"t": Checked(scaling=record)}).fails


def test_a_test_that_failed_when_rerun_is_no_reason_of_its_own() -> None:
    record = ScalingRecord(verdict=Scaling.INCONCLUSIVE, reason="x", failed=True)
    assert not decide(Policy.parse("gil-bound"), {"t": Checked(scaling=record)}).fails


def test_nothing_fails_without_records() -> None:
    assert not decide(Policy.parse("inconclusive,gil-bound"), {}).fails


def test_hazards_fail_only_on_request() -> None:
    assert not Policy().hazards_fail
    assert not Policy.parse("race,deadlock,hang,expectation").hazards_fail
    assert Policy.parse("race,hazard").hazards_fail
    assert not decide(Policy.parse("hazard"), RECORDS).fails, "they fail their test, not the run at its end"


#: The words that fail the run at its end, and a record to which each applies; the other words fail the test itself.
AT_THE_END = {
    "nondeterministic": Checked(race=RaceRecord(verdict=Race.NONDETERMINISTIC, reason="of the search")),
    "uncontrolled": Checked(race=RaceRecord(verdict=Race.UNCONTROLLED, reason="of the search")),
    "gil-bound": Checked(scaling=ScalingRecord(verdict=Scaling.GIL_BOUND, reason="of the measurement")),
    "lock-bound": Checked(scaling=ScalingRecord(verdict=Scaling.LOCK_BOUND, reason="of the measurement")),
    "regression": Checked(
        scaling=ScalingRecord(verdict=Scaling.IO_BOUND, reason="x", compared="worse", regression="it was")
    ),
    "inconclusive": Checked(scaling=ScalingRecord(verdict=Scaling.INCONCLUSIVE, reason="of the measurement")),
}
IN_THE_TEST = {"race", "deadlock", "hang", "hazard", "expectation"}
ALL = [word for word in WORDS if word != "none"]


def test_every_word_fails_the_test_or_the_run() -> None:
    assert {*AT_THE_END, *IN_THE_TEST} == set(ALL)
    assert not IN_THE_TEST & set(AT_THE_END)


@pytest.mark.parametrize("size", range(1, len(ALL) + 1))
def test_every_choice_of_words_fails_what_it_names_and_nothing_else(size: int) -> None:
    for words in combinations(ALL, size):
        policy = Policy.parse(",".join(words))
        assert decide(policy, AT_THE_END).failing == tuple((word, word) for word in AT_THE_END if word in words)
        assert {verdict.value for verdict in Race if policy.fails_test(verdict)} == {"race", "deadlock", "hang"} & set(words)
        assert policy.hazards_fail is ("hazard" in words)


def test_nothing_fails_without_a_word() -> None:
    assert decide(Policy.parse("none"), {**AT_THE_END, **RECORDS}) == Decision(failing=())


def test_one_test_can_fail_the_run_for_several_reasons() -> None:
    scaling = ScalingRecord(verdict=Scaling.GIL_BOUND, reason="x", regression="it was better")
    both = Checked(scaling=scaling, race=RaceRecord(verdict=Race.UNCONTROLLED, reason="x"))
    decision = decide(Policy.parse("uncontrolled,gil-bound,regression"), {"t": both})
    assert decision.failing == (("t", "gil-bound"), ("t", "regression"), ("t", "uncontrolled"))


@pytest.mark.parametrize("word", list(AT_THE_END))
def test_why_a_word_applies(word: str) -> None:
    expected = {"regression": "it was", "nondeterministic": "of the search", "uncontrolled": "of the search"}
    assert reason(word, AT_THE_END[word]) == expected.get(word, "of the measurement")
    assert reason(word, Checked()) is None
