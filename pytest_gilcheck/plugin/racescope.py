"""What code a race check looks into, as ``--gilcheck-source`` says, never into pytest's own plugins unless named; what of it
is the user's own; and what counts as a failure there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_gilcheck.plugin import compat, coveragesource
from pytest_gilcheck.plugin.markers import RaceWanted
from pytest_gilcheck.plugin.settings import PluginSettings
from pytest_gilcheck.races import Rules, Scope

_LOADERS = frozenset({"runpy", compat.ASSERTION_REWRITER})
_SCOPES = pytest.StashKey[dict[str | None, Scope]]()


def scope(config: pytest.Config, settings: PluginSettings, item: pytest.Item) -> Scope:
    """The scope for ``item``, whose own file is always in it. Few objects, since what is rewritten is kept for each."""
    known = config.stash.setdefault(_SCOPES, {})
    file = None if settings.source is None else str(item.path)
    if file not in known:
        always = frozenset() if file is None else frozenset({file})
        base = settings.source or Scope(answered=coveragesource.places(Path.cwd()))
        known[file] = replace(base, always=always, excluded=_plugin_files(config), loaders=_LOADERS)
    return known[file]


def rules(settings: PluginSettings, wanted: RaceWanted) -> Rules:
    """What the options and the markers of a test say of it."""
    ignored = settings.ignore | wanted.ignored
    return Rules(ignored=ignored, approximate=settings.approximate, atomic=wanted.atomic)


def _plugin_files(config: pytest.Config) -> frozenset[str]:
    """The files of the plugins that were installed as such; a library that brings a plugin along stays in scope."""
    installed = config.pluginmanager.list_plugin_distinfo()
    return frozenset(file for plugin, _ in installed if (file := getattr(plugin, "__file__", None)) is not None)
