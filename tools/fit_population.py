"""Fit the replay's book on real accounts: ``python tools/fit_population.py DATA_DIR [OUTPUT]``.

DATA_DIR holds two folders of public files, ``hyperliquid_accounts_2023`` (the venue's fills,
deposits and liquidations) and ``aave_steth_accounts_2023`` (a snapshot of lending accounts). Only
aggregates leave this program: quantiles, shares and two exponents, in the TOML file that
:func:`hullmark.sim.load_parameters` reads. Equal files give equal bytes.

How a Hyperliquid user becomes one number of each kind: fills and deposits are replayed in time
order (at one instant the deposits first), positions are valued at the coin's last traded price by
anyone, and after each of the user's own fills that leaves a position of at least 1 USD and equity
above 0 the account is observed. A user counts with the median of its observations, if it has a
ledger and its median leverage lies in 0.05-50x. Funding is not in the files and is left out.
"""

import argparse
import csv
import gzip
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq

from hullmark.core import FloatArray

HERE = Path(__file__).resolve().parent
OUTPUT = HERE.parent / "src" / "hullmark" / "sim" / "population.toml"

QUANTILES = (0.01, *(round(0.05 * k, 2) for k in range(1, 20)), 0.99)
TAIL_QUANTILES = (0.95, 0.975, 0.99, 0.995, 0.999)
TAIL_START = 0.95
LEVERAGE_MIN, LEVERAGE_MAX = 0.05, 50.0
GROSS_USD_MIN = 1.0
COINS_MAX = 4

HEADER = """\
# What the replay's book of accounts is drawn from. Written by tools/fit_population.py: edit that.
#
# hyperliquid: {users} users with a ledger and a median leverage of 0.05-50x, out of {traders} with
#   fills, February to May 2023; one median per user. Source: github.com/hyperliquid-dex/
#   historical_data, commit 984357d36a46c95d1426f042e30a3adf2f48e388, published by the venue without
#   a stated licence. Only the aggregates below are kept, no record of any user.
# aave: net equity (collateral less debt) of {accounts} stETH borrowers on Aave V2 and V3, 21 June
#   2023. Source: github.com/lidofinance/aave-liquidation-model, commit
#   a44561e9c62438e3987437218a40f82d9898b8a1, GPL-3.0. On-chain facts, again only aggregates.
#
# Shares and quantiles are fractions of accounts, leverage is gross notional / equity.
"""


class Observation(NamedTuple):
    """One account just after one of its fills."""

    equity_usd: float
    gross_usd: float
    net_usd: float
    coins: int
    opposite: int  # positions on the other side of the account's largest one


@dataclass(frozen=True, slots=True)
class Users:
    """One row per clean user."""

    leverage: FloatArray
    equity_usd: FloatArray
    gross_usd: FloatArray
    long: FloatArray  # 1 where the user was net long on average
    coins: FloatArray
    opposite: tuple[float, ...]  # per user seen with several coins: share of lesser ones opposed
    traders: int


def read_users(folder: Path) -> Users:
    """Rebuild every account through time and keep the clean ones."""
    with (folder / "non_mm_ledger_updates.csv").open(encoding="utf-8") as lines:
        ledger = [
            (datetime.fromisoformat(row["time"]).timestamp(), row["user"], float(row["delta_usd"]))
            for row in csv.DictReader(lines)
        ]
    fills = list(_read_fills(folder / "non_mm_trades.parquet"))
    funded = {user for _, user, _ in ledger}
    seen = _replay(ledger, fills)
    rows, opposite = [], []
    for user, observed in seen.items():
        table = np.array(observed, dtype=np.float64)
        if user not in funded or not table.size:
            continue
        leverage = float(np.median(table[:, 1] / table[:, 0]))
        if not LEVERAGE_MIN <= leverage <= LEVERAGE_MAX:
            continue
        equity, gross = np.median(table[:, :2], axis=0)
        long = float(np.mean(table[:, 2] / table[:, 1]) > 0)
        rows.append((leverage, equity, gross, long, math.floor(np.median(table[:, 3]) + 0.5)))
        lesser = np.sum(table[:, 3] - 1)
        if lesser:
            opposite.append(float(np.sum(table[:, 4]) / lesser))
    leverages, equities, grosses, longs, coins = np.array(rows, dtype=np.float64).T
    return Users(leverages, equities, grosses, longs, coins, tuple(opposite), len(seen))


def read_isolated(folder: Path) -> tuple[int, int]:
    """Return how many users were liquidated in isolated positions, and how many at all."""
    with (folder / "liquidations.csv").open(encoding="utf-8") as lines:
        kinds = {row["user"]: row["leverage_type"] for row in csv.DictReader(lines)}
    count = Counter(kinds.values())
    return count["Isolated"], count.total()


def read_net_equity(folder: Path) -> FloatArray:
    """Return the net equity of every lending account that has any, in USD, largest first."""
    newer = _read_gzip(folder / "steth_aave_v3.csv.gz")
    ether_usd = float(np.median([float(row["eth_price"]) for row in newer]))
    older = _read_gzip(folder / "steth_aave.csv.gz")
    net = [float(row["collateral"]) - float(row["debt"]) for row in newer]
    net += [(float(row["collateral"]) - float(row["debt"])) * ether_usd for row in older]
    return np.array(sorted((value for value in net if value > 0), reverse=True))


def hill_exponent(descending: Sequence[float] | FloatArray, count: int) -> float:
    """Return Hill's estimate of a Pareto exponent from the *count* largest values.

    B. M. Hill, "A simple general approach to inference about the tail of a distribution",
    Annals of Statistics 3 (1975), 1163-1174.
    """
    top = np.asarray(descending[: count + 1], dtype=np.float64)
    return float(1 / np.mean(np.log(top[:-1] / top[-1])))


