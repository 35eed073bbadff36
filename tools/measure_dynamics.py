"""Measure how volatility moves: ``python tools/measure_dynamics.py DATA_DIR``.

DATA_DIR holds ``deribit_option_chains_2026``, a folder of public option chains. Every snapshot of
the file of the crash is fitted, and the changes from snapshot to snapshot become the scenario set
``src/hullmark/scenarios/measured-2026-02.toml`` and the picture ``docs/concepts/vol-dynamics.png``.
Only the numbers of the set leave this program; the tables of ``docs/concepts/vol-dynamics.md`` are
printed. Equal files give equal bytes.
"""

import argparse
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from hullmark.core import SECOND_NS, format_instant
from hullmark.feeds import read_quotes
from hullmark.studies import (
    TENOR_DAYS,
    Dynamics,
    MeasuredMove,
    draw_dynamics,
    measured_moves,
    move_shape,
    vol_changes,
    vol_snapshots,
)

HERE = Path(__file__).resolve().parent
CHAIN = Path("deribit_option_chains_2026") / "chain_6h_2026-01-28_2026-02-10.parquet"
OUTPUT = HERE.parent / "src" / "hullmark" / "scenarios" / "measured-2026-02.toml"
PICTURE = HERE.parent / "docs" / "concepts" / "vol-dynamics.png"
HORIZONS_HOURS = (6.0, 24.0)
SET_HOURS = 24.0  # of the scenarios: what a venue's margin is asked to cover

HEADER = """\
# Joint moves of spot and volatility, measured. Written by tools/measure_dynamics.py: edit that.
#
# Source: github.com/znmahbub/SVCJ-Deribit-Inverse-Options-Pricer, commit
#   516b0cb0f4d7c0f2874d04662961b01147583c5f, data/deribit_options_snapshot_*.csv: Deribit's public
#   option chain, published without a stated licence. Only the numbers below are kept, no quote.
# Procedure and limits: docs/concepts/vol-dynamics.md. Two weeks that hold a crash: what a market
#   has done once, and no percentile of anything.
#
# spot is what it is multiplied by; level and skew (per deviation) are relative moves of vol at 30
# days, term what a tenor gains per e-fold that it is shorter.

"""


def main() -> None:
    """Measure, write and print."""
    parser = argparse.ArgumentParser(description="Measure how volatility moves.")
    parser.add_argument("data", type=Path, metavar="DATA_DIR")
    args = parser.parse_args()
    chain = read_quotes(args.data / CHAIN)
    snapshots = vol_snapshots(chain)
    sets: dict[str, Dynamics] = {}
    moves: dict[str, Sequence[MeasuredMove]] = {}
    for coin, states in snapshots.items():
        for hours in HORIZONS_HOURS:
            dynamics = Dynamics.of(vol_changes(states, horizon_hours=hours))
            print(to_text(coin, dynamics))
            if hours == SET_HOURS:
                sets[coin], moves[coin] = dynamics, measured_moves(dynamics)
    OUTPUT.write_text(to_toml(chain.times_ns, sets, moves), encoding="utf-8")
    PICTURE.write_bytes(draw_dynamics(sets, moves))
    for coin, found in moves.items():
        print(to_table(coin, found))


def to_toml(
    times_ns: Sequence[int],
    sets: Mapping[str, Dynamics],
    moves: Mapping[str, Sequence[MeasuredMove]],
) -> str:
    """Return the text of the scenario set."""
    first, last = (_time(t) for t in (times_ns[0], times_ns[-1]))
    lines = [
        'title = "Deribit, the fortnight of the crash of February 2026"',
        f'source = "Deribit option chain, {len(times_ns)} snapshots, {first} to {last}"',
        'program = "tools/measure_dynamics.py"',
        f'horizon_hours = "{SET_HOURS:g}"',
        f"snapshots = {len(times_ns)}",
    ]
    for coin, found in moves.items():
        shape = move_shape(sets[coin])
        lines += [
            "",
            f"[underlyings.{coin}.shape]",
            f'short_power = "{shape.power_short:.4f}"',
            f'long_power = "{shape.power_long:.4f}"',
            f'days_min = "{shape.days_min:g}"',
            f'days_max = "{shape.days_max:g}"',
            f'deviations_max = "{shape.deviations_max:g}"',
            f'factor_min = "{shape.factor_min:g}"',
        ]
        for move in found:
            lines += [
                "",
                f"[[underlyings.{coin}.scenarios]]",
                f'name = "{move.name}"',
                f'spot = "{move.spot:.4f}"',
                *(f'{k} = "{_plain(getattr(move.vol, k))}"' for k in ("level", "term", "skew")),
                'weight = "1"',
            ]
    return HEADER + "\n".join(lines) + "\n"


def to_text(coin: str, dynamics: Dynamics) -> str:
    """Lay the figures of one underlying and horizon out for a reader."""
    changes, parts, term = dynamics.changes, dynamics.components, dynamics.term
    lines = [
        f"{coin}, {changes.horizon_hours:g} h: {len(changes.spot)} changes, {changes.apart} apart,"
        f" {changes.hours.min():.1f} to {changes.hours.max():.1f} h;"
        f" spot {_percent(changes.spot.min())} to {_percent(changes.spot.max())},"
        f" 30-day vol {_percent(changes.level.min())} to {_percent(changes.level.max())}"
    ]
    for name, line in (("strike", dynamics.strike), ("money", dynamics.money)):
        lines.append(
            f"  at the {name}: slope {line.slope:.2f}, correlation {line.correlation:.2f},"
            f" band {line.low:+.3f} to {line.high:+.3f}"
        )
    for name, moves in (("falls", dynamics.falls), ("rises", dynamics.rises)):
        lines.append(
            f"  {moves.changes} largest {name}, from {_percent(moves.spot)}: vol"
            f" {_percent(moves.low)}, {_percent(moves.median)}, {_percent(moves.high)}"
        )
    ratios = " ".join(f"{d:g}d {r:.2f}" for d, r in zip(TENOR_DAYS, term.ratio, strict=True))
    lines.append(f"  powers {term.short:.2f}, {term.long:.2f}; ratio {ratios}")
    for c in range(4):
        loading = " ".join(f"{x:+.2f}" for x in parts.loading[c])
        lines.append(
            f"  component {c + 1}: {parts.share[c]:.1%}, scores {parts.low[c]:.1f} to"
            f" {parts.high[c]:.1f}; spot and vols {loading}"
        )
    return "\n".join(lines)


def to_table(coin: str, moves: Sequence[MeasuredMove]) -> str:
    """Lay the scenarios out as a table of Markdown."""
    lines = [f"| {coin} | Spot | Level | Term | Skew | Error |", "|---|---|---|---|---|---|"]
    for move in moves:
        numbers = move.spot - 1.0, move.vol.level, move.vol.term, move.vol.skew
        cells = " | ".join(f"{100.0 * x:+.1f} %" for x in numbers)
        lines.append(f"| {move.name} | {cells} | {100.0 * move.error:.1f} % |")
    return "\n".join(lines)


def _time(time_ns: int) -> str:
    return format_instant(time_ns // SECOND_NS * SECOND_NS)


def _percent(log_change: float) -> str:
    return f"{100.0 * math.expm1(log_change):+.1f}%"


# A rounded number without a sign before zero, as a decimal of a rule book.
def _plain(number: float) -> str:
    return f"{number + 0.0:.4f}".replace("-0.0000", "0.0000")


if __name__ == "__main__":
    main()
