# mypy: ignore-errors
# ruff: noqa: B019, B023, PIE800, PIE804, PLC3002, PLW0120, RUF012, RUF021, UP031, UP033, UP050
"""Functions with every construct that the rewriting has to get right; each ``do_`` function takes nothing."""

import asyncio
import contextlib
import functools


class Base:
    count = 0

    def __init__(self, start=0):
        self.count = start

    def add(self, amount=1, *more, key=0, **named):
        self.count += amount + sum(more) + key
        return self.count


class Derived(Base):
    def add(self, *amounts, **named):
        return super().add(*amounts, **named) + super().count_of

    @property
    def own(self):
        return __class__.__name__


Base.count_of = 100


class Manager:
    def __init__(self, swallow=False):
        self.swallow, self.log = swallow, []

    def __enter__(self):
        self.log.append("in")
        return self

    def __exit__(self, kind, error, tb):
        self.log.append(kind and kind.__name__)
        return self.swallow

    async def __aenter__(self):
        return self.__enter__()

    async def __aexit__(self, *error):
        return self.__exit__(*error)


def do_methods():
    thing = Derived(2)
    out = [thing.add(), thing.add(1, 2), thing.add(key=3), thing.add(*[1, 2], **{"key": 4}), thing.own]
    bound = thing.add
    out.append(bound(5))
    out.append("a-b".upper().split("-"))
    out.append((lambda *a, **k: (a, k))(1, *(2, 3), x=1, **{"y": 2}))
    return out


def do_with():
    out = []
    with Manager() as one, Manager(True) as two:
        out.append(one)
        raise ValueError("swallowed")
    for n in range(3):
        with contextlib.suppress(KeyError), Manager() as three:
            if n == 1:
                continue
            if n == 2:
                break
            {}[n]
    out.append(three.log)
    return [len(out), one.log, two.log]


def do_nested():
    out = []
    for n in range(6):
        try:
            try:
                if n == 1:
                    continue
                if n == 4:
                    break
                out.append(10 // (n - 2))
            except ZeroDivisionError as error:
                out.append(str(error))
                raise KeyError(n) from error
            else:
                out.append("else")
            finally:
                out.append("finally")
        except KeyError as error:
            out.append(repr(error.__cause__))
    else:
        out.append("never")
    try:
        raise ExceptionGroup("g", [ValueError(1), TypeError(2)])
    except* ValueError as group:
        out.append(len(group.exceptions))
    except* TypeError:
        out.append("type")
    return out


def do_raise():
    values = {"a": [1]}
    total = values["a"][0] + 1
    return total + values["b"].missing(
        1,
        2,
    )


def do_assert():
    value = [1, 2]
    assert value, "fine"
    assert not value, f"not fine: {value!r:>10}"


def do_generators():
    def inner(n):
        got = yield n
        while got:
            got = yield got * 2
        return "done"

    def outer():
        result = yield from inner(1)
        yield result
        yield from (x for x in range(2))

    g = outer()
    out = [next(g), g.send(3), g.send(4), g.send(0), *g]
    h = inner(5)
    next(h)
    h.close()
    try:
        k = inner(1)
        next(k)
        k.throw(KeyError("thrown"))
    except KeyError as error:
        out.append(str(error))
    return out


def do_async():
    async def numbers(n):
        for i in range(n):
            await asyncio.sleep(0)
            yield i

    async def main():
        out = [sum([i async for i in numbers(j)]) for j in (2, 3)]
        async with Manager(True) as manager:
            out.append({i async for i in numbers(2)})
            raise ValueError
        out.append(manager.log)
        async for i in numbers(3):
            if i == 1:
                continue
            out.append(i)
        else:
            out.append("else")
        return out

    return asyncio.run(main())


def do_match():
    def kind(value):
        match value:
            case {"k": [first, *rest], **others}:
                return first, rest, others
            case [1, 2] | [2, 1]:
                return "pair"
            case Base(count=5):
                return "five"
            case str() as text if text:
                return text
            case (None, True):
                return "constants"
            case _:
                return "nothing"

    values = [{"k": [1, 2, 3], "z": 0}, [2, 1], Base(5), "text", "", (None, True), 7]
    return [kind(value) for value in values]


def do_comprehensions():
    k = 3
    table = {a: [b * k for b in range(a)] for a in range(4) if a % 2}
    makers = [lambda: (i, k) for i in range(3)]
    flat = sorted({x for row in table.values() for x in row}, key=lambda x: -x)
    return table, [m() for m in makers], flat, sum(x * y for x in range(3) for y in range(x)), list(map(str, flat))


def do_closures():
    count = 0

    def add(n=1):
        nonlocal count
        count += n

        def show():
            return count, n

        return show

    shows = [add(), add(2)]
    del add
    return [show() for show in shows], count


def do_classes():
    def mark(*labels, **named):
        def decorate(target):
            target.labels = labels, named
            return target

        return decorate

    @mark(1, x=2)
    class Inner(Base, metaclass=type):
        limit = 3
        values = [_ for _ in range(limit) if _]

        @functools.lru_cache(maxsize=None)
        @mark("m")
        def method(self, a, /, b: int = 1, *, c=2):
            return a, b, c, self.limit

        @staticmethod
        def fixed(*rest):
            return rest

    thing = Inner(1)
    return Inner.labels, Inner.values, thing.method(1, c=5), thing.fixed(*"ab"), Inner.method.__wrapped__.labels


def do_operators():
    a, b = [1, 2, 3], 2
    a += [4]
    a *= 2
    a[1:3] = [9]
    a[0] += 5
    a[-1], *rest = first, last = a[::-1][:2]
    del a[2], last, first
    x = y = b**2 % 3 // 1 - -1
    text = f"{a!r:>20}|{b:0{x}d}|{a[0]=}|{'%s' % b}"
    checks = 1 < b < 3, b not in a, a is not rest, not a, a and b or x, b if a else x, (z := 4) + z
    return a, rest, x, y, text, checks, {**{"q": 1}, "r": 2}, [*a, *rest], {*"abc"} - {"b"}, ~b | 1 & 3 ^ 2


def do_loops():
    out = []
    n = 0
    while True:
        n += 1
        if n % 2:
            continue
        for letter in "abc":
            if letter == "b":
                break
            out.append((n, letter))
        else:
            out.append("never")
        if n > 6:
            break
    while n:
        n -= 1
    else:
        out.append(n)
    return out
