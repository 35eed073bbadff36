"""What the breaker allows of auctions now."""

from hullmark.clearing._state import State
from hullmark.liquidation import BreakerAction


def breaker_level(state: State) -> int:
    """Return the level that holds now: 0 where none was set, or its time is over."""
    breaker = state.breaker
    if breaker is None or (breaker.until_ns is not None and breaker.until_ns <= state.now_ns):
        return 0
    return breaker.level


def is_stopped(state: State, action: BreakerAction) -> bool:
    """Return whether something may not be done now."""
    return breaker_level(state) >= action
