"""What is seen of an execution for its story, with objects that had better be left alone; each in a process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from unit.races.alone import alone

HEAD = """
import json, threading, time, sys, types, weakref
from collections import defaultdict, deque
from pytest_gilcheck.races import Budget, explore, run

class Shared:
    pass

def story(scenario):
    found = explore(scenario, budget=Budget(seconds=60.0, limit=20.0))
    assert found.failure is not None, found
    assert found.failure.story is not None, found
    print(json.dumps(found.failure.story.to_builtins()))
"""


def story(folder: Path, program: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(alone(folder, f"{HEAD}\n{program}\nstory(scenario)\n").splitlines()[-1])
    return found


def acts(told: dict[str, Any]) -> list[str]:
    def text(act: dict[str, Any]) -> str:
        values = [act[name] for name in ("before", "after") if act[name] is not None]
        return " ".join([act["verb"], act["what"], *values])

    return [f"{step['thread']} {text(act)}" for step in told["steps"] for act in step["acts"]]


LOST = """
def scenario():
    {make}
    def change():
        {change}
    run(change, change)
    assert {check}
"""


@pytest.mark.parametrize(
    ("make", "change", "check", "name"),
    [
        ("x = Shared(); x.n = 0", "x.n += 1", "x.n == 2", "Shared.n"),
        ("x = {'a': 0}", "x['a'] += 1", "x['a'] == 2", "x['a']"),
        ("x = [5, 0]", "x[-1] += 1", "x[1] == 2", "x[1]"),
        ("x = deque([0])", "x[0] += 1", "x[0] == 2", "x"),
        ("Shared.n = 0", "Shared.n += 1", "Shared.n == 2", "Shared.n"),
        ("global total; total = 0", "global total; total += 1", "total == 2", "total"),
        ("x = Shared(); x.d = {'k': 0}", "x.d['k'] += 1", "x.d['k'] == 2", "Shared.d['k']"),
    ],
    ids=["attribute", "dict", "list", "deque", "class", "global", "attribute's item"],
)
def test_values_and_names(tmp_path: Path, make: str, change: str, check: str, name: str) -> None:
    told = acts(story(tmp_path, LOST.format(make=make, change=change, check=check)))
    if "deque" in make:
        assert told[-1].startswith(f"1 uses {name} deque([1])") or "changes" in told[-1], told
        return
    assert told[:4] == [f"1 reads {name} 0", f"2 reads {name} 0", f"2 writes {name} 0 1", f"1 writes {name} 1 1"], told


def test_a_cell(tmp_path: Path) -> None:
    told = acts(
        story(
            tmp_path,
            """
def scenario():
    total = 0
    def change():
        nonlocal total
        total += 1
    run(change, change)
    assert total == 2
""",
        )
    )
    assert told[:4] == ["1 reads total 0", "2 reads total 0", "2 writes total 0 1", "1 writes total 1 1"]


HOSTILE = """
class Meta(type):
    __name__ = property(lambda self: 1 / 0)
class Hostile(metaclass=Meta):
    def __init__(self, n): object.__setattr__(self, "n", n)
    {method}
    def more(self): return Hostile(object.__getattribute__(self, "n") + 1)
Meta.__dict__
def scenario():
    shared = Shared()
    shared.value = Hostile(0)
    def change():
        value = shared.value
        shared.value = value.more()
    run(change, change)
    assert object.__getattribute__(shared.value, "n") == 2
"""


@pytest.mark.parametrize(
    "method",
    [
        "__repr__ = __str__ = __format__ = lambda *_: 1 / 0",
        "__repr__ = __str__ = lambda self: threading.Event().wait()",
        "__repr__ = __str__ = lambda self: 'x' * 10_000_000",
        "__class__ = property(lambda self: int)",
        "__eq__ = lambda *_: 1 / 0; __hash__ = lambda *_: 1 / 0",
        "__getattr__ = lambda *_: 1 / 0",
        "__len__ = __bool__ = __iter__ = lambda *_: 1 / 0",
    ],
)
def test_objects_that_do_harm_when_they_are_asked(tmp_path: Path, method: str) -> None:
    told = acts(story(tmp_path, HOSTILE.format(method=method)))
    assert told[0] == "1 reads Shared.value <Hostile 1>"
    assert told[-1].startswith("1 writes Shared.value <Hostile 2> <Hostile 3>"), told


def test_a_name_with_control_characters(tmp_path: Path) -> None:
    told = story(
        tmp_path,
        """
Odd = type("\\x1b[31mOdd\\n\\u202e", (), {})
def scenario():
    odd = Odd()
    odd.n = 0
    def change(): odd.n += 1
    run(change, change)
    assert odd.n == 2
""",
    )
    assert acts(told)[0] == "1 reads \\x1b[31mOdd\\n\\u202e.n 0"
    assert told["cause"] == "lost update of \\x1b[31mOdd\\n\\u202e.n"


def test_code_without_source(tmp_path: Path) -> None:
    told = story(
        tmp_path,
        """
