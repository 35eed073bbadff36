"""Sell a whole account at a premium: what its lender, its owner and the venue have of it."""

from typing import NamedTuple

from hullmark.errors import InvalidInputError
from hullmark.liquidation._percent import BPS


class PremiumSplit(NamedTuple):
    """Where the value of an account goes that is liquidated as a whole.

    Attributes
    ----------
    to_pool : int, units of the debt's asset
        What is sent to the lenders, a transfer fee on it included.
    to_owner : int, units of the debt's asset
    profit : int, units of the debt's asset
        What the lenders have beyond debt and interest: the venue's fees.
    loss : int, units of the debt's asset
        What they lack of debt and interest.
    funds : int, units of the debt's asset
        Value less premium: what there is to share.
    """

    to_pool: int
    to_owner: int
    profit: int
    loss: int
    funds: int


def premium_split(
    value: int,
    *,
    debt: int,
    interest: int,
    fees: int,
    premium_bps: int,
    fee_bps: int,
    transfer_fee_bps: int = 0,
) -> PremiumSplit:
    """Return how the value of an account is shared: lenders first, then the owner.

    The liquidator keeps *premium_bps* of the value. Of the rest, debt, interest, fees and a
    liquidation fee go to the pool. Where that is not there, fees are waived first; what is still
    lacking is the lenders' loss.

    Parameters
    ----------
    value : int, units of the debt's asset, >= 0
    debt, interest, fees : int, units of the debt's asset, >= 0
    premium_bps, fee_bps : int, basis points, in [0, 10_000]
        Shares of the value.
    transfer_fee_bps : int, basis points, in [0, 10_000]
        What the token itself keeps of a transfer.

    Raises
    ------
    InvalidInputError
        If a number is out of its range.

    References
    ----------
    Gearbox, ``core-v3`` [510fc65], ``CreditLogic.calcLiquidationPayments``.

    >>> premium_split(10_000, debt=5_000, interest=2_000, fees=1_000, premium_bps=400, fee_bps=150)
    PremiumSplit(to_pool=8150, to_owner=1450, profit=1150, loss=0, funds=9600)
    """
    for name, amount in (("value", value), ("debt", debt), ("interest", interest), ("fees", fees)):
        if amount < 0:
            raise InvalidInputError(f"{name} must be >= 0, was {amount}")
    for name, bps in (
        ("premium_bps", premium_bps), ("fee_bps", fee_bps), ("transfer_fee_bps", transfer_fee_bps),
    ):  # fmt: skip
        if not 0 <= bps <= BPS:
            raise InvalidInputError(f"{name} must be in [0, {BPS}], was {bps}")
    funds = value * (BPS - premium_bps) // BPS
    received = debt + interest + fees + value * fee_bps // BPS
    sent = received * (BPS + transfer_fee_bps) // BPS
    to_owner = 0
    if funds > sent:
        to_owner = funds - sent
    else:
        sent, received = funds, funds * (BPS - transfer_fee_bps) // BPS
    owed = debt + interest
    return PremiumSplit(sent, to_owner, max(received - owed, 0), max(owed - received, 0), funds)
