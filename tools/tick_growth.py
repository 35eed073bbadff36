"""Draw ``docs/concepts/trigger-index.png``: ``python tools/tick_growth.py``, or ``make pictures``.

What a calm tick costs by the number of accounts, through the index and with everyone evaluated,
measured here and now by the benchmark of ticks.
"""

import sys
from importlib import import_module
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "concepts" / "trigger-index.png"
SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000)
TICKS = 3_000


def main() -> None:
    """Measure, and write the picture."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    ticks = import_module("ticks")
    indexed, whole = [], []
    for accounts in SIZES:
        market = ticks.Market(ticks.drawn(accounts))
        indexed.append(np.percentile(market.calm(TICKS), [50, 99]))
        everyone = ticks.Market(market.state, indexed_from=ticks.EVERYONE)
        everyone.prices[:] = market.prices
        whole.append(np.median([everyone.tick((k % ticks.INSTRUMENTS,)) for k in range(20)]) * 1e6)
    draw(np.array(indexed), np.array(whole))
    print(PICTURE)


def draw(indexed: np.ndarray, whole: np.ndarray) -> None:
    """Write the picture of microseconds per tick."""
    figure, axes = plt.subplots(figsize=(7.2, 4.0), dpi=150)
    axes.plot(SIZES, whole, "o-", color="#b04a3f", label="every account evaluated")
    axes.plot(SIZES, indexed[:, 1], "o--", color="#7fa3b8", label="trigger index, 99th percentile")
    axes.plot(SIZES, indexed[:, 0], "o-", color="#1f5673", label="trigger index, median")
    axes.set(xscale="log", yscale="log", xlabel="accounts", ylabel="microseconds a tick")
    axes.set_ylim(bottom=5)
    axes.grid(visible=True, which="major", color="#dddddd", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(PICTURE)


if __name__ == "__main__":
    main()
