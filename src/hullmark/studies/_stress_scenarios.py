"""Scenarios of a stress test: moves of prices and volatility, and what is left of the depth."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from hullmark.domain import Node
from hullmark.errors import DocumentError

STANDARD_MOVES = (-0.5, -0.4, -0.3, -0.2, -0.1, 0.1, 0.2, 0.3, 0.4, 0.5)
_ALONE = (-0.5, 0.5)  # of one underlying, the others standing
_HEAD = frozenset({"title", "text", "source"})  # for whoever reads the file


class StressScenario(NamedTuple):
    """One state of the market, as it differs from that of today."""

    name: str
    moves: Mapping[str, float]  # relative, by underlying or asset; > -1
    others: float = 0.0  # relative move of all else that is not meant to be stable; > -1
    vol: float = 0.0  # relative move of every volatility; > -1
    depth: float = 1.0  # share of the depths that is left; > 0

    def factors(self, moving: Sequence[str]) -> dict[str, float]:
        """Return what each price is times; *moving* is what is not meant to be stable."""
        rest = dict.fromkeys(moving, 1.0 + self.others)
        return rest | {symbol: 1.0 + move for symbol, move in self.moves.items()}


def standard_scenarios(moving: Sequence[str]) -> tuple[StressScenario, ...]:
    """Return joint moves from half down to half up, and each of *moving* alone by a half.

    A half is what has happened: on 12 and 13 March 2020 bitcoin fell by 51.7 % (hourly bars of
    Bitstamp) and ether by 56.0 % (of Binance).

    >>> [scenario.name for scenario in standard_scenarios(["BTC", "ETH"])][8:13]
    ['all +40%', 'all +50%', 'BTC -50%', 'BTC +50%', 'ETH -50%']
    """
    joint = [StressScenario(f"all {move:+.0%}", {}, others=move) for move in STANDARD_MOVES]
    alone = [
        StressScenario(f"{symbol} {move:+.0%}", {symbol: move})
        for symbol in moving
        for move in _ALONE
        if len(moving) > 1
    ]
    return (*joint, *alone)


def read_scenarios(path: Path) -> tuple[StressScenario, ...]:
    """Return the scenarios of a TOML file, in its order.

    Raises
    ------
    DocumentError
        If the file is not TOML, or breaks the schema; the message names both.
    """
    try:
        return parse_scenarios(tomllib.loads(path.read_text(encoding="utf-8")))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, DocumentError) as e:
        raise DocumentError(f"scenario set {path}: {e}") from e


def parse_scenarios(tree: object) -> tuple[StressScenario, ...]:
    """Return the scenarios of a tree, as a file of them has it.

    Raises
    ------
    DocumentError
        If the tree breaks the schema.
    """
    entries = Node("", tree).fields({"scenarios"}, _HEAD)["scenarios"].entries()
    found: dict[str, StressScenario] = {}
    for entry in entries:
        fields = entry.fields({"name"}, {"moves", "others", "vol", "depth", "source"})
        scenario = StressScenario(
            name=fields["name"].text(),
            moves={
                symbol: _move(node)
                for symbol, node in fields.get("moves", Node("moves", {})).items().items()
            },
            others=_move(fields["others"]) if "others" in fields else 0.0,
            vol=_move(fields["vol"]) if "vol" in fields else 0.0,
            depth=float(fields["depth"].positive_decimal()) if "depth" in fields else 1.0,
        )
        if scenario.name in found:
            fields["name"].refuse("be used once")
        found[scenario.name] = scenario
    if not found:
        Node("scenarios", []).lacks("one scenario at least")
    return tuple(found.values())


def _move(node: Node) -> float:
    move = node.decimal()
    if move <= -1:
        node.refuse("be > -1")
    return float(move)
