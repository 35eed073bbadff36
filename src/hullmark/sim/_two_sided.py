"""A book that is its own other side: for every account another one holds the opposite.

A drawn book leaves its residual to one market maker, so there is one winner of every crash, and who
pays for a bankruptcy is no question. Here half as many accounts are drawn, with half of the open
interest, and each has a *mirror*: the opposite lots, the same money, the same mode. So lots add up
to zero without anybody else, and the winners are as many, as large and as levered as the losers.

A declared share of the cross accounts is *hedged*: the largest position stays, all others go, and a
position of the same notional in another coin is put against it. What an account gains on one leg it
loses on the other, as far as the coins move together; money is scaled with the notional, so that
leverage stays as drawn. The mirror of a hedged account is hedged as well.
"""

from dataclasses import dataclass, replace

import numpy as np

from hullmark.core import FloatArray, IntArray
from hullmark.errors import InvalidInputError
from hullmark.sim._population import Population
from hullmark.sim._population_sizes import measure

_CUSHION = 1e-6  # of initial margin: deposits are compared with it in floats


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoSidedBook:
    """A book without a residual, and who in it is hedged."""

    population: Population
    hedged: IntArray  # indices of accounts, ascending


def two_sided(half: Population, *, hedged_share: float, seed: int, decimals: int) -> TwoSidedBook:
    """Return a drawn book with a part of it hedged, and its mirror.

    Parameters
    ----------
    half : Population
        What one side holds.
    hedged_share : float in [0, 1]
        Of the cross accounts.
    seed : int
        Of who is hedged, and in which coin.
    decimals : int
        Of the deposited asset.

    Raises
    ------
    InvalidInputError
        If the share is out of its range, or there is only one coin to hedge in.
    """
    if not 0 <= hedged_share <= 1:
        raise InvalidInputError(f"hedged_share must be in [0, 1], was {hedged_share:g}")
    if hedged_share and len(half.listings) < 2:
        raise InvalidInputError("listings must be two at least to be hedged in, was 1")
    rng = np.random.default_rng((seed, half.start.size))
    chosen = np.sort(rng.permutation(half.cross)[: round(half.cross * hedged_share)])
    hedged = _with_hedges(half, chosen, rng, decimals) if chosen.size else half
    return TwoSidedBook(
        population=_mirrored(hedged), hedged=np.concatenate((chosen, chosen + half.cross))
    )


# The rows of the chosen become two each: the largest, and as much of another coin against it.
def _with_hedges(
    half: Population, chosen: IntArray, rng: np.random.Generator, decimals: int
) -> Population:
    accounts = half.start.size - 1
    holder = np.repeat(np.arange(accounts), np.diff(half.start))
    lot_usd = np.array([listing.lot_usd for listing in half.listings])
    weights = np.array([listing.weight for listing in half.listings])
    stays = ~np.isin(holder, chosen)
    owners, coins, lots = [holder[stays]], [half.instrument[stays]], [half.lots[stays]]
    size = np.abs(half.notional_usd)
    for account in chosen.tolist():
        rows = np.arange(half.start[account], half.start[account + 1])
        first = int(rows[np.argmax(size[rows])])
        mine = int(half.instrument[first])
        odds = np.where(np.arange(weights.size) == mine, 0.0, weights)
        other = int(rng.choice(weights.size, p=odds / odds.sum()))
        against = max(round(size[first] / lot_usd[other]), 1)
        held = int(half.lots[first])
        owners.append(np.array([account, account]))
        coins.append(np.array([mine, other]))
        lots.append(np.array([held, -against if held > 0 else against]))
    owner, coin, held_lots = (np.concatenate(parts) for parts in (owners, coins, lots))
    order = np.lexsort((coin, owner))
    return _measured(half, owner[order], coin[order], held_lots[order], decimals)


def _measured(
    half: Population, owner: IntArray, coin: IntArray, lots: IntArray, decimals: int
) -> Population:
    accounts = half.start.size - 1
    gross, margin = measure(owner, coin, lots, half.listings, accounts)
    changed = gross != half.gross_usd
    equity = np.maximum(half.equity_usd * gross / half.gross_usd, margin * (1 + _CUSHION))
    equity = np.where(changed, equity, half.equity_usd)
    quanta = np.where(changed, _quanta_ceil(equity, decimals), half.deposit_quanta)
    return replace(
        half,
        deposit_quanta=quanta,
        gross_usd=gross,
        equity_usd=equity,
        start=np.searchsorted(owner, np.arange(accounts + 1)),
        instrument=coin,
        lots=lots,
    )


def _quanta_ceil(amount_usd: FloatArray, decimals: int) -> IntArray:
    return np.asarray(np.ceil(amount_usd * 10**decimals), dtype=np.int64)


# Cross accounts of both halves come first: theirs is a book like any other.
def _mirrored(half: Population) -> Population:
    accounts, cross = half.start.size - 1, half.cross
    order = np.concatenate((
        np.arange(cross), np.arange(cross) + accounts,
        np.arange(cross, accounts), np.arange(cross, accounts) + accounts,
    ))  # fmt: skip
    twice = np.tile(np.diff(half.start), 2)
    begins = np.concatenate((half.start[:-1], half.start[:-1] + half.lots.size))
    counts = twice[order]
    rows = np.concatenate([np.arange(begins[i], begins[i] + twice[i]) for i in order.tolist()])
    return replace(
        half,
        deposit_quanta=np.tile(half.deposit_quanta, 2)[order],
        leverage=np.tile(half.leverage, 2)[order],
        gross_usd=np.tile(half.gross_usd, 2)[order],
        equity_usd=np.tile(half.equity_usd, 2)[order],
        cross=2 * cross,
        parent=np.concatenate((half.parent, half.parent + cross)),
        start=np.concatenate((np.zeros(1, np.int64), np.cumsum(counts))),
        instrument=np.tile(half.instrument, 2)[rows],
        lots=np.concatenate((half.lots, -half.lots))[rows],
    )
