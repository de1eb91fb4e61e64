import threading


class Account:
    def __init__(self, balance):
        self.balance = balance
        self.lock = threading.Lock()


def transfer(source, target, amount):
    with source.lock:
        with target.lock:
            source.balance -= amount
            target.balance += amount


def test_transfers(gilcheck):
    ann, bob = Account(100), Account(100)
    gilcheck.run(lambda: transfer(ann, bob, 10), lambda: transfer(bob, ann, 20))
    assert (ann.balance, bob.balance) == (110, 90)
