"""Programs without hazards, ``FINE`` by name: what looks like one of :mod:`programs.hazards` and is none."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from queue import Queue, SimpleQueue

from programs.hazards import Box, Scenario
from pytest_gilcheck.races import run

FINE: dict[str, Scenario] = {}


def fine(scenario: Scenario) -> Scenario:
    FINE[scenario.__name__] = scenario
    return scenario


@fine
def under_a_lock() -> None:
    box = Box()

    def work() -> None:
        with box.lock:
            box.n += 1

    run(work, work)


@fine
def under_a_lock_that_is_taken_twice() -> None:
    box, lock = Box(), threading.RLock()

    def work() -> None:
        with lock:
            seen = box.n
            with lock:
                box.other += 1
            box.n = seen + 1

    run(work, work)


@fine
def under_a_semaphore() -> None:
    box, semaphore = Box(), threading.Semaphore(1)

    def work() -> None:
        with semaphore:
            box.n += 1

    run(work, work)


@fine
def handed_over_by_a_queue() -> None:
    channel: Queue[Box] = Queue()

    def produce() -> None:
        box = Box()
        box.n += 1
        channel.put(box)

    def consume() -> None:
        channel.get().n += 1

    run(produce, consume)


@fine
def handed_over_and_back_by_simple_queues() -> None:
    there: SimpleQueue[Box] = SimpleQueue()
    back: SimpleQueue[Box] = SimpleQueue()

    def produce() -> None:
        box = Box()
        box.n += 1
        there.put(box)
        back.get().n += 1

    def consume() -> None:
        box = there.get()
        box.n += 1
        back.put(box)

    run(produce, consume)


@fine
def one_thread_after_the_other() -> None:
    box = Box()

    def work() -> None:
        box.n += 1

    for _ in range(2):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        box.n += 1


@fine
def results_of_futures() -> None:
    box = Box()

    def work() -> Box:
        box.n += 1
        return box

    with ThreadPoolExecutor(2) as executor:
        executor.submit(work).result().n += 1
        executor.submit(work).result().n += 1


@fine
def after_an_event() -> None:
    box, done = Box(), threading.Event()

    def first() -> None:
        box.n += 1
        done.set()

    def second() -> None:
        done.wait()
        box.n += 1

    run(first, second)


@fine
def before_and_after_a_barrier() -> None:
    box, barrier = Box(), threading.Barrier(2)

    def first() -> None:
        box.n += 1
        barrier.wait()

    def second() -> None:
        barrier.wait()
        box.n += 1

    run(first, second)


@fine
def after_a_flag_that_is_polled() -> None:
    box = Box()

    def first() -> None:
        box.n += 1
        box.flag = True

    def second() -> None:
        while not box.flag:
            time.sleep(0.001)
        box.n += 1

    run(first, second)


@fine
def turns() -> None:
    box = Box()

    def play(mine: int, others: int) -> None:
        for _ in range(2):
            while box.turn != mine:
                time.sleep(0.001)
            box.n += 1
            box.turn = others

    run(lambda: play(1, 2), lambda: play(2, 1))


@fine
def a_mailbox_that_is_polled() -> None:
    box = Box()

    def ask() -> None:
        with box.lock:
            box.value = "asked"
            while box.value != "answered":
                time.sleep(0.001)

    def answer() -> None:
        for _ in range(2):
            while box.value != "asked":
                time.sleep(0.001)
            box.value = "answered"

    run(ask, ask, answer)


@fine
def a_token_that_is_popped() -> None:
    box, tokens = Box(), [1]

    def work() -> None:
        while True:
            try:
                token = tokens.pop()
                break
            except IndexError:
                time.sleep(0.001)
        box.n += 1
        tokens.append(token)

    run(work, work)


@fine
def a_flag_to_stop() -> None:
    box = Box()

    def work() -> None:
        for _ in range(3):
            if box.flag:
                break
            time.sleep(0.001)

    def stop() -> None:
        box.flag = True

    run(work, work, stop)


@fine
def stopped_from_two_sides() -> None:
    box = Box()

    def work() -> None:
        if not box.flag:
            box.flag = True

    def stop() -> None:
        box.flag = True

    run(work, stop)


@fine
def one_writer_many_readers() -> None:
    box = Box()

    def write() -> None:
        for _ in range(2):
            box.n += 1

    def read() -> int:
        return box.n + box.n

    run(write, read, read)


@fine
def copied_and_replaced() -> None:
    box = Box()

    def write(key: int) -> None:
        with box.lock:
            table = dict(box.table)
            table[key] = key
            box.table = table

    def read() -> list[int]:
        return [value for value in box.table.values() if value]

    run(lambda: write(1), lambda: write(2), read)


@fine
def checked_twice() -> None:
    box = Box()

    def get() -> object:
        if box.value is None:
            with box.lock:
                if box.value is None:
                    box.value = object()
        return box.value

    run(get, get)


@fine
def appended_by_all() -> None:
    box = Box()

    def work() -> None:
        for number in range(2):
            box.log.append(number)
            box.value = len(box.log)

    run(work, work)


@fine
def extended_in_place() -> None:
    box = Box()

    def work() -> None:
        box.log += [1]

    run(work, work)


@fine
def a_slot_for_each_thread() -> None:
    box = Box()
    box.log += [0, 0]

    def work(mine: int) -> None:
        for _ in range(2):
            box.log[mine] += 1
            box.table[mine] = box.table.get(mine, 0) + 1

    run(lambda: work(0), lambda: work(1))


@fine
def one_for_each_thread() -> None:
    local = threading.local()

    def work() -> None:
        if getattr(local, "n", None) is None:
            local.n = 0
        local.n += 1

    run(work, work)


@fine
def filled_by_setdefault() -> None:
    box = Box()

    def work() -> object:
        if "key" not in box.table:
            box.table.setdefault("key", object())
        return box.table["key"]

    run(work, work)


@fine
def ready_for_an_empty_list() -> None:
    box = Box()
    box.log += [1, 2]

    def work() -> None:
        while box.log:
            try:
                box.log.pop()
            except IndexError:
                break

    run(work, work)


@fine
def iterated_over_a_copy() -> None:
    box = Box()
    box.table.update({1: 1, 2: 2})

    def look() -> None:
        for key in list(box.table):
            box.log.append(key)

    def insert() -> None:
        box.table[3] = 3

    run(look, insert)


@fine
def iterated_over_under_a_lock() -> None:
    box = Box()
    box.table.update({1: 1, 2: 2})

    def look() -> None:
        for _ in range(2):
            with box.lock:
                for key in box.table:
                    box.log.append(key)

    def insert() -> None:
        with box.lock:
            box.table[3] = 3

    run(look, insert)


@fine
def what_was_read_has_nothing_to_do_with_what_is_written() -> None:
    box = Box()

    def work(number: int) -> None:
        box.log.append(box.n)
        box.n = number

    run(lambda: work(1), lambda: work(2))


@fine
def read_again_in_the_second_section() -> None:
    box = Box()

    def work() -> None:
        with box.lock:
            seen = box.n
        with box.lock:
            if box.n == seen:
                box.n = seen + 1

    run(work, work)


@fine
def a_version_is_read_again_in_the_second_section() -> None:
    box = Box()

    def work() -> None:
        with box.lock:
            version = box.turn
            seen = box.n
        with box.lock:
            if box.turn == version:
                box.turn += 1
                box.n = seen + 1

    run(work, work)


@fine
def overwritten_in_the_second_section() -> None:
    box = Box()

    def work() -> None:
        with box.lock:
            box.log.append(box.n)
        with box.lock:
            box.n = 7

    run(work, work)


@fine
def checked_again_after_each_wait() -> None:
    box = Box()

    def take() -> None:
        with box.condition:
            while not box.log:
                box.condition.wait()
            box.log.pop()

    def give() -> None:
        with box.condition:
            box.log.append(1)
            box.condition.notify()

    run(take, take, give, give)


@fine
def a_gate_before_both_orders() -> None:
    box, gate = Box(), threading.Lock()

    def one() -> None:
        with gate, box.lock, box.second:
            pass

    def other() -> None:
        with gate, box.second, box.lock:
            pass

    run(one, other)


@fine
def opposite_orders_of_one_thread() -> None:
    box = Box()

    def one() -> None:
        with box.lock, box.second:
            pass
        with box.second, box.lock:
            pass

    def other() -> None:
        with box.lock:
            pass

    run(one, other)


@fine
def opposite_orders_one_after_the_other() -> None:
    box, done = Box(), threading.Event()

    def one() -> None:
        with box.lock, box.second:
            pass
        done.set()

    def other() -> None:
        done.wait()
        with box.second, box.lock:
            pass

    run(one, other)


@fine
def given_up_if_it_is_taken() -> None:
    box = Box()

    def one() -> None:
        with box.lock, box.second:
            pass

    def other() -> None:
        with box.second:
            if box.lock.acquire(blocking=False):
                box.lock.release()

    def third() -> None:
        with box.second:
            if box.lock.acquire(timeout=0.01):
                box.lock.release()

    run(one, other, third)


@fine
def nested_locks_of_one_kind() -> None:
    one, other = threading.RLock(), threading.RLock()

    def work() -> None:
        with one, other, one, other:
            pass

    run(work, work)


@fine
def excused() -> None:
    box = Box()

    def work() -> None:
        box.n += 1  # gilcheck: ok - it need not be exact
        with box.lock:
            seen = box.other
        with box.lock:
            box.other = (
                seen + 1  # gilcheck: ok
            )

    run(work, work)
