"""When an episode begins and when it ends: two lines, so that an account does not flicker.

An account is liquidated once its maintenance margin (MM) is above its equity. Were it left alone as
soon as it is not, the next small move would bring it back, with a new order and a new penalty each
time. So an account that is being worked on is worked on until MM is at most a share of equity, the
*exit*, and plans aim at a share that is no larger, the *target*. In between it depends on where the
account comes from.
"""

from hullmark.errors import InvalidInputError


def is_triggered(equity: float, maintenance: float) -> bool:
    """Return whether an account that is left alone is to be worked on: MM is above its equity.

    >>> is_triggered(99.0, 100.0), is_triggered(100.0, 100.0)
    (True, False)
    """
    return maintenance > equity


def wants_more(
    equity: float, maintenance: float, *, target: float, exit_at: float | None = None
) -> bool:
    """Return whether an account that is being worked on is to be worked on further.

    Parameters
    ----------
    equity, maintenance : float, USD
        Maintenance equity and margin now, MM >= 0. Without equity there is no share: whatever it
        still needs, or owes, is wanted.
    target : float
        MM over equity that plans aim at, > 0. A plan that reaches it ends the episode.
    exit_at : float, optional
        MM over equity at which the episode ends, from the target to 1; the target by default.

    Raises
    ------
    InvalidInputError
        Unless ``0 < target <= exit_at <= 1``.

    >>> wants_more(100.0, 85.0, target=0.8), wants_more(100.0, 80.0, target=0.8)
    (True, False)
    >>> wants_more(100.0, 85.0, target=0.8, exit_at=0.9)
    False
    """
    line = target if exit_at is None else exit_at
    if not 0.0 < target <= line <= 1.0:
        rule = "must be > 0 and <= exit_at, and that <= 1"
        raise InvalidInputError(f"target {rule}, was {target:g} and {line:g}")
    return maintenance > line * equity


def is_worked_on(
    before: bool,
    equity: float,
    maintenance: float,
    *,
    target: float,
    exit_at: float | None = None,
) -> bool:
    """Return whether an account is worked on now, given whether it was *before*.

    An account that stays between the two lines stays as it was: it takes a way across the whole
    band to begin an episode after one has ended, and the other way to end it.

    >>> [is_worked_on(was, 100.0, 90.0, target=0.8) for was in (False, True)]
    [False, True]
    """
    if before:
        return wants_more(equity, maintenance, target=target, exit_at=exit_at)
    return is_triggered(equity, maintenance)
