"""Answers to liquidation orders, as the auditor follows them: limits, penalties, and what was lost.

Source: ``docs/concepts/liquidation.md``.
"""

import math
from fractions import Fraction

from hullmark.sim._auditor_cases import QUANTA_MAX, Case, Order
from hullmark.sim._auditor_desk import AuditorDesk
from hullmark.sim._auditor_ledger import AuditorLedger, ceiling
from hullmark.sim._auditor_limits import AuditorLimits
from hullmark.sim._auditor_market import AuditorMarket
from hullmark.sim._auditor_notes import AuditorEvent, AuditorNotes
from hullmark.sim._auditor_terms import InstrumentTerms


class AuditorFills:
    """Judges what orders have come to."""

    def __init__(
        self, ledger: AuditorLedger, market: AuditorMarket, desk: AuditorDesk, notes: AuditorNotes
    ) -> None:
        self._market = market
        self._desk = desk
        self._notes = notes
        self._limits = AuditorLimits(ledger, market, notes)
        self._is_soft = False  # of the fill at hand: whether it pays no penalty
        self._surplus = (Fraction(0), Fraction(0))  # and what it brings, with its slack

    def check_fill(self, event: AuditorEvent) -> None:
        """Judge a fill before it is posted, and keep what is left of its order."""
        account, lots, notes = event["account"], event["lots"], self._notes
        self._is_soft, self._surplus = False, (Fraction(0), Fraction(0))
        order = self._desk.orders.get(event["order"])
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
        self._check_causes(event, order)
        if lots and self._market.rules.liquidation.sliding:
            symbol = event["instrument"]
            self._surplus = self._limits.surplus(account, symbol, lots, event["cost_quanta"])
        order.unfilled -= lots
        self._is_soft = order.soft
        if event["final"]:
            del self._desk.orders[event["order"]]

    def check_taken(self, event: AuditorEvent) -> None:
        """Judge what the fund gets of a fill, after the fill was posted and before that was.

        It is a penalty, or, where limits slide, what the fill brought over the bankruptcy price, up
        to that penalty.
        """
        account, terms = event["account"], self._market.rules.instruments[event["instrument"]]
        free = terms.kind == "spot" or not event["lots"] or self._is_soft
        sliding = self._market.rules.liquidation.sliding
        cost, penalty = event["cost_quanta"], event["penalty_quanta"]
        self.check_penalty(account, terms, cost, penalty, free or sliding)
        surplus = event.get("surplus_quanta", 0)
        if free or not sliding:
            self._notes.equal(account, "surplus_quanta", 0, surplus)
            return
        over, near = self._surplus
        most = ceiling(*(self._market.rules.liquidation.penalty * abs(cost)).as_integer_ratio())
        net, slack = self._market.net_quanta(account, terms.settlement)
        ours = min(over, most, max(net, 0))
        self._notes.near(account, "surplus_quanta", ours, surplus, near + slack)

    def check_penalty(
        self, account: int, terms: InstrumentTerms, cost: int, found: int, free: bool
    ) -> None:
        """Judge a penalty, after the fill was posted and before the penalty was.

        It is a share of what was closed, rounded up, and not more than net value.
        """
        rate = Fraction(0) if free else self._market.rules.liquidation.penalty
        penalty = ceiling(*(rate * abs(cost)).as_integer_ratio())
        net, slack = self._market.net_quanta(account, terms.settlement)
        near = slack if penalty > net - slack else 0
        self._notes.near(account, "penalty_quanta", min(penalty, max(net, 0)), found, near)

    def check_waiting(
        self, account: int, terms: InstrumentTerms, lots: int, found: int, mark_nano: int
    ) -> None:
        """Judge what a mark has lost between the trigger and its use, on lots that were closed."""
        case = self._desk.case(account)
        trigger_nano = case.trigger_nano.get(terms.symbol)
        if trigger_nano is not None and mark_nano:
            gone = _floor(terms, -lots, trigger_nano) - _floor(terms, -lots, mark_nano)
            if abs(gone) < QUANTA_MAX // 2:
                blur = self._market.blur_nano(terms.symbol)
                slack = 1 + abs(Fraction(*terms.worth(lots, blur))) if blur else 0
                self._notes.near(account, "participation_quanta", gone, found, slack)
        _add(case.participation_quanta, terms.settlement, found)

    # The causes together are the move from trigger to fill; the event has no arrival price. Of an
    # absurd trigger less is told than there is.
    def _check_causes(self, event: AuditorEvent, order: Order) -> None:
        account, symbol, lots = event["account"], event["instrument"], event["lots"]
        case, terms = self._desk.case(account), self._market.rules.instruments[symbol]
        waiting, oracle = event.get("participation_quanta", 0), event.get("oracle_quanta", 0)
        late, impact = event["latency_quanta"], event["impact_quanta"]
        if lots and order.mark_nano:
            self.check_waiting(account, terms, lots, waiting, order.mark_nano)
            self._check_latency(account, terms, order, lots, late)
        _add(case.late_quanta, terms.settlement, late)
        _add(case.oracle_quanta, terms.settlement, oracle)
        if symbol not in case.trigger_nano or _is_absurd(case, terms.settlement):
            return
        at_fill = Fraction(*terms.worth(lots, event["price_nano"]))
        at_trigger = Fraction(*terms.worth(lots, case.trigger_nano[symbol]))
        found = waiting + late + oracle + impact
        self._notes.near(account, "waiting to impact", at_fill - at_trigger, found, 2)

    # At the venue's own prices: from the mark that the order left at to the mark of now.
    def _check_latency(
        self, account: int, terms: InstrumentTerms, order: Order, lots: int, found: int
    ) -> None:
        now_nano = round(self._market.quoted_nano(terms.symbol))
        if not now_nano or terms.kind == "option":
            return
        gone = _floor(terms, -lots, order.mark_nano) - _floor(terms, -lots, now_nano)
        if abs(gone) < QUANTA_MAX // 2:
            self._notes.near(account, "latency_quanta", gone, found, 0)


def _floor(terms: InstrumentTerms, lots: int, price_nano: int) -> int:
    return math.floor(Fraction(*terms.worth(lots, price_nano)))


def _add(losses: dict[str, int], asset: str, quanta: int) -> None:
    losses[asset] = losses.get(asset, 0) + quanta


def _is_absurd(case: Case, asset: str) -> bool:
    told = (case.participation_quanta, case.late_quanta, case.oracle_quanta)
    return any(abs(losses.get(asset, 0)) >= QUANTA_MAX // 2 for losses in told)
