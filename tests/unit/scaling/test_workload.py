from __future__ import annotations

from pytest_gilcheck.scaling.reading import Kind
from pytest_gilcheck.scaling.workload import CallableWorkload


def test_a_plain_callable_is_every_workers_body_and_costs_no_set_up() -> None:
    def body() -> None: ...

    workload = CallableWorkload(body)
    with workload.copies(3, Kind.THREADS, 2) as bodies:
        assert list(bodies) == [body, body, body]
    assert workload.setup_seconds == 0.0