def rank_correlation(a: FloatArray, b: FloatArray) -> float:
    """Return Spearman's correlation; equal values share their mean rank."""
    return float(np.corrcoef(_ranks(a), _ranks(b))[0, 1])


def fit(data: Path) -> str:
    """Return the text of the parameter file."""
    hyperliquid, aave = data / "hyperliquid_accounts_2023", data / "aave_steth_accounts_2023"
    users, net_equity = read_users(hyperliquid), read_net_equity(aave)
    isolated, liquidated = read_isolated(hyperliquid)
    count = round((1 - TAIL_START) * net_equity.size)
    start_usd = net_equity[count]
    quarter = np.digitize(users.leverage, np.quantile(users.leverage, (0.25, 0.5, 0.75)))
    coins = np.clip(users.coins, 1, COINS_MAX)
    lines = [
        HEADER.format(users=users.leverage.size, traders=users.traders, accounts=net_equity.size),
        "[hyperliquid]",
        f"users = {users.leverage.size}",
        _line("quantiles", QUANTILES),
        _line("leverage", np.quantile(users.leverage, QUANTILES)),
        _line("equity_usd", np.quantile(users.equity_usd, QUANTILES)),
        "# Not drawn from: what leverage x equity should give.",
        _line("gross_usd", np.quantile(users.gross_usd, QUANTILES)),
        "# Spearman's, of leverage and equity.",
        f"rank_correlation = {rank_correlation(users.leverage, users.equity_usd):.4g}",
        "# Net long users: all, and by quarter of leverage from the lowest.",
        f"long_share = {np.mean(users.long):.4g}",
        _line("long_by_quarter", [np.mean(users.long[quarter == k]) for k in range(4)]),
        f"# Users with a median of 1, 2, 3, {COINS_MAX} or more coins.",
        _line("coins", [np.mean(coins == k + 1) for k in range(COINS_MAX)]),
        f"# Lesser positions opposed to the largest, of {len(users.opposite)} users with several.",
        f"opposite_share = {np.mean(users.opposite):.4g}",
        f"# {isolated} of {liquidated} liquidated users.",
        f"isolated_share = {isolated / liquidated:.4g}",
        "",
        "# Bounded Pareto law of equity above its quantile `start`, as a ratio to that quantile.",
        "[aave]",
        f"accounts = {net_equity.size}",
        f"start = {TAIL_START}",
        f"# Hill's estimate from the {count} largest.",
        f"exponent = {hill_exponent(net_equity, count):.4g}",
        "# The largest account: no larger one is drawn.",
        f"ratio_max = {net_equity[0] / start_usd:.5g}",
        _line("quantiles", TAIL_QUANTILES),
        "# Not drawn from: what the law should give.",
        _line("ratio", np.quantile(net_equity, TAIL_QUANTILES) / start_usd),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the parameter file."""
    parser = argparse.ArgumentParser(description="fit the replay's book on real accounts")
    parser.add_argument("data", type=Path, help="folder with the two data sets")
    parser.add_argument("output", type=Path, nargs="?", default=OUTPUT)
    args = parser.parse_args()
    args.output.write_text(fit(args.data), encoding="utf-8")
    print(f"wrote {args.output}")


class _Fill(NamedTuple):
    second: float
    user: str
    coin: str
    size: float  # negative when sold
    price_usd: float


def _read_fills(path: Path) -> Iterator[_Fill]:
    columns = pq.read_table(path).to_pydict()
    names = ("time", "user", "coin", "side", "px", "sz")
    for time, user, coin, side, price, size in zip(*(columns[k] for k in names), strict=True):
        yield _Fill(time.timestamp(), user, coin, size if side == "Bid" else -size, price)


def _read_gzip(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def _replay(
    ledger: list[tuple[float, str, float]], fills: list[_Fill]
) -> dict[str, list[Observation]]:
    deposits = sorted(ledger, key=lambda row: row[0])
    cash: defaultdict[str, float] = defaultdict(float)
    sizes: defaultdict[str, dict[str, float]] = defaultdict(dict)
    prices: dict[str, float] = {}
    seen: dict[str, list[Observation]] = {}
    done = 0
    for fill in sorted(fills, key=lambda fill: fill.second):
        while done < len(deposits) and deposits[done][0] <= fill.second:
            _, user, delta_usd = deposits[done]
            cash[user] += delta_usd
            done += 1
        prices[fill.coin] = fill.price_usd
        cash[fill.user] -= fill.size * fill.price_usd
        held = sizes[fill.user]
        held[fill.coin] = held.get(fill.coin, 0.0) + fill.size
        if abs(held[fill.coin]) * fill.price_usd < 1e-6:  # the residue of adding floats
            del held[fill.coin]
        notional = [size * prices[coin] for coin, size in held.items()]
        observations = seen.setdefault(fill.user, [])
        observation = _observe(cash[fill.user], notional)
        if observation.gross_usd >= GROSS_USD_MIN and observation.equity_usd > 0:
            observations.append(observation)
    return seen


def _observe(cash_usd: float, notional_usd: list[float]) -> Observation:
    net = sum(notional_usd)
    largest = max(notional_usd, key=abs, default=0.0)
    opposite = sum(value * largest < 0 for value in notional_usd)
    gross = sum(map(abs, notional_usd))
    return Observation(cash_usd + net, gross, net, len(notional_usd), opposite)


def _ranks(values: FloatArray) -> FloatArray:
    _, where, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[where]


def _line(key: str, values: Sequence[float] | FloatArray) -> str:
    return f"{key} = [{', '.join(f'{float(value):.5g}' for value in values)}]"


if __name__ == "__main__":
    main()
