"""Run as a program: work of the standard library, with its modules instrumented or plain; prints what came out."""

from __future__ import annotations

import sys
from importlib.machinery import SourceFileLoader
from types import CodeType
from typing import Any


def load(instrumenting: bool) -> None:
    """Let what is imported from now on be compiled from its source, and instrumented."""
    from pytest_gilcheck.races.bytecode import instrument
    from unit.races.bytecode.hooks import silent

    def get_code(self: SourceFileLoader, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        code: CodeType = compile(self.get_data(path), path, "exec", dont_inherit=True)
        return instrument(code, silent) if instrumenting else code

    SourceFileLoader.get_code = get_code  # type: ignore[assignment,method-assign]
    # What is imported already is left, except for what the work is about.
    for name in list(sys.modules):
        if name.split(".")[0] in {"ast", "argparse", "contextlib", "dataclasses", "inspect", "json", "textwrap", "tokenize"}:
            del sys.modules[name]


def texts() -> Any:
    import difflib
    import string
    import textwrap

    text = textwrap.dedent("  one two three\n  four five six seven\n") * 3
    lines = textwrap.fill(text, 14).splitlines()
    changed = [line.replace("five", "5") for line in lines]
    return list(difflib.unified_diff(lines, changed)), string.Template("$a ${b}").substitute(a=1, b=2)


def data() -> Any:
    import csv
    import io
    import json.decoder
    import json.encoder
    import json.scanner

    json.scanner.make_scanner = json.scanner.py_make_scanner  # type: ignore[attr-defined,misc]
    json.encoder.c_make_encoder = None  # type: ignore[attr-defined]
    value = {"a": [1, 2.5, None, True, {"b": "\u00e9\n"}], "c": []}
    written = json.encoder.JSONEncoder(indent=1, sort_keys=True).encode(value)
    read = json.decoder.JSONDecoder().decode(written)
    out = io.StringIO()
    rows = csv.DictWriter(out, ["x", "y"])
    rows.writeheader()
    rows.writerows({"x": n, "y": f"{n},"} for n in range(3))
    return written, read == value, list(csv.DictReader(io.StringIO(out.getvalue())))


def code() -> Any:
    import ast
    import inspect
    import io
    import tokenize

    with open(textwrap_file(), encoding="utf-8") as file:
        source = file.read()
    tree = ast.parse(source)
    tokens = [(token.type, token.string) for token in tokenize.generate_tokens(io.StringIO(source[:3000]).readline)]
    return ast.unparse(tree), ast.dump(tree)[:2000], tokens, str(inspect.signature(textwrap_file))


def textwrap_file() -> str:
    import textwrap

    return textwrap.__file__


def numbers() -> Any:
    import _pydecimal
    import fractions
    import heapq
    import statistics

    with _pydecimal.localcontext() as context:
        context.prec = 40
        root = str(_pydecimal.Decimal(2).sqrt() + _pydecimal.Decimal(1) / 7)
    mean = statistics.fmean(range(9)), statistics.median([3, 1, 2]), str(fractions.Fraction("3/7") ** 3)
    return root, mean, list(heapq.merge([1, 4], [2, 3])), heapq.nsmallest(2, [5, 3, 9], key=lambda n: -n)


def objects() -> Any:
    import argparse
    import collections
    import contextlib
    import dataclasses
    import functools

    @dataclasses.dataclass(order=True, frozen=True)
    class Point:
        x: int
        y: int = dataclasses.field(default=2, compare=False)

    parser = argparse.ArgumentParser(prog="p")
    parser.add_argument("--n", type=int, default=3)
    parser.add_argument("rest", nargs="*")
    with contextlib.ExitStack() as stack, contextlib.suppress(ZeroDivisionError):
        stack.callback(lambda: None)
        raise ZeroDivisionError
    chain = collections.ChainMap({"a": 1}, {"b": 2})
    dispatch = functools.singledispatch(lambda value: "other")
    dispatch.register(int, lambda value: "int")
    points = sorted([Point(3), Point(1, 5)]), dataclasses.asdict(Point(1))
    return repr(points), vars(parser.parse_args(["--n", "4", "q"])), parser.format_help(), dict(chain), dispatch(1)


def tasks() -> Any:
    import asyncio
    import concurrent.futures
    import queue
    import threading

    async def produce(channel: Any) -> None:
        for n in range(5):
            await channel.put(n)
        await channel.put(None)

    async def consume(channel: Any) -> list[int]:
        return [n async for n in values(channel) if n % 2 == 0]

    async def values(channel: Any) -> Any:
        while (n := await channel.get()) is not None:
            yield n

    async def both() -> Any:
        channel: Any = asyncio.Queue(maxsize=2)
        return await asyncio.gather(produce(channel), consume(channel))

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        squares = list(pool.map(lambda n: n * n, range(20)))
    jobs: queue.Queue[int] = queue.Queue()
    workers = [threading.Thread(target=lambda: jobs.put(jobs.get() + 1)) for _ in range(3)]
    jobs.put(0)
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return asyncio.run(both()), squares, jobs.get()


if __name__ == "__main__":
    load(sys.argv[1] == "instrumented")
    for work in (texts, data, code, numbers, objects, tasks):
        print(work.__name__, work())
