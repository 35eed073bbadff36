"""Rule books: a venue's margin rules as data, found by name."""

import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources.abc import Traversable
from typing import Any, NamedTuple, Protocol, Self

from msgspec import Struct

from hullmark.core import load_plugin, plugin_names
from hullmark.domain import HeldContract, Holdings, Node, PortfolioMarket
from hullmark.errors import DocumentError
from hullmark.rulebooks._batch import Batch, Settlement
from hullmark.rulebooks._composition import Composition

BOOKS = "hullmark.rulebooks"
MODELS = "hullmark.rulebook_models"
ADMISSIONS = "hullmark.admissions"


class TradeCosts(Struct, frozen=True, kw_only=True):
    """What a trade is taken to cost when trades are ranked; the books here take Deribit's fees."""

    linear: float  # share of the notional of a perpetual or future
    option: float  # share of the notional of an option, per coin
    option_cap: float  # at most this share of its premium

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read ``{linear, option, option_cap}``."""
        fields = node.fields({"linear", "option", "option_cap"})
        return cls(**{key: float(entry.decimal(minimum=0)) for key, entry in fields.items()})


class MarginBook(Protocol):
    """A margin model with its parameters: what computes accounts."""

    @classmethod
    def parse(cls, composition: Composition, parameters: Node, /) -> Self:
        """Read the parameters."""
        ...

    def evaluate(
        self,
        market: PortfolioMarket,
        accounts: Sequence[Holdings],
        /,
        *,
        keep: bool = False,
    ) -> Sequence[Batch]:
        """Return the margin of all accounts, in batches of one underlying and currency."""
        ...

    @property
    def currencies(self) -> frozenset[str]:
        """The currencies in which accounts may have cash."""
        ...

    def settlement(self, underlying: str, /) -> Settlement:
        """Return how the rule book settles what is on *underlying*."""
        ...

    def prices(
        self, market: PortfolioMarket, contracts: Sequence[HeldContract], /
    ) -> Sequence[float]:
        """Return what the rule book takes options to be worth per unit, in their currency."""
        ...


class OpenBook(NamedTuple):
    """A rule book with its parameters in place."""

    rulebook: "RuleBook"
    margin: MarginBook
    costs: TradeCosts


class RuleBook(Struct, frozen=True, kw_only=True):
    """A rule book as it is published: what it is, where from, and its parameters as a tree."""

    name: str
    venue: str
    title: str
    date: str
    sources: tuple[str, ...]
    covers: tuple[str, ...]
    differences: tuple[str, ...]  # from what the venue computes, as far as known
    model: str
    composition: Composition
    parameters: Mapping[str, Any]
    admission: str | None = None  # the rule by which the venue lets a trade pass

    @classmethod
    def parse(cls, name: str, node: Node) -> Self:
        """Read the tree of a rule book file."""
        fields = node.fields(
            {"venue", "title", "date", "sources", "covers", "differences"}
            | {"model", "composition", "parameters"},
            {"admission"},
        )
        lists = {
            key: tuple(_line(entry) for entry in fields[key].entries())
            for key in ("sources", "covers", "differences")
        }
        fields["parameters"].check_tree()
        return cls(
            name=name,
            venue=fields["venue"].text(),
            title=fields["title"].text(),
            date=fields["date"].text(),
            model=fields["model"].text(),
            sources=lists["sources"],
            covers=lists["covers"],
            differences=lists["differences"],
            composition=Composition.parse(fields["composition"]),
            parameters=fields["parameters"].table(),
            admission=fields["admission"].text() if "admission" in fields else None,
        )

    def open(self, overrides: Mapping[str, Any] | None = None) -> OpenBook:
        """Return the model with the parameters, those of *overrides* in place of the book's own.

        Raises
        ------
        DocumentError
            If an override has no counterpart in the book, or a value breaks its rule; the message
            has the path.
        """
        tree = dict(overridden(self.parameters, overrides or {}, "parameters"))
        costs = TradeCosts.parse(Node("parameters.trade_cost", tree.pop("trade_cost", None)))
        margin: MarginBook = load_plugin(MODELS, self.model).parse(
            self.composition, Node("parameters", tree)
        )
        return OpenBook(self, margin, costs)


def _line(node: Node) -> str:
    if not isinstance(node.value, str) or not node.value:
        node.refuse("be a string that is not empty")
    return node.value


def rulebook_names() -> tuple[str, ...]:
    """Return the names of the rule books that are installed, sorted."""
    return plugin_names(BOOKS)


def load_rulebook(name: str) -> RuleBook:
    """Return the installed rule book called *name*.

    Its entry point names the folder that holds ``NAME.toml``.

    Raises
    ------
    PluginError
        If there is no such rule book, or several.
    DocumentError
        If its data break the schema.
    """
    folder: Traversable = load_plugin(BOOKS, name)
    text = folder.joinpath(f"{name}.toml").read_text(encoding="utf-8")
    try:
        return RuleBook.parse(name, Node("", tomllib.loads(text)))
    except (DocumentError, tomllib.TOMLDecodeError) as e:
        raise DocumentError(f"rule book {name}: {e}") from e


def overridden(tree: Any, overrides: Any, path: str) -> Any:  # noqa: ANN401 - any value of a tree
    """Return *tree* with the values of *overrides* in their place.

    Objects are merged key by key; whatever else there is, lists too, is replaced as a whole. A key
    that the rule book does not know is refused where its section is parsed.
    """
    if not isinstance(tree, Mapping) or not isinstance(overrides, Mapping):
        if isinstance(tree, Mapping) or isinstance(overrides, Mapping):
            kind = "an object" if isinstance(tree, Mapping) else "no object"
            Node(path, overrides).refuse(f"be {kind}")
        return overrides
    merged = dict(tree)
    for key, value in overrides.items():
        merged[key] = overridden(tree[key], value, f"{path}.{key}") if key in tree else value
    return merged
