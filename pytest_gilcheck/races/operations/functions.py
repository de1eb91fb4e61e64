"""What the functions of C modules that work on their arguments do: built-ins, operators, itertools, heaps, serialisers."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Final

from pytest_gilcheck.races.operations.locations import IMPORT_SYSTEM, STDIN, STDOUT
from pytest_gilcheck.races.operations.model import (
    ALL,
    ALL_ATTRIBUTES,
    GET_ATTRIBUTE,
    GET_ITEM,
    NOTHING,
    READ,
    READ_ALL,
    READ_DEEP,
    SET_ATTRIBUTE,
    SET_ITEM,
    WRITE_OTHERS,
    Access,
    Operation,
    Use,
)
from pytest_gilcheck.races.operations.natures import Nature, nature_of
from pytest_gilcheck.races.operations.operands import contents


def _stream(stream: object) -> list[Access]:
    """A write to a stream, which may well be a Python object."""
    return [] if stream is None else [(stream, None, True)]


def _printed(_: tuple[Any, ...], keywords: Mapping[str, Any]) -> list[Access]:
    file = keywords.get("file")
    if file is not None:
        return _stream(file)
    return [*_stream(sys.stdout), STDOUT.access(False)]


def _asked(*_: object) -> list[Access]:
    return [*_stream(sys.stdin), *_stream(sys.stdout), STDIN.access(False), STDOUT.access(False)]


def _imported(arguments: tuple[Any, ...], _: Mapping[str, Any]) -> list[Access]:
    name = arguments[0] if arguments else None
    return [(IMPORT_SYSTEM, (name,) if type(name) is str and not name.startswith(".") else None, True)]


def _reloaded(arguments: tuple[Any, ...], _: Mapping[str, Any]) -> list[Access]:
    return [(IMPORT_SYSTEM, None, True), *((module, None, True) for module in arguments[:1])]


def _of_namespaces(write: bool) -> Any:
    def namespaces(arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> list[Access]:
        given = (*arguments[1:3], *(keywords[name] for name in ("globals", "locals") if name in keywords))
        return [access for namespace in given for access in contents(namespace, write)]

    return namespaces


def _by_somebody(arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> list[Access]:
    """A C function that nothing is known about: it reads containers, and may change what is as unknown."""
    found: list[Access] = []
    for argument in (*arguments, *keywords.values()):
        found += contents(argument, nature_of(type(argument)) is Nature.UNKNOWN)
    return found


UNKNOWN_FUNCTION: Final = Operation(special=_by_somebody)

_IN_PLACE: Final = Operation((Use(0, True), Use(1, False)))
_COPY: Final = Operation((Use(0, False), Use(0, False, attribute=True)))
_PICKLE: Final = Operation((Use(ALL, False, attribute=True, deep=True),))
_SECOND_WRITTEN: Final = Operation((Use(0, False), Use(1, True)))
_PACK_INTO: Final = Operation((Use(1, True),))

#: Operation -> names, each with its module in front.
BY_ARGUMENTS: Final[Mapping[str, Mapping[Operation, str]]] = {
    "builtins": {
        READ: "len iter reversed aiter",
        # What is called is an argument as well, and may be a method of a container.
        READ_ALL: """sorted sum min max any all next bool list tuple dict set frozenset enumerate zip map filter
            bytes bytearray memoryview frozendict""",
        READ_DEEP: "repr ascii format str",
        Operation((Use(ALL, False, deep=True),), special=_printed): "print",
        Operation(special=_asked): "input",
        GET_ATTRIBUTE: "getattr hasattr",
        SET_ATTRIBUTE: "setattr delattr",
        ALL_ATTRIBUTES: "vars dir",
        Operation(special=_imported): "__import__ __lazy_import__",
        Operation(special=_of_namespaces(True)): "exec",
        Operation(special=_of_namespaces(False)): "eval",
        NOTHING: """isinstance issubclass id hash type callable ord chr abs round divmod pow bin hex oct globals
            locals compile breakpoint __build_class__ anext object int float complex range slice super property staticmethod
            classmethod sentinel""",
    },
    "_operator": {
        READ_ALL: """add sub mul truediv floordiv mod matmul pow lshift rshift and_ or_ xor neg pos inv invert index
            concat eq ne lt le gt ge truth not_ length_hint countOf indexOf abs call""",
        GET_ITEM: "contains",
        Operation((Use(0, False, key=1, fills=True),)): "getitem",
        SET_ITEM: "setitem delitem",
        _IN_PLACE: "iadd isub imul itruediv ifloordiv imod imatmul ipow ilshift irshift iand ior ixor iconcat",
        NOTHING: "is_ is_not is_none is_not_none _compare_digest itemgetter attrgetter methodcaller",
    },
    "itertools": {
        READ_ALL: """accumulate batched chain combinations combinations_with_replacement compress count cycle
            dropwhile filterfalse groupby islice pairwise permutations product repeat starmap takewhile tee zip_longest""",
    },
    "_functools": {READ_ALL: "reduce", NOTHING: "cmp_to_key partial"},
    "_heapq": {
        WRITE_OTHERS: """heapify heappop heappush heappushpop heapreplace heapify_max heappop_max heappush_max
            heappushpop_max heapreplace_max _heapify_max _heappop_max _heapreplace_max""",
    },
    "_bisect": {READ_ALL: "bisect_left bisect_right", WRITE_OTHERS: "insort_left insort_right"},
    "_collections": {READ_ALL: "deque defaultdict OrderedDict", WRITE_OTHERS: "_count_elements"},
    "collections": {READ_ALL: "deque defaultdict OrderedDict"},
    "array": {READ_ALL: "array"},
    "_io": {READ_ALL: "StringIO BytesIO TextIOWrapper BufferedReader BufferedWriter BufferedRandom BufferedRWPair"},
    "_struct": {READ_ALL: "pack unpack unpack_from iter_unpack", _PACK_INTO: "pack_into", NOTHING: "calcsize Struct"},
    "_pickle": {_PICKLE: "dumps", Operation((*_PICKLE.uses, Use(1, True))): "dump", READ_ALL: "loads load"},
    "_json": {_PICKLE: "encode_basestring encode_basestring_ascii"},
    "marshal": {READ_DEEP: "dumps", _SECOND_WRITTEN: "dump"},
    "binascii": {READ_ALL: "hexlify unhexlify crc32 b2a_base64 a2b_base64"},
    "copy": {_COPY: "copy replace", _PICKLE: "deepcopy"},
    "json": {READ_DEEP: "dumps", Operation((*READ_DEEP.uses, Use(1, True))): "dump", READ: "loads"},
    "json.encoder": {READ_DEEP: "JSONEncoder.encode JSONEncoder.iterencode"},
    "pickle": {_PICKLE: "_dumps _dump", READ_ALL: "_loads _load"},
    "pprint": {READ_DEEP: "pprint pformat pp saferepr PrettyPrinter.pformat PrettyPrinter.pprint"},
    "statistics": {
        READ_ALL: """mean fmean geometric_mean harmonic_mean median median_low median_high median_grouped mode
            multimode pstdev pvariance stdev variance quantiles covariance correlation linear_regression""",
    },
    "textwrap": {READ_ALL: "wrap fill shorten dedent indent"},
    "heapq": {READ_ALL: "nlargest nsmallest merge"},
    "dataclasses": {_PICKLE: "asdict astuple", _COPY: "replace"},
    "importlib": {Operation(special=_imported): "import_module", Operation(special=_reloaded): "reload"},
    "importlib._bootstrap": {Operation(special=_imported): "__import__ _gcd_import"},
}

#: Modules of C functions none of which touches what threads share through an argument of theirs.
HARMLESS_MODULES: Final = frozenset(
    {"math", "cmath", "time", "errno", "_stat", "_string", "_abc", "_weakref", "_thread"}
    | {"_tokenize", "_ast", "_symtable", "_tracemalloc", "unicodedata", "_contextvars", "_imp", "faulthandler", "_opcode"}
    | {"_uuid", "_datetime", "datetime", "_sysconfig", "_typing", "_suggestions", "_statistics", "select", "_queue"}
)
#: Those of whose types, not functions, the same can be said.
HARMLESS_TYPES: Final = frozenset(
    {"types", "weakref", "_weakref", "_thread", "contextvars", "typing", "_contextvars", "_random"}
)
