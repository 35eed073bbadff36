"""Tests of the picture of measured dynamics: what is in it, not how it looks."""

import sys
from functools import partial

import pytest

from hullmark.errors import PluginError
from hullmark.studies import Dynamics, draw_dynamics, measured_moves, vol_changes

from .moving_surfaces import joint, level_move, pairs


@pytest.fixture(scope="module")
def measured():
    made = [
        partial(joint, spot_move=0.01 * n, move=level_move(-0.02 * n, term=0.001 * (n % 3)))
        for n in range(-6, 6)
    ]
    dynamics = Dynamics.of(vol_changes(pairs(made), horizon_hours=24.0))
    return {"BTC": dynamics}, {"BTC": measured_moves(dynamics)}


def test_the_picture_names_its_sample_and_its_scenarios(measured):
    text = draw_dynamics(*measured, form="svg").decode()
    # Letters are paths, so that the file looks alike everywhere; their sources stand in comments.
    assert "<!-- BTC: 12 changes over 24 hours, 12 of them apart in time -->" in text
    for said in ("scenario: pair", "scenario: worst", "component 3", "Deribit 0.30, 0.13"):
        assert f"<!-- {said}" in text


def test_the_picture_is_the_same_each_time(measured):
    picture = draw_dynamics(*measured)
    assert picture == draw_dynamics(*measured)
    assert picture.startswith(b"\x89PNG")


def test_no_picture_without_matplotlib(measured, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(PluginError, match=r"hullmark\[report\]"):
        draw_dynamics(*measured)
