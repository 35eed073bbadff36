"""What is paid to whoever starts or resets an auction, and the check that nobody can farm it.

The reward is a fixed part and a share of the target. It is paid before anything is sold, so a
reward above the penalty pays whoever liquidates himself.
"""

from decimal import Decimal
from typing import NamedTuple

from hullmark.core import Number, exactly, not_negative, positive, rounded
from hullmark.errors import InvalidInputError


class RewardMargin(NamedTuple):
    """How far rewards stay under the penalty on the smallest debt.

    ``least`` is penalty less reward, quote units, of that ``debt``; ``per_debt``: what a further
    unit of debt adds to it.
    """

    debt: Decimal
    least: Decimal
    per_debt: Decimal


def keeper_reward(
    target: Number, *, tip: Number, chip: Number, quantum: Number | None = None
) -> Decimal:
    """Return ``tip + chip * target``, what starting an auction pays.

    Parameters
    ----------
    target : number >= 0, quote units
        Debt with its penalty.
    tip : number >= 0, quote units
    chip : number >= 0, share of the target
    quantum : number > 0, optional
        The share is rounded down to a multiple of it.

    References
    ----------
    MakerDAO, ``dss``, ``src/clip.sol`` [3f30552], function ``kick``.

    >>> keeper_reward(110, tip=100, chip="0.02")
    Decimal('102.20')
    """
    raised = not_negative("target", target)
    fixed, part = not_negative("tip", tip), not_negative("chip", chip)
    with exactly(200):
        return fixed + rounded(raised * part, quantum)


def reset_reward(
    target: Number,
    quantity: Number,
    *,
    oracle: Number,
    target_min: Number,
    tip: Number,
    chip: Number,
    quantum: Number | None = None,
) -> Decimal:
    """Return what resetting an auction pays: nothing for dust, else as for a start.

    Dust: the target, or the lot at the oracle's price, is less than ``target_min``. What nobody
    will ever buy would otherwise pay at each reset, for ever.

    Parameters
    ----------
    target, quantity : number >= 0, quote units and coins
        What is left to raise and to sell.
    oracle : number >= 0, quote units a coin
        Of now, without the buffer.
    target_min : number >= 0, quote units
    tip, chip, quantum
        As of `keeper_reward`.

    References
    ----------
    MakerDAO, ``dss``, ``src/clip.sol`` [3f30552], function ``redo``.

    >>> reset_reward(110, 2, oracle=4, target_min=22, tip=100, chip=0)
    Decimal('0')
    """
    reward = keeper_reward(target, tip=tip, chip=chip, quantum=quantum)
    least = not_negative("target_min", target_min)
    with exactly(200):
        value = not_negative("quantity", quantity) * not_negative("oracle", oracle)
    dust = not_negative("target", target) < least or value < least
    return Decimal(0) if dust else reward


def reward_margin(
    *, tip: Number, chip: Number, penalty: Number, debt_min: Number, rewards: int = 1
) -> RewardMargin:
    """Return how far rewards stay under the penalty, for any debt from ``debt_min`` on.

    Of a debt d the penalty is ``penalty * d`` and a reward ``tip + chip * (1 + penalty) * d``. The
    difference is a straight line; where it is above zero at the smallest debt it grows from there,
    as it is not above zero for no debt at all.

    Parameters
    ----------
    tip : number >= 0, quote units
    chip : number >= 0, share of the target
    penalty : number >= 0, share of the debt
    debt_min : number > 0, quote units
        The smallest debt that is auctioned.
    rewards : int >= 1
        How often one auction may pay: its start, and each reset.
    """
    least, times = positive("debt_min", debt_min), rewards
    if times < 1:
        raise InvalidInputError(f"rewards must be >= 1, was {rewards}")
    cost, fixed = not_negative("penalty", penalty), not_negative("tip", tip)
    with exactly(200):
        per_debt = cost - times * not_negative("chip", chip) * (1 + cost)
        return RewardMargin(least, per_debt * least - times * fixed, per_debt)


def validate_reward(
    *, tip: Number, chip: Number, penalty: Number, debt_min: Number, rewards: int = 1
) -> RewardMargin:
    """Return the margin of a reward that cannot be farmed, or refuse its parameters.

    Parameters
    ----------
    tip, chip, penalty, debt_min, rewards
        As of `reward_margin`.

    Raises
    ------
    InvalidInputError
        If of any debt the rewards reach the penalty: liquidating oneself would pay.

    >>> validate_reward(tip=300, chip="0.001", penalty="0.13", debt_min=15_000).least
    Decimal('1633.05000')
    >>> validate_reward(tip=300, chip="0.001", penalty="0.13", debt_min=2_000)
    Traceback (most recent call last):
        ...
    hullmark.errors.InvalidInputError: rewards must be < 260.00, the penalty on 2000, was 302.26000
    """
    margin = reward_margin(tip=tip, chip=chip, penalty=penalty, debt_min=debt_min, rewards=rewards)
    with exactly(200):
        charged = not_negative("penalty", penalty) * margin.debt
        paid = charged - margin.least
    if margin.least <= 0:
        rule = f"< {charged}, the penalty on {margin.debt}"
        raise InvalidInputError(f"rewards must be {rule}, was {paid}")
    return margin


def capped_reward(reward: Number, *, penalty_paid: Number, rewarded: Number) -> Decimal:
    """Return a reward cut so that all rewards of one auction stay within its penalty.

    A rule of ours: then no number of resets can be farmed.

    Parameters
    ----------
    reward : number >= 0, quote units
    penalty_paid : number >= 0, quote units
        The penalty that the auctioned account is charged.
    rewarded : number >= 0, quote units
        What the auction has paid before.

    >>> capped_reward(100, penalty_paid=130, rewarded=100)
    Decimal('30')
    """
    wanted, most = not_negative("reward", reward), not_negative("penalty_paid", penalty_paid)
    with exactly(200):
        left = most - not_negative("rewarded", rewarded)
    return max(min(wanted, left), Decimal(0))
