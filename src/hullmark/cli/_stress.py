"""The ``hullmark stress`` command."""

import json
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hullmark.cli._location import shown
from hullmark.cli._main import ExitStatus
from hullmark.cli._output import write_whole
from hullmark.cli._table import Column, table, usd

if TYPE_CHECKING:
    from hullmark.studies import ScenarioLoss, StressBook, StressStudy


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "book",
        metavar="BOOK",
        help="journal (a SQLite file or postgresql://...; it is only read), or a portfolio document"
        " ending in .json",
    )
    parser.add_argument(
        "--scenarios",
        metavar="FILE",
        type=Path,
        help="TOML file of shocks; by default all prices by -50%% to +50%%, and each alone by half",
    )
    parser.add_argument(
        "--venue",
        metavar="FILE",
        type=Path,
        help="venue file whose slippage and depths are taken; of a journal, instead of its own",
    )
    parser.add_argument(
        "--slippage",
        metavar="SHARE",
        type=_amount,
        help="of the notional, that closing costs in any depth; instead of the rules'",
    )
    parser.add_argument(
        "--fund", metavar="USD", type=_amount, help="insurance fund, instead of the journal's"
    )
    parser.add_argument(
        "--allocated",
        metavar="COIN=USD",
        type=_allocation,
        action="append",
        default=[],
        help="of the fund, what pays for one underlying only, instead of the journal's; may be"
        " repeated",
    )
    parser.add_argument(
        "--without",
        metavar="ACCOUNT",
        action="append",
        default=[],
        help="leave out an account, such as a market maker's; may be repeated",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--picture", metavar="FILE", type=Path, help="draw the losses into a .png or .svg file"
    )


def run(args: Namespace) -> int:
    """Print what each scenario costs the fund, and the fund that would hold them."""
    from hullmark.errors import InvalidInputError
    from hullmark.studies import draw_stress, read_scenarios, standard_scenarios, stress_study

    if args.picture is not None and args.picture.suffix not in (".png", ".svg"):
        raise InvalidInputError(f"--picture must end in .png or .svg, was {str(args.picture)!r}")
    given = None if args.scenarios is None else read_scenarios(args.scenarios)
    book = _read(args)
    study = stress_study(book, given or standard_scenarios(book.moving))
    if args.picture is not None:
        write_whole(args.picture, draw_stress(study, form=args.picture.suffix[1:]))
    print(to_json(study, book) if args.json else to_table(study))
    return ExitStatus.FINE


def to_table(study: "StressStudy") -> str:
    """Lay the scenarios out for a reader, and say what they ask of the fund."""
    columns = [Column("scenario", left=True), Column("defaults", "{:,}".format)]
    columns += [Column(name, usd) for name in ("loss", "Cover-1", "Cover-2", "fund", "not covered")]
    columns.append(Column("largest", left=True))
    rows = [
        [
            each.scenario.name,
            each.defaults,
            each.loss_usd,
            each.cover_1_usd,
            each.cover_2_usd,
            each.fund_usd,
            each.uncovered_usd,
            ", ".join(shown(one.account) for one in each.largest) or None,
        ]
        for each in study.scenarios
    ]
    cover_2, all_of_them = study.suggested_cover_2_usd, study.suggested_loss_usd
    lines = [
        table(columns, rows),
        "",
        f"Cover-1, the most that one participant costs: {usd(study.cover_1_usd)} USD.",
        f"Cover-2, the most that two participants cost: {usd(study.cover_2_usd)} USD.",
        f"The most that all who default cost: {usd(study.loss_usd)} USD.",
        f"Suggested fund: {cover_2:,} USD for Cover-2, {all_of_them:,} USD for all who default.",
    ]
    if study.unknown:
        lines.append(f"Moved in a scenario, and not at this venue: {', '.join(study.unknown)}.")
    if study.without_depth:
        lines.append(f"Without a depth, and so without impact: {', '.join(study.without_depth)}.")
    return "\n".join(lines)


def to_json(study: "StressStudy", book: "StressBook") -> str:
    """Write the study for a program. The keys are part of the public interface."""
    return json.dumps(
        {
            "version": 1,
            "accounts": study.accounts,
            "slippage": book.slippage,
            "allocated_usd": dict(book.allocated_usd),
            "cover_1_usd": study.cover_1_usd,
            "cover_2_usd": study.cover_2_usd,
            "loss_usd": study.loss_usd,
            "suggested_cover_2_usd": str(study.suggested_cover_2_usd),
            "suggested_loss_usd": str(study.suggested_loss_usd),
            "unknown": list(study.unknown),
            "without_depth": list(study.without_depth),
            "scenarios": [_scenario(each) for each in study.scenarios],
        },
        indent=2,
    )


def _scenario(each: "ScenarioLoss") -> dict[str, Any]:
    scenario = each.scenario
    return {
        "name": scenario.name,
        "moves": dict(scenario.moves),
        "others": scenario.others,
        "vol": scenario.vol,
        "depth": scenario.depth,
        "defaults": each.defaults,
        "loss_usd": each.loss_usd,
        "cover_1_usd": each.cover_1_usd,
        "cover_2_usd": each.cover_2_usd,
        "largest": [one._asdict() for one in each.largest],
        "by_market": each.by_market,
        "fund_usd": each.fund_usd,
        "uncovered_usd": each.uncovered_usd,
    }


def _read(args: Namespace) -> "StressBook":
    from hullmark.domain import Document
    from hullmark.errors import InvalidInputError
    from hullmark.runtime import Follower
    from hullmark.studies import document_book, venue_book

    terms: dict[str, Any] = {} if args.venue is None else _terms(args.venue)
    if args.slippage is not None:
        terms["slippage"] = args.slippage
    if args.allocated:
        terms["allocated_usd"] = dict(args.allocated)
    if not args.book.endswith(".json"):
        left_out = [_number(name) for name in args.without]
        with Follower(args.book) as follower:
            return venue_book(follower, without=left_out, fund_usd=args.fund, **terms)
    if "slippage" not in terms:
        raise InvalidInputError("--venue or --slippage must be given with a portfolio document")
    document = Document.parse(Path(args.book).read_bytes())
    return document_book(document, without=args.without, fund_usd=args.fund or 0.0, **terms)


def _terms(venue: Path) -> dict[str, Any]:
    from hullmark.core import NANO
    from hullmark.runtime import read_rules

    rules = read_rules(venue).liquidation
    return {"slippage": rules.slippage_nano / NANO, "depth_usd": rules.depth_usd}


def _number(name: str) -> int:
    from hullmark.errors import InvalidInputError

    if not name.isdecimal():
        raise InvalidInputError(f"--without must be the number of an account, was {name!r:.60}")
    return int(name)


def _amount(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0.0 <= number < float("inf"):
        raise ArgumentTypeError(f"must be a number >= 0, was {text!r:.60}")
    return number


def _allocation(text: str) -> tuple[str, float]:
    symbol, _, amount = text.rpartition("=")
    if not symbol:
        raise ArgumentTypeError(f"must be COIN=USD, was {text!r:.60}")
    return symbol, _amount(amount)
