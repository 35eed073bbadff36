"""The portfolio document, version 2: a market, parameters and holdings for a published rule book.

The format is ``docs/reference/portfolio.md``. Where version 1 describes a venue of its own, this
one names what a venue's rule book reads: spot, forwards, volatilities and how far each is trusted.
Decimals stay exact, so that a threshold is compared with what was written and not with a float.
"""

from collections.abc import Mapping
from decimal import Context, Decimal
from typing import Any, NamedTuple, Self

from msgspec import Struct

from hullmark.domain._node import Node, read_json, read_tree

VERSION = 2
_CONFIDENCE_MAX = 1
_SVI = ("a", "b", "rho", "m", "sigma", "forward", "years")
_SIDES = ("call", "put")
_SUFFIXES = {"-C": True, "-P": False}
_SECONDS_MAX = 10**10  # to an expiry: three centuries, and no power of it overflows
_EXACT = Context(prec=33)  # as many digits as a document's decimal can have


class HeldContract(NamedTuple):
    """What can be held, apart from cash and collateral; equal contracts net."""

    kind: str  # option, perpetual or future
    underlying: str
    expiry: str = ""  # label of the expiry; "" of a perpetual
    strike: Decimal = Decimal(0)  # USD per coin; of options
    call: bool = False

    @property
    def name(self) -> str:
        """The contract in words, such as ``BTC 2025-03-28 120000 call``."""
        side = "call" if self.call else "put"
        ends = {
            "option": f"{self.expiry} {self.strike:f} {side}",
            "future": f"{self.expiry} future",
            "perpetual": "perpetual",
        }
        return f"{self.underlying} {ends[self.kind]}"


class Holding(Struct, frozen=True, kw_only=True, gc=False):
    """A position, or an order that rests."""

    path: str
    contract: HeldContract
    size: Decimal  # contract units, negative when short or offered
    entry: Decimal | None = None  # average price; of an order its limit
    unsettled: Decimal = Decimal(0)  # funding and profit not yet in cash


class Holdings(Struct, frozen=True, kw_only=True):
    """One account, margined on its own."""

    name: str
    path: str
    cash: Mapping[str, Decimal]
    collaterals: Mapping[str, Decimal]
    positions: tuple[Holding, ...]
    orders: tuple[Holding, ...]


class ExpiryMarket(Struct, frozen=True, kw_only=True):
    """Prices of one expiry. What the document leaves out is ``None``, and `need` refuses it."""

    path: str
    seconds: int
    forward_fixed: Decimal  # the part already observed in the settlement average
    forward_variable: Decimal  # the part that moves with spot
    forward_confidence: Decimal | None
    rate: Decimal | None
    rate_confidence: Decimal | None
    vol_confidence: Decimal | None
    vols: Mapping[tuple[Decimal, bool | None], Decimal]  # by strike, and call where sides differ
    svi: Mapping[str, Decimal] | None  # a, b, rho, m, sigma, forward, years
    marks: Mapping[tuple[Decimal, bool], Decimal]  # by strike and whether it is a call
    future: Decimal | None  # mark of the future that expires here

    @property
    def forward(self) -> Decimal:
        """Forward price, USD per coin."""
        return self.forward_fixed + self.forward_variable

    def vol(self, strike: Decimal, *, call: bool) -> Decimal | None:
        """Return the volatility listed for an option, or for its strike."""
        return self.vols.get((strike, call), self.vols.get((strike, None)))


class UnderlyingMarket(Struct, frozen=True, kw_only=True):
    """Prices of one underlying."""

    path: str
    spot: Decimal
    confidence: Decimal | None
    perpetual: Decimal | None  # mark, USD per coin
    perpetual_confidence: Decimal | None
    open_interest: Decimal | None  # of the perpetual
    expiries: Mapping[str, ExpiryMarket]


class CollateralPrice(Struct, frozen=True, kw_only=True, gc=False):
    """USD price of a collateral, and how far it is trusted."""

    path: str
    price: Decimal
    confidence: Decimal | None


