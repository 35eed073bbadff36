"""What the breaker allows of auctions now."""

from hullmark.clearing._state import State

NO_START, NO_RESET, NO_TAKE = 1, 2, 3


def breaker_level(state: State) -> int:
    """Return the level that holds now: 0 where none was set, or its time is over."""
    breaker = state.breaker
    if breaker is None or (breaker.until_ns is not None and breaker.until_ns <= state.now_ns):
        return 0
    return breaker.level
