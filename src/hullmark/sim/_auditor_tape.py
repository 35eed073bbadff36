"""What happens to everyone, as the auditor follows it: rules, prices, time, funding, expiry.

Sources: ``docs/concepts/prices.md``, ``docs/concepts/ledger.md`` and the docstrings of the events.
"""

from collections.abc import Callable

from hullmark.sim._auditor_flaws import Said, remember
from hullmark.sim._auditor_ledger import MICRO, AuditorLedger
from hullmark.sim._auditor_market import AuditorMarket
from hullmark.sim._auditor_notes import AuditorEvent, AuditorNotes
from hullmark.sim._auditor_options import payoff_nano
from hullmark.sim._auditor_policies import SETTLE, VALID
from hullmark.sim._auditor_prices import Weighed, weigh
from hullmark.sim._auditor_terms import read_terms
from hullmark.sim._auditor_text import NANO

_UNSAID = {"reason": ""}  # what an event leaves out


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
            "PricesAccepted.2": self._accept_prices,
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
        remember(self._said, event["prints"], notes.now_ns)
        policies, spoken = market.rules.prices, {said["factor"] for said in event["prints"]}
        if unknown := sorted(spoken - policies.keys()):
            notes.differ("venue", "factors", "those of the section prices", unknown)
            return
        made = {f for f, terms in policies.items() if terms.made_from}
        for factor in sorted(spoken - made):
            self._weigh(factor, {})
        # What is made from what was spoken of comes after it.
        spoken |= {f for f in made if policies[f].made_from & spoken}
        for factor in sorted(spoken & made):
            valid = {f for f in policies[factor].made_from if market.grade(f) == VALID}
            self._weigh(factor, {f: market.prices[f].price_nano for f in valid})
        notes.equal("venue", "prices", sorted(spoken), sorted(p["factor"] for p in event["prices"]))
        for theirs in event["prices"]:
            if theirs["factor"] in spoken:
                self._compare(theirs)
        first = not market.valuation_ns
        notes.equal("venue", "values_time", first, event.get("values_time", False))
        self._revalue(notes.now_ns if first else market.valuation_ns)

    def _weigh(self, factor: str, inputs: dict[str, int]) -> None:
        market, terms = self._market, self._market.rules.prices[factor]
        last, said = market.prices.get(factor, Weighed()), self._said.get(factor, {})
        market.prices[factor] = weigh(said, terms, last, self._notes.now_ns, inputs)

    # In every field. What an event says goes on to count, so that a difference is told once.
    def _compare(self, theirs: AuditorEvent) -> None:
        factor = theirs["factor"]
        ours = self._market.prices[factor]
        for name, value in ours.told().items():
            self._notes.equal(factor, name, value, theirs.get(name, _UNSAID.get(name)))
        said = {name: theirs[name] for name in ("price_nano", "grade", "accepted_ns")}
        self._market.prices[factor] = ours._replace(**said)

    def _adopt_surface(self, event: AuditorEvent) -> None:
        self._market.vol_nano.update(event["vol_nano"])
        for symbol, vol_nano in event["vol_nano"].items():
            self._notes.positive(symbol, "vol_nano", vol_nano)
        named_ns = event.get("valuation_ns")
        self._check_valuation(self._notes.now_ns if named_ns is None else named_ns)

    def _advance(self, event: AuditorEvent) -> None:
        self._check_valuation(event["now_ns"])

    # It may be named, and runs forwards, but not ahead of the clock.
    def _check_valuation(self, valuation_ns: int) -> None:
        since_ns, now_ns = self._market.valuation_ns, self._notes.now_ns
        if not since_ns <= valuation_ns <= now_ns:
            rule = f"in [{since_ns}, {now_ns}]"
            self._notes.differ("venue", "valuation time", rule, valuation_ns)
        self._revalue(valuation_ns)

    # What changes a price or a volatility, or only the time, values everything anew.
    def _revalue(self, now_ns: int) -> None:
        self._market.valuation_ns = now_ns
        self._market.repriced()

    def _accrue(self, event: AuditorEvent) -> None:
        symbol, rate = event["instrument"], event["rate_nano"]
        terms = self._market.rules.instruments[symbol]
        mark = self._market.prices.get(symbol, Weighed()).price_nano
        self._notes.equal(symbol, "price_nano of funding", mark, event["price_nano"])
        self._market.check_grades(symbol, {symbol}, SETTLE, self._notes)
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
        delisted = self._market.halted.get(symbol, False)
        expired = terms.expiry_ns is not None and self._notes.now_ns >= terms.expiry_ns
        if not expired and not delisted:
            self._notes.differ(symbol, "expiry", f"<= {self._notes.now_ns}", terms.expiry_ns)
        if symbol in self._market.settled:
            self._notes.differ(symbol, "settlement", "the first", event)
        if not delisted:  # there may be no price any more
            self._market.check_grades(symbol, terms.factors, SETTLE, self._notes)
        self._market.settled.add(symbol)
        self._market.halted.pop(symbol, None)
        value = terms.worth(1, price)
        if terms.kind == "option":
            gain = payoff_nano(terms, price)
            value = terms.worth(1, gain)
            if terms.inverse:
                value = gain * terms.lot_nano * terms.unit, price * NANO
        self._ledger.expire(terms, value)
