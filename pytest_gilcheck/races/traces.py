"""What is left in a thread when a function has run in it: values of a ``threading.local``, a running event loop."""

from __future__ import annotations

import ctypes
import threading
from _thread import allocate_lock, start_new_thread
from functools import cache

# The interpreter keeps what belongs to one thread in a structure that is longer than so many pointers in all versions.
# Which of them tell that the thread has used a ``threading.local`` differs, so it is found out: they are empty before, and
# not after.
_POINTERS = 64
# A thread keeps a list of what it is just printing; it is empty afterwards.
_HARMLESS = frozenset({"Py_Repr"})


class Traces:
    """Of one thread, for as long as it lives. Asked in that thread."""

    __slots__ = ("_own", "_pointers")

    def __init__(self, own: dict[object, object], pointers: list[ctypes.c_void_p]) -> None:
        self._own = own
        self._pointers = pointers

    @classmethod
    def of_this_thread(cls) -> Traces | None:
        """``None`` where that cannot be told. To be asked for before anything else runs in the thread."""
        places, state, own = _places(), _state(), _own_dictionary()
        if places is None or state is None or own is None:
            return None
        size = ctypes.sizeof(ctypes.c_void_p)
        return cls(own, [ctypes.c_void_p.from_address(state + place * size) for place in places])

    def any(self) -> bool:
        """Whether something is left."""
        for pointer in self._pointers:
            if pointer.value is not None:
                return True
        return bool(self._own) and not self._own.keys() <= _HARMLESS


def _call(name: str) -> int | None:
    try:
        found = ctypes.PYFUNCTYPE(ctypes.c_void_p)((name, ctypes.pythonapi))()
    except AttributeError:  # another implementation of Python
        return None
    return int(found) if found else None


def _state() -> int | None:
    """The address of the interpreter's structure for the calling thread."""
    return _call("PyThreadState_Get")


def _own_dictionary() -> dict[object, object] | None:
    """The dictionary in which C code keeps what belongs to the calling thread."""
    address = _call("PyThreadState_GetDict")
    own = ctypes.cast(address, ctypes.py_object).value if address else None
    return own if type(own) is dict else None


@cache
def _places() -> frozenset[int] | None:
    """The numbers of the pointers that a first use of a ``threading.local`` fills in; ``None`` if it is not seen anywhere.

    There are none where it shows in the thread's dictionary.
    """
    first, *others = [_seen() for _ in range(3)]
    return first if all(other == first for other in others) else None


def _seen() -> frozenset[int] | None:
    found: list[frozenset[int] | None] = []
    over = allocate_lock()

    def use() -> None:
        try:
            found.append(_use_a_local())
        finally:
            over.release()

    over.acquire()
    start_new_thread(use, ())
    over.acquire()
    return found[0] if found else None


def _use_a_local() -> frozenset[int] | None:
    state, own = _state(), _own_dictionary()
    if state is None or own is None:
        return None
    pointers = (ctypes.c_void_p * _POINTERS).from_address(state)
    before = list(pointers)
    local = threading.local()
    local.used = True
    changed = frozenset(number for number in range(_POINTERS) if before[number] is None and pointers[number] is not None)
    return changed if changed or own else None
