"""The market as the auditor sees it, and what accounts are worth and must hold in it.

Sources: ``docs/concepts/margin.md``, ``docs/concepts/prices.md`` and the glossary. Everything that
follows from whole numbers is exact. Options, and the scenario model, are floats; so two healths
agree to :data:`TOLERANCE` of what an account holds and owes.
"""

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from hullmark.sim._auditor_ledger import MICRO, AuditorLedger
from hullmark.sim._auditor_options import option_worth, years_left
from hullmark.sim._auditor_prices import NONE, Weighed, grade_now
from hullmark.sim._auditor_sheet import (
    Rates,
    Sheet,
    make_sheet,
    notional_usd,
    profits_of_lot,
    whole,
)
from hullmark.sim._auditor_terms import NANO, InstrumentTerms, Terms

TOLERANCE = Fraction(1, 10**9)
PRICE_NANO_MAX = 2**63 - 1
_FLOATS = 10**12  # to one part in so many, Black's formula comes out the same however it is written


class Standing(NamedTuple):
    """What an account is worth and must hold: whole numbers, `unit` of which are one USD."""

    unit: int
    maintenance_equity: int
    maintenance_margin: int
    initial_equity: int
    initial_margin: int
    weight: int  # all that it holds and owes, without sign: what an error is measured against
    at_risk: bool

    @property
    def health(self) -> int:
        """Maintenance equity less maintenance margin."""
        return self.maintenance_equity - self.maintenance_margin

    @property
    def slack(self) -> int:
        """By how much two models may differ."""
        return self.weight // TOLERANCE.denominator

    def is_no_worse_than(self, other: "Standing") -> bool:
        """Whether health is at least that of another standing, whose unit may be another."""
        return (self.health + self.slack) * other.unit >= other.health * self.unit

    def usd(self, number: int) -> float:
        """Return a number of this standing in USD."""
        return number / self.unit


