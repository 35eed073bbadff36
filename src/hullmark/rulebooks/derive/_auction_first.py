"""Derive's auction as it was before its release: shares of the account at the start, and steps.

Bids were shares of the *original* account, so the auction kept what was left of it; an insolvent
payout rose by equal steps that anybody could call. The buffer margin, the discount and the largest
share of the account as it stands are those of today.

References
----------
``derivexyz/v2-core``, ``src/liquidation/DutchAuction.sol``, commit 8ef88710, with the tests
``test/auction/unit-tests/SolventAuction.t.sol``, commit bcf94bd1, and ``InsolventAuction.t.sol``,
commit 036e7c77.
"""

from enum import StrEnum
from typing import NamedTuple

from hullmark.rulebooks.derive._fixed import UNIT, count, div_trunc, mul_trunc, whole


class StepRefused(StrEnum):
    """Why an insolvent payout does not rise, in order of precedence, by the contract's name."""

    IN_COOL_DOWN = "InCoolDown"
    MAX_STEP_REACHED_INSOLVENT_AUCTION = "MaxStepReachedInsolventAuction"


class FirstBid(NamedTuple):
    """A share of an original account that was bought.

    Parameters
    ----------
    of_original, of_current : int, 1e-18
        The same slice, as a share of the account at the start and as it stands.
    cash : int, 1e-18 USD, >= 0
        From the bidder, or to it where the account is insolvent.
    left : int, 1e-18
        What is left of the original account.
    ends : bool
    """

    of_original: int
    of_current: int
    cash: int
    left: int
    ends: bool


def original_price_trunc(*, mtm: int, discount: int, left: int, reserved: int = 0) -> int:
    """Return the price of the whole *original* account: ``(MtM - R) / left * d``.

    Parameters
    ----------
    mtm : int, 1e-18 USD
    discount : int, 1e-18, in [0, 1]
    left : int, 1e-18, in (0, 1]
    reserved : int, 1e-18 USD, >= 0

    Raises
    ------
    InvalidInputError
        If a number is outside its bounds.

    >>> original_price_trunc(mtm=297 * UNIT, discount=9 * UNIT // 10, left=9 * UNIT // 10,
    ...                      reserved=27 * UNIT) // UNIT
    270
    """
    whole("left", left, 1, UNIT)
    scaled = div_trunc(whole("mtm", mtm) - whole("reserved", reserved, 0), left)
    return mul_trunc(scaled, whole("discount", discount, 0, UNIT))


def first_solvent_bid(share: int, *, price: int, share_max: int, left: int) -> FirstBid:
    """Return what a bid for a share of the original account bought.

    Parameters
    ----------
    share : int, 1e-18, in (0, 1]
    price : int, 1e-18 USD, > 0
        As of `original_price_trunc`.
    share_max : int, 1e-18, in [0, 1]
        Of the account as it stands: `max_share_trunc`.
    left : int, 1e-18, in (0, 1]

    Raises
    ------
    InvalidInputError
        If a number is outside its bounds.
    """
    whole("share", share, 1, UNIT)
    whole("price", price, 1)
    whole("share_max", share_max, 0, UNIT)
    current = div_trunc(share, whole("left", left, 1, UNIT))
    ends = current >= share_max
    if ends:
        current, share = share_max, mul_trunc(share_max, left)
    return FirstBid(share, current, mul_trunc(price, share), left - share, ends)


def payout_step_trunc(buffer_margin: int, *, scalar: int, steps: int) -> int:
    """Return by how much an insolvent payout rose at each step: ``|BM * scalar| / steps``.

    Raises
    ------
    InvalidInputError
        If a number is outside its bounds.

    >>> payout_step_trunc(-320 * UNIT, scalar=12 * UNIT // 10, steps=100)
    3840000000000000000
    """
    bound = mul_trunc(whole("buffer_margin", buffer_margin), whole("scalar", scalar, 0))
    return abs(bound) // count("steps", steps, 1)


def next_payout_step(
    step: int, *, last_s: int, now_s: int, cool_down_s: int, steps: int
) -> int | StepRefused:
    """Return the step after this one, or why there is none: too soon, or no more of them.

    Raises
    ------
    InvalidInputError
        If a number is outside its bounds.
    """
    count("step", step)
    if count("now_s", now_s, last_s) <= count("last_s", last_s) + count("cool_down_s", cool_down_s):
        return StepRefused.IN_COOL_DOWN
    if step >= count("steps", steps):
        return StepRefused.MAX_STEP_REACHED_INSOLVENT_AUCTION
    return step + 1


def first_insolvent_bid(share: int, *, payout: int, left: int) -> FirstBid:
    """Return what a share of the original account was paid: its part of the payout of the step.

    Parameters
    ----------
    share : int, 1e-18, in (0, 1]
        Cut to what is left.
    payout : int, 1e-18 USD, >= 0
        Steps called times the size of one.
    left : int, 1e-18, in (0, 1]

    Raises
    ------
    InvalidInputError
        If a number is outside its bounds.
    """
    taken = min(whole("share", share, 1, UNIT), whole("left", left, 1, UNIT))
    cash = mul_trunc(whole("payout", payout, 0), taken)
    return FirstBid(taken, div_trunc(taken, left), cash, left - taken, taken == left)


def first_withdrawals_blocked(maintenances: tuple[int, ...], threshold: int) -> bool:
    """Return whether any insolvent auction started with less margin than a threshold.

    Parameters
    ----------
    maintenances : tuple of int, 1e-18 USD
        Maintenance margin of each open insolvent auction when it started.
    threshold : int, 1e-18 USD, <= 0

    Raises
    ------
    InvalidInputError
        If the threshold is above zero.
    """
    whole("threshold", threshold, high=0)
    return any(maintenance < threshold for maintenance in maintenances)
