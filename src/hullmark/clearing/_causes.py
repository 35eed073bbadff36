"""Why a deficit arose, told in five parts that add up to it, to the quantum."""

from typing import NamedTuple

from hullmark.clearing._stage_facts import Course
from hullmark.clearing._state import Episode


class Causes(NamedTuple):
    """Quanta of a deficit by the step at which they were lost; a gain in a step counts below 0."""

    gap: int  # already missing at the trigger prices
    participation: int  # lost from the trigger until orders were sent: throttles, rounds, pauses
    latency: int  # lost from there, at the venue's own prices, until they arrived
    oracle: int  # what the market was worse on arrival than the venue's own price
    impact: int  # lost between arrival and fill: depth, penalties, funding and rounding


def split_causes(
    deficit_quanta: int,
    episode: Episode | None,
    asset: str,
    *,
    course: Course | None = None,
    elsewhere_quanta: int = 0,
) -> Causes:
    """Split a deficit along the account's way down.

    The deficit grows step by step: to what it was at the trigger, to what it would have been had
    all been filled at the venue's price when orders left, at its price when they arrived, at the
    market's price on arrival, and to what it is. The parts are the differences, so they add up
    whatever the numbers. What the account has in other assets and could not be sold is
    worth *elsewhere_quanta*: it was part of its net value and is no part of what pays this deficit.

    >>> split_causes(70, Episode("USDT", 10, {}, latency_quanta=50, impact_quanta=30), "USDT")
    Causes(gap=0, participation=0, latency=40, oracle=0, impact=30)
    """
    if episode is None or episode.asset != asset:
        return Causes(deficit_quanta, 0, 0, 0, 0)
    course = course or Course()
    left = episode.net_quanta - elsewhere_quanta  # what pays for the losses, in their order
    gap = reached = max(0, -left)
    lost = []
    for step in (course.participation_quanta, episode.latency_quanta, course.oracle_quanta):
        left -= step
        lost.append(max(0, -left) - reached)
        reached = max(0, -left)
    return Causes(gap, lost[0], lost[1], lost[2], deficit_quanta - reached)
