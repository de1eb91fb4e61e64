"""Schedules and the tokens they print as."""

from __future__ import annotations

import sys

import pytest

from pytest_gilcheck.errors import Misuse
from pytest_gilcheck.races.schedule import Place, Schedule, Switch, Token, code_digest, digest_of_all, scenario_digest

SHORT = Token(
    schedule=Schedule(switches=(Switch(1, Place(0xDEADBEEF, 24), 1, 2),)), code=7, scenario=scenario_digest("a::b")
)


def compiled(source: str) -> object:
    namespace: dict[str, object] = {}
    exec(compile(source, "module.py", "exec"), namespace)
    return namespace["f"]


def test_a_token_of_one_switch_is_short() -> None:
    assert str(SHORT).startswith("gc1:")
    assert len(str(SHORT)) <= 40


def test_a_token_says_what_it_was_made_of() -> None:
    assert Token.parse(str(SHORT)) == SHORT
    assert SHORT.python == sys.version_info[:2]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "starts with 'gc1:'"),
        ("gc2:abc", "starts with 'gc1:'"),
        ("gc1:", "damaged"),
        ("gc1:####", "damaged"),
        ("gc1:äöü", "damaged"),
        (str(SHORT)[:-1], "damaged"),
        (str(SHORT) + "AA", "damaged"),
    ],
)
def test_what_is_no_token_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(Misuse, match=why):
        Token.parse(text)


def test_every_changed_character_is_noticed() -> None:
    text = str(SHORT)
    for position in range(len("gc1:"), len(text)):
        other = text[:position] + ("A" if text[position] != "A" else "B") + text[position + 1 :]
        try:
            parsed = Token.parse(other)
        except Misuse:
            continue
        # The last character carries bits that no byte has.
        assert parsed == SHORT
        assert position == len(text) - 1


def test_the_digest_of_code_changes_with_the_code_and_not_with_its_place() -> None:
    one, moved = compiled("def f(x):\n    return x + 1"), compiled("\n\ndef f(x):\n    return x + 1")
    other, constant = compiled("def f(x):\n    return x - 1"), compiled("def f(x):\n    return x + 2")
    digests = [code_digest(function.__code__) for function in (one, moved, other, constant)]  # type: ignore[attr-defined]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


def test_the_digest_of_nested_code_counts() -> None:
    one, other = compiled("def f():\n    return lambda: 1"), compiled("def f():\n    return lambda: 2")
    assert code_digest(one.__code__) != code_digest(other.__code__)  # type: ignore[attr-defined]


def test_the_digest_of_several_does_not_depend_on_their_order() -> None:
    codes = [compiled(f"def f():\n    return {number}").__code__ for number in range(8)]  # type: ignore[attr-defined]
    backwards = dict.fromkeys(reversed(codes))
    assert digest_of_all(frozenset(codes)) == digest_of_all(frozenset(backwards))
    assert digest_of_all(set(codes)) != digest_of_all(set(codes[1:]))
