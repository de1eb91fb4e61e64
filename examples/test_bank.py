"""A bank transfer: without locks, with one lock for each account, and with these taken in one order."""

import threading

import pytest


class Account:
    """A number, a balance and a lock."""

    def __init__(self, number: int, balance: int) -> None:
        self.number = number
        self.balance = balance
        self.lock = threading.Lock()


def transfer(source: Account, target: Account, amount: int) -> bool:
    """Move ``amount`` if there is so much; whether it was moved."""
    if source.balance < amount:
        return False
    source.balance -= amount
    target.balance += amount
    return True


def transfer_locked(source: Account, target: Account, amount: int) -> bool:
    """The same with both accounts locked, first the one, then the other."""
    with source.lock, target.lock:
        return transfer(source, target, amount)


def transfer_ordered(source: Account, target: Account, amount: int) -> bool:
    """The same with both accounts locked, first the one with the lower number."""
    first, second = sorted((source, target), key=lambda account: account.number)
    with first.lock, second.lock:
        return transfer(source, target, amount)


@pytest.fixture
def accounts() -> tuple[Account, Account]:
    """Two accounts with 100 each."""
    return Account(1, 100), Account(2, 100)


def test_two_transfers_of_one_balance(gilcheck, accounts):
    """race: both can find that there is enough, and the account is overdrawn."""
    ours, theirs = accounts
    gilcheck.run(lambda: transfer(ours, theirs, 80), lambda: transfer(ours, theirs, 80))
    assert (ours.balance, theirs.balance) == (20, 180)


def test_locked_transfers_in_both_directions(gilcheck, accounts):
    """deadlock: each can hold the lock of one account and wait for the other."""
    ours, theirs = accounts
    gilcheck.run(lambda: transfer_locked(ours, theirs, 80), lambda: transfer_locked(theirs, ours, 30))
    assert (ours.balance, theirs.balance) == (50, 150)


def test_ordered_transfers_in_both_directions(gilcheck, accounts):
    """clean: nobody waits for a lower number while holding a higher one."""
    ours, theirs = accounts
    gilcheck.run(lambda: transfer_ordered(ours, theirs, 80), lambda: transfer_ordered(theirs, ours, 30))
    assert (ours.balance, theirs.balance) == (50, 150)
