"""What accounts are worth at the two sides of prices, as the auditor counts it: in fractions.

Source: ``docs/concepts/margin.md``, strict and lenient sides.
"""

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import NamedTuple

from hullmark.sim._auditor_ledger import MICRO, AuditorLedger
from hullmark.sim._auditor_prices import Weighed, is_spared
from hullmark.sim._auditor_sheet import worth_of_lot
from hullmark.sim._auditor_terms import InstrumentTerms, Terms

Side = Callable[[str, Weighed], int]  # what is taken of the price of a factor, in billionths
Range = tuple[Fraction, Fraction]  # the least and the most


class Span(NamedTuple):
    """Least and most of what can be counted; what has no price is not there."""

    indexes: dict[str, Range]  # of assets and underlyings, in USD
    marks: dict[str, Range]  # of contracts, in units of what they settle in


class Sides(NamedTuple):
    """What initial equity is counted at, and maintenance equity; none: at the prices."""

    strict: Span | None
    lenient: Span | None


def between(_: str, price: Weighed) -> int:
    """Return a price itself."""
    return price.price_nano


def strict_sides() -> tuple[Side, ...]:
    """Return the least and the most that prices may be."""
    return (lambda _, price: price.least_nano), (lambda _, price: price.most_nano)


def lenient_sides(spared: frozenset[str]) -> tuple[Side, ...]:
    """Return the same where a breach is called at the account-safe side, else the prices."""
    return (
        lambda factor, price: price.least_nano if factor in spared else price.price_nano,
        lambda factor, price: price.most_nano if factor in spared else price.price_nano,
    )


def spared_factors(rules: Terms, prices: Mapping[str, Weighed], now_ns: int) -> frozenset[str]:
    """Return the prices in doubt whose grace runs."""
    grace_ns = rules.actions.grace_ns
    return frozenset(
        factor
        for factor, price in prices.items()
        if factor in rules.prices and is_spared(price, rules.prices[factor], grace_ns, now_ns)
    )


def range_of(values: Iterable[Fraction | None]) -> Range | None:
    """Return the least and the most; ``None`` where there is nothing."""
    known = [value for value in values if value is not None]
    return (min(known), max(known)) if known else None


def equity_at(
    ledger: AuditorLedger, rules: Terms, account: int, span: Span, *, lenient: bool
) -> tuple[Fraction, Fraction]:
    """Return equity at one pair of sides, and all that it is made of without sign, in USD.

    What is owned counts at the least, and what is owed at the most; the other way if lenient.
    """
    totals, weight = dict[str, Fraction](), Fraction(0)  # in units of each asset
    for asset, quanta in ledger.cash[account].items():
        if quanta:
            totals[asset] = Fraction(quanta, rules.assets[asset].unit)
            weight += abs(totals[asset]) * span.indexes[asset][1]
    for symbol, position in ledger.positions[account].items():
        terms = rules.instruments[symbol]
        asset, worth = terms.settlement, _worth(terms, span)
        owed_micro = ledger.owed_micro(account, symbol)
        carried = (position.quote - Fraction(owed_micro, MICRO)) / terms.unit
        gained = position.lots * _at(worth, position.lots > 0, lenient)
        totals[asset] = totals.get(asset, Fraction(0)) + carried + gained
        widest = max(map(abs, worth)) * abs(position.lots)
        weight += (abs(carried) + widest) * span.indexes[asset][1]
        if terms.kind == "option":
            weight += abs(position.lots) * terms.lot * span.indexes[terms.underlying][1]
    equity = Fraction(0)
    for asset, total in totals.items():
        value, kept = total * _at(span.indexes[asset], total > 0, lenient), rules.assets[asset]
        if value > 0:
            value *= 1 - (kept.haircut_maintenance if lenient else kept.haircut_initial)
            value = value if kept.cap_usd is None else min(value, kept.cap_usd)
        equity += value
    return equity, weight


def gain_at(ledger: AuditorLedger, rules: Terms, account: int, symbol: str, span: Span) -> Fraction:
    """Return the gain of a position at the strict side of its mark, dearest in USD, or zero."""
    terms, position = rules.instruments[symbol], ledger.positions[account][symbol]
    # What is owed is paid from cash, and its gain is left; what is due to it is not.
    carried = position.quote - Fraction(min(ledger.owed_micro(account, symbol), 0), MICRO)
    worth = position.lots * _at(_worth(terms, span), position.lots > 0, lenient=False)
    gain = carried / terms.unit + worth
    return max(gain, Fraction(0)) * span.indexes[terms.settlement][1]


def cash_at(cash: Mapping[str, int], rules: Terms, span: Span) -> Fraction:
    """Return what balances are worth at their lenient sides, in USD and without haircuts."""
    values = (
        _at(span.indexes[asset], quanta > 0, lenient=True) * quanta / rules.assets[asset].unit
        for asset, quanta in cash.items()
        if asset in span.indexes
    )
    return sum(values, Fraction(0))


# Of one lot; of an inverse contract it rises with the mark, too.
def _worth(terms: InstrumentTerms, span: Span) -> Range:
    low, high = (worth_of_lot(terms, mark) or Fraction(0) for mark in span.marks[terms.symbol])
    return low, high


def _at(sides: Range, owned: bool, lenient: bool) -> Fraction:
    return sides[owned == lenient]
