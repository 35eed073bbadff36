"""``hullmark margin --rulebook``: accounts under a published rule book."""

import json
from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hullmark.cli._main import ExitStatus
from hullmark.cli._market import read_market
from hullmark.cli._records import csv_text, write_parquet
from hullmark.cli._table import Column, table, writer

if TYPE_CHECKING:
    from hullmark.domain import Portfolio
    from hullmark.rulebooks import Explanation, RuleBook, Statement

_ROLES = {"inside": "x factor", "outside": "", "floor": "floor"}
COLUMNS = {
    "account": "str",
    "currency": "str",
    "cash": "float",
    "mark_to_market": "float",
    "initial_margin": "float",
    "maintenance_margin": "float",
    "initial_excess": "float",
    "maintenance_excess": "float",
    "binding": "str",
}


def print_statements(args: Namespace, text: bytes) -> int:
    """Print the margin of a document's accounts; the status tells whether one is in breach."""
    from hullmark.errors import InvalidInputError
    from hullmark.rulebooks import explain, load_rulebook, parse_trade, statements

    rulebook = load_rulebook(args.rulebook)
    portfolio = _portfolio(args, text, rulebook)
    found = statements(portfolio, rulebook)
    trade = None if args.trade is None else parse_trade(args.trade, portfolio.market)
    for name in ("explain", "trade"):
        if getattr(args, name) and (args.csv or args.parquet is not None):
            raise InvalidInputError(f"--{name} must come with tables or --json, came with rows")
    if args.trusted and args.trade is None:
        raise InvalidInputError("--trusted must come with --trade")
    explained = [
        explain(
            portfolio,
            rulebook,
            account.name,
            trade=trade,
            trusted=args.trusted,
            search=args.explain,
        )
        for account in portfolio.accounts
        if args.explain or trade is not None
    ]
    if args.parquet is not None:
        write_parquet(COLUMNS, [_record(s) for s in found], args.parquet)
    elif args.csv:
        print(csv_text(COLUMNS, [_record(s) for s in found]))
    elif args.json:
        print(json.dumps(_tree(rulebook, found, explained), indent=2, allow_nan=False))
    else:
        parts = [f"Under {rulebook.name} ({rulebook.venue}, {rulebook.date})", _money(found)]
        for explanation in explained:
            parts += [_reasons(explanation)] if args.explain else []
            parts += _what_if(explanation)
        print("\n\n".join(parts))
    after = [s for e in explained for s in e.after or ()]  # with a trade, its outcome decides
    in_breach = any(s.maintenance_excess < 0.0 for s in after or found)
    return ExitStatus.BREACH if in_breach else ExitStatus.FINE


def _portfolio(args: Namespace, text: bytes, rulebook: "RuleBook") -> "Portfolio":
    from msgspec.structs import replace

    from hullmark.domain import Document, Portfolio, read_json
    from hullmark.errors import InvalidInputError
    from hullmark.rulebooks import overridden, portfolio_of

    tree = read_json(text)
    if isinstance(tree, dict) and tree.get("version") == 1:
        document = Document.parse_tree(tree)
        document = replace(document, accounts=_chosen(args, document.accounts))
        if args.market is not None:
            chain = read_market(args.market)
            document = document.with_market(chain.market(document.instruments.values()))
        parameters = _assigned(args, rulebook.parameters)
        portfolio = replace(
            portfolio_of(document, rulebook.open(parameters)), parameters=parameters
        )
    elif args.market is not None:
        raise InvalidInputError("--market must come with a document of version 1")
    else:
        portfolio = Portfolio.parse_tree(tree)
        merged = overridden(rulebook.parameters, portfolio.parameters, "parameters")
        portfolio = replace(
            portfolio,
            accounts=_chosen(args, portfolio.accounts),
            parameters=_assigned(args, merged),
        )
    return portfolio


