"""Liquidations as the auditor follows them: who is in breach, what may be ordered, what was done.

Sources: ``docs/concepts/liquidation.md``, ``docs/concepts/prices.md``, decision 5, the events. The
auditor decides nothing: it says of each event whether the documentation allows it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from hullmark.sim._auditor_ledger import AuditorLedger, ceiling
from hullmark.sim._auditor_market import TOLERANCE, AuditorMarket
from hullmark.sim._auditor_notes import AuditorEvent, AuditorNotes
from hullmark.sim._auditor_policies import LIQUIDATE
from hullmark.sim._auditor_terms import InstrumentTerms
from hullmark.sim._auditor_text import NANO, PRICE_NANO_MAX

QUANTA_MAX = 2**61 - 1  # a quarter of the ledger's range: what is told of a loss goes no further


@dataclass(slots=True)
class Case:
    """A liquidation that runs: what it began with, and what it has used up."""

    asset: str
    net_quanta: int
    trigger_nano: dict[str, int]
    orders: int = 0  # since the start or the last pause
    parked_until_ns: int | None = None
    late_quanta: dict[str, int] = field(default_factory=dict)  # by settlement asset
    closing: dict[str, int] | None = None  # cash when its books began to be closed


@dataclass(slots=True)
class Order:
    """A liquidation order at work."""

    account: int
    instrument: str
    unfilled: int
    limit_nano: int
    deadline_ns: int
    sent_ns: int


class AuditorDesk:
    """Judges liquidations; `cases` and `orders` still run, `resting` has accounts by order."""

    def __init__(self, ledger: AuditorLedger, market: AuditorMarket, notes: AuditorNotes) -> None:
        self._ledger = ledger
        self._market = market
        self._notes = notes
        self.cases: dict[int, Case] = {}
        self.orders: dict[int, Order] = {}
        self.resting: dict[int, int] = {}
        self._levels: dict[str, tuple[Fraction, int]] = {}  # of throttles: nano-USD, and when

    def handlers(self) -> dict[str, Callable[[AuditorEvent], None]]:
        """Return what takes each event, by its name."""
        return {
            "BreachesFound": self._find_breaches,
            "LiquidationStarted": self._start,
            "LiquidationOrdered": self._order,
            "OrderExpired": self._expire,
            "LiquidationParked": self._park,
            "LiquidationEnded": self._end,
        }

    def case(self, account: int) -> Case:
        """Return the liquidation that an event is about; there has to be one."""
        if account not in self.cases:
            self._notes.differ(account, "account", "in a liquidation", account)
            self.cases[account] = Case("", 0, {})
        return self.cases[account]

    def cash(self, account: int) -> dict[str, int]:
        """Return an account's cash that is not zero."""
        return {a: quanta for a, quanta in self._ledger.cash[account].items() if quanta}

    def check_prices(self, account: int, action: str, symbol: str | None = None) -> None:
        """Hold an action to the grades of every price that the account rests on."""
        self._market.check_grades(account, self._factors(account, symbol), action, self._notes)

    def check_fill(self, event: AuditorEvent) -> None:
        """Judge a fill before it is posted, and keep what is left of its order."""
        account, lots, notes = event["account"], event["lots"], self._notes
        order = self.orders.get(event["order"])
        if order is None or (order.account, order.instrument) != (account, event["instrument"]):
            notes.differ(account, "order", "at work for the account", event["order"])
            return
        if notes.now_ns > order.deadline_ns:
            notes.differ(account, "time of a fill", f"<= {order.deadline_ns}", notes.now_ns)
        if lots * order.unfilled < 0 or abs(lots) > abs(order.unfilled):
            notes.differ(account, "lots", f"within {order.unfilled}", lots)
        price = event["price_nano"]
        if lots and (price - order.limit_nano) * lots > 0:
            notes.differ(account, "price_nano", f"no worse than {order.limit_nano}", price)
        self._check_causes(event)
        order.unfilled -= lots
        if event["final"]:
            del self.orders[event["order"]]

    def check_penalty(self, event: AuditorEvent) -> None:
        """Judge a penalty, after the fill was posted and before the penalty was.

        It is a share of what was closed, rounded up, and not more than net value.
        """
        account = event["account"]
        terms = self._market.rules.instruments[event["instrument"]]
        rate = self._market.rules.liquidation.penalty if terms.kind != "spot" else Fraction(0)
        penalty = ceiling(*(rate * abs(event["cost_quanta"])).as_integer_ratio())
        net, slack = self._market.net_quanta(account, terms.settlement)
        found = event["penalty_quanta"]
        near = slack if penalty > net - slack else 0
        self._notes.near(account, "penalty_quanta", min(penalty, max(net, 0)), found, near)

    def in_breach(self, account: int) -> bool | None:
        """Whether an account is in breach; ``None`` where floats could not tell, or no price is."""
        if not self._market.at_risk(account):
            return False
        found = self._market.standing(account)
        if found is None or abs(found.health) <= found.slack:
            return None
        return found.health < 0

    # All of them, none else, the worst ratio first, but for those that wait for an order or a time.
    def _find_breaches(self, event: AuditorEvent) -> None:
        listed, notes = list(event["accounts"]), self._notes
        if len(set(listed)) != len(listed):
            notes.differ("venue", "accounts", "distinct", listed)
        for account in self._market.modes:
            found = self.in_breach(account)
            if account in listed and found is False:
                notes.differ(account, "health of a breach", "< 0", self._health(account))
            if account in listed and self._waits(account):
                notes.differ(account, "a listed account", "without order and pause", account)
            if account not in listed and found and not self._waits(account):
                notes.differ(account, "a breach", "listed", listed)
        # What has never had a price has no ratio: wherever its holder stands, it waits for one.
        ranked = [a for a in listed if self._market.standing(a) is not None]
        for one, other in pairwise(ranked):
            before, after = self._ratio(one), self._ratio(other)
            if after > before * (1 + float(TOLERANCE)):
                notes.differ(other, "margin ratio", f"<= {before} of {one}", after)

    def _start(self, event: AuditorEvent) -> None:
        account, asset, notes = event["account"], event["asset"], self._notes
        if account in self.cases:
            notes.differ(account, "account", "in no liquidation", account)
        self._must_breach(account)
        notes.equal(account, "asset", self._deficit_asset(account), asset)
        net, slack = self._market.net_quanta(account, asset)
        net = max(min(net, QUANTA_MAX), -QUANTA_MAX)
        notes.near(account, "net_quanta", net, event["net_quanta"], slack)
        held, trigger_nano = self._ledger.positions[account], dict(event["trigger_nano"])
        notes.equal(account, "instruments triggered", sorted(held), sorted(trigger_nano))
        for symbol in held.keys() & trigger_nano.keys():
            mark, near = (
                round(self._market.quoted_nano(symbol)),
                self._market.blur_nano(symbol),
            )
            notes.near(account, f"trigger of {symbol}", mark, trigger_nano[symbol], near)
        self.cases[account] = Case(asset, event["net_quanta"], trigger_nano)

    def _order(self, event: AuditorEvent) -> None:
        account, symbol, lots = event["account"], event["instrument"], event["lots"]
        limits, notes = self._market.rules.liquidation, self._notes
        terms, case = self._market.rules.instruments[symbol], self.case(account)
        self._must_breach(account)
        self._check_free(account, case)
        self.check_prices(account, LIQUIDATE, symbol)
        self._check_shrinks(account, terms, lots)
        mark, blur_nano = self._market.safe_nano(symbol, lots), self._market.blur_nano(symbol)
        towards, sign = (math.floor, 1) if lots > 0 else (math.ceil, -1)  # towards the mark
        limit = min(max(towards(mark * (1 + sign * limits.slippage)), 1), PRICE_NANO_MAX)
        notes.near(account, "limit_nano", limit, event["limit_nano"], 2 * blur_nano)
        deadline_ns = notes.now_ns + limits.order_ns
        notes.equal(account, "deadline_ns", deadline_ns, event["deadline_ns"])
        if event["order"] in self.orders:
            notes.differ(account, "order", "a new number", event["order"])
        self._draw(account, terms, event)
        case.orders += 1
        case.parked_until_ns = None
        self.orders[event["order"]] = Order(
            account, symbol, lots, event["limit_nano"], event["deadline_ns"], notes.now_ns
        )

    # Past its deadline, or of an instrument that is settled.
    def _expire(self, event: AuditorEvent) -> None:
        account, now_ns = event["account"], self._notes.now_ns
        order = self.orders.pop(event["order"], None)
        if order is None or order.account != account:
            self._notes.differ(account, "order", "at work for the account", event["order"])
            return
        expiry_ns = self._market.rules.instruments[order.instrument].expiry_ns
        if now_ns <= order.deadline_ns and (expiry_ns is None or now_ns < expiry_ns):
            self._notes.differ(account, "deadline of the order", f"< {now_ns}", order.deadline_ns)

    def _park(self, event: AuditorEvent) -> None:
        account, limits = event["account"], self._market.rules.liquidation
        case = self.case(account)
        self._must_breach(account)
        until_ns = self._notes.now_ns + limits.park_ns
        self._notes.equal(account, "until_ns", until_ns, event["until_ns"])
        case.parked_until_ns = event["until_ns"]
        case.orders = 0

    def _end(self, event: AuditorEvent) -> None:
        account = event["account"]
        self.case(account)
        del self.cases[account]
        if event["cured"] and self.in_breach(account):
            self._notes.differ(account, "health of a cured account", ">= 0", self._health(account))
        if not event["cured"]:
            left = sorted(self._ledger.positions[account]) + sorted(self.cash(account))
            self._notes.equal(account, "what an ended account has left", [], left)

    def _waits(self, account: int) -> bool:
        case = self.cases.get(account)
        until_ns = None if case is None else case.parked_until_ns
        if until_ns is not None and self._notes.now_ns < until_ns:
            return True
        return any(order.account == account for order in self.orders.values())

    def _health(self, account: int) -> float | None:
        standing = self._market.standing(account)
        return None if standing is None else standing.usd(standing.health)

    def _ratio(self, account: int) -> float:
        standing = self._market.standing(account)
        if standing is None or standing.maintenance_equity <= 0:
            return math.inf
        return standing.maintenance_margin / standing.maintenance_equity

    def _must_breach(self, account: int) -> None:
        if self.in_breach(account) is False:
            self._notes.differ(account, "health", "< 0", self._health(account))

    # One plan may order several instruments at one instant; an older order has to be answered, and
    # a plan that is begun is sent whole.
    def _check_free(self, account: int, case: Case) -> None:
        working = [o.sent_ns for o in self.orders.values() if o.account == account]
        if any(sent_ns != self._notes.now_ns for sent_ns in working):
            self._notes.differ(account, "last order", "answered", "at work")
        rounds_max = self._market.rules.liquidation.rounds_max
        if not working and case.orders >= rounds_max:
            self._notes.differ(account, "orders before a pause", rounds_max, case.orders + 1)
        if account in self.resting.values():
            self._notes.differ(account, "resting orders", "released", "there")

    # The marks of what an account holds, the index of the underlyings and of its balances.
    def _factors(self, account: int, symbol: str | None) -> set[str]:
        rules = self._market.rules
        found = set(self.cash(account))
        for held in (*self._ledger.positions[account], *([symbol] if symbol else [])):
            terms = rules.instruments[held]
            found |= terms.factors
        return found

    def _check_shrinks(self, account: int, terms: InstrumentTerms, lots: int) -> None:
        if terms.kind == "spot":
            cash = self.cash(account)
            sells = lots < 0 and cash.get(terms.settlement, 0) < 0 < cash.get(terms.underlying, 0)
            if not sells:
                self._notes.differ(account, "a sale", "of what is held against a debt", cash)
            return
        position = self._ledger.positions[account].get(terms.symbol)
        held = position.lots if position is not None else 0
        if held * lots >= 0 or abs(lots) > abs(held):
            self._notes.differ(account, "lots of an order", f"within {-held}", lots)

    # A bucket of notional: an order takes its notional out, time refills it, up to its size.
    def _draw(self, account: int, terms: InstrumentTerms, event: AuditorEvent) -> None:
        limits, symbol, now_ns = self._market.rules.liquidation, terms.symbol, self._notes.now_ns
        taken = event["notional_nano"]
        notional = abs(event["lots"]) * (self._market.notional(symbol) or Fraction()) * NANO
        self._notes.near(account, "notional_nano", notional, taken, 1 + notional / 10**12)
        if limits.burst is None:
            return
        level, since_ns = self._levels.get(symbol, (limits.burst, now_ns))
        level = min(limits.burst, level + limits.refill * (now_ns - since_ns))
        if taken > level:
            self._notes.differ(account, f"draw on {symbol}", f"<= {float(level)}", taken)
        self._levels[symbol] = level - taken, now_ns

    # Latency and impact together are the move from trigger to fill; the event has no arrival price.
    # Of an absurd trigger less is told than there is.
    def _check_causes(self, event: AuditorEvent) -> None:
        account, symbol, lots = event["account"], event["instrument"], event["lots"]
        case, terms = self.case(account), self._market.rules.instruments[symbol]
        late = case.late_quanta.get(terms.settlement, 0) + event["latency_quanta"]
        case.late_quanta[terms.settlement] = late
        if symbol not in case.trigger_nano or abs(late) >= QUANTA_MAX // 2:
            return
        at_fill = Fraction(*terms.worth(lots, event["price_nano"]))
        at_trigger = Fraction(*terms.worth(lots, case.trigger_nano[symbol]))
        found = event["latency_quanta"] + event["impact_quanta"]
        self._notes.near(account, "latency and impact", at_fill - at_trigger, found, 2)

    # Where a deficit would arise: where the first instrument settles, or where most is owed.
    def _deficit_asset(self, account: int) -> str:
        rules, held = self._market.rules, self._ledger.positions[account]
        for symbol, terms in rules.instruments.items():
            if symbol in held:
                return terms.settlement
        cash = self._ledger.cash[account]
        return min(rules.assets, key=lambda asset: cash[asset] * (self._market.usd(asset) or 0))
