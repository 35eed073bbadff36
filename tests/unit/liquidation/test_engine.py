"""Engines are found by name among what is installed, and exactly one may have a name."""

import pytest

from hullmark.errors import PluginError
from hullmark.liquidation import load_engine
from hullmark.liquidation.partial import Partial

GROUP = "hullmark.liquidation_engines"
OURS = "hullmark.liquidation.partial:Partial"


def test_our_engine_is_found_like_any_other():
    assert isinstance(load_engine("partial"), Partial)


@pytest.mark.parametrize("name", ["", "whole", "Partial"])
def test_an_unknown_engine_is_refused_with_what_is_installed(name):
    with pytest.raises(PluginError, match=rf"no liquidation engine '{name}'; installed: partial"):
        load_engine(name)
