"""The workloads of the gate trial: bodies of a few kinds that take 5 to 40 ms, and real changes for the worse to some."""

from __future__ import annotations

from collections.abc import Mapping

_HEAD = """\
import array, bisect, bz2, collections, decimal, fractions, functools, hashlib, heapq, hmac, itertools, json, lzma, os, queue
import random, re, select, socket, string, struct, textwrap, threading, time, zlib

import pytest

pytestmark = pytest.mark.gilcheck_scaling

DATA = random.Random(0).randbytes(16_000_000)
TEXT = " ".join(random.Random(1).choices(["alpha", "beta", "gamma", "delta"], k=40_000))
PACKED = zlib.compress(DATA[:4_000_000], 0)
LOCK, RLOCK, ONE, CONDITION = threading.Lock(), threading.RLock(), threading.Semaphore(1), threading.Condition()
SILENT, _open_end = os.pipe()
NUMBERS = random.Random(2).sample(range(10**6), 60_000)


class Point:
    def __init__(self, x):
        self.x = x

    def moved(self, by):
        return Point(self.x + by)


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def loop(n):
    return sum(i & 3 for i in range(n))


def hold(n):
    return pow(3, n) % 7  # one C call that keeps the GIL
"""

_COMPUTES = {
    "generator_sum": "loop(300_000)",
    "for_loop": "total = 0\nfor i in range(300_000): total += i & 7",
    "comprehension": "[i * i for i in range(200_000)]",
    "dictionary": "{str(i): i for i in range(60_000)}",
    "objects": "p = Point(0)\nfor _ in range(50_000): p = p.moved(1)",
    "recursion": "fibonacci(24)",
    "formatting": "[f'{i:08d}-{i!r}' for i in range(40_000)]",
    "fractions": "sum((fractions.Fraction(1, i) for i in range(1, 2_500)), fractions.Fraction())",
    "sort_by_key": "sorted(NUMBERS, key=lambda n: -n)",
    "heap": "h = []\nfor n in NUMBERS[:30_000]: heapq.heappush(h, n)\nwhile h: heapq.heappop(h)",
    "json_there_and_back": "json.loads(json.dumps([{'a': i, 'b': str(i)} for i in range(12_000)]))",
    "words": "collections.Counter(re.findall(r'[a-z]+', TEXT))",
    "power": "hold(300_000)",
    "sort_in_c": "sorted(NUMBERS); sorted(NUMBERS)",
}

_RELEASES = {
    "sha256": "hashlib.sha256(DATA).digest()",
    "sha512": "hashlib.sha512(DATA[:8_000_000]).digest()",
    "md5": "hashlib.md5(DATA[:8_000_000]).digest()",
    "blake2b": "hashlib.blake2b(DATA).digest()",
    "sha3": "hashlib.sha3_256(DATA[:5_000_000]).digest()",
    "pbkdf2": "hashlib.pbkdf2_hmac('sha256', b'secret', b'salt', 25_000)",
    "scrypt": "hashlib.scrypt(b'secret', salt=b'salt', n=4096, r=8, p=1)",
    "hmac": "hmac.new(b'key', DATA, 'sha256').digest()",
    "compress": "zlib.compress(DATA[:800_000], 6)",
    "crc32": "for _ in range(2): zlib.crc32(DATA)",
    "bz2": "bz2.compress(DATA[:200_000])",
    "lzma": "lzma.compress(DATA[:60_000], preset=1)",
}

_WAITS = {
    "sleep": "time.sleep(0.02)",
    "short_sleeps": "for _ in range(10): time.sleep(0.002)",
    "select": "select.select([SILENT], [], [], 0.02)",
    "event": "threading.Event().wait(0.02)",
    "queue": "with pytest.raises(queue.Empty): queue.Queue().get(timeout=0.02)",
    "condition": "c = threading.Condition()\nwith c: c.wait(0.02)",
    "socket": "a, b = socket.socketpair(); a.settimeout(0.02)\nwith a, b, pytest.raises(TimeoutError): a.recv(1)",
}

_LOCKS = {
    "lock_around_sleep": "with LOCK: time.sleep(0.01)",
    "lock_around_hash": "with RLOCK: hashlib.sha256(DATA[:8_000_000]).digest()",
    "semaphore_of_one": "with ONE: time.sleep(0.01)",
    "lock_around_compress": "with CONDITION: zlib.compress(DATA[:600_000], 6)",
}

_MIXED = {
    "half_hash": "loop(150_000); hashlib.sha256(DATA[:10_000_000]).digest()",
    "mostly_hash": "loop(40_000); hashlib.sha256(DATA).digest()",
    "mostly_loop": "loop(250_000); hashlib.sha256(DATA[:3_000_000]).digest()",
    "half_sleep": "loop(150_000); time.sleep(0.01)",
    "mostly_sleep": "loop(20_000); time.sleep(0.03)",
    "hash_and_sleep": "hashlib.sha256(DATA[:8_000_000]).digest(); time.sleep(0.01)",
    "small_hashes": "for i in range(0, 8_000_000, 80_000): hashlib.sha256(DATA[i:i + 80_000]).digest()",
    "pieces": "for _ in range(10): loop(10_000); zlib.crc32(DATA[:4_000_000])",
}

#: The body of each workload by its name.
WORKLOADS: dict[str, str] = {**_COMPUTES, **_RELEASES, **_WAITS, **_LOCKS, **_MIXED}

#: Real changes for the worse: what was done to a workload, and its body then.
CHANGES: dict[str, tuple[str, str]] = {
    "sha256": ("native code became a loop", "loop(300_000)"),
    "crc32": ("native code became a loop", "total = 0\nfor i in range(300_000): total = (total * 31 + i) & 0xffff"),
    "pbkdf2": ("native code became objects", "p = Point(0)\nfor _ in range(50_000): p = p.moved(1)"),
    "blake2b": ("a lock was added", "with LOCK: hashlib.blake2b(DATA).digest()"),
    "sleep": ("a lock was added", "with LOCK: time.sleep(0.02)"),
    "compress": ("a lock was added", "with RLOCK: zlib.compress(DATA[:800_000], 6)"),
    "sha512": (
        "a call that holds the GIL was inserted",
        "hashlib.sha512(DATA[:8_000_000]).digest(); hold(160_000); hold(160_000)",
    ),
    "event": ("a call that holds the GIL was inserted", "threading.Event().wait(0.02); hold(300_000); hold(300_000)"),
    "md5": (
        "a call that holds the GIL was inserted",
        "hashlib.md5(DATA[:4_000_000]).digest(); sorted(NUMBERS); sorted(NUMBERS)",
    ),
    "hmac": ("half of it became a loop", "hmac.new(b'key', DATA[:8_000_000], 'sha256').digest(); loop(150_000)"),
    "bz2": ("half of it became a loop", "bz2.compress(DATA[:100_000]); loop(150_000)"),
    "select": ("half of it became a loop", "select.select([SILENT], [], [], 0.01); loop(150_000)"),
}


def source(bodies: Mapping[str, str]) -> str:
    """A test file with a test for each body."""
    tests = []
    for name, body in bodies.items():
        lines = "\n".join(f"    {line}" for line in body.splitlines())
        tests.append(f"def test_{name}():\n{lines}\n")
    return "\n\n".join([_HEAD, *tests])
