"""The picture of a comparison: who paid, who took the positions, and how long it took."""

from collections.abc import Callable, Sequence
from typing import Literal

from hullmark.studies._chains import ChainsReport, ComparedRun
from hullmark.studies._light import LIGHT, lit, saved
from hullmark.studies._report_svg import Axes
from hullmark.studies._report_text import usd_short

_WIDTH_INCH, _ROW_INCH, _EDGES_INCH = 11.0, 0.27, 2.0
# One colour for one party, in both halves.
_WINNERS, _POOL = "c2", "c5"
_PAID = (
    ("fund", "c1", lambda run: run.paid.fund),
    ("staked backstop", "c7", lambda run: run.paid.backstop),
    ("haircuts of winners", _WINNERS, lambda run: run.paid.haircuts),
    ("bad debt", "c6", lambda run: run.paid.bad_debt),
    ("the pool's loss", _POOL, lambda run: run.pool_loss),
)
# What orders closed is told in words: it is so much more that nothing else would be seen.
_TAKEN = (
    ("bidders", "c3", lambda run: run.notional.auctions),
    ("makers", "c4", lambda run: run.notional.makers),
    ("pool", _POOL, lambda run: run.notional.pool),
    ("winners, deleveraged", _WINNERS, lambda run: run.notional.deleveraging),
)
_Series = Sequence[tuple[str, str, Callable[[ComparedRun], str]]]


def draw_chains(report: ChainsReport, *, form: Literal["png", "svg"] = "png") -> bytes:
    """Return a picture with a row for every run: losses to the left, positions to the right.

    Equal reports give equal bytes, under one version of matplotlib.

    Raises
    ------
    PluginError
        If matplotlib is not installed.
    """
    rows = len(report.runs)
    with lit("chains") as figure_of:
        figure = figure_of((_WIDTH_INCH, _EDGES_INCH + _ROW_INCH * rows))
        left, right = figure.subplots(1, 2, sharey=True)
        _bars(left, report, _PAID)
        _bars(right, report, _TAKEN)
        left.set_title("Who paid the deficits", loc="left", fontsize=11, color=LIGHT["ink"])
        title = "Who took positions, apart from the market"
        right.set_title(title, loc="left", fontsize=11, color=LIGHT["ink"])
        left.set_yticks(range(rows), [f"{run.chain}, {run.policy}" for run in report.runs])
        left.set_ylim(rows - 0.4, -0.6)
        return saved(figure, form)


def _bars(ax: Axes, report: ChainsReport, series: _Series) -> None:
    starts = [0.0] * len(report.runs)
    for name, colour, figure_of in series:
        values = [max(float(figure_of(run)), 0.0) for run in report.runs]
        if any(values):
            ax.barh(
                range(len(values)), values, 0.7, starts, color=LIGHT[colour], label=name,
                edgecolor=LIGHT["card"], linewidth=0.6,
            )  # fmt: skip
        starts = [start + value for start, value in zip(starts, values, strict=True)]
    ax.xaxis.set_major_formatter(lambda value, _: usd_short(value))
    ax.set_xlabel("USD")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=3, frameon=False)
