"""The ``hullmark example`` command."""

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

from hullmark.cli._main import ExitStatus
from hullmark.cli._market import HELP, read_market
from hullmark.cli._output import write_whole
from hullmark.cli._progress import Progress

_WIDTH = 100


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--market", metavar="CHAIN[@TIME]", required=True, help=HELP)
    parser.add_argument("--output", metavar="PATH", type=Path, help="write here, not to stdout")


def run(args: Namespace) -> int:
    """Write the document."""
    from hullmark.studies import example_document

    chain = read_market(args.market)
    with Progress("setting collateral") as progress:
        text = to_json(example_document(chain, on_progress=progress))
    if args.output is None:
        print(text)
    else:
        write_whole(args.output, f"{text}\n".encode())
    return ExitStatus.FINE


def to_json(tree: object, *, indent: str = "") -> str:
    """Write a tree for people as well: whatever fits on a line stays on one."""
    line = json.dumps(tree)
    if len(indent) + len(line) <= _WIDTH or not isinstance(tree, dict | list):
        return line
    inner = indent + "  "
    if isinstance(tree, list):
        members = [f"{inner}{to_json(value, indent=inner)}" for value in tree]
    else:
        members = [f"{inner}{json.dumps(k)}: {to_json(v, indent=inner)}" for k, v in tree.items()]
    opening, closing = "[]" if isinstance(tree, list) else "{}"
    return "\n".join([opening, ",\n".join(members), indent + closing])