class AuditorMarket:
    """Prices, volatilities, valuation time and rules.

    A sheet, and a standing, is made when it is asked for, and kept until something changes that it
    rests on.
    """

    def __init__(self, ledger: AuditorLedger) -> None:
        self.ledger = ledger
        self.prices: dict[str, Weighed] = {}
        self.vol_nano: dict[str, int] = {}
        self.valuation_ns = 0
        self.modes: dict[int, str] = {}
        self.settled: set[str] = set()  # instruments that have expired and hold nothing any more
        self._terms: Terms | None = None
        self._rates: Rates | None = None
        self._sheet: Sheet | None = None
        self._values: dict[str, Fraction | None] = {}  # indexes and marks of the sheet
        self._standings: dict[int, Standing | None] = {}
        self._rests_on: dict[int, frozenset[str]] = {}  # names of what the standing was made from

    @property
    def rules(self) -> Terms:
        """The terms in force."""
        if self._terms is None:
            raise ValueError("the first event of a history must adopt rules")
        return self._terms

    def adopt(self, terms: Terms) -> None:
        """Let other terms be in force."""
        self._terms, self._rates = terms, Rates.of(terms)
        self.changed()

    def changed(self) -> None:
        """Forget what was made: rules, or what is owed of funding, are others now."""
        self._sheet = None
        self._standings.clear()

    def repriced(self) -> None:
        """Value everything anew: a price, a volatility or the time are others now."""
        self._sheet = None

    def index(self, asset: str) -> Fraction | None:
        """Return what an asset is worth, in USD: its peg, or its observed price."""
        found = self.rules.assets.get(asset)
        if found is not None and found.peg is not None:
            return found.peg
        price = self.prices.get(asset)
        return Fraction(price.price_nano, NANO) if price and price.price_nano else None

    def mark(self, symbol: str) -> Fraction | None:
        """Return what one contract unit is quoted at: observed, or by Black's formula."""
        terms = self.rules.instruments[symbol]
        if terms.kind != "option":
            price = self.prices.get(symbol)
            return Fraction(price.price_nano, NANO) if price and price.price_nano else None
        forward, vol = self.index(terms.underlying), self.vol_nano.get(symbol)
        if forward is None or vol is None:
            return None
        years = years_left(terms, self.valuation_ns)
        return Fraction(option_worth(terms, float(forward), vol / NANO, years))

    def quoted_nano(self, symbol: str) -> Fraction:
        """Return the mark as a price that can be told: 0 without one, and no more than fits."""
        return min((self.mark(symbol) or Fraction()) * NANO, Fraction(PRICE_NANO_MAX))

    def blur_nano(self, symbol: str) -> int:
        """Return how far a mark may be from this one, in nano: of an option it is a rounded float.

        Floats that were reckoned differently agree to so much of the larger number they came from,
        which is the forward, or one where the option pays in its underlying.
        """
        terms = self.rules.instruments[symbol]
        if terms.kind != "option":
            return 0
        forward = (not terms.inverse and self.index(terms.underlying)) or Fraction(1)
        return 1 + math.ceil(forward * NANO / _FLOATS)

    def grade(self, factor: str, now_ns: int) -> int:
        """Return the grade of an observed price by now; what is pegged has none, and is valid."""
        terms = self.rules.prices.get(factor)
        if terms is None:
            return 0
        price = self.prices.get(factor)
        return NONE if price is None else grade_now(price, terms, now_ns)

    def at_risk(self, account: int) -> bool:
        """Whether an account holds positions or owes something; nobody else is in breach."""
        owes = any(quanta < 0 for quanta in self.ledger.cash[account].values())
        return owes or bool(self.ledger.positions[account])

    def standing(self, account: int) -> Standing | None:
        """Return an account's four numbers, or ``None`` where something never had a price."""
        if account not in self.modes:
            return None
        sheet = self.sheet  # first: a new one drops what has changed with it
        for other in self.ledger.take_restated():
            self._standings.pop(other, None)
        if account not in self._standings:
            self._standings[account] = self._add_up(account, sheet)
            self._rests_on[account] = self._names(account)
        return self._standings[account]

    def _add_up(self, account: int, sheet: Sheet) -> Standing | None:
        rates, instruments = self.rates, self.rules.instruments
        totals: dict[str, int] = {}
        for asset, quanta in self.ledger.cash[account].items():
            if quanta:
                usd = sheet.usd[asset]
                if usd is None:
                    return None
                totals[asset] = quanta * usd
        settled = dict(totals)  # what moves with its asset: all but what instruments are worth
        weight = 0
        for symbol, position in self.ledger.positions[account].items():
            asset = instruments[symbol].settlement
            usd, worth, notional = sheet.usd[asset], sheet.worth[symbol], sheet.notional[symbol]
            if usd is None or worth is None or notional is None:
                return None
            owed_micro = self.ledger.owed_micro(account, symbol)
            carried = (position.quote * MICRO - owed_micro) * usd // MICRO
            settled[asset] = settled.get(asset, 0) + carried
            totals[asset] = totals.get(asset, 0) + carried + position.lots * worth
            weight += abs(position.lots) * notional
        initial = maintenance = 0
        for asset, value in totals.items():
            (kept_initial, kept_maintenance), cap = rates.kept[asset], sheet.caps[asset]
            weight += abs(value) + abs(settled.get(asset, 0))
            initial += counted(value, kept_initial, rates.parts, cap)
            maintenance += counted(value, kept_maintenance, rates.parts, cap)
        margin_maintenance, margin_initial = self._margin(account, sheet, settled)
        return Standing(
            unit=sheet.unit * rates.parts,
            maintenance_equity=maintenance,
            maintenance_margin=margin_maintenance,
            initial_equity=initial,
            initial_margin=margin_initial,
            weight=weight * rates.parts,
            at_risk=self.at_risk(account),
        )

    def gains(self, account: int) -> float:
        """Return the unsettled gains of an account's perpetuals and futures, in USD.

        Each position counts by itself: what one has lost is not settled either.
        """
        sheet, total = self.sheet, 0
        for symbol, position in self.ledger.positions[account].items():
            terms = self.rules.instruments[symbol]
            usd, worth = sheet.usd[terms.settlement], sheet.worth[symbol]
            if terms.carries_quote and usd is not None and worth is not None:
                owed_micro = self.ledger.owed_micro(account, symbol)
                # What is owed is paid from cash, and its gain is left; what is due to it is not.
                carried = (position.quote * MICRO - min(owed_micro, 0)) * usd // MICRO
                total += max(carried + position.lots * worth, 0)
        return total / sheet.unit

    def dust(self, account: int) -> float:
        """Return one quantum of what each position settles in, in USD: what rounding can take."""
        sheet, instruments = self.sheet, self.rules.instruments
        held = self.ledger.positions[account]
        quanta = (sheet.usd[instruments[symbol].settlement] or 0 for symbol in held)
        return sum(quanta) / sheet.unit

    def net_quanta(self, account: int, asset: str) -> tuple[int, Fraction]:
        """Return net value in one asset, each part rounded down, and how far it may be off.

        Whole numbers are exact. The mark of an option is not.
        """
        parts, slack = dict(self.ledger.cash[account]), Fraction(0)
        for symbol, position in self.ledger.positions[account].items():
            terms = self.rules.instruments[symbol]
            mark = self.quoted_nano(symbol)
            worth, unit = terms.worth(position.lots, round(mark)) if mark else (0, 1)
            total = worth // unit + position.quote - self.ledger.due(account, symbol)
            parts[terms.settlement] = parts.get(terms.settlement, 0) + total
            if terms.kind == "option":
                blur_nano = self.blur_nano(symbol)
                rounded = 1 + Fraction(*terms.worth(abs(position.lots), blur_nano))
                slack += rounded * (self.usd(terms.settlement) or 0)
        usd = self.usd(asset)
        if not usd:
            return parts.get(asset, 0), Fraction(0)
        net = parts.pop(asset, 0)
        for other, quanta in parts.items():
            net += math.floor(quanta * (self.usd(other) or 0) / usd)
        return net, slack / usd

    def usd(self, asset: str) -> Fraction | None:
        """Return what one quantum of an asset is worth, in USD."""
        price = self.index(asset)
        return None if price is None else price / self.rules.assets[asset].unit

    def notional(self, symbol: str) -> Fraction | None:
        """Return the notional of one lot in USD: at the mark, of options at the index."""
        terms = self.rules.instruments[symbol]
        return notional_usd(terms, self.mark(symbol), self._indexes((terms,)))

    @property
    def rates(self) -> Rates:
        """What the terms in force say in shares of one."""
        assert self._rates is not None, "they come with the terms"
        return self._rates

    @property
    def sheet(self) -> Sheet:
        """What everything is worth now."""
        if self._sheet is None:
            contracts = [
                terms
                for symbol, terms in self.rules.instruments.items()
                if terms.kind != "spot" and symbol not in self.settled
            ]
            marks = {contract.symbol: self.mark(contract.symbol) for contract in contracts}
            index = self._indexes(contracts)
            self._sheet = make_sheet(self.rules, self.rates, contracts, index, marks)
            self._drop_moved(index | marks, {c.symbol for c in contracts if c.kind == "option"})
        return self._sheet

    # Whoever rests on nothing that has moved stands as before. An option moves with the time.
    def _drop_moved(self, values: dict[str, Fraction | None], options: set[str]) -> None:
        moved = options | {name for name in values if values[name] != self._values.get(name)}
        self._values = values
        for account in list(self._standings):
            if not self._rests_on[account].isdisjoint(moved):
                del self._standings[account]

    def _names(self, account: int) -> frozenset[str]:
        held = self.ledger.positions[account]
        terms = [self.rules.instruments[symbol] for symbol in held]
        named = (name for t in terms for name in (t.underlying, t.settlement))
        return frozenset((*self.ledger.cash[account], *held, *named))

    def _indexes(self, contracts: Iterable[InstrumentTerms]) -> dict[str, Fraction | None]:
        names = {*self.rules.assets, *(contract.underlying for contract in contracts)}
        return {name: self.index(name) for name in names}

    def _margin(self, account: int, sheet: Sheet, settled: dict[str, int]) -> tuple[int, int]:
        held, parts = self.ledger.positions[account], self.rates.parts
        maintenance = initial = 0
        if self.rules.models[self.modes[account]] == "tiered":
            for symbol, position in held.items():
                notional = abs(position.lots) * (sheet.notional[symbol] or 0)
                more_initial, more_maintenance = tiered(notional, sheet.tiers[symbol])
                initial += more_initial
                maintenance += more_maintenance
            return maintenance, initial
        scenario, cells = self.rules.scenario, self.rates.scenarios
        assert scenario is not None, "a mode that names the model has its section"
        totals = [0.0] * len(cells)
        for symbol, position in held.items():
            profits = self._profits(symbol)
            totals = [t + position.lots * p for t, p in zip(totals, profits, strict=True)]
        for asset, number in settled.items():
            if number and self.rules.assets[asset].shocked:
                usd = number / sheet.unit
                totals = [t + usd * move for t, (move, _) in zip(totals, cells, strict=True)]
        loss = max(0.0, -min(totals, default=0.0))
        maintenance = whole(Fraction(loss * scenario.maintenance_factor), sheet.unit * parts)
        return maintenance, whole(Fraction(loss * scenario.initial_factor), sheet.unit * parts)

    def _profits(self, symbol: str) -> list[float]:
        profits, terms = self.sheet.profits, self.rules.instruments[symbol]
        if symbol not in profits:
            option = terms.kind == "option"
            price = self.index(terms.underlying) if option else self.mark(symbol)
            profits[symbol] = profits_of_lot(
                self.rules,
                terms,
                self.rates.scenarios,
                price=float(price or 0),
                paid_in_usd=float(self.index(terms.settlement) or 0),
                vol=self.vol_nano.get(symbol, 0) / NANO,
                now_ns=self.valuation_ns,
            )
        return profits[symbol]


def counted(value: int, kept: int, parts: int, cap: int | None) -> int:
    """Return how far a value of one asset counts: a debt in full, a credit after its haircut.

    Of a credit *kept* of *parts* counts, and no more than the cap.
    """
    if value <= 0:
        return value * parts
    credit = value * kept
    return credit if cap is None or credit < cap else cap


def tiered(notional: int, tiers: tuple[tuple[int, int, int], ...]) -> tuple[int, int]:
    """Return initial and maintenance margin: each USD pays the rate of the tier it lies in."""
    initial = maintenance = 0
    for i, (floor, rate_initial, rate_maintenance) in enumerate(tiers):
        if notional <= floor:
            break
        top = min(notional, tiers[i + 1][0]) if i + 1 < len(tiers) else notional
        initial += (top - floor) * rate_initial
        maintenance += (top - floor) * rate_maintenance
    return initial, maintenance
