"""The book of a replay: accounts whose leverage, size, side and mode follow real ones.

**The model.** Leverage (gross notional / equity) and equity each follow an empirical quantile
table on a log scale, and a Gaussian copula joins them at the measured rank correlation. The tables
keep what no two-parameter law keeps (the spikes at round deposits, the bend at low leverage), the
copula keeps the one dependence that a few hundred users can show, and both together are fifty
numbers. The sample is of small accounts, so equity above its ``start`` quantile is a bounded Pareto
law fitted on far larger ones. Side depends on leverage; coins per account and the share of isolated
accounts are plain shares. ``population.toml`` has the numbers and their sources.

**Conventions.** *Gross open interest* is the sum of absolute notional over the accounts drawn,
longs and shorts both counted, without the market maker that takes their residual. Sizes are the
sample's times one scale that makes it the amount asked for; leverage is free of scale. Coins are
allotted from the largest position down, each with the odds of what its weight still lacks, so that
every coin has its share of notional. Leverage above what the tier of a position admits is cut by
more deposit, not by less size. A replay is to try every tier: one between two occupied ones is not
left empty where enough positions exist, and each holds a long at 10x, or at the tier's limit if
that is lower, for which a few accounts trade leverage and side with small ones. Every isolated
account is the child of a cross account of the same book, with money of its own.

Chance is one NumPy generator: equal seeds give equal books on equal releases of NumPy.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hullmark.core import DECIMALS_MAX, FloatArray, IntArray, int64
from hullmark.domain import Mode
from hullmark.errors import InvalidInputError
from hullmark.sim._population_parameters import PopulationParameters
from hullmark.sim._population_sizes import (
    Listing,
    allot_coins,
    check_positive,
    expose_tiers,
    measure,
    tier_of,
    whole_lots,
)

REPORTED_QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9)  # each a knot of the tables
_CUSHION = 1e-6  # of initial margin: deposits are compared with it in floats


class DrawnAccount(NamedTuple):
    """One account to open: its number, its parent's if it is isolated, its money and positions."""

    account: int
    mode: Mode
    parent: int | None
    deposit_quanta: int
    positions: tuple[tuple[str, int], ...]  # (symbol, signed lots)


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """A drawn book in columns: cross accounts first, then the isolated ones.

    Positions of account ``i`` are rows ``start[i]:start[i + 1]`` of the position columns, in the
    order of the listings. Entry prices are the opening prices.
    """

    listings: tuple[Listing, ...]
    scale: float  # USD here per USD of the fitted sample
    cross: int  # accounts below this index are cross, the others isolated
    parent: IntArray  # (accounts - cross,) index of each isolated account's parent
    deposit_quanta: IntArray  # (accounts,)
    leverage: FloatArray  # (accounts,) before the cut to the tiers
    gross_usd: FloatArray  # (accounts,) absolute notional, in whole lots
    equity_usd: FloatArray  # (accounts,) after the cut
    start: IntArray  # (accounts + 1,)
    instrument: IntArray  # (positions,) index into the listings
    lots: IntArray  # (positions,) signed

    @property
    def notional_usd(self) -> FloatArray:
        """Signed notional of each position at the opening."""
        lot_usd = np.array([listing.lot_usd for listing in self.listings])
        return np.asarray(self.lots * lot_usd[self.instrument], dtype=np.float64)

    def accounts(self, first: int) -> Iterator[DrawnAccount]:
        """Yield the accounts in order, numbered from *first*; parents come before children."""
        symbols = [listing.symbol for listing in self.listings]
        names = [symbols[i] for i in self.instrument.tolist()]
        lots, start, parents = self.lots.tolist(), self.start.tolist(), self.parent.tolist()
        for i, quanta in enumerate(self.deposit_quanta.tolist()):
            parent = first + parents[i - self.cross] if i >= self.cross else None
            rows = slice(start[i], start[i + 1])
            positions = tuple(zip(names[rows], lots[rows], strict=True))
            mode = Mode.CROSS if parent is None else Mode.ISOLATED
            yield DrawnAccount(first + i, mode, parent, quanta, positions)

    def owners_by_tier(self) -> dict[str, list[IntArray]]:
        """Return the indices of the accounts with a position in each tier of each listing."""
        size = np.abs(self.notional_usd)
        owner = np.repeat(np.arange(self.start.size - 1), np.diff(self.start))
        owners = {}
        for k, listing in enumerate(self.listings):
            mine = np.flatnonzero(self.instrument == k)
            tier = tier_of(listing, size[mine])
            owners[listing.symbol] = [owner[mine[tier == t]] for t in range(len(listing.tiers))]
        return owners

    def tier_counts(self) -> dict[str, list[int]]:
        """Return the number of positions in each tier of each listing."""
        return {
            symbol: [owners.size for owners in tiers]
            for symbol, tiers in self.owners_by_tier().items()
        }


