"""A backstop that holders stake: who is cut, by how much at most, and how they may leave.

Only the rules; shares and their value are the business of the pool that holds them. Whole numbers,
as the contracts count.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from hullmark.errors import InvalidInputError
from hullmark.waterfall._apportion import apportion

_BPS = 10_000


def slashable(assets: int, *, share_max_bps: int = _BPS, left_min: int = 0) -> int:
    """Return how much of a stake may be taken at once, a half rounded up as ``percentMul`` does.

    Parameters
    ----------
    assets : int, >= 0
    share_max_bps : int, in [0, 10,000]
        Largest share of it: 3,000 for the Aave Safety Module.
    left_min : int, >= 0
        What always stays, so that a share keeps a price: ``MIN_ASSETS_REMAINING`` of Umbrella.

    References
    ----------
    Aave, ``StakeToken.slash`` of the Safety Module, 2024, which refuses what would leave less than
    the minimum, where this takes what is above it; Aave Umbrella, ``ERC4626StakeTokenUpgradeable``,
    ``_getMaxSlashableAssets``, 2025.

    >>> slashable(1_001, share_max_bps=3_000), slashable(9, left_min=2), slashable(2, left_min=2)
    (300, 7, 0)
    """
    if assets < 0:
        raise InvalidInputError(f"assets must be >= 0, was {assets}")
    if not 0 <= share_max_bps <= _BPS:
        raise InvalidInputError(f"share_max_bps must be in [0, {_BPS}], was {share_max_bps}")
    if left_min < 0:
        raise InvalidInputError(f"left_min must be >= 0, was {left_min}")
    most = (assets * share_max_bps + _BPS // 2) // _BPS
    return min(most, max(0, assets - left_min))


def deficit_to_slash(deficit: int, *, offset: int = 0, pending: int = 0) -> int:
    """Return what of a deficit falls on the stake: beyond an offset, and not yet on its way.

    References
    ----------
    Aave Umbrella, ``isReserveSlashable``, 2025: the first losses, up to an offset, are the DAO's.

    >>> deficit_to_slash(100, offset=30, pending=20), deficit_to_slash(30, offset=30)
    (50, 0)
    """
    for name, value in (("deficit", deficit), ("offset", offset), ("pending", pending)):
        if value < 0:
            raise InvalidInputError(f"{name} must be >= 0, was {value}")
    return max(0, deficit - offset - pending)


class Stake(NamedTuple):
    """One tranche of a backstop."""

    name: str
    assets: int
    rank: int = 0  # lower ranks are cut first; equal ones in proportion
    share_max_bps: int = _BPS
    left_min: int = 0


class Slash(NamedTuple):
    """What one tranche pays."""

    name: str
    amount: int


def slash(deficit: int, stakes: Sequence[Stake]) -> tuple[tuple[Slash, ...], int]:
    """Return what each stake pays, by rank, and what is left of the deficit.

    Stakes of a rank pay in proportion to what may be taken of them; what falls on them is divided
    by the largest remainder, in their order.

    >>> slash(70, [Stake("b", 100, rank=1), Stake("a", 100, share_max_bps=3_000)])
    ((Slash(name='a', amount=30), Slash(name='b', amount=40)), 0)
    """
    if deficit < 0:
        raise InvalidInputError(f"deficit must be >= 0, was {deficit}")
    paid, left = [], deficit
    for rank in sorted({stake.rank for stake in stakes}):
        tranche = [stake for stake in stakes if stake.rank == rank]
        most = [
            slashable(s.assets, share_max_bps=s.share_max_bps, left_min=s.left_min) for s in tranche
        ]
        parts = apportion(min(left, sum(most)), most)
        left -= sum(parts)
        paid += [Slash(s.name, part) for s, part in zip(tranche, parts, strict=True) if part]
    return tuple(paid), left


@dataclass(frozen=True, slots=True)
class CoolDown:
    """What a staker has announced to withdraw.

    A stake that has waited can be withdrawn for a while, then it has to be announced anew; until
    then it is cut like any other. Whoever sees a loss coming cannot leave before it.

    Attributes
    ----------
    amount : int, shares, >= 0
    ends_s : int, seconds
        When waiting ends.
    window_s : int, seconds, >= 0
        How long it can be withdrawn then, its last second included.

    References
    ----------
    Aave Umbrella, ``ERC4626StakeTokenUpgradeable``, 2025: 20 days, and a window of 2.

    >>> waiting = CoolDown.begun(100, now_s=0, cool_down_s=20, window_s=2)
    >>> [waiting.redeemable(now_s) for now_s in (19, 20, 22, 23)]
    [0, 100, 100, 0]
    """

    amount: int = 0
    ends_s: int = 0
    window_s: int = 0

    @classmethod
    def begun(cls, balance: int, *, now_s: int, cool_down_s: int, window_s: int) -> "CoolDown":
        """Return an announcement of a whole balance, in place of any before.

        Raises
        ------
        InvalidInputError
            If there is no balance, or a time is negative.
        """
        if balance <= 0:
            raise InvalidInputError(f"balance must be > 0, was {balance}")
        if cool_down_s < 0 or window_s < 0:
            raise InvalidInputError(f"times must be >= 0, was {min(cool_down_s, window_s)}")
        return cls(balance, now_s + cool_down_s, window_s)

    def redeemable(self, now_s: int) -> int:
        """Return how many shares may be withdrawn now."""
        return self.amount if 0 <= now_s - self.ends_s <= self.window_s else 0

    def redeemed(self, shares: int, *, now_s: int) -> "CoolDown":
        """Return it after a withdrawal.

        Raises
        ------
        InvalidInputError
            If it is more than may be withdrawn now.
        """
        if not 0 <= shares <= self.redeemable(now_s):
            most = self.redeemable(now_s)
            raise InvalidInputError(f"shares must be in [0, {most}], was {shares}")
        return self._cut(self.amount - shares)

    def transferred(self, balance_after: int, *, now_s: int) -> "CoolDown":
        """Return it after shares went to somebody else: no more than what is left stays announced.

        The announced shares are the last to go, and the receiver announces for itself.
        """
        if now_s > self.ends_s + self.window_s:
            return self
        return self._cut(min(self.amount, balance_after))

    def _cut(self, amount: int) -> "CoolDown":
        return replace(self, amount=amount) if amount else CoolDown()
