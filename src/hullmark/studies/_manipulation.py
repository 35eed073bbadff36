"""What moving the price of each market of a venue costs, and gains, with what is open there."""

import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Literal, NamedTuple

from hullmark.market import ManipulationPoint, manipulation_report, oi_cap
from hullmark.studies._light import LIGHT, lit, saved
from hullmark.studies._report_svg import Axes, Axis

COLUMNS = 3
PANEL_INCH = (3.7, 3.0)
_ENTRIES = 4  # of the legend, at the most
_UNITS = ((1e12, "tn"), (1e9, "bn"), (1e6, "m"), (1e3, "k"), (1.0, ""))
_EDGE = 0.2  # of the width of a panel
_WIDE = 300.0  # from here on a tick per power of ten is enough


class MarketManipulation(NamedTuple):
    """One market: what is there, and the points of `hullmark.market.manipulation_report`."""

    depth_usd: Decimal
    open_interest_usd: Decimal  # the larger side
    points: tuple[ManipulationPoint, ...]

    @property
    def best(self) -> ManipulationPoint:
        """The point with the most profit, the smaller move where two are."""
        return max(self.points, key=lambda point: (point.profit_usd, -abs(point.move)))

    @property
    def tightest(self) -> ManipulationPoint | None:
        """The point with the least cap; ``None``: no move ever pays."""
        return oi_cap(self.points)


def manipulation_study(
    depth_usd: Mapping[str, Decimal],
    open_interest_usd: Mapping[str, Decimal],
    moves: Sequence[Decimal] | None = None,
    **terms: str,
) -> dict[str, MarketManipulation]:
    """Return the manipulation report of every market that has a depth.

    Parameters
    ----------
    depth_usd : mapping of str to Decimal, USD
        By market, as `hullmark.runtime.market_depths` has it.
    open_interest_usd : mapping of str to Decimal, USD
        By market, as `Venue.open_interest` has it; what is not there has none.
    moves : sequence of Decimal, optional
        Relative moves of the price, by default those of `hullmark.market.manipulation_report`.
    **terms : str
        As `hullmark.market.manipulation_report` takes them.

    Raises
    ------
    InvalidInputError
        As for `hullmark.market.manipulation_report`.
    """
    found = {}
    for symbol, depth in depth_usd.items():
        held = open_interest_usd.get(symbol, Decimal(0))
        points = manipulation_report(depth, held, moves, **terms)
        found[symbol] = MarketManipulation(depth, held, points)
    return found


def draw_manipulation(
    markets: Mapping[str, MarketManipulation], *, form: Literal["png", "svg"] = "png"
) -> bytes:
    """Return a picture with a panel per market: the cap that each move needs, and what is open.

    Where the line of what is open lies above that of a move, the move pays. Equal reports give
    equal bytes, under one version of matplotlib.

    Raises
    ------
    PluginError
        If matplotlib is not installed.
    """
    columns = min(COLUMNS, max(len(markets), 1))
    rows = -(-len(markets) // columns) or 1
    with lit("manipulation") as figure_of:
        entries = -(-_ENTRIES // columns)
        figure = figure_of((PANEL_INCH[0] * columns, PANEL_INCH[1] * rows + 0.22 * entries))
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for ax, (name, market) in zip(panels, markets.items(), strict=False):
            _draw(ax, name, market)
        for ax in panels[len(markets) :]:
            ax.set_axis_off()
        for ax in panels[: len(markets) : columns]:
            ax.set_ylabel("Open interest (USD, log scale)")
        for ax in panels[max(len(markets) - columns, 0) : len(markets)]:
            ax.set_xlabel("Move of the price (log scale)")
        handles = {h.get_label(): h for ax in panels for h in ax.get_legend_handles_labels()[0]}
        figure.legend(handles=list(handles.values()), loc="outside lower center", ncols=columns)
        return saved(figure, form)


def _draw(ax: Axes, name: str, market: MarketManipulation) -> None:
    up, down = (_line(market, way) for way in (1, -1))
    ways = [(up, "c1", "-", "up"), (down, "c3", "--", "down")]
    common = up.keys() & down.keys()
    if common and all(up[size] == down[size] for size in common):
        ways = [(dict(sorted((down | up).items())), "c1", "-", "up or down")]
    for line, colour, style, way in ways:
        if line:
            label = f"at which a move {way} pays nothing"
            ax.plot(*zip(*line.items(), strict=True), color=LIGHT[colour], ls=style, label=label)
    if market.open_interest_usd:
        open_usd = float(market.open_interest_usd)
        ax.axhline(open_usd, color=LIGHT["c2"], label="open")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.minorticks_off()
    ax.margins(0.08, 0.3)
    if (cap := market.tightest) is not None and cap.oi_cap_usd:
        _mark(ax, float(abs(cap.move)), float(cap.oi_cap_usd))
    _tick(ax.xaxis, ax.get_xlim(), lambda x, _: f"{100 * x:.6g}%")
    _tick(ax.yaxis, ax.get_ylim(), lambda y, _: _short(y))
    ax.set_title(name, loc="left", fontsize=10, color=LIGHT["ink"])


# By size of the move, rising.
def _line(market: MarketManipulation, way: int) -> dict[float, float]:
    chosen = sorted(market.points, key=lambda point: abs(point.move))
    return {
        float(abs(point.move)): float(point.oi_cap_usd)
        for point in chosen
        if point.move * way > 0 and point.oi_cap_usd
    }


# The number stands under its point, and to the side of it that leads away from a near edge.
def _mark(ax: Axes, move: float, cap_usd: float) -> None:
    ax.plot(move, cap_usd, "o", color=LIGHT["ink"], ms=6, label="cap")
    low, high = map(math.log, ax.get_xlim())
    place = (math.log(move) - low) / (high - low)
    side = "left" if place < _EDGE else "right" if place > 1 - _EDGE else "center"
    ax.annotate(f"{cap_usd:,.0f}", (move, cap_usd), (0, -18), textcoords="offset points", ha=side)


def _tick(axis: Axis, limits: tuple[float, float], text: Callable[[float, object], str]) -> None:
    wide = limits[1] / limits[0] > _WIDE
    axis.get_major_locator().set_params(subs=(1.0,) if wide else (1.0, 2.0, 5.0))
    axis.set_major_formatter(text)


def _short(usd: float) -> str:
    for unit, letter in _UNITS:
        if usd >= unit:
            return f"{usd / unit:g}{letter}"
    return f"{usd:g}"
