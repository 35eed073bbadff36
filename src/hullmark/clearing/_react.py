"""What an event asks to happen next, as commands, in a fixed order."""

from collections.abc import Sequence

from hullmark.clearing._state import State
from hullmark.domain import Command, Event, commands, events

# After these the prices, the time or the terms of a margin have changed for everyone; or, by a
# correction, what accounts have, without their margin being asked.
_MOVES_MARGINS = frozenset({
    events.PricesAccepted,
    events.SurfaceAdopted,
    events.FundingAccrued,
    events.InterestCharged,
    events.ExpirySettled,
    events.RulesAdopted,
    events.TradeBusted,
    events.CashAdjusted,
})  # fmt: skip
_ASKS = _MOVES_MARGINS | {
    events.TimeAdvanced,
    events.ReactionsResumed,
    events.BreachesFound,
    events.LiquidationFilled,
    events.OrderExpired,
}


def react(state: State, event: Event) -> Sequence[Command]:
    """Return the commands that an event asks for, the state being as the event left it."""
    return _asked(state, event) if type(event) in _ASKS else ()


def _asked(state: State, event: Event) -> Sequence[Command]:
    if type(event) in _MOVES_MARGINS:
        return (commands.SweepAccounts(),) if state.modes else ()
    if isinstance(event, events.TimeAdvanced):
        due = any(waiting.effective_ns <= state.now_ns for waiting in state.scheduled)
        first: tuple[Command, ...] = (commands.ActivateRules(),) if due else ()
        return (*first, commands.SweepAccounts()) if state.modes else first
    if isinstance(event, events.ReactionsResumed):
        return event.commands
    if isinstance(event, events.BreachesFound):
        return tuple(commands.CureBreach(account=account) for account in event.accounts)
    if isinstance(event, events.LiquidationFilled | events.OrderExpired):
        waits = event.account in state.working_of
        return () if waits else (commands.CureBreach(account=event.account),)
    return ()
