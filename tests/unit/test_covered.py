"""What workers have measured comes to the controller as it was, and is brought together."""

from __future__ import annotations

import json

from pytest_gilcheck.covered import Covered


def measured(line: int, *, both: bool) -> Covered:
    covered = Covered(
        plain={"a.py": {1, line}}, arcs={"a.py": {(1, line), (-1, 1)}}, together={"a.py": {line}}, notes=["said by all"]
    )
    covered.reruns["race"]["a.py"] = {line}
    covered.access("a.py", 7, "f:2", both=both)
    return covered


def test_it_comes_out_as_it_went_in() -> None:
    covered = measured(2, both=True)
    assert Covered.from_builtins(json.loads(json.dumps(covered.to_builtins()))) == covered


def test_two_are_brought_together() -> None:
    covered = measured(2, both=True)
    other = measured(3, both=False)
    other.access("b.py", 1, "g:0", both=False)
    covered.add(other)
    assert covered.plain == {"a.py": {1, 2, 3}}
    assert covered.arcs == {"a.py": {(1, 2), (1, 3), (-1, 1)}}
    assert covered.reruns == {"threads": {}, "processes": {}, "race": {"a.py": {2, 3}}}
    assert covered.together == {"a.py": {2, 3}}
    # Once in both orders is enough, in whichever check.
    assert covered.accesses == {"a.py": {(7, "f:2"): True}, "b.py": {(1, "g:0"): False}}
    assert covered.notes == ["said by all"]
