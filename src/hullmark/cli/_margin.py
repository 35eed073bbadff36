"""The ``hullmark margin`` command."""

import json
import math
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hullmark.cli._main import ExitStatus
from hullmark.cli._market import HELP, read_market
from hullmark.cli._progress import Progress
from hullmark.cli._records import csv_text, write_parquet
from hullmark.cli._statements import print_statements
from hullmark.cli._table import Column, coins, percent, price, small, table, usd

if TYPE_CHECKING:
    from hullmark.runtime import Assessment

_BYTES_MAX = 1 << 28  # of a document: about a million accounts


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("document", metavar="DOC", help="portfolio document, in JSON; - for stdin")
    parser.add_argument(
        "--market", metavar="CHAIN[@TIME]", help=f"instead of the document's: {HELP}"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON instead of tables")
    form.add_argument("--csv", action="store_true", help="print CSV, a row per account and coin")
    form.add_argument(
        "--parquet", metavar="PATH", type=Path, help="write the rows of --csv to a Parquet file"
    )
    book = parser.add_argument_group("under a published rule book")
    book.add_argument("--rulebook", metavar="NAME", help="one that `hullmark rulebooks` lists")
    book.add_argument(
        "--set",
        metavar="PATH=VALUE",
        action="append",
        default=[],
        help="a parameter of the rule book, such as vol_shock.up=0.6; may be repeated",
    )
    book.add_argument(
        "--explain",
        action="store_true",
        help="print scenarios, charges, each position's share and the cheapest way to free margin",
    )
    book.add_argument("--account", metavar="NAME", help="only this account")
    book.add_argument(
        "--trade",
        metavar="WORDS",
        help="what if: such as 'option BTC 2025-03-28 120000 call -2 at 1234.5'",
    )
    book.add_argument(
        "--trusted", action="store_true", help="the trade comes from a trusted risk assessor"
    )


def run(args: Namespace) -> int:
    """Print the margin of every account. The status tells whether one of them is in breach."""
    from hullmark.domain import Document, read_json
    from hullmark.errors import InvalidInputError
    from hullmark.runtime import assess

    text = _read(args.document)
    if args.rulebook is not None:
        return print_statements(args, text)
    for name in ("explain", "account", "trade", "set", "trusted"):
        if getattr(args, name):
            raise InvalidInputError(f"--{name} must come with --rulebook")
    tree = read_json(text)
    if isinstance(tree, dict) and tree.get("version") == 2:
        raise InvalidInputError("--rulebook must be given for a document of version 2")
    document = Document.parse_tree(tree)
    if args.market is not None:
        chain = read_market(args.market)
        document = document.with_market(chain.market(document.instruments.values()))
    with Progress("searching liquidation prices") as progress:
        assessment = assess(document, on_progress=progress)
    if args.parquet is not None:
        write_parquet(columns(), flat(assessment), args.parquet)
    elif args.csv:
        print(csv_text(columns(), flat(assessment)))
    else:
        print((to_json if args.json else to_tables)(assessment))
    in_breach = any(report.breach for report in assessment.accounts)
    return ExitStatus.BREACH if in_breach else ExitStatus.FINE


def _read(argument: str) -> bytes:
    from hullmark.errors import DocumentError

    if argument == "-":
        text = sys.stdin.buffer.read(_BYTES_MAX + 1)
    else:
        with Path(argument).open("rb") as file:
            text = file.read(_BYTES_MAX + 1)
    if len(text) > _BYTES_MAX:
        raise DocumentError(f"{argument} must be at most {_BYTES_MAX >> 20} MiB, was longer")
    return text


def to_tables(assessment: "Assessment") -> str:
    """Lay the accounts out for a reader: money first, then what moves it."""
    from hullmark.core import SECOND_NS, format_instant

    prices = "  ".join(f"{coin} {price(at)}" for coin, at in assessment.index_usd.items())
    at = format_instant(assessment.time_ns // SECOND_NS * SECOND_NS)
    money = [
        Column("account", left=True),
        Column("mode", left=True),
        Column("net value", usd),
        Column("initial eq", usd),
        Column("maint eq", usd),
        Column("IM", usd),
        Column("MM", usd),
        Column("margin", _margin_ratio),
        Column("equity", percent),
        Column("worst", usd),
        Column("in scenario", left=True),
        Column("", left=True),
    ]
    risk = [
        Column("account", left=True),
        Column("coin", left=True),
        Column("delta", coins),
        Column("of it cash", coins),
        Column("gamma", small),
        Column("vega", usd),
        Column("theta", usd),
        Column("liq below", price),
        Column("liq above", price),
        Column("joint move", left=True),
    ]
    rows = [
        (
            *(r.account, r.mode, r.net_value_usd, r.initial_equity_usd, r.maintenance_equity_usd),
            *(r.initial_margin_usd, r.maintenance_margin_usd, r.margin_ratio, r.equity_ratio),
            *(r.worst_usd, r.worst_scenario, "BREACH" if r.breach else ""),
        )
        for r in assessment.accounts
    ]
    exposures = [
        (r.account if k == 0 else "", *e, _joint(r.joint_below, r.joint_above) if k == 0 else "")
        for r in assessment.accounts
        for k, e in enumerate(r.exposures)
    ]
    breaches = [r.account for r in assessment.accounts if r.breach]
    parts = [
        f"Market of {at}  {prices}",
        "Margin, in USD; margin = MM / maintenance equity, equity = net value / gross notional.",
        table(money, rows),
        "Exposure and liquidation prices; delta and cash in coins, gamma in coins per USD, vega in "
        "USD per\nvol point, theta in USD per day; a joint move is of all coins at once.",
        table(risk, exposures),
    ]
    if assessment.uncertain:
        parts.append(f"Uncertain prices: {', '.join(assessment.uncertain)}")
    parts.append(
        f"In breach: {len(breaches)} of {len(assessment.accounts)}"
        + (f": {', '.join(breaches)}" if breaches else "")
    )
    return "\n\n".join(parts)


def to_json(assessment: "Assessment") -> str:
    """Write the accounts for a program. The keys are part of the public interface."""
    from hullmark.core import format_instant

    accounts = []
    for report in assessment.accounts:
        tree = _money(report)
        tree["exposures"] = [exposure._asdict() for exposure in report.exposures]
        accounts.append(tree)
    document = {
        "version": 1,
        "time": format_instant(assessment.time_ns),
        "index_usd": assessment.index_usd,
        "uncertain": assessment.uncertain,
        "accounts": accounts,
    }
    return json.dumps(document, indent=2, allow_nan=False)


def columns() -> dict[str, str]:
    """Return the columns of `flat` in order, each with the name of its type."""
    from hullmark.runtime import AccountReport, Exposure

    money = [name for name in AccountReport._fields if name != "exposures"]
    names = [*money, "margin_ratio", "equity_ratio", *Exposure._fields]
    kinds = dict.fromkeys(("account", "mode", "worst_scenario", "underlying"), "str")
    return {name: {**kinds, "breach": "bool"}.get(name, "float") for name in names}


def flat(assessment: "Assessment") -> list[dict[str, Any]]:
    """Return a row per account and coin; an account without coins has one row."""
    names = list(columns())
    rows = []
    for report in assessment.accounts:
        money = _money(report)
        for exposure in report.exposures or (None,):
            row = money | (exposure._asdict() if exposure else {})
            rows.append({name: row.get(name) for name in names})
    return rows


def _money(report: Any) -> dict[str, Any]:  # noqa: ANN401 - an AccountReport, not imported here
    tree: dict[str, Any] = report._asdict()
    del tree["exposures"]
    ratio = report.margin_ratio
    tree["margin_ratio"] = ratio if math.isfinite(ratio) else None
    tree["equity_ratio"] = report.equity_ratio
    return tree


def _margin_ratio(ratio: float) -> str:
    return percent(ratio) if math.isfinite(ratio) else "no equity"


def _joint(below: float | None, above: float | None) -> str:
    ends = ["none" if move is None else f"{move:+.1%}" for move in (below, above)]
    return "none" if ends == ["none", "none"] else " / ".join(ends)
