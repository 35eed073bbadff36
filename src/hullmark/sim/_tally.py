"""What a run's events add up to: counts, notional, penalties, deficits and their causes.

Amounts are quanta of the venue's one asset and come from the events, not from the state, so that
the report can be held against the ledger. An *episode* is one liquidation of one account, from
trigger to end; its deficit is told for the instrument in which most of its notional was closed.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from hullmark.core import SECOND_NS, IntArray
from hullmark.domain import Command, Event, commands, events
from hullmark.margin import Health
from hullmark.runtime import Answer
from hullmark.sim._path import MarketPath

BIN_S = 300  # of the timeline
HEALTH_EDGES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0)  # most ratios are small


class Slowest(NamedTuple):
    """The command that took longest, from submission to rest."""

    command: str
    time_ns: int
    wall_ms: float
    events: int


class Flow(NamedTuple):
    """A change of the fund, or what it was asked for: what a curve of fund sizes is made of."""

    paid_in_quanta: int
    deficit_quanta: int


@dataclass(slots=True)
class InstrumentTally:
    """What was liquidated in one instrument."""

    accounts: set[int] = field(default_factory=set)
    notional_quanta: int = 0
    penalty_quanta: int = 0
    deficit_quanta: int = 0
    worst_slippage: float | None = None  # of a fill against its arrival price


class Tally:
    """Counts the answers of one run.

    Parameters
    ----------
    path : MarketPath
        The window, for the bins of the timeline.
    fund_quanta : int
        What the insurance fund begins with.
    """

    def __init__(self, path: MarketPath, *, fund_quanta: int) -> None:
        self._start_ns = path.start_ns
        bins = path.seconds // BIN_S
        self.units = self.events = 0
        self.episodes = self.orders = self.fills = self.retries = 0
        self.liquidated: set[int] = set()
        self.notional_quanta = self.penalty_quanta = 0
        self.deficits: list[events.DeficitCovered] = []
        self.parked: Counter[str] = Counter()
        self.grades: Counter[int] = Counter()
        self.flows: list[Flow] = []
        self.instruments: defaultdict[str, InstrumentTally] = defaultdict(InstrumentTally)
        self.breaches_by_bin: IntArray = np.zeros(bins, np.int64)
        self.notional_by_bin: list[int] = [0] * bins
        self.fund_by_bin: list[int | None] = [None] * bins
        self.fund_start_quanta = fund_quanta
        self.slowest = Slowest("none", path.start_ns, 0.0, 0)
        self.maker_ratio_worst = 0.0
        self.maker_equity_usd = 0.0
        self._asked: dict[int, set[str]] = {}  # instruments ordered in each open episode
        self._closed: dict[int, Counter[str]] = {}  # notional closed in each open episode

    def count(self, command: Command, answer: Answer, *, now_ns: int, wall_ms: float) -> None:
        """Take in what a command led to."""
        self.units += len(answer.units)
        total = 0
        arrivals = {}
        if isinstance(command, commands.ReportFill):
            arrivals[command.order] = command.arrival_nano
        place = self._place(now_ns)
        for unit in answer.units:
            total += len(unit.events)
            for event in unit.events:
                self._take(event, place, arrivals)
        self.events += total
        if wall_ms > self.slowest.wall_ms:
            self.slowest = Slowest(type(command).__name__, now_ns, wall_ms, total)

    def see_maker(self, health: Health) -> None:
        """Note how near the maker is to its own margin."""
        self.maker_equity_usd = health.net_value
        if health.equity_maintenance > 0:
            ratio = health.maintenance / health.equity_maintenance
            self.maker_ratio_worst = max(self.maker_ratio_worst, ratio)

    def see_fund(self, quanta: int, *, now_ns: int) -> None:
        """Note how much the insurance fund holds."""
        self.fund_by_bin[self._place(now_ns)] = quanta

    def fund_line(self) -> list[int]:
        """Return the fund at the end of each bin."""
        line, last = [], self.fund_start_quanta
        for level in self.fund_by_bin:
            last = last if level is None else level
            line.append(last)
        return line

    def bad_debt_at(self, fund_quanta: int) -> int:
        """Return what nobody would have paid, had the fund begun with another amount.

        Exact: what a fund pays changes no decision, so the flows would have been the same.
        """
        level, unpaid = fund_quanta, 0
        for paid_in, deficit in self.flows:
            level += paid_in
            paid = min(level, deficit)
            level -= paid
            unpaid += deficit - paid
        return unpaid

    def _take(self, event: Event, place: int, arrivals: dict[int, int]) -> None:
        match event:
            case events.LiquidationStarted():
                self.episodes += 1
                self.breaches_by_bin[place] += 1
                self._asked[event.account] = set()
                self._closed[event.account] = Counter()
            case events.LiquidationOrdered():
                self.orders += 1
                self.retries += event.instrument in self._asked[event.account]
                self._asked[event.account].add(event.instrument)
            case events.LiquidationFilled() if event.lots:
                self._take_fill(event, place, arrivals[event.order])
            case events.LiquidationParked():
                self.parked[event.reason.value] += 1
            case events.DeficitCovered():
                self._take_deficit(event)
            case events.PricesAccepted():
                self.grades.update(price.grade for price in event.prices)
            case _:
                pass

    def _take_fill(self, event: events.LiquidationFilled, place: int, arrival_nano: int) -> None:
        self.fills += 1
        self.liquidated.add(event.account)
        notional = abs(event.cost_quanta)
        self.notional_quanta += notional
        self.penalty_quanta += event.penalty_quanta
        self.notional_by_bin[place] += notional
        self.flows.append(Flow(event.penalty_quanta, 0))
        self._closed[event.account][event.instrument] += notional
        one = self.instruments[event.instrument]
        one.accounts.add(event.account)
        one.notional_quanta += notional
        one.penalty_quanta += event.penalty_quanta
        slippage = abs(event.price_nano / arrival_nano - 1.0)
        one.worst_slippage = max(one.worst_slippage or 0.0, slippage)

    def _take_deficit(self, event: events.DeficitCovered) -> None:
        deficit = event.fund_quanta + event.bad_debt_quanta
        self.deficits.append(event)
        self.flows.append(Flow(0, deficit))
        closed = self._closed[event.account]
        if closed:
            self.instruments[closed.most_common(1)[0][0]].deficit_quanta += deficit

    # What happens after the window, while orders are still on their way, is in the last bin.
    def _place(self, now_ns: int) -> int:
        return min((now_ns - self._start_ns) // (BIN_S * SECOND_NS), len(self.fund_by_bin) - 1)
