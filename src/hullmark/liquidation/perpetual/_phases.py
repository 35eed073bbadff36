"""Liquidation by health in phases: tokens for tokens, then a perpetual's base and its profit.

The exact rules behind one health number: how much of a liability must be taken over, and how a
perpetual is reduced in steps where its profit counts for less than its loss. Decimals of 60 digits;
the original has 48 binary places, so that its figures are a little smaller.
"""

from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from hullmark.core import Number, decimal_of, exactly, not_negative, positive, share
from hullmark.errors import InvalidInputError

_ENOUGH = Decimal("-0.5")  # native units: any health above -1 ends the original's liquidation


class TokenSwap(NamedTuple):
    """A liability taken over for an asset.

    Attributes
    ----------
    needed : Decimal, liability units
        That brings health to zero.
    possible : Decimal, liability units
        That the asset pays for.
    liability : Decimal, liability units
        That is taken over.
    asset_paid, asset_received, fee : Decimal, asset units
        From the account, to the liquidator, and to the platform.
    """

    needed: Decimal
    possible: Decimal
    liability: Decimal
    asset_paid: Decimal
    asset_received: Decimal
    fee: Decimal


def balance_to_zero_health(
    health: Number, balance: Number, *, asset_price: Number, liability_price: Number
) -> Decimal:
    """Return what must be added to a balance so that health rises to zero; 0 where it is there.

    Parameters
    ----------
    health : number, USD
    balance : number, token units
        Signed: below zero a debt, which counts at another weight.
    asset_price, liability_price : number >= 0, USD
        A token's, times its weight as an asset and as a liability.

    Raises
    ------
    InvalidInputError
        If the token counts nothing where it would have to help.

    References
    ----------
    Mango v4, ``programs/mango-v4/src/health/cache.rs``, function
    ``spot_amount_given_for_health_zero``, 2024.

    >>> balance_to_zero_health(-10, -4, asset_price="0.5", liability_price="1.25")
    Decimal('14.0')
    """
    held, asset = decimal_of("balance", balance), not_negative("asset_price", asset_price)
    owed = not_negative("liability_price", liability_price)
    with exactly():
        lacking = -decimal_of("health", health)
        if lacking <= 0:
            return Decimal(0)
        given = Decimal(0)
        if held < 0:
            if owed > 0 and lacking / owed <= -held:
                return lacking / owed
            given, lacking = -held, lacking + held * owed
        if lacking > 0:
            if asset == 0:
                raise InvalidInputError("asset_price must be > 0 to help, was 0")
            given += lacking / asset
        return given


