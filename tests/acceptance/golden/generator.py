def numbers():
    number = 0
    while True:
        yield number
        number += 1


def test_numbers(gilcheck):
    ids = numbers()
    taken = gilcheck.run(lambda: next(ids), lambda: next(ids))
    assert sorted(taken) == [0, 1]
