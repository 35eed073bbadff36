"""The crash replay as the tree of ``report.json``: what `studies` draws and programs read."""

from importlib.metadata import version
from typing import Any

from hullmark.clearing import thin_tiers
from hullmark.core import NANO, format_instant, format_scaled
from hullmark.market import Grade
from hullmark.sim._crash import CrashReplay
from hullmark.sim._founding import FIRST_USER
from hullmark.sim._population import describe
from hullmark.sim._run_report import idle_parts, run_report

FUND_SHARES_NANO = tuple(
    k * 1_000_000 for k in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20, 30)
)  # of gross open interest, 0 to 3 %


def crash_report(replay: CrashReplay) -> dict[str, Any]:
    """Return the tree of ``report.json``.

    Equal replays give equal trees but for ``wall_s`` and ``slowest``. ``state_hash`` and
    ``bad_debt`` are those of the journalled run, the worse one.
    """
    settings = replay.scenario.replay
    runs = [
        run_report(
            run,
            replay.population,
            settings,
            replay.asset,
            first_user=FIRST_USER,
            journalled=run is replay.worse,
        )
        for run in (*replay.runs, replay.upper_bound)
    ]
    journalled = next(run for run in runs if run["journalled"])
    worse = replay.worse
    return {
        "hullmark": version("hullmark"),
        "seed": replay.seed,
        "window": [format_instant(settings.start_ns), format_instant(settings.stop_ns)],
        "source": {
            "kind": "recorded" if worse.kind == "recorded" else "published facts",
            "text": _sentence(worse.text),
            "files": [file.name for file in worse.files],
        },
        "accounts": settings.accounts,
        "open_interest_usd": str(settings.open_interest_usd),
        "numeraire": replay.asset.symbol,
        "state_hash": journalled["state_hash"],
        "bad_debt": journalled["bad_debt"],
        "worse": journalled["order"],
        "wall_s": replay.wall_s,
        "runs": runs[:-1],
        "upper_bound": runs[-1],
        "fund_curve": _fund_curve(replay),
        "population": describe(replay.population, replay.parameters),
        "assumptions": _assumptions(replay),
        "warnings": [
            *idle_parts(replay.worse, replay.population, first_user=FIRST_USER),
            *thin_tiers(replay.rules),
        ],
    }


def _fund_curve(replay: CrashReplay) -> list[dict[str, str]]:
    unit, decimals = replay.asset.quanta_per_unit, replay.asset.decimals
    points = []
    for share_nano in sorted({*FUND_SHARES_NANO, _enough_nano(replay)}):
        fund = replay.scenario.replay.open_interest_usd * unit * share_nano // NANO
        points.append(
            {
                "share": format_scaled(share_nano, 9),
                "fund": format_scaled(fund, decimals),
                "bad_debt": format_scaled(replay.worse.tally.bad_debt_at(fund), decimals),
            }
        )
    return points


# The least share of open interest that would have left no bad debt: a larger fund leaves no more.
def _enough_nano(replay: CrashReplay) -> int:
    whole = replay.scenario.replay.open_interest_usd * replay.asset.quanta_per_unit
    short, enough = -1, NANO
    while enough - short > 1:
        middle = (short + enough) // 2
        if replay.worse.tally.bad_debt_at(whole * middle // NANO):
            short = middle
        else:
            enough = middle
    return enough


def _assumptions(replay: CrashReplay) -> list[dict[str, str]]:
    settings, rules = replay.scenario.replay, replay.rules.liquidation
    declared = f"declared in {replay.scenario.path.name}"
    grades = replay.worse.tally.grades
    absurd = grades[Grade.ABSURD]
    counts = [len(schedule.tiers) for schedule in replay.rules.margin.tiered.schedules.values()]
    tiers = sorted({min(counts), max(counts)})
    rows = [
        ("path inside a bar", "straight in log price, 1 s grid, all symbols in one order",
         "reconstruction; both bar orders are played, the worse is reported"),
        ("mark", "the trade path inside that hour's recorded range of the mark price, or the trade "
         "path itself where none is recorded", "reconstruction by the feed"),
        ("depth within 1 % of the price", f"{settings.depth_share:g} of the notional traded in the "
         "5 minutes before, times the published depth of the hour", declared),
        ("impact", f"linear in size, forgotten by half in {settings.impact_half_life_s} s",
         declared),
        ("oracle delay", f"{settings.oracle_delay_s} s from a price to its check", declared),
        ("execution delay", f"{settings.execution_delay_s} s from an order to its fill", declared),
        ("insurance fund", f"{settings.fund_share:.2%} of open interest", declared),
        ("market maker", f"{settings.maker_capital_usd:,} USD of capital; it takes the residual of "
         "longs and shorts, and every liquidation", declared),
        ("feedback", "on: own liquidations move the prices" if replay.feedback else
         "off: recorded prices contain the liquidations of their venue, and are not moved",
         "option --feedback"),
        ("price limit", f"the mark -/+ {rules.slippage_nano / NANO:.2%}, renewed each round",
         "venue file"),
        ("liquidation engine", rules.engine, "venue file"),
        ("book", "every tier in use has a long at 10x, or at the tier's limit; the other accounts "
         "are as drawn", "convention of the draw"),
        ("target", f"MM / equity <= {rules.target_nano / NANO:g}", "venue file"),
        ("penalty", f"{rules.penalty_nano / NANO:.2%} of the notional closed", "venue file"),
        ("jump limits", f"fired {absurd:,} times in {sum(grades.values()):,} prices",
         "venue file; shown, not assumed"),
        ("tiers", f"{' to '.join(map(str, tiers))} per instrument; the file names "
         "their sources", "venue file"),
        ("deficit by instrument", "told for the instrument in which most of the account's notional "
         "was closed", "convention of the report"),
    ]  # fmt: skip
    return [{"name": name, "value": value, "source": source} for name, value, source in rows]


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
