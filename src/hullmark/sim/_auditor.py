"""A second, naive engine that follows a history and says where it disagrees.

It follows the documentation, with dicts, whole numbers and fractions, and imports nothing of the
engine, so that a mistake in the one is not in the other as well. It decides nothing. It takes
events, one after another, keeps its own balances, prices and liquidations, and holds every event to
what the documentation allows.
"""

from collections.abc import Mapping
from dataclasses import fields
from fractions import Fraction
from typing import Any

from hullmark.sim._auditor_auctions import AuditorAuctions
from hullmark.sim._auditor_backstop import AuditorBackstop
from hullmark.sim._auditor_chain import AuditorChain
from hullmark.sim._auditor_deleveraging import AuditorDeleveraging
from hullmark.sim._auditor_desk import AuditorDesk
from hullmark.sim._auditor_funds import AuditorFunds
from hullmark.sim._auditor_ledger import AuditorLedger
from hullmark.sim._auditor_losses import AuditorLosses
from hullmark.sim._auditor_market import AuditorMarket
from hullmark.sim._auditor_notes import AuditorNotes
from hullmark.sim._auditor_operator import AuditorOperator
from hullmark.sim._auditor_pools import AuditorPools
from hullmark.sim._auditor_reserves import AuditorReserves
from hullmark.sim._auditor_seasons import AuditorSeasons
from hullmark.sim._auditor_shares import AuditorShares
from hullmark.sim._auditor_tape import AuditorTape
from hullmark.sim._auditor_text import NANO
from hullmark.sim._auditor_trades import AuditorTrades


