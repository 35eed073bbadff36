"""Write the generated pages of ``docs/reference/``: ``python tools/reference.py [--check]``.

Each page is made from the docstrings, fields and comments of the source, so that what is documented
is what is there: the venue's commands and events, every refusal in order of precedence and by
command, the subcommands of ``hullmark``, the keys of ``report.json``, and the rules that can be
called by themselves. ``--check`` writes nothing and fails if a page is not as it would be.
"""

import ast
import inspect
import sys
from argparse import SUPPRESS, Action, ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from enum import Enum, StrEnum
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import get_args

from hullmark import domain
from hullmark.clearing import REFUSALS
from hullmark.cli._main import COMMANDS, ExitStatus, build_parser
from hullmark.domain import AuctionEnd, HandOver, Parked, QuoteEnd, Reason
from hullmark.studies import Report

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
NOTICE = "<!-- Made from the source by tools/reference.py. Change it there; make reference. -->"

_JSON_WORDS = {
    "str": "string",
    "int": "whole number",
    "Count": "whole number",
    "float": "number",
    "bool": "boolean",
    "Usd": "decimal string",
    "Units": "decimal string",
}
_UNITS = (
    "Amounts are whole quanta of their asset (`_quanta`), sizes whole lots of their instrument\n"
    "(`lots`), prices and rates nanos, billionths (`_nano`), instants nanoseconds UTC (`_ns`). A\n"
    "field without a default must be given."
)


def main() -> int:
    """Write the pages, or say which are out of date; return the exit status."""
    parser = ArgumentParser(description="Write the generated pages of docs/reference/.")
    parser.add_argument("--check", action="store_true", help="write nothing, fail if out of date")
    args = parser.parse_args()
    status = 0
    for name, make in PAGES.items():
        path, text = REFERENCE / name, make()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if args.check:
            print(f"docs/reference/{name} is out of date: run make reference", file=sys.stderr)
            status = 1
        else:
            path.write_text(text, encoding="utf-8")
            print(f"docs/reference/{name}")
    return status


def refusals_page() -> str:
    """Return the page of everything a venue can say no with."""
    return _page(
        "Refusals",
        f"{_prose(inspect.getdoc(inspect.getmodule(Reason)))}\n\n"
        "A refusal is an event, [`Refused`](events.md#refused): it is journalled like any other,\n"
        "and its `detail` names the argument, the rule and the value. Misuse of the library is an\n"
        "exception instead, a subclass of `hullmark.errors.HullmarkError`.",
        _reasons("Why a command was refused", Reason, numbered=True),
        "## What each command is refused for\n\n"
        "Of several reasons that hold, the one that stands first is given. Before there are\n"
        "rules, every command but `AdoptRules` is refused for `RULES_MISSING`.",
        _catalogue(),
        "## Why a liquidation waits\n\n"
        "These come with [`LiquidationParked`](events.md#liquidationparked): the liquidation is\n"
        "not given up, it goes on at `until_ns`.",
        _reason_table(Parked, numbered=False),
        "## Why a stage hands over\n\n"
        "These come with [`StageEntered`](events.md#stageentered): the stage before has done what\n"
        "it can. The chain, and what each stage does, are in [Chains](../concepts/chains.md).",
        _reason_table(HandOver, numbered=False),
        "## Why an auction ends\n\nThese come with [`AuctionEnded`](events.md#auctionended).",
        _reason_table(AuctionEnd, numbered=False),
        "## Why a quote ends\n\nThese come with [`QuoteEnded`](events.md#quoteended).",
        _reason_table(QuoteEnd, numbered=False),
    )


def commands_page() -> str:
    """Return the page of what a venue can be asked to do."""
    return _page(
        "Commands",
        "What a venue can be asked to do. A command is either carried out whole or refused with\n"
        "one of the [refusals](refusals.md); what it leads to is a list of [events](events.md).\n\n"
        f"{_UNITS}",
        *_structs(domain.commands, get_args(domain.Command)),
    )


