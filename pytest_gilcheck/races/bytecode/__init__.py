"""Rewrites bytecode so that hooks are called before operations on shared state."""

from __future__ import annotations

from pytest_gilcheck.races.bytecode.rewriting import instrument

__all__ = ["instrument"]
