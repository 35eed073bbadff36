"""Accounts of a portfolio document as the rows that a margin model nets."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal

import numpy as np

from hullmark.book import position_rows, sizes
from hullmark.core import FloatArray
from hullmark.domain import (
    CollateralPrice,
    HeldContract,
    Holding,
    Holdings,
    Node,
    PortfolioMarket,
)
from hullmark.errors import DocumentError
from hullmark.margin import MarginRows
from hullmark.rulebooks._composition import Composition
from hullmark.scenarios import ContractColumns


def contracts_on(underlying: str, accounts: Iterable[Holdings]) -> set[HeldContract]:
    """Return what *accounts* hold or have offered on an underlying."""
    return {
        holding.contract
        for account in accounts
        for holding in (*account.positions, *account.orders)
        if holding.contract.underlying == underlying
    }


def market_trees(parameters: Node) -> dict[str, Node]:
    """Return the parameters of each market; what stands beside ``markets`` holds for all."""
    table = parameters.table()
    if "markets" not in table:
        parameters.lacks("the key 'markets'")
    common = {key: value for key, value in table.items() if key != "markets"}
    markets = parameters.items()["markets"].items()
    return {name: Node(node.path, {**common, **node.table()}) for name, node in markets.items()}


def check_holdings(composition: Composition, accounts: Iterable[Holdings]) -> None:
    """Refuse holdings that a rule book has no rule for at all.

    Raises
    ------
    DocumentError
        If an account has orders, or collateral beside its cash, and the book margins none.
    """
    for account in accounts:
        if account.collaterals and composition.scope != "account":
            Node(f"{account.path}.collaterals", sorted(account.collaterals)).refuse(
                "be left out, since this rule book takes no collateral but cash"
            )
        if account.orders and not composition.orders:
            Node(f"{account.path}.orders", f"{len(account.orders)} orders").refuse(
                "be left out, since this rule book does not margin orders"
            )


def check_kinds(
    accounts: Iterable[Holdings],
    underlying: str,
    kinds: Collection[str],
    *,
    expired: bool,
    market: PortfolioMarket,
) -> None:
    """Refuse contracts that a rule book does not margin.

    Raises
    ------
    DocumentError
        If one is of another kind, or has expired where that is not margined.
    """
    for account in accounts:
        for holding in (*account.positions, *account.orders):
            contract = holding.contract
            if contract.underlying != underlying:
                continue
            if contract.kind not in kinds:
                known = ", ".join(sorted(kinds))
                raise DocumentError(
                    f"{holding.path} must be a contract of a kind that is margined on"
                    f" {underlying} ({known}), was {contract.name}"
                )
            if contract.expiry and not expired and not market.expiry(contract).seconds:
                raise DocumentError(f"{holding.path} must not have expired, was {contract.name}")


def margin_rows(
    columns: ContractColumns,
    accounts: Mapping[int, Holdings],
    *,
    underlying: str,
    price: FloatArray,
    delta: FloatArray,
    vega: FloatArray,
    years: FloatArray,
    coin: bool = False,
    with_collateral: bool = True,
    holdings: Sequence[Mapping[HeldContract, float]] | None = None,
) -> MarginRows:
    """Return one row per account of *accounts*, with what it holds on *underlying*.

    *holdings* stand in place of the accounts' own positions where they are given: an account with
    its orders filled, say.
    """
    market = columns.market
    held = {name for a in accounts.values() for name in a.collaterals} if with_collateral else set()
    collaterals: dict[str, CollateralPrice] = {
        name: market.collaterals[name] for name in sorted(held)
    }
    if holdings is None:
        holdings = [positions_on(underlying, a) for a in accounts.values()]
    return MarginRows(
        columns=columns,
        positions=position_rows(holdings, columns.number),
        account=np.array(list(accounts), np.int64),
        underlying=underlying,
        price=price,
        delta=delta,
        vega=vega,
        years=years,
        coin=coin,
        collaterals=collaterals,
        collateral=np.array(
            [[float(a.collaterals.get(c, 0)) for c in collaterals] for a in accounts.values()]
        ).reshape(len(accounts), len(collaterals)),
        stable=None if market.stable is None else float(market.stable),
    )


def positions_on(underlying: str, account: Holdings) -> dict[HeldContract, float]:
    """Return the positions of an account on one underlying."""
    return sizes([p for p in account.positions if p.contract.underlying == underlying])


def unsettled(underlying: str, account: Holdings, market: PortfolioMarket, *, coin: bool) -> float:
    """Return profit and funding of linear positions that is not in cash yet, in the currency.

    Summed as decimals of 28 digits, and rounded to a float once.
    """
    total = Decimal(0)
    for position in account.positions:
        if position.contract.underlying == underlying and position.contract.kind != "option":
            total += position.unsettled + _profit(position, market, coin=coin)
    return float(total)


# A position without entry has all its profit in `unsettled`.
def _profit(position: Holding, market: PortfolioMarket, *, coin: bool) -> Decimal:
    if position.entry is None:
        return Decimal(0)
    mark = market.mark(position.contract)
    return linear_profit(position.size, entry=position.entry, mark=mark, coin=coin)


def linear_profit(size: Decimal, *, entry: Decimal, mark: Decimal, coin: bool) -> Decimal:
    """Return what a linear position has gained since its entry, in the settlement currency."""
    return size / entry - size / mark if coin else size * (mark - entry)
