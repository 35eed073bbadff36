"""What a short option takes to keep, by time to expiry and moneyness, under each rule book."""

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal

import numpy as np

from hullmark.core import FloatArray
from hullmark.domain import Portfolio
from hullmark.pricing import black76_value
from hullmark.rulebooks import load_rulebook, statements
from hullmark.studies._light import LIGHT, lit, saved
from hullmark.studies._report_svg import Axes

SPOT = 100_000
VOL = 0.6
DAYS = tuple(float(d) for d in np.geomspace(1.0 / 24.0, 365.0, 49))
MONEYNESS = (0.8, 0.9, 1.0, 1.1, 1.2)  # strike over spot, of a call
COLUMNS = 3
PANEL_INCH = (3.6, 2.5)
_YEAR_DAYS = 365.0


def margin_map(name: str) -> FloatArray:
    """Return the cash that a short call takes to keep under a rule book, as a share of spot.

    The cash for which an account that is short one coin of calls, and holds nothing else, just
    keeps its maintenance margin: with spot at 100,000 and all volatility at 60 %.

    Returns
    -------
    ndarray of float64, shape (len(MONEYNESS), len(DAYS))
    """
    rulebook = load_rulebook(name)
    settlement = rulebook.open().margin.settlement("BTC")
    portfolio = Portfolio.parse_tree(_document(coin=settlement.coin))
    found = {
        s.account: -s.maintenance_excess
        for s in statements(portfolio, rulebook, keep=False)
        if s.currency == settlement.currency
    }
    unit = 1.0 if settlement.coin else float(SPOT)
    return np.array([[found[_name(k, d)] / unit for d in DAYS] for k in MONEYNESS])


def draw_margin_maps(names: Sequence[str], *, form: Literal["png", "svg"] = "png") -> bytes:
    """Return a picture with a panel per rule book.

    Raises
    ------
    PluginError
        If matplotlib is not installed, or a name is of no rule book.
    """
    maps = {name: 100.0 * margin_map(name) for name in names}
    top = math.ceil(max(float(found.max()) for found in maps.values()) / 10.0) * 10.0
    rows = math.ceil(len(maps) / COLUMNS)
    with lit("margin maps") as figure_of:
        figure = figure_of((PANEL_INCH[0] * COLUMNS, PANEL_INCH[1] * rows + 0.5))
        panels = figure.subplots(rows, COLUMNS, squeeze=False, sharex=True, sharey=True).ravel()
        for ax, (name, found) in zip(panels, maps.items(), strict=False):
            _draw(ax, name, found)
            ax.set_ylim(0.0, top)
        for ax in panels[len(maps) :]:
            ax.set_axis_off()
        for ax in panels[: len(maps) : COLUMNS]:
            ax.set_ylabel("Cash to keep it (% of spot)")
        for ax in panels[len(maps) - COLUMNS : len(maps)]:
            ax.set_xlabel("Days to expiry (log scale)")
            ax.xaxis.set_tick_params(labelbottom=True)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
        return saved(figure, form)


def _draw(ax: Axes, name: str, found: FloatArray) -> None:
    for k, (moneyness, line) in enumerate(zip(MONEYNESS, found, strict=True)):
        ax.plot(DAYS, line, color=LIGHT[f"c{k + 1}"], label=f"strike {moneyness:.0%} of spot")
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
    ax.set_title(name, loc="left", fontsize=10, color=LIGHT["ink"])


def _name(moneyness: float, days: float) -> str:
    return f"{moneyness:g} in {days:.6g} days"


# One account per point; marks are the model's, since some rule books read them.
def _document(*, coin: bool) -> dict[str, Any]:
    expiries: dict[str, Any] = {}
    accounts = []
    for days in DAYS:
        seconds, label = round(days * 86_400.0), f"{days:.6g} days"
        strikes = [f"{Decimal(str(k)) * SPOT:f}" for k in MONEYNESS]
        value = black76_value(
            forward=np.full(len(strikes), float(SPOT)),
            strike=[float(strike) for strike in strikes],
            years=np.full(len(strikes), seconds / (86_400.0 * _YEAR_DAYS)),
            vol=np.full(len(strikes), VOL),
            call=np.ones(len(strikes), np.bool_),
        )
        unit = SPOT if coin else 1
        expiries[label] = {
            "seconds": seconds,
            "forward": str(SPOT),
            "forward_confidence": "1",
            "rate": "0",
            "rate_confidence": "1",
            "vol_confidence": "1",
            "vols": dict.fromkeys(strikes, str(VOL)),
            "marks": {f"{s}-C": f"{v / unit:.12f}" for s, v in zip(strikes, value, strict=True)},
        }
        accounts += [
            {
                "name": _name(moneyness, days),
                "cash": {},
                "options": [
                    {
                        "underlying": "BTC",
                        "expiry": label,
                        "strike": strike,
                        "type": "call",
                        "size": "-1",
                        "entry": expiries[label]["marks"][f"{strike}-C"],
                    }
                ],
            }
            for moneyness, strike in zip(MONEYNESS, strikes, strict=True)
        ]
    here = {"spot": str(SPOT), "confidence": "1", "expiries": expiries}
    market = {"stable": {"price": "1"}, "underlyings": {"BTC": here}}
    return {"version": 2, "market": market, "accounts": accounts}