def events_page() -> str:
    """Return the page of what can have happened."""
    return _page(
        "Events",
        "What has happened, exactly. The journal holds events, and replay needs nothing else:\n"
        "whatever was decided from floats stands here in whole numbers.\n\n"
        f"{_UNITS}",
        *_structs(domain.events, get_args(domain.Event)),
        *_structs(_module_of(domain.PriceMemory), (domain.PriceMemory,)),
    )


def cli_page() -> str:
    """Return the page of the command line."""
    statuses = "\n".join(f"| {status} | {status.name.lower()} |" for status in ExitStatus)
    return _page(
        "The command line",
        "`hullmark COMMAND [ARGUMENTS]`. An error is one line on standard error. `--help` after a\n"
        "command lists its arguments; `hullmark --version` prints the version.",
        f"| Exit status | Meaning |\n|---|---|\n{statuses}",
        *(_subcommand(name, summary) for name, (_, summary) in COMMANDS.items()),
    )


def report_page() -> str:
    """Return the page of the keys of ``report.json``."""
    module = _module_of(Report)
    return _page(
        "The report",
        "`hullmark replay` tells its result three times: as a table on the terminal, as a page\n"
        "with pictures, and for programs as `report.json`, whose keys are these. Equal replays\n"
        "give equal files but for `wall_s` and `slowest`. `hullmark.studies.read_report` checks\n"
        "the parsed file and returns it with types. How to read it is in\n"
        "[Replay an incident](../guides/replay-an-incident.md#read-the-report).",
        "Money is in units of `numeraire`, as **decimal strings**, so that no cent is lost. Every\n"
        "key is always there. A key that a newer version adds is ignored by an older reader.",
        *(_record(kind, module) for kind in _classes(module, first=(Report, module.Run))),
    )


def _module_of(kind: type) -> ModuleType:
    module = inspect.getmodule(kind)
    assert module is not None, "a class has a module"
    return module


def _page(title: str, *blocks: str) -> str:
    return "\n\n".join([NOTICE, f"# {title}", *blocks]) + "\n"


def _reasons(title: str, reasons: type[StrEnum], *, numbered: bool) -> str:
    return f"## {title}\n\n{_reason_table(reasons, numbered=numbered)}"


def _reason_table(reasons: type[StrEnum], *, numbered: bool) -> str:
    rows = [["", "Reason", "Meaning"], ["---"] * 3]
    rows += [[str(i), f"`{r.name}`", r.value] for i, r in enumerate(reasons, 1)]
    return "\n".join(_row(row if numbered else row[1:]) for row in rows)


def _catalogue() -> str:
    rows = [["Command", "Reasons, in order"], ["---"] * 2]
    for kind in get_args(domain.Command):
        name = kind.__name__
        found = [f"`{r.name}`" for r in REFUSALS[kind] if r is not Reason.RULES_MISSING]
        link = f"[`{name}`](commands.md#{name.lower()})"
        rows.append([link, ", ".join(found) or "none"])
    return "\n".join(map(_row, rows))


def _structs(module: ModuleType, listed: tuple[type, ...]) -> Iterator[str]:
    """Yield a block per struct of the union, and of what its members are made of."""
    kinds = list(_classes(module, first=listed))
    fields: dict[str, list[list[str]]] = {}
    for defined in {id(found): found for found in map(_module_of, kinds)}.values():
        fields |= _fields(inspect.getsource(defined))
    for kind in kinds:
        yield _struct(kind, fields[kind.__name__])


def _classes(module: ModuleType, *, first: tuple[type, ...]) -> Iterator[type]:
    """Yield the public classes that a module defines, some of them before the others."""
    yield from first
    for kind in vars(module).values():
        if not inspect.isclass(kind) or kind in first or kind.__name__.startswith("_"):
            continue
        if kind.__module__ == module.__name__:
            yield kind


