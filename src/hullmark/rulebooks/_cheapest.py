"""The cheapest single trade that frees margin: a search over contracts and sizes.

Of the contracts that the document prices on the account's underlyings at most 128 are tried, those
held first and then those nearest to the money, bought and sold, at their mark and with a taker's
fee, in rising sizes. Of those that are enough the 16 of least fee are refined by halving. The
search is over what one trade does, exactly as margined, and knows neither spreads nor depth.
"""

from decimal import ROUND_DOWN, ROUND_UP, Context, Decimal
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hullmark.core import FloatArray
from hullmark.domain import HeldContract, Holdings
from hullmark.errors import DocumentError
from hullmark.rulebooks._desk import Desk
from hullmark.rulebooks._statement import Statement
from hullmark.rulebooks._trades import Trade, tradable

_SHARES = tuple(2.0**-k for k in range(7, -1, -1))  # of the most that is tried of a contract
_REFINEMENTS = 12  # halvings of the interval in which a trade begins to be enough
_REFINED_MAX = 16  # trades whose size is refined: the cheapest of those that are enough
_CONTRACTS_MAX = 128  # that are tried: those held first, then those nearest to the money
_DIGITS = 6  # of a proposed size, rounded away from zero
_FREED = 0.1  # share of the initial requirement to free where nothing is missing


class FreeingTrade(Struct, frozen=True, kw_only=True):
    """A trade that frees margin."""

    trade: Trade
    currency: str
    cost: float  # taker fee
    freed: float  # what the initial excess gains, the fee paid
    asked: float  # what was to be freed
    enough: bool


class _Candidate(NamedTuple):
    contract: HeldContract
    most: Decimal  # signed size
    price: Decimal


def cheapest(desk: Desk, account: Holdings, statement: Statement) -> tuple[FreeingTrade, ...]:
    """Return the cheapest trade that makes up what is missing of the initial requirement.

    Where nothing is missing, a tenth of the requirement is to be freed. Where no single trade is
    enough, the one that frees most; none where no trade frees anything.
    """
    missing = max(-statement.initial_excess, 0.0) or _FREED * statement.initial_margin
    candidates = _candidates(desk, account, statement)
    if not candidates:
        return ()
    target = statement.initial_excess + missing
    shares, enough, gained = _search(desk, account, statement.currency, candidates, target)
    trades = [_trade(c, share) for c, share in zip(candidates, shares.tolist(), strict=True)]
    if enough.any():
        fits = [trade for trade, fit in zip(trades, enough, strict=True) if fit]
        best = min(fits, key=lambda t: (desk.fee(t), abs(t.size), t.contract))
    else:
        best = trades[int(np.argmax(gained))]
    (after,) = _excess(desk, account, [best], statement.currency)
    freed = float(after) - statement.initial_excess
    if freed <= 0.0:
        return ()
    return (
        FreeingTrade(
            trade=best,
            currency=statement.currency,
            cost=float(desk.fee(best)),
            freed=freed,
            asked=missing,
            enough=bool(enough.any()),
        ),
    )


# Per candidate the least share of its most that is enough, or the one that gains most.
def _search(
    desk: Desk,
    account: Holdings,
    currency: str,
    candidates: list[_Candidate],
    target: float,
) -> tuple[FloatArray, NDArray[np.bool_], FloatArray]:
    def excess(shares: FloatArray) -> FloatArray:
        trades = [_trade(c, s) for c, s in zip(candidates, shares.tolist(), strict=True)]
        return _excess(desk, account, trades, currency)

    grid = np.array([excess(np.full(len(candidates), share)) for share in _SHARES])
    shares = np.array(_SHARES)
    enough: NDArray[np.bool_] = np.max(grid, axis=0) >= target
    first = np.where(enough, np.argmax(grid >= target, axis=0), np.argmax(grid, axis=0))
    high = shares[first]
    low = np.where(first > 0, shares[np.maximum(first - 1, 0)], 0.0)
    fees = [float(desk.fee(_trade(c, s))) for c, s in zip(candidates, high.tolist(), strict=True)]
    near = [n for n in np.argsort(fees, kind="stable").tolist() if enough[n]][:_REFINED_MAX]
    for _ in range(_REFINEMENTS if near else 0):
        middle = 0.5 * (low + high)
        tried = [_trade(candidates[n], middle[n].item()) for n in near]
        good = _excess(desk, account, tried, currency) >= target
        for n, fits in zip(near, good.tolist(), strict=True):
            high[n], low[n] = (middle[n], low[n]) if fits else (high[n], middle[n])
    return high, enough, grid.max(axis=0)


