import pytest


class Counter:
    def __init__(self):
        self.value = 0

    def increment(self):
        self.value += 1


@pytest.fixture
def counter():
    return Counter()


def test_counter(counter, gilcheck):
    gilcheck.run(counter.increment, counter.increment)
    assert counter.value == 2
