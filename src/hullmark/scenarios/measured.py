"""Measured scenario sets: joint moves of spot and volatility that a market has made.

A set is a file of this folder, written by the program that measured it, with its source and date.
"""

import tomllib
from importlib.resources import files
from typing import Any, NamedTuple, Self

from msgspec import Struct

from hullmark.domain import Node
from hullmark.errors import DocumentError
from hullmark.scenarios._joint import MoveShape, VolMove
from hullmark.scenarios._shocks import SCENARIOS_MAX, Shock

_FOLDER = files("hullmark.scenarios")
_HEAD = {"title", "source", "program", "horizon_hours", "snapshots"}


class MeasuredSet(NamedTuple):
    """The scenarios of a file, by the underlying whose market made them, with their names."""

    title: str
    source: str
    program: str  # that wrote the file
    horizon_hours: float
    snapshots: int  # that were compared
    scenarios: dict[str, dict[str, Shock]]

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read the tree of a file."""
        fields = node.fields({*_HEAD, "underlyings"})
        by_coin = fields["underlyings"].items()
        return cls(
            title=fields["title"].text(),
            source=fields["source"].text(),
            program=fields["program"].text(),
            horizon_hours=float(fields["horizon_hours"].positive_decimal()),
            snapshots=fields["snapshots"].whole(minimum=2),
            scenarios={coin: _scenarios(entry) for coin, entry in by_coin.items()},
        )


class Measured(Struct, frozen=True):
    """The scenarios of a measured set, as a part of a rule book."""

    shocks: tuple[Shock, ...]

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read ``{set, of}``: the name of the set, and of which underlyings it is taken.

        Every account is shocked by all of them, whatever it is on.
        """
        fields = node.fields({"set", "of"})
        known = load_measured(fields["set"].choice(*measured_names())).scenarios
        chosen = [entry.choice(*known) for entry in fields["of"].entries()]
        if not chosen or len(set(chosen)) < len(chosen):
            fields["of"].refuse("name at least one underlying, and each once")
        shocks = tuple(shock for coin in chosen for shock in known[coin].values())
        if len(shocks) > SCENARIOS_MAX:
            fields["of"].refuse_value(f"have at most {SCENARIOS_MAX} scenarios", len(shocks))
        return cls(shocks)


def measured_names() -> tuple[str, ...]:
    """Return the names of the measured sets, sorted."""
    names = (entry.name for entry in _FOLDER.iterdir())
    return tuple(sorted(n.removesuffix(".toml") for n in names if n.endswith(".toml")))


def load_measured(name: str) -> MeasuredSet:
    """Return the measured set called *name*, one of `measured_names`.

    Raises
    ------
    DocumentError
        If its data break the schema.
    """
    text = _FOLDER.joinpath(f"{name}.toml").read_text(encoding="utf-8")
    try:
        return MeasuredSet.parse(Node("", tomllib.loads(text)))
    except (DocumentError, tomllib.TOMLDecodeError) as e:
        raise DocumentError(f"scenario set {name}: {e}") from e


def _scenarios(node: Node) -> dict[str, Shock]:
    fields = node.fields({"shape", "scenarios"})
    shape = MoveShape.parse(fields["shape"])
    found: dict[str, Shock] = {}
    for entry in fields["scenarios"].entries():
        keys = entry.fields({"name", "spot", "level", "term", "skew", "weight"})
        name = keys["name"].text()
        if name in found:
            keys["name"].refuse("be used once")
        move: dict[str, Any] = {k: float(keys[k].decimal()) for k in ("level", "term", "skew")}
        spot, weight = keys["spot"].positive_decimal(), keys["weight"].decimal(minimum=0)
        found[name] = Shock(spot=spot, vol=VolMove(**move, shape=shape), weight=weight)
    return found