def token_swap(
    health: Number,
    *,
    liability: Number,
    liability_price: Number,
    liability_weight: Number,
    asset: Number,
    asset_price: Number,
    asset_weight: Number,
    liability_fee: Number = 0,
    asset_fee: Number = 0,
    liability_platform_fee: Number = 0,
    asset_platform_fee: Number = 0,
    liability_max: Number | None = None,
) -> TokenSwap:
    """Return how much of a liability is taken over for an asset.

    ``-health / (price_l * w_l - price_l * fees * w_a)``, at most what there is of either, where the
    asset is paid at ``price_l / price_a * (1 + fees of l) * (1 + fees of a)``.

    Parameters
    ----------
    health : number, USD
        The one that ends liquidation.
    liability, asset : number >= 0, token units
        That may be taken: the lower of what is there, and of what is there with a perpetual's
        profit and loss.
    liability_price, asset_price : number > 0, USD
    liability_weight, asset_weight : number >= 0
    liability_fee, asset_fee, liability_platform_fee, asset_platform_fee : number >= 0, shares
    liability_max : number >= 0, token units, optional
        That the liquidator wants.

    Raises
    ------
    InvalidInputError
        If a swap does not raise health: the fees take more than the weights leave.

    References
    ----------
    Mango v4, ``programs/mango-v4/src/instructions/token_liq_with_token.rs``, 2024.

    >>> token_swap(-10, liability=100, liability_price=1, liability_weight="1.2", asset=100,
    ...            asset_price=1, asset_weight="0.8").liability
    Decimal('25')
    """
    price, worth = (
        positive("liability_price", liability_price),
        positive("asset_price", asset_price),
    )
    owed, lent = (
        not_negative("liability_weight", liability_weight),
        not_negative("asset_weight", asset_weight),
    )
    most, held = not_negative("liability", liability), not_negative("asset", asset)
    if liability_max is not None:
        most = min(most, not_negative("liability_max", liability_max))
    with exactly():
        lacking = max(-decimal_of("health", health), Decimal(0))
        first = 1 + not_negative("liability_fee", liability_fee)
        second = 1 + not_negative("asset_fee", asset_fee)
        received = first * second
        paid = (first + not_negative("liability_platform_fee", liability_platform_fee)) * (
            second + not_negative("asset_platform_fee", asset_platform_fee)
        )
        gain = price * owed - price * paid * lent
        if gain <= 0:
            raise InvalidInputError(f"the swap must raise health by more than 0, was {gain}")
        needed, possible = lacking / gain, held * worth / (price * paid)
        taken = min(needed, possible, most)
        base = taken * price / worth
        left, came = min(base * paid, held), base * received
        return TokenSwap(needed, possible, taken, left, came, left - came)