def draw(
    parameters: PopulationParameters,
    listings: Sequence[Listing],
    *,
    seed: int,
    accounts: int,
    open_interest_usd: float,
    settlement_decimals: int,
) -> Population:
    """Draw a book of *accounts* with the given gross open interest.

    Parameters
    ----------
    parameters : PopulationParameters
        The fitted distributions.
    listings : sequence of Listing
        Linear contracts, all settled in one asset worth 1 USD at the opening; no symbol twice.
    seed, settlement_decimals : int
        Of everything that is drawn; of the deposited asset. Not negative.
    accounts : int
        Cross and isolated, each with at least one lot.
    open_interest_usd : float, USD
        Longs plus shorts of the accounts, met to one lot per listing that has a position.

    Raises
    ------
    InvalidInputError
        If an argument breaks its rule, or an account does not fit the ledger's columns.
    """
    _check_arguments(listings, seed, accounts, open_interest_usd, settlement_decimals)
    rng = np.random.default_rng(seed)
    leverage, equity, long = _draw_users(parameters, rng, accounts)
    isolated = rng.random(accounts) < parameters.isolated_share
    isolated[rng.integers(accounts)] = False  # somebody has to be a parent
    owner, share, side = _split(parameters, rng, long, isolated, coins_max=len(listings))
    scale = open_interest_usd / float(np.sum(leverage * equity))
    target = (leverage * equity * scale)[owner] * share
    instrument = allot_coins(rng, target, owner, listings, open_interest_usd)
    lots = side * whole_lots(target, instrument, listings, open_interest_usd)
    order = np.argsort(isolated, kind="stable")  # cross first
    owner, leverage = np.argsort(order, kind="stable")[owner], leverage[order]
    rows = np.lexsort((instrument, owner))
    owner, instrument, lots = owner[rows], instrument[rows], lots[rows]
    expose_tiers(leverage, owner, instrument, lots, listings)
    gross, margin = measure(owner, instrument, lots, listings, accounts)
    cross, equity = int(np.sum(~isolated)), np.maximum(gross / leverage, margin * (1 + _CUSHION))
    return Population(
        listings=tuple(listings),
        scale=scale,
        cross=cross,
        parent=rng.integers(cross, size=accounts - cross),
        deposit_quanta=_quanta_ceil(equity, settlement_decimals),
        leverage=leverage,
        gross_usd=gross,
        equity_usd=equity,
        start=np.searchsorted(owner, np.arange(accounts + 1)),
        instrument=instrument,
        lots=lots,
    )


def describe(population: Population, parameters: PopulationParameters) -> dict[str, Any]:
    """Return what was drawn beside what was measured, for the report.

    ``size_usd`` is gross notional; its real quantiles are multiplied by ``size_scale``. ``tail``
    compares the largest equities, each side as a ratio to its own ``start`` quantile. Drawn
    leverage is after the cut to the tiers.
    """
    at = REPORTED_QUANTILES
    real = [
        np.exp(np.interp(at, parameters.quantiles, np.log(table)))
        for table in (parameters.leverage, parameters.gross_usd)
    ]
    drawn_leverage = population.gross_usd / population.equity_usd
    notional = population.notional_usd
    net = np.add.reduceat(notional, population.start[:-1])
    uncut = population.gross_usd / population.leverage
    start = float(np.quantile(uncut, parameters.tail_start))
    cross = population.cross
    return {
        "quantiles": list(at),
        "leverage": {"real": real[0].tolist(), "drawn": np.quantile(drawn_leverage, at).tolist()},
        "size_usd": {
            "real": (real[1] * population.scale).tolist(),
            "drawn": np.quantile(population.gross_usd, at).tolist(),
        },
        "size_scale": population.scale,
        "long_share": {"real": parameters.long_share, "drawn": float(np.mean(net > 0))},
        "accounts_by_mode": {"cross": cross, "isolated": population.start.size - 1 - cross},
        "tail": {
            "quantiles": list(parameters.tail_quantiles),
            "real": list(parameters.tail_ratio),
            "drawn": (np.quantile(uncut, parameters.tail_quantiles) / start).tolist(),
        },
        "longs_usd": float(np.sum(notional[notional > 0])),
        "shorts_usd": float(-np.sum(notional[notional < 0])),
        "positions_by_tier": population.tier_counts(),
    }


