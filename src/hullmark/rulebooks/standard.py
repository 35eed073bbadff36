"""Standard margin: a rate per position, summed, with nothing netted.

A short option of index ``U`` (1 where margin is in the coin), mark ``c`` and relative distance
``o`` out of the money requires, per coin [1]_::

    initial      factor max(otm_maximum - o, otm_minimum) U + c
    maintenance  factor maintenance U + c + fee U

with the venue's variants of ``U`` for puts. A perpetual or future of ``q`` coins requires
``|q| (rate + per_coin |q|)``, in USD at the index. A long option requires nothing.

References
----------
.. [1] Deribit, support article 25944811317149, "Margin types and usage"; the same shape at Aevo,
   BIT.com, Bybit and OKX, whose rule books give their own numbers and sources.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from msgspec import Struct

from hullmark.book import PositionRows, position_rows
from hullmark.core import FloatArray, IntArray
from hullmark.domain import HeldContract, Holdings, Node, PortfolioMarket
from hullmark.errors import DocumentError
from hullmark.margin import Charge
from hullmark.rulebooks._batch import Batch, Settlement
from hullmark.rulebooks._composition import Composition
from hullmark.rulebooks._orders import added_by_orders
from hullmark.rulebooks._rows import (
    check_holdings,
    check_kinds,
    contracts_on,
    market_trees,
    positions_on,
    unsettled,
)
from hullmark.scenarios import ContractColumns

_MAIN = ("index", "index_or_mark", "index_or_strike")
_RATES = ("otm_maximum", "otm_minimum", "maintenance", "factor", "fee")
_CHOICES = {
    "otm_price": ("forward", "spot"),
    "price": ("mark", "entry_or_mark"),
    "call_maintenance": _MAIN,
    "put_maintenance": _MAIN,
    "put_minimum": ("index", "index_and_mark", "strike"),
    "initial_floor": ("none", "put", "both"),
}


class ShortOption(Struct, frozen=True, kw_only=True):
    """What a short option requires."""

    otm_maximum: float
    otm_minimum: float
    maintenance: float
    factor: float
    fee: float
    otm_price: str  # distance out of the money is from the forward, or from spot
    price: str  # the initial check adds the mark, or the entry where that is more
    call_maintenance: str  # the maintenance rate is of the index, or of more or less than that
    put_maintenance: str
    put_minimum: str  # the least initial rate of a put is of the index, or of something else
    initial_floor: str  # whose initial requirement is at least the maintenance one

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read the five rates and the six choices."""
        fields = node.fields({*_RATES, *_CHOICES})
        rates = {key: float(fields[key].decimal(minimum=0)) for key in _RATES}
        choices = {key: fields[key].choice(*names) for key, names in _CHOICES.items()}
        known: dict[str, Any] = {**rates, **choices}
        return cls(**known)

    def unit(self, columns: ContractColumns, *, coin: bool) -> Charge:
        """Return what one short coin of each option requires, without the price, shape (I,)."""
        index = np.ones(len(columns.contracts)) if coin else columns.spot
        call, strike, mark = columns.call, columns.strike, columns.mark
        price = columns.anchor if self.otm_price == "forward" else columns.spot
        otm = np.maximum(np.where(call, strike - price, price - strike), 0.0) / price
        least = self.otm_minimum * index
        if self.put_minimum != "index":
            other = index + mark if self.put_minimum == "index_and_mark" else strike
            least = np.where(call, least, self.otm_minimum * other)
        core = self.factor * np.maximum((self.otm_maximum - otm) * index, least)
        worth = {
            "index": index,
            "index_or_mark": np.maximum(index, mark),
            "index_or_strike": np.minimum(index, strike),
        }
        main = np.where(call, worth[self.call_maintenance], worth[self.put_maintenance])
        return Charge(core, self.factor * self.maintenance * main + self.fee * index)


