"""The race engine: is this safe under threads, and if not, which interleaving breaks it."""

from __future__ import annotations

from pytest_gilcheck.races.engine import StaleToken, explore, replay
from pytest_gilcheck.races.exploration import Budget, Exploration, Failure
from pytest_gilcheck.races.oracles import Rules
from pytest_gilcheck.races.running import drain, in_execution, prepare, run, together
from pytest_gilcheck.races.scope import Scope

__all__ = [
    "Budget",
    "Exploration",
    "Failure",
    "Rules",
    "Scope",
    "StaleToken",
    "drain",
    "explore",
    "in_execution",
    "prepare",
    "replay",
    "run",
    "together",
]
