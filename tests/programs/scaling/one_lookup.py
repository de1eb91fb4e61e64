"""One look-up is over before a thread has started; very many are byte code like any other."""

BAD, TWIN = "too-short", "gil-bound"
TWIN_WITHOUT_GIL = "releases-gil"

_TABLE = {number: number for number in range(100)}


def bad() -> int:
    return _TABLE[50]


def twin() -> None:
    table = dict(_TABLE)
    for number in range(400_000):
        table[number % 100]
