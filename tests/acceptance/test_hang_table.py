"""Whatever the threads of a scenario do, its check ends in time, with the right report, and leaves no thread."""

from __future__ import annotations

import pytest
from programs.race_hangs import in_a_process, problems
from programs.races.hangs import OK
from programs.races.hangs_outside import BEFORE, ROWS

# A machine that is busy with something else may hold a process up for longer than the limit. A hang comes every time.
ATTEMPTS = 3
#: Those after which a process is as good as new.
HARMLESS = [name for name, row in ROWS.items() if row.ends == {OK} and name not in BEFORE]


def wrong_of(names: list[str]) -> dict[str, str]:
    """What is wrong with the answers to these rows, every time."""
    wrong: dict[str, str] = {}
    for _ in range(ATTEMPTS):
        answers = in_a_process(*names)
        found = {name: problems(name, answer) for name, answer in answers.items()}
        wrong = {name: "\n".join([*said, answers[name]["said"]]) for name, said in found.items() if said}
        names = list(wrong)
        if not names:
            break
    return wrong


def test_checks_of_what_does_end_are_clean() -> None:
    assert wrong_of(HARMLESS) == {}


@pytest.mark.parametrize("name", [name for name in ROWS if name not in HARMLESS])
def test_a_check_ends_with_the_right_report(name: str) -> None:
    assert wrong_of([name]) == {}
