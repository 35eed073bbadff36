"""What is made of a weighed price: redemption, growth cap, average, delay, and its two sides."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from hullmark.core import NANO
from hullmark.domain import AcceptedPrice, PriceMemory
from hullmark.market._mark_parts import BASIS
from hullmark.market._nano_rules import (
    delayed_nano,
    ema_nano,
    growth_cap_nano,
    mean_floor,
    nano_of_tick,
    redemption_nano,
    stable_moved,
    tick_of_nano,
)
from hullmark.market._policy import PricePolicy
from hullmark.market._policy_parts import AverageTerms
from hullmark.market._weigh import Weighed

POINTS_MAX = 32  # of a window: what is closer together than its 32nd part becomes one


class Refined(NamedTuple):
    """A price with its sides, and what it remembers."""

    price_nano: int
    low_nano: int
    high_nano: int
    memory: PriceMemory


def refined(
    weighed: Weighed,
    policy: PricePolicy,
    memory: PriceMemory,
    *,
    last: AcceptedPrice | None,
    redemption_said_nano: int | None,
    inputs: Mapping[str, AcceptedPrice],
    now_ns: int,
) -> Refined:
    """Apply the parts of a policy in their order, and keep of the memory what they need.

    *redemption_said_nano* is what the redemption source says, where that counts.
    """
    spot_nano = weighed.price_nano
    kept: dict[str, Any] = {
        name: getattr(memory, name) for name in ("halted", "steady", "steady_nano", "steady_ns")
    }
    if policy.mark is not None:
        kept |= {name: getattr(memory, name) for name in BASIS}
    price_nano, market_nano = spot_nano, None
    if policy.redemption is not None:
        market_nano = price_nano
        price_nano = redemption_nano(price_nano, redemption_said_nano, policy.redemption)
    if policy.growth_cap is not None:
        base_nano = NANO
        if policy.growth_cap.base is not None:
            base_nano = inputs[policy.growth_cap.base].price_nano
        cap_nano = growth_cap_nano(policy.growth_cap, now_ns) * base_nano // NANO
        price_nano = max(min(price_nano, cap_nano), 1)
    if policy.average is not None:
        price_nano, parts = _averaged(price_nano, policy.average, memory, last, now_ns)
        kept |= parts
    if policy.delay_ns is not None:
        price_nano, parts = delayed_nano(price_nano, policy.delay_ns, memory, last, now_ns)
        kept |= parts
    low_nano = max(price_nano - (spot_nano - weighed.low_nano), 1)
    high_nano = price_nano + (weighed.high_nano - spot_nano)
    if market_nano is not None:
        low_nano, high_nano = min(low_nano, market_nano), max(high_nano, market_nano)
    if policy.stable is not None:
        stable = stable_moved(memory.stable, policy.stable, price_nano, now_ns)
        kept["stable"] = stable
        low_nano = min(low_nano, stable.stable_nano)
        high_nano = max(high_nano, stable.stable_nano)
    if price_nano != spot_nano:
        kept["spot_nano"] = spot_nano
    return Refined(price_nano, low_nano, high_nano, PriceMemory(**kept))


def _averaged(
    price_nano: int,
    terms: AverageTerms,
    memory: PriceMemory,
    last: AcceptedPrice | None,
    now_ns: int,
) -> tuple[int, dict[str, Any]]:
    if terms.kind == "exponential":
        if memory.average_nano is not None and last is not None:
            elapsed_ns = now_ns - last.accepted_ns
            price_nano = ema_nano(
                memory.average_nano,
                price_nano,
                elapsed_ns=elapsed_ns,
                half_life_ns=terms.window_ns,
            )
        return price_nano, {"average_nano": price_nano}
    if terms.kind == "arithmetic":
        points = _thinned(memory.points, price_nano, terms.window_ns, now_ns)
        return mean_floor(points, now_ns, terms.window_ns), {"points": points}
    ticks = _thinned(memory.ticks, tick_of_nano(price_nano), terms.window_ns, now_ns)
    return nano_of_tick(mean_floor(ticks, now_ns, terms.window_ns)), {"ticks": ticks}


# The window needs what held at its beginning, and no two points nearer than its 32nd part: of two
# the earlier takes the mean of both, over the time that each held.
def _thinned(
    points: tuple[tuple[int, int], ...], value: int, window_ns: int, now_ns: int
) -> tuple[tuple[int, int], ...]:
    before = [(at_ns, held) for at_ns, held in points if at_ns < now_ns]
    begun = [n for n, (at_ns, _) in enumerate(before) if at_ns <= now_ns - window_ns]
    before = before[begun[-1] :] if begun else before
    if len(before) > 1 and now_ns - before[-2][0] < window_ns // POINTS_MAX:
        (a_ns, a), (b_ns, b) = before[-2:]
        before[-2:] = [(a_ns, (a * (b_ns - a_ns) + b * (now_ns - b_ns)) // (now_ns - a_ns))]
    return (*before, (now_ns, value))
