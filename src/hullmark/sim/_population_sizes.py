"""Sizes of a drawn book: which coin a position is in, how many lots, and what its tier allows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from hullmark.core import INT64_MAX, NANO, FloatArray, IntArray
from hullmark.errors import InvalidInputError

_ROUNDS_MAX = 8  # of filling a gap between tiers and restoring the coin's notional
_EXPOSED_LEVERAGE = 10.0  # a fall of a tenth is the end of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a draw needs to know of one linear contract.

    Raises
    ------
    InvalidInputError
        If a number is not above zero, or tiers do not rise from 0.
    """

    symbol: str
    weight: float  # its part of traded notional; only the ratio to the other weights counts
    price_usd: float  # at the opening, per contract unit
    lot_nano: int
    tiers: tuple[tuple[float, float], ...]  # (floor in USD, initial margin rate) of each tier

    def __post_init__(self) -> None:
        check_positive(f"weight of {self.symbol}", self.weight)
        check_positive(f"price_usd of {self.symbol}", self.price_usd)
        check_positive(f"lot_nano of {self.symbol}", self.lot_nano)
        floors, rates = [floor for floor, _ in self.tiers], [rate for _, rate in self.tiers]
        if floors[:1] != [0] or not all(a < b < math.inf for a, b in pairwise(floors)):
            raise InvalidInputError(f"tier floors of {self.symbol} must rise from 0, was {floors}")
        if not all(0 < rate <= 1 for rate in rates) or not all(a <= b for a, b in pairwise(rates)):
            raise InvalidInputError(
                f"initial rates of {self.symbol} must be in (0, 1] and not fall, was {rates}"
            )

    @property
    def lot_usd(self) -> float:
        """Notional of one lot at the opening."""
        return self.lot_nano / NANO * self.price_usd


def allot_coins(
    rng: np.random.Generator,
    target_usd: FloatArray,
    owner: IntArray,
    listings: Sequence[Listing],
    open_interest_usd: float,
) -> IntArray:
    """Choose a listing for each position, none twice for one account, by what weights lack."""
    lacking = _coin_targets(listings, open_interest_usd).tolist()
    taken: dict[int, set[int]] = {}
    order = np.argsort(-target_usd, kind="stable")
    sizes, owners = target_usd[order].tolist(), owner[order].tolist()
    chosen = []
    for size, account, chance in zip(sizes, owners, rng.random(order.size).tolist(), strict=True):
        held = taken.setdefault(account, set())
        free = [k for k in range(len(lacking)) if k not in held]
        fits = [k for k in free if lacking[k] >= size] or [max(free, key=lacking.__getitem__)]
        left = chance * sum(max(lacking[k], 0.0) for k in fits)
        for coin in fits:
            left -= lacking[coin]
            if left < 0:
                break
        lacking[coin] -= size
        held.add(coin)
        chosen.append(coin)
    instrument = np.empty(order.size, dtype=np.int64)
    instrument[order] = chosen
    return instrument


def _coin_targets(listings: Sequence[Listing], open_interest_usd: float) -> FloatArray:
    weights = np.array([listing.weight for listing in listings])
    return np.asarray(weights / weights.sum() * open_interest_usd, dtype=np.float64)


def whole_lots(
    target_usd: FloatArray,
    instrument: IntArray,
    listings: Sequence[Listing],
    open_interest_usd: float,
) -> IntArray:
    """Scale positions to the weights and round them to whole lots by largest remainders.

    Each position is within one lot of its target, and so is the sum of a listing, unless one lot
    for everyone is already more.
    """
    lots = np.zeros(target_usd.size, dtype=np.int64)
    for k, total_usd in enumerate(_coin_targets(listings, open_interest_usd)):
        rows = np.flatnonzero(instrument == k)
        if not rows.size:
            continue
        wanted = _fill_tiers(target_usd[rows], listings[k], total_usd) / listings[k].lot_usd
        whole = np.floor(wanted)
        if whole.sum() > INT64_MAX:
            raise InvalidInputError(
                f"open_interest_usd must fit in 64 bits of lots of {listings[k].symbol}, "
                f"was {open_interest_usd:g}"
            )
        missing = round(total_usd / listings[k].lot_usd - whole.sum())
        urgent = np.argsort(np.where(whole == 0, -2.0, whole - wanted), kind="stable")
        missing = min(max(missing, int(np.sum(whole == 0))), rows.size)
        whole[urgent[:missing]] += 1
        lots[rows] = whole.astype(np.int64)
    return lots