space = {"x": Shared()}
exec("def change():\\n    x.n += 1", space)
def scenario():
    space["x"].n = 0
    run(space["change"], space["change"])
    assert space["x"].n == 2
""",
    )
    assert acts(told)[-1] == "1 writes Shared.n 1 1"
    assert {(step["file"], step["line"], step["source"]) for step in told["steps"]} == {("<string>", 2, "")}


def test_a_file_that_has_gone_and_one_that_has_changed(tmp_path: Path) -> None:
    program = """
import pathlib
file = pathlib.Path("gone.py")
file.write_text("\\n\\n\\ndef change(x):\\n\\tx.n\\t+=\\t1  # \\u00e9\\n", encoding="utf-8")
import gone
NEW
def scenario():
    x = Shared()
    x.n = 0
    run(lambda: gone.change(x), lambda: gone.change(x))
    assert x.n == 2
"""
    told = story(tmp_path, program.replace("NEW", "file.unlink()"))
    assert told["steps"][0]["source"] == ""
    assert acts(told)[-1] == "1 writes Shared.n 1 1"
    told = story(tmp_path, program.replace("NEW", "file.write_text('x = 1')"))
    assert acts(told)[-1] == "1 writes Shared.n 1 1"
    told = story(tmp_path, program.replace("NEW", ""))
    assert told["steps"][0]["source"] == "x.n += 1  # \\xe9"


def test_no_object_is_kept_alive(tmp_path: Path) -> None:
    program = """
class Value:
    alive = 0
    def __init__(self): Value.alive += 1
    def __del__(self): Value.alive -= 1
def scenario():
    most = []
    shared = Shared()
    shared.value = None
    def change():
        for _ in range(5):
            shared.value = Value()
            most.append(Value.alive)
    run(change, change)
    assert max(most) <= 2, max(most)
    raise KeyError("told")
"""
    found = alone(
        tmp_path, f"{HEAD}\n{program}\nfound = explore(scenario)\nprint(found.kind, found.failure and found.failure.text)"
    )
    assert "AssertionError" not in found
    assert "told" in found or "None" in found


def test_deadlocks_name_the_locks_and_where_they_were_taken(tmp_path: Path) -> None:
    told = story(
        tmp_path,
        """
class Box:
    def __init__(self): self.lock = threading.Lock()
def scenario():
    a, b = Box(), Box()
    def go(one, other):
        with one.lock:
            with other.lock:
                pass
    run(lambda: go(a, b), lambda: go(b, a))
""",
    )
    assert [(each["thread"], each["waits_for"], each["held_by"], each["source"]) for each in told["stuck"]] == [
        (1, "Box#2.lock", 2, "with other.lock:"),
        (2, "Box#1.lock", 1, "with other.lock:"),
    ]
    assert [[(hold["what"], hold["source"]) for hold in each["holds"]] for each in told["stuck"]] == [
        [("Box#1.lock", "with one.lock:")],
        [("Box#2.lock", "with one.lock:")],
    ]


def test_slots_and_conditions_have_names(tmp_path: Path) -> None:
    told = story(
        tmp_path,
        """
class Box:
    __slots__ = ("changed", "full")
    def __init__(self):
        self.changed, self.full = threading.Condition(), False
    def take(self):
        if not self.full:
            with self.changed:
                self.changed.wait()
    def put(self):
        self.full = True
        with self.changed:
            self.changed.notify()
def scenario():
    box = Box()
    run(box.put, box.take)
""",
    )
    assert "1 takes Box.changed" in acts(told)
    assert "2 reads Box.full False" in acts(told)
    assert [(each["thread"], each["waits_for"]) for each in told["stuck"]] == [(2, "a notification of Box.changed")]


def test_what_is_written_last_is_told_although_nothing_comes_after(tmp_path: Path) -> None:
    told = acts(
        story(
            tmp_path,
            """
def scenario():
    x = Shared()
    x.n = 0
    def change(): x.n += 1
    run(change, change)
""",
        )
    )
    assert told[-1] == "1 writes Shared.n 1 1"


def test_an_item_that_was_not_there(tmp_path: Path) -> None:
    told = story(
        tmp_path,
        """
def scenario():
    seen = {}
    def add():
        n = seen.get("n", 0)
        seen["n"] = n + 1
    run(add, add)
    assert seen["n"] == 2
""",
    )
    assert acts(told)[:4] == [
        "1 reads seen['n'] absent",
        "2 reads seen['n'] absent",
        "2 writes seen['n'] absent 1",
        "1 writes seen['n'] 1 1",
    ]
    assert told["cause"] == "lost update of seen['n']"


def test_a_long_execution_is_told_to_its_end(tmp_path: Path) -> None:
    told = story(
        tmp_path,
        """
def scenario():
    x = Shared()
    x.n = 0
    def change():
        for _ in range(5000):
            x.n += 1
    run(change, change)
    assert x.n == 10000
""",
    )
    assert sum(step["left_out"] for step in told["steps"]) > 1_000
    assert len(told["steps"]) <= 41
