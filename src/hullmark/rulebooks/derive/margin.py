"""Derive's standard margin: positions alone, or the most that an expiry can lose if that is less.

Margins are account values here as at the venue: what is left after the requirement. A short option
alone is worth its mark less a share of spot, a long one nothing; an expiry is worth the better of
the sum of its options alone and of their least payoff at settlement, from which calls that nothing
pairs take a multiple of the forward. Expiries and markets add up [1]_.

References
----------
.. [1] Derive, v2-core at 7736900d (2026-01-21), src/risk-managers/StandardManager.sol.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple, Self

import numpy as np
from msgspec import Struct

from hullmark.core import FloatArray
from hullmark.domain import HeldContract, Holdings, Node, PortfolioMarket
from hullmark.errors import DocumentError
from hullmark.margin import Charge, MarginRows, across, by_group, max_loss
from hullmark.rulebooks._batch import Batch, Settlement
from hullmark.rulebooks._composition import Composition
from hullmark.rulebooks._rows import (
    check_holdings,
    check_kinds,
    contracts_on,
    margin_rows,
    unsettled,
)
from hullmark.scenarios import ContractColumns, Revaluation, SviRange, need

_OPTION = ("max_spot", "min_spot", "call_maintenance", "put_maintenance", "put_mark_maintenance")
_SCALES = ("unpaired_initial", "unpaired_maintenance", "put_offset")
_ORACLE = ("perpetual", "option", "factor")


class OptionTerms(Struct, frozen=True, kw_only=True):
    """Rates of short options, shares of spot but for the last four."""

    max_spot: float
    min_spot: float
    call_maintenance: float
    put_maintenance: float
    put_mark_maintenance: float  # share of the mark
    unpaired_initial: float  # multiple of the forward
    unpaired_maintenance: float
    put_offset: float  # initial margin of a put over its maintenance margin, at least

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read all eight."""
        fields = node.fields({*_OPTION, *_SCALES})
        return cls(**{key: float(entry.decimal(minimum=0)) for key, entry in fields.items()})

    def alone(self, columns: ContractColumns, mark: FloatArray) -> Charge:
        """Return what one short coin of each option takes, its price included, shape (I,)."""
        spot, strike, call = columns.spot, columns.strike, columns.call
        otm = np.maximum(np.where(call, strike - spot, spot - strike), 0.0) / spot
        opened = np.maximum(self.max_spot - otm, self.min_spot) * spot + mark
        put = np.maximum(self.put_maintenance * spot, self.put_mark_maintenance * mark)
        kept = np.where(call, self.call_maintenance * spot, put) + mark
        opened = np.where(call, opened, np.maximum(opened, self.put_offset * kept))
        return Charge(opened, kept)


