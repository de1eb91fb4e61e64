"""Queues, pipelines, pools of workers and mailboxes."""

from __future__ import annotations

import heapq
import queue
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor, as_completed

from programs.unasserted import buggy, correct
from pytest_gilcheck.races import run


class Bounded:
    def __init__(self, size: int) -> None:
        self.size = size
        self.items: deque[int] = deque()
        self.condition = threading.Condition()

    def put(self, item: int) -> None:
        with self.condition:
            while len(self.items) >= self.size:
                self.condition.wait()
            self.items.append(item)
            self.condition.notify_all()

    def get(self) -> int:
        with self.condition:
            while not self.items:
                self.condition.wait()
            item = self.items.popleft()
            self.condition.notify_all()
            return item


@correct
def bounded_queue_of_ones_own() -> None:
    channel = Bounded(1)
    run(lambda: [channel.put(n) for n in (1, 2, 3)], lambda: [channel.get() for _ in range(3)])


@correct
def bounded_queue_with_two_consumers() -> None:
    channel = Bounded(1)
    run(lambda: [channel.put(n) for n in (1, 2)], channel.get, channel.get)


@correct
def producer_and_consumer() -> None:
    channel: queue.Queue[int | None] = queue.Queue()
    results: list[int] = []

    def produce() -> None:
        for n in range(2):
            channel.put(n)
        channel.put(None)

    def consume() -> int:
        count = 0
        while (item := channel.get()) is not None:
            results.append(item * 2)
            count += 1
        return count

    run(produce, consume)


@correct
def two_producers_one_results_list() -> None:
    results: list[int] = []

    def work(base: int) -> None:
        for n in range(2):
            results.append(base + n)

    run(lambda: work(10), lambda: work(20))


@correct
def pipeline_of_three_stages() -> None:
    first: queue.Queue[int | None] = queue.Queue(1)
    second: queue.SimpleQueue[int | None] = queue.SimpleQueue()
    done: list[int] = []

    def read() -> None:
        for n in (1, 2):
            first.put(n)
        first.put(None)

    def double() -> None:
        while (n := first.get()) is not None:
            second.put(n * 2)
        second.put(None)

    def write() -> None:
        while (n := second.get()) is not None:
            done.append(n)

    run(read, double, write)


@correct
def workers_draining_a_queue() -> None:
    jobs: queue.Queue[int] = queue.Queue()
    for n in range(3):
        jobs.put(n)

    def work() -> int:
        taken = 0
        while True:
            try:
                jobs.get_nowait()
            except queue.Empty:
                return taken
            taken += 1
            jobs.task_done()

    run(work, work)


@correct
def workers_draining_a_queue_into_lists() -> None:
    jobs: queue.SimpleQueue[int] = queue.SimpleQueue()
    for n in range(3):
        jobs.put(n)

    def work() -> list[int]:
        mine = []
        while True:
            try:
                mine.append(jobs.get_nowait() ** 2)
            except queue.Empty:
                return mine

    run(work, work)


@correct
def workers_draining_a_deque() -> None:
    jobs = deque([1, 2, 3])
    results: list[int] = []

    def work() -> int:
        taken = 0
        while True:
            try:
                job = jobs.popleft()
            except IndexError:
                return taken
            results.append(job * job)
            taken += 1

    run(work, work)


@correct
def workers_draining_a_deque_that_return_once_each() -> None:
    jobs = deque([1, 2])

    def work() -> int | None:
        try:
            return jobs.popleft()
        except IndexError:
            return None

    run(work, work, work)


@buggy("exception")
def workers_that_look_before_they_take() -> None:
    jobs = deque([1, 2, 3])

    def work() -> int:
        taken = 0
        while jobs:
            jobs.popleft()
            taken += 1
        return taken

    run(work, work)


@correct
def workers_that_share_an_iterator_under_a_lock() -> None:
    jobs = iter(range(4))
    lock = threading.Lock()

    def work() -> list[int]:
        mine = []
        while True:
            with lock:
                job = next(jobs, None)
            if job is None:
                return mine
            mine.append(job)

    run(work, work)


@correct
def workers_counting_under_a_lock() -> None:
    jobs = deque([1, 2, 3])
    lock = threading.Lock()
    total = 0

    def work() -> None:
        nonlocal total
        while True:
            try:
                job = jobs.popleft()
            except IndexError:
                return
            with lock:
                total += job

    run(work, work)


@buggy("lost-update")
def workers_counting_without_lock() -> None:
    jobs = deque([1, 2, 3])
    total = 0

    def work() -> None:
        nonlocal total
        while True:
            try:
                job = jobs.popleft()
            except IndexError:
                return
            total += job

    run(work, work)


@correct
def list_as_a_stack_of_free_buffers() -> None:
    free = [bytearray(1), bytearray(1)]

    def use() -> int:
        try:
            buffer = free.pop()
        except IndexError:
            buffer = bytearray(1)
        buffer[0] = 1
        free.append(buffer)
        return len(buffer)

    run(use, use)


