"""That the page on how volatility moves shows the scenarios that the library has."""

import re

from hullmark.scenarios.measured import load_measured

ROW = re.compile(r"^\| (BTC|ETH) ([^|]+?) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|", re.M)


def test_the_page_on_vol_dynamics_shows_the_numbers_of_the_set(kept):
    page = kept["docs/concepts/vol-dynamics.md"]
    sets = load_measured("measured-2026-02").scenarios
    assert f"All {sum(map(len, sets.values()))} are in" in page
    rows = [m.groups() for m in ROW.finditer(page) if m[2] in sets[m[1]]]
    assert len(rows) > 20
    for coin, name, *cells in rows:
        shock = sets[coin][name]
        numbers = float(shock.move), shock.vol.level, shock.vol.term, shock.vol.skew
        assert cells == [f"{100 * x:+.1f} %" for x in numbers], f"{coin} {name}"


def test_the_page_on_vol_dynamics_shows_the_measured_powers(kept):
    page = kept["docs/concepts/vol-dynamics.md"]
    for coin, shocks in load_measured("measured-2026-02").scenarios.items():
        shape = shocks["worst fall"].vol.shape
        row = re.search(rf"^\| {coin}, 24 h \|.*\| ([\d.]+) \| ([\d.]+) \|$", page, re.M)
        assert row is not None
        assert row.groups() == (f"{shape.power_short:.2f}", f"{shape.power_long:.2f}")
