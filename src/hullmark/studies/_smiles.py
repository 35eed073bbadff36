"""The picture of a fitted surface: a smile per expiry with its quotes, and the term structure."""

import math
from collections.abc import Iterable, Mapping
from typing import Literal

import numpy as np

from hullmark.core import YEAR_DAYS, YEAR_NS, FloatArray, format_instant
from hullmark.studies._light import LIGHT, lit, saved
from hullmark.studies._report_svg import Axes, Figure
from hullmark.volatility import OptionQuotes, SmileFit, SurfaceFit

COLUMNS = 4  # of smiles
PANEL_INCH = (2.75, 2.05)
DEVIATIONS = 3.5  # shown on either side of the money
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def draw_smiles(
    fits: Mapping[str, SurfaceFit],
    quotes: Mapping[str, OptionQuotes],
    *,
    time_ns: int,
    form: Literal["png", "svg"],
) -> bytes:
    """Return a picture of surfaces: of each underlying the smiles, and its vol over time.

    Equal surfaces give equal bytes, under one version of matplotlib.

    Parameters
    ----------
    fits, quotes : mapping of str to SurfaceFit and OptionQuotes
        By underlying; bids and asks are shown as bars where *quotes* have them.
    time_ns : int
        Of the snapshot.
    form : {"png", "svg"}
        Of the file.

    Raises
    ------
    PluginError
        If matplotlib is not installed.
    """
    with lit("smiles") as figure_of:
        rows = {coin: math.ceil(len(fit.smiles) / COLUMNS) for coin, fit in fits.items()}
        heights = [PANEL_INCH[1] * n + 2.6 for n in rows.values()]
        figure = figure_of((PANEL_INCH[0] * COLUMNS + 0.4, sum(heights)))
        parts = figure.subfigures(len(fits), 1, height_ratios=heights, squeeze=False)[:, 0]
        for part, coin in zip(parts, fits, strict=True):
            part.set_facecolor(LIGHT["card"])
            _draw_surface(part, coin, fits[coin], quotes[coin], rows[coin], time_ns)
        return saved(figure, form)


def _draw_surface(
    part: Figure, coin: str, fit: SurfaceFit, quotes: OptionQuotes, rows: int, time_ns: int
) -> None:
    found = fit.residuals()
    part.suptitle(
        f"{coin}, {format_instant(time_ns)[:16].replace('T', ' ')} UTC: errors of the fit"
        f" {found.median:.2f} vol points in the median, {found.p95:.2f} at 95%;"
        f" {len(fit.arbitrage.crossings)} of {len(fit.smiles) - 1} neighbours cross",
        color=LIGHT["ink"], fontsize=11, x=0.01, ha="left",
    )  # fmt: skip
    above, below = part.subfigures(2, 1, height_ratios=(PANEL_INCH[1] * rows, 2.4))
    panels = above.subplots(rows, COLUMNS, squeeze=False).ravel()
    bids, asks = quotes.implied("bid"), quotes.implied("ask")
    for ax, one in zip(panels, fit.smiles, strict=False):
        _draw_smile(ax, one, quotes, bids, asks)
        ax.set_title(_date(one, time_ns), loc="left", fontsize=9, color=LIGHT["ink"])
    for ax in panels[len(fit.smiles) :]:
        ax.set_axis_off()
    for ax in panels[: len(fit.smiles) : COLUMNS]:
        ax.set_ylabel("Vol (%)")
    for ax in panels[max(len(fit.smiles) - COLUMNS, 0) : len(fit.smiles)]:
        ax.set_xlabel("Strike (USD)")
    _legend(above, panels)
    _draw_term(below, fit)


