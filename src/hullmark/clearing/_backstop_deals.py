"""Which makers take over what of an account: the turns of their quotes, and what each can carry.

What is taken is what the engine would close, at the prices of the quotes. Each fill raises the
account's health, or all of them together do, or close it in full. Beyond the price limit of orders
a quote is used only as far as the account pays for that itself: no maker is paid by the fund for a
price at which nothing may be sold to the market.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from hullmark.clearing._cases import plan_of, unwinds_of
from hullmark.clearing._checks import need_live, need_margined, need_room_for_fill
from hullmark.clearing._fills import Fill, pretend
from hullmark.clearing._market_view import asset_price_nano
from hullmark.clearing._moved import spare_initial_usd
from hullmark.clearing._stage_facts import Quote
from hullmark.clearing._stage_step import Step
from hullmark.clearing._state import State
from hullmark.clearing._unwinds import Unwind, net_worth
from hullmark.clearing._views import Views
from hullmark.core import NANO, exactly, mul_div_ceil
from hullmark.ledger import unit_ratio
from hullmark.liquidation import (
    BackstopRules,
    FirmQuote,
    Taken,
    allocate_quotes,
    loss_reached,
    quote_loss,
    quote_price_nano,
    room_lots,
)
from hullmark.market import Action

_DIGITS = 200  # more than products of two floats and sums of money have


class Deal(NamedTuple):
    """What one maker takes over under one quote."""

    quote: int
    maker: int
    price_nano: int
    fill: Fill  # of the account, the penalty as its fee


class _Desk(NamedTuple):
    """One position of the account, and who would take it over."""

    step: Step
    unwind: Unwind
    number: int
    held: int  # lots, signed
    offers: Sequence[FirmQuote]
    rooms: Mapping[int, int]  # by maker, as far as there is a cap


@dataclass(frozen=True, slots=True)
class _Market:
    """A desk, what is to be traded there, and what was dealt in before."""

    desk: _Desk
    lots: int  # that are to be traded, signed as the account would
    before: tuple[Deal, ...]
    one_by_one: bool  # whether each fill has to help

    def deals(self) -> tuple[Deal, ...]:
        """Return what was dealt in before, and what is dealt in here."""
        taken = allocate_quotes(
            self.lots,
            self.desk.offers,
            now_ns=self.desk.step.state.now_ns,
            rooms=self.desk.rooms,
            at_most=self.at_most,
        )
        return self.as_deals(taken)

    def as_deals(self, taken: Sequence[Taken]) -> tuple[Deal, ...]:
        """Return all deals so far, some takes in this market included."""
        found = list(self.before)
        for part in taken:
            found.append(_deal(self.desk, part, found))
        return tuple(found)

    def at_most(self, quote: FirmQuote, count: int, taken: Sequence[Taken]) -> int:
        """Return how many lots may be taken of a quote after what has been taken before it.

        As many as its maker can carry and the account pays for, if it is not worse off by them.
        """
        before, sign, desk = self.as_deals(taken), 1 if self.lots > 0 else -1, self.desk

        def deal(lots: int) -> Deal:
            return _deal(desk, Taken(quote.quote, quote.maker, sign * lots), before)

        carried, too_many = 0, count + 1
        middle = count
        while too_many - carried > 1:
            if _carries(desk.step, before, last := deal(middle)) and _is_paid(desk, before, last):
                carried = middle
            else:
                too_many = middle
            middle = (carried + too_many) // 2
        if carried and self.one_by_one and not _helps(desk.step, before, deal(carried)):
            return 0
        return carried


def deals_of(step: Step, rules: BackstopRules) -> tuple[Deal, ...]:
    """Return what makers take over now, in the order of instruments and of turns.

    At most the engine's plan, which is for the price limits of orders. Where the quotes are better
    than those, the smallest share of the plan that reaches the target.
    """
    plan = plan_of(step.state, step.views, step.engine, step.case)
    whole = max((abs(lots) for lots in plan), default=0)
    desks = _desks(step, rules)
    found = _best(step, desks, plan)
    short, enough = 0, whole
    while _reaches(step, found) and enough - short > 1:
        middle = (short + enough) // 2
        less = _best(step, desks, [_part(lots, middle, whole) for lots in plan])
        if _reaches(step, less):
            enough, found = middle, less
        else:
            short = middle
    return found


# Rounded towards closing more, as the engine does.
def _part(lots: int, over: int, under: int) -> int:
    closed = -(-abs(lots) * over // under)
    return closed if lots > 0 else -closed


def _reaches(step: Step, deals: Sequence[Deal]) -> bool:
    if not deals:
        return False
    after = step.views.health_after(step.account, [deal.fill for deal in deals])
    target = step.state.in_force.liquidation.target_nano / NANO
    equity = after.equity_maintenance
    return equity > 0 and after.maintenance <= target * equity


# One by one where that helps; together where only that does, as with the legs of a hedge; and
# whatever closes the account in full.
def _best(step: Step, desks: Sequence[_Desk], plan: Sequence[int]) -> tuple[Deal, ...]:
    together = _dealt(desks, plan, one_by_one=False)
    left = {number: position.lots for number, position in step.case.held}
    for deal in together:
        left[deal.fill.instrument] += deal.fill.lots
    if not any(left.values()):
        return together
    helped = _dealt(desks, plan, one_by_one=True)
    return helped or (together if together and _helps(step, (), *together) else ())


def has_lost(state: State, views: Views, quote: Quote) -> bool:
    """Return whether the maker of a quote has lost as much on what it took as it allowed for."""
    if quote.loss_quanta_max is None or not quote.taken_lots:
        return False
    unwind = views.unwind(state.ledger.instrument_index[quote.instrument])
    if not unwind.mark_nano:
        return False
    loss = quote_loss(quote.paid_quanta, quote.taken_lots, lot_ratio=unwind.lot_ratio)
    return loss_reached(loss, quote.loss_quanta_max)


def quoted_fill(state: State, number: int, lots: int, price_nano: int) -> Fill:
    """Return the fill of an account that trades with a maker; the maker bears the rounding."""
    ledger = state.ledger
    unit = ledger.assets[ledger.settlement(number)].quanta_per_unit
    over, under = unit_ratio(ledger.instruments[number], price_nano, unit)
    return Fill(number, lots, lots * over // under, 0)


def makers_fill(fill: Fill) -> Fill:
    """Return the other side of an account's fill."""
    return Fill(fill.instrument, -fill.lots, -fill.cost_quanta, 0)


