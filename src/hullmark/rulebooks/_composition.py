"""What a rule book is put together from: the part of its data that names rules, not numbers."""

from collections.abc import Mapping
from typing import NamedTuple, Self

from msgspec import Struct

from hullmark.domain import Node
from hullmark.errors import DocumentError

PARTS = "hullmark.margin_parts"
_SCOPES = ("account", "underlying")
_DISCOUNTS = ("none", "rate")
_KINDS = ("option", "perpetual", "future")


class PartName(NamedTuple):
    """A part, and the section of the parameters that it reads; "" for none."""

    part: str
    section: str
    inside: bool = False  # whether the factor multiplies its charge, too


class Composition(Struct, frozen=True, kw_only=True):
    """The parts of a margin model."""

    cash: str  # the asset in which accounts settle, where that is not a coin
    scope: str = "account"  # what nets: all of an account, or what it holds on an underlying
    discount: str = "none"  # how option values are discounted
    kinds: tuple[str, ...] = _KINDS  # of contracts that are margined
    expired: bool = False  # whether an expired option that waits for settlement is margined
    markets: bool = False  # whether each underlying has parameters of its own
    orders: bool = False  # whether orders that rest are margined
    scenarios: PartName | None = None
    nodes: PartName | None = None  # scenarios at the strikes that a row holds
    posts: tuple[PartName, ...] = ()
    add_ons: tuple[PartName, ...] = ()
    floors: tuple[PartName, ...] = ()  # charges that the requirement is not below

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read the section ``composition``."""
        fields = node.fields(
            {"cash"},
            {"scope", "discount", "kinds", "expired", "markets", "orders"}
            | {"scenarios", "nodes", "posts", "add_ons", "floors"},
        )
        flags = {
            key: key in fields and fields[key].flag() for key in ("expired", "markets", "orders")
        }
        return cls(
            cash=fields["cash"].text(),
            scope=fields["scope"].choice(*_SCOPES) if "scope" in fields else _SCOPES[0],
            discount=fields["discount"].choice(*_DISCOUNTS) if "discount" in fields else "none",
            expired=flags["expired"],
            markets=flags["markets"],
            orders=flags["orders"],
            kinds=_kinds(fields.get("kinds")),
            scenarios=_part(fields["scenarios"]) if "scenarios" in fields else None,
            nodes=_part(fields["nodes"]) if "nodes" in fields else None,
            posts=_parts(fields.get("posts")),
            add_ons=_parts(fields.get("add_ons")),
            floors=_parts(fields.get("floors")),
        )

    def only(self, *read: str) -> None:
        """Refuse parts that a model does not read; *read* are those it does.

        Raises
        ------
        DocumentError
            If another one is there.
        """
        for name in ("scenarios", "nodes", "posts", "add_ons", "floors", "orders"):
            if getattr(self, name) and name not in read:
                raise DocumentError(
                    f"composition must leave out {name!r}, which the model does not read"
                )

    def sections(self, fields: Mapping[str, Node]) -> dict[str, Node]:
        """Return the nodes that the parts read, by the name of the section.

        A dot leads into a section, ``contingency.perpetual``, whose other keys other parts read.
        """
        found, inner = {"": Node("", {})}, dict[str, set[str]]()
        for name in self._names:
            outer, dot, _ = name.partition(".")
            if dot:
                inner.setdefault(outer, set()).add(name)
            else:
                found[name] = fields[name]
        for outer, names in inner.items():
            members = fields[outer].fields({name.partition(".")[2] for name in names})
            found |= {name: members[name.partition(".")[2]] for name in names}
        return found

    @property
    def keys(self) -> set[str]:
        """The keys of the parameters that the parts read."""
        return {name.partition(".")[0] for name in self._names}

    @property
    def _names(self) -> set[str]:
        named = [*self.posts, *self.add_ons, *self.floors, self.scenarios, self.nodes]
        return {part.section for part in named if part is not None and part.section}


def _kinds(node: Node | None) -> tuple[str, ...]:
    if node is None:
        return _KINDS
    if not node.entries():
        node.refuse("name at least one kind of contract")
    return tuple(entry.choice(*_KINDS) for entry in node.entries())


def _parts(node: Node | None) -> tuple[PartName, ...]:
    return tuple(_part(entry) for entry in node.entries()) if node else ()


def _part(node: Node) -> PartName:
    fields = node.fields({"part"}, {"section", "inside"})
    return PartName(
        part=fields["part"].text(),
        section=fields["section"].text() if "section" in fields else "",
        inside="inside" in fields and fields["inside"].flag(),
    )