class Auditor:
    """Follows a history by its events, and lists what it would have had otherwise.

    Amounts are whole quanta and lots, as in events; equities and margins are USD, exact
    but for options and the scenario model.
    """

    def __init__(self) -> None:
        notes = self._notes = AuditorNotes()
        ledger = self._ledger = AuditorLedger()
        market = self._market = AuditorMarket(ledger)
        desk = self._desk = AuditorDesk(ledger, market, notes)
        funds = self._funds = AuditorFunds(ledger, market, notes)
        takers = AuditorDeleveraging(ledger, market, desk, funds, notes)
        reserves = AuditorReserves(ledger, market, desk, funds)
        self._seasons = AuditorSeasons(ledger, market, desk, reserves, notes)
        self._losses = AuditorLosses(ledger, market, desk, funds, takers, self._seasons, notes)
        trades = AuditorTrades(ledger, market, desk, self._seasons, notes)
        self._shares = AuditorShares(ledger, market, desk, self._losses, notes)
        self._backstop = AuditorBackstop(ledger, market, desk, notes)
        self._pools = AuditorPools(ledger, market, desk, trades, self._shares, notes)
        self._chain = AuditorChain(ledger, market, desk, trades, reserves, notes)
        self._auctions = AuditorAuctions(ledger, market, desk, funds, self._shares, notes)
        self._handlers = {
            **AuditorTape(ledger, market, notes).handlers(),
            **trades.handlers(),
            **desk.handlers(),
            **funds.handlers(),
            **takers.handlers(),
            **self._losses.handlers(),
            **self._shares.handlers(),
            **self._auctions.handlers(),
            **self._backstop.handlers(),
            **self._pools.handlers(),
            **self._chain.handlers(),
            **AuditorOperator(market, desk, notes).handlers(),
        }

    @property
    def disagreements(self) -> list[str]:
        """A sentence each: number and kind of the event, account, rule, both values."""
        return self._notes.disagreements

    @property
    def number(self) -> int:
        """How many events it has taken."""
        return self._notes.number

    def take(self, event: Mapping[str, Any], now_ns: int, sequence: int | None = None) -> None:
        """Take one event as plain builtins, its name under ``type``, and judge it.

        What moves nothing and decides nothing, such as a refusal, is counted only.

        Parameters
        ----------
        event : mapping
            What ``msgspec.to_builtins`` makes of an event.
        now_ns : int
            The time of its unit.
        sequence : int, optional
            The sequence of its unit, by which a correction names what it reverses; without it a
            correction is held to nothing that was recorded.
        """
        notes = self._notes
        if sequence != notes.sequence:
            self._close_unit()
        notes.number += 1
        notes.kind = event["type"]
        notes.sequence = sequence
        if now_ns < notes.now_ns:
            notes.differ("venue", "time", f">= {notes.now_ns}", now_ns)
        notes.now_ns = self._market.now_ns = now_ns
        handler = self._handlers.get(event["type"])
        if handler is not None:
            handler(event)
            self._pass_on(event["type"])
            self._losses.check_reserves()

    def take_touched(self) -> set[int]:
        """Return the accounts that were touched since this was last asked."""
        touched, self._ledger.touched = self._ledger.touched, set()
        return touched

    def balances(self) -> dict[tuple[int, str], int]:
        """Return all cash that is not zero: quanta by account and asset."""
        return {
            (account, asset): quanta
            for account, held in self._ledger.cash.items()
            for asset, quanta in held.items()
            if quanta
        }

    def positions(self) -> dict[tuple[int, str], tuple[int, int, int]]:
        """Return all positions: lots, quote and funding index by account and instrument."""
        return {
            (account, symbol): (p.lots, p.quote, p.index_micro)
            for account, held in self._ledger.positions.items()
            for symbol, p in held.items()
        }

    def holding(self, account: int) -> dict[str, tuple[int, ...]]:
        """Return what one account has that is not zero: cash by asset, positions by instrument."""
        cash = self._ledger.cash[account]
        found: dict[str, tuple[int, ...]] = {a: (quanta,) for a, quanta in cash.items() if quanta}
        for symbol, p in self._ledger.positions[account].items():
            found[symbol] = (p.lots, p.quote, p.index_micro)
        return found

    def health(self, account: int) -> tuple[float, float, float, float] | None:
        """Return maintenance equity and margin, initial equity and margin, in USD.

        Each is a whole number of parts that was divided once. ``None`` where something that the
        account has never had a price.
        """
        found = self._market.standing(account)
        if found is None:
            return None
        return (
            found.usd(found.maintenance_equity),
            found.usd(found.maintenance_margin),
            found.usd(found.initial_equity),
            found.usd(found.initial_margin),
        )

    def slack(self, account: int) -> float:
        """Return how far a health may be from this one, in USD: what an account holds says it."""
        found = self._market.standing(account)
        return 0.0 if found is None else found.usd(found.slack)

    def stages(self) -> dict[str, dict[Any, Any]]:
        """Return what runs beside balances, such as auctions, quotes, calls, halts and losses.

        Each by the key that the engine has it under, as plain numbers and names.
        """
        desk = self._desk
        return {
            "auctions": {n: _numbers(one) for n, one in self._auctions.open.items()},
            "quotes": {n: _numbers(one) for n, one in self._backstop.quotes.items()},
            "places": {a: (c.place, c.entered_ns) for a, c in desk.cases.items()},
            "calls": {a: int(level * NANO) for a, level in self._chain.calls.items()},
            "soft": dict(desk.soft),
            "halted": dict(self._market.halted),
            "breaker": {0: desk.breaker} if desk.breaker[0] else {},
            "parts": self._funds.parts(),
            "losses": self._funds.losses(),
            "seasons": self._seasons.seasons(),
        }

    def stakes(self) -> dict[tuple[str, int], tuple[Fraction, Fraction]]:
        """Return what each member of a pool had when it was last counted, and by how much less.

        By pool and account, as of `AuditorPools`.
        """
        return self._pools.stakes()

    def check_sums(self) -> None:
        """Hold the books to zero: cash and quote per asset, and lots per instrument."""
        self._close_unit()
        self._notes.kind = "books"
        cash, lots = self._ledger.sums()
        for symbol, quote in self._ledger.quotes().items():
            cash[self._market.rules.instruments[symbol].settlement] += quote
        for name, total in (*cash.items(), *lots.items()):
            self._notes.equal("venue", f"sum of {name}", 0, total)

    def check_calls(self) -> None:
        """Hold everybody's margin call to the level that its account has reached."""
        self._chain.check_calls()

    def _pass_on(self, kind: str) -> None:
        if kind == "RulesAdopted":
            self._seasons.adopt()
            self._chain.adopt()
        elif kind == "TimeAdvanced":
            self._seasons.pass_time()

    def _close_unit(self) -> None:
        self._market.reshaped = False
        self._desk.close_unit()
        self._backstop.close_unit()
        self._shares.close_unit()

    def differ(self, account: int, what: str, ours: object, theirs: object) -> None:
        """Note a disagreement that the comparer has found."""
        self._notes.differ(account, what, ours, theirs)


def _numbers(record: Any) -> dict[str, Any]:  # noqa: ANN401 - any of the slotted records
    return {each.name: getattr(record, each.name) for each in fields(record)}
