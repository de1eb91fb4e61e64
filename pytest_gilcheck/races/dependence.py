"""Whether a write depends on a read of the same location, by the source of the function that does both.

Control dependence: the read is in the condition of a branch or loop that the write is inside of, or that leaves the block
before the write. Data dependence: the read is part of the statement that writes, or names that are bound to what was read
reach it, without regard to the order of statements. What is spread over several functions cannot be told, and counts as
independent; so does all code without source.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from pytest_gilcheck.races.sites import Kind, Site
from pytest_gilcheck.races.statements import path

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)
# What these do is right whatever came in between.
_INDIFFERENT = frozenset({"setdefault", "discard"})
# Who catches one of these is ready for somebody who was faster.
_READY_FOR = frozenset(
    {"KeyError", "IndexError", "LookupError", "ValueError", "AttributeError", "RuntimeError", "Exception"}
)
_LONE_ADD = "add"


def depends(read: Site, write: Site) -> bool:
    """Whether what is written at ``write``, or that it is, depends on what was read at ``read``."""
    one, other = path(read), path(write)
    if read.code.co_filename != write.code.co_filename or not one or not other:
        return False
    function = _function(one)
    if function is not _function(other):
        return False
    if one[-1] is other[-1] or _statement(one) is _statement(other):
        return True
    if any(_decides(test, one) for test in _conditions(other)):
        return True
    names = _names(function, _statement(one), one)
    if not names:
        return False
    return _uses(_statement(other), names) or any(_uses(test, names) for test in _conditions(other))


def is_indifferent(write: Site) -> bool:
    """Whether the operation at ``write`` comes to the same if another thread was faster than the check before it."""
    around = path(write)
    call = next((node for node in reversed(around) if isinstance(node, ast.Call)), None)
    if write.kind is Kind.CALL:
        if write.name in _INDIFFERENT or (write.name == "pop" and call is not None and len(call.args) > 1):
            return True
        if write.name == _LONE_ADD and _is_all_of_a_branch(around):
            return True
    return write.kind in {Kind.CALL, Kind.DELETE_ITEM, Kind.DELETE_ATTR} and is_caught(write)


def is_caught(site: Site) -> bool:
    """Whether the code at ``site`` is inside of a ``try`` that catches what an unexpected state raises."""
    around = path(site)
    for outer, inner in pairwise(around):
        if isinstance(outer, ast.Try) and inner in outer.body and any(_catches(handler) for handler in outer.handlers):
            return True
        if isinstance(outer, ast.With) and inner in outer.body and any(_suppresses(item) for item in outer.items):
            return True
    return False


def constant(write: Site) -> tuple[type, object] | None:
    """What is stored at ``write``, if it is a constant."""
    statement = _statement(path(write))
    if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
        return type(statement.value.value), statement.value.value
    return None


def waits_for_ever(take: Site) -> bool:
    """Whether a lock is taken at ``take`` by a ``with`` statement or a call without arguments, such as a time-out."""
    if take.kind is not Kind.CALL or take.guarded:
        return True
    around = path(take)
    call = next((node for node in reversed(around) if isinstance(node, ast.Call)), None)
    return call is not None and not call.args and not call.keywords


def _function(around: list[ast.AST]) -> ast.AST:
    return next((node for node in reversed(around) if isinstance(node, _FUNCTIONS)), around[0])


def _statement(around: list[ast.AST]) -> ast.AST | None:
    return next((node for node in reversed(around) if isinstance(node, ast.stmt)), None)


def _decides(test: ast.AST, around: list[ast.AST]) -> bool:
    return any(node is test for node in around)


def _conditions(around: list[ast.AST]) -> Iterator[ast.AST]:
    """The conditions on which it depends whether the innermost node is reached, inside of its function."""
    start = max((number for number, node in enumerate(around) if isinstance(node, _FUNCTIONS)), default=0)
    for outer, inner in pairwise(around[start:]):
        if isinstance(outer, ast.If | ast.While | ast.IfExp) and inner is not outer.test:
            yield outer.test
        elif isinstance(outer, ast.For | ast.AsyncFor) and inner is not outer.iter:
            yield outer.iter
        elif isinstance(outer, ast.BoolOp):
            yield from outer.values[: outer.values.index(inner)] if inner in outer.values else ()
        yield from _left_before(outer, inner)


def _left_before(outer: ast.AST, inner: ast.AST) -> Iterator[ast.AST]:
    """The conditions of statements before ``inner``, in the same block, that may leave the block or keep from going on."""
    for block in (getattr(outer, name, None) for name in ("body", "orelse", "finalbody")):
        if not isinstance(block, list) or inner not in block:
            continue
        for statement in block[: block.index(inner)]:
            if isinstance(statement, ast.While) or (
                isinstance(statement, ast.If)
                and any(branch and isinstance(branch[-1], _LEAVES) for branch in (statement.body, statement.orelse))
            ):
                yield statement.test


def _names(function: ast.AST, statement: ast.AST | None, around: list[ast.AST]) -> set[str]:
    """The names of local variables that what was read can have got to."""
    names = {node.target.id for node in around if isinstance(node, ast.NamedExpr)}
    if statement is not None:
        names |= set(_bound(statement))
    bindings = [(node, set(_bound(node))) for node in ast.walk(function) if isinstance(node, ast.stmt)]
    bindings = [(node, bound) for node, bound in bindings if bound]
    while True:
        more = {name for node, bound in bindings if not bound <= names and _uses(_source(node), names) for name in bound}
        if more <= names:
            return names
        names |= more


def _bound(statement: ast.AST) -> Iterator[str]:
    """The local variables that a statement binds, without those in its body."""
    targets: list[ast.AST] = []
    if isinstance(statement, ast.Assign):
        targets = [*statement.targets]
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign | ast.For | ast.AsyncFor):
        targets = [statement.target]
    elif isinstance(statement, ast.With | ast.AsyncWith):
        targets = [item.optional_vars for item in statement.items if item.optional_vars is not None]
    for target in targets:
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id


def _source(statement: ast.stmt) -> ast.AST | None:
    """What the variables that a statement binds get their values from."""
    if isinstance(statement, ast.For | ast.AsyncFor):
        return statement.iter
    if isinstance(statement, ast.With | ast.AsyncWith):
        return statement.items[0].context_expr
    return statement


def _uses(node: ast.AST | None, names: set[str]) -> bool:
    if node is None:
        return False
    return any(
        isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load) and inner.id in names for inner in ast.walk(node)
    )


def _is_all_of_a_branch(around: list[ast.AST]) -> bool:
    """Whether the statement is all that a branch does: nothing else rests on the check."""
    statement = _statement(around)
    return any(isinstance(node, ast.If) and node.body == [statement] and not node.orelse for node in around)


def _catches(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    names = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}
    return bool(names & _READY_FOR) or "BaseException" in names


def _suppresses(item: ast.withitem) -> bool:
    names = [getattr(node, "id", getattr(node, "attr", None)) for node in ast.walk(item.context_expr)]
    return "suppress" in names
