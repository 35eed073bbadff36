"""Pools, as the auditor follows them: what they are worth, whose that is, and what they take over.

Sources: ``docs/concepts/absorption-pool.md``, ``docs/reference/venue.md`` and the docstrings of the
events.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from hullmark.sim._auditor_bidders import AuditorBidders
from hullmark.sim._auditor_cases import QUANTA_MAX
from hullmark.sim._auditor_desk import AuditorDesk
from hullmark.sim._auditor_ledger import AuditorLedger
from hullmark.sim._auditor_market import AuditorMarket
from hullmark.sim._auditor_notes import AuditorEvent, AuditorNotes
from hullmark.sim._auditor_policies import WITHDRAW
from hullmark.sim._auditor_shares import AuditorShares
from hullmark.sim._auditor_stage_terms import TAKEOVER, PoolTerms, TakeoverTerms
from hullmark.sim._auditor_trades import AuditorTrades

_DIGITS = 10**30  # parts of a quantum that a stake is kept in


@dataclass(slots=True)
class _Pool:
    """What a pool was worth when it was last counted, and each member's part of that."""

    cash: int = 0
    stakes: dict[int, Fraction] = field(default_factory=dict)
    rounded: dict[int, Fraction] = field(default_factory=dict)  # of stakes, by whole quanta
    due_ns: dict[int, int] = field(default_factory=dict)  # from when on a member may leave
    paid: dict[int, int | None] = field(default_factory=dict)  # of what each had paid in

    def count(self, worth: int) -> None:
        """Let gains and losses be shared in proportion."""
        factor = Fraction(worth, self.cash) if self.cash else Fraction(0)
        for parts in (self.stakes, self.rounded):
            for member, quanta in parts.items():
                parts[member] = Fraction(math.floor(quanta * factor * _DIGITS), _DIGITS)
        self.cash = worth

    def put(self, member: int, quanta: int) -> None:
        """Let a member come with so much, or go with it, which counts its stake in whole quanta."""
        stake = self.stakes.get(member, Fraction(0)) + quanta
        self.stakes[member] = max(stake, Fraction(0))
        self.rounded[member] = self.rounded.get(member, Fraction(0)) + 1
        self.cash += quanta


