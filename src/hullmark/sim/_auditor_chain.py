"""The way along the chain, as the auditor follows it: hand-overs, soft liquidation, margin calls.

Sources: ``docs/concepts/liquidation.md``, ``docs/concepts/soft-liquidation.md``,
``docs/concepts/margin-calls.md``, ``docs/reference/venue.md`` and the docstrings of the events.
"""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise

from hullmark.sim._auditor_cases import Case
from hullmark.sim._auditor_desk import AuditorDesk
from hullmark.sim._auditor_ledger import AuditorLedger
from hullmark.sim._auditor_market import TOLERANCE, AuditorMarket
from hullmark.sim._auditor_notes import AuditorEvent, AuditorNotes
from hullmark.sim._auditor_reserves import AuditorReserves
from hullmark.sim._auditor_stage_terms import AUCTION, BACKSTOP, SOFT, TAKEOVER, StageTerms
from hullmark.sim._auditor_text import NANO
from hullmark.sim._auditor_trades import AuditorTrades

ORDERS = "orders"  # `partial` and `cost-minimal`, for which everything here is the same
RESTARTED = "the last stage could not end it either: it begins again"
DEADLINE = "the time of the stage is over"
BANKRUPT = "it lacks more than is paid before others are asked"
ROUNDS_EXHAUSTED = "its rounds are used up"
OPTED_OUT = "the account has made no terms for a soft liquidation"
NOTHING_HELD = "it has no positions any more"
BREAKER = "the breaker allows no auction to start"
TOXIC = "each step that is allowed would lower its health"
# Which stage may say so of itself; that its time is over, each of them may.
SAID_BY = {
    OPTED_OUT: SOFT,
    "its saviour cannot bring it back": SOFT,
    TOXIC: ORDERS,
    "no order would raise its health at its price limits": ORDERS,
    NOTHING_HELD: ORDERS,
    ROUNDS_EXHAUSTED: ORDERS,
    BANKRUPT: ORDERS,
    BREAKER: AUCTION,
    "the open auctions leave no room for one more": AUCTION,
    "the auction ended, and the account is still under": AUCTION,
    "no maker takes more of it": BACKSTOP,
    "the pool cannot take it over and stay healthy": TAKEOVER,
}