class PortfolioMarket(Struct, frozen=True, kw_only=True):
    """Prices at one instant."""

    stable: Decimal | None  # USD price of the cash asset
    underlyings: Mapping[str, UnderlyingMarket]
    collaterals: Mapping[str, CollateralPrice]

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read the section ``market``."""
        fields = node.fields({"underlyings"}, {"stable", "collaterals", "time"})
        if "time" in fields:
            fields["time"].instant()
        stable = fields["stable"].fields({"price"})["price"] if "stable" in fields else None
        collaterals = fields["collaterals"].items() if "collaterals" in fields else {}
        return cls(
            stable=stable.positive_decimal() if stable else None,
            underlyings={k: _underlying(v) for k, v in fields["underlyings"].items().items()},
            collaterals={k: _collateral(v) for k, v in collaterals.items()},
        )

    def expiry(self, contract: HeldContract) -> ExpiryMarket:
        """Return the prices of the expiry of *contract*, which the document has checked."""
        return self.underlyings[contract.underlying].expiries[contract.expiry]

    def mark(self, contract: HeldContract) -> Decimal:
        """Return the mark of a perpetual or future, USD per coin, or refuse that there is none."""
        perpetual = contract.kind == "perpetual"
        there = self.underlyings[contract.underlying] if perpetual else self.expiry(contract)
        mark = there.perpetual if isinstance(there, UnderlyingMarket) else there.future
        if mark is None:
            Node(there.path, {}).lacks(f"the key {contract.kind!r}")
        return mark


class Portfolio(Struct, frozen=True, kw_only=True):
    """A portfolio document whose parts fit each other; the parameters are a rule book's to read."""

    market: PortfolioMarket
    parameters: Mapping[str, Any]
    accounts: tuple[Holdings, ...]

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """Read a JSON text, or raise `DocumentError` with the path, the rule and the value."""
        return cls.parse_tree(read_json(text))

    @classmethod
    def parse_tree(cls, tree: object) -> Self:
        """Read a tree of objects, lists and strings, as JSON gives it."""
        return read_tree(tree, cls._parse)

    @classmethod
    def _parse(cls, node: Node) -> Self:
        fields = node.fields({"version", "market", "accounts"}, {"parameters"})
        if fields["version"].whole(minimum=0) != VERSION:
            fields["version"].refuse(f"be {VERSION}")
        market = PortfolioMarket.parse(fields["market"])
        accounts: dict[str, Holdings] = {}
        for entry in fields["accounts"].entries():
            account = _account(entry, market)
            if account.name in accounts:
                entry.refuse_value("have a name of its own", account.name)
            accounts[account.name] = account
        parameters = fields.get("parameters", Node("parameters", {}))
        parameters.check_tree()
        return cls(market=market, parameters=parameters.table(), accounts=tuple(accounts.values()))


def _underlying(node: Node) -> UnderlyingMarket:
    fields = node.fields({"spot"}, {"confidence", "perpetual", "expiries"})
    perpetual: dict[str, Node] = {}
    if "perpetual" in fields:
        perpetual = fields["perpetual"].fields({"mark"}, {"confidence", "open_interest"})
    expiries = fields["expiries"].items() if "expiries" in fields else {}
    interest = perpetual.get("open_interest")
    return UnderlyingMarket(
        path=node.path,
        spot=fields["spot"].positive_decimal(),
        confidence=_confidence(fields.get("confidence")),
        perpetual=perpetual["mark"].positive_decimal() if perpetual else None,
        perpetual_confidence=_confidence(perpetual.get("confidence")),
        open_interest=interest.decimal(minimum=0) if interest else None,
        expiries={label: _expiry(entry) for label, entry in expiries.items()},
    )


