"""How much of a position an order may close: a share, a least notional, ramps, pauses and caps.

A size is whole lots, money nanos of a dollar, time nanoseconds. What is worked out is rounded down,
towards closing less, and is one lot at least; only a cap and a pause give none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hullmark.core import (
    NANO,
    SECOND_NS,
    Number,
    exactly,
    not_negative,
    parse_nano,
    positive,
    share as share_of,
)
from hullmark.errors import DocumentError, InvalidInputError

_SHARE, _MONEY, _TIME = "share", "_usd", "_s"
_KEYS = frozenset({
    "share",
    "notional_min_usd",
    "whole_below_usd",
    "shortage_below_usd",
    "ramp_s",
    "cooldown_s",
    "whole_s",
    "account_max_usd",
    "market_max_usd",
    "block_s",
})  # fmt: skip

_OF_SHARE = (
    "notional_min_nano",
    "whole_below_nano",
    "shortage_below_nano",
    "ramp_ns",
    "cooldown_ns",
    "whole_ns",
)
_CAPS = ("account_max_nano", "market_max_nano")


def ramped_share(share: Number, *, elapsed: Number, ramp: Number) -> Decimal:
    """Return the share that may be closed some time after a liquidation began.

    ``min(1, share + elapsed / ramp)``.

    >>> ramped_share("0.1", elapsed=75, ramp=150)
    Decimal('0.6')
    """
    begin, passed = share_of("share", share), not_negative("elapsed", elapsed)
    with exactly():
        return min(begin + passed / positive("ramp", ramp), Decimal(1))


def floored_to_step(size: int, step: int) -> int:
    """Return the largest multiple of a step that is not above a size >= 0.

    >>> floored_to_step(14, 5), floored_to_step(15, 5)
    (10, 15)
    """
    return _stepped(size, step) // step * step


def raised_to_step(size: int, step: int) -> int:
    """Return the smallest multiple of a step that is not below a size >= 0.

    >>> raised_to_step(14, 5), raised_to_step(15, 5)
    (15, 15)
    """
    return -(-_stepped(size, step) // step) * step


def next_step(left: int, begun: int, *, share: Number, step: int = 1) -> int:
    """Return the next of the equal steps in which a position is closed.

    A share of the position that the liquidation began with, raised to a step, and at most what is
    left of it.

    Parameters
    ----------
    left, begun : int >= 0, lots
        The first at most the second.
    share : number in (0, 1]
    step : int > 0, lots

    >>> [next_step(left, 103, share="0.25", step=5) for left in (103, 73, 13)]
    [30, 30, 13]
    """
    part = share_of("share", share)
    if part == 0:
        raise InvalidInputError("share must be > 0, was 0")
    if not 0 <= left <= begun:
        raise InvalidInputError(f"left must be in [0, {begun}], was {left}")
    with exactly():
        wanted = int((begun * part).to_integral_value("ROUND_CEILING"))
    return min(raised_to_step(wanted, step), left)


def takeover_due(
    equity: int, maintenance: int, *, numerator: int = 2, denominator: int = 3
) -> bool:
    """Return whether equity is below a fraction of maintenance margin: the backstop's turn.

    Parameters
    ----------
    equity, maintenance : int, one unit
    numerator, denominator : int > 0

    References
    ----------
    Hyperliquid, "Liquidations": below two thirds the liquidator vault takes the account over.

    >>> takeover_due(66, 100), takeover_due(2, 3)
    (True, False)
    """
    if numerator <= 0 or denominator <= 0:
        raise InvalidInputError(f"the fraction must be > 0, was {numerator}/{denominator}")
    return equity * denominator < maintenance * numerator


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeRules:
    """What one order may close, as a venue file says it; ``None`` is no such rule.

    Attributes
    ----------
    share_nano : int or None, in (0, 1]
        Of the position. Least notional, whole, ramp and pauses need one.
    notional_min_nano : int or None, USD
        An order may close so much, whatever share that is.
    whole_below_nano : int or None, USD
        A position worth no more may be closed whole.
    shortage_below_nano : int or None, USD
        Where less than this is lacking to the target, the position may be closed whole.
    ramp_ns : int or None
        The share grows by this time's fraction since the liquidation began.
    cooldown_ns : int or None
        After an order for a part nothing for so long, then the whole.
    whole_ns : int or None
        For so long after an order for a part, the whole; after that a part again. Not with a
        cool-down.
    account_max_nano, market_max_nano : int or None, USD
        Most notional of one account, and of all accounts in one market, in a block. What nothing
        has used yet lets one lot through, so that no position is stuck.
    block_ns : int or None
        Length of a block; with a cap, and only with one.

    References
    ----------
    dYdX (share, least notional, caps), Drift (share, ramp, small shortages and positions), and
    Hyperliquid (20 percent above 100,000 USDC, the whole in the 30 seconds after).

    >>> rules = SizeRules.parse({"share": "0.2", "whole_below_usd": "100000", "whole_s": "30"})
    >>> rules.lots_max(-1_000, 500 * 10**9, now_ns=0)
    200
    >>> rules.lots_max(-800, 500 * 10**9, now_ns=20 * 10**9, part_ns=0)
    800
    """

    share_nano: int | None = None
    notional_min_nano: int | None = None
    whole_below_nano: int | None = None
    shortage_below_nano: int | None = None
    ramp_ns: int | None = None
    cooldown_ns: int | None = None
    whole_ns: int | None = None
    account_max_nano: int | None = None
    market_max_nano: int | None = None
    block_ns: int | None = None

    def __post_init__(self) -> None:
        for name in self.__slots__:
            found = getattr(self, name)
            if found is not None and found <= 0:
                raise DocumentError(f"{name} must be > 0, was {found}")
        if self.share_nano is not None and self.share_nano > NANO:
            raise DocumentError(f"share_nano must be <= {NANO}, was {self.share_nano}")
        alone = [name for name in _OF_SHARE if getattr(self, name) is not None]
        if self.share_nano is None and alone:
            raise DocumentError(f"{_key(alone[0])} must come with a share, was alone")
        if self.cooldown_ns is not None and self.whole_ns is not None:
            raise DocumentError("cooldown_s must come without whole_s, was with it")
        caps = [name for name in _CAPS if getattr(self, name) is not None]
        if caps and self.block_ns is None:
            raise DocumentError(f"{_key(caps[0])} must come with block_s, was alone")
        if self.block_ns is not None and not caps:
            named = " or ".join(map(_key, _CAPS))
            raise DocumentError(f"block_s must come with {named}, was alone")

    @classmethod
    def parse(cls, tree: Mapping[str, Any]) -> "SizeRules":
        """Read a table of a venue file: decimals as strings, keys of no unit are shares.

        Raises
        ------
        DocumentError
            Naming the key that is wrong.
        """
        if not isinstance(tree, Mapping):
            raise DocumentError(f"the sizes must stand in a table, was {tree!r:.60}")
        found: dict[str, int] = {}
        for key, text in tree.items():
            if key not in _KEYS:
                raise DocumentError(f"unknown key {key!r:.60}; known: {', '.join(sorted(_KEYS))}")
            nano = parse_nano(key, text)
            if nano <= 0 or (key == _SHARE and nano > NANO):
                rule = "in (0, 1]" if key == _SHARE else "> 0"
                raise DocumentError(f"{key} must be {rule}, was {text!r:.60}")
            if key.endswith(_TIME):
                found[f"{key.removesuffix(_TIME)}_ns"] = nano * SECOND_NS // NANO
            else:
                found[f"{key.removesuffix(_MONEY)}_nano"] = nano
        return cls(**found)

    def block(self, now_ns: int) -> int | None:
        """Return the number of the block that an instant is in, ``None`` without blocks."""
        return None if self.block_ns is None else now_ns // self.block_ns

    def lots_max(
        self,
        position_lots: int,
        lot_nano: int,
        *,
        now_ns: int,
        elapsed_ns: int = 0,
        part_ns: int | None = None,
        shortage_nano: int | None = None,
        account_used_nano: int = 0,
        market_used_nano: int = 0,
    ) -> int:
        """Return how many lots of a position an order may close now, at most all of them.

        Parameters
        ----------
        position_lots : int
            Signed.
        lot_nano : int > 0, USD
            What a lot is worth.
        now_ns : int
        elapsed_ns : int >= 0
            Since the liquidation began.
        part_ns : int, optional
            When the account's last order for a part of a position was sent; ``None``: never.
        shortage_nano : int, optional, USD
            What is lacking to the target; ``None``: it is not known.
        account_used_nano, market_used_nano : int >= 0, USD
            Notional that was closed in this block.

        Returns
        -------
        int >= 0
            A number below the position is an order for a part: its instant is the next *part_ns*.
        """
        if lot_nano <= 0:
            raise InvalidInputError(f"lot_nano must be > 0, was {lot_nano}")
        held = abs(position_lots)
        part = self._share_now(held * lot_nano, now_ns, elapsed_ns, part_ns, shortage_nano)
        if held == 0 or part == 0:
            return 0
        least = (self.notional_min_nano or 0) // lot_nano
        lots = min(max(held * part // NANO, least, 1), held)
        for most, used in (
            (self.account_max_nano, account_used_nano),
            (self.market_max_nano, market_used_nano),
        ):
            if most is not None:
                lots = min(lots, max(max(most - used, 0) // lot_nano, 1 if used <= 0 else 0))
        return lots

    # The share that may be closed, in nanos; 0 in a pause.
    def _share_now(
        self,
        whole_nano: int,
        now_ns: int,
        elapsed_ns: int,
        part_ns: int | None,
        shortage_nano: int | None,
    ) -> int:
        if self.share_nano is None:
            return NANO
        since_ns = None if part_ns is None else now_ns - part_ns
        if since_ns is not None and self.cooldown_ns is not None:
            return NANO if since_ns >= self.cooldown_ns else 0
        if since_ns is not None and self.whole_ns is not None and since_ns < self.whole_ns:
            return NANO
        small = self.whole_below_nano is not None and whole_nano <= self.whole_below_nano
        if self.shortage_below_nano is not None and shortage_nano is not None:
            small = small or shortage_nano < self.shortage_below_nano
        if small:
            return NANO
        if self.ramp_ns is None:
            return self.share_nano
        return min(self.share_nano + elapsed_ns * NANO // self.ramp_ns, NANO)


# What a field is called in a venue file.
def _key(name: str) -> str:
    if name.endswith("_ns"):
        return name.removesuffix("_ns") + _TIME
    return name.removesuffix("_nano") + _MONEY


def _stepped(size: int, step: int) -> int:
    if step <= 0:
        raise InvalidInputError(f"step must be > 0, was {step}")
    if size < 0:
        raise InvalidInputError(f"size must be >= 0, was {size}")
    return size
