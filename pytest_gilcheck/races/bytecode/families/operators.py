"""Binary operators, plain and in place, and comparisons; not where a constant rules out that a container is read."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_gilcheck.races.bytecode.hookcalls import Want, looking
from pytest_gilcheck.races.bytecode.reading import Instructions
from pytest_gilcheck.races.bytecode.versions import BINARY_OPERATORS, COMPARISONS, LAYOUT
from pytest_gilcheck.races.sites import Kind

_BOTH = looking(2, 1)

_Types = tuple[type, ...]
_NUMBERS: _Types = (int, float, complex)
_ATOMS: _Types = (*_NUMBERS, str, type(None))

# By operator: the types of a constant right operand with which the left one is no container, or is not read. A list
# times a number is a list, and "@" belongs to arrays.
_HARMLESS: dict[str, _Types] = dict.fromkeys(("-", "/", "//", "%", "**", "<<", ">>", "&", "|", "^"), _NUMBERS)
_HARMLESS["+"] = (*_NUMBERS, str)
_HARMLESS |= {f"{symbol}=": _NUMBERS for symbol in _HARMLESS}
_HARMLESS |= dict.fromkeys(("<", "<=", ">", ">="), _NUMBERS) | dict.fromkeys(("==", "!="), _ATOMS)

_SUBSCRIPT = BINARY_OPERATORS.index("[]")
_FIRST_IN_PLACE = len(BINARY_OPERATORS) // 2
_OPERATOR_TYPES = [_HARMLESS.get(symbol, ()) for symbol in BINARY_OPERATORS]
_COMPARISON_TYPES = [_HARMLESS[symbol] for symbol in COMPARISONS]


def _operator(instructions: Instructions, i: int) -> Sequence[Want]:
    operator = instructions.args[i]
    if operator == _SUBSCRIPT or isinstance(instructions.constant_before(i), _OPERATOR_TYPES[operator]):
        return ()
    return (Want(Kind.INPLACE if operator >= _FIRST_IN_PLACE else Kind.OPERATE, None, _BOTH, i),)


def _comparison(instructions: Instructions, i: int) -> Sequence[Want]:
    comparison = instructions.args[i] >> LAYOUT.comparison_shift
    if isinstance(instructions.constant_before(i), _COMPARISON_TYPES[comparison]):
        return ()
    return (Want(Kind.OPERATE, None, _BOTH, i),)


PLANS = {"BINARY_OP": _operator, "COMPARE_OP": _comparison}
