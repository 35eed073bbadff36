"""How much of a position may be closed in one block: a share, a least notional, caps that count.

All amounts are whole quote quanta, sizes whole base quanta.
"""

from dataclasses import dataclass, replace
from enum import Enum, auto
from fractions import Fraction
from typing import NamedTuple

from hullmark.errors import InvalidInputError
from hullmark.liquidation._bankruptcy import PPM
from hullmark.liquidation.perpetual._quanta import QuantaMarket


class FillRefusal(Enum):
    """Why a liquidation may not fill, in the order of precedence."""

    FUND_SHORT = auto()  # the fund cannot pay what the account lacks
    MARKET_DONE = auto()  # the account was liquidated in this market in this block
    NOTIONAL_MAX = auto()  # more notional in the block than an account may lose
    LOSS_MAX = auto()  # more of the fund in the block than an account may cost it


class NotionalRange(NamedTuple):
    """Least and most of a position that may be closed, in quote quanta."""

    least: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockLimits:
    """What one block may close.

    Attributes
    ----------
    notional_min : int >= 0, quote quanta
        A position may be closed for so much, whatever share of it that is.
    portion_max_ppm : int in [0, 1,000,000]
        Of a position, in millionths.
    account_notional_max, account_loss_max : int or None, quote quanta
        Of one account: its notional, and the loss to the fund. ``None``: no cap.

    References
    ----------
    dYdX, ``v4-chain`` [014223b], ``x/clob/types/liquidations_config.pb.go``; at genesis 1,000 USD,
    100,000 millionths, 100,000 USD and 1,000,000 USD.
    """

    notional_min: int
    portion_max_ppm: int
    account_notional_max: int | None = None
    account_loss_max: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.portion_max_ppm <= PPM:
            raise InvalidInputError(
                f"portion_max_ppm must be in [0, {PPM}], was {self.portion_max_ppm}"
            )
        for name in ("notional_min", "account_notional_max", "account_loss_max"):
            found = getattr(self, name)
            if found is not None and found < 0:
                raise InvalidInputError(f"{name} must be >= 0, was {found}")

    def position_range(self, notional: int) -> NotionalRange:
        """Return how much of a position of this notional may be closed, its sign aside.

        The least is `notional_min` or the position if that is smaller; the most its share, rounded
        down, but no less than the least.

        >>> BlockLimits(notional_min=1_000, portion_max_ppm=100_000).position_range(-5_000)
        NotionalRange(least=1000, most=1000)
        """
        whole = abs(notional)
        least = min(self.notional_min, whole)
        return NotionalRange(least, max(least, whole * self.portion_max_ppm // PPM))

    def notional_left(self, used: "BlockUse") -> int | None:
        """Return what an account may still lose of its notional in this block."""
        if self.account_notional_max is None:
            return None
        return _left("notional", self.account_notional_max, used.notional)

    def loss_left(self, used: "BlockUse") -> int | None:
        """Return what an account may still cost the fund in this block."""
        if self.account_loss_max is None:
            return None
        return _left("loss", self.account_loss_max, used.loss)

    def closing_delta(
        self, size: int, market: QuantaMarket, *, step: int, used: "BlockUse | None" = None
    ) -> int:
        """Return the most that may be closed of a position, with the sign that closes it.

        All of it where its notional is inside the limits, or its size no more than a step. Else
        what the notional buys at the oracle's price, rounded down to a step, but at least one step
        and at most the position.

        Parameters
        ----------
        size : int, base quanta, signed
        market : QuantaMarket
        step : int > 0, base quanta
        used : BlockUse, optional
            Of the account in this block; nothing if left out.

        References
        ----------
        dYdX, ``v4-chain`` [014223b], ``x/clob/keeper/liquidations.go``, functions
        ``GetLiquidatablePositionSizeDelta`` and ``GetMaxAndMinPositionNotionalLiquidatable``.
        """
        if step <= 0:
            raise InvalidInputError(f"step must be > 0, was {step}")
        notional = market.notional(size)
        most = self.position_range(notional).most
        left = self.notional_left(used or BlockUse())
        if left is not None:
            most = min(most, left)
        if abs(notional) <= most or abs(size) <= step:
            return -size
        bought = market.size_of(most) // step * step
        closed = min(max(bought, step), abs(size))
        return -closed if size > 0 else closed


@dataclass(frozen=True, slots=True)
class BlockUse:
    """What an account has had liquidated in one block. Begin with none.

    Attributes
    ----------
    notional, loss : int, quote quanta
        Closed, and paid by the fund.
    markets : frozenset of str
        Where an order of the account has been; it gets one a market and block.
    """

    notional: int = 0
    loss: int = 0
    markets: frozenset[str] = frozenset()

    def refusal(
        self, limits: BlockLimits, market: str, *, notional: int, delta: int, fund: int
    ) -> FillRefusal | None:
        """Return why a fill may not be made, or ``None``.

        Parameters
        ----------
        limits : BlockLimits
        market : str
        notional : int, quote quanta
            Of the fill at the oracle's price; its sign is of no account.
        delta : int, quote quanta
            What the fund gets; below zero what it pays.
        fund : int, quote quanta
            What is in it.

        References
        ----------
        dYdX, ``v4-chain`` [014223b], ``x/clob/keeper/liquidations.go``, function
        ``validateMatchedLiquidation``.

        >>> limits = BlockLimits(notional_min=0, portion_max_ppm=10**6, account_notional_max=100)
        >>> BlockUse(notional=60).refusal(limits, "BTC", notional=50, delta=0, fund=0)
        <FillRefusal.NOTIONAL_MAX: 3>
        """
        if delta < 0 and fund + delta < 0:
            return FillRefusal.FUND_SHORT
        if market in self.markets:
            return FillRefusal.MARKET_DONE
        notional_left = limits.notional_left(self)
        if notional_left is not None and abs(notional) > notional_left:
            return FillRefusal.NOTIONAL_MAX
        loss_left = limits.loss_left(self)
        if loss_left is not None and -delta > loss_left:
            return FillRefusal.LOSS_MAX
        return None

    def filled(self, *, notional: int, delta: int) -> "BlockUse":
        """Return it with a fill."""
        return replace(
            self, notional=self.notional + abs(notional), loss=self.loss + max(-delta, 0)
        )

    def liquidated(self, market: str) -> "BlockUse":
        """Return it with an order that has been in a market, filled or not."""
        return replace(self, markets=self.markets | {market})


def liquidation_order_key(
    price: int | Fraction, oracle: int | Fraction, *, notional: int, order_hash: bytes
) -> tuple[Fraction, int, bytes]:
    """Return the key that sorts liquidation orders: farthest from the oracle first.

    Then the larger notional, then the smaller hash.

    Parameters
    ----------
    price, oracle : int or Fraction, one unit, the second not 0
    notional : int, quote quanta
    order_hash : bytes

    References
    ----------
    dYdX, ``v4-chain`` [014223b], ``x/clob/keeper/liquidations.go``, function
    ``SortLiquidationOrders``.

    >>> liquidation_order_key(95, 100, notional=7, order_hash=b"a")
    (Fraction(-1, 20), -7, b'a')
    """
    if oracle == 0:
        raise InvalidInputError("oracle must not be 0, was 0")
    return -abs((Fraction(price) - oracle) / oracle), -notional, order_hash


def _left(name: str, most: int, used: int) -> int:
    if used > most:
        raise InvalidInputError(f"{name} used must be <= {most}, the block's most, was {used}")
    return most - used
