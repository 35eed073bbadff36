"""Prices, volatilities and terms as the auditor has them, and what is quoted at them.

Sources: ``docs/concepts/prices.md`` and ``docs/concepts/margin.md``.
"""

import math
from collections.abc import Iterable
from fractions import Fraction

from hullmark.sim._auditor_notes import AuditorNotes
from hullmark.sim._auditor_options import option_worth, years_left
from hullmark.sim._auditor_policies import NONE, VALID
from hullmark.sim._auditor_prices import Weighed, grade_now
from hullmark.sim._auditor_sheet import notional_usd
from hullmark.sim._auditor_sides import (
    Range,
    Side,
    Sides,
    Span,
    between,
    lenient_sides,
    range_of,
    spared_factors,
    strict_sides,
)
from hullmark.sim._auditor_terms import InstrumentTerms, Terms
from hullmark.sim._auditor_text import NANO, PRICE_NANO_MAX

_FLOATS = 10**12  # to one part in so many, Black's formula comes out the same however it is written


class AuditorQuotes:
    """What assets and instruments are quoted at, now or at the sides of their prices."""

    def __init__(self) -> None:
        self.prices: dict[str, Weighed] = {}
        self.vol_nano: dict[str, int] = {}
        self.valuation_ns = 0
        self.now_ns = 0
        self._terms: Terms | None = None

    @property
    def rules(self) -> Terms:
        """The terms in force."""
        if self._terms is None:
            raise ValueError("the first event of a history must adopt rules")
        return self._terms

    def index(self, asset: str, side: Side = between) -> Fraction | None:
        """Return what an asset is worth, in USD: its peg, or its observed price."""
        found = self.rules.assets.get(asset)
        if found is not None and found.peg is not None:
            return found.peg
        return self._observed(asset, side)

    def mark(self, symbol: str, side: Side = between) -> Fraction | None:
        """Return what one contract unit is quoted at: observed, or by Black's formula."""
        terms = self.rules.instruments[symbol]
        if terms.kind != "option":
            return self._observed(symbol, side)
        forward, vol = self.index(terms.underlying, side), self.vol_nano.get(symbol)
        if forward is None or vol is None:
            return None
        years = years_left(terms, self.valuation_ns)
        return Fraction(option_worth(terms, float(forward), vol / NANO, years))

    def _observed(self, factor: str, side: Side) -> Fraction | None:
        price = self.prices.get(factor)
        return Fraction(side(factor, price), NANO) if price and price.price_nano else None

    def quoted_nano(self, symbol: str) -> Fraction:
        """Return the mark as a price that can be told: 0 without one, and no more than fits."""
        return min((self.mark(symbol) or Fraction()) * NANO, Fraction(PRICE_NANO_MAX))

    def safe_nano(self, symbol: str, lots: int) -> Fraction:
        """Return the mark from which the limit of a purchase, or a sale, is counted.

        The low one of what is bought, the high one of what is sold, while a breach is called there.
        """
        spared = self.spared
        if spared and (found := self._range(symbol, lenient_sides(spared))):
            return min(found[lots < 0] * NANO, Fraction(PRICE_NANO_MAX))
        return self.quoted_nano(symbol)

    def blur_nano(self, symbol: str) -> int:
        """Return how far a mark may be from this one, in nano: of an option it is a rounded float.

        Floats that were reckoned differently agree to so much of the larger number they came from,
        which is the forward, or one where the option pays in its underlying.
        """
        terms = self.rules.instruments[symbol]
        if terms.kind != "option":
            return 0
        most = strict_sides()[1]
        forward = (not terms.inverse and self.index(terms.underlying, most)) or Fraction(1)
        return 1 + math.ceil(forward * NANO / _FLOATS)

    @property
    def spared(self) -> frozenset[str]:
        """The prices at whose account-safe side a breach is called now."""
        return spared_factors(self.rules, self.prices, self.now_ns)

    def grade(self, factor: str) -> int:
        """Return the grade of an observed price by now; what is pegged has none, and is valid."""
        terms = self.rules.prices.get(factor)
        if terms is None:
            return VALID
        price = self.prices.get(factor)
        return NONE if price is None else grade_now(price, terms, self.now_ns)

    def check_grades(
        self, who: int | str, factors: set[str], action: str, notes: AuditorNotes
    ) -> None:
        """Hold an action to the grades of prices, as the rules have it."""
        for factor in sorted(factors):
            if not self.rules.actions.allows(action, grade := self.grade(factor)):
                notes.differ(who, f"grade of {factor}", f"one to {action}", grade)

    def usd(self, asset: str) -> Fraction | None:
        """Return what one quantum of an asset is worth, in USD."""
        price = self.index(asset)
        return None if price is None else price / self.rules.assets[asset].unit

    def notional(self, symbol: str) -> Fraction | None:
        """Return the notional of one lot in USD: at the mark, of options at the index."""
        terms = self.rules.instruments[symbol]
        return notional_usd(terms, self.mark(symbol), self._indexes((terms,)))

    def _sides(self, contracts: Iterable[InstrumentTerms], spared: frozenset[str]) -> Sides:
        if not any(p.has_sides for f, p in self.prices.items() if f in self.rules.prices):
            return Sides(None, None)
        strict = self._span(contracts, strict_sides())
        lenient = self._span(contracts, lenient_sides(spared)) if spared else None
        return Sides(strict, lenient)

    def _span(self, contracts: Iterable[InstrumentTerms], sides: tuple[Side, ...]) -> Span:
        names, every = self._indexes(contracts), (between, *sides)
        index = {a: range_of(self.index(a, side) for side in every) for a in names}
        marks = {c.symbol: self._range(c.symbol, sides) for c in contracts}
        return Span(
            {asset: found for asset, found in index.items() if found},
            {symbol: found for symbol, found in marks.items() if found},
        )

    def _range(self, symbol: str, sides: tuple[Side, ...]) -> Range | None:
        return range_of(self.mark(symbol, side) for side in (between, *sides))

    def _indexes(self, contracts: Iterable[InstrumentTerms]) -> dict[str, Fraction | None]:
        names = {*self.rules.assets, *(contract.underlying for contract in contracts)}
        return {name: self.index(name) for name in names}