# Scales to the coin's notional. An empty tier below the largest position gets the nearest larger
# position, or else the nearest smaller one, out of a tier that keeps another.
def _fill_tiers(target_usd: FloatArray, listing: Listing, total_usd: float) -> FloatArray:
    wanted, pinned = target_usd.copy(), np.zeros(target_usd.size, dtype=np.bool_)
    floors = np.array([floor for floor, _ in listing.tiers])
    for _ in range(_ROUNDS_MAX):
        free_usd = total_usd - wanted[pinned].sum()
        if free_usd > 0 and not pinned.all():
            wanted[~pinned] *= free_usd / wanted[~pinned].sum()
        tier = tier_of(listing, wanted)
        count = np.bincount(tier, minlength=floors.size)
        empty = np.flatnonzero(count[: tier.max()] == 0)
        movable = (count[tier] > 1) & ~pinned
        if not empty.size or not movable.any():
            break
        k = int(empty[-1])
        above, below = movable & (tier > k), movable & (tier < k)
        if above.any():
            chosen = int(np.argmin(np.where(above, wanted, np.inf)))
        else:
            chosen = int(np.argmax(np.where(below, wanted, -np.inf)))
        wanted[chosen] = math.sqrt(max(floors[k], floors[k + 1] / 4) * floors[k + 1])
        pinned[chosen] = True
    return wanted


def tier_of(listing: Listing, notional_usd: FloatArray) -> IntArray:
    """Return the tier of each position. One on a floor is below it: brackets are marginal."""
    floors = np.array([floor for floor, _ in listing.tiers])
    tier = np.searchsorted(floors, notional_usd, side="left") - 1
    return np.maximum(tier, 0).astype(np.int64)


def expose_tiers(
    leverage: FloatArray,
    owner: IntArray,
    instrument: IntArray,
    lots: IntArray,
    listings: Sequence[Listing],
) -> None:
    """Let each occupied tier hold a long at 10x or its limit, changing *leverage* and *lots*.

    Where there is none, the tier's most levered account, of one position if it has such, trades
    leverage and side with an account of the first tiers, and all its positions become longs. The
    distributions of leverage and net side stay as drawn, and so do all sizes.
    """
    tier, cap = _tiers_and_caps(instrument, lots, listings)
    lonely = np.bincount(owner)[owner] == 1
    long = (np.bincount(owner, weights=lots < 0) == 0)[owner]
    exposed = long & (leverage[owner] >= np.minimum(_EXPOSED_LEVERAGE, cap))
    first = exposed & lonely & (tier == 0)
    donors = np.flatnonzero(first & (leverage[owner] >= _EXPOSED_LEVERAGE))
    donors = donors[np.argsort(leverage[owner[donors]], kind="stable")]
    spare = np.bincount(instrument[first], minlength=len(listings)) - 1
    lot_usd = np.array([listing.lot_usd for listing in listings])
    queue = iter(donors.tolist())
    for k, listing in enumerate(listings):
        for level in range(len(listing.tiers)):
            rows = np.flatnonzero((instrument == k) & (tier == level))
            if not rows.size or exposed[rows].any():
                continue
            donor = next((row for row in queue if spare[instrument[row]] > 0), None)
            if donor is None:
                return
            spare[instrument[donor]] -= 1
            rows = rows[lonely[rows]] if lonely[rows].any() else rows
            account = owner[rows[np.argmax(leverage[owner[rows]])]]
            pair = [account, owner[donor]]
            leverage[pair] = leverage[pair[::-1]]
            its = owner == account
            if np.sum(lots[its] * lot_usd[instrument[its]]) < 0:
                lots[donor] *= -1
            lots[its] = np.abs(lots[its])
            exposed[its] = leverage[account] >= np.minimum(_EXPOSED_LEVERAGE, cap[its])


def measure(
    owner: IntArray,
    instrument: IntArray,
    lots: IntArray,
    listings: Sequence[Listing],
    accounts: int,
) -> tuple[FloatArray, FloatArray]:
    """Return gross notional and initial margin of each account, in USD.

    The whole of a position is charged at the rate of its tier, as a venue's limit on leverage
    does. Marginal brackets charge no more.
    """
    lot_usd = np.array([listing.lot_usd for listing in listings])
    size = np.abs(lots) * lot_usd[instrument]
    _, cap = _tiers_and_caps(instrument, lots, listings)
    gross, margin = np.zeros(accounts), np.zeros(accounts)
    np.add.at(gross, owner, size)
    np.add.at(margin, owner, size / cap)
    return gross, margin


def check_positive(name: str, value: float) -> None:
    """Refuse what is not a finite number above zero."""
    if not (isinstance(value, (int, float)) and 0 < value < math.inf):
        raise InvalidInputError(f"{name} must be finite and > 0, was {value!r}")


# The tier of each position, and the leverage that it admits.
def _tiers_and_caps(
    instrument: IntArray, lots: IntArray, listings: Sequence[Listing]
) -> tuple[IntArray, FloatArray]:
    tier, cap = np.empty(lots.size, dtype=np.int64), np.empty(lots.size)
    for k, listing in enumerate(listings):
        rows = instrument == k
        tier[rows] = tier_of(listing, np.abs(lots[rows]) * listing.lot_usd)
        cap[rows] = 1 / np.array([rate for _, rate in listing.tiers])[tier[rows]]
    return tier, cap
