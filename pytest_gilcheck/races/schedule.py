"""A schedule as a value: at which passages of which sites control goes to another thread; and the token it prints as."""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
import sys
import zlib
from dataclasses import dataclass
from types import CodeType
from typing import NamedTuple

from pytest_gilcheck.errors import Misuse

PREFIX = "gc1:"


class Place(NamedTuple):
    """A site, so that it is found again in another process: a digest of its code and its offset there."""

    digest: int
    offset: int


class Switch(NamedTuple):
    """Thread ``thread``, at its ``passage``-th passage of ``place`` (from 1), hands over to thread ``to``.

    Without a place: when it blocks or ends for the ``passage``-th time, and ``to`` is not whose turn it would have been.
    Threads are numbered in the order in which they were started; 0 is the one that runs the scenario.
    """

    thread: int
    place: Place | None
    passage: int
    to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The switches of one execution in the order in which they happened."""

    switches: tuple[Switch, ...] = ()

    def __len__(self) -> int:
        return len(self.switches)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A schedule with what it takes to tell whether it still fits: ``code`` is a digest of all code that ran under it,
    ``scenario`` one of the scenario's name."""

    schedule: Schedule
    code: int
    scenario: int
    python: tuple[int, int] = sys.version_info[:2]

    def __str__(self) -> str:
        body = bytearray(struct.pack(">BBIH", *self.python, self.code, self.scenario))
        places: list[Place] = []
        for switch in self.schedule.switches:
            if switch.place is not None and switch.place not in places:
                places.append(switch.place)
        _append(body, len(places))
        for place in places:
            body += struct.pack(">I", place.digest)
            _append(body, place.offset)
        for switch in self.schedule.switches:
            where = 0 if switch.place is None else places.index(switch.place) + 1
            for number in (switch.thread, where, switch.passage, switch.to):
                _append(body, number)
        body += struct.pack(">H", zlib.crc32(body) & 0xFFFF)
        return PREFIX + base64.urlsafe_b64encode(body).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> Token:
        """Read what ``str`` wrote; :class:`Misuse` says what is wrong with anything else."""
        if not text.startswith(PREFIX):
            raise Misuse(f"{text[:40]!r} is no schedule: one starts with {PREFIX!r} and is printed below a failure")
        encoded = text.removeprefix(PREFIX)
        try:
            body = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise Misuse(f"the schedule {text[:40]!r} is damaged: copy it whole from the report") from None
        if len(body) < 11 or struct.unpack(">H", body[-2:])[0] != zlib.crc32(body[:-2]) & 0xFFFF:
            raise Misuse(f"the schedule {text[:40]!r} is damaged: copy it whole from the report")
        major, minor, code, scenario = struct.unpack(">BBIH", body[:8])
        numbers = _Numbers(body[8:-2])
        places = [Place(numbers.fixed(), numbers.next()) for _ in range(numbers.next())]
        switches = []
        while numbers:
            thread, where, count, to = (numbers.next() for _ in range(4))
            switches.append(Switch(thread, places[where - 1] if where else None, count, to))
        schedule = Schedule(switches=tuple(switches))
        return cls(schedule=schedule, code=code, scenario=scenario, python=(major, minor))


def scenario_digest(name: str) -> int:
    """Two bytes that tell one scenario from another."""
    return zlib.crc32(name.encode("utf-8", "surrogatepass")) & 0xFFFF


def code_digest(code: CodeType) -> int:
    """Four bytes that change when the code does; nothing in them depends on the process or on where the file lies."""
    return _digest(code)


_MOST_DIGESTS = 20_000
_digests: dict[int, tuple[CodeType, int]] = {}


def _digest(code: CodeType) -> int:
    known = _digests.get(id(code))
    if known is not None:
        return known[1]
    state = hashlib.blake2b(digest_size=4)
    state.update(code.co_qualname.encode("utf-8", "surrogatepass"))
    state.update(code.co_code)
    for names in (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars):
        state.update("\0".join(names).encode("utf-8", "surrogatepass"))
    for constant in code.co_consts:
        state.update(_constant(constant))
    result = int.from_bytes(state.digest(), "big")
    if len(_digests) > _MOST_DIGESTS:
        _digests.clear()
    _digests[id(code)] = (code, result)  # the code is kept, so that its id stays its own
    return result


def _constant(constant: object) -> bytes:
    if isinstance(constant, CodeType):
        return code_digest(constant).to_bytes(4, "big")
    if isinstance(constant, frozenset):
        return b"".join(sorted(_constant(part) for part in constant))
    if isinstance(constant, tuple):
        return b"(" + b",".join(_constant(part) for part in constant) + b")"
    return f"{type(constant).__name__}:{constant!r}".encode("utf-8", "surrogatepass")


def digest_of_all(codes: set[CodeType] | frozenset[CodeType]) -> int:
    """One digest for a set of code objects, whatever their order."""
    return zlib.crc32(b"".join(sorted(code_digest(code).to_bytes(4, "big") for code in codes)))


def _append(body: bytearray, number: int) -> None:
    while number > 0x7F:
        body.append(number & 0x7F | 0x80)
        number >>= 7
    body.append(number)


class _Numbers:
    """Reads the numbers of a token's body one by one."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._body)

    def fixed(self) -> int:
        self._at += 4
        return int.from_bytes(self._body[self._at - 4 : self._at], "big")

    def next(self) -> int:
        number = shift = 0
        while True:
            if self._at >= len(self._body):
                raise Misuse("the schedule is damaged: copy it whole from the report")
            byte = self._body[self._at]
            self._at += 1
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number