def _trade(candidate: _Candidate, share: float) -> Trade:
    size = candidate.most * Decimal(repr(share))
    rounded = Context(prec=_DIGITS, rounding=ROUND_UP).plus(size)
    if abs(rounded) > abs(candidate.most):  # never more than the candidate's most
        rounded = candidate.most
    return Trade(contract=candidate.contract, size=rounded, price=candidate.price)


def _excess(desk: Desk, account: Holdings, trades: list[Trade], currency: str) -> FloatArray:
    variants = [desk.after(account, trade, desk.fee(trade)) for trade in trades]
    found = [{s.currency: s.initial_excess for s in each} for each in desk.statements(variants)]
    return np.array([each.get(currency, -np.inf) for each in found])


# Contracts for which the document has all that the rule book reads: a mark, a confidence.
def _margined(desk: Desk, account: Holdings, contracts: list[HeldContract]) -> list[HeldContract]:
    def works(some: list[HeldContract]) -> bool:
        try:
            prices = desk.prices(some)
            one = [Trade(contract=c, size=Decimal(1), price=prices[c]) for c in some if prices[c]]
            desk.statements([desk.after(account, trade) for trade in one])
        except DocumentError:
            return False
        return True

    return contracts if works(contracts) else [c for c in contracts if works([c])]


# Of what is held, all of it may be closed, or as much again be added as the account holds on the
# underlying in coins; as much of anything else, bought or sold.
def _candidates(desk: Desk, account: Holdings, statement: Statement) -> list[_Candidate]:
    market, margin = desk.portfolio.market, desk.book.margin
    held = {p.contract: p.size for p in account.positions}
    kinds = desk.book.rulebook.composition.kinds

    def usable(contract: HeldContract) -> bool:
        on = any(c.underlying == contract.underlying for c in held)
        if not on or contract.kind not in kinds:
            return False
        return margin.settlement(contract.underlying).currency == statement.currency

    def place(contract: HeldContract) -> tuple[bool, bool, float]:
        option = contract.kind == "option"
        away = 0.0
        if option:
            away = abs(float(contract.strike / market.expiry(contract).forward) - 1.0)
        return contract not in held, option, away

    listed = sorted(filter(usable, tradable(market, [account])), key=place)[:_CONTRACTS_MAX]
    contracts = _margined(desk, account, listed)
    prices = desk.prices(contracts)

    def coins(contract: HeldContract, size: Decimal) -> Decimal:
        coin = margin.settlement(contract.underlying).coin and contract.kind != "option"
        return abs(size) / prices[contract] if coin else abs(size)

    gross: dict[str, Decimal] = {}
    for contract, size in held.items():
        if contract in prices:
            total = gross.get(contract.underlying, Decimal(0))
            gross[contract.underlying] = total + coins(contract, size)
    found = []
    for contract in contracts:
        price = prices[contract]
        if price <= 0 and contract.kind != "option":
            continue
        coin = margin.settlement(contract.underlying).coin and contract.kind != "option"
        top = gross[contract.underlying] * (price if coin else 1)
        top = Context(prec=_DIGITS, rounding=ROUND_DOWN).plus(top)
        if contract in held:
            top = top.copy_sign(held[contract])
            found += [_Candidate(contract, size, price) for size in (-held[contract], top)]
        else:
            found += [_Candidate(contract, size, price) for size in (top, -top)]
    return found
