"""What accounts do, as the auditor follows it: cash in and out, trades, orders, corrections.

Sources: ``docs/concepts/ledger.md``, ``docs/concepts/margin.md``, ``docs/concepts/prices.md`` and
the docstrings of the events.
"""

from collections.abc import Callable

from hullmark.sim._auditor_desk import AuditorDesk
from hullmark.sim._auditor_fills import AuditorFills
from hullmark.sim._auditor_ledger import (
    CUSTODY,
    FEES,
    FIRST_ACCOUNT,
    FUND,
    AuditorLedger,
    ceiling,
)
from hullmark.sim._auditor_market import AuditorMarket, Standing
from hullmark.sim._auditor_notes import AuditorEvent, AuditorNotes
from hullmark.sim._auditor_policies import RAISE_RISK, TRADE, WITHDRAW
from hullmark.sim._auditor_seasons import AuditorSeasons
from hullmark.sim._auditor_terms import InstrumentTerms
from hullmark.sim._auditor_text import NANO

TRADES_MAX = 100_000  # kept for their reversal; an older one is reversed unchecked
SIDES = ("buyer", "seller")
FEES_OF = ("buyer_fee_quanta", "seller_fee_quanta")
COLUMNS = (*SIDES, "lots", "price_nano", "cost_quanta", *FEES_OF)


