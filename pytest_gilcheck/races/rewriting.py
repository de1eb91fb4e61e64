"""Rewriting live code: which code has which rewritten twin, swapping it into functions, and putting the originals back."""

from __future__ import annotations

import hashlib
import sys
import sysconfig
import weakref
from _thread import RLock
from collections.abc import Collection, Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FunctionType
from typing import NamedTuple

from pytest_gilcheck.races.bytecode import instrument
from pytest_gilcheck.races.bytecode.families import PLANS, Plans
from pytest_gilcheck.races.functions import ModuleIndex, functions_with
from pytest_gilcheck.races.importing import compiled, importing
from pytest_gilcheck.races.scope import Scope
from pytest_gilcheck.races.sites import Hook, HookFactory, Kind, Site

_LOCALS = ".<locals>."

# Whether the interpreter counts all references to code.
_COUNTED = not sysconfig.get_config_var("Py_GIL_DISABLED")

#: Code of this name runs at once where it stands: no function keeps it.
_FLEETING = frozenset({"<module>", "<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})


class _Twin(NamedTuple):
    """A code object and its rewritten version; both are kept, so that neither's id is used again."""

    original: CodeType
    rewritten: CodeType


def _references(twin: _Twin) -> int:
    return sys.getrefcount(twin.rewritten)


class _Wanted(NamedTuple):
    """A code object to look for and the twin to put there, whose original may be an earlier copy of the same."""

    code: CodeType
    twin: _Twin


class Rewriter:
    """Keeps, for the whole session, the rewritten version of each code object and where it was put.

    Code is recognised by identity, and by its contents where a module was loaded again or a text compiled again: the hooks
    of a place are the same in all of its versions. To be called while one thread runs; another, which nobody controls, may
    at most come by code that is new meanwhile.
    """

    def __init__(self, factory: HookFactory, scope: Scope, plans: Plans = PLANS) -> None:
        #: Code that could not be rewritten, and why; it runs as it is.
        self.refused: list[tuple[CodeType, Exception]] = []
        self._scope = scope
        self._plans = plans
        self._index = ModuleIndex()
        self._hooks = _Hooks(factory, scope, self._index)
        self._alone = RLock()  # around what the threads that nobody controls may change as well
        self._twins: dict[int, _Twin] = {}
        self._same: dict[bytes, _Twin] = {}
        self._originals: dict[int, _Twin] = {}
        self._met: set[object] = set()
        self._added: set[int] = set()
        self._known: dict[int, list[weakref.ref[FunctionType]]] = {}
        self._kept: list[_Twin] = []
        self._usual: dict[int, int] = {}  # how many references there are to rewritten code that no function has

    def add(self, codes: Iterable[CodeType]) -> int:
        """Rewrite these and swap them in all functions that have them; returns how many functions that were.

        All objects are searched only for code that its name does not lead to, and for code that is given again.
        """
        swapped = 0
        rest: dict[int, _Wanted] = {}
        for code in codes:
            if id(code) in self._originals:
                continue
            twin = self._twin(code)
            if twin.rewritten is twin.original or code.co_name in _FLEETING:
                continue
            here = sum(self._swap(function, twin) for function in self._cheaply(code, twin))
            if not here or id(code) in self._added:
                rest[id(code)] = _Wanted(code, twin)
            self._added.add(id(code))
            swapped += here
        return swapped + (self._search(rest) if rest else 0)

    def prepare(self, function: FunctionType) -> None:
        """``function`` is about to be called: if its code is in scope, it runs the rewritten version from now on."""
        code = function.__code__
        if id(code) not in self._originals and self._scope.wants(code):
            self._swap(function, self._twin(code))

    def redo(self, names: AbstractSet[str]) -> int:
        """The factory answers otherwise for globals of these ``names``: rewrite the code again that has them.

        Returns how many functions got new code.
        """
        with self._alone:
            self._hooks.forget(names)
            twins = {id(twin): twin for twin in self._twins.values()}
            stale = [twin for twin in twins.values() if _mentions(twin.original, names)]
            functions = [function for twin in stale for function in self._at(id(twin.original)) if self._give_back(function)]
            functions += [each for each in functions_with(self._originals, ()) if self._give_back_stale(each, names)]
            for twin in stale:
                self._forget(twin)
            return sum(self._swap(function, self._twin(function.__code__)) for function in functions)

    def _give_back_stale(self, function: FunctionType, names: Collection[str]) -> bool:
        twin = self._originals.get(id(function.__code__))
        return twin is not None and _mentions(twin.original, names) and self._give_back(function)

    def _forget(self, twin: _Twin) -> None:
        """Rewrite this code anew when it is asked for; its old version stays known, for those who run it."""
        self._same.pop(_contents(twin.original), None)
        for known in [known for known, other in self._twins.items() if other.original is twin.original]:
            del self._twins[known]
        self._kept.append(twin)

    def resume(self) -> int:
        """Swap the rewritten code into all functions from which :meth:`restore` took it; returns how many."""
        return sum(
            self._swap(function, self._twins.get(known) or self._twin(function.__code__))
            for known in list(self._known)
            for function in self._at(known)
            if id(function.__code__) not in self._originals
        )

    def restore(self) -> int:
        """Give every live function its original code back; returns how many had ours."""
        restored = 0
        for known in list(self._known):
            for function in self._at(known):
                restored += self._give_back(function)
        if self._may_have_made_more():
            restored += sum(self._give_back(function) for function in functions_with(self._originals, ()))
        return restored

    def _may_have_made_more(self) -> bool:
        """Whether functions may live that were made while their surroundings were rewritten: to look for them takes long."""
        return not _COUNTED or any(_references(twin) > self._usual[known] for known, twin in self._originals.items())

    def original(self, code: CodeType) -> CodeType:
        """What a code object of ours was made from; any other is its own original."""
        twin = self._originals.get(id(code))
        return code if twin is None else twin.original

    def knows(self, code: CodeType) -> bool:
        """Whether it was looked at before, or is ours."""
        return id(code) in self._twins or id(code) in self._originals

    def is_rewritten(self, code: CodeType) -> bool:
        """Whether it is a code object of ours."""
        return id(code) in self._originals

    def exec_code(self, code: CodeType) -> CodeType:
        """The code to run in place of that of a module, a class body or a compiled text.

        A module that is not the user's is rewritten when it is run a second time: of its first import little is ever
        called, and what is called is found then.
        """
        if id(code) in self._originals or not self._scope.wants(code):
            return code
        if code.co_name == "<module>" and not self._scope.own(code) and not code.co_filename.startswith("<"):
            name = (code.co_filename, code.co_firstlineno, code.co_code)
            if name not in self._met:
                self._met.add(name)
                return code
        return self._twin(code).rewritten

    def handle_exec(self, source: object, *, mode: str = "exec", flags: int = 0) -> object:
        """What to give to ``exec`` or ``eval`` (``mode``) instead of ``source``, a text or a code object.

        ``flags`` are the ``co_flags`` of the code that calls it, whose ``from __future__`` imports count. Raises what the
        real call raises for a text that is no Python; what is neither text nor code comes back as it is.
        """
        code = compiled(source, mode, flags)
        return self.exec_code(code) if isinstance(code, CodeType) else code

    @contextmanager
    def importing(self) -> Iterator[None]:
        """While open, modules in scope are rewritten before they are run, by the import system or pytest's own loader."""
        with importing(self.exec_code, self._scope.loaders):
            yield

    def _twin(self, code: CodeType) -> _Twin:
        twin = self._twins.get(id(code))
        if twin is not None:
            return twin
        with self._alone:
            key = _contents(code)
            twin = self._same.get(key)
            if twin is None:
                twin = self._same[key] = _Twin(code, self._instrument(code))
                for known in self._learn(twin):
                    self._usual[known] = _references(self._originals[known])
            return twin

    def _instrument(self, code: CodeType) -> CodeType:
        try:
            return instrument(code, self._hooks, trusted=self._scope.trusted(code), plans=self._plans)
        except Exception as error:  # noqa: BLE001 - a defect of ours must not look like one of the code under test
            self.refused.append((code, error))
            return code

    def _learn(self, twin: _Twin) -> list[int]:
        """Note a new pair, and those nested in it; returns the ids of the rewritten ones."""
        original, rewritten = twin
        self._twins.setdefault(id(original), twin)
        if rewritten is original:
            return []
        self._originals[id(rewritten)] = twin
        learnt = [id(rewritten)]
        for inner, new in zip(_nested(original), _nested(rewritten), strict=True):
            self._same.setdefault(_contents(inner), _Twin(inner, new))
            learnt += self._learn(_Twin(inner, new))
        return learnt

    def _cheaply(self, code: CodeType, twin: _Twin) -> list[FunctionType]:
        remembered = [function for function in self._at(id(twin.original)) if function.__code__ is code]
        return remembered or list(self._index.named(code))

    def _at(self, known: int) -> Iterator[FunctionType]:
        for reference in self._known.get(known, ()):
            function = reference()
            if function is not None:
                yield function

    def _search(self, wanted: dict[int, _Wanted]) -> int:
        """Look through all objects for functions with these codes, and for those that make functions of them."""
        qualnames = (code.co_qualname for code, _ in wanted.values())
        enclosing = {qualname.rpartition(_LOCALS)[0] for qualname in qualnames if _LOCALS in qualname}
        swapped = 0
        for function in functions_with(wanted, enclosing):
            code = function.__code__
            if id(code) in wanted:
                swapped += self._swap(function, wanted[id(code)].twin)
            elif any(id(inner) in wanted for inner in _nested(code)):
                swapped += self._swap(function, self._twin(code))
        return swapped

    def _swap(self, function: FunctionType, twin: _Twin) -> bool:
        if id(function.__code__) in self._originals or not _put(function, twin.rewritten):
            return False
        known = self._known.setdefault(id(twin.original), [])
        if not any(reference() is function for reference in known):
            known[:] = [reference for reference in known if reference() is not None]
            known.append(weakref.ref(function))
        return True

    def _give_back(self, function: FunctionType) -> bool:
        twin = self._originals.get(id(function.__code__))
        return twin is not None and _put(function, twin.original)


class _Hooks:
    """One hook for a place, whichever version of its code asks; none for what is nested in code but not in scope.

    A scenario may write a module to another folder each time that it runs: a file from which no module of this process was
    loaded is the same as another of that name and those contents.
    """

    def __init__(self, factory: HookFactory, scope: Scope, index: ModuleIndex) -> None:
        self._factory = factory
        self._scope = scope
        self._index = index
        self._hooks: dict[tuple[int, int, Kind, str | None], Hook | None] = {}
        self._same: dict[bytes, CodeType] = {}
        self._codes: dict[int, CodeType | None] = {}

    def __call__(self, site: Site) -> Hook | None:
        code = self._code(site.code)
        if code is None:
            return None
        key = (id(code), site.offset, site.kind, site.name)
        if key not in self._hooks:
            site.code = code
            scope = self._scope
            site.guarded, site.trusted, site.closed = scope.guarded(code), scope.trusted(code), scope.closed(code)
            self._hooks[key] = self._factory(site)
        return self._hooks[key]

    def forget(self, names: AbstractSet[str]) -> None:
        """Ask the factory again for the places in code that names one of these."""
        codes = {id(code) for code in self._codes.values() if code is not None and not names.isdisjoint(code.co_names)}
        for key in [key for key in self._hooks if key[0] in codes or key[3] in names]:
            del self._hooks[key]

    def _code(self, code: CodeType) -> CodeType | None:
        """The first code object with these contents; ``None``: out of scope. What comes here is kept by its twin."""
        try:
            return self._codes[id(code)]
        except KeyError:
            first = self._first(code) if self._scope.wants(code) else None
            self._codes[id(code)] = first
            return first

    def _first(self, code: CodeType) -> CodeType:
        first = self._same.get(_contents(code))
        if first is None:
            somewhere = _contents(code, Path(code.co_filename).name)
            first = self._same.get(somewhere, code)
            if self._index.loaded(first.co_filename):
                first = self._same[somewhere] = code
            self._same[_contents(code)] = self._same[somewhere] = first
        return first


def _contents(code: CodeType, file: str | None = None) -> bytes:
    """What makes two code objects the same piece of the same file; their own ``==`` knows nothing of files.

    ``file`` is what to call the file.
    """
    state = hashlib.blake2b(digest_size=16)
    place = (file or code.co_filename, code.co_qualname, code.co_firstlineno, code.co_flags)
    names = (code.co_names, code.co_varnames, code.co_cellvars, code.co_freevars)
    counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount)
    constants = [repr(constant) for constant in code.co_consts if not isinstance(constant, CodeType)]
    for part in (code.co_code, code.co_linetable, repr((place, names, counts, constants)).encode()):
        state.update(len(part).to_bytes(4, "big") + part)
    for inner in _nested(code):
        state.update(_contents(inner, file))
    return state.digest()


def _mentions(code: CodeType, names: Collection[str]) -> bool:
    return any(name in names for name in code.co_names) or any(_mentions(inner, names) for inner in _nested(code))


def _nested(code: CodeType) -> list[CodeType]:
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def _put(function: FunctionType, code: CodeType) -> bool:
    try:
        function.__code__ = code
    except (TypeError, ValueError):  # refused, by an audit hook or for a closure of another size
        return False
    return True
