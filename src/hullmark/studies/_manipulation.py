"""What moving the price of each market of a venue costs, and gains, with what is open there."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal, NamedTuple

from hullmark.market import MANIPULATION_MOVES, ManipulationPoint, manipulation_report, oi_cap
from hullmark.studies._light import LIGHT, lit, saved
from hullmark.studies._report_svg import Axes

COLUMNS = 3
PANEL_INCH = (3.7, 3.0)
_NAMES = {1: "up", -1: "down"}


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
    moves: Sequence[Decimal] = MANIPULATION_MOVES,
    **terms: str,
) -> dict[str, MarketManipulation]:
    """Return the manipulation report of every market that has a depth.

    Parameters
    ----------
    depth_usd : mapping of str to Decimal, USD
        By market, as `hullmark.runtime.market_depths` has it.
    open_interest_usd : mapping of str to Decimal, USD
        By market, as `Venue.open_interest` has it; what is not there has none.
    moves : sequence of Decimal
        Relative moves of the price.
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
        figure = figure_of((PANEL_INCH[0] * columns, PANEL_INCH[1] * rows + 0.5))
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
        figure.legend(handles=list(handles.values()), loc="outside lower center", ncols=columns + 1)
        return saved(figure, form)


def _draw(ax: Axes, name: str, market: MarketManipulation) -> None:
    for way, colour in ((1, "c1"), (-1, "c3")):
        line = sorted(
            (float(abs(p.move)), float(p.oi_cap_usd))
            for p in market.points
            if p.move * way > 0 and p.oi_cap_usd
        )
        if line:
            style = "-" if way > 0 else "--"
            label = f"at which a move {_NAMES[way]} pays nothing"
            ax.plot(*zip(*line, strict=True), color=LIGHT[colour], ls=style, label=label)
    if market.open_interest_usd:
        open_usd = float(market.open_interest_usd)
        ax.axhline(open_usd, color=LIGHT["c2"], label="open")
    if (cap := market.tightest) is not None and cap.oi_cap_usd:
        at = (float(abs(cap.move)), float(cap.oi_cap_usd))
        ax.plot(*at, "o", color=LIGHT["ink"], ms=6, label="cap")
        ax.annotate(f"{at[1]:,.0f}", at, xytext=(0, -14), textcoords="offset points", ha="center")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.margins(0.08, 0.15)
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:.4%}".replace(".0000%", "%"))
    ax.set_title(name, loc="left", fontsize=10, color=LIGHT["ink"])
