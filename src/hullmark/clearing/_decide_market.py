"""Deciding on the market: prices, surface, funding, expiry, and the rules themselves."""

from collections.abc import Sequence

from hullmark.clearing._checks import QUANTA_MAX, need_in_range, need_instrument, refuse
from hullmark.clearing._decide_funds import listing_parts, parts_given_back
from hullmark.clearing._dry_run import newly_under
from hullmark.clearing._market_view import factors_of
from hullmark.clearing._price_trust import doubt_of
from hullmark.clearing._pricing_order import accepted_prices, capped_below
from hullmark.clearing._rules import Rules
from hullmark.clearing._stage_auction import ended_by
from hullmark.clearing._state import State
from hullmark.core import INT64_MAX, NANO, format_instant
from hullmark.domain import (
    Event,
    Instrument,
    Option,
    Perpetual,
    Print,
    Reason,
    Spot,
    commands,
    events,
)
from hullmark.errors import InvalidInputError
from hullmark.ledger import MICRO, payoff_ratio, unit_ratio
from hullmark.market import Action

_VOL_NANO_MAX = 100 * NANO  # 10,000 %
_NAMED_MAX = 10  # accounts that a refusal names


def adopt_rules(state: State, command: commands.AdoptRules) -> Sequence[Event]:
    """Put rules in force, at once or at their instant. What is in use cannot be taken away."""
    try:
        rules = Rules.parse_text(command.rules)
    except InvalidInputError as e:
        return (refuse(Reason.RULES_INVALID, str(e)),)
    effective_ns = command.effective_ns
    at_ns = max(effective_ns or 0, state.now_ns)
    if lost := _taken_away(state, rules, effective_ns) or capped_below(state, rules, at_ns):
        return (refuse(Reason.RULES_INVALID, lost),)
    if harmed := _brought_under(state, rules, command.breaches_max):
        return (refuse(Reason.RULES_INVALID, harmed),)
    if effective_ns is None or effective_ns <= state.now_ns:
        adopted = events.RulesAdopted(rules=rules.text)
        return (adopted, *ended_by(state, rules), *listing_parts(state, rules))
    if state.rules is None:
        detail = f"the first rules must be in force at once, was {format_instant(effective_ns)}"
        return (refuse(Reason.RULES_INVALID, detail),)
    return (events.RulesScheduled(rules=rules.text, effective_ns=effective_ns),)


def advance_time(state: State, command: commands.AdvanceTime) -> Sequence[Event]:
    """Let time pass: the sweep that follows sees to whatever has fallen due."""
    valuation_ns = command.valuation_ns
    if refused := _need_valuation(state, valuation_ns):
        return (refused,)
    return (events.TimeAdvanced(now_ns=state.now_ns if valuation_ns is None else valuation_ns),)


def activate_rules(state: State, command: commands.ActivateRules) -> Sequence[Event]:
    """Put the scheduled rules in force whose instant has come, the earliest first."""
    due = [w for w in state.scheduled if w.effective_ns <= state.now_ns]
    if not due:
        return ()
    told: list[Event] = [events.RulesAdopted(rules=waiting.rules) for waiting in due]
    rules = [Rules.parse_text(waiting.rules) for waiting in due]
    # What is listed is counted against the rules of now.
    return (*told, *ended_by(state, *rules), *listing_parts(state, rules[-1]))


def defer_reactions(state: State, command: commands.DeferReactions) -> Sequence[Event]:
    """Put off what the runtime may not run any more."""
    # What still waits from before is not forgotten, and nothing runs twice.
    waiting = dict.fromkeys((*state.deferred, *command.commands))
    return (events.ReactionsDeferred(commands=tuple(waiting)),)


def resume_reactions(state: State, command: commands.ResumeReactions) -> Sequence[Event]:
    """Take up what was put off, if anything was."""
    return (events.ReactionsResumed(commands=state.deferred),) if state.deferred else ()