class FutureRates(Struct, frozen=True, kw_only=True):
    """Rates of perpetuals and futures, which rise with the size of the position."""

    initial: float
    maintenance: float
    per_coin: float

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read ``{initial, maintenance, per_coin}``."""
        fields = node.fields({"initial", "maintenance", "per_coin"})
        return cls(**{key: float(entry.decimal(minimum=0)) for key, entry in fields.items()})


class Requirement(NamedTuple):
    """What each position requires, shape (P,)."""

    initial: FloatArray
    maintenance: FloatArray


class StandardMargin(Struct, frozen=True, kw_only=True):
    """The rates of one market."""

    coin: bool
    option: ShortOption | None
    future: FutureRates | None

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read ``{settlement, option, future}``; a kind that is left out cannot be held."""
        fields = node.fields({"settlement"}, {"option", "future"})
        return cls(
            coin=fields["settlement"].choice("coin", "cash") == "coin",
            option=ShortOption.parse(fields["option"]) if "option" in fields else None,
            future=FutureRates.parse(fields["future"]) if "future" in fields else None,
        )

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of contract that have rates."""
        linear = {"perpetual", "future"} if self.future else set[str]()
        return frozenset(linear | ({"option"} if self.option else set()))

    def require(
        self, columns: ContractColumns, positions: PositionRows, entry: FloatArray
    ) -> Requirement:
        """Return what each position requires; *entry* is NaN where there is none."""
        at, size = positions.contract, positions.size
        initial, maintenance = np.zeros(len(size)), np.zeros(len(size))
        option = columns.option[at]
        if self.option is not None and option.any():
            mark = _marks(columns, at[option])
            unit = self.option.unit(columns, coin=self.coin)
            price = mark
            if self.option.price == "entry_or_mark":
                price = np.fmax(entry[option], mark)
            kept = unit.maintenance[at[option]] + mark
            opened = unit.initial[at[option]] + price
            floor = {"none": False, "both": True}.get(
                self.option.initial_floor, ~columns.call[at[option]]
            )
            opened = np.where(floor, np.maximum(opened, kept), opened)
            short = np.maximum(-size[option], 0.0)
            initial[option], maintenance[option] = short * opened, short * kept
        linear = ~option
        if self.future is not None and linear.any():
            i = at[linear]
            coins = np.abs(size[linear]) / (columns.anchor[i] if self.coin else 1.0)
            index = 1.0 if self.coin else columns.spot[i]
            ramp = self.future.per_coin * coins
            initial[linear] = coins * (self.future.initial + ramp) * index
            maintenance[linear] = coins * (self.future.maintenance + ramp) * index
        return Requirement(initial, maintenance)


def _marks(columns: ContractColumns, at: IntArray) -> FloatArray:
    marks: FloatArray = columns.mark[at]
    if not (known := ~np.isnan(marks)).all():
        contract = columns.contracts[int(at[~known][0])]
        path = columns.market.expiry(contract).path
        key = f"{contract.strike:f}-{'C' if contract.call else 'P'}"
        raise DocumentError(f"{path}.marks must have the key {key!r}, and has not")
    return marks


class StandardBook(Struct, frozen=True, kw_only=True):
    """The rates of all markets."""

    composition: Composition
    markets: Mapping[str, StandardMargin]

    @classmethod
    def parse(cls, composition: Composition, parameters: Node) -> Self:
        """Read ``markets``, by underlying."""
        composition.only("orders")
        trees = market_trees(parameters)
        return cls(
            composition=composition,
            markets={name: StandardMargin.parse(node) for name, node in trees.items()},
        )

    def evaluate(
        self, market: PortfolioMarket, accounts: Sequence[Holdings], *, keep: bool = False
    ) -> list[Batch]:
        """Return the margin of all accounts, a batch per underlying. Nothing more can be kept."""
        del keep
        check_holdings(self.composition, accounts)
        batches = []
        for name, rates in self.markets.items():
            check_kinds(accounts, name, rates.kinds, expired=False, market=market)
            members = {n: a for n, a in enumerate(accounts) if contracts_on(name, [a])}
            if members:
                batches.append(self._batch(market, name, rates, members))
        unknown = {p.contract.underlying for a in accounts for p in (*a.positions, *a.orders)}
        if strange := sorted(unknown - self.markets.keys()):
            known = ", ".join(self.markets)
            raise DocumentError(f"parameters.markets must have {strange[0]!r}, has {known}")
        return batches

    @property
    def currencies(self) -> frozenset[str]:
        """The currencies in which accounts may have cash."""
        coins = (name for name, rates in self.markets.items() if rates.coin)
        return frozenset({self.composition.cash, *coins})

    def settlement(self, underlying: str) -> Settlement:
        """Return how what is on *underlying* settles."""
        coin = underlying in self.markets and self.markets[underlying].coin
        return Settlement(underlying if coin else self.composition.cash, coin)

    def prices(self, market: PortfolioMarket, contracts: Sequence[HeldContract]) -> Sequence[float]:
        """Return the marks of options."""
        columns = ContractColumns.of(market, contracts)
        at = np.array([columns.number[c] for c in contracts if c.kind == "option"], np.int64)
        marks = dict(zip(at.tolist(), _marks(columns, at).tolist(), strict=True))
        return [marks.get(columns.number[c], 0.0) for c in contracts]

    def _batch(
        self,
        market: PortfolioMarket,
        name: str,
        rates: StandardMargin,
        members: Mapping[int, Holdings],
    ) -> Batch:
        columns = ContractColumns.of(market, contracts_on(name, members.values()))
        held = [positions_on(name, a) for a in members.values()]
        needs_entry = rates.option is not None and rates.option.price == "entry_or_mark"
        accounts = list(members.values())
        entry = _entries(name, columns, accounts, needed=needs_entry)
        offered = _order_prices(name, columns, accounts, entry) if needs_entry else entry
        positions = position_rows(held, columns.number)
        required = rates.require(columns, positions, entry[positions.row, positions.contract])

        def initial(holdings: Sequence[Mapping[HeldContract, float]]) -> FloatArray:
            rows = position_rows(holdings, columns.number)
            other = rates.require(columns, rows, offered[rows.row, rows.contract])
            return rows.sums(other.initial)

        added = added_by_orders(name, members, initial)
        nothing = np.zeros(len(members))
        linear = ~columns.option[positions.contract]
        charges = {
            "options": Charge(*(positions.sums(np.where(linear, 0.0, r)) for r in required)),
            "futures": Charge(*(positions.sums(np.where(linear, r, 0.0)) for r in required)),
            "orders": Charge(added, nothing),
        }
        profits = [unsettled(name, a, market, coin=rates.coin) for a in members.values()]
        return Batch(
            underlying=name,
            currency=name if rates.coin else self.composition.cash,
            account=np.array(list(members), np.int64),
            mark_to_market=np.array(profits, np.float64),
            initial=positions.sums(required.initial) + added,
            maintenance=positions.sums(required.maintenance),
            charges=charges,
            notes=dict.fromkeys(range(len(members)), (f"{name} each position by itself",)),
        )


# Entry prices of options by account and contract; NaN where the account has none.
def _entries(
    name: str, columns: ContractColumns, accounts: Sequence[Holdings], *, needed: bool
) -> FloatArray:
    entry = np.full((len(accounts), len(columns.contracts)), np.nan)
    for row, account in enumerate(accounts):
        for position in account.positions:
            contract: HeldContract = position.contract
            if contract.underlying != name or contract.kind != "option":
                continue
            if position.entry is not None:
                entry[row, columns.number[contract]] = float(position.entry)
            elif needed and position.size < 0:
                Node(position.path, {}).lacks("the key 'entry', since the rule book reads it")
    return entry


# Entry prices once orders are filled: the dearer of what is held and what is offered.
def _order_prices(
    name: str, columns: ContractColumns, accounts: Sequence[Holdings], entry: FloatArray
) -> FloatArray:
    price = entry.copy()
    for row, account in enumerate(accounts):
        for order in account.orders:
            if order.contract.underlying == name and order.contract.kind == "option":
                at = row, columns.number[order.contract]
                price[at] = np.fmax(price[at], float(order.entry or 0))
    return price
