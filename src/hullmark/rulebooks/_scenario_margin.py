"""One set of scenario parameters, and the margin of rows under it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, Self

import numpy as np
from msgspec import Struct

from hullmark.core import FloatArray, load_plugin
from hullmark.domain import HeldContract, Holdings, Node, PortfolioMarket
from hullmark.errors import DocumentError
from hullmark.margin import (
    AddOn,
    BasisContingency,
    Charge,
    GreekBound,
    GreekTables,
    MarginRows,
    MovesWithSpot,
    Netted,
    NettingTables,
    Nodes,
    PostProcessor,
    Revalued,
    StrikeNodes,
    Weights,
    across,
    at_held_strikes,
    expiry_rates,
    held_nodes,
    net,
)
from hullmark.pricing import black76
from hullmark.rulebooks._batch import Batch, at_floor
from hullmark.rulebooks._composition import PARTS, Composition
from hullmark.rulebooks._factors import Factors
from hullmark.rulebooks._orders import added_by_orders
from hullmark.rulebooks._rows import (
    margin_rows,
    positions_on,
)
from hullmark.scenarios import (
    TWISTS,
    ContractColumns,
    Revaluation,
    Shock,
    SkewTwist,
    SviRange,
    TermShock,
    shock_labels,
)

_COUNT_MAX = 10**6  # of a limit
_PLACES_MAX = 18  # to which a venue rounds


class Compiled(NamedTuple):
    """A model at a market: what does not depend on who holds what."""

    columns: ContractColumns
    tables: NettingTables
    price: FloatArray  # (I,) currency per unit of an option
    delta: FloatArray  # (I,) coins per unit of an option, as add-ons count it
    vega: FloatArray  # (I,) currency per vol point and unit of an option
    shocks: tuple[Shock, ...]
    nodes: Nodes  # the last of the scenarios, each for those who hold its strike
    initial_factor: float


class ScenarioMargin(Struct, frozen=True, kw_only=True):
    """The model of one set of parameters."""

    composition: Composition
    coin: bool
    factors: Factors
    revaluation: Revaluation
    svi: SviRange
    shocks: tuple[Shock, ...]
    nodes: StrikeNodes | None
    posts: tuple[PostProcessor, ...]
    add_ons: Mapping[str, tuple[AddOn, bool]]
    floors: Mapping[str, AddOn]  # of the requirement
    gain_share: float  # of a gain that offsets losses elsewhere
    net_delta: bool  # whether add-ons see delta less the price in coin
    limits: Mapping[str, int]
    places: int | None  # decimals to which the venue rounds; None: it does not

    @classmethod
    def parse(cls, composition: Composition, node: Node) -> Self:
        """Read one set of parameters: those of the book, or of one of its markets."""
        own = {"vol_shock", "skew", "svi", "peg", "limits", "settlement", "pnl_offset"}
        own |= {"option_delta", "rounding"}
        fields = node.fields({"year_days", "factors", *composition.keys}, own)
        nothing, sections = Node(node.path, {}), composition.sections(fields)

        def part(name: Any) -> Any:  # noqa: ANN401 - a part, by its protocol
            return load_plugin(PARTS, name.part).parse(sections[name.section])

        skew = fields.get("skew")
        twists = {} if skew is None else {s: SkewTwist.parse(skew, s) for s in TWISTS}
        term = TermShock.parse(fields["vol_shock"]) if "vol_shock" in fields else None
        limits = fields.get("limits", nothing).fields(set(), {"expiries", "positions"})
        if composition.scenarios is None:
            node.lacks("a composition that names its scenarios")
        year_days = float(fields["year_days"].decimal(minimum=1))
        revaluation = Revaluation(year_days=year_days, term=term, twists=twists)
        shocks = part(composition.scenarios).shocks
        nodes = part(composition.nodes) if composition.nodes else None
        levels = nodes.levels if nodes else ()
        revaluation.check([*shocks, *(Shock(spot=Decimal(1), vol=v) for v in levels)], node)
        posts = tuple(part(name) for name in composition.posts)
        weighted = [s for s in shocks if s.weight != 1]
        if weighted and not any(isinstance(post, Weights) for post in posts):
            node.refuse_value("have scenarios of weight 1: no part reads it", weighted[0].label)
        return cls(
            composition=composition,
            coin="settlement" in fields and fields["settlement"].choice("coin", "cash") == "coin",
            factors=Factors.parse(fields["factors"], fields.get("peg")),
            revaluation=revaluation,
            svi=SviRange.parse(fields.get("svi", nothing)),
            shocks=shocks,
            nodes=nodes,
            posts=posts,
            add_ons={name.part: (part(name), name.inside) for name in composition.add_ons},
            floors={name.part: part(name) for name in composition.floors},
            gain_share=_share(fields.get("pnl_offset")),
            net_delta=_is_net(fields.get("option_delta")),
            limits={k: entry.counted(minimum=1, maximum=_COUNT_MAX) for k, entry in limits.items()},
            places=_places(fields.get("rounding")),
        )

    def compile(
        self, market: PortfolioMarket, contracts: set[HeldContract], underlying: str
    ) -> Compiled:
        """Return the model at a market, for the contracts on *underlying* that may be held."""
        columns = ContractColumns.of(market, contracts, self.svi)
        discount = self._discount(columns)
        nodes = Nodes((), (), np.full(len(columns.contracts), -1), 1)
        if self.nodes is not None:
            nodes = self.nodes.nodes(columns)
        shocks = (*self.shocks, *nodes.shocks)
        value, base = self._values(columns, discount, shocks)
        move = [s.move / s.spot if self.coin else s.move for s in shocks]
        at = columns.option
        wide = np.concatenate([value, np.zeros((len(value), 2))], axis=1)
        tables = NettingTables.plain(
            columns.expiry,
            wide,
            base,
            np.array([float(gain) for gain in move]),
        )
        revalued = Revalued(columns, shocks, self.revaluation, discount, underlying, self.coin)
        for post in self.posts:
            tables = post.apply(tables, revalued)
        delta, vega = self._greeks(columns, base)
        return Compiled(
            columns=columns,
            tables=tables._replace(gain_share=self.gain_share),
            price=np.where(at, base, 0.0),
            delta=delta,
            vega=vega,
            shocks=shocks,
            nodes=nodes,
            initial_factor=self.factors.initial_at(market.stable),
        )

    # Per unit: what an option is worth, what a future gains. A perpetual is linear exposure.
    def _values(
        self, columns: ContractColumns, discount: FloatArray, shocks: Sequence[Shock]
    ) -> tuple[FloatArray, FloatArray]:
        value = self.revaluation.values(columns, shocks, discount)
        base = self.revaluation.base(columns, discount)
        option, future = columns.option, (columns.expiry >= 0) & ~columns.option
        spot = np.array([1.0 if s.rotates else float(s.spot) for s in shocks])
        parts = np.stack([columns.of_expiry(part) for part in columns.forward.T], axis=1)
        before, after = parts.sum(axis=1)[:, None], parts[:, :1] + parts[:, 1:] * spot
        mark = columns.anchor[future][:, None]
        if self.coin:
            value[option] /= after[option]
            base[option] /= before[option, 0]
            value[future] = (1.0 - before[future] / after[future]) / mark
        else:
            value[future] = mark * (after[future] / before[future] - 1.0)
        return value, base

    def batch(
        self,
        compiled: Compiled,
        rows: MarginRows,
        settled: FloatArray,
        currency: str,
        *,
        keep: bool = False,
    ) -> Batch:
        """Return the margin of *rows*; *settled* is their linear profit, in the currency."""
        netted, charges, floors = self._margined(compiled, rows, keep=keep)
        initial, maintenance = self._requirements(compiled, netted, charges, floors)
        return Batch(
            underlying=rows.underlying,
            currency=currency,
            account=rows.account,
            mark_to_market=netted.option_value + settled + across(rows.collateral_value),
            initial=self._round(initial),
            maintenance=maintenance,
            charges={**charges, **floors},
            inside=[name for name, (_, inside) in self.add_ons.items() if inside],
            floors=list(floors),
            notes=at_floor(initial, floors),
            labels=[*shock_labels(self.shocks), *compiled.nodes.labels],
            worst=netted.worst,
            scenario=netted.scenario,
            basis=netted.basis,
            profit=netted.profit if keep else None,
        )

    def with_orders(
        self, compiled: Compiled, members: Mapping[int, Holdings], batch: Batch
    ) -> Batch:
        """Return *batch* with what its accounts' orders add to the initial check.

        The worse of all bids filled and all asks filled; a bid for options pays its premium, too.
        """

        def initial(holdings: Sequence[Mapping[HeldContract, float]]) -> FloatArray:
            rows = self.rows(compiled, members, batch.underlying, holdings=holdings)
            return self._initial(compiled, rows)

        own = [positions_on(batch.underlying, a) for a in members.values()]
        added = added_by_orders(batch.underlying, members, initial)
        orders = Charge(added, np.zeros(len(members)))
        return batch._replace(
            initial=self._round(initial(own) + added), charges={**batch.charges, "orders": orders}
        )

    # The initial requirement before the venue rounds it.
    def _initial(self, compiled: Compiled, rows: MarginRows) -> FloatArray:
        return self._requirements(compiled, *self._margined(compiled, rows, keep=False))[0]

    def _margined(
        self, compiled: Compiled, rows: MarginRows, *, keep: bool
    ) -> tuple[Netted, dict[str, Charge], dict[str, Charge]]:
        noded = bool(compiled.nodes.shocks)
        netted = net(rows.positions, self._linear(rows), compiled.tables, keep=keep or noded)
        if noded:
            netted = at_held_strikes(netted, rows.positions, compiled.nodes)
        charges = {name: add_on.charge(rows) for name, (add_on, _) in self.add_ons.items()}
        return netted, charges, {name: floor.charge(rows) for name, floor in self.floors.items()}

    def _requirements(
        self,
        compiled: Compiled,
        netted: Netted,
        charges: Mapping[str, Charge],
        floors: Mapping[str, Charge],
    ) -> tuple[FloatArray, FloatArray]:
        loss = self._round(-netted.worst)
        initial = self._requirement(charges, loss, compiled.initial_factor, 0)
        maintenance = self._requirement(charges, loss, self.factors.maintenance, 1)
        for floor in floors.values():
            initial = np.maximum(initial, floor.initial)
            maintenance = np.maximum(maintenance, floor.maintenance)
        return initial, maintenance

    def rows(
        self,
        compiled: Compiled,
        accounts: Mapping[int, Holdings],
        underlying: str,
        **holdings: Any,  # noqa: ANN401
    ) -> MarginRows:
        """Return the rows of *accounts* on an underlying."""
        return margin_rows(
            compiled.columns,
            accounts,
            underlying=underlying,
            price=compiled.price,
            delta=compiled.delta,
            vega=compiled.vega,
            years=self.revaluation.years(compiled.columns),
            coin=self.coin,
            with_collateral=self.composition.scope == "account",
            **holdings,
        )

    def check(self, account: Holdings, underlying: str) -> None:
        """Refuse an account beyond a limit.

        Raises
        ------
        DocumentError
            If it holds too many expiries or positions.
        """
        held = [p.contract for p in account.positions if p.contract.underlying == underlying]
        counts = {
            "expiries": len({c.expiry for c in held if c.kind == "option"}),
            "positions": len(account.positions) + len(account.collaterals) + len(account.cash),
        }
        for name, limit in self.limits.items():
            if counts[name] > limit:
                raise DocumentError(
                    f"{account.path} ({account.name}) must have at most {limit} {name},"
                    f" had {counts[name]}"
                )

    def greek_bound(self, compiled: Compiled, rows: MarginRows) -> GreekBound:
        """Return a bound on the worst gain of *rows* from their greeks alone."""
        moves = [p.moves for p in self.posts if isinstance(p, BasisContingency)]
        tables = GreekTables.of(
            compiled.columns,
            self.revaluation,
            compiled.shocks,
            compiled.tables,
            basis=moves[0] if moves else (0.0, 0.0),
            coin=self.coin,
        )
        own = held_nodes(rows.positions, compiled.nodes)
        return tables.bound(rows.positions, self._linear(rows), compiled.tables, own=own)

    # What gains in proportion to the move of spot: perpetuals, and collateral that moves with it.
    def _linear(self, rows: MarginRows) -> FloatArray:
        linear = rows.perpetual if self.coin else rows.perpetual * rows.mark
        for add_on, _ in self.add_ons.values():
            if isinstance(add_on, MovesWithSpot):
                linear = linear + add_on.moving(rows)
        return linear

    def _requirement(
        self, charges: Mapping[str, Charge], loss: FloatArray, factor: float, check: int
    ) -> FloatArray:
        requirement = loss
        for name, (_, inside) in self.add_ons.items():
            if inside:
                requirement = requirement + charges[name][check]
        requirement = factor * requirement
        for name, (_, inside) in self.add_ons.items():
            if not inside:
                requirement = requirement + charges[name][check]
        return requirement

    def _greeks(self, columns: ContractColumns, price: FloatArray) -> tuple[FloatArray, FloatArray]:
        at, delta = columns.option, np.zeros(len(columns.contracts))
        vega = delta.copy()
        if not at.any():
            return delta, vega
        expiry = columns.expiry[at]
        greeks = black76(
            forward=columns.anchor[at],
            strike=columns.strike[at],
            years=self.revaluation.years(columns)[expiry],
            vol=columns.vol[at],
            call=columns.call[at],
        )
        less = price[at] if self.net_delta and self.coin else 0.0
        delta[at] = (greeks.delta - less) * columns.variable_share[expiry]
        vega[at] = greeks.vega / (columns.anchor[at] if self.coin else 1.0)
        return delta, vega

    def _discount(self, columns: ContractColumns) -> FloatArray:
        if self.composition.discount == "none":
            return np.ones(len(columns.expiries))
        years = self.revaluation.years(columns)
        return np.exp(-expiry_rates(columns, years) * years)

    def _round(self, amount: FloatArray) -> FloatArray:
        if self.places is None:
            return amount
        scale = 10.0**self.places
        rounded: FloatArray = np.floor(amount * scale + 0.5) / scale
        return rounded


def _places(node: Node | None) -> int | None:
    return None if node is None else node.counted(minimum=0, maximum=_PLACES_MAX)


def _share(node: Node | None) -> float:
    if node is None:
        return 1.0
    share = node.decimal(minimum=0)
    if share > 1:
        node.refuse("be <= 1")
    return float(share)


def _is_net(node: Node | None) -> bool:
    return node is not None and node.choice("net", "model") == "net"