def observe_prices(state: State, command: commands.ObservePrices) -> Sequence[Event]:
    """Weigh new prints into graded prices, and what is made from those after them."""
    policies = state.in_force.prices
    by_factor: dict[str, list[Print]] = {}
    too_wide = None
    for said in command.prints:
        heard = by_factor.get(said.factor)
        if heard is not None:
            heard.append(said)
        elif said.factor in policies:
            by_factor[said.factor] = [said]
        else:
            detail = f"factor must have a section in prices, was {said.factor!r}"
            return (refuse(Reason.INSTRUMENT_UNKNOWN, detail),)
        nano, width = said.price_nano, said.confidence_nano
        if width is not None or (nano is not None and not -INT64_MAX <= nano <= INT64_MAX):
            too_wide = too_wide or _too_wide(said)
    if too_wide is not None:
        return (too_wide,)
    prices = accepted_prices(state, by_factor)
    first = not state.valuation_ns  # or times to expiry would be counted from 1970
    return (events.PricesAccepted(prints=command.prints, prices=prices, values_time=first),)


def adopt_surface(state: State, command: commands.AdoptSurface) -> Sequence[Event]:
    """Take over mark volatilities of options."""
    if refused := _need_valuation(state, command.valuation_ns):
        return (refused,)
    vols_nano = sorted(command.vol_nano.items())  # as the journal keeps them
    for symbol, vol_nano in vols_nano:
        if refused := need_in_range(f"vol_nano of {symbol}", vol_nano, 1, _VOL_NANO_MAX):
            return (refused,)
    for symbol, _ in vols_nano:
        refused = need_instrument(state, symbol)
        if refused is None and not isinstance(_terms(state, symbol), Option):
            detail = f"vol_nano must be of options, was of {symbol}"
            refused = refuse(Reason.INSTRUMENT_UNKNOWN, detail)
        if refused:
            return (refused,)
    adopted = events.SurfaceAdopted(vol_nano=command.vol_nano, valuation_ns=command.valuation_ns)
    return (adopted,)


def accrue_funding(state: State, command: commands.AccrueFunding) -> Sequence[Event]:
    """Charge one funding payment at the mark; a positive rate is paid by longs."""
    symbol = command.instrument
    refused = need_in_range("rate_nano", command.rate_nano, -NANO, NANO)
    refused = refused or need_instrument(state, symbol)
    if refused is None and not isinstance(_terms(state, symbol), Perpetual):
        refused = refuse(Reason.INSTRUMENT_UNKNOWN, f"instrument must be a perpetual, was {symbol}")
    if refused:
        return (refused,)
    instrument, price = state.ledger.instrument_index[symbol], state.prices.get(symbol)
    if price is None or price.price_nano == 0:
        return (refuse(Reason.PRICE_DOUBTFUL, f"{symbol} must have a mark, has none"),)
    if doubt := doubt_of(state, (symbol,), Action.SETTLE):
        return (refuse(Reason.PRICE_DOUBTFUL, doubt),)
    asset = state.ledger.assets[state.ledger.settlement(instrument)]
    over, under = unit_ratio(_terms(state, symbol), price.price_nano, asset.quanta_per_unit)
    step_micro = abs(over) * MICRO * command.rate_nano // (under * NANO)
    if abs(state.ledger.funding_micro[instrument] + step_micro) > QUANTA_MAX:
        detail = f"the funding index of {symbol} must fit in 64 bits, would grow by {step_micro}"
        return (refuse(Reason.OVERFLOW, detail),)
    accrued = events.FundingAccrued(
        instrument=symbol,
        rate_nano=command.rate_nano,
        price_nano=price.price_nano,
        step_micro=step_micro,
    )
    return (accrued,)


def settle_expiry(state: State, command: commands.SettleExpiry) -> Sequence[Event]:
    """Close all positions of an instrument that has expired, or that is halted to be delisted.

    Orders in it are gone. Of what is delisted no price is asked for: there may be none any more.
    """
    symbol = command.instrument
    refused = need_in_range("price_nano", command.price_nano, 1, INT64_MAX)
    refused = refused or need_instrument(state, symbol)
    if refused:
        return (refused,)
    terms = _terms(state, symbol)
    if symbol in state.expired:
        return (refuse(Reason.INSTRUMENT_EXPIRED, f"{symbol} must not be settled twice"),)
    halt = state.halted.get(symbol)
    delisted = halt is not None and halt.delisting
    if not delisted and (isinstance(terms, Spot | Perpetual) or state.now_ns < terms.expiry_ns):
        return (refuse(Reason.INSTRUMENT_LIVE, f"{symbol} must be at its expiry"),)
    refused = _need_room_to_settle(state, command)
    if refused is None and not delisted:
        refused = _need_settleable(state, state.ledger.instrument_index[symbol])
    if refused:
        return (refused,)
    settled = events.ExpirySettled(instrument=symbol, price_nano=command.price_nano)
    return (*orders_gone(state, symbol), settled, *parts_given_back(state, symbol))


