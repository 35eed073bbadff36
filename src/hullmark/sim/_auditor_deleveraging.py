"""Deleveraging, as the auditor follows it: whose positions were closed, at what price, who paid.

Sources: ``docs/concepts/deleveraging.md`` and the docstrings of the events. What a policy answers
is worked out anew, at what everybody had before the first of its events.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from hullmark.sim._auditor_cases import QUANTA_MAX
from hullmark.sim._auditor_desk import AuditorDesk
from hullmark.sim._auditor_funds import AuditorFunds
from hullmark.sim._auditor_ledger import AuditorLedger
from hullmark.sim._auditor_market import TOLERANCE, AuditorMarket
from hullmark.sim._auditor_notes import AuditorEvent, AuditorNotes
from hullmark.sim._auditor_reserves import AuditorReserves
from hullmark.sim._auditor_stage_terms import MARK
from hullmark.sim._auditor_text import PRICE_NANO_MAX
from hullmark.sim._auditor_winners import Winner, allocate, price_of


@dataclass(slots=True)
class _Round:
    """One position that is being closed, and what there was before."""

    symbol: str
    lots: int
    mark: Fraction  # settlement quanta of a lot
    winners: list[Winner]
    exact: bool  # whether whole numbers say it all
    deficit: Fraction
    slack: Fraction
    closed: list[AuditorEvent] = field(default_factory=list)
    haircuts: dict[int, int] = field(default_factory=dict)


class AuditorDeleveraging:
    """Judges and posts what is taken from accounts with a gain."""

    def __init__(
        self,
        ledger: AuditorLedger,
        market: AuditorMarket,
        desk: AuditorDesk,
        funds: AuditorFunds,
        notes: AuditorNotes,
    ) -> None:
        self._ledger = ledger
        self._market = market
        self._desk = desk
        self._reserves = AuditorReserves(ledger, market, desk, funds)
        self._notes = notes
        self._rounds: dict[int, _Round] = {}  # by account
        self._taken: dict[int, dict[int, int]] = {}  # as its books are closed: quanta by payer
        self._sides: dict[int, dict[str, tuple[list[Winner], bool]]] = {}  # before that

    def handlers(self) -> dict[str, Callable[[AuditorEvent], None]]:
        """Return what takes each event, by its name."""
        return {
            "Deleveraged": self._close,
            "DeleveragingEnded": self._end,
            "HaircutTaken": self._take,
        }

    def told(self, account: int) -> int:
        """Return what was taken while the account's books are being closed."""
        return sum(self._taken.get(account, {}).values())

    def check_books(self, account: int, asset: str, missing: int) -> None:
        """Judge what was taken while books were closed, of so much as the steps before left."""
        taken = self._taken.pop(account, {})
        sides = self._sides.pop(account, None) or self._sides_of(account)
        policy = self._market.rules.waterfall.policy
        if policy is None:
            return
        case, left, paid = self._desk.case(account), missing, dict[int, int]()
        for symbol, terms in self._market.rules.instruments.items():
            if terms.settlement != asset or symbol not in sides or left <= 0:
                continue
            winners, exact = sides[symbol]
            if not exact:
                return
            mark = self._mark(symbol)
            left_of = ((w, paid.get(w.account, 0)) for w in winners)
            able = [w._replace(gain=w.gain - p, net=w.net - p) for w, p in left_of if w.net > p]
            found = allocate(
                policy, able, lots=case.lots[symbol], deficit=left, mark=mark, price=mark
            )
            for payer, quanta in found.haircuts.items():
                paid[payer] = paid.get(payer, 0) + quanta
                left -= quanta
        self._notes.equal(account, "haircuts", paid, taken)

    def _close(self, event: AuditorEvent) -> None:
        account, symbol = event["account"], event["instrument"]
        other, lots = event["counterparty"], event["lots"]
        if account not in self._rounds:
            self._rounds[account] = self._begin(account, symbol)
        found = self._rounds[account]
        self._notes.equal(account, "instrument", found.symbol, symbol)
        if other not in {winner.account for winner in found.winners}:
            self._notes.differ(other, "counterparty", "on the other side with a gain", account)
        found.closed.append(event)
        buyer, seller = (account, other) if lots > 0 else (other, account)
        terms = self._market.rules.instruments[symbol]
        self._ledger.exchange(terms, buyer, seller, abs(lots), event["cost_quanta"], 0)
        self._owe(account, terms.settlement, event["haircut_quanta"])

    def _take(self, event: AuditorEvent) -> None:
        account, payer, asset = event["account"], event["payer"], event["asset"]
        quanta = event["quanta"]
        self._notes.positive(payer, "quanta", quanta)
        if account == payer or payer not in self._market.modes:
            self._notes.differ(payer, "payer", "another user", payer)
            return
        if account in self._rounds:
            taken = self._rounds[account].haircuts
        else:
            for tell in self._desk.before_payment:
                tell(account)
            if account not in self._sides:
                self._sides[account] = self._sides_of(account)
            taken = self._taken.setdefault(account, {})
        taken[payer] = taken.get(payer, 0) + quanta
        self._ledger.settle_all_funding(payer, self._market.rules.instruments)
        self._realise(event, self._gain_before(account, payer, asset))
        self._ledger.move(payer, account, asset, quanta)
        self._owe(account, asset, quanta)

    # What the payer had gained in an asset before its position was closed; none where whole numbers
    # do not say.
    def _gain_before(self, account: int, payer: int, asset: str) -> int | None:
        if account in self._rounds:
            one = self._rounds[account]
            sides = [(one.winners, one.exact)]
        else:
            instruments = self._market.rules.instruments
            sides = [
                winners
                for symbol, winners in self._sides[account].items()
                if instruments[symbol].settlement == asset
            ]
        found = [w.gain for winners, exact in sides if exact for w in winners if w.account == payer]
        return found[0] if found else None

    # Out of its gains, one position after the other, and of them what is not cash by a closure.
    def _realise(self, event: AuditorEvent, before: int | None) -> None:
        payer, asset = event["payer"], event["asset"]
        instruments, realised = (
            self._market.rules.instruments,
            dict(event.get("realised_quanta", {})),
        )
        gains = self._gains(payer, asset)
        if before is not None:
            left, ours = event["quanta"] - (before - sum(gains.values())), {}
            for symbol in instruments:
                part = min(left, gains.get(symbol, 0))
                if part > 0:
                    ours[symbol] = part
                    left -= part
            self._notes.equal(payer, "realised_quanta", ours, realised)
        for symbol, quanta in realised.items():
            if not 0 < quanta <= gains.get(symbol, 0):
                self._notes.differ(payer, f"realised of {symbol}", "within its gain", quanta)
            if symbol in self._ledger.positions[payer]:
                self._ledger.realise(payer, symbol, asset, quanta)

    # Of contracts, each rounded down; what was paid for an option is not kept.
    def _gains(self, account: int, asset: str) -> dict[str, int]:
        instruments = self._market.rules.instruments
        return {
            symbol: math.floor(held.lots * self._mark(symbol))
            + held.quote
            - self._ledger.due(account, symbol)
            for symbol, held in self._ledger.positions[account].items()
            if instruments[symbol].settlement == asset and instruments[symbol].kind != "option"
        }

    # What others have paid is told with the causes, in the end. Of another asset than that of the
    # liquidation it is, unless books are closed, told by its own event alone.
    def _owe(self, account: int, asset: str, quanta: int) -> None:
        case = self._desk.case(account)
        if asset == case.asset or account not in self._rounds:
            case.closed_quanta[asset] = case.closed_quanta.get(asset, 0) + quanta

    def _begin(self, account: int, symbol: str) -> _Round:
        held = self._ledger.positions[account].get(symbol)
        lots = held.lots if held is not None else 0
        terms = self._market.rules.instruments[symbol]
        asset = self._desk.deficit_asset(account)
        net, slack = self._market.net_quanta(account, asset)
        if self._market.rules.waterfall.policy is None or net - slack >= 0:
            self._notes.differ(account, "net value of the deleveraged", "< 0", net)
        if not lots or terms.settlement != asset or terms.kind == "option":
            self._notes.differ(account, "instrument", f"a contract held, paid in {asset}", symbol)
        deficit = max(-net, 0)
        missing = Fraction(deficit - self._reserves.before_deleveraging(account, asset, deficit))
        sizes = {
            name: abs(position.lots) * (self._market.notional(name) or Fraction())
            for name, position in self._ledger.positions[account].items()
        }
        total = sum(sizes.values())
        part = missing * sizes.get(symbol, 0) / total if total else missing
        winners, exact = self._winners(symbol, -1 if lots > 0 else 1)
        near = 1 + slack + part * TOLERANCE
        return _Round(symbol, lots, self._mark(symbol), winners, exact, part, near)

    def _end(self, event: AuditorEvent) -> None:
        account, notes, rules = event["account"], self._notes, self._market.rules.waterfall
        found = self._rounds.pop(account, None)
        if found is None:
            notes.differ(account, "positions closed", "one at least", event["lots"])
            return
        policy, deficit = rules.policy or "", event["deficit_quanta"]
        notes.equal(account, "policy", policy, event["policy"])
        lots = sum(one["lots"] for one in found.closed)
        notes.equal(account, "lots", lots, event["lots"])
        notes.equal(account, "left_lots", found.lots + lots, event["left_lots"])
        notes.near(account, "deficit_quanta", min(found.deficit, QUANTA_MAX), deficit, found.slack)
        paid = sum(one["haircut_quanta"] for one in found.closed) + sum(found.haircuts.values())
        notes.equal(account, "uncovered_quanta", max(deficit - paid, 0), event["uncovered_quanta"])
        if not found.lots or not found.exact or deficit >= QUANTA_MAX:
            return
        price = price_of(rules.price == MARK, found.mark, found.lots, deficit)
        ours = allocate(
            policy, found.winners, lots=found.lots, deficit=deficit, mark=found.mark, price=price
        )
        theirs = [
            (one["counterparty"], one["lots"], one["haircut_quanta"], one["rank"])
            for one in found.closed
        ]
        notes.equal(account, "positions closed", [tuple(one) for one in ours.closed], theirs)
        notes.equal(account, "haircuts", ours.haircuts, found.haircuts)
        for one in found.closed:
            self._check_price(found, price, one)

    # What is booked is the cost, and the counterparty bears its rounding. The price is for people.
    def _check_price(self, found: _Round, price: Fraction, event: AuditorEvent) -> None:
        account, lots = event["account"], event["lots"]
        rounded = math.floor if lots > 0 else math.ceil
        cost = rounded(price * abs(lots))
        self._notes.equal(account, "cost_quanta", cost, event["cost_quanta"])
        ratio = price / found.mark if found.mark else Fraction(1)
        if found.mark < 0 and ratio:  # an inverse contract
            ratio = 1 / ratio
        nano = min(
            max(int(ratio * round(self._market.quoted_nano(found.symbol))), 1), PRICE_NANO_MAX
        )
        self._notes.near(account, "price_nano", nano if ratio > 0 else 1, event["price_nano"], 1)

    def _sides_of(self, account: int) -> dict[str, tuple[list[Winner], bool]]:
        lots = self._desk.case(account).lots
        return {
            symbol: self._winners(symbol, -1 if held > 0 else 1, but=account)
            for symbol, held in lots.items()
            if self._market.mark(symbol)
        }

    # Whole numbers say what everybody has, but for whoever holds an option.
    def _winners(self, symbol: str, side: int, but: int = 0) -> tuple[list[Winner], bool]:
        instruments, found, exact = self._market.rules.instruments, list[Winner](), True
        asset, mark = instruments[symbol].settlement, self._mark(symbol)
        working = {
            order.account for order in self._desk.orders.values()
        } | self._desk.auctions.keys()
        pool = self._reserves.backstop  # which pays before anybody is closed
        if pool is not None and pool.asset == asset:
            working.add(pool.account)
        for account in self._market.modes:
            held = self._ledger.positions[account]
            position = held.get(symbol)
            if position is None or position.lots * side <= 0 or account in working | {but}:
                continue
            net, slack = self._market.net_quanta(account, asset)
            exact = exact and not slack
            if net <= 0 or position.lots * mark + position.quote <= 0:
                continue
            gain = sum(self._gains(account, asset).values())
            found.append(Winner(account, position.lots, position.quote, net, gain))
        return found, exact

    def _mark(self, symbol: str) -> Fraction:
        terms, mark_nano = self._market.rules.instruments[symbol], self._market.quoted_nano(symbol)
        return Fraction(*terms.worth(1, round(mark_nano))) if round(mark_nano) else Fraction(0)
