"""A rolling window of liquidation: so much of a market in so many seconds, and one window more.

Whole numbers in units of 1e-18, as the contracts count them; products and quotients round down.
"""

from dataclasses import dataclass
from typing import NamedTuple

from hullmark.errors import InvalidInputError

_UNIT = 10**18


class WindowState(NamedTuple):
    """What a market's window says at an instant.

    Attributes
    ----------
    capacity : int
        That is left of the window.
    most : int
        Of a whole window.
    latest_s : int
        When something was last liquidated; 0: never.
    """

    capacity: int
    most: int
    latest_s: int


class WindowGrant(NamedTuple):
    """How much may be liquidated now, and the window with it."""

    amount: int
    window: "LiquidationWindow"


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRules:
    """How much of a market may be liquidated.

    Attributes
    ----------
    maker_fee, taker_fee : int >= 0, 1e-18
    skew_scale : int >= 0, 1e-18 of the size unit
        The imbalance that moves the price by all of it.
    multiplier : int >= 0, 1e-18
    window_s : int >= 0, seconds
    discount_max : int >= 0, 1e-18
        One window more is given where ``|skew| / skew_scale`` is below it; 0: never, as in the
        original.

    References
    ----------
    Synthetix v3, ``synthetix-v3``, ``markets/perps-market/contracts/storage/PerpsMarket.sol`` and
    ``PerpsMarketConfiguration.sol``, 2024.
    """

    maker_fee: int
    taker_fee: int
    skew_scale: int
    multiplier: int
    window_s: int
    discount_max: int = 0

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if getattr(self, name) < 0:
                raise InvalidInputError(f"{name} must be >= 0, was {getattr(self, name)}")

    @property
    def most(self) -> int:
        """What one window liquidates: ``(maker + taker fee) * scale * multiplier * seconds``."""
        rate = (self.maker_fee + self.taker_fee) * self.skew_scale // _UNIT
        return rate * self.multiplier // _UNIT * self.window_s

    def windows(self, size: int) -> int:
        """Return how many windows a position takes, the last one begun counted.

        Raises
        ------
        InvalidInputError
            If a window liquidates nothing.
        """
        if self.most == 0:
            raise InvalidInputError("a window must liquidate more than 0, was 0")
        return -(-abs(size) // self.most)


@dataclass(frozen=True, slots=True)
class LiquidationWindow:
    """What was liquidated in a market, by second. Begin with nothing.

    Attributes
    ----------
    entries : tuple of (seconds, amount)
        Oldest first, one a second.

    References
    ----------
    Synthetix v3, ``synthetix-v3``, ``markets/perps-market/contracts/storage/PerpsMarket.sol``,
    functions ``maxLiquidatableAmount`` and ``currentLiquidationCapacity``, 2024.

    >>> rules = WindowRules(maker_fee=10**15, taker_fee=10**15, skew_scale=1000 * 10**18,
    ...                     multiplier=10**18, window_s=30)
    >>> grant = LiquidationWindow().granted(100 * 10**18, rules, now_s=50)
    >>> grant.amount // 10**18, grant.window.state(rules, now_s=79).capacity
    (60, 0)
    """

    entries: tuple[tuple[int, int], ...] = ()

    def state(self, rules: WindowRules, *, now_s: int) -> WindowState:
        """Return the capacity that is left: what is younger than a window counts against it."""
        most = rules.most
        if not self.entries:
            return WindowState(most, most, 0)
        used = sum(amount for at_s, amount in self.entries if at_s > now_s - rules.window_s)
        return WindowState(max(most - used, 0), most, self.entries[-1][0])

    def granted(
        self,
        requested: int,
        rules: WindowRules,
        *,
        now_s: int,
        skew: int = 0,
        endorsed: bool = False,
    ) -> WindowGrant:
        """Return how much of a request may be liquidated now.

        All of it for the endorsed liquidator, and where a window liquidates nothing: the second is
        a wrong configuration and is not counted. Else what is left of the window. Where nothing is
        left, one window more in a second in which nothing was liquidated yet, if the price is near
        enough.

        Parameters
        ----------
        requested : int >= 0, 1e-18 of the size unit
        rules : WindowRules
        now_s : int, seconds
            Not before the last entry.
        skew : int, 1e-18 of the size unit
            Longs less shorts of the market.
        endorsed : bool
            Whether the liquidator is the endorsed one.
        """
        if requested < 0:
            raise InvalidInputError(f"requested must be >= 0, was {requested}")
        state = self.state(rules, now_s=now_s)
        if now_s < state.latest_s:
            raise InvalidInputError(f"now_s must be >= {state.latest_s}, the last, was {now_s}")
        if endorsed:
            return WindowGrant(requested, self._counted(requested, rules, now_s))
        if state.most == 0:
            return WindowGrant(requested, self)
        amount = 0
        if state.capacity:
            amount = min(state.capacity, requested)
        elif rules.discount_max and state.latest_s != now_s:
            discount = abs(skew) * _UNIT // rules.skew_scale
            amount = min(state.most, requested) if discount < rules.discount_max else 0
        return WindowGrant(amount, self._counted(amount, rules, now_s) if amount else self)

    # Entries that no window will count again are dropped, but for the newest, which is asked for.
    def _counted(self, amount: int, rules: WindowRules, now_s: int) -> "LiquidationWindow":
        entries = self.entries
        if entries and entries[-1][0] == now_s:
            return LiquidationWindow((*entries[:-1], (now_s, entries[-1][1] + amount)))
        young = tuple(entry for entry in entries if entry[0] > now_s - rules.window_s)
        return LiquidationWindow((*young, (now_s, amount)))


def clamped_reward(
    reward: int,
    cost: int,
    *,
    reward_min: int,
    reward_max: int,
    profit_ratio_min: int,
    margin_ratio_max: int,
    margin: int,
) -> int:
    """Return what a keeper gets: its rewards and costs, held between a least and a most.

    The least is ``max(cost + reward_min, cost * (1 + profit_ratio_min))``, the most
    ``min(margin * margin_ratio_max, reward_max)``, and *reward_max* where there is no margin; the
    most wins.

    Parameters
    ----------
    reward : int >= 0, 1e-18 USD
        Of all markets, as shares of notional.
    cost : int >= 0, 1e-18 USD
        Of the transaction.
    reward_min, reward_max : int >= 0, 1e-18 USD
    profit_ratio_min, margin_ratio_max : int >= 0, 1e-18
    margin : int >= 0, 1e-18 USD
        That the account has; 0 where it was seized before.

    References
    ----------
    Synthetix v3, ``synthetix-v3`` [03ff2aa],
    ``markets/perps-market/contracts/storage/GlobalPerpsMarketConfiguration.sol``, function
    ``keeperReward``.

    >>> usd = 10**18
    >>> clamped_reward(50 * usd, 10 * usd, reward_min=5 * usd, reward_max=100 * usd,
    ...     profit_ratio_min=3 * 10**17, margin_ratio_max=10**17, margin=400 * usd) // usd
    40
    """
    least = max(cost + reward_min, cost * (_UNIT + profit_ratio_min) // _UNIT)
    most = reward_max if margin == 0 else min(margin * margin_ratio_max // _UNIT, reward_max)
    return min(max(least, reward + cost), most)
