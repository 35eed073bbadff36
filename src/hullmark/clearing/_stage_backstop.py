"""The stage of makers: asking for quotes, and giving lots to those that have promised to take."""

from collections.abc import Sequence

from hullmark.clearing._backstop_deals import Deal, deals_of, has_lost
from hullmark.clearing._cases import unwinds_of
from hullmark.clearing._stage_facts import Course
from hullmark.clearing._stage_step import Answer, Step, bounded
from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.clearing._waited import lost_by_waiting
from hullmark.domain import Event, HandOver, QuoteEnd, events


def take_step(step: Step) -> Answer:
    """Ask for quotes and wait, or give lots to the makers whose turn it is."""
    state, rules = step.state, step.rules.backstop
    assert rules is not None, "the stage has its terms"
    if not step.case.held:
        return HandOver.QUOTES_USED
    if rules.request_ns is not None:
        asked = state.requests.get(step.account)
        if asked is None or asked.until_ns <= step.entered_ns:
            return (_request(step, state.now_ns + rules.request_ns),)
        if state.now_ns < asked.until_ns:
            return ()
    found = deals_of(step, rules)
    return _told(step, found) if found else HandOver.QUOTES_USED


def quotes_over(state: State, views: Views) -> tuple[events.QuoteEnded, ...]:
    """Return the end of each quote whose time is over, or whose maker has lost what it allowed."""
    told = []
    for number, quote in state.quotes.items():
        if quote.expires_ns <= state.now_ns:
            told.append(events.QuoteEnded(quote=number, reason=QuoteEnd.EXPIRED))
        elif has_lost(state, views, quote):
            told.append(events.QuoteEnded(quote=number, reason=QuoteEnd.LOSS_LIMIT))
    return tuple(told)


def _request(step: Step, until_ns: int) -> events.QuotesRequested:
    positions = zip(unwinds_of(step.views, step.case), step.case.held, strict=True)
    lots = {unwind.symbol: -position.lots for unwind, (_, position) in positions}
    return events.QuotesRequested(account=step.account, lots=lots, until_ns=until_ns)


def _told(step: Step, deals: Sequence[Deal]) -> tuple[Event, ...]:
    state, told = step.state, list[Event]()
    course = state.courses.get(step.account, Course())
    waited = course.participation_quanta
    left = {deal.quote: state.quotes[deal.quote].lots for deal in deals}
    for deal in deals:
        lost = (
            bounded(
                waited
                + lost_by_waiting(
                    step.state, step.views, step.account, deal.fill.instrument, -deal.fill.lots
                )
            )
            - waited
        )
        told.append(_filled(step, deal, lost))
        waited += lost
        left[deal.quote] += deal.fill.lots
        if not left[deal.quote]:
            told.append(events.QuoteEnded(quote=deal.quote, reason=QuoteEnd.FILLED))
    return tuple(told)


def _filled(step: Step, deal: Deal, waiting: int) -> events.BackstopFilled:
    number, lots, cost, penalty = deal.fill
    return events.BackstopFilled(
        quote=deal.quote,
        account=step.account,
        maker=deal.maker,
        instrument=step.state.ledger.instruments[number].symbol,
        lots=lots,
        price_nano=deal.price_nano,
        cost_quanta=cost if lots > 0 else -cost,
        penalty_quanta=penalty,
        participation_quanta=waiting,
    )