@correct
def index_taken_under_a_lock() -> None:
    jobs = [5, 6, 7]
    position = 0
    lock = threading.Lock()
    results: list[int | None] = [None] * len(jobs)

    def work() -> None:
        nonlocal position
        while True:
            with lock:
                mine = position
                position += 1
            if mine >= len(jobs):
                return
            results[mine] = jobs[mine] ** 2

    run(work, work)


@buggy("lost-update")
def index_taken_without_lock() -> None:
    jobs = [5, 6, 7]
    position = 0
    results: list[int] = []

    def work() -> None:
        nonlocal position
        while position < len(jobs):
            mine = position
            position += 1
            if mine < len(jobs):
                results.append(jobs[mine] ** 2)

    run(work, work)


@correct
def results_into_slots() -> None:
    results: list[int] = [0] * 3

    def work(number: int) -> None:
        results[number] = number**2

    run(lambda: work(0), lambda: work(1), lambda: work(2))


@correct
def results_by_key() -> None:
    results: dict[str, int] = {}

    def work(name: str) -> None:
        results[name] = len(name)

    run(lambda: work("a"), lambda: work("bb"))


@correct
def priority_queue_under_a_lock() -> None:
    heap: list[int] = [5]
    lock = threading.Lock()

    def push(n: int) -> None:
        with lock:
            heapq.heappush(heap, n)

    def pop() -> int:
        with lock:
            return heapq.heappop(heap)

    run(lambda: push(3), pop, lambda: push(7))


@correct
def deque_with_a_limit() -> None:
    recent: deque[str] = deque(maxlen=2)
    run(lambda: recent.append("a"), lambda: recent.append("b"), lambda: recent.append("c"))


@correct
def mailbox_of_a_condition() -> None:
    condition = threading.Condition()
    box: list[str] = []

    def send(text: str) -> None:
        with condition:
            box.append(text)
            condition.notify()

    def receive() -> str:
        with condition:
            condition.wait_for(lambda: box)
            return box.pop(0)

    run(lambda: send("a"), receive)


@correct
def request_and_reply() -> None:
    requests: queue.Queue[tuple[int, queue.SimpleQueue[int]]] = queue.Queue()

    def server() -> None:
        for _ in range(2):
            number, reply = requests.get()
            reply.put(number + 1)

    def client(number: int) -> int:
        reply: queue.SimpleQueue[int] = queue.SimpleQueue()
        requests.put((number, reply))
        return reply.get()

    run(server, lambda: client(1), lambda: client(2))


class Ring:
    """A single producer, a single consumer, and no lock: each index has one writer."""

    def __init__(self, size: int) -> None:
        self.cells: list[int | None] = [None] * size
        self.head = 0
        self.tail = 0

    def put(self, item: int) -> bool:
        if self.head - self.tail == len(self.cells):
            return False
        self.cells[self.head % len(self.cells)] = item
        self.head += 1
        return True

    def get(self) -> int | None:
        if self.tail == self.head:
            return None
        item = self.cells[self.tail % len(self.cells)]
        self.tail += 1
        return item


@correct
def ring_buffer_of_one_producer_and_one_consumer() -> None:
    ring = Ring(2)
    run(lambda: [ring.put(1), ring.put(2)], lambda: [ring.get(), ring.get()])


@buggy("unserialisable")
def ring_buffer_of_two_producers() -> None:
    ring = Ring(4)
    run(lambda: ring.put(1), lambda: ring.put(2))


class Thief:
    """Everybody has a deque, takes from its right, and from the left of the other's."""

    def __init__(self) -> None:
        self.queues = [deque([1, 2, 3]), deque([4])]
        self.done: list[int] = []

    def work(self, mine: int) -> int:
        count = 0
        while True:
            try:
                job = self.queues[mine].pop()
            except IndexError:
                try:
                    job = self.queues[1 - mine].popleft()
                except IndexError:
                    return count
            self.done.append(job)
            count += 1


@correct
def work_stealing() -> None:
    thief = Thief()
    run(lambda: thief.work(0), lambda: thief.work(1))


@correct
def pool_of_threads_that_adds_up() -> None:
    def use(numbers: list[int]) -> int:
        with ThreadPoolExecutor(2) as pool:
            return sum(pool.map(abs, numbers))

    run(lambda: use([1, -2]), lambda: use([3]))


@correct
def pool_of_threads_in_the_order_of_completion() -> None:
    def use() -> list[int]:
        with ThreadPoolExecutor(2) as pool:
            futures = [pool.submit(abs, n) for n in (1, -2)]
            return [future.result() for future in as_completed(futures)]

    run(use)


@correct
def shared_pool_with_callbacks() -> None:
    done: list[int] = []
    with ThreadPoolExecutor(1) as pool:

        def use(n: int) -> None:
            future = pool.submit(abs, n)
            future.add_done_callback(lambda f: done.append(f.result()))
            future.result()

        run(lambda: use(-1), lambda: use(-2))
