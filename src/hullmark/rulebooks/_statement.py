"""The margin of one account in one currency, from the batches that its rule book computed."""

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct

from hullmark.domain import Holdings, Portfolio
from hullmark.errors import DocumentError
from hullmark.rulebooks._batch import Batch
from hullmark.rulebooks._rulebook import OpenBook, RuleBook

BASIS = "basis contingency"
_NOISE = 1e-9  # of a requirement: a loss smaller than that is what is left of a sum to zero


class ChargeAmount(Struct, frozen=True, kw_only=True):
    """What an add-on requires of an account."""

    name: str
    initial: float
    maintenance: float
    role: str  # inside the rule book's factor, outside of it, or a floor of the requirement


class UnderlyingMargin(Struct, frozen=True, kw_only=True):
    """The part of a statement that one underlying takes."""

    underlying: str
    mark_to_market: float
    initial: float
    maintenance: float
    charges: tuple[ChargeAmount, ...]
    worst: float | None  # least gain over the scenarios
    worst_scenario: str | None
    scenarios: Mapping[str, float]  # gain by scenario, in the book's order
    notes: tuple[str, ...]  # which of several rules has bound


class Statement(Struct, frozen=True, kw_only=True):
    """The margin of an account in one currency; requirements are not below zero."""

    account: str
    currency: str
    cash: float
    mark_to_market: float  # cash, positions and collateral at their value
    initial_margin: float  # requirement
    maintenance_margin: float  # requirement
    underlyings: tuple[UnderlyingMargin, ...]

    @property
    def initial_excess(self) -> float:
        """What is left after the initial requirement: what Derive calls IM."""
        return self.mark_to_market - self.initial_margin

    @property
    def maintenance_excess(self) -> float:
        """What is left after the maintenance requirement; below zero the account is liquidated."""
        return self.mark_to_market - self.maintenance_margin

    @property
    def binding(self) -> str:
        """The constraint that decides the requirement: a scenario, a floor or a charge."""
        parts = [(u.initial, note) for u in self.underlyings for note in _reasons(u)]
        return "; ".join(note for _, note in parts) or "none"


# A rule that says so itself, else the worst scenario, else the largest charge.
def _reasons(part: UnderlyingMargin) -> tuple[str, ...]:
    if part.notes:
        return part.notes
    if part.worst_scenario is not None and part.worst:
        return (f"{part.underlying} {part.worst_scenario}".strip(),)
    charged = [c for c in part.charges if c.role != "floor" and c.initial > _NOISE * part.initial]
    if not charged:
        return ()
    largest = max(charged, key=lambda charge: charge.initial)
    return (f"{part.underlying} {largest.name}".strip(),)


def statements(
    portfolio: Portfolio, rulebook: RuleBook, *, keep: bool = True
) -> tuple[Statement, ...]:
    """Return the margin of every account of a portfolio under a rule book.

    Parameters
    ----------
    portfolio : Portfolio
        Its parameters stand in place of the book's own.
    rulebook : RuleBook
    keep : bool, default True
        Whether to keep the gain of every scenario.

    Raises
    ------
    DocumentError
        If the document lacks what the rule book reads, a parameter breaks its rule, or an account
        is beyond what the book margins; the message has the path.
    """
    book = rulebook.open(portfolio.parameters)
    batches = book.margin.evaluate(portfolio.market, portfolio.accounts, keep=keep)
    found = assemble(portfolio.accounts, batches, book)
    return tuple(statement for each in found for statement in each)


def assemble(
    accounts: Sequence[Holdings], batches: Sequence[Batch], book: OpenBook
) -> list[tuple[Statement, ...]]:
    """Return the statements of each account, one per currency."""
    parts: dict[tuple[int, str], list[UnderlyingMargin]] = {}
    for batch in batches:
        for row, account in enumerate(batch.account.tolist()):
            parts.setdefault((account, batch.currency), []).append(_part(batch, row))
    margined = {number for number, _ in parts}
    for number, account in enumerate(accounts):
        idle = () if number in margined else (book.rulebook.composition.cash,)
        for asset in account.cash or idle:
            parts.setdefault((number, asset), [])
    known = book.margin.currencies
    result: list[list[Statement]] = [[] for _ in accounts]
    for (number, currency), margins in sorted(parts.items(), key=lambda item: item[0]):
        account = accounts[number]
        if currency not in known:
            raise DocumentError(
                f"{account.path}.cash must be in {', '.join(sorted(known))}, was in {currency!r}"
            )
        cash = float(account.cash.get(currency, 0))
        result[number].append(
            Statement(
                account=account.name,
                currency=currency,
                cash=cash,
                mark_to_market=cash + sum(m.mark_to_market for m in margins),
                initial_margin=sum(m.initial for m in margins),
                maintenance_margin=sum(m.maintenance for m in margins),
                underlyings=tuple(margins),
            )
        )
    return [tuple(each) for each in result]


def _role(batch: Batch, name: str) -> str:
    if name in batch.floors:
        return "floor"
    return "inside" if name in batch.inside else "outside"


def _part(batch: Batch, row: int) -> UnderlyingMargin:
    worst = scenario = None
    profits: dict[str, float] = {}
    if batch.scenario is not None and batch.worst is not None:
        at = int(batch.scenario[row])
        worst, scenario = float(batch.worst[row]), [*batch.labels, BASIS][at]
        if -worst <= _NOISE * abs(batch.initial[row]):  # what is left of a sum to zero
            worst = 0.0
    if batch.profit is not None:
        gains = zip(batch.labels, batch.profit[row].tolist(), strict=True)
        profits = {label: gain for label, gain in gains if np.isfinite(gain)}  # its own nodes only
        if batch.basis is not None and batch.basis[row]:
            profits[BASIS] = float(batch.basis[row])
    return UnderlyingMargin(
        underlying=batch.underlying,
        mark_to_market=float(batch.mark_to_market[row]),
        initial=float(batch.initial[row]),
        maintenance=float(batch.maintenance[row]),
        charges=tuple(
            ChargeAmount(
                name=name,
                initial=float(charge.initial[row]),
                maintenance=float(charge.maintenance[row]),
                role=_role(batch, name),
            )
            for name, charge in batch.charges.items()
        ),
        worst=worst,
        worst_scenario=scenario,
        scenarios=profits,
        notes=tuple(batch.notes.get(row, ())),
    )
