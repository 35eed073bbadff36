"""Chain files: what a chain changes of a venue file, and who is there to buy.

A *comparison* file names the chains and the policies, and says what is changed of the book. A
*chain* file has sections of a venue file, which are laid over it key by key (``liquidation``,
``pools``, ``waterfall``), and a ``cast``: keepers who bid in auctions, makers who commit
themselves, members of pools, and how many accounts have opted in to soft liquidation. Decimals are
strings, as everywhere.
"""

import tomllib
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from hullmark.clearing import Rules
from hullmark.domain import Node, read_tree
from hullmark.errors import DocumentError

NO_POLICY = "none"  # nobody is deleveraged
_SECTIONS = ("liquidation", "pools", "waterfall")
_COUNT_MAX = 1_000  # of each part of the cast
_ACCOUNTS_MAX = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Keepers:
    """Who bids in auctions, as one rule for all of them."""

    count: int
    capital_usd: int  # of each
    margin: Decimal  # share of the notional that a bid must gain at the marks
    reaction_s: int  # between two looks at the open auctions


@dataclass(frozen=True, slots=True, kw_only=True)
class Makers:
    """Who commits itself to take over liquidated lots."""

    count: int
    capital_usd: int
    offset: Decimal  # of the mark, by which a quote is worse for the account
    depth_share: Decimal  # of the depth that the venue file declares: the size of a quote
    hold_s: int  # how long a quote is firm


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Who has paid into a pool before the window opens."""

    pool: str
    count: int
    capital_usd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CastTerms:
    """Who is there; what is ``None`` is not."""

    keepers: Keepers | None = None
    makers: Makers | None = None
    members: tuple[Members, ...] = ()
    opted_in: Decimal = Decimal(0)  # share of the accounts with soft terms


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainPlan:
    """One chain: what it changes of the venue file, and its cast."""

    name: str
    title: str
    sections: Mapping[str, Any]
    cast: CastTerms

    @classmethod
    def parse(cls, name: str, tree: Mapping[str, Any]) -> "ChainPlan":
        """Read the tree of a chain file.

        Raises
        ------
        DocumentError
            If a key is unknown or missing, or a value breaks its rule. The sections of the venue
            file are checked when rules are made of them.
        """

        def read(node: Node) -> ChainPlan:
            fields = node.fields({"title"}, {*_SECTIONS, "cast"})
            sections = {key: fields[key].table() for key in _SECTIONS if key in fields}
            cast = _cast(fields["cast"]) if "cast" in fields else CastTerms()
            return cls(name=name, title=fields["title"].text(), sections=sections, cast=cast)

        return read_tree(tree, read)

    def rules(self, venue: Mapping[str, Any], policy: str) -> Rules:
        """Return the venue's rules under this chain and a policy of deleveraging.

        Raises
        ------
        DocumentError
            If what comes out is no venue file.
        """
        tree = _laid_over(venue, self.sections)
        waterfall = tree.setdefault("waterfall", {})
        steps = waterfall.get("steps", [])
        if "adl" in steps and policy == NO_POLICY:
            waterfall["steps"] = [step for step in steps if step != "adl"]
            waterfall.pop("adl", None)
        elif "adl" in steps:
            waterfall["adl"] = {**waterfall.get("adl", {}), "policy": policy}
        try:
            return Rules.parse(tree)
        except DocumentError as e:
            raise DocumentError(f"chain {self.name}, policy {policy}: {e}") from e


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonPlan:
    """What is compared, and on which book."""

    chains: tuple[ChainPlan, ...]
    policies: tuple[str, ...]
    accounts: int
    hedged_share: Decimal  # of the cross accounts
    fund_share: Decimal  # of gross open interest, at the opening


def read_comparison(path: Path) -> ComparisonPlan:
    """Read a comparison file, and the chain files that it names beside it.

    Raises
    ------
    DocumentError
        If a file cannot be read, is not TOML, or breaks the schema; the message names it.
    """
    try:
        return read_tree(_tree(path), lambda node: _comparison(node, path.parent))
    except DocumentError as e:
        raise DocumentError(f"comparison file {path}: {e}") from e


def _comparison(node: Node, folder: Path) -> ComparisonPlan:
    fields = node.fields({"chains", "policies", "book"})
    book = fields["book"].fields({"accounts", "hedged_share", "fund_share"})
    names = [entry.text() for entry in fields["chains"].entries()]
    policies = [entry.text() for entry in fields["policies"].entries()]
    for key, listed in (("chains", names), ("policies", policies)):
        if not listed or len(set(listed)) != len(listed):
            fields[key].refuse("be distinct names, one at least")
    return ComparisonPlan(
        chains=tuple(_read_chain(folder / name) for name in names),
        policies=tuple(policies),
        accounts=book["accounts"].counted(minimum=2, maximum=_ACCOUNTS_MAX),
        hedged_share=_share(book["hedged_share"]),
        fund_share=_share(book["fund_share"]),
    )


def _read_chain(path: Path) -> ChainPlan:
    try:
        return ChainPlan.parse(path.stem, _tree(path))
    except DocumentError as e:
        raise DocumentError(f"chain file {path}: {e}") from e


def _tree(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as e:
        raise DocumentError(f"it must be readable TOML, but {e}") from e


def _cast(node: Node) -> CastTerms:
    fields = node.fields(set(), {"keepers", "makers", "members", "opted_in"})
    return CastTerms(
        keepers=_keepers(fields["keepers"]) if "keepers" in fields else None,
        makers=_makers(fields["makers"]) if "makers" in fields else None,
        members=tuple(
            _members(pool, each) for pool, each in fields["members"].items().items()
        ) if "members" in fields else (),
        opted_in=_share(fields["opted_in"]) if "opted_in" in fields else Decimal(0),
    )  # fmt: skip


def _keepers(node: Node) -> Keepers:
    fields = node.fields({"count", "capital_usd", "margin", "reaction_s"})
    return Keepers(
        count=_count(fields["count"]),
        capital_usd=_usd(fields["capital_usd"]),
        margin=_share(fields["margin"]),
        reaction_s=fields["reaction_s"].counted(minimum=1, maximum=3_600),
    )


def _makers(node: Node) -> Makers:
    fields = node.fields({"count", "capital_usd", "offset", "depth_share", "hold_s"})
    return Makers(
        count=_count(fields["count"]),
        capital_usd=_usd(fields["capital_usd"]),
        offset=_share(fields["offset"]),
        depth_share=fields["depth_share"].positive_decimal(),
        hold_s=fields["hold_s"].counted(minimum=1, maximum=86_400),
    )


def _members(pool: str, node: Node) -> Members:
    fields = node.fields({"count", "capital_usd"})
    return Members(
        pool=pool, count=_count(fields["count"]), capital_usd=_usd(fields["capital_usd"])
    )


def _count(node: Node) -> int:
    return node.counted(minimum=1, maximum=_COUNT_MAX)


def _usd(node: Node) -> int:
    return node.counted(minimum=1, maximum=10**12)


def _share(node: Node) -> Decimal:
    share = node.decimal(minimum=0)
    if share > 1:
        node.refuse("be <= 1")
    return share


# Tables are laid over each other key by key; everything else takes the place of what was there.
def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = deepcopy(dict(below))
    for key, value in above.items():
        under = merged.get(key)
        if isinstance(under, Mapping) and isinstance(value, Mapping):
            merged[key] = _laid_over(under, value)
        else:
            merged[key] = deepcopy(value)
    return merged