def _dealt(desks: Sequence[_Desk], plan: Sequence[int], *, one_by_one: bool) -> tuple[Deal, ...]:
    found: tuple[Deal, ...] = ()
    for desk, traded in zip(desks, plan, strict=True):
        lots = _shrinking(desk.held, traded)
        if lots and desk.offers:
            found = _Market(desk, lots, found, one_by_one).deals()
    return found


# As orders, no quote makes a position larger, whatever the engine says.
def _shrinking(held: int, lots: int) -> int:
    return max(min(lots, 0), -held) if held > 0 else min(max(lots, 0), -held)


def _desks(step: Step, rules: BackstopRules) -> list[_Desk]:
    found = []
    unwinds = unwinds_of(step.views, step.case)
    for unwind, (number, position) in zip(unwinds, step.case.held, strict=True):
        offers = _offers(step, unwind, number, position.lots)
        rooms = _rooms(step, rules, unwind, number, position.lots, {o.maker for o in offers})
        found.append(_Desk(step, unwind, number, position.lots, offers, rooms))
    return found


# Those that buy what is held, or sell what is owed.
def _offers(step: Step, unwind: Unwind, number: int, held: int) -> list[FirmQuote]:
    state, account, symbol = step.state, step.account, unwind.symbol
    if not unwind.mark_nano or need_live(state, symbol):
        return []
    named = [
        (quote_number, quote)
        for quote_number, quote in state.quotes.items()
        if quote.instrument == symbol and quote.lots * held > 0 and quote.account in (None, account)
    ]
    able = {m for m in {q.maker for _, q in named} if _may_take_over(step, m, symbol, number)}
    return [
        FirmQuote(
            quote_number,
            quote.maker,
            quote.lots,
            quote.offset_nano,
            quote.posted_ns,
            quote.expires_ns,
        )
        for quote_number, quote in named
        if quote.maker in able and not has_lost(state, step.views, quote)
    ]


def _may_take_over(step: Step, maker: int, symbol: str, number: int) -> bool:
    state = step.state
    if _family(state, maker) & _family(state, step.account) or maker in state.episodes:
        return False
    if need_margined(state, maker, symbol):
        return False
    return not step.views.doubt(maker, Action.RAISE_RISK, also=number)


