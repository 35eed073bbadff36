"""What happens to everyone, as the auditor follows it: rules, prices, time, funding, expiry.

Sources: ``docs/concepts/prices.md``, ``docs/concepts/ledger.md`` and the docstrings of the events.
"""

from collections.abc import Callable

from hullmark.sim._auditor_ledger import MICRO, AuditorLedger
from hullmark.sim._auditor_market import AuditorMarket
from hullmark.sim._auditor_notes import AuditorEvent, AuditorNotes
from hullmark.sim._auditor_options import payoff_nano
from hullmark.sim._auditor_prices import Said, Weighed, remember, weigh
from hullmark.sim._auditor_terms import NANO, read_terms


class AuditorTape:
    """Judges and posts the events that name no account."""

    def __init__(self, ledger: AuditorLedger, market: AuditorMarket, notes: AuditorNotes) -> None:
        self._ledger = ledger
        self._market = market
        self._notes = notes
        self._said: dict[str, dict[str, Said]] = {}  # by factor and source
        self._waiting: list[tuple[int, str]] = []  # when, and the text of the rules

    def handlers(self) -> dict[str, Callable[[AuditorEvent], None]]:
        """Return what takes each event, by its name."""
        return {
            "RulesScheduled": self._schedule,
            "RulesAdopted": self._adopt_rules,
            "PricesAccepted": self._accept_prices,
            "SurfaceAdopted": self._adopt_surface,
            "TimeAdvanced": self._advance,
            "FundingAccrued": self._accrue,
            "InterestCharged": self._charge,
            "ExpirySettled": self._settle,
        }

    def _schedule(self, event: AuditorEvent) -> None:
        if event["effective_ns"] <= self._notes.now_ns:
            later = f"> {self._notes.now_ns}"
            self._notes.differ("venue", "effective_ns", later, event["effective_ns"])
        self._waiting.append((event["effective_ns"], event["rules"]))

    # Rules in force at once and rules that have waited look alike; both leave none behind that
    # is due and the same.
    def _adopt_rules(self, event: AuditorEvent) -> None:
        self._market.adopt(read_terms(event["rules"]))
        due = [one for one in self._waiting if one[0] <= self._notes.now_ns]
        self._waiting = [w for w in self._waiting if w not in due or w[1] != event["rules"]]

    def _accept_prices(self, event: AuditorEvent) -> None:
        notes, market = self._notes, self._market
        for said in event["prints"]:
            if said["observed_ns"] > notes.now_ns:
                notes.differ(said["factor"], "observed_ns", f"<= {notes.now_ns}", said)
        remember(self._said, event["prints"])
        spoken = sorted({said["factor"] for said in event["prints"]})
        notes.equal("venue", "prices", spoken, sorted(p["factor"] for p in event["prices"]))
        for accepted in event["prices"]:
            factor, terms = accepted["factor"], market.rules.prices.get(accepted["factor"])
            theirs = Weighed(accepted["price_nano"], accepted["grade"], accepted["accepted_ns"])
            if terms is None:
                notes.differ(factor, "factor", "one of the section prices", factor)
                continue
            last = market.prices.get(factor, Weighed())
            ours = weigh(self._said.get(factor, {}), terms, last, notes.now_ns)
            notes.equal(factor, "price, grade and instant", tuple(ours), tuple(theirs))
            market.prices[factor] = theirs
        self._revalue(notes.now_ns)

    def _adopt_surface(self, event: AuditorEvent) -> None:
        self._market.vol_nano.update(event["vol_nano"])
        for symbol, vol_nano in event["vol_nano"].items():
            self._notes.positive(symbol, "vol_nano", vol_nano)
        self._revalue(self._notes.now_ns)

    def _advance(self, event: AuditorEvent) -> None:
        self._notes.equal("venue", "now_ns", self._notes.now_ns, event["now_ns"])
        self._revalue(event["now_ns"])

    # What changes a price or a volatility, or only the time, values everything anew.
    def _revalue(self, now_ns: int) -> None:
        self._market.valuation_ns = now_ns
        self._market.repriced()

    def _accrue(self, event: AuditorEvent) -> None:
        symbol, rate = event["instrument"], event["rate_nano"]
        terms = self._market.rules.instruments[symbol]
        mark = self._market.prices.get(symbol, Weighed()).price_nano
        self._notes.equal(symbol, "price_nano of funding", mark, event["price_nano"])
        worth, unit = terms.worth(1, event["price_nano"])
        step = rate * abs(worth) * MICRO // (unit * NANO)
        self._notes.equal(symbol, "step_micro", step, event["step_micro"])
        if terms.kind != "perpetual":
            self._notes.differ(symbol, "kind", "perpetual", terms.kind)
        self._ledger.index_micro[symbol] += event["step_micro"]
        self._market.changed()

    def _charge(self, event: AuditorEvent) -> None:
        self._notes.positive("venue", "rate_nano", event["rate_nano"])
        self._ledger.charge(event["asset"], event["rate_nano"], NANO)

    def _settle(self, event: AuditorEvent) -> None:
        symbol, price = event["instrument"], event["price_nano"]
        terms = self._market.rules.instruments[symbol]
        if terms.expiry_ns is None or self._notes.now_ns < terms.expiry_ns:
            self._notes.differ(symbol, "expiry", f"<= {self._notes.now_ns}", terms.expiry_ns)
        if symbol in self._market.settled:
            self._notes.differ(symbol, "settlement", "the first", event)
        self._market.settled.add(symbol)
        value = terms.worth(1, price)
        if terms.kind == "option":
            gain = payoff_nano(terms, price)
            value = terms.worth(1, gain)
            if terms.inverse:
                value = gain * terms.lot_nano * terms.unit, price * NANO
        self._ledger.expire(terms, value)
