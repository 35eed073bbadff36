"""A comparison of chains as the tree of ``chains.json``: what `studies` draws and programs read."""

import statistics
from importlib.metadata import version
from typing import Any

from hullmark.core import Asset, format_instant, format_scaled
from hullmark.sim._chain_plan import NO_POLICY
from hullmark.sim._chains import ChainRun, ChainsComparison


def chains_report(found: ChainsComparison) -> dict[str, Any]:
    """Return the tree of ``chains.json``; money is decimal strings in the settlement asset.

    Equal comparisons give equal trees but for ``wall_s``.
    """
    replay, plan = found.scenario.replay, found.plan
    population = found.book.population
    bare = {run.chain: run for run in found.runs if run.policy == NO_POLICY}
    return {
        "hullmark": version("hullmark"),
        "version": 1,
        "seed": found.seed,
        "window": [format_instant(replay.start_ns), format_instant(replay.stop_ns)],
        "source": "recorded" if found.kind == "recorded" else "published facts",
        "order": "-".join(found.order),
        "numeraire": found.asset.symbol,
        "accounts": population.start.size - 1,
        "hedged_accounts": found.book.hedged.size,
        "open_interest_usd": f"{float(population.gross_usd.sum()):.2f}",
        "fund_usd": f"{replay.fund_share * replay.open_interest_usd:.2f}",
        "chains": [{"name": chain.name, "title": chain.title} for chain in plan.chains],
        "policies": list(plan.policies),
        "runs": [_run(run, bare.get(run.chain), found.asset) for run in found.runs],
        "wall_s": found.wall_s,
    }


def _run(run: ChainRun, bare: ChainRun | None, asset: Asset) -> dict[str, Any]:
    def money(quanta: int) -> str:
        return format_scaled(quanta, asset.decimals)

    tally, sums = run.tally, run.tally.sums
    return {
        "chain": run.chain,
        "policy": run.policy,
        "state_hash": run.state_hash,
        "balanced": not run.broken,
        "deficit": money(sums.deficit),
        "paid": {
            "fund": money(sums.fund),
            "backstop": money(sums.backstop),
            "haircuts": money(tally.asked_quanta - sums.socialised - sums.bad_debt),
            "socialised": money(sums.socialised),
            "bad_debt": money(sums.bad_debt),
        },
        "pool_loss": money(sums.pool_loss),
        "notional": {
            "orders": money(sums.by_orders),
            "soft": money(sums.softly),
            "auctions": money(sums.by_auctions),
            "makers": money(sums.by_makers),
            "pool": money(sums.by_pool),
            "deleveraging": money(sums.by_deleveraging),
        },
        "penalties": money(sums.penalty),
        "discounts": money(sums.discount),
        "deleveraging": {
            "asked": money(tally.asked_quanta),
            "haircuts": money(sums.haircut),
            "overshoot": tally.overshoot(sums.haircut),
            "haircuts_at_mark_before": money(sums.haircut_before),
            "overshoot_at_mark_before": tally.overshoot(sums.haircut_before),
            "accounts": len(tally.deleveraged),
            "payers": len(tally.payers),
            "closures": sums.closures,
            "leverage_median": statistics.median(tally.leverages) if tally.leverages else None,
            "hedged": _hedged(run, bare, asset),
        },
        "cure": {
            "episodes": len(tally.cure_ns) + tally.open_episodes,
            "open": tally.open_episodes,
            "median_s": tally.cure_s(0.5),
            "p95_s": tally.cure_s(0.95),
        },
        "parked": dict(sorted(tally.parked.items())),
        "hand_overs": [
            {"stage": stage, "reason": reason, "count": count}
            for (stage, reason), count in sorted(tally.hand_overs.items())
        ],
        "auctions": dict(sorted(tally.auctions.items())),
        "refused": dict(sorted(tally.refused.items())),
        "cast_gain_usd": {name: f"{usd:.2f}" for name, usd in run.cast_usd.items()},
        "wall_s": run.wall_s,
    }


# Beside what events say: what the hedged have at the end, less than if nobody were deleveraged.
def _hedged(run: ChainRun, bare: ChainRun | None, asset: Asset) -> dict[str, Any]:
    tally = run.tally
    hit = sorted((tally.deleveraged | tally.payers) & tally.hedged)
    less_usd = None
    if bare is not None:
        less_usd = sum(bare.hedged_net_usd[n] - run.hedged_net_usd[n] for n in hit)
    return {
        "accounts": len(hit),
        "haircuts": format_scaled(tally.sums.hedged_haircut, asset.decimals),
        "forgone_worst": format_scaled(tally.forgone_worst_quanta, asset.decimals),
        "forgone_end": format_scaled(tally.forgone_quanta, asset.decimals),
        "less_than_without_usd": None if less_usd is None else f"{less_usd:.2f}",
    }
