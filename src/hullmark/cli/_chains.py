"""The ``hullmark chains`` command."""

import json
import os
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from hullmark.cli._incident import add_incident_arguments, incident_of, whole
from hullmark.cli._main import ExitStatus
from hullmark.cli._output import write_whole
from hullmark.cli._progress import Progress
from hullmark.cli._table import Column, table, usd

if TYPE_CHECKING:
    from hullmark.studies import ChainsReport, ComparedRun

_WORKERS_MAX = 16


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "--comparison",
        metavar="FILE",
        type=Path,
        default=Path("scenarios/chains.toml"),
        help="the chains and policies, and what is changed of the book (default: %(default)s)",
    )
    add_incident_arguments(
        parser,
        scenario="the incident, and how it is replayed",
        venue="the venue that the chains change",
        accounts="comparison",
    )
    parser.add_argument(
        "--workers",
        type=whole,
        default=min(os.cpu_count() or 1, _WORKERS_MAX),
        help="processes to play the runs on, by default one per core; the result is the same. The "
        "default comparison takes about four minutes on one",
    )
    parser.add_argument(
        "--out", metavar="FILE", type=Path, help="write the comparison as JSON, for programs"
    )
    parser.add_argument(
        "--picture", metavar="FILE", type=Path, help="draw it into a .png or .svg file"
    )


def run(args: Namespace) -> int:
    """Play every chain under every policy, and print what each cost whom."""
    from hullmark.errors import InvalidInputError
    from hullmark.sim import ChainsRequest, chains_report, compare_chains
    from hullmark.studies import draw_chains, read_chains

    if args.picture is not None and args.picture.suffix not in (".png", ".svg"):
        raise InvalidInputError(f"--picture must end in .png or .svg, was {str(args.picture)!r}")
    request = ChainsRequest(**incident_of(args), comparison=args.comparison)
    with Progress("comparing") as progress:
        found = compare_chains(request, workers=args.workers, on_progress=progress)
    tree = chains_report(found)
    report = read_chains(tree)
    if args.out is not None:
        write_whole(args.out, json.dumps(tree, indent=2).encode() + b"\n")
    if args.picture is not None:
        write_whole(args.picture, draw_chains(report, form=args.picture.suffix[1:]))
    print(to_table(report))
    return ExitStatus.FINE


def to_table(report: "ChainsReport") -> str:
    """Lay the comparison out for a reader, beside what was published of that day."""
    from hullmark.studies import PUBLISHED, SOURCES

    beside = [f"  {row.figure}: {row.value} {row.source}" for row in PUBLISHED]
    blocks = [
        [
            f"{report.accounts:,} accounts, {report.hedged_accounts:,} of them hedged, gross open "
            f"interest {usd(float(report.open_interest_usd))} USD,",
            f"fund {usd(float(report.fund_usd))} USD; {report.source}, bars read "
            f"{report.order}, seed {report.seed}; amounts in {report.numeraire}.",
        ],
        *(
            [title, table([Column("chain", left=True), Column("policy", left=True), *columns], [
                [run.chain, run.policy, *cells(run)] for run in report.runs
            ])]
            for title, columns, cells in _TABLES
        ),
        ["Hyperliquid on 10 October 2025, as published:", *beside, *SOURCES],
    ]  # fmt: skip
    return "\n\n".join("\n".join(lines) for lines in blocks)


def _paid(run: "ComparedRun") -> list[object]:
    paid = run.paid
    listed = (run.deficit, paid.fund, paid.backstop, paid.haircuts, paid.bad_debt, run.pool_loss)
    return [*map(float, listed), float(run.penalties), float(run.discounts)]


def _taken(run: "ComparedRun") -> list[object]:
    by, cure = run.notional, run.cure
    listed = (by.orders, by.soft, by.auctions, by.makers, by.pool, by.deleveraging)
    return [*map(float, listed), cure.episodes, cure.median_s, cure.p95_s, cure.open]


def _deleveraged(run: "ComparedRun") -> list[object]:
    found = run.deleveraging
    hedged = found.hedged
    less = hedged.less_than_without_usd
    return [
        float(found.asked),
        float(found.haircuts),
        found.overshoot,
        found.overshoot_at_mark_before,
        found.accounts,
        found.payers,
        found.leverage_median,
        hedged.accounts,
        float(hedged.haircuts),
        float(hedged.forgone_worst),
        float(hedged.forgone_end),
        None if less is None else float(less),
    ]


def _share(ratio: float) -> str:
    return f"{ratio:+.1%}"


def _leverage(ratio: float) -> str:
    return f"{ratio:.2f}"


def _seconds(seconds: float) -> str:
    return f"{seconds:,.0f}"


_TABLES = (
    (
        "Who paid",
        [Column(name, usd) for name in (
            "deficit", "fund", "staked", "haircuts", "bad debt", "pool loss", "penalties",
            "discounts",
        )],
        _paid,
    ),
    (
        "Who took the positions, and seconds from breach to end",
        [
            *(Column(name, usd) for name in (
                "orders", "of it soft", "bidders", "makers", "pool", "deleveraged",
            )),
            Column("breaches", "{:,}".format),
            Column("median", _seconds), Column("95 %", _seconds), Column("open", "{:,}".format),
        ],
        _taken,
    ),
    (
        "Deleveraging: what was asked and taken; the hedged, and what the closed legs still earned",
        [
            Column("asked", usd), Column("haircuts", usd), Column("overshoot", _share),
            Column("mark before", _share), Column("closed", "{:,}".format),
            Column("paid", "{:,}".format), Column("leverage", _leverage),
            Column("hedged", "{:,}".format),
            Column("haircuts", usd), Column("at worst", usd), Column("at the end", usd),
            Column("less in all", usd),
        ],
        _deleveraged,
    ),
)  # fmt: skip