def _draw_smile(
    ax: Axes, one: SmileFit, quotes: OptionQuotes, bids: FloatArray, asks: FloatArray
) -> None:
    years, scale = one.quotes.years, one.quotes.money_vol * math.sqrt(one.quotes.years)
    k = np.linspace(-DEVIATIONS * scale, DEVIATIONS * scale, 141)
    shown = np.abs(one.quotes.k) <= DEVIATIONS * scale
    forward = one.quotes.forward
    # Calls above the forward and puts below: those out of the money are the ones that trade.
    rows = (quotes.years == years) & (quotes.call == (quotes.strike >= quotes.forward))
    rows &= np.isfinite(bids) & np.isfinite(asks) & (bids > 0.0)
    rows &= np.abs(np.log(quotes.strike / quotes.forward)) <= DEVIATIONS * scale
    ax.vlines(
        quotes.strike[rows], 100.0 * bids[rows], 100.0 * asks[rows],
        color=LIGHT["c7"], linewidth=1.0, alpha=0.7, label="bid to ask",
    )  # fmt: skip
    ax.plot(
        forward * np.exp(k), 100.0 * one.svi.vol(k, years=years),
        color=LIGHT["c1"], linewidth=1.5, label="SVI",
    )  # fmt: skip
    if one.repaired != one.svi:
        ax.plot(
            forward * np.exp(k), 100.0 * one.repaired.vol(k, years=years), "--",
            color=LIGHT["c2"], linewidth=1.1, label="repaired: no calendar arbitrage",
        )  # fmt: skip
    points = 100.0 * one.quotes.vol[shown]
    ax.plot(
        forward * np.exp(one.quotes.k[shown]), points, "o",
        color=LIGHT["ink"], markersize=2.2, label="mark",
    )  # fmt: skip
    ax.set_xlim(forward * math.exp(k[0]), forward * math.exp(k[-1]))
    low, high = float(np.min(points)), float(np.max(points))
    ax.set_ylim(low - 0.12 * (high - low), high + 0.15 * (high - low))
    ax.xaxis.set_major_locator(_few())
    ax.xaxis.set_major_formatter(lambda x, _: f"{x / 1000:g}k" if x >= 1000 else f"{x:g}")
    ax.tick_params(labelsize=8)


def _draw_term(part: Figure, fit: SurfaceFit) -> None:
    money, skew = part.subplots(1, 2)
    years = np.array([one.quotes.years for one in fit.smiles])
    days = YEAR_DAYS * years
    quoted = [100.0 * one.quotes.money_vol for one in fit.smiles]
    line = np.geomspace(years[0], years[-1], 200)
    surface = fit.repaired
    vols = [100.0 * float(surface.vol([0.0], years=float(t))[0]) for t in line]
    money.plot(YEAR_DAYS * line, vols, color=LIGHT["c1"], label="surface at the money")
    money.plot(days, quoted, "o", color=LIGHT["ink"], markersize=3.5, label="mark at the money")
    for moved, token, name in ((-1.0, "c2", "put"), (1.0, "c3", "call")):
        wings = [
            100.0
            * float(
                one.repaired.vol(
                    [moved * one.quotes.money_vol * math.sqrt(one.quotes.years)],
                    years=one.quotes.years,
                )[0]
                - one.repaired.vol([0.0], years=one.quotes.years)[0]
            )
            for one in fit.smiles
        ]
        label = f"{name} side, one deviation out"
        skew.plot(days, wings, "o-", color=LIGHT[token], markersize=3.5, label=label)
    skew.axhline(0.0, color=LIGHT["muted"], linewidth=0.8)
    money.set_ylabel("Vol at the money (%)")
    skew.set_ylabel("Vol less that at\nthe money (points)")
    for ax in (money, skew):
        ax.set_xscale("log")
        ax.set_xlabel("Days to expiry (log scale)")
        ax.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
        ax.legend(loc="best")


def _legend(figure: Figure, panels: Iterable[Axes]) -> None:
    named: dict[str, object] = {}
    for ax in panels:
        handles, labels = ax.get_legend_handles_labels()
        named |= dict(zip(labels, handles, strict=True))
    figure.legend(named.values(), named.keys(), loc="outside lower center", ncols=len(named))


def _date(one: SmileFit, time_ns: int) -> str:
    expiry = format_instant(round(time_ns + one.quotes.years * YEAR_NS))
    day, month, year = int(expiry[8:10]), MONTHS[int(expiry[5:7]) - 1], expiry[2:4]
    return f"{day} {month} {year}, {YEAR_DAYS * one.quotes.years:.1f} days"


def _few() -> object:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    return MaxNLocator(4)
