"""The last phase of one health number: a loss is settled, bought with the fund, or shared by all.

Decimals of 60 digits; the original has 48 binary places. What the fund pays is whole units.
"""

from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from hullmark.core import Number, decimal_of, exactly, not_negative, positive
from hullmark.errors import InvalidInputError
from hullmark.liquidation.perpetual._phases import balance_to_zero_health


class LossPhase(NamedTuple):
    """Who takes a loss, in the token of the debt but for what the fund pays.

    Attributes
    ----------
    settled : Decimal
        Taken over for cash of the account.
    taken : Decimal
        Taken over for cash of the fund.
    insurance : int, units of the fund's token
        That the fund pays.
    socialised : Decimal
        Shared by all: there is none unless the fund is empty.
    left : Decimal
        That nobody has taken yet.
    """

    settled: Decimal
    taken: Decimal
    insurance: int
    socialised: Decimal
    left: Decimal


def balance_above_zero_health(
    health: Number, balance: Number, *, asset_price: Number, liability_price: Number
) -> Decimal:
    """Return what may be taken from a balance before health falls to zero; 0 where it is below.

    What of a loss an account can settle is this of its health without the loss.

    Parameters
    ----------
    health, balance, asset_price, liability_price : number
        As of `balance_to_zero_health`.

    References
    ----------
    Mango v4, ``programs/mango-v4/src/health/cache.rs``, function
    ``spot_amount_taken_for_health_zero``, 2024.

    >>> balance_above_zero_health(39, 5, asset_price="1.8", liability_price="2.5")
    Decimal('17')
    """
    return balance_to_zero_health(
        -decimal_of("health", health),
        -decimal_of("balance", balance),
        asset_price=liability_price,
        liability_price=asset_price,
    )


def perp_loss(
    loss: Number,
    *,
    settle_max: Number,
    settleable: Number,
    health: Number,
    token: Number,
    token_asset_price: Number,
    token_liability_price: Number,
    token_price: Number,
    fund: int,
    fund_price: Number = 1,
    fee: Number = 0,
    wanted: Number,
) -> LossPhase:
    """Return who takes the loss of a perpetual without base.

    First it is settled: the liquidator takes loss and cash, as far as the account's health and its
    limit allow. Where no more can be settled, what brings health to zero is taken for cash of the
    fund, with a fee; and where the fund is empty, the rest of that is shared by all.

    Parameters
    ----------
    loss : number >= 0, settle token
    settle_max, settleable : number, settle token
        That health allows, see `balance_above_zero_health`, and that the settle limit does.
    health : number, USD
        The one that ends liquidation.
    token : number, settle token
        Balance with what the perpetual counts for.
    token_asset_price, token_liability_price : number >= 0, USD
        The settle token's, times its weight as an asset and as a liability.
    token_price, fund_price : number > 0, USD
        Of the settle token and of the fund's.
    fund : int >= 0, units of the fund's token
    fee : number >= 0, share
    wanted : number >= 0, settle token
        That the liquidator takes at most.

    References
    ----------
    Mango v4, ``programs/mango-v4/src/instructions/perp_liq_negative_pnl_or_bankruptcy.rs``, 2024.
    """
    owed, most = not_negative("loss", loss), not_negative("wanted", wanted)
    _fund(fund)
    with exactly():
        limit = min(decimal_of("settle_max", settle_max), decimal_of("settleable", settleable))
        limit = max(limit, Decimal(0))
        settled = min(limit, most, owed)
        left = owed - settled
        if settled < min(limit, owed) or left == 0:
            return LossPhase(settled, Decimal(0), 0, Decimal(0), left)
        needed = balance_to_zero_health(
            health, token, asset_price=token_asset_price, liability_price=token_liability_price
        )
        from_account = min(left, needed)
        wish = min(from_account, most - settled)
        paid, taken = _bought(wish, _rate(token_price, fund_price, fee), fund)
        taken = min(taken, wish)
        shared = from_account - taken if paid == fund else Decimal(0)
        return LossPhase(settled, taken, paid, shared, left - taken - shared)


def token_loss(
    liability: Number,
    *,
    price: Number,
    fund: int,
    fund_price: Number = 1,
    fee: Number = 0,
    wanted: Number,
) -> LossPhase:
    """Return who takes a debt that nothing is left to pay for.

    The liquidator takes it for cash of the fund, with a fee; what the fund cannot pay is taken from
    all deposits of the token. As in the original, the whole unit that the fund pays in the end may
    buy a little more than was wanted.

    Parameters
    ----------
    liability : number >= 0, token units
        The lower of the debt, and of the debt with what perpetuals count for.
    price, fund_price : number > 0, USD
        Of the token and of the fund's.
    fund : int >= 0, units of the fund's token
    fee : number >= 0, share
        0 where both tokens are one.
    wanted : number >= 0, token units

    References
    ----------
    Mango v4, ``programs/mango-v4/src/instructions/token_liq_bankruptcy.rs``, 2023.

    >>> token_loss(3, price=20, fund=20, fund_price=2, fee="0.1", wanted=9).insurance
    20
    """
    owed, most = not_negative("liability", liability), not_negative("wanted", wanted)
    _fund(fund)
    with exactly():
        paid, taken = _bought(min(owed, most), _rate(price, fund_price, fee), fund)
        left = max(owed - taken, Decimal(0))
        shared = left if paid == fund else Decimal(0)
        return LossPhase(Decimal(0), taken, paid, shared, left - shared)


def _rate(price: Number, fund_price: Number, fee: Number) -> Decimal:
    with_fee = positive("price", price) * (1 + not_negative("fee", fee))
    return with_fee / positive("fund_price", fund_price)


# What the fund pays for a loss, in whole units rounded up, and how much of it that buys.
def _bought(loss: Decimal, rate: Decimal, fund: int) -> tuple[int, Decimal]:
    paid = min(int((loss * rate).to_integral_value(ROUND_CEILING)), fund)
    return paid, paid / rate


def _fund(fund: int) -> None:
    if fund < 0:
        raise InvalidInputError(f"fund must be >= 0, was {fund}")
