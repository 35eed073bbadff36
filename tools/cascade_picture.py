"""Draw ``docs/concepts/cascades.png``: ``python tools/cascade_picture.py``, or ``make pictures``.

What shocks force out of the example venue with drawn accounts, and how far that feeds itself.
"""

import tomllib
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import hullmark
from hullmark import nano
from hullmark.domain import Mode, commands
from hullmark.monitor import Cascade
from hullmark.runtime import Venue

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "concepts" / "cascades.png"
NOW_NS = 1_760_130_900_000_000_000
PRICE_USD, MAKER, ACCOUNTS, SEED = 64_000, 100, 400, 5
DEPTH_USD = 1_200_000
FALL, RISE = "#b04a3f", "#1f5673"


def main() -> None:
    """Ask a venue of drawn accounts, and write the picture."""
    tree = tomllib.loads((ROOT / "examples" / "venue.toml").read_text(encoding="utf-8"))
    tree["liquidation"]["depth_usd"] = {"BTC-PERP": str(DEPTH_USD)}
    with hullmark.open(tree, clock=lambda: NOW_NS) as venue:
        answers = venue.submit_all(requests(venue))
        if refused := [answer.refusal for answer in answers if answer.refusal]:
            raise SystemExit(f"a command was refused: {refused[0]}")
        found = venue.cascade()
    draw(found)
    print(PICTURE, f"worst gain {found.depth_factor_min:.2f}")


def requests(venue: Venue) -> list[commands.Command]:
    """Return the commands that found the accounts: 3 to 18 times levered, two of three long."""
    rng = np.random.default_rng(SEED)
    prints = tuple(
        commands.Print(factor=f, source=s, price_nano=nano(str(PRICE_USD)), observed_ns=NOW_NS)
        for f in ("BTC", "BTC-PERP")
        for s in ("alpha", "beta")
    )
    asked: list[commands.Command] = [
        commands.OpenAccount(account=MAKER, mode=Mode.CROSS),
        commands.Deposit(account=MAKER, asset="USDT", quanta=venue.quanta("USDT", "100000000")),
        commands.ObservePrices(prints=prints),
    ]
    for account in range(MAKER + 1, MAKER + 1 + ACCOUNTS):
        lots = int(rng.integers(200, 2_000))
        leverage = 3.0 * 6.0 ** rng.random()
        cash = venue.quanta("USDT", f"{lots / 1_000 * PRICE_USD / leverage:.2f}")
        pair = (account, MAKER) if rng.random() < 2 / 3 else (MAKER, account)
        asked += [
            commands.OpenAccount(account=account, mode=Mode.CROSS),
            commands.Deposit(account=account, asset="USDT", quanta=cash),
            commands.ReportTrade(
                instrument="BTC-PERP",
                buyer=pair[0],
                seller=pair[1],
                lots=lots,
                price_nano=nano(str(PRICE_USD)),
            ),
        ]
    return asked


def draw(found: Cascade) -> None:
    """Write the picture: what is forced, and the gain at two depths."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.0, 3.8), dpi=150)
    for sign, colour, name in ((-1, FALL, "sold in a fall"), (1, RISE, "bought in a rise")):
        side = np.flatnonzero(np.sign(found.shock) == sign)
        side = side[np.argsort(np.abs(found.shock[side]))]
        percent, forced = 100 * np.abs(found.shock[side]), np.abs(found.forced_usd[side, 0, 0])
        left.plot(percent, forced / 1e6, "o-", color=colour, markersize=3, label=name)
        way, gain = name.split()[-1], found.radius[side]
        right.plot(
            percent, 2 * gain, "--", color=colour, linewidth=1, label=f"{way}, at half the depth"
        )
        right.plot(percent, gain, "o-", color=colour, markersize=3, label=f"{way}, at the depth")
    right.axhline(1.0, color="#555555", linewidth=0.8)
    right.text(20, 1.02, "above: sustains itself", ha="right", va="bottom", fontsize=8)
    left.set(xlabel="shock, %", ylabel="forced out, million USD")
    right.set(xlabel="shock, %", ylabel="gain of the loop")
    for axes in (left, right):
        axes.set_ylim(bottom=0)
        axes.set_xticks(range(0, 21, 4))
        axes.grid(visible=True, color="#dddddd", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    left.legend(frameon=False, fontsize=8)
    right.set_ylim(top=2.05)
    right.legend(frameon=False, fontsize=8, loc="upper right", ncols=2)
    figure.tight_layout()
    figure.savefig(PICTURE)
    plt.close(figure)


if __name__ == "__main__":
    main()
