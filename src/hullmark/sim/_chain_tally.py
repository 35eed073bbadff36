"""What the events of one run add up to, for comparing chains and policies of deleveraging.

Amounts are quanta of the venue's one asset. *Asked* is what deleveraging had to bring: deficits
less what the fund and the staked backstop paid. *Overshoot* is what haircuts are more than that, as
a share of it; the notional closed is no part of it. A second overshoot prices the same closures at
the mark *before* the one they were made at, which is the price at which Hyperliquid closes: it says
what a venue's price rule adds, apart from its order.

The *forgone* gain of hedged accounts is what the legs that were closed would still have earned,
marked at each later price: its greatest value is how much their being left unhedged has cost them
at worst, its last value what it cost by the end of the window.
"""

from collections import Counter, defaultdict
from collections.abc import Set
from dataclasses import dataclass, field

import numpy as np

from hullmark.clearing import Rules
from hullmark.core import NANO, SECOND_NS, Asset
from hullmark.domain import Event, Instrument, events
from hullmark.runtime import Answer, Venue

_NO_LEVERAGE = 0.0  # of an account that holds nothing any more


@dataclass(slots=True)
class Closed:
    """Lots of hedged accounts that were closed in one instrument, and at which marks."""

    lots: int = 0  # signed as they were held
    worth_quanta: int = 0  # at the marks of their closures


@dataclass(slots=True)
class Sums:
    """Everything that is added up, in quanta and in counts."""

    deficit: int = 0
    fund: int = 0
    backstop: int = 0
    socialised: int = 0
    bad_debt: int = 0
    by_orders: int = 0
    by_auctions: int = 0
    by_makers: int = 0
    by_pool: int = 0
    by_deleveraging: int = 0
    softly: int = 0  # of the orders: before a breach, and without a penalty
    penalty: int = 0
    discount: int = 0  # what bidders paid less than the marks
    pool_loss: int = 0  # of accounts that a pool took over below zero
    haircut: int = 0
    haircut_before: int = 0  # the same closures at the mark before
    hedged_haircut: int = 0
    closures: int = 0


