"""What liquidation asks of one instrument at the accepted prices, worked out once a tick."""

from collections.abc import Sequence
from typing import NamedTuple

from hullmark.clearing._market_view import asset_price_nano
from hullmark.clearing._price_sides import safe_marks_nano
from hullmark.clearing._state import State
from hullmark.core import INT64_MAX, NANO, mul_div_ceil, mul_div_floor
from hullmark.domain import Future, Instrument, Option, Perpetual
from hullmark.ledger import MICRO, Position, unit_ratio
from hullmark.liquidation import Standing, sliding_limit_nano
from hullmark.margin import RiskTables


class Unwind(NamedTuple):
    """One instrument at the accepted prices, and the worst prices at which it may be closed."""

    symbol: str
    settlement: int  # the index of its settlement asset
    mark_nano: int  # 0: there is none
    sell_nano: int  # the price limit of a sale
    buy_nano: int  # the price limit of a purchase
    sell_value: float  # settlement units that one contract unit fetches at that limit
    buy_value: float
    lot_ratio: tuple[int, int]  # settlement quanta that one lot is worth at the mark
    lot: float  # contract units in one lot
    notional_usd: float  # of one contract unit

    def limit_nano(self, lots: int) -> int:
        """Return the worst price at which signed *lots* may fill."""
        return self.sell_nano if lots < 0 else self.buy_nano

    def notional_nano(self, lots: int) -> int:
        """Return the USD notional of some lots, either way signed."""
        return round(abs(lots) * self.lot * self.notional_usd * NANO)


def unwind_of(state: State, tables: RiskTables, number: int, mark_nano: int) -> Unwind:
    """Return the unwind of an instrument whose margin price is *mark_nano*."""
    terms, ledger = state.ledger.instruments[number], state.ledger
    settlement, value = ledger.settlement(number), float(tables.value[number])
    # In doubt nobody is made to sell below, or to buy above, the account-safe side.
    owed_nano, owned_nano = _safe_marks_nano(state, tables, number, mark_nano)
    sell_nano, buy_nano = limit_nano(state, owned_nano, -1), limit_nano(state, owed_nano, 1)
    return Unwind(
        symbol=terms.symbol,
        settlement=settlement,
        mark_nano=mark_nano,
        sell_nano=sell_nano,
        buy_nano=buy_nano,
        sell_value=value + _value_of_slip(terms, mark_nano, sell_nano - mark_nano),
        buy_value=value + _value_of_slip(terms, mark_nano, buy_nano - mark_nano),
        lot_ratio=unit_ratio(terms, mark_nano, ledger.assets[settlement].quanta_per_unit),
        lot=terms.lot,
        notional_usd=float(tables.notional_usd[number]),
    )


# Of what somebody owes, and of what somebody owns. An option's are its lenient values.
def _safe_marks_nano(
    state: State, tables: RiskTables, number: int, mark_nano: int
) -> tuple[int, int]:
    terms, sides = state.ledger.instruments[number], tables.sides
    if sides is None:
        return mark_nano, mark_nano
    if not isinstance(terms, Option):
        return safe_marks_nano(state, terms.symbol, mark_nano)
    low, high = (
        min(round(float(side[number]) * NANO), INT64_MAX)
        for side in (sides.short_maintenance, sides.long_maintenance)
    )
    return min(low, mark_nano), max(high, mark_nano)


def limit_nano(state: State, mark_nano: int, lots: int) -> int:
    """Return the worst price at which signed *lots* may fill: the mark less (plus) the slippage.

    Rounded towards the mark, so the limit is never looser than declared. At least one billionth: no
    fill has a lower price, so that what is worth nothing can be bought back. At most what a price
    can be.
    """
    slippage_nano = state.in_force.liquidation.slippage_nano
    if lots < 0:
        return max(mul_div_ceil(mark_nano, NANO - slippage_nano, NANO), 1)
    return min(max(mul_div_floor(mark_nano, NANO + slippage_nano, NANO), 1), INT64_MAX)


def slid(
    state: State,
    tables: RiskTables,
    number: int,
    unwind: Unwind,
    lots: int,
    bankruptcy_nano: int,
    standing: Standing,
) -> Unwind:
    """Return an unwind whose limit, for the side that closes *lots*, slides to bankruptcy.

    It begins at the mark, in doubt at the account-safe side of it.
    """
    owed_nano, owned_nano = _safe_marks_nano(state, tables, number, unwind.mark_nano)
    long = lots > 0
    slid_nano = sliding_limit_nano(
        owned_nano if long else owed_nano,
        bankruptcy_nano,
        standing.equity,
        max(standing.maintenance, 1),
        long=long,
    )
    price_nano = max(slid_nano, 1)
    slip = _value_of_slip(
        state.ledger.instruments[number], unwind.mark_nano, price_nano - unwind.mark_nano
    )
    value = float(tables.value[number]) + slip
    if long:
        return unwind._replace(sell_nano=price_nano, sell_value=value)
    return unwind._replace(buy_nano=price_nano, buy_value=value)


def net_worth(
    state: State,
    unwinds: Sequence[Unwind],
    held: Sequence[tuple[int, Position]],
    cash: list[int],
    asset: int,
) -> int:
    """Return what positions and cash are worth in quanta of one asset, each part rounded down.

    *unwinds* are those of the positions, in the order of *held*; *cash*, quanta per asset, is used
    up. Exact for contracts.
    """
    ledger = state.ledger
    for unwind, (number, position) in zip(unwinds, held, strict=True):
        over, under = unwind.lot_ratio
        worth = position.lots * over // under
        owed = -(-position.lots * (ledger.funding_micro[number] - position.paid_micro) // MICRO)
        cash[unwind.settlement] += worth + position.quote - owed
    total = cash[asset]
    if len(cash) == 1:
        return total
    price = asset_price_nano(state, asset)
    unit = ledger.assets[asset].quanta_per_unit
    for other, quanta in enumerate(cash):
        if other != asset and quanta and price:
            their = asset_price_nano(state, other) * unit
            total += mul_div_floor(quanta, their, price * ledger.assets[other].quanta_per_unit)
    return total


# A position without a mark is liquidated by nobody: what its limit is worth is never asked.
def _value_of_slip(terms: Instrument, mark_nano: int, slip_nano: int) -> float:
    if isinstance(terms, Perpetual | Future) and terms.inverse:
        return NANO / mark_nano - NANO / (mark_nano + slip_nano) if mark_nano else 0.0
    return slip_nano / NANO