class AuditorChain:
    """Judges and posts what happens between a healthy account and the stages of its liquidation."""

    def __init__(
        self,
        ledger: AuditorLedger,
        market: AuditorMarket,
        desk: AuditorDesk,
        trades: AuditorTrades,
        reserves: AuditorReserves,
        notes: AuditorNotes,
    ) -> None:
        self._ledger = ledger
        self._market = market
        self._desk = desk
        self._trades = trades
        self._reserves = reserves
        self._notes = notes
        self._flagged: tuple[int, int] = (0, 0)  # the account, and the number of the event
        self._chain: Sequence[StageTerms] = ()  # of the rules in force
        self.calls: dict[int, Fraction] = {}  # margin-call level by account

    def handlers(self) -> dict[str, Callable[[AuditorEvent], None]]:
        """Return what takes each event, by its name."""
        return {
            "StageEntered": self._enter,
            "ToxicityFlagged": self._flag,
            "SoftTermsSet": self._set_terms,
            "SoftTermsDropped": self._drop_terms,
            "SoftBreachesFound": self._find_near,
            "ToppedUp": self._top_up,
            "MarginCalled": self._call,
            "MarginCallEnded": self._end_call,
        }

    def check_calls(self) -> None:
        """Hold everybody's margin call to the level that is reached."""
        for account in self._market.modes:
            known, levels = self.calls.get(account), self._levels(account)
            if known not in levels:
                rule = " or ".join(str(level and float(level)) for level in levels)
                self._notes.differ(account, "margin call", rule, known and float(known))

    def adopt(self) -> None:
        """Let each liquidation go on at its stage of the rules now in force, or begin again."""
        before, chain = [each.stage for each in self._chain], self._market.rules.liquidation.chain
        self._chain = chain
        after = [each.stage for each in chain]
        if before == after:
            return
        again = next((n for n, stage in enumerate(after) if stage != SOFT), 0)
        for case in self._desk.cases.values():
            stage = before[case.place] if before else None
            if stage in after:
                case.place = after.index(stage)
            else:
                case.place, case.entered_ns = (again if before else 0), self._notes.now_ns

    # One place further, or, from the last, back to the first that is not tried only once.
    def _enter(self, event: AuditorEvent) -> None:
        account, reason, notes = event["account"], event["reason"], self._notes
        chain, case = self._market.rules.liquidation.chain, self._desk.case(account)
        place = case.place
        again = next((n for n, each in enumerate(chain) if each.stage != SOFT), 0)
        back = reason == RESTARTED
        if back and place + 1 != len(chain):
            notes.differ(account, "place", f"the last, {len(chain) - 1}", place)
        notes.equal(account, "place", again if back else place + 1, event["place"])
        if not event["place"] < len(chain):
            notes.differ(account, "place", f"< {len(chain)}", event["place"])
            return
        notes.equal(account, "stage", chain[event["place"]].stage, event["stage"])
        if not back and not self._holds(account, case, chain[place], reason):
            notes.differ(account, f"reason to leave {chain[place].stage}", "one that holds", reason)
        if account in self._desk.auctions:
            notes.differ(account, "auction", "ended", "open")
        case.place, case.entered_ns = event["place"], notes.now_ns
        case.orders, case.parked_until_ns = 0, None

    def _holds(self, account: int, case: Case, stage: StageTerms, reason: str) -> bool:
        if reason == DEADLINE:
            elapsed_ns = self._notes.now_ns - case.entered_ns
            return stage.deadline_ns is not None and elapsed_ns >= stage.deadline_ns
        kind = stage.stage if stage.stage in {SOFT, AUCTION, BACKSTOP, TAKEOVER} else ORDERS
        if SAID_BY.get(reason) != kind:
            return False
        rules = self._market.rules
        held = self._ledger.positions[account]
        asset = self._desk.deficit_asset(account)
        net, slack = self._market.net_quanta(account, asset)
        lacking = max(int(slack) + 1 - net, 0)
        paid = self._reserves.before_deleveraging(account, asset, lacking)
        at_once = rules.waterfall.policy is not None and net - slack < 0 and paid < lacking
        facts = {
            OPTED_OUT: account not in self._desk.soft,
            NOTHING_HELD: not held,
            ROUNDS_EXHAUSTED: case.orders >= rules.liquidation.rounds_max,
            BANKRUPT: at_once,
            BREAKER: self._desk.level() >= 1,
            TOXIC: self._flagged == (account, self._notes.number - 1),
        }
        return facts.get(reason, True)

    # Before the step is taken, or the stage is left because of it.
    def _flag(self, event: AuditorEvent) -> None:
        account, standing = event["account"], self._market.standing(event["account"])
        self._desk.case(account)
        if event["after_nano"] > event["health_nano"]:
            rule = f"<= {event['health_nano']}"
            self._notes.differ(account, "after_nano", rule, event["after_nano"])
        if standing is not None:
            health = Fraction(standing.health * NANO, standing.unit)
            slack = 1 + Fraction(standing.slack * NANO, standing.unit)
            ours = math.floor(health)
            self._notes.near(account, "health_nano", ours, event["health_nano"], slack)
        self._flagged = account, self._notes.number

    def _set_terms(self, event: AuditorEvent) -> None:
        account, saviour = event["account"], event.get("saviour")
        asset, quanta, modes = event.get("asset"), event.get("quanta_max", 0), self._market.modes
        if account not in modes or account in self._desk.cases:
            self._notes.differ(account, "account", "a user's, in no liquidation", account)
        if len({saviour is None, asset is None, not quanta}) > 1 or quanta < 0:
            self._notes.differ(account, "saviour, asset and quanta", "given together", event)
        if saviour is not None and (saviour == account or saviour not in modes):
            self._notes.differ(account, "saviour", "another user", saviour)
        self._desk.soft[account] = saviour, asset, quanta

    def _drop_terms(self, event: AuditorEvent) -> None:
        account = event["account"]
        if self._desk.soft.pop(account, None) is None or account in self._desk.cases:
            self._notes.differ(account, "account", "opted in, in no liquidation", account)

    # All that are near, none else, the worst ratio first, but for those that wait.
    def _find_near(self, event: AuditorEvent) -> None:
        listed, notes, desk = list(event["accounts"]), self._notes, self._desk
        if len(set(listed)) != len(listed):
            notes.differ("venue", "accounts", "distinct", listed)
        for account in desk.soft:
            near = desk.near(account)
            if account in listed and near is False:
                notes.differ(account, "account", "opted in and near a breach", account)
            if account in listed and desk.waits(account):
                notes.differ(account, "a listed account", "without order and pause", account)
            if account not in listed and near and not desk.waits(account):
                notes.differ(account, "an account near a breach", "listed", listed)
        for account in set(listed) - desk.soft.keys():
            notes.differ(account, "account", "opted in", account)
        for one, other in pairwise(listed):
            before, after = desk.ratio(one), desk.ratio(other)
            if after > before * (1 + float(TOLERANCE)):
                notes.differ(other, "margin ratio", f"<= {before} of {one}", after)

    # What a saviour may give is what it may withdraw, and no more than is wanted of it.
    def _top_up(self, event: AuditorEvent) -> None:
        account, asset, quanta = event["account"], event["asset"], event["quanta"]
        saviour, promised, left = self._desk.soft.get(account, (None, None, 0))
        self._desk.case(account)
        self._desk.must_breach(account)
        if (saviour, promised) != (event["saviour"], asset) or not 0 < quanta <= left:
            rule = f"of {saviour}, within {left} {promised}"
            self._notes.differ(account, "a top-up", rule, event)
        self._trades.pay_out(event["saviour"], account, asset, quanta)
        self._desk.soft[account] = saviour, promised, left - quanta
        after, terms = self._market.standing(account), self._desk.soft_terms
        if after is None or terms is None:
            return
        over = Fraction(after.maintenance_margin - terms.level * after.maintenance_equity)
        quantum = terms.level * (self._market.usd(asset) or Fraction()) * after.unit
        if over < -after.slack - 2 * quantum:
            level = float(terms.level)
            self._notes.differ(
                account, "ratio after a top-up", f">= {level}", self._desk.ratio(account)
            )

    def _call(self, event: AuditorEvent) -> None:
        account, level = event["account"], Fraction(event["level_nano"], NANO)
        if self.calls.get(account) == level:
            self._notes.differ(account, "level_nano", "another than before", event["level_nano"])
        self.calls[account] = level
        self._check_call(account, level)

    def _end_call(self, event: AuditorEvent) -> None:
        if self.calls.pop(event["account"], None) is None:
            self._notes.differ(event["account"], "margin call", "there", None)
        self._check_call(event["account"], None)

    def _check_call(self, account: int, level: Fraction | None) -> None:
        if level not in self._levels(account):
            found = level and float(level)
            self._notes.differ(account, "level of a margin call", self._levels(account), found)

    # The highest level that is reached; two, where floats could not tell.
    def _levels(self, account: int) -> list[Fraction | None]:
        standing, levels = self._market.standing(account), self._market.rules.liquidation.calls
        if not levels or account in self._desk.cases or not self._market.at_risk(account):
            return [None]
        if standing is None:
            return [None, *levels]
        found: list[Fraction | None] = [None]
        for level in levels:
            over = standing.maintenance_margin - level * standing.maintenance_equity
            if over > standing.slack:
                found = [level]
            elif over >= -standing.slack:
                found = [*found, level]
        return found
