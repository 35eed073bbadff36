"""An open rule book at a document's market, asked about variants of an account."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from hullmark.domain import HeldContract, Holdings, Portfolio
from hullmark.rulebooks._rulebook import OpenBook
from hullmark.rulebooks._statement import Statement, assemble
from hullmark.rulebooks._trades import Trade, traded


class Desk(Struct, frozen=True, kw_only=True):
    """A rule book at a market, asked about variants of an account."""

    book: OpenBook
    portfolio: Portfolio

    def statements(
        self, variants: Sequence[Holdings], *, keep: bool = False
    ) -> list[tuple[Statement, ...]]:
        """Return the statements of every variant."""
        batches = self.book.margin.evaluate(self.portfolio.market, variants, keep=keep)
        return assemble(variants, batches, self.book)

    def after(self, account: Holdings, trade: Trade, fee: Decimal = Decimal(0)) -> Holdings:
        """Return the account after a trade and its fee."""
        settlement = self.book.margin.settlement(trade.contract.underlying)
        changed = traded(account, trade, self.portfolio.market, settlement)
        cash = dict(changed.cash)
        if fee:
            cash[settlement.currency] = cash.get(settlement.currency, Decimal(0)) - fee
        return replace(changed, cash=cash)

    def fee(self, trade: Trade) -> Decimal:
        """Return the taker fee of a trade, in the currency of its settlement."""
        costs, size = self.book.costs, abs(trade.size)
        coin = self.book.margin.settlement(trade.contract.underlying).coin
        if trade.contract.kind != "option":
            notional = size / trade.price if coin else size * trade.price
            return Decimal(repr(costs.linear)) * notional
        spot = self.portfolio.market.underlyings[trade.contract.underlying].spot
        unit = Decimal(repr(costs.option)) * (1 if coin else spot)
        return size * min(unit, Decimal(repr(costs.option_cap)) * trade.price)

    def prices(self, contracts: Sequence[HeldContract]) -> dict[HeldContract, Decimal]:
        """Return the mark of each perpetual and future, and what the book values options at."""
        options = [c for c in contracts if c.kind == "option"]
        values = self.book.margin.prices(self.portfolio.market, options)
        found = {c: Decimal(repr(v)) for c, v in zip(options, values, strict=True)}
        marks = {c: self.portfolio.market.mark(c) for c in contracts if c.kind != "option"}
        return {**found, **marks}