def _assigned(args: Namespace, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    from hullmark.rulebooks import with_parameter

    for assignment in args.set:
        parameters = with_parameter(parameters, assignment)
    return parameters


def _chosen(args: Namespace, accounts: tuple[Any, ...]) -> tuple[Any, ...]:
    from hullmark.errors import InvalidInputError

    chosen = tuple(a for a in accounts if args.account in (None, a.name))
    if not chosen and args.account is not None:
        raise InvalidInputError(f"--account must be one of the document, was {args.account!r:.60}")
    return chosen


def _record(statement: "Statement") -> dict[str, Any]:
    return {name: getattr(statement, name) for name in COLUMNS}


def _money(found: Sequence["Statement"]) -> str:
    headings = ("cash", "value", "IM", "MM", "value - IM", "value - MM")
    columns = [
        Column("account", left=True),
        Column("in", left=True),
        *(Column(heading) for heading in headings),
        Column("bound by", left=True),
    ]
    rows = []
    for statement in found:
        account, currency, *numbers, binding = _record(statement).values()
        rows.append((account, currency, *map(writer(currency), numbers), binding))
    return table(columns, rows)


def _reasons(explanation: "Explanation") -> str:
    parts = []
    for statement in explanation.statements:
        money = writer(statement.currency)
        for part in statement.underlyings:
            where = " ".join(filter(None, (statement.account, part.underlying)))
            parts.append(f"{where}, in {statement.currency}")
            if part.charges:
                parts.append(
                    table(
                        [
                            Column("charge", left=True),
                            Column("IM", money),
                            Column("MM", money),
                            Column("", left=True),
                        ],
                        [(c.name, c.initial, c.maintenance, _ROLES[c.role]) for c in part.charges],
                    )
                )
            if part.scenarios:
                worst = part.worst_scenario
                parts.append(
                    table(
                        [Column("scenario", left=True), Column("gain", money), Column("")],
                        [
                            (name, gain, "worst" if name == worst and gain < 0.0 else "")
                            for name, gain in part.scenarios.items()
                        ],
                    )
                )
    if explanation.positions:
        parts.append(
            table(
                [
                    Column("position", left=True),
                    Column("size"),
                    Column("in", left=True),
                    Column("its IM"),
                    Column("its MM"),
                ],
                [
                    (
                        *(p.contract.name, p.size, p.currency),
                        *map(writer(p.currency), (p.initial, p.maintenance)),
                    )
                    for p in explanation.positions
                ],
            )
        )
    parts += [_freeing(freeing) for freeing in explanation.cheapest]
    return "\n\n".join(parts)


def _what_if(explanation: "Explanation") -> list[str]:
    if explanation.after is None:
        return []
    parts = ["With the trade:", _money(explanation.after)]
    if explanation.admission is not None:
        verdict = f"refused: {explanation.refusal}" if explanation.refusal else "admitted"
        parts.append(f"Under the rule {explanation.admission} the trade is {verdict}.")
    return parts


def _freeing(freeing: Any) -> str:  # noqa: ANN401 - a FreeingTrade, not imported here
    trade, money = freeing.trade, writer(freeing.currency)
    verb = "buying" if trade.size > 0 else "selling"
    wanted = money(freeing.asked)
    found = f"to free {wanted}" if freeing.enough else f"to free margin, if not all of {wanted},"
    size = f"{abs(trade.size).normalize():f}"
    return (
        f"Cheapest single trade {found} {freeing.currency}: {verb} {size} of"
        f" {trade.contract.name} at {float(trade.price):.10g} frees {money(freeing.freed)}, after a"
        f" fee of {money(freeing.cost)}."
    )


def _tree(
    rulebook: "RuleBook", found: Sequence["Statement"], explained: Sequence["Explanation"]
) -> dict[str, Any]:
    tree: dict[str, Any] = {
        "version": 2,
        "rulebook": rulebook.name,
        "date": rulebook.date,
        "accounts": [_statement(s) for s in found],
    }
    if explained:
        tree["explanations"] = [_explanation(explanation) for explanation in explained]
    return tree


def _statement(statement: "Statement") -> dict[str, Any]:
    from msgspec import to_builtins

    parts: list[dict[str, Any]] = to_builtins(statement.underlyings)
    return {**_record(statement), "underlyings": parts}


def _explanation(explanation: "Explanation") -> dict[str, Any]:
    return {
        "account": explanation.statements[0].account if explanation.statements else None,
        "positions": [
            {
                "contract": p.contract.name,
                "size": f"{p.size:f}",
                "currency": p.currency,
                "initial": p.initial,
                "maintenance": p.maintenance,
            }
            for p in explanation.positions
        ],
        "cheapest": [
            {
                "contract": f.trade.contract.name,
                "size": f"{f.trade.size:f}",
                "price": float(f.trade.price),
                "currency": f.currency,
                "cost": f.cost,
                "freed": f.freed,
                "asked": f.asked,
                "enough": f.enough,
            }
            for f in explanation.cheapest
        ],
        "admission": explanation.admission,
        "refusal": explanation.refusal,
        "after": None
        if explanation.after is None
        else [_statement(statement) for statement in explanation.after],
    }