def _expiry(node: Node) -> ExpiryMarket:
    fields = node.fields(
        {"seconds", "forward"},
        {"forward_confidence", "rate", "rate_confidence", "vol_confidence"}
        | {"vols", "svi", "marks", "future"},
    )
    if "vols" in fields and "svi" in fields:
        node.refuse_value("have 'vols' or 'svi', not both", "both")
    fixed, variable = _forward(fields["forward"])
    future = fields["future"].fields({"mark"})["mark"] if "future" in fields else None
    seconds = fields["seconds"].whole(minimum=0)
    if seconds > _SECONDS_MAX:
        fields["seconds"].refuse(f"be <= {_SECONDS_MAX}")
    return ExpiryMarket(
        path=node.path,
        seconds=seconds,
        forward_fixed=fixed,
        forward_variable=variable,
        forward_confidence=_confidence(fields.get("forward_confidence")),
        rate=fields["rate"].decimal() if "rate" in fields else None,
        rate_confidence=_confidence(fields.get("rate_confidence")),
        vol_confidence=_confidence(fields.get("vol_confidence")),
        vols=_vols(fields["vols"]) if "vols" in fields else {},
        svi=_svi(fields["svi"]) if "svi" in fields else None,
        marks=_marks(fields["marks"]) if "marks" in fields else {},
        future=future.positive_decimal() if future else None,
    )


# A text is a forward that moves with spot as a whole.
def _forward(node: Node) -> tuple[Decimal, Decimal]:
    if isinstance(node.value, str):
        return Decimal(0), node.positive_decimal()
    fields = node.fields({"fixed", "variable"})
    fixed = fields["fixed"].decimal(minimum=0)
    variable = fields["variable"].decimal(minimum=0)
    if not fixed + variable:
        node.refuse_value("be > 0", f"{fixed} + {variable}")
    return fixed, variable


def _confidence(node: Node | None) -> Decimal | None:
    if node is None:
        return None
    confidence = node.decimal(minimum=0)
    if confidence > _CONFIDENCE_MAX:
        node.refuse(f"be <= {_CONFIDENCE_MAX}")
    return confidence


def _strike(node: Node, text: str) -> Decimal:
    return Node(f"key {text!r} of {node.path}", text).positive_decimal().normalize(_EXACT)


# A key is a strike, for both sides, or one option: 120000, 120000-C, 120000-P.
def _vols(node: Node) -> dict[tuple[Decimal, bool | None], Decimal]:
    vols: dict[tuple[Decimal, bool | None], Decimal] = {}
    for text, entry in node.items().items():
        side = _SUFFIXES.get(text[-2:])
        key = _strike(node, text[:-2] if side is not None else text), side
        same = (None, side) if side is not None else (None, True, False)
        if any((key[0], other) in vols for other in same):
            node.refuse_value("have each strike once", text)
        vols[key] = entry.positive_decimal()
    return vols


def _svi(node: Node) -> dict[str, Decimal]:
    fields = node.fields(set(_SVI))
    values = {key: fields[key].decimal() for key in _SVI}
    for key in ("sigma", "forward"):
        if values[key] <= 0:
            fields[key].refuse("be > 0")
    if values["b"] < 0:
        fields["b"].refuse("be >= 0")
    if values["years"] < 0:
        fields["years"].refuse("be >= 0")
    if abs(values["rho"]) > 1:
        fields["rho"].refuse("be in [-1, 1]")
    return values


def _marks(node: Node) -> dict[tuple[Decimal, bool], Decimal]:
    marks: dict[tuple[Decimal, bool], Decimal] = {}
    for text, entry in node.items().items():
        side = _SUFFIXES.get(text[-2:])
        if side is None:
            node.refuse_value("have keys such as '120000-C' or '120000-P'", text)
        key = _strike(node, text[:-2]), side
        if key in marks:
            node.refuse_value("have each option once", text)
        marks[key] = entry.decimal(minimum=0)
    return marks


