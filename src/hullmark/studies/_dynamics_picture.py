"""The picture of measured dynamics: vol against spot, moves by tenor, and the components."""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from hullmark.scenarios import SHOCK_DAYS
from hullmark.studies._dynamics import DEVIATIONS, GRID_DAYS, TENOR_DAYS, Dynamics
from hullmark.studies._light import LIGHT, lit, saved
from hullmark.studies._measured_moves import COMPONENTS, MeasuredMove
from hullmark.studies._report_svg import Axes, Figure

ROW_INCH = 6.6
WIDTH_INCH = 11.2
VENUE_POWERS = (0.3, 0.13)  # Deribit, "Portfolio Margin": of the vol shock, to 30 days and beyond

_KINDS = {"pair": ("c1", "o", 42), "component": ("c6", "D", 30), "worst": ("c2", "*", 130)}


def draw_dynamics(
    dynamics: Mapping[str, Dynamics],
    moves: Mapping[str, Sequence[MeasuredMove]],
    *,
    form: Literal["png", "svg"] = "png",
) -> bytes:
    """Return a picture of the dynamics of underlyings, with the moves chosen from them.

    Equal dynamics give equal bytes, under one version of matplotlib.

    Parameters
    ----------
    dynamics, moves : mapping of str to Dynamics and to sequence of MeasuredMove
        By underlying.
    form : {"png", "svg"}
        Of the file.

    Raises
    ------
    PluginError
        If matplotlib is not installed.
    """
    with lit("dynamics") as figure_of:
        figure = figure_of((WIDTH_INCH, ROW_INCH * len(dynamics)))
        parts = figure.subfigures(len(dynamics), 1, squeeze=False)[:, 0]
        for part, (coin, measured) in zip(parts, dynamics.items(), strict=True):
            part.set_facecolor(LIGHT["card"])
            hours, count = measured.changes.horizon_hours, len(measured.changes.spot)
            part.suptitle(
                f"{coin}: {count} changes over {hours:g} hours,"
                f" {measured.changes.apart} of them apart in time",
                color=LIGHT["ink"], fontsize=11, x=0.01, ha="left",
            )  # fmt: skip
            above, below = part.subfigures(2, 1, height_ratios=(3.4, 2.5))
            pairs, term = above.subplots(1, 2, width_ratios=(1.5, 1.0))
            _draw_pairs(pairs, measured, moves[coin])
            _draw_term(term, measured)
            _draw_components(below, measured)
        return saved(figure, form)


def _draw_pairs(ax: Axes, measured: Dynamics, moves: Sequence[MeasuredMove]) -> None:
    changes, line = measured.changes, measured.strike
    ax.scatter(
        100.0 * np.expm1(changes.spot), 100.0 * np.expm1(changes.level),
        color=LIGHT["ink"], s=12, label="measured",
    )  # fmt: skip
    spot = np.linspace(float(changes.spot.min()), float(changes.spot.max()), 50)
    for edge, style in ((0.0, "-"), (line.low, ":"), (line.high, ":")):
        ax.plot(
            100.0 * np.expm1(spot), 100.0 * np.expm1(line.slope * spot + edge),
            style, color=LIGHT["c1"], linewidth=1.2,
        )  # fmt: skip
    for kind, (token, marker, size) in _KINDS.items():
        chosen = [move for move in moves if move.kind == kind]
        ax.scatter(
            [100.0 * (move.spot - 1.0) for move in chosen],
            [100.0 * move.vol.level for move in chosen],
            color=LIGHT[token], marker=marker, s=size, label=f"scenario: {kind}", alpha=0.75,
        )  # fmt: skip
    for place in (ax.axhline, ax.axvline):
        place(0.0, color=LIGHT["muted"], linewidth=0.8)
    ax.set_xlabel("Change of spot (%)")
    ax.set_ylabel("Change of 30-day vol\nat the strike (%)")
    ax.legend(loc="upper right")


def _draw_term(ax: Axes, measured: Dynamics) -> None:
    days = np.geomspace(TENOR_DAYS[0], TENOR_DAYS[-1], 100)
    ratio = measured.term.ratio
    ax.plot(TENOR_DAYS, ratio, "o", color=LIGHT["ink"], markersize=4.5, label="measured")
    powers = measured.term.short, measured.term.long
    for (short, long), token, name in ((powers, "c1", "powers"), (VENUE_POWERS, "c2", "Deribit")):
        scale = (SHOCK_DAYS / days) ** np.where(days <= SHOCK_DAYS, short, long)
        ax.plot(days, scale, color=LIGHT[token], label=f"{name} {short:.2f}, {long:.2f}")
    ax.set_xscale("log")
    ax.set_xticks(TENOR_DAYS, [f"{d:g}" for d in TENOR_DAYS])
    ax.minorticks_off()
    ax.set_ylim(0.0, math.ceil(float(ratio.max())))
    ax.set_xlabel("Days to expiry (log scale)")
    ax.set_ylabel("Times that of 30 days")
    ax.legend(loc="upper right")


def _draw_components(part: Figure, measured: Dynamics) -> None:
    found = measured.components
    panels = part.subplots(1, COMPONENTS, sharey=True)
    for c, ax in enumerate(panels):
        table = found.loading[c, 1:].reshape(len(GRID_DAYS), len(DEVIATIONS))
        for j, z in enumerate(DEVIATIONS):
            name = "strike at the forward" if z == 0.0 else f"{z:+g} deviation"
            ax.plot(
                range(len(GRID_DAYS)), table[:, j], "o-",
                color=LIGHT[f"c{j + 1}"], markersize=3.5, label=name,
            )  # fmt: skip
        spot = found.loading[c, 0]
        ax.axhline(spot, color=LIGHT["muted"], linestyle="--", linewidth=1.1, label="spot")
        ax.axhline(0.0, color=LIGHT["muted"], linewidth=0.8)
        ax.set_xticks(range(len(GRID_DAYS)), [f"{d:g}" for d in GRID_DAYS])
        ax.set_xlabel("Days to expiry")
        title = f"component {c + 1}: {found.share[c]:.1%} of the variance"
        ax.set_title(title, loc="left", fontsize=9.5, color=LIGHT["ink"])
    panels[0].set_ylabel("Loading")
    handles, labels = panels[0].get_legend_handles_labels()
    part.legend(handles, labels, loc="outside lower center", ncols=len(labels))
