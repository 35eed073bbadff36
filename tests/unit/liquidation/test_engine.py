"""Engines are found by name among what is installed, and exactly one may have a name."""

from importlib.metadata import EntryPoint, EntryPoints

import pytest

from hullmark.errors import PluginError
from hullmark.liquidation import _engine, load_engine
from hullmark.liquidation.partial import Partial

GROUP = "hullmark.liquidation_engines"
OURS = "hullmark.liquidation.partial:Partial"


def test_our_engine_is_found_like_any_other():
    assert isinstance(load_engine("partial"), Partial)


@pytest.mark.parametrize("name", ["", "whole", "Partial"])
def test_an_unknown_engine_is_refused_with_what_is_installed(name):
    with pytest.raises(PluginError, match=rf"no liquidation engine '{name}'; installed: partial"):
        load_engine(name)


def test_two_engines_of_one_name_are_refused_by_their_claims(monkeypatch):
    claims = [EntryPoint("partial", value, GROUP) for value in (OURS, "elsewhere:Engine")]
    monkeypatch.setattr(_engine, "entry_points", lambda group: EntryPoints(claims))
    with pytest.raises(PluginError, match=rf"'partial' is claimed by {OURS}, elsewhere:Engine"):
        load_engine("partial")


def test_nothing_installed_is_said_to_be_none(monkeypatch):
    monkeypatch.setattr(_engine, "entry_points", lambda group: EntryPoints(()))
    with pytest.raises(PluginError, match="installed: none"):
        load_engine("partial")
