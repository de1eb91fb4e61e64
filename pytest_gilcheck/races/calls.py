"""The hook of a call: what is known of the callable decides what is called in its place."""

from __future__ import annotations

import _queue
import builtins
import logging
import sys
import threading
import types
import warnings
from _thread import get_ident
from array import array
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from functools import partial
from typing import Any

from pytest_gilcheck.races import caching, callbacks, library, operations, preparing, primitives, targets
from pytest_gilcheck.races.classes import bases
from pytest_gilcheck.races.primitives import filters
from pytest_gilcheck.races.run import NOTHING, run
from pytest_gilcheck.races.sites import Hook, Kind, Site

Handler = Callable[..., Any]

_FUNCTIONS: dict[int, Handler] = primitives.FUNCTIONS
_PYTHON = types.FunctionType
_METHOD = types.MethodType
#: By the ids of types, as everywhere here. Methods of types that are made from a specification have a type of their own.
BUILTINS = frozenset(map(id, (types.BuiltinMethodType, type(_queue.SimpleQueue().get))))
#: Methods in C that are called with their object as the first argument.
UNBOUND = frozenset(map(id, (types.MethodDescriptorType, types.WrapperDescriptorType, types.ClassMethodDescriptorType)))
#: What exec, eval and compile are replaced by; set by the engine, which has the rewriter.
dynamic: dict[int, Handler] = {}
_LOGS = {id(vars(logging.Logger)[name]) for name in ("critical", "error", "exception", "warning", "log")}
_OF_FRAMES = frozenset(id(f) for f in (warnings.warn, vars, dir, locals, globals, super, breakpoint, sys._getframe))
_MOST_REMEMBERED = 20_000
# Code objects of functions, and callables, that are called as they are.
_plain_codes: dict[int, types.CodeType] = {}
_harmless: dict[int, Any] = {}
_FIXED = frozenset(map(id, (types.BuiltinFunctionType, type)))
#: Types all of which is one location, and that have no attributes: what is called on one of them touches nothing else.
CONTAINERS = frozenset(map(id, (list, dict, set, deque, bytearray, OrderedDict, defaultdict, array)))
_EXEC = {id(builtins.exec), id(builtins.eval)}


def forget() -> None:
    """What is known of functions no longer holds: another exploration has to see them first."""
    _plain_codes.clear()
    _harmless.clear()


def make(site: Site) -> Hook:  # noqa: C901 - the hot path: a call costs more than a branch
    """The hook of the call at ``site``."""
    # The type and name of the method of a C type that was called here last, and what is known of it.
    owned: Any = None
    method = ""
    handler: Handler | None = None
    # The object that it was a method of, if that is all that the method uses, and the thread has it to itself.
    last = 0
    noted: Any = NOTHING
    # The function or class of a C module that was called here last, and what is called in its place.
    function: Any = None
    instead: Any = None
    hidden = targets.is_hidden(site)
    site.quiet = hidden and (site.code.co_qualname, site.name) in library.CLOSED_QUIET

    def hook(f: Any) -> Any:  # noqa: C901, PLR0912 - see above
        nonlocal owned, method, handler, last, noted, function, instead
        kind = type(f)
        if kind is _PYTHON:
            return f if id(f.__code__) in _plain_codes else _python(site, f, f)
        if kind is _METHOD:
            own = f.__func__
            if type(own) is _PYTHON and id(own.__code__) in _plain_codes:
                return f
            return _python(site, f, own)
        if f is function and run.current == get_ident():
            return instead
        if id(f) in _harmless:
            return f
        if id(kind) not in BUILTINS:
            found = _unlike(site, f, kind)
            if hidden and found is f and run.current == get_ident():
                function = instead = f
            return found
        owner = f.__self__
        if id(owner) == last and noted.threads == run.bit and f.__name__ == method:
            run.progress += 1
            return f
        if run.current != get_ident() and run.stranger(site):
            return f
        if owner is None or type(owner) is types.ModuleType:
            found = _other(site, f)
            if (type(found) is partial and found.func in _LASTING) or (hidden and found is f):
                function, instead = f, found
            return found
        name = f.__name__
        if type(owner) is not owned or name != method:
            owned, method, last = type(owner), name, 0
            handler = _handler(owned, name)
        if handler is not None:
            return f if handler is primitives.PRIVATE else partial(handler, site, f, owner)
        if hidden:
            return f
        operation = operations.lookup(f) if run.recording else None
        if operation is None:
            return f
        if not site.hot and operation.of_first and _is_private(owner):
            # Nobody else has it: neither the key nor the moment makes a difference.
            noted = run.touch(site, owner, None, any(use.write or use.fills for use in operation.uses))
            last = id(owner)
            return f
        if operation.of_whole and id(owned) in CONTAINERS and not run.aliases:
            return partial(_use_owner, site, f, owner, operation.uses[0].write)
        return partial(_operate, site, f, operation)

    return hook