def _family(state: State, account: int) -> set[int]:
    return {account, state.parents.get(account, account)}


def _rooms(
    step: Step, rules: BackstopRules, unwind: Unwind, number: int, held: int, makers: set[int]
) -> dict[int, int]:
    state = step.state
    with exactly(_DIGITS):
        lot_usd = Decimal(unwind.lot) * Decimal(unwind.notional_usd)
    if not lot_usd or rules.depth_share_nano is rules.capital_share_nano is None:
        return {}
    depth_usd = state.in_force.liquidation.depth_usd.get(unwind.symbol, 0.0)
    found = {}
    for maker in makers:
        room = room_lots(
            state.ledger.position(maker, number).lots,
            1 if held > 0 else -1,
            lot_usd=lot_usd,
            depth_usd=Decimal(depth_usd),
            depth_share=_share(rules.depth_share_nano),
            capital_usd=_worth_usd(state, step.views, maker, unwind.settlement),
            capital_share=_share(rules.capital_share_nano),
        )
        if room is not None:
            found[maker] = room
    return found


def _share(nano: int | None) -> Decimal | None:
    with exactly(_DIGITS):
        return None if nano is None else Decimal(nano) / NANO


def _worth_usd(state: State, views: Views, account: int, asset: int) -> Decimal:
    unit = state.ledger.assets[asset].quanta_per_unit
    price_nano = asset_price_nano(state, asset)
    with exactly(_DIGITS):
        return Decimal(views.net_quanta(account, asset)) * price_nano / (unit * NANO)


# The penalty never takes what the account has not: as with orders.
def _deal(desk: _Desk, taken: Taken, before: Sequence[Deal]) -> Deal:
    step, state, unwind = desk.step, desk.step.state, desk.unwind
    offset_nano = state.quotes[taken.quote].offset_nano
    price_nano = quote_price_nano(unwind.mark_nano, taken.lots, offset_nano=offset_nano)
    fill = quoted_fill(state, desk.number, taken.lots, price_nano)
    owed = mul_div_ceil(abs(fill.cost_quanta), state.in_force.liquidation.penalty_nano, NANO)
    left = max(_net_after(step, [*(deal.fill for deal in before), fill], unwind.settlement), 0)
    return Deal(taken.quote, taken.maker, price_nano, fill._replace(fee_quanta=min(owed, left)))


def _net_after(step: Step, fills: Sequence[Fill], asset: int) -> int:
    ledger, cash, held = step.state.ledger, step.case.cash.copy(), dict(step.case.held)
    for fill in fills:
        pretend(ledger, fill, cash, held)
    unwinds = [step.views.unwind(number) for number in held]
    return net_worth(step.state, unwinds, list(held.items()), cash, asset)


def _carries(step: Step, before: Sequence[Deal], last: Deal) -> bool:
    state, number = step.state, last.fill.instrument
    symbol = state.ledger.instruments[number].symbol
    theirs = [makers_fill(d.fill) for d in (*before, last) if d.maker == last.maker]
    here = [fill for fill in theirs if fill.instrument == number]
    ours = [d.fill for d in (*before, last) if d.fill.instrument == number]
    for account, fills in ((last.maker, here), (step.account, ours)):
        lots, cost = sum(f.lots for f in fills), sum(f.cost_quanta for f in fills)
        if need_room_for_fill(state, account, symbol, lots, cost):
            return False
    return spare_initial_usd(step.views, last.maker, tuple(theirs), {}) >= 0


def _is_paid(desk: _Desk, before: Sequence[Deal], last: Deal) -> bool:
    limit_nano, sign = desk.unwind.limit_nano(last.fill.lots), 1 if last.fill.lots > 0 else -1
    if (last.price_nano - limit_nano) * sign <= 0:
        return True
    fills = [deal.fill for deal in (*before, last)]
    return _net_after(desk.step, fills, desk.unwind.settlement) >= 0


def _helps(step: Step, before: Sequence[Deal], *more: Deal) -> bool:
    account, fills = step.account, [deal.fill for deal in before]
    then = step.views.health_after(account, fills)
    after = step.views.health_after(account, [*fills, *(deal.fill for deal in more)])
    return after.health > then.health and after.worst >= then.worst
