"""Classes that are none of the user's: what their objects are made of is their own affair."""

from __future__ import annotations

import sys

from pytest_gilcheck.races.classes import module_of
from pytest_gilcheck.races.scope import Scope


class Foreign:
    """Tells whether a class was written outside of ``scope``."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._known: dict[int, tuple[type, bool]] = {}  # by identity: a metaclass may say that its class equals others

    def __call__(self, kind: type) -> bool:
        """Whether ``kind`` is such a class."""
        known = self._known.get(id(kind))
        if known is None:
            file = getattr(sys.modules.get(module_of(kind)), "__file__", None)
            known = kind, isinstance(file, str) and not self._scope.answerable_file(file)
            self._known[id(kind)] = known
        return known[1]