def _unlike(site: Site, f: Any, kind: type) -> Any:
    """A callable that is neither Python nor a bound method in C."""
    if run.current != get_ident() and run.stranger(site):
        return f
    if id(kind) in UNBOUND:
        handler = _handler(f.__objclass__, f.__name__)
        if handler is not None:
            return partial(_unbound, handler, site, f)
    return _other(site, f)


def _is_private(target: object) -> bool:
    """Whether no thread but the one that runs was seen to use it."""
    record = run.accesses.table.get(id(target))
    return (record is None or record.threads == run.bit) and id(target) not in run.aliases


_BODY = Site(code=threading.Thread.run.__code__, offset=0, line=None, kind=Kind.CALL, name="the body of a thread")


def watched(f: Callable[[], Any]) -> Callable[[], Any]:
    """``f`` as the body of a thread: if it is no Python, what it does is seen all the same."""
    if type(f) is _PYTHON or type(f) is _METHOD:
        return f
    hook = make(_BODY)

    def body() -> Any:
        return hook(f)()

    return body


def _python(site: Site, f: Any, function: Any) -> Any:
    """A function or method in Python: nearly always called as it is, since its own code is watched."""
    handler = _FUNCTIONS.get(id(function))
    if handler is None:
        if type(function) is caching.CACHED:
            preparing.callee(function)
            return partial(caching.call, site, function, f.__self__)
        if type(function) is not _PYTHON:
            return f  # a method made of anything callable
        if id(function.__code__) not in preparing.known:
            preparing.function(function)
        if run.stopping and id(function) in _LOGS and run.mine():
            return _nothing  # what somebody wants to say about being stopped
        operation = operations.lookup(f) if run.recording else None
        if operation is None and run.recording and id(function) not in _LOGS:
            _remember(_plain_codes, function.__code__)
        if operation is None or (run.current != get_ident() and run.stranger(site)):
            return f
        return partial(_operate, site, f, operation)
    if run.current != get_ident() and run.stranger(site):
        return f
    return partial(_plain, handler, site, f) if f is function else partial(handler, site, f, f.__self__)


# The type itself is kept, so that its id stays its own.
_handlers: dict[tuple[int, str], tuple[type, Handler | None]] = {}
_MODELS: dict[tuple[int, str], Handler] = {(id(kind), name): handler for (kind, name), handler in primitives.METHODS.items()}


def _handler(kind: type, name: str) -> Handler | None:
    """The model of method ``name`` of objects of a type in C."""
    try:
        return _handlers[id(kind), name][1]
    except KeyError:
        handler = next((_MODELS[id(base), name] for base in bases(kind) if (id(base), name) in _MODELS), None)
        _handlers[id(kind), name] = kind, handler
        return handler


def _other(site: Site, f: Any) -> Any:
    """A callable that is no primitive: it may still read or write what threads share."""
    number = id(f)
    handler = _FUNCTIONS.get(number) or primitives.in_order(site, f)
    if handler is not None:
        return partial(handler, site, f, None)
    if number in _EXEC and dynamic:
        return partial(dynamic[number], f)
    preparing.callee(f)
    if targets.is_hidden(site):
        return f
    if id(type(f)) in _FIXED and number not in _OF_FRAMES and operations.lookup(f) is None:
        _remember(_harmless, f)
        return f
    if not run.recording:
        return f
    if type(f) is caching.CACHED:
        return partial(caching.call, site, f)
    if number in _OF_FRAMES:
        return _of_frames(site, f)
    operation = operations.lookup(f)
    return f if operation is None else partial(_way_of(f, operation), site, f, operation)


def _way_of(f: Any, operation: operations.Operation) -> Callable[..., Any]:
    """The cheapest way to note what a call of ``f`` uses."""
    if type(f) is types.MethodWrapperType:
        return _operate
    if operation.of_first:
        return _operate_first
    return _operate_on_arguments if operation.of_arguments else _operate


def _remember(known: dict[int, Any], thing: Any) -> None:
    """The thing itself is kept, so that its id stays its own."""
    if len(known) > _MOST_REMEMBERED:
        known.clear()
    known[id(thing)] = thing


