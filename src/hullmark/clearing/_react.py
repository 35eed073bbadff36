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
# One account has been changed by its own liquidation, which goes on.
_GOES_ON = (
    events.LiquidationFilled,
    events.OrderExpired,
    events.DeleveragingEnded,
    events.AuctionEnded,
    events.AuctionTaken,
    events.BackstopFilled,
    events.ToppedUp,
    events.AccountTakenOver,
)
_ASKS = _MOVES_MARGINS.union(
    _GOES_ON,
    (
        events.TimeAdvanced,
        events.ReactionsResumed,
        events.BreachesFound,
        events.SoftBreachesFound,
        events.DeficitCovered,
        events.InstrumentResumed,
    ),
)


def react(state: State, event: Event) -> Sequence[Command]:
    """Return the commands that an event asks for, the state being as the event left it."""
    return _asked(state, event) if type(event) in _ASKS else ()


def _asked(state: State, event: Event) -> Sequence[Command]:
    if isinstance(event, events.TimeAdvanced):
        due = any(waiting.effective_ns <= state.now_ns for waiting in state.scheduled)
        first: tuple[Command, ...] = (commands.ActivateRules(),) if due else ()
        called = (state.rules is not None and state.rules.liquidation.calls_nano) or state.calls
        calls = (commands.CallMargins(),) if called else ()
        return (*first, commands.SweepAccounts(), *calls) if state.modes else first
    if isinstance(event, events.ReactionsResumed):
        return event.commands
    if isinstance(event, events.BreachesFound | events.SoftBreachesFound):
        return tuple(commands.CureBreach(account=account) for account in event.accounts)
    if isinstance(event, _GOES_ON):
        waits = event.account in state.working_of
        return () if waits else (commands.CureBreach(account=event.account),)
    if isinstance(event, events.DeficitCovered) and not _is_shared(event):
        return ()
    return (commands.SweepAccounts(),) if state.modes else ()


# Users paid: some of them may be under now.
def _is_shared(event: events.DeficitCovered) -> bool:
    return bool(event.backstop_quanta or event.haircut_quanta or event.socialised_quanta)
