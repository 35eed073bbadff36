"""Plug-ins are found by name, and a name is no guess."""

from importlib.metadata import EntryPoint, EntryPoints

import pytest

from hullmark.core import _plugins, find_plugin, load_plugin, plugin_names
from hullmark.errors import PluginError

GROUP = "hullmark.liquidation_engines"
OURS = "hullmark.liquidation.partial:Partial"


def test_ours_are_found_like_any_other():
    assert find_plugin(GROUP, "partial").value == OURS
    assert load_plugin(GROUP, "partial").__name__ == "Partial"
    assert "partial" in plugin_names(GROUP)


def test_two_of_one_name_are_refused_by_their_claims(monkeypatch):
    claims = [EntryPoint("partial", value, GROUP) for value in (OURS, "elsewhere:Engine")]
    monkeypatch.setattr(_plugins, "entry_points", lambda group: EntryPoints(claims))
    with pytest.raises(PluginError, match=rf"'partial' is claimed by {OURS}, elsewhere:Engine"):
        load_plugin(GROUP, "partial")


def test_nothing_installed_is_said_to_be_none(monkeypatch):
    monkeypatch.setattr(_plugins, "entry_points", lambda group: EntryPoints(()))
    with pytest.raises(PluginError, match="no liquidation engine 'partial'; installed: none"):
        load_plugin(GROUP, "partial")
