"""What an operator says, as the auditor follows it: the breaker, halts and delistings.

Sources: ``docs/concepts/halts.md``, ``docs/concepts/auctions.md`` and the docstrings of the events.
"""

from collections.abc import Callable

from hullmark.sim._auditor_desk import AuditorDesk
from hullmark.sim._auditor_market import AuditorMarket
from hullmark.sim._auditor_notes import AuditorEvent, AuditorNotes

LEVEL_MAX = 3


class AuditorOperator:
    """Judges what stops, and what goes on."""

    def __init__(self, market: AuditorMarket, desk: AuditorDesk, notes: AuditorNotes) -> None:
        self._market = market
        self._desk = desk
        self._notes = notes

    def handlers(self) -> dict[str, Callable[[AuditorEvent], None]]:
        """Return what takes each event, by its name."""
        return {
            "BreakerSet": self._set_breaker,
            "InstrumentHalted": self._halt,
            "InstrumentResumed": self._resume,
        }

    def _set_breaker(self, event: AuditorEvent) -> None:
        level, until_ns = event["level"], event.get("until_ns")
        if not 0 <= level <= LEVEL_MAX:
            self._notes.differ("venue", "level", f"in [0, {LEVEL_MAX}]", level)
        if until_ns is not None and (until_ns <= self._notes.now_ns or not level):
            rule = f"> {self._notes.now_ns}, and of a level"
            self._notes.differ("venue", "until_ns", rule, until_ns)
        self._desk.breaker = level, until_ns

    # Its orders have ended; a halt may turn into a delisting, and not back.
    def _halt(self, event: AuditorEvent) -> None:
        symbol, delisting = event["instrument"], event.get("delisting", False)
        terms = self._market.rules.instruments.get(symbol)
        if terms is None or symbol in self._market.settled:
            self._notes.differ(symbol, "instrument", "one that is not settled", symbol)
            return
        if delisting and not terms.carries_quote:
            self._notes.differ(symbol, "what is delisted", "a perpetual or a future", terms.kind)
        before = self._market.halted.get(symbol)
        if before is not None and (before or not delisting):
            self._notes.differ(symbol, "instrument", "not halted", "halted")
        working = [n for n, order in self._desk.orders.items() if order.instrument == symbol]
        resting = [n for n, of in self._desk.resting_in.items() if of == symbol]
        if working or resting:
            self._notes.differ(symbol, "orders", "ended before the halt", [*working, *resting])
        self._market.halted[symbol] = delisting
        self._desk.stop(symbol)

    def _resume(self, event: AuditorEvent) -> None:
        if self._market.halted.pop(event["instrument"], None) is None:
            self._notes.differ(event["instrument"], "instrument", "halted", "not halted")
