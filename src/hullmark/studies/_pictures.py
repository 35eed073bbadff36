"""The pictures of the crash replay's report, as SVG to put inside a page.

Colours are style variables of the page (``--ink``, ``--c1`` ...), so that one picture serves light,
dark and paper. Every picture is drawn from the journalled run, but for the one that compares runs.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from hullmark.studies._report_read import MapTable, Report, Timeline
from hullmark.studies._report_svg import (
    COLOURS,
    SERIES,
    Axes,
    Axis,
    Figure,
    clock_ticks,
    styled,
    svg_of,
)
from hullmark.studies._report_text import delays, percent, usd_short

BUSY_SHARE = 0.02  # a bin belongs to the busy hours from this share of the busiest bin's notional
BUSY_MARGIN_MIN = 30  # shown before and after the busy hours

_HALF_INCH = (6.4, 3.7)
_WIDE_INCH = (13.2, 5.2)


class Picture(NamedTuple):
    """One picture, and the sentence that says what to see in it."""

    name: str
    title: str
    caption: str
    svg: str
    wide: bool


def draw_pictures(report: Report) -> dict[str, Picture]:
    """Return the pictures of *report* by name, in order of appearance.

    Raises
    ------
    PluginError
        If matplotlib is not installed.
    """
    drawings: dict[str, tuple[str, Callable[[Figure, Report], str], tuple[float, float]]] = {
        "causes": ("Deficits and their causes", _causes, (13.2, 3.2)),
        "prices": ("Prices, and what they liquidated", _prices, _WIDE_INCH),
        "breaches": ("Breaches over time", _breaches, _HALF_INCH),
        "fund": ("Insurance fund over time", _fund, _HALF_INCH),
        "instruments": ("Notional liquidated by instrument", _instruments, (13.2, 3.2)),
        "curve": ("Bad debt against the size of the fund", _curve, _HALF_INCH),
        "health": ("Accounts by health", _health, _HALF_INCH),
        "map": ("Liquidation map", _map, _HALF_INCH),
        "population": ("Drawn accounts against real ones", _population, (13.2, 4.0)),
    }
    pictures = {}
    for name, (title, draw, inches) in drawings.items():
        with styled(name) as figure_of:
            figure = figure_of(inches)
            caption = draw(figure, report)
            wide = inches is not _HALF_INCH
            pictures[name] = Picture(name, title, caption, svg_of(figure, title), wide)
    return pictures


def busy_minutes(line: Timeline) -> tuple[float, float]:
    """Return the first and last minute to show of the hours in which nearly all was liquidated."""
    first, last = line.minute[0], line.minute[-1]
    floor = BUSY_SHARE * max(line.notional)
    busy = [m for m, usd in zip(line.minute, line.notional, strict=True) if usd >= floor > 0]
    if not busy:
        return first, last
    return max(first, busy[0] - BUSY_MARGIN_MIN), min(last, busy[-1] + BUSY_MARGIN_MIN)


def _series(k: int) -> str:
    return COLOURS[f"c{k % SERIES + 1}"]


def _dollars(axis: Axis) -> None:
    axis.set_major_formatter(lambda value, _: usd_short(value))


def _signed_percent(axis: Axis) -> None:
    axis.set_major_formatter(lambda value, _: f"{value:+.0%}".replace("+0%", "0%"))


def _clock(ax: Axes, report: Report, first: float, last: float) -> None:
    start = report.window[0]
    minute_of_day = int(start[11:13]) * 60 + int(start[14:16])
    steps = (5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440)
    step = next((s for s in steps if (last - first) / s <= 8), 1440)
    ax.xaxis.set_major_locator(clock_ticks(step, minute_of_day))
    ax.xaxis.set_major_formatter(
        lambda m, _: f"{int(m + minute_of_day) // 60 % 24:02d}:{int(m + minute_of_day) % 60:02d}"
    )
    ax.set_xlim(first, max(last, first + 1))
    ax.set_xlabel(f"Time (UTC, from {start[:10]})")


def _counts(ax: Axes, counts: Sequence[int]) -> None:
    ax.set_ylim(0, max(*counts, 1) * 1.05)
    ax.yaxis.get_major_locator().set_params(integer=True)
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")


def _bin_width(line: Timeline) -> float:
    return min((b - a for a, b in pairwise(line.minute)), default=1.0)


_CAUSES = (
    ("gap", "c1"), ("participation", "c2"), ("latency", "c5"), ("oracle", "c3"), ("impact", "c6"),
)  # fmt: skip


def _causes(figure: Figure, report: Report) -> str:
    ax = figure.subplots()
    runs = report.all_runs
    names = [f"{run.order}, {delays(run)}" for run in report.runs]
    names += ["upper bound of the gap"] * (report.upper_bound is not None)
    right, left = [0.0] * len(runs), [0.0] * len(runs)  # a cause may be a gain: to the left of zero
    for cause, token in _CAUSES:
        values = [float(getattr(run.causes, cause)) for run in runs]
        starts = [right[k] if value > 0 else left[k] for k, value in enumerate(values)]
        bars = ax.barh(
            range(len(runs)), values, 0.62, starts, color=COLOURS[token], label=cause,
            edgecolor=COLOURS["card"], linewidth=0.8,
        )  # fmt: skip
        if report.upper_bound is not None:
            bars[-1].set_alpha(0.6)
        right = [max(end, a + b) for end, a, b in zip(right, starts, values, strict=True)]
        left = [min(end, a + b) for end, a, b in zip(left, starts, values, strict=True)]
    for k, run in enumerate(runs):
        ax.annotate(
            usd_short(run.deficit), (right[k], k), (6, 0), textcoords="offset points", va="center"
        )
    ax.set_yticks(range(len(runs)), names)
    for label, run in zip(ax.get_yticklabels(), runs, strict=True):
        label.set_color(COLOURS["ink"])
        label.set_fontweight("bold" if run.journalled else "normal")
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    ax.set_xlim(min(left) * 1.05, max(*right, 1.0) * 1.09)
    ax.set_xlabel("Deficit before the fund (USD)")
    ax.set_ylabel("Run")
    _dollars(ax.xaxis)
    figure.legend(loc="outside lower center", ncols=3)
    return (
        "How much of each run's deficit was there at the trigger (gap), came between trigger and "
        "the arrival of what filled (latency: delays, and rounds and pauses in which nothing "
        "filled) or was paid to the market (impact); a gain counts below zero. The journalled run "
        "is bold."
    )


def _prices(figure: Figure, report: Report) -> str:
    line = report.journalled.timeline
    above, below = figure.subplots(2, sharex=True, height_ratios=(3, 2))
    lows = {name: min(path) - 1 for name, path in line.prices.items()}
    for k, name in enumerate(sorted(lows, key=lambda name: (lows[name], name))):
        dash = ("-", "--", ":")[k // SERIES % 3]
        moves = [price - 1 for price in line.prices[name]]
        label = f"{name}  {lows[name]:+.1%}"
        above.plot(line.minute, moves, dash, color=_series(k), label=label, linewidth=1.3)
    _signed_percent(above.yaxis)
    above.set_ylabel("Price against\nthe first (%)")
    if lows:
        above.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), title="lowest point")
    width = _bin_width(line)
    below.bar(line.minute, line.notional, width, align="edge", color=COLOURS["c2"], linewidth=0)
    below.set_ylabel(f"Liquidated per\n{width:g} minutes (USD)")
    _dollars(below.yaxis)
    _clock(below, report, line.minute[0], line.minute[-1])
    first, last = busy_minutes(line)
    below.set_ylim(0, max(*line.notional, 1.0) * 1.05)
    for ax in (above, below) if (first, last) != (line.minute[0], line.minute[-1]) else ():
        ax.axvspan(first, last, color=COLOURS["grid"], alpha=0.45, linewidth=0, zorder=0)
    worst = min(lows, key=lambda name: (lows[name], name), default="nothing")
    fall = f"{worst} fell furthest, by {-lows[worst]:.1%}" if lows else "No price is recorded"
    return (
        f"{fall}; the lower panel shows when positions were closed for it, and the shaded hours "
        "are those of the next two pictures."
    )


def _breaches(figure: Figure, report: Report) -> str:
    line = report.journalled.timeline
    ax = figure.subplots()
    width = _bin_width(line)
    first, last = busy_minutes(line)
    bins = [(m, n) for m, n in zip(line.minute, line.breaches, strict=True) if first <= m <= last]
    ax.bar(*zip(*bins, strict=True), width, align="edge", color=COLOURS["c1"], linewidth=0)
    ax.set_ylabel(f"Breaches per {width:g} minutes (accounts)")
    _counts(ax, line.breaches)
    _clock(ax, report, first, last)
    total, peak = sum(line.breaches), max(line.breaches)
    return (
        f"{sum(n for _, n in bins):,} of the {total:,} breaches fall into these hours, "
        f"at most {peak:,} in {width:g} minutes."
    )


def _fund(figure: Figure, report: Report) -> str:
    run = report.journalled
    line = run.timeline
    ax = figure.subplots()
    start = float(run.fund.start)
    ax.axhline(start, color=COLOURS["muted"], linestyle="--", linewidth=1, label="at the start")
    ax.step(line.minute, line.fund, where="post", color=COLOURS["c3"], linewidth=2, label="fund")
    ax.set_ylim(0, max(*line.fund, start, 1.0) * 1.1)
    ax.set_ylabel("Insurance fund (USD)")
    _dollars(ax.yaxis)
    _clock(ax, report, *busy_minutes(line))
    ax.legend(loc="lower left")
    return (
        f"The fund began with {usd_short(start)}, took {usd_short(run.fund.penalties_in)} in "
        f"penalties, paid {usd_short(run.fund.used)} for deficits and ended at "
        f"{usd_short(run.fund.end)}."
    )


def _instruments(figure: Figure, report: Report) -> str:
    rows = sorted(report.journalled.by_instrument, key=lambda r: (-float(r.notional), r.instrument))
    ax = figure.subplots()
    values = [float(row.notional) for row in rows]
    ax.barh(range(len(rows)), values, 0.62, color=COLOURS["c1"])
    for k, value in enumerate(values):
        ax.annotate(usd_short(value), (value, k), (5, 0), textcoords="offset points", va="center")
    ax.set_yticks(range(len(rows)), [row.instrument for row in rows])
    ax.tick_params(axis="y", labelcolor=COLOURS["ink"])
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    ax.set_xlim(0, max([1.0, *values]) * 1.15)
    ax.set_xlabel("Notional liquidated (USD)")
    ax.set_ylabel("Instrument")
    _dollars(ax.xaxis)
    total = sum(values)
    if not total:
        return "Nothing was liquidated."
    return f"{rows[0].instrument} carries {values[0] / total:.0%} of {usd_short(total)}."


def _curve(figure: Figure, report: Report) -> str:
    ax = figure.subplots()
    points = sorted((float(p.share), float(p.bad_debt)) for p in report.fund_curve)
    shares, debts = [share for share, _ in points], [debt for _, debt in points]
    ax.plot(shares, debts, "o-", color=COLOURS["c2"], markersize=4.5, label="bad debt")
    run = report.journalled
    had = float(run.fund.start) / (float(report.open_interest_usd) or 1.0)
    ax.axvline(had, color=COLOURS["muted"], linestyle="--", linewidth=1, label="this run's fund")
    ax.set_xlim(0, None)
    ax.set_ylim(0, max([1.0, *debts]) * 1.1)
    ax.set_xlabel("Fund at the start (% of open interest)")
    ax.set_ylabel("Bad debt left (USD)")
    ax.xaxis.set_major_formatter(lambda value, _: f"{value * 100:g}%")
    _dollars(ax.yaxis)
    ax.legend(loc="upper right")
    enough = next((share for share, debt in points if not debt), None)
    if enough is not None:
        verdict = f"{percent(enough, 1)} of open interest would have left no bad debt"
    else:
        verdict = "no size tried is enough" if points else "no other size was tried"
    return f"The fund was {percent(had, 1)} of open interest; {verdict}."


def _health(figure: Figure, report: Report) -> str:
    health = report.journalled.health
    ax = figure.subplots()
    places = range(len(health.edges))
    ax.bar([k - 0.2 for k in places], health.before, 0.4, color=COLOURS["c7"], label="before")
    ax.bar([k + 0.2 for k in places], health.after, 0.4, color=COLOURS["c1"], label="after")
    texts = [f"{edge:g}" for edge in health.edges]
    spans = [f"{a}–{b}" for a, b in pairwise(texts)]  # noqa: RUF001  a range
    slanted = len(texts) > 7
    ax.set_xticks(
        places, [*spans, f"{texts[-1]}+"],
        rotation=40 if slanted else 0, ha="right" if slanted else "center", rotation_mode="anchor",
    )  # fmt: skip
    ax.grid(visible=False, axis="x")
    ax.set_xlabel("Margin ratio (maintenance margin / maintenance equity; breach above 1)")
    ax.set_ylabel("Accounts (number)")
    _counts(ax, [*health.before, *health.after])
    ax.legend(loc="upper right")
    over = [
        sum(n for edge, n in zip(health.edges, column, strict=True) if edge >= 1)
        for column in (health.before, health.after)
    ]
    return (
        f"Accounts by how much of their equity is spoken for: {over[0]:,} were in breach before "
        f"the day and {over[1]:,} after it."
    )


def _map(figure: Figure, report: Report) -> str:
    maps = report.journalled.maps
    ax = figure.subplots()
    tables = ((maps.before, "before", "--", 1.3), (maps.after, "after", "-", 2.0))
    for table, when, dash, width in tables:
        for side, token in (("long", "c2"), ("short", "c1")):
            away = -1 if side == "long" else 1  # on the other side of zero nothing is drawn as 0
            points = zip(table.move, getattr(table, side), strict=True)
            column = [usd if usd or away * move >= 0 else math.nan for move, usd in points]
            label = f"{side}s, {when}"
            ax.plot(table.move, column, dash, color=COLOURS[token], label=label, linewidth=width)
    ax.axvline(0, color=COLOURS["muted"], linewidth=0.8)
    largest = max(max(*table.long, *table.short) for table, *_ in tables)
    ax.set_ylim(0, max(largest, 1.0) * 1.05)
    ax.set_xlabel("Joint move of all prices (%)")
    ax.set_ylabel("Would be liquidated (USD)")
    _signed_percent(ax.xaxis)
    _dollars(ax.yaxis)
    figure.legend(loc="outside lower center", ncols=4)
    return (
        "What one more joint move would liquidate: "
        f"{_at_fall(maps.before)} before the day, {_at_fall(maps.after)} after it."
    )


def _at_fall(table: MapTable) -> str:
    move, notional = min(
        zip(table.move, table.long, strict=True), key=lambda point: abs(point[0] + 0.1)
    )
    return f"{usd_short(notional)} of longs at {move:+.0%}"


def _population(figure: Figure, report: Report) -> str:
    population = report.population
    axes = figure.subplots(1, 2)
    columns = (
        (population.leverage, "Leverage (x)", lambda value, _: f"{value:g}x"),
        (population.size_usd, "Account size (USD of notional)", lambda value, _: usd_short(value)),
    )
    for ax, (sample, title, written) in zip(axes, columns, strict=True):
        ax.plot(
            population.quantiles,
            sample.real,
            "s--",
            color=COLOURS["c7"],
            markersize=5,
            label="real",
        )
        ax.plot(
            population.quantiles,
            sample.drawn,
            "o-",
            color=COLOURS["c1"],
            markersize=4,
            label="drawn",
        )
        if min(*sample.real, *sample.drawn) > 0:
            ax.set_yscale("log")
        ax.yaxis.set_major_formatter(written)
        ax.yaxis.set_minor_formatter(lambda *_: "")
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        ax.set_xlabel("Quantile of accounts (%)")
        ax.set_ylabel(title)
        ax.legend(loc="upper left")
    return (
        "Where the two lines lie on each other, the drawn book is as levered and as unequal as the "
        "real accounts it was fitted on."
    )