class AuditorTrades:
    """Judges and posts the events by which cash and lots change hands."""

    def __init__(
        self,
        ledger: AuditorLedger,
        market: AuditorMarket,
        desk: AuditorDesk,
        seasons: AuditorSeasons,
        notes: AuditorNotes,
    ) -> None:
        self._seasons = seasons
        self._ledger = ledger
        self._market = market
        self._desk = desk
        self._fills = AuditorFills(ledger, market, desk, notes)
        self._notes = notes
        self._trades: dict[int, list[tuple[object, ...]]] = {}  # the newest, by sequence of unit
        self._forgotten = False  # whether older ones were dropped
        self._reversed: set[int] = set()  # sequences

    def handlers(self) -> dict[str, Callable[[AuditorEvent], None]]:
        """Return what takes each event, by its name."""
        return {
            "AccountOpened": self._open,
            "Deposited": self._deposit,
            "Withdrawn": self._withdraw,
            "Transferred": self._transfer,
            "Traded": self._trade,
            "TradesBooked": self._trade_many,
            "TradeBusted": self._bust,
            "CashAdjusted": self._adjust,
            "OrderRested": self._rest,
            "OrderReleased": self._release,
            "LiquidationFilled": self._fill,
        }

    def _open(self, event: AuditorEvent) -> None:
        account, parent, modes = event["account"], event.get("parent"), self._market.modes
        if account in modes or account < FIRST_ACCOUNT:
            self._notes.differ(account, "account", f"new, from {FIRST_ACCOUNT} on", account)
        if (event["mode"] == "isolated") != (parent in modes):
            self._notes.differ(account, "parent", "there for an isolated account", parent)
        if event["mode"] not in self._market.rules.models:
            self._notes.differ(account, "mode", "one with a margin model", event["mode"])
        modes[account] = event["mode"]
        if parent is not None:
            self._desk.parents[account] = parent

    def _deposit(self, event: AuditorEvent) -> None:
        account, quanta = event["account"], event["quanta"]
        if account != FUND:
            self._need_user(account)
        self._notes.positive(account, "quanta", quanta)
        self._seasons.move(event["asset"], quanta, None, account)
        self._ledger.move(CUSTODY, account, event["asset"], quanta)

    # Only while the fund has what open auctions may cost.
    def _withdraw(self, event: AuditorEvent) -> None:
        account, prices = event["account"], self._market.usd
        open_usd = 0.0
        for other in self._desk.auctions:
            standing = self._market.standing(other)
            if self._desk.is_insolvent(other) and standing is not None:
                open_usd += standing.usd(max(-standing.health - standing.slack, 0))
        cash = self._ledger.cash[FUND]
        fund_usd = sum(float(quanta * (prices(asset) or 0)) for asset, quanta in cash.items())
        if open_usd > fund_usd + 1e-6:
            self._notes.differ(account, "cost of open auctions", f"<= {fund_usd} USD", open_usd)
        self._need_own(account)
        self._seasons.check_leaving(account, event["asset"], event["quanta"])
        self.pay_out(account, CUSTODY, event["asset"], event["quanta"])

    def _transfer(self, event: AuditorEvent) -> None:
        self._need_own(event["source"])
        self.pay_out(event["source"], event["target"], event["asset"], event["quanta"])

    def _need_own(self, account: int) -> None:
        if account in {pool.account for pool in self._market.rules.pools.values()}:
            self._notes.differ(account, "source", "no pool, whose money is its members'", account)

    def pay_out(
        self, source: int, target: int, asset: str, quanta: int, *, paid_max: int | None = None
    ) -> int | None:
        """Judge and post a payment out of an account.

        It is of settled cash that initial margin does not need; a gain that nobody has paid does
        not count. Returns what of it counts as paid in, as of `AuditorSeasons.move`.
        """
        notes = self._notes
        notes.positive(source, "quanta", quanta)
        self._need_user(source)
        if target != CUSTODY:
            self._need_user(target)
        self._desk.check_prices(source, WITHDRAW)
        # With the funding that is due on them, of which a part of a quantum is lost by settling.
        gains_usd = self._market.gains(source) - self._market.dust(source)
        self._ledger.settle_all_funding(source, self._market.rules.instruments)
        paid = self._seasons.move(asset, quanta, source, target, paid_max)
        self._ledger.move(source, target, asset, quanta)
        if source in self._desk.cases:
            notes.differ(source, "source of a payment", "in no liquidation", source)
        if self._ledger.cash[source][asset] < 0:
            notes.differ(source, "settled cash left", ">= 0", self._ledger.cash[source][asset])
        self._check_initial(source, None, gains_usd)
        return paid

    def _trade(self, event: AuditorEvent) -> None:
        self._trade_all([event])

    # A round is booked trade by trade, and margin is asked of what the whole of it leaves.
    def _trade_many(self, event: AuditorEvent) -> None:
        columns = zip(*(event[name] for name in ("instrument", *COLUMNS)), strict=True)
        self._trade_all(
            [
                {"instrument": event["symbols"][place], **dict(zip(COLUMNS, row, strict=True))}
                for place, *row in columns
            ]
        )

    def _trade_all(self, trades: list[AuditorEvent]) -> None:
        parties = dict.fromkeys(one[side] for one in trades for side in SIDES)
        before = {a: self._market.standing(a) for a in parties}
        self._check_grades(trades)
        for one in trades:
            self._book(one)
        for account, standing in before.items():
            self._check_initial(account, standing)
        if self._notes.sequence is not None:
            self._trades[self._notes.sequence] = [_trade_fields(one) for one in trades]
        if len(self._trades) > TRADES_MAX:
            del self._trades[next(iter(self._trades))]
            self._forgotten = True

    # Whoever does nothing but close in a round may close; whoever does more raises risk.
    def _check_grades(self, trades: list[AuditorEvent]) -> None:
        lots, raises = dict[tuple[int, str], int](), set[int]()
        for one in trades:
            for side, sign in zip(SIDES, (1, -1), strict=True):
                place, change = (one[side], one["instrument"]), sign * one["lots"]
                held = lots.get(place, self._held(*place))
                if not _shrinks(held, change):
                    raises.add(one[side])
                lots[place] = held + change
        for account, symbol in lots:
            self._desk.check_prices(account, RAISE_RISK if account in raises else TRADE, symbol)

    def _held(self, account: int, symbol: str) -> int:
        position = self._ledger.positions[account].get(symbol)
        return position.lots if position is not None else 0

    def _book(self, event: AuditorEvent) -> None:
        terms = self._market.rules.instruments[event["instrument"]]
        lots, buyer, seller = event["lots"], event["buyer"], event["seller"]
        self._notes.positive(buyer, "lots", lots)
        self._check_cost(terms, buyer, lots, event)
        if terms.expiry_ns is not None and self._notes.now_ns >= terms.expiry_ns:
            self._notes.differ(buyer, "trade", f"before {terms.expiry_ns}", self._notes.now_ns)
        self._need_trading(buyer, event["instrument"])
        for account, change in ((buyer, lots), (seller, -lots)):
            self._need_user(account)
            self._check_under_liquidation(account, terms, change)
        self._exchange(terms, buyer, seller, lots, event["cost_quanta"])
        for account, side in ((buyer, "buyer"), (seller, "seller")):
            fee = event.get(f"{side}_fee_quanta", 0)
            if fee < 0:
                self._notes.differ(account, "fee", ">= 0", fee)
            self._ledger.move(account, FEES, terms.settlement, fee)

    def _fill(self, event: AuditorEvent) -> None:
        terms = self._market.rules.instruments[event["instrument"]]
        account, other, lots = event["account"], event["counterparty"], event["lots"]
        self._fills.check_fill(event)
        buyer, seller = (account, other) if lots > 0 else (other, account)
        self._check_cost(terms, account, abs(lots), event)
        if lots:
            self._need_user(other)
            self._exchange(terms, buyer, seller, abs(lots), event["cost_quanta"])
        self._fills.check_taken(event)
        taken = event["penalty_quanta"] + event.get("surplus_quanta", 0)
        self._ledger.move(account, FUND, terms.settlement, taken)

    # Lots and cost go back as a fill of their own; what was realised or settled meanwhile stays.
    def _bust(self, event: AuditorEvent) -> None:
        terms, sequence = self._market.rules.instruments[event["instrument"]], event["sequence"]
        buyer, seller = event["buyer"], event["seller"]
        self._check_signed(event)
        self._reverse(sequence)
        if self._notes.sequence is not None and not self._forgotten:
            recorded, fields = self._trades.get(sequence, []), _trade_fields(event)
            if fields not in recorded:
                self._notes.differ(buyer, "what is reversed", f"of {recorded}", fields)
        self._exchange(terms, seller, buyer, event["lots"], event["cost_quanta"])
        for account, side in ((buyer, "buyer"), (seller, "seller")):
            fee = event.get(f"{side}_fee_quanta", 0)
            self._ledger.move(FEES, account, terms.settlement, fee)

    def _adjust(self, event: AuditorEvent) -> None:
        source, target = event["source"], event["target"]
        self._check_signed(event)
        self._notes.positive(source, "quanta", event["quanta"])
        if CUSTODY in {source, target} or source == target:
            self._notes.differ(source, "sides", "two, and not custody", (source, target))
        if event.get("reverses") is not None:
            self._reverse(event["reverses"])
        self._seasons.move(event["asset"], event["quanta"], source, target)
        self._ledger.move(source, target, event["asset"], event["quanta"])

    def _rest(self, event: AuditorEvent) -> None:
        account = event["account"]
        self._need_user(account)
        shrinks = _shrinks(self._held(account, event["instrument"]), event["lots"])
        self._desk.check_prices(account, TRADE if shrinks else RAISE_RISK, event["instrument"])
        self._need_trading(account, event["instrument"])
        if event["order"] in self._desk.resting:
            self._notes.differ(account, "order", "a new number", event["order"])
        if account in self._desk.cases:
            self._check_under_liquidation(
                account, self._market.rules.instruments[event["instrument"]], event["lots"]
            )
        self._desk.resting[event["order"]] = account
        self._desk.resting_in[event["order"]] = event["instrument"]

    def _release(self, event: AuditorEvent) -> None:
        account = self._desk.resting.pop(event["order"], None)
        self._desk.resting_in.pop(event["order"], None)
        self._notes.equal(event["account"], "account of a resting order", account, event["account"])

    def _exchange(
        self, terms: InstrumentTerms, buyer: int, seller: int, lots: int, cost: int
    ) -> None:
        quanta = 0
        if terms.kind == "spot":
            unit = self._market.rules.assets[terms.underlying].unit
            quanta = lots * terms.lot_nano * unit // NANO
        self._ledger.exchange(terms, buyer, seller, lots, cost, quanta)

    def _check_cost(
        self, terms: InstrumentTerms, account: int, lots: int, event: AuditorEvent
    ) -> None:
        cost = ceiling(*terms.worth(lots, event["price_nano"])) if lots else 0
        self._notes.equal(account, "cost_quanta", cost, event["cost_quanta"])

    # Resting orders ask for more than is asked here: a weaker law, and never a wrong one.
    def _check_initial(
        self, account: int, before: Standing | None, unsettled_usd: float = 0.0
    ) -> None:
        after = self._market.standing(account)
        if after is None or not after.at_risk:
            return
        better = before is not None and after.is_no_worse_than(before)
        spare_usd = after.usd(after.initial_equity - after.initial_margin) - unsettled_usd
        if spare_usd < -after.usd(after.slack) and not better:
            self._notes.differ(account, "initial equity less margin", ">= 0", spare_usd)

    def _check_under_liquidation(self, account: int, terms: InstrumentTerms, change: int) -> None:
        held = self._held(account, terms.symbol)
        if account in self._desk.cases and terms.kind != "spot" and not _shrinks(held, change):
            self._notes.differ(account, "trade in a liquidation", f"against {held}", change)

    def _check_signed(self, event: AuditorEvent) -> None:
        names = {name.strip().casefold() for name in event["authorisers"]}
        if len(names) != len(event["authorisers"]) or "" in names or len(names) != 2:
            self._notes.differ("venue", "authorisers", "two people", event["authorisers"])

    def _reverse(self, sequence: int) -> None:
        if sequence in self._reversed:
            self._notes.differ("venue", "what is reversed", "reversed once", sequence)
        self._reversed.add(sequence)

    def _need_trading(self, account: int, symbol: str) -> None:
        if symbol in self._market.halted or symbol in self._market.settled:
            self._notes.differ(account, "instrument", "neither halted nor settled", symbol)

    def _need_user(self, account: int) -> None:
        if account not in self._market.modes:
            self._notes.differ(account, "account", "open to users", account)


def _shrinks(held: int, change: int) -> bool:
    return held * change < 0 and abs(change) <= abs(held)


def _trade_fields(event: AuditorEvent) -> tuple[object, ...]:
    return (event["instrument"], *(event.get(name, 0) for name in COLUMNS))
