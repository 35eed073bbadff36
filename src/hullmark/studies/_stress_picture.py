"""The picture of a stress test: a row per scenario, with what it costs and what the fund holds."""

from typing import Literal

from hullmark.studies._light import LIGHT, lit, saved
from hullmark.studies._report_svg import Axes
from hullmark.studies._stress import ScenarioLoss, StressStudy

ROWS_MAX = 40  # scenarios that a page can show; the costliest
_WIDTH_INCH, _ROW_INCH, _EDGES_INCH = 8.0, 0.24, 1.3
_WIDE = 300.0  # from here on a tick per power of ten is enough
_UNITS = ((1e12, "tn"), (1e9, "bn"), (1e6, "m"), (1e3, "k"), (1.0, ""))
# A loss is no less than that of two, and that no less than that of one: where they are equal, the
# smaller mark lies inside the larger, open one, and all are seen.
_SERIES = (
    ("cover_1_usd", "c1", "o", 4.0, "one participant (Cover-1)"),
    ("cover_2_usd", "c2", "D", 6.5, "two participants (Cover-2)"),
    ("loss_usd", "c3", "s", 10.0, "all who default"),
)


def draw_stress(study: StressStudy, *, form: Literal["png", "svg"] = "png") -> bytes:
    """Return a picture of what each scenario costs, against the fund at its prices.

    Of more than forty scenarios the costliest are shown, in the order of the set. A loss of less
    than a dollar has no mark, as the axis is logarithmic. Equal studies give equal bytes, under one
    version of matplotlib.

    Raises
    ------
    PluginError
        If matplotlib is not installed.
    """
    lost = [each.loss_usd for each in study.scenarios]
    costliest = sorted(range(len(lost)), key=lambda n: -lost[n])[:ROWS_MAX]
    shown = [study.scenarios[n] for n in sorted(costliest)]
    with lit("stress") as figure_of:
        figure = figure_of((_WIDTH_INCH, _EDGES_INCH + _ROW_INCH * len(shown)))
        ax = figure.subplots()
        _draw(ax, shown)
        figure.legend(loc="outside lower center", ncols=len(_SERIES) + 1)
        return saved(figure, form)


def _draw(ax: Axes, shown: list[ScenarioLoss]) -> None:
    rows = range(len(shown))
    for row, each in zip(rows, shown, strict=True):
        if each.cover_1_usd >= 1.0:
            ends = (each.cover_1_usd, each.loss_usd)
            ax.plot(ends, (row, row), color=LIGHT["grid"], lw=2.5, zorder=1)
    for place, (name, colour, marker, size, label) in enumerate(_SERIES):
        points = [(usd, row) for row, each in enumerate(shown) if (usd := getattr(each, name)) >= 1]
        usd, at = zip(*points, strict=True) if points else ((), ())
        ax.plot(
            usd, at, marker, color=LIGHT[colour], mfc=LIGHT["card" if place else colour], mew=1.8,
            ms=size, label=label, zorder=3 + len(_SERIES) - place,
        )  # fmt: skip
    funds = [(each.fund_usd, row) for row, each in enumerate(shown) if each.fund_usd >= 1.0]
    if funds:
        usd, at = zip(*funds, strict=True)
        ax.plot(usd, at, "|", color=LIGHT["ink"], ms=15, mew=1.6, label="the fund", zorder=2)
    ax.set_xscale("log")
    ax.minorticks_off()
    low, high = ax.get_xlim()
    ax.xaxis.get_major_locator().set_params(subs=(1.0,) if high / low > _WIDE else (1.0, 2.0, 5.0))
    ax.xaxis.set_major_formatter(lambda usd, _: _short(usd))
    ax.set_xlabel("USD (log scale)")
    ax.set_yticks(list(rows), [each.scenario.name for each in shown])
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ax.set_title("What the fund loses, by scenario", loc="left", fontsize=11, color=LIGHT["ink"])


def _short(usd: float) -> str:
    for unit, letter in _UNITS:
        if usd >= unit:
            return f"{usd / unit:g}{letter}"
    return f"{usd:g}"