def _collateral(node: Node) -> CollateralPrice:
    fields = node.fields({"price"}, {"confidence"})
    return CollateralPrice(
        path=node.path,
        price=fields["price"].positive_decimal(),
        confidence=_confidence(fields.get("confidence")),
    )


_LISTS = {"perpetuals": "perpetual", "futures": "future", "options": "option"}


def _account(node: Node, market: PortfolioMarket) -> Holdings:
    fields = node.fields({"name", "cash"}, {"collaterals", "orders", *_LISTS})
    positions: dict[HeldContract, Holding] = {}
    for key, kind in _LISTS.items():
        for entry in fields[key].entries() if key in fields else ():
            holding = _holding(entry, kind, market)
            if holding.contract in positions:
                entry.refuse_value("be the account's only one", holding.contract.name)
            positions[holding.contract] = holding
    collaterals = {}
    for name, amount in fields["collaterals"].items().items() if "collaterals" in fields else ():
        if name not in market.collaterals:
            amount.refuse_value("be priced by market.collaterals", name)
        if held := amount.decimal(minimum=0):
            collaterals[name] = held
    orders = fields["orders"].entries() if "orders" in fields else []
    return Holdings(
        name=fields["name"].text(),
        path=node.path,
        cash={k: v.decimal() for k, v in fields["cash"].items().items()},
        collaterals=collaterals,
        positions=tuple(positions.values()),
        orders=tuple(_order(entry, market) for entry in orders),
    )


def _holding(node: Node, kind: str, market: PortfolioMarket) -> Holding:
    keys = {
        "perpetual": ({"underlying", "size"}, {"entry", "unsettled"}),
        "future": ({"underlying", "expiry", "size"}, {"entry", "unsettled"}),
        "option": ({"underlying", "expiry", "strike", "type", "size"}, {"entry"}),
    }
    fields = node.fields(*keys[kind])
    return Holding(
        path=node.path,
        contract=_contract(fields, kind, market),
        size=_size(fields["size"]),
        entry=_entry(fields["entry"], kind) if "entry" in fields else None,
        unsettled=fields["unsettled"].decimal() if "unsettled" in fields else Decimal(0),
    )


def _entry(node: Node, kind: str) -> Decimal:
    return node.decimal(minimum=0) if kind == "option" else node.positive_decimal()


def _order(node: Node, market: PortfolioMarket) -> Holding:
    kind = node.items().get("kind", Node(f"{node.path}.kind", None)).choice(*_LISTS.values())
    keys = {"kind", "underlying", "size", "price"}
    keys |= {"expiry"} if kind != "perpetual" else set()
    keys |= {"strike", "type"} if kind == "option" else set()
    fields = node.fields(keys)
    return Holding(
        path=node.path,
        contract=_contract(fields, kind, market),
        size=_size(fields["size"]),
        entry=_entry(fields["price"], kind),
    )


def parse_order(tree: object, market: PortfolioMarket, path: str = "trade") -> Holding:
    """Read one order, as in an account's ``orders``."""
    return _order(Node(path, tree), market)


def _size(node: Node) -> Decimal:
    size = node.decimal()
    if not size:
        node.refuse("not be zero")
    return size


def _contract(fields: Mapping[str, Node], kind: str, market: PortfolioMarket) -> HeldContract:
    underlying = fields["underlying"].text()
    if underlying not in market.underlyings:
        fields["underlying"].refuse("be one of market.underlyings")
    there = market.underlyings[underlying]
    if kind == "perpetual":
        if there.perpetual is None:
            Node(there.path, {}).lacks("a 'perpetual', since an account holds it")
        return HeldContract(kind, underlying)
    expiry = fields["expiry"].text()
    if expiry not in there.expiries:
        fields["expiry"].refuse(f"be one of {there.path}.expiries")
    if kind == "future":
        return HeldContract(kind, underlying, expiry)
    call = fields["type"].choice(*_SIDES) == "call"
    strike = fields["strike"].positive_decimal()
    return HeldContract(kind, underlying, expiry, strike.normalize(_EXACT), call)