def orders_gone(state: State, symbol: str) -> tuple[Event, ...]:
    """Return the end of all orders in an instrument, those that rest and those at work."""
    released = [
        events.OrderReleased(order=o.order, account=o.account)
        for o in state.resting.values()
        if o.instrument == symbol
    ]
    ended = [
        events.OrderExpired(order=o.order, account=o.account)
        for o in state.working.values()
        if o.instrument == symbol
    ]
    return (*released, *ended)


# In words whom rules would bring under, if those are more than the command lets them.
def _brought_under(state: State, rules: Rules, breaches_max: int | None) -> str | None:
    if breaches_max is None or state.rules is None:
        return None
    found = newly_under(state, rules)
    if len(found) <= breaches_max:
        return None
    first = ", ".join(map(str, found[:_NAMED_MAX]))
    more = ", ..." if len(found) > _NAMED_MAX else ""
    rule = f"rules must bring at most {breaches_max} accounts under maintenance margin"
    return f"{rule}, would bring {len(found)}: {first}{more}"


# Rules take over from those before them, and hand over to those that are scheduled after them.
def _taken_away(state: State, rules: Rules, effective_ns: int | None) -> str | None:
    if state.rules is None:
        return None
    at_ns = max(effective_ns or 0, state.now_ns)
    now = at_ns == state.now_ns  # before all that is scheduled, even what is due
    earlier = [w for w in state.scheduled if w.effective_ns <= at_ns and not now]
    later = state.scheduled[len(earlier) :]
    before = Rules.parse_text(earlier[-1].rules) if earlier else state.rules
    if lost := rules.takes_away(before):
        return lost
    if later and (lost := Rules.parse_text(later[0].rules).takes_away(rules)):
        return f"{lost}: rules wait for {format_instant(later[0].effective_ns)}"
    return None


def _too_wide(said: Print) -> events.Refused | None:
    for name, nano in (("price", said.price_nano), ("confidence", said.confidence_nano)):
        if nano is not None and abs(nano) > INT64_MAX:
            detail = f"{name}_nano of {said.factor} must fit in 64 bits, was {nano}"
            return refuse(Reason.OVERFLOW, detail)
    return None


# The valuation time runs forwards, and not ahead of the clock.
def _need_valuation(state: State, valuation_ns: int | None) -> events.Refused | None:
    if valuation_ns is None:
        return None
    return need_in_range("valuation_ns", valuation_ns, state.valuation_ns, state.now_ns)


def _need_settleable(state: State, instrument: int) -> events.Refused | None:
    doubt = doubt_of(state, factors_of(state, (instrument,), ()), Action.SETTLE)
    return refuse(Reason.PRICE_DOUBTFUL, doubt) if doubt else None


# A settlement price with a few zeros too many is refused, before it is paid out.
def _need_room_to_settle(state: State, command: commands.SettleExpiry) -> events.Refused | None:
    ledger = state.ledger
    number = ledger.instrument_index[command.instrument]
    asset = ledger.assets[ledger.settlement(number)]
    over, under = payoff_ratio(
        ledger.instruments[number], command.price_nano, asset.quanta_per_unit
    )
    paid = sum(
        abs(ledger.position(account, number).lots * over // under)
        for account in ledger.holders(number)
    )
    if paid <= QUANTA_MAX:
        return None
    detail = f"payoffs of {command.instrument} must stay within {QUANTA_MAX} quanta, was {paid}"
    return refuse(Reason.OVERFLOW, detail)


def _terms(state: State, symbol: str) -> Instrument:
    return state.ledger.instruments[state.ledger.instrument_index[symbol]]
