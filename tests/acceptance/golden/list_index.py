import threading

import pytest

HITS = [0, 0, 0]


def hit(number):
    HITS[number] = HITS[number] + 1


@pytest.mark.gilcheck_race
def test_hits():
    HITS[:] = [0, 0, 0]
    threads = [threading.Thread(target=hit, args=(1,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(HITS) == 2
