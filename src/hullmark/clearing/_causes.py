"""Why a deficit arose, told in three parts that add up to it, to the quantum."""

from typing import NamedTuple

from hullmark.clearing._state import Episode


class Causes(NamedTuple):
    """Quanta of a deficit by the step at which they were lost; a gain in a step counts below 0."""

    gap: int  # already missing at the trigger prices
    latency: int  # lost between the trigger and the arrival of the orders
    impact: int  # lost between arrival and fill: depth, penalties, funding and rounding


def split_causes(
    deficit_quanta: int, episode: Episode | None, asset: str, *, elsewhere_quanta: int = 0
) -> Causes:
    """Split a deficit along the account's way down.

    The deficit grows in three steps: to what it was at the trigger, to what it would have been had
    every order filled at its arrival price, and to what it is. The parts are the differences, so
    they add up whatever the numbers. What the account has in other assets and could not be sold is
    worth *elsewhere_quanta*: it was part of its net value and is no part of what pays this deficit.

    >>> split_causes(70, Episode("USDT", 10, {}, latency_quanta=50, impact_quanta=30), "USDT")
    Causes(gap=0, latency=40, impact=30)
    """
    if episode is None or episode.asset != asset:
        return Causes(deficit_quanta, 0, 0)
    net_quanta = episode.net_quanta - elsewhere_quanta
    at_trigger = max(0, -net_quanta)
    on_arrival = max(0, episode.latency_quanta - net_quanta)
    return Causes(at_trigger, on_arrival - at_trigger, deficit_quanta - on_arrival)