@dataclass(slots=True)
class ChainTally:
    """Watches one run; an *episode* is one liquidation of one account."""

    rules: Rules
    asset: Asset
    hedged: Set[int]  # account numbers
    pools: Set[int]
    sums: Sums = field(default_factory=Sums)
    deleveraged: set[int] = field(default_factory=set)  # positions of theirs were closed
    payers: set[int] = field(default_factory=set)  # they paid a haircut, in either way
    leverages: list[float] = field(default_factory=list)  # of accounts, just before
    cure_ns: list[int] = field(default_factory=list)  # of the episodes that ended
    parked: Counter[str] = field(default_factory=Counter)
    hand_overs: Counter[tuple[str, str]] = field(default_factory=Counter)  # stage, reason
    auctions: Counter[str] = field(default_factory=Counter)  # by why they ended
    refused: Counter[str] = field(default_factory=Counter)
    forgone_worst_quanta: int = 0
    forgone_quanta: int = 0
    _begun_ns: dict[int, int] = field(default_factory=dict)
    _mark_nano: dict[str, int] = field(default_factory=dict)
    _before_nano: dict[str, int] = field(default_factory=dict)
    _closed: defaultdict[str, Closed] = field(default_factory=lambda: defaultdict(Closed))
    _soft_orders: set[int] = field(default_factory=set)
    _just_now: Counter[int] = field(default_factory=Counter)  # notional closed, by account
    _paid_now: Counter[int] = field(default_factory=Counter)  # and haircuts

    def see(self, venue: Venue, answer: Answer, now_ns: int, /) -> None:
        """Take in what one command led to."""
        if answer.refusal is not None:
            self.refused[answer.refusal.reason.name] += 1
        for unit in answer.units:
            for event in unit.events:
                self._take(event, now_ns)
        for account, closed in self._just_now.items():
            health = venue.health(account)
            per_usd = self.asset.quanta_per_unit
            net_usd = health.net_value + self._paid_now[account] / per_usd
            gross_usd = health.gross_notional + closed / per_usd
            self.leverages.append(gross_usd / net_usd if net_usd > 0 else _NO_LEVERAGE)
        self._just_now.clear()
        self._paid_now.clear()

    @property
    def open_episodes(self) -> int:
        """Liquidations that have not ended."""
        return len(self._begun_ns)

    @property
    def asked_quanta(self) -> int:
        """What deleveraging had to bring."""
        sums = self.sums
        return sums.deficit - sums.fund - sums.backstop

    def overshoot(self, haircut_quanta: int) -> float | None:
        """Return by what share haircuts are more than what was asked; ``None``: nothing was."""
        asked = self.asked_quanta
        return (haircut_quanta - asked) / asked if asked else None

    def cure_s(self, share: float) -> float | None:
        """Return the time from breach to end that so large a share of the episodes keep within."""
        if not self.cure_ns:
            return None
        return float(np.quantile(np.array(self.cure_ns), share, method="higher")) / SECOND_NS

    def _take(self, event: Event, now_ns: int) -> None:
        match event:
            case events.PricesAccepted():
                self._take_prices(event)
            case events.LiquidationStarted():
                self._begun_ns[event.account] = now_ns
            case events.LiquidationEnded():
                self.cure_ns.append(now_ns - self._begun_ns.pop(event.account))
            case events.LiquidationParked():
                self.parked[event.reason.value] += 1
            case events.StageEntered():
                self.hand_overs[event.stage.value, event.reason.value] += 1
            case events.AuctionEnded():
                self.auctions[event.reason.value] += 1
            case events.Deleveraged():
                self._take_closure(event)
            case events.HaircutTaken():
                self._take_haircut(event.payer, event.quanta)
                self.sums.haircut_before += event.quanta
            case events.DeficitCovered():
                self._take_deficit(event)
            case _:
                self._take_trade(event)

    def _take_trade(self, event: Event) -> None:
        sums = self.sums
        match event:
            case events.LiquidationOrdered() if event.soft:
                self._soft_orders.add(event.order)
            case events.LiquidationFilled():
                notional = abs(event.cost_quanta)
                sums.by_orders += notional
                sums.softly += notional if event.order in self._soft_orders else 0
                sums.penalty += event.penalty_quanta
            case events.BackstopFilled():
                sums.by_makers += abs(event.cost_quanta)
                sums.penalty += event.penalty_quanta
            case events.PortfolioMoved():
                notional = sum(map(abs, event.cost_quanta.values()))
                if event.target in self.pools:
                    sums.by_pool += notional
                else:
                    sums.by_auctions += notional
                    sums.discount += sum(event.cash_quanta.values())
            case events.AuctionTaken():
                sums.penalty += event.penalty_quanta
                sums.discount -= event.paid_quanta
            case events.AccountTakenOver():
                sums.pool_loss += max(-event.net_quanta, 0)
            case _:
                pass

    def _take_prices(self, event: events.PricesAccepted) -> None:
        for price in event.prices:
            now = price.price_nano
            self._before_nano[price.factor] = self._mark_nano.get(price.factor, now)
            self._mark_nano[price.factor] = now
        self.forgone_quanta = sum(
            self._worth(symbol, closed.lots, self._mark_nano[symbol]) - closed.worth_quanta
            for symbol, closed in self._closed.items()
        )
        self.forgone_worst_quanta = max(self.forgone_worst_quanta, self.forgone_quanta)

    # The lots of the event are signed as the counterparty held them: so does the bankrupt trade.
    def _take_closure(self, event: events.Deleveraged) -> None:
        symbol, lots, account = event.instrument, event.lots, event.counterparty
        mark = self._mark_nano[symbol]
        notional = abs(self._worth(symbol, lots, mark))
        self.sums.by_deleveraging += notional
        self.sums.closures += 1
        before = self._before_nano[symbol]
        self.sums.haircut_before += self._worth(symbol, lots, mark - before)
        self._just_now[account] += notional
        self._take_haircut(account, event.haircut_quanta)
        self.deleveraged.add(account)
        if account in self.hedged:
            closed = self._closed[symbol]
            closed.lots += lots
            closed.worth_quanta += self._worth(symbol, lots, mark)

    def _take_haircut(self, account: int, quanta: int) -> None:
        self.sums.haircut += quanta
        if quanta > 0:
            self.payers.add(account)
        self._paid_now[account] += quanta
        if account in self.hedged:
            self.sums.hedged_haircut += quanta

    def _take_deficit(self, event: events.DeficitCovered) -> None:
        sums = self.sums
        paid = (
            event.fund_quanta,
            event.backstop_quanta,
            event.haircut_quanta,
            event.socialised_quanta,
            event.bad_debt_quanta,
        )
        sums.deficit += sum(paid)
        sums.fund += event.fund_quanta
        sums.backstop += event.backstop_quanta
        sums.socialised += event.socialised_quanta
        sums.bad_debt += event.bad_debt_quanta

    # Of a linear contract, at the peg of its settlement asset; rounded down.
    def _worth(self, symbol: str, lots: int, price_nano: int) -> int:
        terms = self._terms(symbol)
        return lots * terms.lot_nano * price_nano * self.asset.quanta_per_unit // NANO**2

    def _terms(self, symbol: str) -> Instrument:
        return next(i for i in self.rules.instruments if i.symbol == symbol)
