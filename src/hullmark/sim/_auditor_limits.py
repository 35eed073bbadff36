"""Price limits of orders, as the auditor reckons them: by a share of the mark, or by bankruptcy.

Source: ``docs/concepts/liquidation.md`` and ``docs/concepts/price-limits.md``.
"""

import math
from fractions import Fraction

from hullmark.sim._auditor_ledger import AuditorLedger
from hullmark.sim._auditor_market import AuditorMarket
from hullmark.sim._auditor_notes import AuditorNotes
from hullmark.sim._auditor_text import NANO, PRICE_NANO_MAX


class AuditorLimits:
    """Judges the worst price that an order may fill at, and what a fill brings beyond it."""

    def __init__(self, ledger: AuditorLedger, market: AuditorMarket, notes: AuditorNotes) -> None:
        self._ledger = ledger
        self._market = market
        self._notes = notes

    def check(self, account: int, symbol: str, lots: int, found: int, *, soft: bool) -> None:
        """Judge a limit: away from the mark, where limits slide by how little is left."""
        limits, blur_nano = self._market.rules.liquidation, self._market.blur_nano(symbol)
        mark = self._market.safe_nano(symbol, lots)
        held = self._ledger.positions[account]
        closes = symbol in held and held[symbol].lots * lots < 0
        # Where a position has no mark, nobody can say what bankruptcy is.
        marked = all(round(self._market.quoted_nano(name)) for name in held)
        if limits.sliding and closes and marked:
            limit, slack = self._slid(account, symbol, lots, mark, soft=soft)
        else:
            towards, sign = (math.floor, 1) if lots > 0 else (math.ceil, -1)  # towards the mark
            limit, slack = Fraction(towards(mark * (1 + sign * limits.slippage))), Fraction(0)
        limit = min(max(limit, Fraction(1)), Fraction(PRICE_NANO_MAX))
        self._notes.near(account, "limit_nano", limit, found, 2 * blur_nano + slack)

    def surplus(self, account: int, symbol: str, lots: int, cost: int) -> tuple[Fraction, Fraction]:
        """Return what a fill brings over the bankruptcy price, and how far that may be off."""
        position = self._ledger.positions[account].get(symbol)
        if position is None or position.lots * lots >= 0:
            return Fraction(0), Fraction(0)
        part = abs(Fraction(lots, position.lots))
        terms = self._market.rules.instruments[symbol]
        worth = Fraction(*terms.worth(-lots, round(self._market.quoted_nano(symbol)) or 1))
        share, slack = self._share(account, symbol)
        signed = cost if lots > 0 else -cost
        return max(-signed - math.floor(worth) + share * part, Fraction(0)), slack + 2

    # From the mark to the bankruptcy price, as far as maintenance margin is used up.
    def _slid(
        self, account: int, symbol: str, lots: int, mark: Fraction, *, soft: bool
    ) -> tuple[Fraction, Fraction]:
        standing, end = self._market.standing(account), self._bankruptcy_nano(account, symbol)
        if standing is None or soft:
            return mark, Fraction(2)
        margin = max(standing.maintenance_margin, 1)
        gone = Fraction(margin - min(max(standing.maintenance_equity, 0), margin), margin)
        way = max(mark - end if lots < 0 else end - mark, Fraction(0))
        _, slack = self._share(account, symbol)
        worth, unit = self._worth(account, symbol)
        near = 2 + way * 2 * standing.slack / margin + end * 2 * (slack + 4) * unit / max(worth, 1)
        return mark - way * gone if lots < 0 else mark + way * gone, near

    # Where a position has lost its share of net value, as far as a price can say so.
    def _bankruptcy_nano(self, account: int, symbol: str) -> Fraction:
        terms, position = self._market.rules.instruments[symbol], self._ledger.positions[account]
        lots, most = position[symbol].lots, Fraction(PRICE_NANO_MAX)
        over, under = terms.worth(lots, round(self._market.quoted_nano(symbol)) or 1)
        share, _ = self._share(account, symbol)
        left = Fraction(over, under) - share  # what it is worth there
        of_one = Fraction(lots * terms.lot_nano * terms.unit)
        if terms.inverse and terms.carries_quote:
            if left * lots >= 0:  # beyond all prices
                return most if lots < 0 else self._market.quoted_nano(symbol)
            return min(-of_one / left, most)
        return min(max(left / of_one, Fraction(0)) * NANO * NANO, most)

    # A position's part of net value, by notional.
    def _share(self, account: int, symbol: str) -> tuple[Fraction, Fraction]:
        held, rules = self._ledger.positions[account], self._market.rules
        sizes = {s: abs(p.lots) * (self._market.notional(s) or 0) for s, p in held.items()}
        net, slack = self._market.net_quanta(account, rules.instruments[symbol].settlement)
        part = Fraction(sizes[symbol] / total) if (total := sum(sizes.values())) else Fraction(0)
        return net * part, slack + abs(net) * Fraction(1, 10**9) + 1

    def _worth(self, account: int, symbol: str) -> tuple[int, int]:
        terms, lots = self._market.rules.instruments[symbol], self._ledger.positions[account]
        worth, unit = terms.worth(lots[symbol].lots, round(self._market.quoted_nano(symbol)) or 1)
        return abs(worth), unit