@dataclass(frozen=True, slots=True, kw_only=True)
class PerpTerms:
    """What counts of a perpetual in health.

    Attributes
    ----------
    lot_price : Decimal > 0
        What a lot is worth at the oracle's price, in the settle token.
    asset_weight, liability_weight : Decimal
        Of base: longs and shorts.
    overall_weight : Decimal in [0, 1]
        Of profit that is not settled; 0: it backs nothing.
    fee, platform_fee : Decimal, shares
        Of base that is taken over.
    profit_fee : Decimal in [0, 1)
        Of profit that is taken over.
    token_asset_price, token_liability_price : Decimal >= 0, USD
        The settle token's, times its weight as an asset and as a liability.
    """

    lot_price: Decimal
    asset_weight: Decimal
    liability_weight: Decimal
    overall_weight: Decimal
    fee: Decimal = Decimal(0)
    platform_fee: Decimal = Decimal(0)
    profit_fee: Decimal = Decimal(0)
    token_asset_price: Decimal = Decimal(1)
    token_liability_price: Decimal = Decimal(1)

    def __post_init__(self) -> None:
        positive("lot_price", self.lot_price)
        share("overall_weight", self.overall_weight)
        if share("profit_fee", self.profit_fee) == 1:
            raise InvalidInputError("profit_fee must be < 1, was 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class PerpReduction:
    """A perpetual on its way through the steps, and how it ended.

    Attributes
    ----------
    lots : int >= 0
        Closed, towards zero.
    profit : Decimal >= 0, settle token
        Taken over by the liquidator.
    unsettled : Decimal, settle token
        Profit or loss of the position as health counts it, before the overall weight.
    token : Decimal, settle token
        Balance with what the position counts for.
    health : Decimal, USD
    """

    lots: int = 0
    profit: Decimal = Decimal(0)
    unsettled: Decimal
    token: Decimal
    health: Decimal

    def received(self, terms: PerpTerms) -> Decimal:
        """Return what the liquidator pays for the profit, in the settle token."""
        with exactly():
            return self.profit * (1 - terms.profit_fee)


def reduced_perp(
    lots: int,
    *,
    unsettled: Number,
    token: Number,
    health: Number,
    terms: PerpTerms,
    lots_max: int,
    profit_max: Number,
) -> PerpReduction:
    """Return how far a perpetual is reduced: in five steps, each while health is below zero.

    Base is closed while the position counts below zero; its profit is settled; base is closed
    whose profit will be settled; that is settled; and base is closed for what its profit counts.
    Lots are rounded up.

    Parameters
    ----------
    lots : int, not 0, signed
    unsettled, token, health : number
        As of `PerpReduction`, at the beginning.
    terms : PerpTerms
    lots_max : int >= 0
        That the liquidator wants.
    profit_max : number >= 0, settle token

    Raises
    ------
    InvalidInputError
        If closing a lot frees nothing: the fees take what the weight leaves.

    References
    ----------
    Mango v4, ``programs/mango-v4/src/instructions/perp_liq_base_or_positive_pnl.rs``, 2024.
    """
    with exactly():
        lot = _freed_by_lot(lots, terms)
        state = PerpReduction(
            unsettled=decimal_of("unsettled", unsettled),
            token=decimal_of("token", token),
            health=decimal_of("health", health),
        )
        most = not_negative("profit_max", profit_max)
        limit = min(abs(lots), lots_max)
        kept, counted = 1 - terms.profit_fee, terms.overall_weight
        if state.unsettled < 0:
            state = _closed(state, terms, limit, -state.unsettled, lot, lot, lot)
        state = _settled(state, terms, most)
        if state.unsettled >= 0 and state.profit < most:
            state = _closed(
                state, terms, limit, most - state.profit, lot * kept, lot * counted, lot
            )
        state = _settled(state, terms, most)
        if state.health < _ENOUGH and counted > 0:
            state = _closed(state, terms, limit, None, lot * counted, lot * counted, lot)
        return state


# What the position counts for more when a lot of it is closed, in the settle token.
def _freed_by_lot(lots: int, terms: PerpTerms) -> Decimal:
    if lots == 0:
        raise InvalidInputError("lots must not be 0, was 0")
    fees = terms.fee + terms.platform_fee
    weight = 1 - fees - terms.asset_weight if lots > 0 else terms.liability_weight - 1 - fees
    if weight <= 0:
        raise InvalidInputError(f"closing a lot must free more than 0, was {weight}")
    return terms.lot_price * weight


def _to_zero(state: PerpReduction, terms: PerpTerms) -> Decimal:
    return balance_to_zero_health(
        state.health,
        state.token,
        asset_price=terms.token_asset_price,
        liability_price=terms.token_liability_price,
    )


def _counted(token: Decimal, terms: PerpTerms) -> Decimal:
    return token * (terms.token_asset_price if token > 0 else terms.token_liability_price)


# Closes lots: *expected* is what each brings once its profit is settled, *actual* at once.
def _closed(
    state: PerpReduction,
    terms: PerpTerms,
    limit: int,
    most: Decimal | None,
    expected: Decimal,
    actual: Decimal,
    unsettled: Decimal,
) -> PerpReduction:
    wanted = _to_zero(state, terms)
    wanted = wanted if most is None else min(wanted, most)
    up = int((wanted / expected).to_integral_value(ROUND_CEILING))
    closed = max(min(up, limit - state.lots), 0)
    token = state.token + actual * closed
    return replace(
        state,
        lots=state.lots + closed,
        unsettled=state.unsettled + unsettled * closed,
        token=token,
        health=state.health - _counted(state.token, terms) + _counted(token, terms),
    )


# Settles profit, where a unit of it counts for less than the unit that is paid for it.
def _settled(state: PerpReduction, terms: PerpTerms, most: Decimal) -> PerpReduction:
    gain = 1 - terms.profit_fee - terms.overall_weight
    if state.unsettled < 0 or gain <= 0:
        return state
    settled = min(_to_zero(state, terms) / gain, most - state.profit, state.unsettled)
    settled = max(settled, Decimal(0))
    token = state.token + settled * gain
    return replace(
        state,
        profit=state.profit + settled,
        unsettled=state.unsettled - settled,
        token=token,
        health=state.health - _counted(state.token, terms) + _counted(token, terms),
    )
