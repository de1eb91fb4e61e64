from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable, Iterator, Mapping
from multiprocessing.connection import Connection

import pytest

from pytest_gilcheck.scaling import conduct as module
from pytest_gilcheck.scaling.clock import SystemClock
from pytest_gilcheck.scaling.conduct import conduct, receive, send
from pytest_gilcheck.scaling.failures import ProcessesUnavailable, WorkersFailed
from pytest_gilcheck.scaling.reading import Kind, Reading, Run
from unit.scaling.fakes import FakeClock

AMPLE = 60.0
BRIEF = 0.2

Answer = Mapping[str, object]
READY: Answer = {"ready": True}
DONE: Answer = {"start": 1.5, "end": 2.5, "cpu": 0.75, "delay": 0.25, "process_cpu": 1.0}


class Player:
    """The conductor's end of a worker that is a thread: it answers each message from its part, then hangs up.

    A part entry that is callable is called, with the player, for the answer (``None``: it does not answer).
    """

    def __init__(self, number: int, *part: Answer | Callable[[Player], Answer | None]) -> None:
        self.name = f"process {number}"
        self.connection, self._theirs = multiprocessing.Pipe()
        self.heard: list[dict[str, object]] = []
        self.killed = threading.Event()
        self._part = part
        self.thread = threading.Thread(target=self._play)
        self.thread.start()

    def _play(self) -> None:
        with self._theirs:
            for answer in self._part:
                try:
                    self.heard.append(receive(self._theirs))
                    said = answer(self) if callable(answer) else answer
                    if said is not None:
                        send(self._theirs, said)
                except (EOFError, OSError):
                    return

    def hang(self) -> None:
        """For a part: answer only after the killing."""
        self.killed.wait(AMPLE)

    def obituary(self) -> str:
        return "exit status 3\nits last words"

    def kill(self) -> None:
        self.killed.set()

    def leave(self) -> None:
        self.killed.set()
        self.connection.close()
        self.thread.join()


@pytest.fixture
def stage() -> Iterator[Callable[..., Player]]:
    players: list[Player] = []

    def enter(*part: Answer | Callable[[Player], Answer | None]) -> Player:
        players.append(Player(len(players) + 1, *part))
        return players[-1]

    yield enter
    for player in players:
        player.leave()


Stage = Callable[..., Player]


def conducted(*players: Player, limit: float = AMPLE) -> Run:
    requests = [{"op": "prepare", "number": number} for number in range(len(players))]
    return conduct(players, requests, 3, SystemClock(), limit)


def test_all_are_prepared_then_released_at_one_moment(stage: Stage) -> None:
    players = [stage(READY, DONE) for _ in range(3)]
    clock = FakeClock()
    requests = [{"op": "prepare", "number": number} for number in range(3)]
    run = conduct(players, requests, 3, clock, AMPLE)
    assert run.kind is Kind.PROCESSES
    assert run.repeats == 3
    assert run.released > clock.now()
    assert run.readings == (Reading(start=1.5, end=2.5, cpu=0.75, delay=0.25, process_cpu=1.0),) * 3
    assert run.process_cpu == 3.0
    order = {"op": "run", "released": run.released, "repeats": 3}
    assert [player.heard for player in players] == [[request, order] for request in requests]


def test_readings_keep_the_order_of_the_workers_whoever_answers_first(stage: Stage) -> None:
    def answers_last(_: Player) -> Answer:
        second.thread.join(AMPLE)
        third.thread.join(AMPLE)
        return {**DONE, "cpu": 1}

    first = stage(READY, answers_last)
    second = stage(READY, {**DONE, "cpu": 2, "delay": None})
    third = stage(READY, {**DONE, "cpu": 3})
    run = conducted(first, second, third)
    assert [reading.cpu for reading in run.readings] == [1.0, 2.0, 3.0]
    assert run.readings[1].delay is None


def test_one_that_cannot_be_prepared_makes_processes_unavailable_and_the_others_are_dismissed(stage: Stage) -> None:
    ready = stage(READY, DONE)
    refuses = stage({"unavailable": "no such test"})
    with pytest.raises(ProcessesUnavailable, match=r"^process 2: no such test$"):
        conducted(ready, refuses)
    ready.leave()
    assert [message["op"] for message in ready.heard] == ["prepare", "dismiss"]
    assert [message["op"] for message in refuses.heard] == ["prepare"]