class AuditorPools:
    """Judges and posts what goes into pools and out of them, and whom they take over."""

    def __init__(
        self,
        ledger: AuditorLedger,
        market: AuditorMarket,
        desk: AuditorDesk,
        trades: AuditorTrades,
        shares: AuditorShares,
        notes: AuditorNotes,
    ) -> None:
        self._ledger = ledger
        self._market = market
        self._desk = desk
        self._trades = trades
        self._shares = shares
        self._notes = notes
        self._bidders = AuditorBidders(market, desk, notes)
        self._pools: dict[str, _Pool] = {}
        self._taken: dict[int, tuple[TakeoverTerms, int, dict[str, int]]] = {}  # by account
        shares.after_move.append(self._take_over)

    def handlers(self) -> dict[str, Callable[[AuditorEvent], None]]:
        """Return what takes each event, by its name."""
        return {
            "PoolJoined": self._join,
            "PoolLeaveNoticed": self._notice,
            "PoolLeft": self._leave,
            "AccountTakenOver": self._announce,
        }

    def stakes(self) -> dict[tuple[str, int], tuple[Fraction, Fraction]]:
        """Return what each member had when its pool was last counted, by pool and account.

        And by how much less that is where it was counted in whole quanta.
        """
        return {
            (name, member): (stake, pool.rounded[member])
            for name, pool in self._pools.items()
            for member, stake in pool.stakes.items()
        }

    def _join(self, event: AuditorEvent) -> None:
        account, quanta = event["account"], event["quanta"]
        if (terms := self._open(event)) is None:
            return
        if account in {pool.account for pool in self._market.rules.pools.values()}:
            self._notes.differ(account, "member", "no pool itself", account)
        pool = self._count(event, terms)
        pool.put(account, quanta)
        pool.due_ns.pop(account, None)
        paid = self._trades.pay_out(account, terms.account, terms.asset, quanta)
        pool.paid[account] = None if paid is None else paid + (pool.paid.get(account) or 0)

    def _notice(self, event: AuditorEvent) -> None:
        account, terms = event["account"], self._open(event)
        if terms is None:
            return
        pool = self._pools.setdefault(event["pool"], _Pool())
        if account not in pool.stakes:
            self._notes.differ(account, "member", f"of {event['pool']}", account)
        due_ns = self._notes.now_ns + terms.notice_ns
        self._notes.equal(account, "due_ns", due_ns, event["due_ns"])
        pool.due_ns[account] = event["due_ns"]

    def _leave(self, event: AuditorEvent) -> None:
        account, quanta, now_ns = event["account"], event["quanta"], self._notes.now_ns
        if (terms := self._open(event)) is None:
            return
        pool = self._count(event, terms)
        due_ns = pool.due_ns.get(account)
        if terms.notice_ns and (due_ns is None or not due_ns <= now_ns < due_ns + terms.notice_ns):
            self._notes.differ(account, "notice", "run, and good still", due_ns)
        stake = pool.stakes.get(account, Fraction(0))
        if quanta > stake:
            self._notes.differ(account, "quanta", f"<= {float(stake)}, its stake", quanta)
        pool.put(account, -quanta)
        own = pool.paid.get(account)
        paid = self._trades.pay_out(terms.account, account, terms.asset, quanta, paid_max=own)
        pool.paid[account] = None if own is None else own - (paid or 0)

    # A pool of the rules, whose account is open and calm, at prices in no doubt.
    def _open(self, event: AuditorEvent) -> PoolTerms | None:
        name, account = event["pool"], event["account"]
        terms = self._market.rules.pools.get(name)
        if terms is None or terms.account not in self._market.modes:
            self._notes.differ(account, "pool", "one of the rules', open", name)
            return None
        if terms.account in self._desk.cases:
            self._notes.differ(account, "pool", "in no liquidation", name)
        self._desk.check_prices(terms.account, WITHDRAW)
        return terms

    def _count(self, event: AuditorEvent, terms: PoolTerms) -> _Pool:
        name, worth = event["pool"], event["worth_quanta"]
        net, slack = self._market.net_quanta(terms.account, terms.asset)
        self._notes.near(terms.account, "worth_quanta", net, worth, slack)
        pool = self._pools.setdefault(name, _Pool())
        pool.count(max(worth, 0))
        return pool

    def _announce(self, event: AuditorEvent) -> None:
        account, notes, rules = event["account"], self._notes, self._market.rules
        place, chain = self._desk.case(account).place, rules.liquidation.chain
        # A chain that has become shorter is gone on with at its last stage.
        takeover = chain[place].takeover if chain else None
        if takeover is None or takeover.pool != event["pool"]:
            notes.differ(account, "stage", f"{TAKEOVER} by {event['pool']}", place)
            return
        pool = rules.pools[takeover.pool]
        if self._desk.wanted(account) is False:
            notes.differ(account, "account", "in breach", account)
        notes.equal(account, "asset", pool.asset, event["asset"])
        net, slack = self._market.net_quanta(account, pool.asset)
        net = max(min(net, QUANTA_MAX), -QUANTA_MAX)
        notes.near(account, "net_quanta", net, event["net_quanta"], slack)
        usd = self._market.usd(pool.asset) or Fraction()
        if -(net + slack) * usd > takeover.loss_usd:
            notes.differ(account, "loss", f"<= {float(takeover.loss_usd)} USD", float(-net * usd))
        self._desk.case(account).closing = self._desk.cash(account)
        held = {s: p.lots for s, p in self._ledger.positions[pool.account].items()}
        self._taken[account] = takeover, pool.account, held

    def _take_over(self, event: AuditorEvent) -> None:
        account = event["source"]
        if account not in self._taken:
            return
        takeover, pool, before = self._taken.pop(account)
        self._shares.moved_whole(account, pool)
        self._bidders.check_after(pool)
        for symbol, position in self._ledger.positions[pool].items():
            if takeover.exposure_usd is None or abs(position.lots) <= abs(before.get(symbol, 0)):
                continue
            size = abs(position.lots) * (self._market.notional(symbol) or Fraction())
            if size > takeover.exposure_usd * (1 + Fraction(1, 10**9)):
                rule = f"<= {float(takeover.exposure_usd)} USD of {symbol}"
                self._notes.differ(pool, "what a pool holds", rule, float(size))