def _record(kind: type, module: ModuleType) -> str:
    """Return a table of the keys of one JSON object."""
    head = [["Key", "Value", ""], ["---"] * 3]
    rows = []
    source = inspect.getsource(kind)
    for line, comment in _annotated(ast.parse(source).body[0], source.splitlines()):
        renamed = [k.value for k in getattr(line.value, "keywords", ()) if k.arg == "name"]
        key = ast.literal_eval(renamed[0]) if renamed else ast.unparse(line.target)
        rows.append([f"`{key}`", _json_kind(line.annotation, module), comment])
    table = "\n".join(map(_row, head + rows))
    return f"## {kind.__name__}\n\n{inspect.getdoc(kind)}\n\n{table}"


def _json_kind(annotation: ast.expr, module: ModuleType, *, many: bool = False) -> str:
    """Say an annotation in words of JSON."""
    match annotation:
        case ast.Name(name) if name in _JSON_WORDS:
            text = _JSON_WORDS[name] + "s" * many
        case ast.Name(name) if hasattr(module, name):
            text = f"[{name}](#{name.lower()})"
        case ast.BinOp(left=kind, right=ast.Constant(None)):
            text = f"{_json_kind(kind, module)}, or null"
        case ast.Subscript(ast.Name("Annotated"), ast.Tuple([kind, *_])):
            text = _json_kind(kind, module)
        case ast.Subscript(ast.Name("list"), kind):
            text = f"list{'s' * many} of {_json_kind(kind, module, many=True)}"
        case ast.Subscript(ast.Name("dict"), ast.Tuple([_, kind])):
            text = f"object of {_json_kind(kind, module, many=True)}"
        case ast.Subscript(ast.Name("tuple"), ast.Tuple(kinds)):
            text = f"list of {len(kinds)} {_json_kind(kinds[0], module, many=True)}"
        case ast.Subscript(ast.Name("Literal"), ast.Tuple(texts)):
            text = " or ".join(f'`"{ast.literal_eval(each)}"`' for each in texts)
        case _:
            raise ValueError(f"annotation must have words, was {ast.unparse(annotation)}")
    return text


def _struct(kind: type, fields: list[list[str]]) -> str:
    head = [["Field", "Type", "Default", ""], ["---"] * 4]
    table = "\n".join(map(_row, head + fields)) if fields else "No fields."
    return f"## {kind.__name__}\n\n{inspect.getdoc(kind)}\n\n{table}"


def _fields(source: str) -> dict[str, list[list[str]]]:
    """Return name, type, default and comment of each field, by class."""
    lines = source.splitlines()
    found: dict[str, list[list[str]]] = {}
    for node in ast.parse(source).body:
        if not isinstance(node, ast.ClassDef):
            continue
        rows = found.setdefault(node.name, [])
        for line, comment in _annotated(node, lines):
            annotation = ast.unparse(line.annotation).replace("'", "")
            default = f"`{_default(line.value)}`" if line.value else ""
            rows.append([f"`{ast.unparse(line.target)}`", f"`{annotation}`", default, comment])
    return found


# A default of the factory `int` is written out where another 0 would be left out; it is 0 still.
def _default(value: ast.expr) -> str:
    text = ast.unparse(value)
    return "0" if text == "field(default_factory=int)" else text


def _annotated(node: ast.stmt, lines: Sequence[str]) -> Iterator[tuple[ast.AnnAssign, str]]:
    """Yield each field of a class with the comment behind it."""
    assert isinstance(node, ast.ClassDef), "fields are those of a class"
    for line in node.body:
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
            yield line, lines[line.lineno - 1].partition("  # ")[2]


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _words(action: Action) -> str:
    # As argparse prints it: its help is a %-format.
    return str(action.help).replace("%(default)s", str(action.default)).replace("%%", "%")


