"""The portfolio document: market, parameters and accounts in one JSON text, read strictly.

The format is ``docs/reference/portfolio.md``. Every number is a decimal string, so that nothing is
rounded on the way in; whatever breaks the schema is refused with its path, the rule and the value.
The parameters stay a tree of strings: each model parses its own section of it.
"""

from collections.abc import Mapping
from typing import Any, Self

from msgspec import Struct
from msgspec.structs import replace

from hullmark.core import Asset, format_instant, format_scaled
from hullmark.domain._accounts import Mode
from hullmark.domain._instruments import Instrument, Option, Perpetual, Spot, parse_instrument
from hullmark.domain._node import Node, read_json, read_tree
from hullmark.errors import DocumentError, InvalidInputError

VERSION = 1
GRADES = ("valid", "uncertain")  # what a document may say of a price; a worse one is no price
_SECTIONS = frozenset({"assets", "instruments", "margin"})


class DocumentQuote(Struct, frozen=True, kw_only=True, gc=False):
    """What the venue says an instrument is worth."""

    mark_nano: int  # contracts: USD per coin; options: settlement asset per coin
    vol_nano: int | None = None  # options: mark volatility per square-root year
    grade: str = "valid"


class DocumentMarket(Struct, frozen=True, kw_only=True):
    """Prices at one instant."""

    time_ns: int
    index_nano: Mapping[str, int]  # USD per unit of an asset
    forwards_nano: Mapping[str, Mapping[int, int]]  # by underlying, then by expiry; USD per coin
    quotes: Mapping[str, DocumentQuote]  # by instrument

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read the section ``market``."""
        fields = node.fields({"time", "index", "quotes"}, {"forwards"})
        forwards = fields["forwards"].items() if "forwards" in fields else {}
        return cls(
            time_ns=fields["time"].instant(),
            index_nano={k: v.positive_nano() for k, v in fields["index"].items().items()},
            forwards_nano={k: _forwards(v) for k, v in forwards.items()},
            quotes={k: _quote(v) for k, v in fields["quotes"].items().items()},
        )

    def tree(self) -> dict[str, Any]:
        """Return the section as it is written, the inverse of `parse`."""
        return {
            "time": format_instant(self.time_ns),
            "index": {k: format_scaled(v, 9) for k, v in self.index_nano.items()},
            "forwards": {
                underlying: {format_instant(at): format_scaled(v, 9) for at, v in curve.items()}
                for underlying, curve in self.forwards_nano.items()
            },
            "quotes": {symbol: _quote_tree(quote) for symbol, quote in self.quotes.items()},
        }


class DocumentPosition(Struct, frozen=True, kw_only=True, gc=False):
    """A holding in one instrument."""

    instrument: str
    lots: int  # negative when short
    entry_nano: int | None = None  # average price; of an option it is in the cash already


class DocumentAccount(Struct, frozen=True, kw_only=True):
    """One account, margined on its own."""

    name: str
    mode: Mode
    cash_quanta: Mapping[str, int]  # by asset; negative: a debt
    positions: tuple[DocumentPosition, ...]


class Document(Struct, frozen=True, kw_only=True):
    """A portfolio document whose parts fit each other.

    Every account's instruments are known and unexpired, and quoted by the market if there is one.
    """

    market: DocumentMarket | None  # None: to be given by `with_market`
    parameters: Mapping[str, Any]
    assets: Mapping[str, Asset]
    instruments: Mapping[str, Instrument]
    accounts: tuple[DocumentAccount, ...]

    @property
    def coins(self) -> frozenset[str]:
        """The assets whose USD price moves with the market: those that are *shocked*."""
        trees = self.parameters["assets"]
        return frozenset(symbol for symbol in self.assets if trees[symbol]["shocked"])

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
        fields = node.fields({"version", "parameters", "accounts"}, {"market"})
        if fields["version"].value != VERSION or isinstance(fields["version"].value, bool):
            fields["version"].refuse(f"be {VERSION}")
        parameters = fields["parameters"].fields(set(_SECTIONS))
        assets = {k: _asset(k, v) for k, v in parameters["assets"].items().items()}
        coins = frozenset(k for k in assets if parameters["assets"].value[k]["shocked"])
        instruments: dict[str, Instrument] = {}
        for entry in parameters["instruments"].entries():
            instrument = _instrument(entry, assets, coins)
            if instrument.symbol in instruments:
                entry.refuse_value("have a symbol of its own", instrument.symbol)
            instruments[instrument.symbol] = instrument
        parameters["margin"].check_tree()
        accounts: dict[str, DocumentAccount] = {}
        for entry in fields["accounts"].entries():
            account = _account(entry, assets, instruments)
            if account.name in accounts:
                entry.refuse_value("have a name of its own", account.name)
            accounts[account.name] = account
        document = cls(
            market=None,
            parameters=fields["parameters"].value,
            assets=assets,
            instruments=instruments,
            accounts=tuple(accounts.values()),
        )
        if "market" not in fields:
            return document
        market = DocumentMarket.parse(fields["market"])
        _check_names(market, document)
        return document.with_market(market)

    def with_market(self, market: DocumentMarket) -> Self:
        """Return the document at another market, which must quote whatever an account holds."""
        changed: Self = replace(self, market=market)
        for i, account in enumerate(self.accounts):
            used = set(account.cash_quanta)
            for j, position in enumerate(account.positions):
                instrument = self.instruments[position.instrument]
                _check_quoted(f"accounts[{i}].positions[{j}]", instrument, market)
                used |= {instrument.underlying, instrument.settlement}
            for asset in sorted(used):
                changed.price_nano(asset)
        return changed

    def price_nano(self, asset: str) -> int:
        """Return the USD price of an asset: the market's index, else the parameters' peg."""
        if self.market is None:
            raise DocumentError("market must be given, by the document or in its place")
        if asset in self.market.index_nano:
            return self.market.index_nano[asset]
        terms = Node(f"parameters.assets.{asset}", self.parameters["assets"][asset])
        if "peg" not in terms.table():
            terms.lacks("a 'peg', or the market a price in its index")
        return terms.items()["peg"].positive_nano()


def _forwards(node: Node) -> dict[int, int]:
    return {v.instant_of(k): v.positive_nano() for k, v in node.items().items()}


def _quote(node: Node) -> DocumentQuote:
    fields = node.fields({"mark"}, {"vol", "grade"})
    grade = fields["grade"].text() if "grade" in fields else GRADES[0]
    if grade not in GRADES:
        fields["grade"].refuse(f"be one of {', '.join(GRADES)}")
    return DocumentQuote(
        mark_nano=fields["mark"].nano(minimum=0),
        vol_nano=fields["vol"].positive_nano() if "vol" in fields else None,
        grade=grade,
    )


def _quote_tree(quote: DocumentQuote) -> dict[str, str]:
    tree = {"mark": format_scaled(quote.mark_nano, 9)}
    if quote.vol_nano is not None:
        tree["vol"] = format_scaled(quote.vol_nano, 9)
    return tree if quote.grade == GRADES[0] else {**tree, "grade": quote.grade}


def _asset(symbol: str, node: Node) -> Asset:
    node.check_tree()
    items = node.items()
    for key in ("decimals", "shocked"):
        if key not in items:
            node.lacks(f"the key {key!r}")
    decimals = items["decimals"]
    if not isinstance(decimals.value, int) or isinstance(decimals.value, bool):
        decimals.refuse("be a whole number")
    if not isinstance(items["shocked"].value, bool):
        items["shocked"].refuse("be true or false")
    if "peg" in items:
        items["peg"].positive_nano()
    try:
        return Asset(symbol, decimals.value)
    except InvalidInputError as e:
        raise DocumentError(f"{decimals.path}: {e}") from e


def _instrument(node: Node, assets: Mapping[str, Asset], coins: frozenset[str]) -> Instrument:
    node.check_tree()
    items = node.items()
    for key in sorted(items.keys() & {"kind", "symbol"}):
        items[key].text()
    for key in sorted(items.keys() & {"lot", "strike"}):
        items[key].positive_nano()
    try:
        instrument = parse_instrument(node.table())
    except InvalidInputError as e:
        raise DocumentError(f"{node.path}: {e}") from e
    for role in ("underlying", "settlement"):
        if getattr(instrument, role) not in assets:
            items[role].refuse("be one of parameters.assets")
    if instrument.underlying not in coins:
        items["underlying"].refuse("be an asset that is shocked")
    inverse = not isinstance(instrument, Spot) and instrument.inverse
    if inverse and instrument.settlement != instrument.underlying:
        items["settlement"].refuse("be the underlying, since the instrument is inverse")
    if not isinstance(instrument, Spot) and not inverse and instrument.settlement in coins:
        items["settlement"].refuse("be an asset that is not shocked, since it is not inverse")
    return instrument


def _account(
    node: Node, assets: Mapping[str, Asset], instruments: Mapping[str, Instrument]
) -> DocumentAccount:
    fields = node.fields({"name", "mode", "cash", "positions"})
    mode = fields["mode"].text()
    if mode not in tuple(Mode):
        fields["mode"].refuse(f"be one of {', '.join(Mode)}")
    cash = {}
    for symbol, amount in fields["cash"].items().items():
        if symbol not in assets:
            amount.refuse_value("be in an asset of parameters.assets", symbol)
        cash[symbol] = amount.scaled(assets[symbol].decimals)
    positions: dict[str, DocumentPosition] = {}
    for entry in fields["positions"].entries():
        position = _position(entry, instruments)
        if position.instrument in positions:
            entry.refuse_value("be the account's only one in its instrument", position.instrument)
        positions[position.instrument] = position
    return DocumentAccount(
        name=fields["name"].text(),
        mode=Mode(mode),
        cash_quanta=cash,
        positions=tuple(positions.values()),
    )


def _position(node: Node, instruments: Mapping[str, Instrument]) -> DocumentPosition:
    fields = node.fields({"instrument", "size"}, {"entry_price"})
    symbol = fields["instrument"].text()
    instrument = instruments.get(symbol)
    if instrument is None or isinstance(instrument, Spot):
        fields["instrument"].refuse("be a derivative among parameters.instruments")
    size_nano = fields["size"].nano()
    lots, rest = divmod(size_nano, instrument.lot_nano)
    if rest or not lots:
        lot = format_scaled(instrument.lot_nano, 9)
        fields["size"].refuse(f"be a whole number of lots of {lot}, not zero")
    entry = fields["entry_price"].positive_nano() if "entry_price" in fields else None
    if entry is None and not isinstance(instrument, Option):
        node.lacks("the key 'entry_price'")
    return DocumentPosition(instrument=symbol, lots=lots, entry_nano=entry)


# Names that the parameters do not know: a misspelt quote must not pass as an absent one.
def _check_names(market: DocumentMarket, document: Document) -> None:
    for section, names, known in (
        ("index", market.index_nano, document.assets),
        ("forwards", market.forwards_nano, document.assets),
        ("quotes", market.quotes, document.instruments),
    ):
        for name in names:
            if name not in known:
                what = "instruments" if section == "quotes" else "assets"
                raise DocumentError(f"market.{section} must name parameters.{what}, was {name!r}")


def _check_quoted(path: str, instrument: Instrument, market: DocumentMarket) -> None:
    symbol, is_option = instrument.symbol, isinstance(instrument, Option)
    expiry_ns = None if isinstance(instrument, Perpetual | Spot) else instrument.expiry_ns
    if expiry_ns is not None and expiry_ns <= market.time_ns:
        raise DocumentError(
            f"{path}.instrument must expire after market.time {format_instant(market.time_ns)}, "
            f"was {symbol!r}, which expired at {format_instant(expiry_ns)}"
        )
    quote = market.quotes.get(symbol)
    if quote is None:
        at = format_instant(market.time_ns)
        raise DocumentError(
            f"{path}.instrument must be quoted by the market of {at}, was {symbol!r}"
        )
    if (quote.vol_nano is not None) != is_option:
        rule = "have a 'vol'" if is_option else "have no 'vol', since it is no option"
        raise DocumentError(f"market.quotes.{symbol} must {rule}")
    if not is_option and quote.mark_nano == 0:
        raise DocumentError(f"market.quotes.{symbol}.mark must be > 0, was 0")
    if is_option and expiry_ns not in market.forwards_nano.get(instrument.underlying, {}):
        at = format_instant(expiry_ns or 0)
        raise DocumentError(
            f"market.forwards.{instrument.underlying} must have the expiry {at} of {symbol}"
        )
