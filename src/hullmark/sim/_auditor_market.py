"""The market as the auditor sees it, and what accounts are worth and must hold in it.

Sources: ``docs/concepts/margin.md``, ``docs/concepts/prices.md`` and the glossary. Everything that
follows from whole numbers is exact. Options, and the scenario model, are floats; so two healths
agree to :data:`TOLERANCE` of what an account holds and owes.
"""

import math
from fractions import Fraction
from typing import NamedTuple

from hullmark.sim._auditor_ledger import MICRO, AuditorLedger
from hullmark.sim._auditor_quotes import AuditorQuotes
from hullmark.sim._auditor_sheet import (
    Rates,
    Sheet,
    make_sheet,
    profits_of_lot,
    whole,
)
from hullmark.sim._auditor_sides import (
    Sides,
    Span,
    equity_at,
    gain_at,
)
from hullmark.sim._auditor_terms import Terms
from hullmark.sim._auditor_text import NANO

TOLERANCE = Fraction(1, 10**9)
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


class AuditorMarket(AuditorQuotes):
    """What accounts are worth at what is quoted.

    A sheet, and a standing, is made when it is asked for, and kept until something changes that it
    rests on.
    """

    def __init__(self, ledger: AuditorLedger) -> None:
        super().__init__()
        self.ledger = ledger
        self.modes: dict[int, str] = {}
        self.settled: set[str] = set()  # instruments that have expired and hold nothing any more
        self.reshaped = False  # whether the unit at hand has changed which stages there are
        self.halted: dict[str, bool] = {}  # instruments, and whether they are settled next
        self._rates: Rates | None = None
        self._sheet: Sheet | None = None
        self._counted = Sides(None, None)
        self._sheet_ns = 0  # up to when the sheet has held
        self._sheet_spared = frozenset[str]()
        self._values: dict[str, object] = {}  # indexes and marks of the sheet, and their sides
        self._standings: dict[int, Standing | None] = {}
        self._rests_on: dict[int, frozenset[str]] = {}  # names of what the standing was made from

    def adopt(self, terms: Terms) -> None:
        """Let other terms be in force."""
        before = self._terms
        self.reshaped |= before is not None and _shape(before) != _shape(terms)
        self._terms, self._rates = terms, Rates.of(terms)
        self.changed()

    def changed(self) -> None:
        """Forget what was made: rules, or what is owed of funding, are others now."""
        self._sheet = None
        self._standings.clear()

    def repriced(self) -> None:
        """Value everything anew: a price, a volatility or the time are others now."""
        self._sheet = None

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
        found = Standing(
            unit=sheet.unit * rates.parts,
            maintenance_equity=maintenance,
            maintenance_margin=margin_maintenance,
            initial_equity=initial,
            initial_margin=margin_initial,
            weight=weight * rates.parts,
            at_risk=self.at_risk(account),
        )
        return self._at_sides(account, found)

    def _at_sides(self, account: int, found: Standing) -> Standing:
        strict, lenient = self._counted
        if strict is not None:
            equity, weight = equity_at(self.ledger, self.rules, account, strict, lenient=False)
            found = found._replace(
                initial_equity=whole(equity, found.unit),
                weight=max(found.weight, whole(weight, found.unit)),
            )
        if lenient is not None:
            equity, _ = equity_at(self.ledger, self.rules, account, lenient, lenient=True)
            found = found._replace(maintenance_equity=whole(equity, found.unit))
        return found

    def gains(self, account: int) -> float:
        """Return the unsettled gains of an account's perpetuals and futures, in USD.

        Each position counts by itself: what one has lost is not settled either.
        """
        sheet, total = self.sheet, 0
        if (strict := self._counted.strict) is not None:
            held = self.ledger.positions[account]
            quoted = [symbol for symbol in held if self.rules.instruments[symbol].carries_quote]
            of = (gain_at(self.ledger, self.rules, account, symbol, strict) for symbol in quoted)
            return float(sum(of))
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
        parts, blurs = self.parts(account)
        usd = self.usd(asset)
        if not usd:
            return parts.get(asset, 0), Fraction(0)
        net = parts.pop(asset, 0)
        for other, quanta in parts.items():
            net += math.floor(quanta * (self.usd(other) or 0) / usd)
        slack = sum((blur * (self.usd(of) or 0) for of, blur in blurs.items()), Fraction(0))
        return net, slack / usd

    def parts(self, account: int) -> tuple[dict[str, int], dict[str, Fraction]]:
        """Return what cash and positions are worth by asset, and how far that may be off."""
        parts, blurs = dict(self.ledger.cash[account]), dict[str, Fraction]()
        for symbol, position in self.ledger.positions[account].items():
            terms = self.rules.instruments[symbol]
            mark, of = self.quoted_nano(symbol), terms.settlement
            worth, unit = terms.worth(position.lots, round(mark)) if mark else (0, 1)
            total = worth // unit + position.quote - self.ledger.due(account, symbol)
            parts[of] = parts.get(of, 0) + total
            if terms.kind == "option":
                blur = Fraction(*terms.worth(abs(position.lots), self.blur_nano(symbol)))
                blurs[of] = blurs.get(of, Fraction(0)) + 1 + blur
        return parts, blurs

    @property
    def rates(self) -> Rates:
        """What the terms in force say in shares of one."""
        assert self._rates is not None, "they come with the terms"
        return self._rates

    @property
    def lenient(self) -> Span | None:
        """What maintenance equity is counted at; none: the prices themselves."""
        return self._counted.lenient if self.sheet else None

    @property
    def sheet(self) -> Sheet:
        """What everything is worth now."""
        if self._sheet_ns != self.now_ns:  # a doubt begins, and a grace ends, with time alone
            self._sheet_ns = self.now_ns
            if self._sheet_spared != self.spared:
                self._sheet = None
        if self._sheet is None:
            contracts = [
                terms
                for symbol, terms in self.rules.instruments.items()
                if terms.kind != "spot" and symbol not in self.settled
            ]
            marks = {contract.symbol: self.mark(contract.symbol) for contract in contracts}
            index = self._indexes(contracts)
            self._sheet = make_sheet(self.rules, self.rates, contracts, index, marks)
            self._sheet_spared = self.spared
            self._counted = self._sides(contracts, self._sheet_spared)
            spans = [span.indexes | span.marks for span in self._counted if span is not None]
            values: dict[str, object] = {
                name: (value, *(span.get(name) for span in spans))
                for name, value in (index | marks).items()
            }
            self._drop_moved(values, {c.symbol for c in contracts if c.kind == "option"})
        return self._sheet

    # Whoever rests on nothing that has moved stands as before. An option moves with the time.
    def _drop_moved(self, values: dict[str, object], options: set[str]) -> None:
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


# Which stages the chain has, and what its auctions sell.
def _shape(terms: Terms) -> list[tuple[str, str | None]]:
    chain = terms.liquidation.chain
    return [(each.stage, None if each.auction is None else each.auction.kind) for each in chain]


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
