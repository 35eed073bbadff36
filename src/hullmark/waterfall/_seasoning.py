"""Seasoning: young gains can be withdrawn only as far as something covers them.

On 11 May 2022 profits left Drift before the losing side had paid them, and 14.55M USD was missing;
in November 2023 positions in YFI on dYdX v3 grew on profits that were drawn out as they came, and
the fund paid 9M USD when the price fell. A gain is a claim on losers: until it has a season behind
it, or is settled, it stands behind principal and behind older gains.

References
----------
Drift, "Drift Protocol Technical Incident Report 2022/05/11", 26 May 2022; A. Juliano (dYdX) on the
YFI market of v3, 18 November 2023.
"""

from collections.abc import Sequence
from typing import NamedTuple

from hullmark.errors import InvalidInputError


class Gain(NamedTuple):
    """One gain of an account."""

    quanta: int  # > 0
    since_ns: int  # when it came to be


class SeasonedGains(NamedTuple):
    """Gains of one account, or of all, by their age."""

    seasoned_quanta: int
    young_quanta: int


def by_season(gains: Sequence[Gain], *, now_ns: int, season_ns: int) -> SeasonedGains:
    """Return gains that are a season old, and the rest.

    Raises
    ------
    InvalidInputError
        If a gain is not positive or of the future, or the season is negative.

    >>> by_season([Gain(7, 0), Gain(5, 90)], now_ns=100, season_ns=100)
    SeasonedGains(seasoned_quanta=7, young_quanta=5)
    """
    if season_ns < 0:
        raise InvalidInputError(f"season_ns must be >= 0, was {season_ns}")
    old = young = 0
    for gain in gains:
        if gain.quanta <= 0:
            raise InvalidInputError(f"gain must be > 0, was {gain.quanta}")
        if gain.since_ns > now_ns:
            raise InvalidInputError(f"since_ns must be <= {now_ns}, was {gain.since_ns}")
        if now_ns - gain.since_ns >= season_ns:
            old += gain.quanta
        else:
            young += gain.quanta
    return SeasonedGains(old, young)


class Covered(NamedTuple):
    """How much of all gains there is something for; ratios are a pair of each."""

    seasoned_total: int
    seasoned_covered: int
    young_total: int
    young_covered: int


def covered_gains(totals: SeasonedGains, uncovered_quanta: int) -> Covered:
    """Return what covers the gains of all accounts: young ones bear what is missing first.

    Parameters
    ----------
    totals : SeasonedGains
        Sums over all accounts.
    uncovered_quanta : int, >= 0
        Losses that losers have not paid and no fund has.

    >>> covered_gains(SeasonedGains(100, 40), 30)[2:], covered_gains(SeasonedGains(100, 40), 60)[:2]
    ((40, 10), (100, 80))
    """
    if uncovered_quanta < 0:
        raise InvalidInputError(f"uncovered_quanta must be >= 0, was {uncovered_quanta}")
    old, young = totals
    if old < 0 or young < 0:
        raise InvalidInputError(f"totals must be >= 0, was {min(old, young)}")
    from_young = min(young, uncovered_quanta)
    from_old = min(old, uncovered_quanta - from_young)
    return Covered(old, old - from_old, young, young - from_young)


def seasoned_withdrawable(gains: SeasonedGains, covered: Covered) -> int:
    """Return how much of its gains an account can withdraw, rounded down.

    Over all accounts that never adds up to more than what is covered.

    Raises
    ------
    InvalidInputError
        If the account has more than all accounts together.

    >>> covered = covered_gains(SeasonedGains(100, 40), 30)
    >>> seasoned_withdrawable(SeasonedGains(10, 5), covered)  # 10, and a quarter of 5
    11
    """
    old, young = gains
    if not (0 <= old <= covered.seasoned_total and 0 <= young <= covered.young_total):
        raise InvalidInputError(f"gains must be within the totals, was {old} and {young}")
    from_old = old * covered.seasoned_covered // covered.seasoned_total if old else 0
    from_young = young * covered.young_covered // covered.young_total if young else 0
    return from_old + from_young


def haircut_ratio(
    vault: int, capital_total: int, insurance: int, gains_total: int
) -> tuple[int, int]:
    """Return the share of gains that is backed, as a numerator and a denominator.

    Backed is what the vault has beyond capital and insurance, at most all the gains; without gains
    the ratio is 1.

    References
    ----------
    ``aeyakovenko/percolator`` [03ec0d5], ``src/percolator.rs``, ``haircut_ratio``.

    >>> haircut_ratio(150, 100, 20, 60), haircut_ratio(90, 100, 0, 60), haircut_ratio(9, 9, 0, 0)
    ((30, 60), (0, 60), (1, 1))
    """
    if not gains_total:
        return 1, 1
    residual = max(0, vault - capital_total - insurance)
    return min(residual, gains_total), gains_total


def effective_gain(pnl: int, ratio: tuple[int, int]) -> int:
    """Return what a profit counts for under a ratio, rounded down; a loss counts as 0 here.

    References
    ----------
    ``aeyakovenko/percolator`` [03ec0d5], ``src/percolator.rs``, ``effective_pos_pnl``.

    >>> effective_gain(7, (1, 2)), effective_gain(-7, (1, 2))
    (3, 0)
    """
    above, below = ratio
    return pnl * above // below if pnl > 0 else 0


class WarmUp(NamedTuple):
    """Profit that becomes capital at a steady pace."""

    started_slot: int
    slope: int  # per slot

    @classmethod
    def begun(cls, available: int, *, slot: int, period_slots: int) -> "WarmUp":
        """Return a warm-up of an available profit: all of it over a period, at least 1 a slot.

        Available is profit less what is reserved. With a period of 0 all of it is warm at once.

        References
        ----------
        ``aeyakovenko/percolator`` [03ec0d5], ``src/percolator.rs``, ``update_warmup_slope``.
        """
        if available < 0 or period_slots < 0:
            low = min(available, period_slots)
            raise InvalidInputError(f"available and period must be >= 0, was {low}")
        if not available or not period_slots:
            return cls(slot, available)
        return cls(slot, max(1, available // period_slots))

    def warm(self, available: int, *, slot: int, period_slots: int) -> int:
        """Return how much of an available profit may become capital now.

        References
        ----------
        ``aeyakovenko/percolator`` [03ec0d5], ``src/percolator.rs``, ``warmable_gross``.

        >>> WarmUp.begun(100, slot=0, period_slots=30).warm(100, slot=10, period_slots=30)
        30
        """
        if not period_slots:
            return available
        return min(available, self.slope * max(0, slot - self.started_slot))
