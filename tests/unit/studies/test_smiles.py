"""Tests of the picture of a surface: what is in it, not how it looks."""

import math
import sys

import numpy as np
import pytest

from hullmark.core import YEAR_NS, parse_instant
from hullmark.errors import PluginError
from hullmark.studies import draw_smiles
from hullmark.volatility import OptionQuotes, Svi, fit_surface

TIME_NS = parse_instant("time", "2026-02-01T08:00:00Z")
SMILES = {
    7: Svi(a=0.0020, b=0.05, rho=-0.2, m=0.01, sigma=0.08),
    8: Svi(a=0.0015, b=0.05, rho=-0.2, m=0.01, sigma=0.08),  # crosses the first
    30: Svi(a=0.0100, b=0.08, rho=-0.3, m=0.02, sigma=0.20),
}


@pytest.fixture(scope="module")
def quotes():
    columns = {"years": [], "strike": [], "vol": []}
    for days, smile in SMILES.items():
        years = days * 86_400e9 / YEAR_NS
        k = np.linspace(-3, 3, 15) * math.sqrt(smile.total_variance([0.0])[0])
        columns["years"].append(np.full(15, years))
        columns["strike"].append(2_000 * np.exp(k))
        columns["vol"].append(smile.vol(k, years=years))
    joined = {name: np.concatenate(parts) for name, parts in columns.items()}
    n = joined["years"].size
    nothing = np.full(n, math.nan)
    return OptionQuotes(
        **joined, instruments=tuple(f"O{i}" for i in range(n)), call=joined["strike"] > 2_000,
        forward=np.full(n, 2_000.0), mark=nothing, bid=nothing, ask=nothing, tick=nothing,
    )  # fmt: skip


def draw(quotes, form="svg"):
    return draw_smiles({"ETH": fit_surface(quotes)}, {"ETH": quotes}, time_ns=TIME_NS, form=form)


def test_each_expiry_has_its_panel_and_the_repair_is_shown(quotes):
    text = draw(quotes).decode()
    # Letters are paths, so that the file looks alike everywhere; their sources stand in comments.
    for said in ("8 Feb 26, 7.0 days", "3 Mar 26, 30.0 days", "ETH, 2026-02-01 08:00 UTC"):
        assert f"<!-- {said}" in text
    assert "<!-- repaired: no calendar arbitrage -->" in text
    assert "1 of 2 neighbours cross" in text


def test_a_picture_without_bids_is_drawn_and_the_same_each_time(quotes):
    assert draw(quotes, "png") == draw(quotes, "png")
    assert draw(quotes, "png").startswith(b"\x89PNG")


def test_without_matplotlib_the_error_says_what_to_install(quotes, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(PluginError, match=r"hullmark\[report\]"):
        draw(quotes)