def test_one_that_dies_while_preparing_makes_processes_unavailable(stage: Stage) -> None:
    with pytest.raises(ProcessesUnavailable, match=r"^process 1 died: exit status 3$"):
        conducted(stage(lambda _: None), stage(READY, DONE))


def test_one_that_never_gets_ready_is_killed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SETUP_LIMIT_SECONDS", BRIEF)
    never = stage(Player.hang)
    with pytest.raises(ProcessesUnavailable, match=r"^process 1 did not get ready within 0\.2 s and was killed$"):
        conducted(never, stage(READY, DONE))
    assert never.killed.is_set()


def test_one_that_dies_between_getting_ready_and_being_dismissed_hides_no_refusal(stage: Stage) -> None:
    dies = stage(READY)

    def refuses_late(_: Player) -> Answer:
        dies.thread.join(AMPLE)
        return {"unavailable": "no such test"}

    late = stage(refuses_late)
    with pytest.raises(ProcessesUnavailable, match="no such test"):
        conducted(dies, late)


def test_every_worker_that_failed_is_reported(stage: Stage) -> None:
    raises = {"failed": "raised ValueError: why", "details": "Traceback ..."}
    with pytest.raises(WorkersFailed) as caught:
        conducted(stage(READY, raises), stage(READY, DONE), stage(READY, lambda _: None), stage(READY, {"failed": "it"}))
    first, died, last = caught.value.failures
    assert (first.worker, first.what, first.details) == ("process 1", "raised ValueError: why", "Traceback ...")
    assert (died.worker, died.what, died.details) == ("process 3", "died: exit status 3", "its last words")
    assert (last.worker, last.what, last.details) == ("process 4", "it", "")
    assert not caught.value.hung
    assert caught.value.copies == "4 processes"


def test_one_that_dies_before_the_release_is_reported(stage: Stage) -> None:
    dies = stage(READY)

    def is_ready_after_that(_: Player) -> Answer:
        dies.thread.join(AMPLE)
        return READY

    with pytest.raises(WorkersFailed, match=r"^process 1: died: exit status 3$"):
        conducted(dies, stage(is_ready_after_that, DONE))


def test_one_that_never_answers_is_killed_and_the_others_failures_are_kept(stage: Stage) -> None:
    hangs = stage(READY, Player.hang)
    fails = stage(READY, {"failed": "raised ValueError: why"})
    with pytest.raises(WorkersFailed) as caught:
        conducted(hangs, fails, limit=BRIEF)
    first, second = caught.value.failures
    assert first.what == "did not finish within 0.2 s and was killed"
    # How it ended is known: it was killed. What it said before may tell why it hung.
    assert first.details == "its last words"
    assert first.hung
    assert not second.hung
    assert hangs.killed.is_set()
    assert not fails.killed.is_set()


def test_one_that_declines_makes_processes_unavailable(stage: Stage) -> None:
    with pytest.raises(ProcessesUnavailable, match=r"^it skips itself there: not on Mondays$"):
        conducted(stage(READY, DONE), stage(READY, {"declined": "not on Mondays"}))


def test_a_failure_outweighs_one_that_declines(stage: Stage) -> None:
    with pytest.raises(WorkersFailed):
        conducted(stage(READY, {"failed": "raised ValueError"}), stage(READY, {"declined": "not on Mondays"}))


class OtherConnection:
    """A connection of another class, as the pipes of Windows are."""

    def __init__(self, real: Connection) -> None:
        self._real = real
        self.fileno, self.send_bytes, self.recv_bytes = real.fileno, real.send_bytes, real.recv_bytes


def test_any_class_of_connection_will_do(stage: Stage) -> None:
    player = stage(READY, DONE)
    real = player.connection
    player.connection = OtherConnection(real)  # type: ignore[assignment]
    try:
        assert conducted(player).workers == 1
    finally:
        player.connection = real
