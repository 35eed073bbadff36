"""The ``hullmark manipulation`` command."""

import json
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hullmark.cli._main import ExitStatus
from hullmark.cli._output import write_whole
from hullmark.cli._table import Column, table, usd

if TYPE_CHECKING:
    from hullmark.clearing import Rules
    from hullmark.market import ManipulationPoint
    from hullmark.studies import MarketManipulation

_TERMS = {
    "fee": ("0.0005", "of each trade on the pushed market, a share of its notional"),
    "position_fee": (
        "0.001",
        "to open and close the position together, a share of its notional",
    ),
    "kept": ("0", "share of the push that still stands when the attacker trades back"),
    "weight": ("1", "of the pushed market in the price"),
    "attacker_share": ("1", "of the open interest that one attacker can hold"),
}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--venue", metavar="FILE", type=Path, help="venue file, for the depth of its markets"
    )
    source.add_argument(
        "--journal",
        metavar="LOCATION",
        help="for depth and open interest: a SQLite file or postgresql://...; it is only read",
    )
    parser.add_argument(
        "--open-interest",
        metavar="COIN=USD",
        type=_holding,
        action="append",
        default=[],
        help="of one side of an underlying, not the journal's; may be repeated",
    )
    for name, (default, meaning) in _TERMS.items():
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(
            option, metavar="SHARE", default=default, help=f"{meaning} (default: {default})"
        )
    parser.add_argument("--market", metavar="COIN", help="only this underlying, with every move")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument(
        "--output", metavar="FILE", type=Path, help="draw the caps into a .png or .svg file"
    )


def run(args: Namespace) -> int:
    """Print what moving each market costs and brings, and the open interest that ends it."""
    from hullmark.errors import InvalidInputError
    from hullmark.runtime import market_depths
    from hullmark.studies import draw_manipulation, manipulation_study

    if args.output is not None and args.output.suffix not in (".png", ".svg"):
        raise InvalidInputError(f"--output must end in .png or .svg, was {str(args.output)!r}")
    rules, held = _read(args)
    depth_usd = market_depths(rules)
    if not depth_usd:
        given = "--journal" if args.venue is None else "--venue"
        raise InvalidInputError(f"{given}: the rules give no liquidation.depth_usd")
    known = {instrument.underlying for instrument in rules.instruments}
    for symbol, amount in args.open_interest:
        if symbol not in known:
            raise InvalidInputError(
                f"--open-interest must name one of {', '.join(sorted(known))}, was {symbol!r}"
            )
        held[symbol] = amount
    if args.market is not None:
        if args.market not in depth_usd:
            raise InvalidInputError(
                f"--market must be one of {', '.join(depth_usd)}, which have a depth, "
                f"was {args.market!r}"
            )
        depth_usd = {args.market: depth_usd[args.market]}
    terms = {name: getattr(args, name) for name in _TERMS}
    found = manipulation_study(depth_usd, held, **terms)
    if args.output is not None:
        write_whole(args.output, draw_manipulation(found, form=args.output.suffix[1:]))
    if args.json:
        print(to_json(found, terms))
        return ExitStatus.FINE
    print(to_table(found) if args.market is None else to_moves(found[args.market]))
    if args.market is None and (lacking := sorted(known - set(depth_usd))):
        print(f"\nWithout a depth in the rules, and so without a cap: {', '.join(lacking)}.")
    return ExitStatus.FINE


def to_table(found: "Mapping[str, MarketManipulation]") -> str:
    """Lay the markets out for a reader, a row each."""
    columns = [
        Column("market", left=True),
        Column("depth of 1%", usd),
        Column("open", usd),
        *(Column(name, usd) for name in ("cost", "gain", "profit")),
        Column("at move", _percent),
        Column("cap", usd),
        Column("by move", _percent),
        Column("pays", left=True),
    ]
    rows = []
    for name, market in found.items():
        best, cap = market.best, market.tightest
        row = [name, market.depth_usd, market.open_interest_usd]
        row += [best.cost_usd, best.gain_usd, best.profit_usd, best.move]
        row += [None, None] if cap is None else [cap.oi_cap_usd, cap.move]
        rows.append([*row, "yes" if best.profit_usd > 0 else "no"])
    return table(columns, rows)


def to_moves(market: "MarketManipulation") -> str:
    """Lay out every move of one market."""
    columns = [Column("move", _percent)]
    columns += [Column(name, usd) for name in ("cost", "gain", "profit", "cap")]
    return table(columns, market.points)


def to_json(found: "Mapping[str, MarketManipulation]", terms: Mapping[str, str]) -> str:
    """Write the reports for a program. The keys are part of the public interface."""
    markets = {
        name: {
            "depth_usd": str(market.depth_usd),
            "open_interest_usd": str(market.open_interest_usd),
            "oi_cap": None if market.tightest is None else _point(market.tightest),
            "moves": [_point(point) for point in market.points],
        }
        for name, market in found.items()
    }
    return json.dumps({"version": 1, "terms": dict(terms), "markets": markets}, indent=2)


def _point(point: "ManipulationPoint") -> dict[str, Any]:
    return {k: None if v is None else f"{v:f}" for k, v in point._asdict().items()}


def _read(args: Namespace) -> "tuple[Rules, dict[str, Decimal]]":
    from hullmark.runtime import Follower, read_rules

    if args.venue is not None:
        return read_rules(args.venue), {}
    with Follower(args.journal) as follower:
        return follower.rules, follower.open_interest()


def _holding(text: str) -> tuple[str, Decimal]:
    symbol, _, amount = text.rpartition("=")
    try:
        number = Decimal(amount)
    except ArithmeticError:
        number = Decimal("NaN")
    if not symbol or not number.is_finite() or number < 0:
        raise ArgumentTypeError(f"must be COIN=USD with a number >= 0, was {text!r:.60}")
    return symbol, number


def _percent(share: Decimal) -> str:
    return f"{share:+.2%}"
