"""One run as the tree that stands under ``runs`` in ``report.json``."""

from typing import Any

from hullmark.core import Asset, format_instant, format_scaled
from hullmark.feeds import ReplaySettings
from hullmark.monitor import LiquidationMap
from hullmark.sim._founding import instrument_of
from hullmark.sim._population import Population
from hullmark.sim._replay import Run
from hullmark.sim._tally import BIN_S, HEALTH_EDGES, Tally


def run_report(
    run: Run,
    population: Population,
    replay: ReplaySettings,
    asset: Asset,
    *,
    first_user: int,
    journalled: bool,
) -> dict[str, Any]:
    """Return a run as JSON values; money is decimal strings in the settlement asset."""
    tally, settings = run.tally, run.settings
    return {
        "name": settings.name,
        "order": "-".join(settings.order),
        "oracle_delay_s": float(settings.oracle_delay_s),
        "execution_delay_s": float(settings.execution_delay_s),
        "journalled": journalled,
        "state_hash": run.state_hash,
        "wall_s": run.wall_s,
        "units": tally.units,
        "events": tally.events,
        "breaches": tally.episodes,
        "liquidations": len(tally.liquidated),
        "orders": tally.orders,
        "fills": tally.fills,
        "parked": dict(tally.parked),
        "retries": tally.retries,
        **_money(tally, asset),
        "by_instrument": _by_instrument(run, asset),
        "by_tier": _by_tier(run, population, first_user),
        "timeline": _timeline(run, asset),
        "health": {
            "edges": list(HEALTH_EDGES),
            "before": run.health_before,
            "after": run.health_after,
        },
        "map": {"before": _map(run.map_before), "after": _map(run.map_after)},
        "slowest": {
            "command": tally.slowest.command,
            "time": format_instant(tally.slowest.time_ns),
            "wall_ms": tally.slowest.wall_ms,
            "events": tally.slowest.events,
        },
        "depth_used_usd": run.depth_used_usd,
        "price_grades": {str(grade): n for grade, n in sorted(tally.grades.items())},
        "books": _books(run, asset),
        "maker": {
            "capital": str(replay.maker_capital_usd),
            "equity_end": f"{tally.maker_equity_usd:.2f}",
            "margin_ratio_worst": tally.maker_ratio_worst,
        },
    }


def idle_parts(run: Run, population: Population, *, first_user: int) -> list[str]:
    """Return what the run left untried, in words: a set-up that tests nothing is a failed one."""
    tally = run.tally
    idle = [
        f"set-up failed: no account was liquidated in {row['instrument']} tier {row['tier']}, "
        f"which {row['accounts']} accounts use"
        for row in _by_tier(run, population, first_user)
        if not row["liquidated"]
    ]
    if not any(event.fund_quanta for event in tally.deficits):
        idle.append("set-up failed: the insurance fund was never used")
    if not run.depth_used_usd:
        idle.append("set-up failed: no depth of the paper market was used")
    return idle


# What was closed, what it cost, and who paid, as decimal strings.
def _money(tally: Tally, asset: Asset) -> dict[str, Any]:
    def money(quanta: int) -> str:
        return format_scaled(quanta, asset.decimals)

    bad_debt = sum(event.bad_debt_quanta for event in tally.deficits)
    used = sum(event.fund_quanta for event in tally.deficits)
    return {
        "notional": money(tally.notional_quanta),
        "penalties": money(tally.penalty_quanta),
        "deficit": money(used + bad_debt),
        "deficits": len({event.account for event in tally.deficits}),
        "fund": {
            "start": money(tally.fund_start_quanta),
            "penalties_in": money(tally.penalty_quanta),
            "used": money(used),
            "end": money(tally.fund_line()[-1]),
        },
        "bad_debt": money(bad_debt),
        "causes": {
            cause: money(sum(getattr(event, f"{cause}_quanta") for event in tally.deficits))
            for cause in ("gap", "participation", "latency", "oracle", "impact")
        },
    }


def _by_instrument(run: Run, asset: Asset) -> list[dict[str, Any]]:
    rows = []
    for coin in run.prices:
        symbol = instrument_of(coin)
        one = run.tally.instruments[symbol]
        rows.append(
            {
                "instrument": symbol,
                "liquidations": len(one.accounts),
                "notional": format_scaled(one.notional_quanta, asset.decimals),
                "penalties": format_scaled(one.penalty_quanta, asset.decimals),
                "deficit": format_scaled(one.deficit_quanta, asset.decimals),
                "worst_slippage": one.worst_slippage,
            }
        )
    return rows


# Positions by the tier that they had at the opening; tiers count from 1, as venues count them.
def _by_tier(run: Run, population: Population, first_user: int) -> list[dict[str, Any]]:
    rows = []
    for symbol, tiers in population.owners_by_tier().items():
        closed = run.tally.instruments[symbol].accounts
        for tier, owners in enumerate(tiers, start=1):
            if owners.size:
                accounts = (owners + first_user).tolist()
                rows.append(
                    {
                        "instrument": symbol,
                        "tier": tier,
                        "accounts": len(accounts),
                        "liquidated": len(closed.intersection(accounts)),
                    }
                )
    return rows


def _timeline(run: Run, asset: Asset) -> dict[str, Any]:
    tally, unit = run.tally, asset.quanta_per_unit
    bins = len(tally.notional_by_bin)
    return {
        "minute": [k * BIN_S / 60 for k in range(bins)],
        "breaches": tally.breaches_by_bin.tolist(),
        "notional": [quanta / unit for quanta in tally.notional_by_bin],
        "fund": [quanta / unit for quanta in tally.fund_line()],
        "prices": {instrument_of(coin): line for coin, line in run.prices.items()},
    }


def _map(table: LiquidationMap) -> dict[str, list[float]]:
    return {
        "move": table.move.tolist(),
        "long": table.long_usd.tolist(),
        "short": table.short_usd.tolist(),
    }


def _books(run: Run, asset: Asset) -> dict[str, Any]:
    books = run.books
    symbol = asset.symbol
    custody, fund, debt = books.custody[symbol], books.fund[symbol], books.bad_debt[symbol]
    return {
        "balanced": not books.broken,
        "assets": [
            {
                "asset": symbol,
                "sum_quanta": books.asset_sums[symbol],
                "custody": format_scaled(custody, asset.decimals),
                "accounts": format_scaled(run.owned_quanta, asset.decimals),
                "fund": format_scaled(fund, asset.decimals),
                "bad_debt": format_scaled(-debt, asset.decimals),
            }
        ],
        "lots": books.lot_sums,
    }
