"""Liquidations as the auditor follows them: who is in breach, what may be ordered, what was done.

Sources: ``docs/concepts/liquidation.md``, ``docs/concepts/prices.md``, decision 5, the events. The
auditor decides nothing: it says of each event whether the documentation allows it.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

from hullmark.sim._auditor_cases import QUANTA_MAX, Auction, Case, Order
from hullmark.sim._auditor_ledger import AuditorLedger
from hullmark.sim._auditor_limits import AuditorLimits
from hullmark.sim._auditor_market import TOLERANCE, AuditorMarket
from hullmark.sim._auditor_notes import AuditorEvent, AuditorNotes
from hullmark.sim._auditor_policies import LIQUIDATE
from hullmark.sim._auditor_stage_terms import INSOLVENT, SOFT, SoftTerms
from hullmark.sim._auditor_terms import InstrumentTerms
from hullmark.sim._auditor_text import NANO

# Why a liquidation waits, as the event tells it, where a breach waits as well.
HALTED = "an instrument that it holds is halted"
PRICE_DOUBTFUL = "a price it needs is in doubt"


class AuditorDesk:
    """Judges liquidations; `cases` and `orders` still run, `resting` has accounts by order.

    What several of the judges ask for is kept here: who is in an auction, who has opted in to soft
    liquidation, and `busy`, which says of an account whether something else has to come first.
    """

    def __init__(self, ledger: AuditorLedger, market: AuditorMarket, notes: AuditorNotes) -> None:
        self._ledger = ledger
        self._market = market
        self._notes = notes
        self._limits = AuditorLimits(ledger, market, notes)
        self.cases: dict[int, Case] = {}
        self.orders: dict[int, Order] = {}
        self.resting: dict[int, int] = {}
        self.resting_in: dict[int, str] = {}  # instruments of those
        self.auctions: dict[int, Auction] = {}  # by account
        self.soft: dict[int, tuple[int | None, str | None, int]] = {}  # saviour, asset, quanta
        self.parents: dict[int, int] = {}  # of isolated accounts
        self.breaker: tuple[int, int | None] = (0, None)  # its level, and until when
        self.busy: list[Callable[[int], bool]] = []
        self._early: dict[str, int] = {}  # accounts whose orders ended in time, by instrument
        self._ended: set[int] = set()  # accounts whose liquidation ended in the unit at hand
        self.before_payment: list[Callable[[int], None]] = []  # into an account, by others
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

    def stop(self, symbol: str) -> None:
        """Take note that an instrument is halted, and so its orders are gone."""
        self._early.pop(symbol, None)

    def close_unit(self) -> None:
        """Judge what only the rest of a unit could explain."""
        for symbol, account in self._early.items():
            self._notes.differ(account, f"an order in {symbol}", "at work until its deadline", "")
        self._early.clear()
        self._ended.clear()

    def case(self, account: int) -> Case:
        """Return the liquidation that an event is about; there has to be one."""
        if account not in self.cases:
            self._notes.differ(account, "account", "in a liquidation", account)
            self.cases[account] = Case("", 0, {})
        return self.cases[account]

    def cash(self, account: int) -> dict[str, int]:
        """Return an account's cash that is not zero."""
        return {a: quanta for a, quanta in self._ledger.cash[account].items() if quanta}

    def level(self) -> int:
        """Return the level of the breaker that holds now."""
        level, until_ns = self.breaker
        return 0 if until_ns is not None and until_ns <= self._notes.now_ns else level

    def is_insolvent(self, account: int) -> bool:
        """Whether an auction is open in which whoever takes the account is paid."""
        auction = self.auctions.get(account)
        return auction is not None and auction.phase == INSOLVENT

    def check_prices(self, account: int, action: str, symbol: str | None = None) -> None:
        """Hold an action to the grades of every price that the account rests on."""
        self._market.check_grades(account, self._factors(account, symbol), action, self._notes)

    def in_breach(self, account: int) -> bool | None:
        """Whether an account is in breach; ``None`` where floats could not tell, or no price is."""
        if not self._market.at_risk(account):
            return False
        found = self._market.standing(account)
        if found is None or abs(found.health) <= found.slack:
            return None
        return found.health < 0

    def must_breach(self, account: int) -> None:
        """Note an account that is healthy; near enough to a breach is one that has opted in."""
        if self.wanted(account) is False and self.near(account) is False:
            self._notes.differ(account, "health", "< 0", self._health(account))

    def wanted(self, account: int) -> bool | None:
        """Whether an account is in breach, or in hand and not at its target yet.

        The second only where the rules say so; ``None`` where floats could not tell.
        """
        found, rules = self.in_breach(account), self._market.rules.liquidation
        if found is not False or not rules.at_target or account not in self.cases:
            return found
        place = self.cases[account].place
        is_soft = bool(rules.chain) and rules.chain[place].stage == SOFT
        if is_soft or not self._market.at_risk(account):
            return False
        near = self.near(account)
        above = self._above(account, rules.target)
        return above if not near else (None if near is None else False)

    def near(self, account: int) -> bool | None:
        """Whether the soft stage is there for an account: opted in, at its level, not in breach."""
        terms, case = self.soft_terms, self.cases.get(account)
        if terms is None or account not in self.soft or account in self._ended:
            return False
        if case is not None and case.place:
            return False
        if not self._market.at_risk(account):
            return False
        found = self.in_breach(account)
        return False if found else (None if found is None else self._above(account, terms.level))

    def _above(self, account: int, level: Fraction) -> bool | None:
        standing = self._market.standing(account)
        if standing is None or standing.maintenance_equity <= 0:
            return None
        over = standing.maintenance_margin - level * standing.maintenance_equity
        return None if abs(over) <= standing.slack else over > 0

    @property
    def soft_terms(self) -> SoftTerms | None:
        """The terms of the soft stage: the first of the chains that have it."""
        chain = self._market.rules.liquidation.chain
        return chain[0].soft if chain else None

    # All of them, none else, the worst ratio first, but for those that wait for an order or a time.
    def _find_breaches(self, event: AuditorEvent) -> None:
        listed, notes = list(event["accounts"]), self._notes
        if len(set(listed)) != len(listed):
            notes.differ("venue", "accounts", "distinct", listed)
        for account in self._market.modes:
            found = self.wanted(account)
            if account in listed and found is False:
                notes.differ(account, "health of a breach", "< 0", self._health(account))
            if account in listed and self.waits(account):
                notes.differ(account, "a listed account", "without order and pause", account)
            if account not in listed and found and not self.waits(account):
                notes.differ(account, "a breach", "listed", listed)
        # What has never had a price has no ratio: wherever its holder stands, it waits for one.
        ranked = [a for a in listed if self.in_breach(a)]
        for one, other in pairwise(ranked):
            before, after = self.ratio(one), self.ratio(other)
            if after > before * (1 + float(TOLERANCE)):
                notes.differ(other, "margin ratio", f"<= {before} of {one}", after)

    def _start(self, event: AuditorEvent) -> None:
        account, asset, notes = event["account"], event["asset"], self._notes
        if account in self.cases:
            notes.differ(account, "account", "in no liquidation", account)
        self.must_breach(account)
        notes.equal(account, "asset", self.deficit_asset(account), asset)
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
        lots = {symbol: position.lots for symbol, position in held.items()}
        if self._market.rules.waterfall.policy is None and self._market.rules.waterfall.pooled:
            lots = {}  # nobody asks for them
        notes.equal(account, "lots at the trigger", lots, event.get("lots", {}))
        self.cases[account] = Case(
            asset, event["net_quanta"], trigger_nano, lots=lots, entered_ns=notes.now_ns
        )

    def _order(self, event: AuditorEvent) -> None:
        account, symbol, lots = event["account"], event["instrument"], event["lots"]
        limits, notes = self._market.rules.liquidation, self._notes
        terms, case = self._market.rules.instruments[symbol], self.case(account)
        soft, mark_nano = event.get("soft", False), event.get("mark_nano", 0)
        self._check_account(account, terms, lots, soft=soft)
        self._check_free(account, case)
        self.check_prices(account, LIQUIDATE, symbol)
        if symbol in self._market.halted:
            notes.differ(account, "an order", f"in no halted {symbol}", lots)
        self._limits.check(account, symbol, lots, event["limit_nano"], soft=soft)
        if mark_nano:
            mark, blur_nano = self._market.quoted_nano(symbol), self._market.blur_nano(symbol)
            notes.near(account, "mark_nano", round(mark), mark_nano, blur_nano)
        deadline_ns = notes.now_ns + limits.order_ns
        notes.equal(account, "deadline_ns", deadline_ns, event["deadline_ns"])
        if event["order"] in self.orders:
            notes.differ(account, "order", "a new number", event["order"])
        self._draw(account, terms, event)
        case.orders += 1
        case.parked_until_ns = None
        self.orders[event["order"]] = Order(
            account=account,
            instrument=symbol,
            unfilled=lots,
            limit_nano=event["limit_nano"],
            deadline_ns=event["deadline_ns"],
            sent_ns=notes.now_ns,
            mark_nano=mark_nano,
            soft=soft,
        )

    # Before a breach only for those who opted in, and a share of what they hold.
    def _check_account(
        self, account: int, terms: InstrumentTerms, lots: int, *, soft: bool
    ) -> None:
        if not soft:
            if self.wanted(account) is False:
                self._notes.differ(account, "health", "< 0", self._health(account))
            self._check_shrinks(account, terms, lots)
            return
        if self.near(account) is False:
            self._notes.differ(account, "account", "opted in and near a breach", account)
        self._check_shrinks(account, terms, lots)
        position = self._ledger.positions[account].get(terms.symbol)
        if self.soft_terms is not None and position is not None:
            most = math.ceil(self.soft_terms.share_max * abs(position.lots))
            if abs(lots) > most:
                self._notes.differ(account, "lots of a soft order", f"<= {most}", abs(lots))

    # Past its deadline, or of an instrument that is settled, or halted in the same unit.
    def _expire(self, event: AuditorEvent) -> None:
        account, now_ns = event["account"], self._notes.now_ns
        order = self.orders.pop(event["order"], None)
        if order is None or order.account != account:
            self._notes.differ(account, "order", "at work for the account", event["order"])
            return
        expiry_ns = self._market.rules.instruments[order.instrument].expiry_ns
        if now_ns <= order.deadline_ns and (expiry_ns is None or now_ns < expiry_ns):
            self._early[order.instrument] = account  # unless that is halted next

    def _park(self, event: AuditorEvent) -> None:
        account, limits = event["account"], self._market.rules.liquidation
        case = self.case(account)
        self.must_breach(account)
        until_ns = self._notes.now_ns + limits.park_ns
        self._notes.equal(account, "until_ns", until_ns, event["until_ns"])
        case.parked_until_ns = event["until_ns"]
        reason = event["reason"]
        if reason == HALTED and not any(self._needs(account, s) for s in self._market.halted):
            rule = f"what {account} holds, or sells"
            self._notes.differ(account, "what is halted", rule, sorted(self._market.halted))
        case.parked_softly = reason not in {HALTED, PRICE_DOUBTFUL}
        case.orders = 0

    def _end(self, event: AuditorEvent) -> None:
        account = event["account"]
        wanted, told = self.wanted(account), self.case(account).paid_by_others
        del self.cases[account]
        self._ended.add(account)
        if wanted and (event["cured"] or told):
            self._notes.differ(account, "health of a cured account", ">= 0", self._health(account))
        if not event["cured"] and not told:
            left = sorted(self._ledger.positions[account]) + sorted(self.cash(account))
            self._notes.equal(account, "what an ended account has left", [], left)

    # An instrument that it holds, or the market in which collateral is sold for a debt.
    def _needs(self, account: int, symbol: str) -> bool:
        terms, cash = self._market.rules.instruments[symbol], self.cash(account)
        sells = cash.get(terms.settlement, 0) < 0 < cash.get(terms.underlying, 0)
        return symbol in self._ledger.positions[account] or (terms.kind == "spot" and sells)

    def waits(self, account: int) -> bool:
        """Whether an account waits: for an order, for a time, or for somebody else."""
        case = self.cases.get(account)
        until_ns = None if case is None else case.parked_until_ns
        if case is not None and until_ns is not None and self._notes.now_ns < until_ns:
            early = case.parked_softly and account in self.soft and self.soft_terms is not None
            return not (early and not case.place and self.in_breach(account))
        if any(busy(account) for busy in self.busy):
            return True
        return any(order.account == account for order in self.orders.values())

    def _health(self, account: int) -> float | None:
        standing = self._market.standing(account)
        return None if standing is None else standing.usd(standing.health)

    def ratio(self, account: int) -> float:
        """Return maintenance margin over maintenance equity."""
        standing = self._market.standing(account)
        if standing is None or standing.maintenance_equity <= 0:
            return math.inf
        return standing.maintenance_margin / standing.maintenance_equity

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
        if held * lots >= 0 and terms.symbol in self._market.rules.liquidation.hedges:
            return  # a hedge may be opened
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

    def deficit_asset(self, account: int) -> str:
        """Return where a deficit would arise.

        That is where the first instrument held settles, or where most is owed.
        """
        rules, held = self._market.rules, self._ledger.positions[account]
        for symbol, terms in rules.instruments.items():
            if symbol in held:
                return terms.settlement
        cash = self._ledger.cash[account]
        return min(rules.assets, key=lambda asset: cash[asset] * (self._market.usd(asset) or 0))
