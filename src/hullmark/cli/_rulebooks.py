"""The ``hullmark rulebooks`` command."""

import json
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from hullmark.cli._main import ExitStatus

if TYPE_CHECKING:
    from hullmark.rulebooks import Composition, RuleBook


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "name", metavar="NAME", nargs="?", help="print one rule book, with every parameter"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")


def run(args: Namespace) -> int:
    """Print the rule books that are installed, or one of them whole."""
    from hullmark.rulebooks import load_rulebook, rulebook_names

    names = rulebook_names() if args.name is None else (args.name,)
    books = [load_rulebook(name) for name in names]
    if args.json:
        print(json.dumps([_tree(book, whole=args.name is not None) for book in books], indent=2))
    elif args.name is None:
        print("\n\n".join(_lines(book) for book in books))
    else:
        print(_lines(books[0]), _parts(books[0].composition), sep="\n\n")
        print(_parameters(books[0].parameters))
    return ExitStatus.FINE


def _lines(book: "RuleBook") -> str:
    parts = [f"{book.name}: {book.venue}, {book.title[0].lower()}{book.title[1:]} ({book.date})"]
    for heading, lines in (
        ("covers", book.covers),
        ("source", book.sources),
        ("differs", book.differences),
    ):
        parts += [f"  {heading:8} {line}" for line in lines]
    return "\n".join(parts)


def _tree(book: "RuleBook", *, whole: bool) -> dict[str, object]:
    from msgspec import to_builtins

    tree: dict[str, object] = {
        "name": book.name,
        "venue": book.venue,
        "title": book.title,
        "date": book.date,
        "sources": book.sources,
        "covers": book.covers,
        "differences": book.differences,
    }
    if not whole:
        return tree
    parts = to_builtins(book.composition)
    return {**tree, "model": book.model, "composition": parts, "parameters": book.parameters}


# The parts in their order, each with the section of the parameters that it reads.
def _parts(composition: "Composition") -> str:
    named = {
        "scenarios": [composition.scenarios],
        "nodes": [composition.nodes],
        "post": composition.posts,
        "add-on": composition.add_ons,
        "floor": composition.floors,
    }
    lines = []
    for kind, parts in named.items():
        for part in filter(None, parts):
            reads = f", reads {part.section}" if part.section else ""
            lines.append(f"  {kind:9} {part.part}{reads}{', inside' if part.inside else ''}")
    return "\n".join([*lines, ""]) if lines else ""


# Every parameter under the path that --set takes.
def _parameters(tree: object, path: str = "") -> str:
    if isinstance(tree, dict):
        return "\n".join(
            _parameters(value, f"{path}.{key}" if path else key) for key, value in tree.items()
        )
    if isinstance(tree, list) and any(isinstance(entry, dict) for entry in tree):
        return "\n".join(_parameters(entry, f"{path}.{n}") for n, entry in enumerate(tree))
    return f"{path} = {tree if isinstance(tree, str) else json.dumps(tree)}"