def _check_arguments(
    listings: Sequence[Listing],
    seed: int,
    accounts: int,
    open_interest_usd: float,
    settlement_decimals: int,
) -> None:
    if not listings:
        raise InvalidInputError("listings must not be empty, was 0 of them")
    symbols = [listing.symbol for listing in listings]
    if len(set(symbols)) < len(symbols):
        raise InvalidInputError(f"symbols of listings must differ, was {symbols}")
    for name, value, least in (("seed", seed, 0), ("accounts", accounts, 1)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise InvalidInputError(f"{name} must be a whole number >= {least}, was {value!r}")
    if settlement_decimals not in range(DECIMALS_MAX + 1):
        raise InvalidInputError(
            f"settlement_decimals must be in [0, {DECIMALS_MAX}], was {settlement_decimals!r}"
        )
    check_positive("open_interest_usd", open_interest_usd)
    least_usd = accounts * max(listing.lot_usd for listing in listings)
    if open_interest_usd < least_usd:
        raise InvalidInputError(
            f"open_interest_usd must be >= {least_usd:g}, a lot for each account, "
            f"was {open_interest_usd:g}"
        )


def _quanta_ceil(amount_usd: FloatArray, decimals: int) -> IntArray:
    quanta = np.ceil(amount_usd * 10**decimals)
    int64("deposit_quanta of the largest account", int(quanta.max()))
    return np.asarray(quanta, dtype=np.int64)


def _draw_users(
    parameters: PopulationParameters, rng: np.random.Generator, accounts: int
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    correlation = 2 * math.sin(math.pi / 6 * parameters.rank_correlation)  # Spearman's to Pearson's
    first, second = rng.standard_normal((2, accounts))
    second = correlation * first + math.sqrt(1 - correlation**2) * second
    # Ranks stand in for the normal distribution function: each margin is stratified, and the
    # heavy tail has as many accounts as it should.
    u, v = [
        (np.argsort(np.argsort(z, kind="stable"), kind="stable") + rng.random(accounts)) / accounts
        for z in (first, second)
    ]
    leverage = np.exp(np.interp(u, parameters.quantiles, np.log(parameters.leverage)))
    table = np.log(parameters.equity_usd)
    equity = np.exp(np.interp(v, parameters.quantiles, table))
    start = parameters.tail_start
    beyond = np.maximum((v - start) / (1 - start), 0)
    exponent = parameters.tail_exponent
    ratio = (1 - beyond * (1 - parameters.tail_ratio_max**-exponent)) ** (-1 / exponent)
    at_start = math.exp(float(np.interp(start, parameters.quantiles, table)))
    equity = np.where(v > start, at_start * ratio, equity)
    odds = np.array(parameters.long_by_quarter)[(u * 4).astype(np.int64)]
    return leverage, equity, rng.random(accounts) < odds


# One row per position: its account, its part of the account's notional, its side.
def _split(
    parameters: PopulationParameters,
    rng: np.random.Generator,
    long: NDArray[np.bool_],
    isolated: NDArray[np.bool_],
    *,
    coins_max: int,
) -> tuple[IntArray, FloatArray, IntArray]:
    edges = np.cumsum(parameters.coins[:-1])
    coins = 1 + np.searchsorted(edges, rng.random(long.size), side="right")
    coins = np.where(isolated, 1, np.minimum(coins, coins_max))
    owner = np.repeat(np.arange(long.size), coins)
    part = rng.standard_exponential(owner.size)  # normalised: uniform on the simplex
    start = np.cumsum(coins) - coins
    largest = part == np.maximum.reduceat(part, start)[owner]
    share = part / np.add.reduceat(part, start)[owner]
    opposed = ~largest & (rng.random(owner.size) < parameters.opposite_share)
    return owner, share, np.where(long[owner] ^ opposed, 1, -1)
