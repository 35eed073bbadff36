"""Whether Derive would let a trade pass, margined under its rule books."""

from decimal import Decimal

from msgspec.structs import replace

from hullmark.domain import Holdings, Portfolio, PortfolioMarket
from hullmark.rulebooks._desk import Desk
from hullmark.rulebooks._rulebook import RuleBook
from hullmark.rulebooks._statement import Statement
from hullmark.rulebooks._trades import Trade
from hullmark.rulebooks.derive._admission import (
    ADMISSION_PORTFOLIO,
    ADMISSION_STANDARD,
    AccountState,
    AdmissionRule,
    Change,
    Holding,
    Inadmissible,
    MarginValues,
    admit,
)
from hullmark.rulebooks.derive._fixed import UNIT
from hullmark.rulebooks.derive.margin import StandardManager


def standard_admission(
    portfolio: Portfolio,
    rulebook: RuleBook,
    account: Holdings,
    trade: Trade,
    *,
    trusted: bool = False,
    rule: AdmissionRule = ADMISSION_STANDARD,
) -> Inadmissible | None:
    """Return why the standard manager refuses a trade, or None: it passes.

    Parameters
    ----------
    portfolio : Portfolio
        The market and the parameters.
    rulebook : RuleBook
        ``derive-standard``.
    account : Holdings
        Before the trade.
    trade : Trade
    trusted : bool, default False
        Whether a trusted risk assessor sends it: then only maintenance margin counts.
    rule : AdmissionRule
        The newest by default. With the parameter ``risk_reduction`` a reduction of risk passes,
        too, as under ``ADMISSION_STANDARD_FIRST``.
    """
    desk = Desk(book=rulebook.open(portfolio.parameters), portfolio=portfolio)
    after = desk.after(account, trade)
    before, found = desk.statements([account, after])
    margins = MarginValues(
        initial=_total(found)[0],
        maintenance=_total(found)[1],
        maintenance_before=_total(before)[1],
    )
    manager = desk.book.margin
    assert isinstance(manager, StandardManager)
    reduces = rule.risk_reduction or manager.risk_reduction
    return admit(
        replace(rule, risk_reduction=reduces),
        _changes(after, trade, portfolio.market, rulebook.composition.cash),
        margins,
        _state(account, after, desk, borrowing=manager.borrowing),
        trusted=trusted,
    )


def portfolio_admission(
    portfolio: Portfolio,
    rulebook: RuleBook,
    account: Holdings,
    trade: Trade,
    *,
    trusted: bool = False,
    rule: AdmissionRule = ADMISSION_PORTFOLIO,
) -> Inadmissible | None:
    """Return why a portfolio manager refuses a trade, or None: it passes.

    As `standard_admission`, but a trusted risk assessor is checked on the maintenance margin of
    three scenarios: the two moves of the basis contingency, and none.
    """
    book = rulebook.open(portfolio.parameters)
    desk = Desk(book=book, portfolio=portfolio)
    after = desk.after(account, trade)
    (found,) = desk.statements([after])
    basis = Desk(book=rulebook.open(_basis_only(portfolio, rulebook)), portfolio=portfolio)
    (shifted,) = basis.statements([after])
    margins = MarginValues(
        initial=_total(found)[0],
        maintenance=_total(found)[1],
        maintenance_basis=_total(shifted)[1],
    )
    state = _state(account, after, desk, borrowing=True)
    return admit(
        rule,
        _changes(after, trade, portfolio.market, rulebook.composition.cash),
        margins,
        state,
        trusted=trusted,
    )


def _basis_only(portfolio: Portfolio, rulebook: RuleBook) -> dict[str, object]:
    given = portfolio.parameters.get("basis", {})
    basis = {**rulebook.parameters["basis"], **given}
    moves = (basis["up"], basis["down"], "1")
    return {**portfolio.parameters, "scenarios": [{"spot": m, "vol": "none"} for m in moves]}


def _total(found: tuple[Statement, ...]) -> tuple[float, float]:
    return sum(s.initial_excess for s in found), sum(s.maintenance_excess for s in found)


# Two lines of one batch: the contract, and the cash that changes hands. An option's premium is
# paid; of a perpetual only what its price is off the mark, as the rest waits in the position.
def _changes(
    after: Holdings, trade: Trade, market: PortfolioMarket, cash_asset: str
) -> tuple[Change, ...]:
    held = {p.contract: p.size for p in after.positions}.get(trade.contract, Decimal(0))
    option = trade.contract.kind == "option"
    kind = Holding.OPTION if option else Holding.PERP
    lines = [Change(holding=kind, delta=_units(trade.size), after=_units(held))]
    worth = Decimal(0) if option else market.mark(trade.contract)
    if paid := -trade.size * (trade.price - worth):
        left = after.cash.get(cash_asset, Decimal(0))
        lines.append(Change(holding=Holding.CASH, delta=_units(paid), after=_units(left)))
    return tuple(lines)


def _state(account: Holdings, after: Holdings, desk: Desk, *, borrowing: bool) -> AccountState:
    cash = desk.book.rulebook.composition.cash
    return AccountState(
        cash_after=_units(after.cash.get(cash, Decimal(0))),
        assets_before=_assets(account),
        assets_after=_assets(after),
        borrowing=borrowing,
    )


def _assets(account: Holdings) -> int:
    cash = sum(1 for amount in account.cash.values() if amount)
    return cash + len(account.collaterals) + len(account.positions)


def _units(amount: Decimal) -> int:
    return int(amount * UNIT)
