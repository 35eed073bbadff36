"""Deciding: from facts, views and one command to the events that it leads to."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hullmark.clearing import (
    _decide_auctions as auctions,
    _decide_cash as cash,
    _decide_corrections as corrections,
    _decide_fill as fills,
    _decide_funds as funds,
    _decide_liquidation as liquidation,
    _decide_many_trades as many_trades,
    _decide_market as market,
    _decide_operator as operator,
    _decide_pools as pools,
    _decide_quotes as quotes,
    _decide_trades as trades,
)
from hullmark.clearing._checks import refuse
from hullmark.clearing._refusals import REFUSALS
from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.domain import Command, Event, Reason, commands, events
from hullmark.errors import AmountOverflowError
from hullmark.liquidation import LiquidationEngine

# Some decisions need the facts alone, some margins as well.
_ON_FACTS: Mapping[type, Callable[[State, Any], Sequence[Event]]] = {
    commands.AdoptRules: market.adopt_rules,
    commands.ActivateRules: market.activate_rules,
    commands.AdvanceTime: market.advance_time,
    commands.DeferReactions: market.defer_reactions,
    commands.ResumeReactions: market.resume_reactions,
    commands.ObservePrices: market.observe_prices,
    commands.AdoptSurface: market.adopt_surface,
    commands.AccrueFunding: market.accrue_funding,
    commands.SettleExpiry: market.settle_expiry,
    commands.OpenAccount: cash.open_account,
    commands.Deposit: cash.deposit,
    commands.ChargeInterest: cash.charge_interest,
    commands.CancelOrder: trades.cancel_order,
    commands.AdjustCash: corrections.adjust_cash,
    commands.SetSoftTerms: operator.set_soft_terms,
    commands.SetBreaker: operator.set_breaker,
    commands.HaltInstrument: operator.halt_instrument,
    commands.ResumeInstrument: operator.resume_instrument,
    commands.AllocateFund: funds.allocate_fund,
    commands.RepayLosses: funds.repay_losses,
}
_ON_MARGINS: Mapping[type, Callable[[State, Views, Any], Sequence[Event]]] = {
    commands.Withdraw: cash.withdraw,
    commands.Transfer: cash.transfer,
    commands.ReportTrade: trades.report_trade,
    commands.ReportTrades: many_trades.report_trades,
    commands.RestOrder: trades.rest_order,
    commands.BustTrade: corrections.bust_trade,
    commands.TakeAuction: auctions.take_auction,
    commands.ResetAuction: auctions.reset_auction,
    commands.PostQuote: quotes.post_quote,
    commands.JoinPool: pools.join_pool,
    commands.LeavePool: pools.leave_pool,
    commands.SweepAccounts: liquidation.sweep,
    commands.CallMargins: operator.call_margins,
    commands.ReportFill: fills.report_fill,
}


def decide(
    state: State, views: Views, engine: LiquidationEngine, command: Command
) -> Sequence[Event]:
    """Return what a command leads to: its events, or one refusal. The facts stay as they are.

    Equal facts and an equal command give equal events: there is no clock, chance or memory here.
    """
    try:
        found = _decide(state, views, engine, command)
    except AmountOverflowError as e:  # out of a question about what would be: nothing has been
        if Reason.OVERFLOW not in REFUSALS[type(command)]:
            raise
        found = (refuse(Reason.OVERFLOW, str(e)),)
    if found and isinstance(found[0], events.Refused):
        kind, reason = type(command), found[0].reason
        assert reason in REFUSALS[kind], f"{kind.__name__} is not refused for {reason.name}"
    return found


def _decide(
    state: State, views: Views, engine: LiquidationEngine, command: Command
) -> Sequence[Event]:
    if state.rules is None and not isinstance(command, commands.AdoptRules):
        return (refuse(Reason.RULES_MISSING, "the first command must be AdoptRules"),)
    if isinstance(command, commands.CureBreach):
        return liquidation.cure(state, views, engine, command)
    if on_facts := _ON_FACTS.get(type(command)):
        return on_facts(state, command)
    return _ON_MARGINS[type(command)](state, views, command)