def _use_owner(site: Site, f: Any, owner: Any, write: bool, *args: Any, **kwargs: Any) -> Any:
    """A method that reads or writes all of its owner, a container in C, and nothing else."""
    __tracebackhide__ = True
    if (run.current == get_ident() or run.mine()) and run.recording:
        run.touch(site, owner, None, write)
        if site.hot and kwargs:
            args, kwargs = callbacks.stepping(f, args, kwargs, partial(touch_all, site, [(owner, None, write)]))
    return f(*args, **kwargs)


def _operate_first(site: Site, f: Any, operation: operations.Operation, *args: Any, **kwargs: Any) -> Any:
    """An operation that uses its first argument alone, which often is nothing that threads share."""
    __tracebackhide__ = True
    if args:
        target = args[0]
        if id(type(target)) in operations.SCALAR_IDS:
            return f(*args, **kwargs)
        record = run.accesses.table.get(id(target))
        if record is not None and record.threads == run.bit and not site.hot:
            whole = record.whole
            write = operation.uses[0].write
            if whole is not None and site in whole.sites and (whole.wrote or not write):
                run.progress += write
                return f(*args, **kwargs)
        if operation.of_whole and id(type(target)) in CONTAINERS and not run.aliases:
            return _use_owner(site, f, target, operation.uses[0].write, *args, **kwargs)
    return _operate(site, f, operation, *args, **kwargs)


def _operate_on_arguments(site: Site, f: Any, operation: operations.Operation, *args: Any, **kwargs: Any) -> Any:
    """An operation that uses its arguments alone, which often are nothing that threads share."""
    __tracebackhide__ = True
    if not kwargs:
        for argument in args:
            if id(type(argument)) not in operations.SCALAR_IDS:
                break
        else:
            return f(*args)
    return _operate(site, f, operation, *args, **kwargs)


#: What may be called in place of a function in C as long as there is such a function: these ask when they are called
#: whether accesses are recorded.
_LASTING = frozenset({_operate_first, _operate_on_arguments})


def _of_frames(site: Site, f: Any) -> Any:
    """A function that looks at its caller's frame: it has to be called from there, so what it uses is noted before."""
    if f is builtins.vars:
        return partial(_vars, site)
    operation = operations.lookup(f)
    if operation is not None and f is warnings.warn:
        touch_all(site, operations.accesses(operation, (), {}))
        filters.wait()
    return f


def _vars(site: Site, *owners: Any) -> Any:
    __tracebackhide__ = True
    if not owners:
        return sys._getframe(1).f_locals
    if run.mine():
        targets.alias(owners[0])
        if run.recording:
            run.touch(site, owners[0], None, False)
    return vars(*owners)


def _operate(site: Site, f: Any, operation: operations.Operation, *args: Any, **kwargs: Any) -> Any:
    __tracebackhide__ = True
    if run.mine() and run.recording:
        accesses = operations.accesses(operation, operations.operands_of(f, args), kwargs)
        touch_all(site, accesses)
        if site.hot:
            args, kwargs = callbacks.stepping(f, args, kwargs, partial(touch_all, site, accesses))
    return f(*args, **kwargs)


def touch_all(site: Site, accesses: list[tuple[Any, Any, bool]]) -> None:
    """Several locations in one operation: one passage, all of them noted."""
    if not accesses:
        return
    if accesses[0][1] == "__dict__":
        targets.alias(accesses[0][0])
        return
    if not site.guarded:
        for target, key, _write in accesses:
            if targets.is_guarded(type(target)):
                targets.expose(target, key)
    first, *others = [targets.located(*access) for access in accesses]
    run.touch(site, *first)
    for other in others:
        run.touch_more(site, *other)


def _nothing(*_: Any, **__: Any) -> None:
    """Called in place of what is to be left out."""


def _plain(handler: Handler, site: Site, f: Any, *args: Any, **kwargs: Any) -> Any:
    """A Python function that is a primitive, called with its owner as first argument."""
    __tracebackhide__ = True
    if args:
        owner, *rest = args
        return handler(site, partial(f, owner), owner, *rest, **kwargs)
    return handler(site, f, None, **kwargs)


def _unbound(handler: Handler, site: Site, f: Any, owner: Any, *args: Any, **kwargs: Any) -> Any:
    __tracebackhide__ = True
    return handler(site, partial(f, owner), owner, *args, **kwargs)