class MarketTerms(Struct, frozen=True, kw_only=True):
    """The parameters of one market."""

    perpetual: tuple[float, float]  # initial and maintenance, shares of the notional at the mark
    option: OptionTerms
    oracle: Mapping[str, Decimal]  # thresholds of perpetuals and options, and the factor

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read ``{perpetual, option, oracle}``."""
        fields = node.fields({"perpetual", "option", "oracle"})
        rates = fields["perpetual"].fields({"initial", "maintenance"})
        oracle = fields["oracle"].fields(set(_ORACLE))
        return cls(
            perpetual=(
                float(rates["initial"].decimal(minimum=0)),
                float(rates["maintenance"].decimal(minimum=0)),
            ),
            option=OptionTerms.parse(fields["option"]),
            oracle={key: entry.decimal(minimum=0) for key, entry in oracle.items()},
        )

    def doubt(self, kind: str, *confidences: Decimal) -> float:
        """Return the share of spot that low confidence adds to the initial check."""
        least = min(confidences)
        return float((1 - least) * self.oracle["factor"]) if least < self.oracle[kind] else 0.0


class BaseTerms(NamedTuple):
    """What a collateral counts for."""

    factor: Decimal  # share of its value, in both checks
    initial_scale: Decimal  # of that, in the initial check
    threshold: Decimal  # confidence below which the initial check takes more off
    doubt_factor: Decimal


class StandardManager(Struct, frozen=True, kw_only=True):
    """The whole model."""

    composition: Composition
    revaluation: Revaluation
    svi: SviRange
    markets: Mapping[str, MarketTerms]
    collaterals: Mapping[str, BaseTerms]
    peg: tuple[Decimal, Decimal]  # threshold and factor
    borrowing: bool  # whether cash may be below zero
    risk_reduction: bool  # whether a trade passes that raises maintenance margin, to above zero

    @classmethod
    def parse(cls, composition: Composition, parameters: Node) -> Self:
        """Read the parameters."""
        composition.only()
        keys = {"year_days", "markets", "collaterals", "depeg", "borrowing", "risk_reduction"}
        fields = parameters.fields(keys, {"svi"})
        peg = fields["depeg"].fields({"threshold", "factor"})
        year = float(fields["year_days"].decimal(minimum=1))
        return cls(
            composition=composition,
            revaluation=Revaluation(year_days=year),
            svi=SviRange.parse(fields.get("svi", Node(parameters.path, {}))),
            markets={k: MarketTerms.parse(v) for k, v in fields["markets"].items().items()},
            collaterals={k: _base(v) for k, v in fields["collaterals"].items().items()},
            peg=(peg["threshold"].decimal(minimum=0), peg["factor"].decimal(minimum=0)),
            borrowing=fields["borrowing"].flag(),
            risk_reduction=fields["risk_reduction"].flag(),
        )

    def evaluate(
        self, market: PortfolioMarket, accounts: Sequence[Holdings], *, keep: bool = False
    ) -> list[Batch]:
        """Return the margin of all accounts: a batch per market, and one of their collateral."""
        del keep
        check_holdings(self.composition, accounts)
        if market.stable is None:
            Node("market", {}).lacks("the key 'stable'")
        batches = []
        for name in market.underlyings:
            members = {n: a for n, a in enumerate(accounts) if contracts_on(name, [a])}
            if members:
                batches.append(self._market(market, name, members))
        held = {n: a for n, a in enumerate(accounts) if a.collaterals}
        if held:
            batches.append(self._collateral(market, held))
        return batches

    @property
    def currencies(self) -> frozenset[str]:
        """The currency in which accounts may have cash."""
        return frozenset({self.composition.cash})

    def settlement(self, underlying: str) -> Settlement:
        """Return that everything settles in the cash asset."""
        del underlying
        return Settlement(self.composition.cash, coin=False)

    def prices(self, market: PortfolioMarket, contracts: Sequence[HeldContract]) -> Sequence[float]:
        """Return the model value of options per unit."""
        columns = ContractColumns.of(market, contracts, self.svi)
        value = self.revaluation.base(columns, np.ones(len(columns.expiries)))
        return [float(value[columns.number[c]]) for c in contracts]

    def _market(self, market: PortfolioMarket, name: str, members: Mapping[int, Holdings]) -> Batch:
        if name not in self.markets:
            known = ", ".join(self.markets)
            raise DocumentError(f"parameters.markets must have {name!r}, has {known}")
        kinds, expired = self.composition.kinds, self.composition.expired
        check_kinds(members.values(), name, kinds, expired=expired, market=market)
        columns = ContractColumns.of(market, contracts_on(name, members.values()), self.svi)
        mark = self.revaluation.base(columns, np.ones(len(columns.expiries)))
        nothing = np.zeros(len(columns.contracts))
        rows = margin_rows(
            columns,
            members,
            underlying=name,
            price=mark,
            delta=nothing,
            vega=nothing,
            years=self.revaluation.years(columns),
            with_collateral=False,
        )
        terms, sums = self.markets[name], rows.positions.sums
        at, size = rows.positions.contract, rows.positions.size
        perpetual, option = columns.perpetual[at], columns.option[at]
        options, notes = _expiries(terms.option, rows, mark)
        profits = np.array([unsettled(name, a, market, coin=False) for a in members.values()])
        notional = sums(np.abs(size) * columns.anchor[at] * perpetual)
        charges = {
            "perpetual": Charge(*(rate * notional for rate in terms.perpetual)),
            "options": options,
            "oracle-confidence": Charge(_doubt(terms, rows), rows.none),
            "depeg": Charge(
                self._depeg(market)
                * sums(np.where(option, np.maximum(-size, 0.0), np.abs(size)))
                * rows.spot,
                rows.none,
            ),
        }
        return Batch(
            underlying=name,
            currency=self.composition.cash,
            account=rows.account,
            mark_to_market=sums(size * mark[at]) + profits,
            initial=sum((c.initial for c in charges.values()), rows.none),
            maintenance=sum((c.maintenance for c in charges.values()), rows.none),
            charges=charges,
            notes=notes,
        )

    def _depeg(self, market: PortfolioMarket) -> float:
        threshold, factor = self.peg
        lost = threshold - (market.stable or threshold)
        return float(max(lost, Decimal(0)) * factor)

    # A collateral is worth `amount * price / stable`, and counts `amount * price * factor`: margin
    # is not divided by the price of the cash asset.
    def _collateral(self, market: PortfolioMarket, members: Mapping[int, Holdings]) -> Batch:
        worth, opened, kept = (np.zeros(len(members)) for _ in range(3))
        stable = market.stable or Decimal(1)
        for row, account in enumerate(members.values()):
            for name, amount in sorted(account.collaterals.items()):
                if name not in self.collaterals:
                    known = ", ".join(self.collaterals) or "none"
                    raise DocumentError(
                        f"{account.path}.collaterals must be among parameters.collaterals"
                        f" ({known}), was {name!r}"
                    )
                terms, price = self.collaterals[name], market.collaterals[name]
                value = amount * price.price
                counted = value * terms.factor
                scaled = counted * terms.initial_scale
                confidence = need(price.path, "confidence", price.confidence)
                if confidence < terms.threshold and scaled:
                    scaled -= value * (1 - confidence) * terms.doubt_factor
                worth[row] += float(value / stable)
                kept[row] += float(value / stable - counted)
                opened[row] += float(value / stable - scaled)
        return Batch(
            underlying="",
            currency=self.composition.cash,
            account=np.array(list(members), np.int64),
            mark_to_market=worth,
            initial=opened,
            maintenance=kept,
            charges={"collateral": Charge(opened, kept)},
        )


def _base(node: Node) -> BaseTerms:
    fields = node.fields({"factor", "initial_scale", "oracle_threshold", "oracle_factor"})
    return BaseTerms(
        factor=fields["factor"].decimal(minimum=0),
        initial_scale=fields["initial_scale"].decimal(minimum=0),
        threshold=fields["oracle_threshold"].decimal(minimum=0),
        doubt_factor=fields["oracle_factor"].decimal(minimum=0),
    )


# What the options of each row require: their value, and how far the better bound is below it.
def _expiries(
    terms: OptionTerms, rows: MarginRows, mark: FloatArray
) -> tuple[Charge, dict[int, tuple[str, ...]]]:
    columns, at, size = rows.columns, rows.positions.contract, rows.positions.size
    groups = len(columns.expiries)
    option, short = columns.option[at], np.maximum(-size, 0.0)
    value = rows.positions.sums(size * mark[at])
    loss = max_loss(columns, rows.positions)
    calls = by_group(rows, np.where(option & columns.call[at], size, 0.0))[:, :groups]
    forward = columns.forward.sum(axis=1)
    scales = terms.unpaired_initial, terms.unpaired_maintenance
    required, notes = [], dict[int, list[str]]()
    for check, unit in enumerate(terms.alone(columns, mark)):
        alone = -by_group(rows, np.where(option, short * unit[at], 0.0))[:, :groups]
        bounded = loss + scales[check] * forward * np.minimum(calls, 0.0)
        required.append(value - across(np.maximum(alone, bounded)))
        if check == 0:
            for row, e in np.argwhere(alone < 0.0):
                bound = "alone" if alone[row, e] >= bounded[row, e] else "bounded by the most lost"
                label = columns.expiries[e][1].path.removeprefix(f"{rows.market.path}.expiries.")
                notes.setdefault(int(row), []).append(f"{rows.underlying} {label} {bound}")
    return Charge(*required), {row: tuple(lines) for row, lines in notes.items()}


# Low confidence of the perpetual's prices, and of each expiry's: the latter for short options.
def _doubt(terms: MarketTerms, rows: MarginRows) -> FloatArray:
    columns, market, size = rows.columns, rows.market, rows.positions.size
    spot = need(market.path, "confidence", market.confidence)
    share = np.zeros(len(columns.contracts))
    if columns.perpetual.any():
        own = need(f"{market.path}.perpetual", "confidence", market.perpetual_confidence)
        share[columns.perpetual] = terms.doubt("perpetual", own, spot)
    shares = np.array(
        [
            terms.doubt(
                "option",
                spot,
                need(e.path, "forward_confidence", e.forward_confidence),
                need(e.path, "vol_confidence", e.vol_confidence),
            )
            for _, e in columns.expiries
        ]
    )
    share = np.where(columns.option, columns.of_expiry(shares), share)
    at = rows.positions.contract
    counted = np.where(columns.option[at], np.maximum(-size, 0.0), np.abs(size))
    return rows.positions.sums(share[at] * counted) * rows.spot
