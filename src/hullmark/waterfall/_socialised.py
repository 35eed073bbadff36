"""Loss that all bear: how it is divided, recorded per account, and paid back one day."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from hullmark.errors import InvalidInputError
from hullmark.waterfall._apportion import apportion


class Base(NamedTuple):
    """What an account bears a loss by: its balance, its open interest or its gain."""

    account: int
    weight: int  # those below zero or of zero bear nothing
    most: int | None = None  # what it can bear, in quanta; None: whatever falls on it


@dataclass(frozen=True, slots=True)
class LossRecord:
    """What one account has borne of a loss, and what of it has come back.

    Attributes
    ----------
    account : int
    quanta : int, > 0
    repaid_quanta : int, in [0, quanta]
    """

    account: int
    quanta: int
    repaid_quanta: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.repaid_quanta <= self.quanta:
            bound = f"[0, {self.quanta}]"
            raise InvalidInputError(f"repaid_quanta must be in {bound}, was {self.repaid_quanta}")

    @property
    def owed_quanta(self) -> int:
        """What has not come back."""
        return self.quanta - self.repaid_quanta


def by_balances(balances: Sequence[tuple[int, int]]) -> list[Base]:
    """Return bases by positive balance, which is also the most that each can bear."""
    return [Base(account, max(0, quanta), max(0, quanta)) for account, quanta in balances]


def by_open_interest(lots: Sequence[tuple[int, int]]) -> list[Base]:
    """Return bases by lots without sign, both sides alike, without a bound."""
    return [Base(account, abs(size)) for account, size in lots]


def by_gains(gains: Sequence[tuple[int, int]]) -> list[Base]:
    """Return bases by unrealised gain, which is also the most that each can bear."""
    return by_balances(gains)


def socialise(loss_quanta: int, bases: Sequence[Base]) -> tuple[tuple[LossRecord, ...], int]:
    """Return what each account bears of a loss, by account, and what nobody could bear.

    In proportion to the weights, by the largest remainder. Who can bear no more is left out and its
    rest divided again; each round leaves somebody out or is the last.

    Raises
    ------
    InvalidInputError
        If the loss is negative, or an account stands there twice.

    >>> socialise(10, by_balances([(1, 6), (2, 3), (3, -4)]))
    ((LossRecord(account=1, quanta=6, repaid_quanta=0), \
LossRecord(account=2, quanta=3, repaid_quanta=0)), 1)
    """
    if loss_quanta < 0:
        raise InvalidInputError(f"loss_quanta must be >= 0, was {loss_quanta}")
    if len({base.account for base in bases}) != len(bases):
        raise InvalidInputError("bases must be of distinct accounts")
    order = sorted(base for base in bases if base.weight > 0)
    borne = dict.fromkeys((base.account for base in order), 0)
    left, open_ = loss_quanta, order
    for _ in range(len(order)):
        if not left or not open_:
            break
        parts = apportion(left, [base.weight for base in open_])
        for base, part in zip(open_, parts, strict=True):
            room = part if base.most is None else base.most - borne[base.account]
            borne[base.account] += min(part, room)
            left -= min(part, room)
        open_ = [b for b in open_ if b.most is None or borne[b.account] < b.most]
    records = (LossRecord(account, quanta) for account, quanta in borne.items() if quanta)
    return tuple(records), left


def repay(records: Sequence[LossRecord], quanta: int) -> tuple[tuple[LossRecord, ...], int]:
    """Return the records after a repayment in proportion to what is owed, and what is left of it.

    Nobody gets back more than it has borne.

    >>> repay([LossRecord(1, 6), LossRecord(2, 3, 1)], 4)[0][0].repaid_quanta
    3
    """
    if quanta < 0:
        raise InvalidInputError(f"quanta must be >= 0, was {quanta}")
    owed = [record.owed_quanta for record in records]
    paid = min(quanta, sum(owed))
    parts = apportion(paid, owed)
    after = (
        replace(record, repaid_quanta=record.repaid_quanta + part)
        for record, part in zip(records, parts, strict=True)
    )
    return tuple(after), quanta - paid


@dataclass(frozen=True, slots=True)
class ReserveDeficit:
    """Bad debt of one asset as Aave books it: it bears no interest and goes away by payment only.

    Attributes
    ----------
    quanta : int, >= 0

    References
    ----------
    Aave v3.3, ``aave-v3-origin`` [fd1fbd9], ``LiquidationLogic._burnBadDebt`` and
    ``executeEliminateDeficit``.

    >>> deficit = ReserveDeficit().booked(70).booked(30)
    >>> deficit.eliminated(40), deficit.eliminated(400)
    ((ReserveDeficit(quanta=60), 40), (ReserveDeficit(quanta=0), 100))
    """

    quanta: int = 0

    def __post_init__(self) -> None:
        if self.quanta < 0:
            raise InvalidInputError(f"quanta must be >= 0, was {self.quanta}")

    def booked(self, debt: int, *, collateral_left: int = 0) -> "ReserveDeficit":
        """Return it with the debt of an account that has no collateral left; else as it is."""
        if debt < 0 or collateral_left < 0:
            low = min(debt, collateral_left)
            raise InvalidInputError(f"debt and collateral must be >= 0, was {low}")
        return self if collateral_left else ReserveDeficit(self.quanta + debt)

    def eliminated(self, amount: int) -> "tuple[ReserveDeficit, int]":
        """Return it after a payment, and how much of the payment was taken.

        Raises
        ------
        InvalidInputError
            If the amount is not positive, or there is no deficit.
        """
        if amount <= 0:
            raise InvalidInputError(f"amount must be > 0, was {amount}")
        if not self.quanta:
            raise InvalidInputError("quanta of a deficit must be > 0, was 0")
        taken = min(amount, self.quanta)
        return ReserveDeficit(self.quanta - taken), taken
