"""Why an account's margin is what it is: per position, with a trade more, and the cheapest way out.

Each question is one batch of variants of the account, computed as any accounts are.
"""

from decimal import Decimal

from msgspec import Struct

from hullmark.core import load_plugin
from hullmark.domain import HeldContract, Holdings, Portfolio
from hullmark.errors import InvalidInputError
from hullmark.rulebooks._cheapest import FreeingTrade, cheapest
from hullmark.rulebooks._desk import Desk
from hullmark.rulebooks._rulebook import ADMISSIONS, RuleBook
from hullmark.rulebooks._statement import Statement
from hullmark.rulebooks._trades import Trade, without


class PositionMargin(Struct, frozen=True, kw_only=True):
    """What an account's requirement is more for one of its positions."""

    contract: HeldContract
    size: Decimal
    currency: str
    initial: float  # requirement with the position less without; below zero: it hedges
    maintenance: float


class Explanation(Struct, frozen=True, kw_only=True):
    """An account's margin with its reasons."""

    statements: tuple[Statement, ...]
    positions: tuple[PositionMargin, ...]
    after: tuple[Statement, ...] | None  # with the trade that was asked about
    refusal: str | None  # why the venue would refuse it; None also where the book has no such rule
    admission: str | None  # the rule that was asked; None where the book has none
    cheapest: tuple[FreeingTrade, ...]  # per currency with a requirement; none where nothing helps


def explain(
    portfolio: Portfolio,
    rulebook: RuleBook,
    account: str,
    *,
    trade: Trade | None = None,
    trusted: bool = False,
    search: bool = True,
) -> Explanation:
    """Return the margin of one account with its reasons.

    Parameters
    ----------
    portfolio : Portfolio
    rulebook : RuleBook
    account : str
        Its name.
    trade : Trade, optional
        What to add to the account, on paper.
    trusted : bool, default False
        Whether a trusted risk assessor sends it, where the venue knows such callers.
    search : bool, default True
        Whether to look for the cheapest trade that frees margin, which takes the time.

    Raises
    ------
    InvalidInputError
        If there is no such account.
    DocumentError
        As `statements`.
    """
    found = [a for a in portfolio.accounts if a.name == account]
    if not found:
        raise InvalidInputError(f"account must be one of the document, was {account!r:.60}")
    (holdings,) = found
    book = rulebook.open(portfolio.parameters)
    desk = Desk(book=book, portfolio=portfolio)
    (now,) = desk.statements([holdings], keep=True)
    after = refusal = None
    if trade is not None:
        (after,) = desk.statements([desk.after(holdings, trade)], keep=True)
        if rulebook.admission is not None:
            admission = load_plugin(ADMISSIONS, rulebook.admission)
            refusal = admission(portfolio, rulebook, holdings, trade, trusted=trusted)
    return Explanation(
        statements=now,
        positions=_positions(desk, holdings, now),
        after=after,
        refusal=None if refusal is None else str(refusal),
        admission=rulebook.admission if trade is not None else None,
        cheapest=tuple(
            freeing
            for statement in now
            if search and statement.initial_margin > 0.0
            for freeing in cheapest(desk, holdings, statement)
        ),
    )


def _positions(
    desk: Desk, account: Holdings, now: tuple[Statement, ...]
) -> tuple[PositionMargin, ...]:
    """Return the marginal requirement of each position."""
    whole = {s.currency: s for s in now}
    variants = [without(account, position) for position in account.positions]
    result = []
    for position, rest in zip(account.positions, desk.statements(variants), strict=True):
        currency = desk.book.margin.settlement(position.contract.underlying).currency
        left = {s.currency: s for s in rest}.get(currency)
        result.append(
            PositionMargin(
                contract=position.contract,
                size=position.size,
                currency=currency,
                initial=whole[currency].initial_margin - (left.initial_margin if left else 0.0),
                maintenance=whole[currency].maintenance_margin
                - (left.maintenance_margin if left else 0.0),
            )
        )
    return tuple(result)
