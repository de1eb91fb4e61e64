"""Statements of a source file: which one an instruction belongs to, and what is around it."""

from __future__ import annotations

import ast
import linecache
from itertools import islice
from typing import Any

from pytest_gilcheck.races.sites import Site

# So many files are remembered at most; those of one test are few.
_MOST_FILES = 64
# From a line and a column, in bytes, to another.
_Extent = tuple[tuple[int, int], tuple[int, int]]
_parsed: dict[str, tuple[list[str], ast.Module | None]] = {}


def tree_of(file: str) -> ast.Module | None:
    """The syntax tree of ``file`` as ``linecache`` has it; ``None`` if there is no source or it cannot be parsed."""
    lines = linecache.getlines(file)
    known = _parsed.get(file)
    if known is None or known[0] != lines:
        if len(_parsed) >= _MOST_FILES:
            _parsed.clear()
        known = _parsed[file] = lines, _parse(lines)
    return known[1]


def _parse(lines: list[str]) -> ast.Module | None:
    try:
        return ast.parse("".join(lines)) if lines else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def path(site: Site) -> list[ast.AST]:
    """The nodes around the instruction of ``site``, outermost first; empty where the source does not tell."""
    tree = tree_of(site.code.co_filename)
    position = next(islice(site.code.co_positions(), site.offset // 2, None), None)
    if tree is None or position is None:
        return []
    line, end_line, column, end_column = position
    if line is None or end_line is None or column is None or end_column is None:
        return []
    found = _around(tree, ((line, column), (end_line, end_column)))
    if isinstance(found[-1], ast.If | ast.While):  # what the jump of a branch uses, in Python 3.11
        found.append(found[-1].test)
    return found


def physical_lines(file: str, line: int) -> range:
    """The lines of the statement at ``line``; of one that has a body those of its head. Without source it is that line."""
    tree = tree_of(file)
    alone = range(line, line + 1)
    if tree is None:
        return alone
    best = alone
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt | ast.ExceptHandler):
            lines = _head(node)
            if line in lines:
                best = lines
    return best


def _head(node: ast.stmt | ast.ExceptHandler) -> range:
    """The lines of a statement without its body."""
    end = node.end_lineno or node.lineno
    body = getattr(node, "body", None) or getattr(node, "cases", None)
    if body:
        first = body[0].pattern if isinstance(body[0], ast.match_case) else body[0]
        end = max(node.lineno, first.lineno - 1)
    return range(node.lineno, end + 1)


def _around(node: ast.AST, extent: _Extent) -> list[ast.AST]:
    """``node`` and those in it that contain ``extent``."""
    found = [node]
    while True:
        inner = next((child for child in _located(found[-1]) if _contains(child, extent)), None)
        if inner is None:
            return found
        found.append(inner)


def _located(node: ast.AST) -> list[ast.AST]:
    """The nearest nodes inside of ``node`` that have a position: arguments, comprehensions and the like have none."""
    found: list[ast.AST] = []
    for child in ast.iter_child_nodes(node):
        found += [child] if hasattr(child, "lineno") else _located(child)
    return found


def _contains(node: Any, extent: _Extent) -> bool:
    start, end = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
    return bool(start <= extent[0] and extent[1] <= end)
