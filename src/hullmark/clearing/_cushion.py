"""Whether a tier's maintenance margin pays for closing what stands in it.

Between the trigger and the last fill a liquidated position loses three things: the penalty, the
impact of its own closing, and what the price does meanwhile. Where maintenance margin is less than
that, a breach in the tier ends in a deficit on a day as bad as the declared gap.
"""

from collections.abc import Iterator
from itertools import pairwise

from hullmark.clearing._rules import Rules
from hullmark.core import NANO
from hullmark.margin import TierSchedule
from hullmark.market import impact_share


def thin_tiers(rules: Rules) -> tuple[str, ...]:
    """Return a sentence for each tier whose maintenance margin is under penalty, impact and gap.

    Each tier is looked at from both of its ends, the last one from its floor, and the worse is
    told. Impact is that of one order in the declared depth; an instrument without a declared depth
    is counted without impact.
    """
    found = []
    for symbol, schedule in rules.margin.tiered.schedules.items():
        depth_usd = rules.liquidation.depth_usd.get(symbol)
        for number, sizes_usd in enumerate(_ends_usd(schedule), start=1):
            worst = min(sizes_usd, key=lambda usd: _spare(rules, schedule, usd, depth_usd))
            if _spare(rules, schedule, worst, depth_usd) < 0:
                found.append(f"{symbol} tier {number}: {_told(rules, schedule, worst, depth_usd)}")
    return tuple(found)


def _ends_usd(schedule: TierSchedule) -> Iterator[tuple[float, ...]]:
    floors = [tier.floor_usd for tier in schedule.tiers]
    yield from pairwise(floors)
    yield (floors[-1],)


def _maintenance_share(schedule: TierSchedule, size_usd: float) -> float:
    if size_usd == 0:
        return schedule.tiers[0].maintenance
    return schedule.requirement_usd(size_usd)[1] / size_usd


def _costs(rules: Rules, size_usd: float, depth_usd: float | None) -> tuple[float, float, float]:
    impact = 0.0 if depth_usd is None else impact_share(size_usd, depth_usd)
    return rules.liquidation.penalty_nano / NANO, impact, rules.liquidation.gap_nano / NANO


def _spare(rules: Rules, schedule: TierSchedule, size_usd: float, depth_usd: float | None) -> float:
    return _maintenance_share(schedule, size_usd) - sum(_costs(rules, size_usd, depth_usd))


def _told(rules: Rules, schedule: TierSchedule, size_usd: float, depth_usd: float | None) -> str:
    penalty, impact, gap = _costs(rules, size_usd, depth_usd)
    return (
        f"maintenance margin must pay for penalty {penalty:.2%}, impact {impact:.2%} and gap "
        f"{gap:.2%}, was {_maintenance_share(schedule, size_usd):.2%} at {size_usd:,.0f} USD"
    )
