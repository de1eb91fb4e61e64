"""Every program of the race corpus gets its known answer, and the token of each failure shows that failure again."""

from __future__ import annotations

from typing import Any

import pytest

from programs.asking import ask
from programs.race_answers import REPLAYS, expected, load, modules, programs


def answers(module: str) -> dict[str, dict[str, Any]]:
    return ask("race_answers", module)


@pytest.mark.parametrize("module", modules())
def test_answers_are_known(module: str) -> None:
    loaded = load(module)
    given = answers(module)
    assert given.keys() == programs(loaded).keys()
    wrong = {name: found for name, found in given.items() if found["verdict"] not in expected(loaded, name)}
    assert wrong == {}
    for name, found in given.items():
        if name.endswith("_bad"):
            assert found["token"], name
            assert found["replays"] == [[found["verdict"], found["kind"], found["error"]]] * REPLAYS, name
        else:
            assert found["hazards"] == [], name
        assert found["threads"] == [], name


@pytest.mark.parametrize("module", modules())
def test_each_program_has_a_twin(module: str) -> None:
    names = programs(load(module))
    bad = {name.removesuffix("_bad") for name in names if name.endswith("_bad")}
    twins = {name.removesuffix("_twin") for name in names if name.endswith("_twin")}
    assert bad <= twins
    assert bad
