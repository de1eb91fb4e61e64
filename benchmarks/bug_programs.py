"""Small programs with a bug, each beside a correct one, in a form that every tool can run: a state, workers, and a check."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from peer_programs import Worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """``check`` says of the state at the end whether it is right; it may also be a worker that raises, or wait for ever."""

    title: str
    setup: Callable[[], Any]
    bad: tuple[Worker, ...]
    good: tuple[Worker, ...]
    check: Callable[[Any], bool]


class State:
    """Anything that the programs share."""

    def __init__(self) -> None:
        self.value = 0
        self.total = 0
        self.count = 0
        self.balance = 100
        self.calls = 0
        self.seen: int | None = None
        self.items: list[int] = []
        self.table: dict[str, int] = {}
        self.lock = threading.Lock()
        self.other = threading.Lock()
        self.changed = threading.Condition()

    def increment(self) -> None:
        self.value += 1

    def increment_locked(self) -> None:
        with self.lock:
            self.value += 1

    def increment_twice_locked(self) -> None:
        with self.lock:
            value = self.value
        with self.lock:
            self.value = value + 1

    def withdraw(self) -> None:
        if self.balance >= 60:
            self.balance -= 60

    def withdraw_locked(self) -> None:
        with self.lock:
            self.withdraw()

    def load(self) -> None:
        if "key" not in self.table:
            self.calls += 1
            self.table["key"] = 1

    def load_locked(self) -> None:
        with self.lock:
            self.load()

    def add_apart(self) -> None:
        with self.lock:
            self.total += 10
        with self.lock:
            self.count += 1

    def add_together(self) -> None:
        with self.lock:
            self.total += 10
            self.count += 1

    def look_apart(self) -> None:
        with self.lock:
            total = self.total
        with self.lock:
            self.seen = total - 10 * self.count

    def look_together(self) -> None:
        with self.lock:
            self.seen = self.total - 10 * self.count

    def one_way(self) -> None:
        with self.lock, self.other:
            self.value += 1

    def other_way(self) -> None:
        with self.other, self.lock:
            self.value += 1

    def publish(self) -> None:
        self.items.append(1)
        self.value = 1

    def publish_early(self) -> None:
        self.value = 1
        self.items.append(1)

    def consume(self) -> None:
        if self.value:
            self.seen = len(self.items)


def _two(state: State) -> bool:
    return state.value == 2


PAIRS = {
    "counter": Pair(
        title="lost update", setup=State, bad=(State.increment,) * 2, good=(State.increment_locked,) * 2, check=_two
    ),
    "sections": Pair(
        title="two critical sections",
        setup=State,
        bad=(State.increment_twice_locked,) * 2,
        good=(State.increment_locked,) * 2,
        check=_two,
    ),
    "account": Pair(
        title="check then act",
        setup=State,
        bad=(State.withdraw,) * 2,
        good=(State.withdraw_locked,) * 2,
        check=lambda state: state.balance == 40,
    ),
    "cache": Pair(
        title="loaded twice",
        setup=State,
        bad=(State.load,) * 2,
        good=(State.load_locked,) * 2,
        check=lambda state: state.calls == 1,
    ),
    "fields": Pair(
        title="two fields, one reader",
        setup=State,
        bad=(State.add_apart, State.look_apart),
        good=(State.add_together, State.look_together),
        check=lambda state: state.seen == 0,
    ),
    "locks": Pair(
        title="lock order",
        setup=State,
        bad=(State.one_way, State.other_way),
        good=(State.one_way, State.one_way),
        check=_two,
    ),
    "publish": Pair(
        title="published too early",
        setup=State,
        bad=(State.publish_early, State.consume),
        good=(State.publish, State.consume),
        check=lambda state: state.seen != 0,
    ),
}
