"""What the cost-minimal engine saves: both engines on the same accounts, at the same target."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from hullmark.liquidation._cost import expected_cost_usd
from hullmark.liquidation._engine import Breach
from hullmark.liquidation.cost_minimal import CostMinimal
from hullmark.liquidation.partial import Partial


class Saving(NamedTuple):
    """What curing one account is expected to cost, USD, by each way to choose."""

    account: int
    share_usd: float  # of `partial`, the same share of every position
    cheapest_usd: float  # of `partial`, the cheapest first
    minimal_usd: float  # of `cost-minimal`

    @property
    def share(self) -> float:
        """What `cost-minimal` saves of the cost of the same share; 0 where that costs nothing."""
        return 1.0 - self.minimal_usd / self.share_usd if self.share_usd > 0.0 else 0.0


def compare_costs(breaches: Sequence[Breach]) -> tuple[Saving, ...]:
    """Return what `partial` and `cost-minimal` are expected to cost, account by account.

    All three plans are for the same target, at the same limits and charges, and none opens a hedge.
    A way that cannot bring an account to its target closes it in full, and that is its cost.

    Raises
    ------
    PluginError
        If highspy is not installed.
    """
    share = [replace(breach, choice="share", hedges=None) for breach in breaches]
    cheapest = [replace(breach, choice="cheapest") for breach in share]
    ways = (Partial(), share), (Partial(), cheapest), (CostMinimal(), share)
    plans = [engine.propose(given) for engine, given in ways]
    return tuple(
        Saving(breach.account, *(expected_cost_usd(breach, plan) for plan in three))
        for breach, *three in zip(share, *plans, strict=True)
    )