def _subcommand(name: str, summary: str) -> str:
    parser = build_parser(name)
    choices = next(a.choices for a in parser._actions if isinstance(a.choices, dict))
    actions = [a for a in choices[name]._actions if a.dest != "help"]
    rows = [f"| {_spelling(a)} | {_words(a)} |" for a in actions if a.help != SUPPRESS]
    text = f"## hullmark {name}\n\n{summary[0].upper()}{summary[1:]}."
    return text + ("\n\n| Argument | |\n|---|---|\n" + "\n".join(rows) if rows else "")


def _spelling(action: Action) -> str:
    takes = action.metavar or ("{" + ",".join(action.choices) + "}" if action.choices else None)
    if not action.option_strings:
        return f"`{takes or action.dest}`"
    value = "" if action.nargs == 0 else f" {takes or action.dest.upper()}"
    return f"`{', '.join(action.option_strings)}{value}`"


def _prose(docstring: str | None) -> str:
    # A module's docstring without its title line.
    assert docstring, "every module says what it holds"
    return docstring.partition("\n\n")[2]


def rules_page() -> str:
    """Return the page of rules that can be called by themselves."""
    parts = [
        "# Rules, each by itself\n",
        "Every rule of prices, liquidation and losses is a function of explicit numbers, or a\n"
        "value with its steps as methods. Numbers are `Decimal`, `int` or text, or whole units\n"
        "where the original counts in them; rounding goes the way it goes there. Nothing is\n"
        "remembered that is not shown. Ranges, errors and sources are in each docstring:\n"
        "`help(name)`.\n",
    ]
    for package, words in _RULE_PACKAGES.items():
        module = import_module(package)
        parts.append(f"## {package}\n\n{words}\n\n| Name | |\n|---|---|")
        rows = [(name, getattr(module, name)) for name in module.__all__]
        parts.append(
            "\n".join(
                f"| `{name}{_parameters(found)}` | {_first_line(found)} |"
                for name, found in rows
                if callable(found) and str(getattr(found, "__module__", "")).startswith("hullmark")
            )
            + "\n"
        )
    return f"{NOTICE}\n\n" + "\n".join(parts)


_RULE_PACKAGES = {
    "hullmark.liquidation": "Sizes, price limits, auctions, pools, bonuses, and the engines.",
    "hullmark.liquidation.perpetual": "What single perpetual venues do.",
    "hullmark.waterfall": "Funds, stakes, seasons, deleveraging, and loss that all bear.",
    "hullmark.rulebooks.maker": "Maker's Dog, Clip and Abaci, in its own integers.",
    "hullmark.rulebooks.liquity": "Liquity's pools and redistribution, in its own integers.",
    "hullmark.rulebooks.aave": "Aave's liquidation call, by version.",
    "hullmark.rulebooks.derive": "Derive's auctions, lending pool and admission, in its integers.",
    "hullmark.rulebooks.deribit": "Deribit's incremental liquidation.",
    "hullmark.market": "Prices: [each rule is told here](../concepts/price-rules.md).",
}


def _parameters(found: object) -> str:
    if isinstance(found, type) and issubclass(found, Enum | BaseException):
        return ""
    try:
        names = inspect.signature(found).parameters.values()  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return ""
    told, starred = [], False
    for one in names:
        if one.kind is one.KEYWORD_ONLY and not starred:
            told.append("*")
            starred = True
        optional = "" if one.default is one.empty else "=..."
        told.append(f"{one.name}{optional}")
    return f"({', '.join(told)})"


def _first_line(found: object) -> str:
    return (inspect.getdoc(found) or "").partition("\n")[0].replace("|", "\\|")


PAGES: dict[str, Callable[[], str]] = {
    "refusals.md": refusals_page,
    "commands.md": commands_page,
    "events.md": events_page,
    "cli.md": cli_page,
    "report.md": report_page,
    "rules.md": rules_page,
}

if __name__ == "__main__":
    sys.exit(main())
