"""Scenario margin: the worst of a list of scenarios, with charges beside it, times a factor.

    requirement = factor (worst loss + charges inside) + charges outside

for the initial and the maintenance check, each with its own factor. Which scenarios, what happens
to their values and which charges there are is data: a rule book's composition names the parts.
"""

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
from msgspec import Struct

from hullmark.domain import HeldContract, Holdings, Node, PortfolioMarket
from hullmark.errors import DocumentError
from hullmark.rulebooks._batch import Batch, Settlement
from hullmark.rulebooks._composition import Composition
from hullmark.rulebooks._rows import (
    check_holdings,
    check_kinds,
    contracts_on,
    market_trees,
    unsettled,
)
from hullmark.rulebooks._scenario_margin import ScenarioMargin


class ScenarioBook(Struct, frozen=True, kw_only=True):
    """The scenario models of a rule book: one for all underlyings, or one for each."""

    composition: Composition
    models: Mapping[str, ScenarioMargin]  # by underlying; "": of all

    @classmethod
    def parse(cls, composition: Composition, parameters: Node) -> Self:
        """Read the parameters."""
        trees = market_trees(parameters) if composition.markets else {"": parameters}
        models = {name: ScenarioMargin.parse(composition, node) for name, node in trees.items()}
        return cls(composition=composition, models=models)

    def evaluate(
        self, market: PortfolioMarket, accounts: Sequence[Holdings], *, keep: bool = False
    ) -> list[Batch]:
        """Return the margin of all accounts, a batch per underlying."""
        check_holdings(self.composition, accounts)
        batches = []
        for underlying, members in self._members(market, accounts).items():
            model = self._model(underlying)
            kinds, expired = self.composition.kinds, self.composition.expired
            check_kinds(members.values(), underlying, kinds, expired=expired, market=market)
            compiled = model.compile(market, contracts_on(underlying, members.values()), underlying)
            for account in members.values():
                model.check(account, underlying)
            coin = model.coin
            profits = [unsettled(underlying, a, market, coin=coin) for a in members.values()]
            currency = underlying if coin else self.composition.cash
            rows = model.rows(compiled, members, underlying)
            batch = model.batch(compiled, rows, np.array(profits), currency, keep=keep)
            if self.composition.orders:
                batch = model.with_orders(compiled, members, batch)
            batches.append(batch)
        return batches

    # Accounts by underlying. Where an account nets as a whole it has one, also without contracts if
    # the market has no other: the prices of its collateral are then no better than that spot.
    def _members(
        self, market: PortfolioMarket, accounts: Sequence[Holdings]
    ) -> dict[str, dict[int, Holdings]]:
        members: dict[str, dict[int, Holdings]] = {}
        whole = self.composition.scope == "account"
        home = next(iter(market.underlyings)) if len(market.underlyings) == 1 else ""
        for number, account in enumerate(accounts):
            holdings = (*account.positions, *account.orders)
            on = sorted({h.contract.underlying for h in holdings})
            if whole and len(on) > 1:
                path = f"{account.path} ({account.name})"
                raise DocumentError(f"{path} must be on one underlying, was on {', '.join(on)}")
            for underlying in on or ([home] if whole else []):
                members.setdefault(underlying, {})[number] = account
        return members

    def _model(self, underlying: str) -> ScenarioMargin:
        if not self.composition.markets:
            return self.models[""]
        if underlying not in self.models:
            known = ", ".join(self.models)
            raise DocumentError(f"parameters.markets must have {underlying!r}, has {known}")
        return self.models[underlying]

    @property
    def currencies(self) -> frozenset[str]:
        """The currencies in which accounts may have cash."""
        coins = (name for name, model in self.models.items() if model.coin)
        return frozenset({self.composition.cash, *coins})

    def settlement(self, underlying: str) -> Settlement:
        """Return how what is on *underlying* settles."""
        coin = self._model(underlying).coin
        return Settlement(underlying if coin else self.composition.cash, coin)

    def prices(self, market: PortfolioMarket, contracts: Sequence[HeldContract]) -> Sequence[float]:
        """Return the model value of options per unit."""
        found: dict[HeldContract, float] = {}
        for underlying in sorted({c.underlying for c in contracts}):
            on = {c for c in contracts if c.underlying == underlying}
            compiled = self._model(underlying).compile(market, on, underlying)
            found |= dict(zip(compiled.columns.contracts, compiled.price.tolist(), strict=True))
        return [found[c] for c in contracts]

    def greek_bounds(
        self, market: PortfolioMarket, accounts: Sequence[Holdings]
    ) -> dict[tuple[int, str], tuple[float, float]]:
        """Return by account and underlying the worst gain from greeks alone, and its error."""
        found: dict[tuple[int, str], tuple[float, float]] = {}
        for underlying, members in self._members(market, accounts).items():
            model = self._model(underlying)
            on = contracts_on(underlying, members.values())
            compiled = model.compile(market, on, underlying)
            bound = model.greek_bound(compiled, model.rows(compiled, members, underlying))
            pairs = zip(members, bound.estimate.tolist(), bound.error.tolist(), strict=True)
            found |= {(n, underlying): (estimate, error) for n, estimate, error in pairs}
        return found
