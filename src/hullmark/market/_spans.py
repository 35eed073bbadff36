"""For how long each of several values held in a window of time, the last one until now."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from hullmark.core import Number
from hullmark.errors import InvalidInputError

Value = TypeVar("Value")


def spans(
    points: Sequence[tuple[int, Value]], now: int, window: int
) -> Iterator[tuple[Value, int]]:
    """Yield what held in the window that ends now, with how long it held there.

    Parameters
    ----------
    points : sequence of (instant, value), in order of time, at least one
        Each value holds until the next instant, the last one until now.
    now, window : int, in the unit of the instants
    """
    start = now - window
    ends = [at for at, _ in points[1:]] + [now]
    for (at, value), end in zip(points, ends, strict=True):
        if end > start:
            yield value, end - max(at, start)


def held(
    observations: Sequence[tuple[int, Number]], now_s: int, window_s: int
) -> list[tuple[Number, int]]:
    """Return the prices of a window with the seconds that each held in it.

    Raises
    ------
    InvalidInputError
        If the window is not covered, or times are out of order.
    """
    if window_s <= 0:
        raise InvalidInputError(f"window_s must be > 0, was {window_s}")
    start_s = now_s - window_s
    if not observations or observations[0][0] > start_s:
        first = observations[0][0] if observations else None
        raise InvalidInputError(f"the first observation must be <= {start_s}, was {first}")
    before_s = observations[0][0]
    for at_s, _ in (*observations, (now_s, None)):
        if at_s < before_s:
            raise InvalidInputError(f"observations must be in order up to {now_s}, was {before_s}")
        before_s = at_s
    return list(spans(observations, now_s, window_s))
