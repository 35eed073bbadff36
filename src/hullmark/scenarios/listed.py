"""Scenario sets: where a rule book's scenarios come from."""

from typing import Self

from msgspec import Struct

from hullmark.domain import Node
from hullmark.scenarios._shocks import Shock, parse_shocks


class Listed(Struct, frozen=True):
    """Scenarios that the parameters list one by one."""

    shocks: tuple[Shock, ...]

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read a list of ``{spot, vol, weight}``."""
        return cls(parse_shocks(node))
