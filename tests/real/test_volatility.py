"""Real Deribit chains, calm and in a crash: how near the surfaces come, and that they are free.

An error is the model's vol less the venue's mark vol, of every quote within three standard
deviations of the vol at the money, whether it was fitted to or dropped. Here every eighth snapshot
is fitted; ``make bench ONLY=svi`` fits them all.
"""

import json
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from hullmark.cli import ExitStatus, main
from hullmark.feeds import read_quotes
from hullmark.volatility import fit_ssvi, fit_surface, screen

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("DATA", ROOT.parent / "shared" / "data"))
FOLDER = DATA / "deribit_option_chains_2026"
FILES = {
    "daily": "chain_daily_2025-12-30_2026-03-31.parquet",
    "crash": "chain_6h_2026-01-28_2026-02-10.parquet",
}
EVERY = 8

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no recorded data at {DATA}")


def errors(quotes, one, smile, chosen=None):
    """Return the errors of one expiry in vol points, of the chosen quotes or all."""
    rows = (quotes.years == one.quotes.years) & np.isfinite(quotes.vol)
    if chosen is not None:
        rows &= chosen
    k = np.log(quotes.strike[rows] / quotes.forward[rows])
    within = np.abs(k) <= 3 * one.quotes.money_vol * np.sqrt(one.quotes.years)
    return 100 * np.abs(smile.vol(k, years=one.quotes.years) - quotes.vol[rows])[within]


@pytest.fixture(scope="module", params=list(FILES))
def fitted(request):
    """Return the name of a file, and quotes and fits of a sample of its snapshots."""
    chain = read_quotes(FOLDER / FILES[request.param])
    sample = [q for t in chain.times_ns[::EVERY] for q in chain.at(t)[1].values()]
    return request.param, [(quotes, fit_surface(quotes)) for quotes in sample]


@pytest.mark.parametrize("repaired", [False, True])
def test_the_surfaces_are_near_the_marks(fitted, repaired):
    name, pairs = fitted
    found = np.concatenate(
        [errors(q, s, s.repaired if repaired else s.svi) for q, fit in pairs for s in fit.smiles]
    )
    median, p95, p99 = np.quantile(found, (0.5, 0.95, 0.99))
    assert found.size > 5_000
    assert p95 <= (0.7 if name == "daily" else 1.0)
    if name == "daily":
        assert median <= 0.15
        assert p99 <= 1.5


def test_no_smile_is_off_by_more_than_ten_points_without_a_reason(fitted):
    for _, fit in fitted[1]:
        for one in fit.smiles:
            found = one.residuals()
            # The reason is the price: what is off by more is off by no more than two ticks.
            assert found.max <= 10 or found.max_ticks <= 2


def test_every_smile_is_free_on_a_grid_of_its_own(fitted):
    for _, fit in fitted[1]:
        for one in fit.smiles:
            span = max(1.0, 2 * float(np.abs(one.quotes.k).max()))
            k = np.linspace(-span, span, 2_001)
            for smile in (one.svi, one.repaired):
                assert smile.density(k).min() >= 0
                assert smile.total_variance(k).min() >= 0


def test_repaired_surfaces_do_not_cross(fitted):
    reports = [fit.repaired.arbitrage() for _, fit in fitted[1]]
    assert np.mean([report.free for report in reports]) >= 0.95
    for _, fit in fitted[1]:
        k = np.linspace(-1, 1, 401)
        rows = [fit.repaired.total_variance(k, years=t) for t in fit.repaired.years]
        assert all((high >= low - 1e-12).all() for low, high in pairwise(rows))
        for crossing in fit.arbitrage.crossings:
            assert crossing.lack > 0


def test_strikes_that_were_left_out_are_met_by_the_others(fitted):
    found = []
    for quotes, _ in fitted[1]:
        left_out = np.zeros(quotes.years.size, np.bool_)
        for years in np.unique(quotes.years):
            rows = quotes.years == years
            left_out |= rows & np.isin(quotes.strike, np.unique(quotes.strike[rows])[1::2])
        half = type(quotes)(
            **{name: getattr(quotes, name)[~left_out] for name in quotes.__slots__[1:]},
            instruments=tuple(np.array(quotes.instruments)[~left_out].tolist()),
        )
        fit = fit_surface(half)
        found += [errors(quotes, one, one.svi, left_out) for one in fit.smiles]
    assert np.quantile(np.concatenate(found), 0.95) <= 0.9


def test_what_is_dropped_of_a_real_chain_is_beyond_the_information_limit(fitted):
    for quotes, fit in fitted[1]:
        assert len(fit.dropped) <= 0.2 * len(quotes.instruments)
        assert {d.reason[:24] for d in fit.dropped} <= {"a tick of price is worth"}


@pytest.mark.parametrize("source", ["mid", "mark"])
@pytest.mark.parametrize("weights", ["window", "vega", "spread"])
def test_every_source_and_weight_gives_free_smiles(fitted, source, weights):
    quotes, _ = fitted[1][-1]
    fit = fit_surface(quotes, source=source, weights=weights)
    assert fit.repaired.arbitrage().free
    kept, dropped = screen(quotes, source=source, weights=weights)
    assert len(kept) == len(fit.smiles) > 5
    assert fit.dropped == dropped


def test_the_shared_shape_is_free_and_coarser(fitted):
    for _, fit in fitted[1][:6]:
        shared = fit_ssvi(fit)
        assert shared.ssvi.surface().arbitrage().free
        assert fit.residuals().median < shared.residuals().median < 3.0


def test_the_command_line_fits_the_bottom_of_the_crash(capsys):
    chain = f"{FOLDER / FILES['crash']}@2026-02-06T02:00:00Z"
    assert main(["fit", chain, "--json"]) == ExitStatus.FINE
    tree = json.loads(capsys.readouterr().out)
    assert tree["time"].startswith("2026-02-05T21:29:37")
    for coin in ("BTC", "ETH"):
        surface = tree["underlyings"][coin]
        assert len(surface["expiries"]) > 8
        assert surface["repaired_free"]
        assert all(e["density_min"] >= 0 for e in surface["expiries"])
        assert surface["residuals"]["median"] <= 0.5
        assert surface["residuals"]["p95"] <= 3.0  # quotes are far apart that night
        front = surface["expiries"][0]["jump_wing"]
        assert front["variance"] ** 0.5 > 0.9  # the front vol of that night
