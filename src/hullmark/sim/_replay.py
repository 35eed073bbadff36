"""One run of a replay: a path played through a venue, second by second, to the last fill.

Three kinds of timed events share the grid of the path: funding payments, arrivals of orders at the
paper market, and prices that reach the venue an oracle delay after they were observed. At one
instant funding comes first, then fills, then prices; orders that arrive at the instant they were
sent (no delay) are filled before anything else happens. After the window the run goes on until
every order has been answered.

Where somebody acts of its own accord (`Bystanders`), it looks after the prices and fills of an
instant, says when it looks again, and stops with the window. What it asks for may be refused; what
the market says may not.
"""

import heapq
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from hullmark.clearing import Books, Rules
from hullmark.core import SECOND_NS
from hullmark.domain import Command, SystemAccount, commands
from hullmark.errors import InsolventMakerError, InvalidInputError
from hullmark.feeds import ReplaySettings
from hullmark.journal import Journal
from hullmark.journal.memory import MemoryStore
from hullmark.monitor import LiquidationMap, margin_ratio
from hullmark.runtime import Answer, Venue
from hullmark.sim._clock import SimulatedClock
from hullmark.sim._founding import MAKER, instrument_of, prints
from hullmark.sim._paper_venue import PaperVenue
from hullmark.sim._path import BarOrder, MarketPath
from hullmark.sim._tally import BIN_S, HEALTH_EDGES, Tally

_FUNDING, _PRICES, _LOOK = 0, 1, 2  # which comes first at one instant


class Bystanders(Protocol):
    """Who acts of its own accord while a path is played: keepers, makers."""

    def next_ns(self, venue: Venue, now_ns: int, /) -> int | None:
        """Return when they look again; ``None``: not before something happens."""

    def act(self, venue: Venue, now_ns: int, /) -> Sequence[Command]:
        """Return what they ask of the venue now, in their order."""


class Watcher(Protocol):
    """Who is shown every answer of the venue, and what it left."""

    def see(self, venue: Venue, answer: Answer, now_ns: int, /) -> None:
        """Take in what one command led to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """What distinguishes one run from another."""

    name: str
    order: BarOrder
    oracle_delay_s: int
    execution_delay_s: int
    feedback: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a run left, as data: its journal, and what was counted and seen on the way."""

    settings: RunSettings
    store: MemoryStore
    tally: Tally
    health_before: list[int]  # accounts by margin ratio, at HEALTH_EDGES
    health_after: list[int]
    map_before: LiquidationMap
    map_after: LiquidationMap
    prices: dict[str, list[float]]  # per coin the lowest mark of each bin, against the first
    books: Books
    owned_quanta: int  # cash and quotes of all accounts but custody, fund and bad debt
    depth_used_usd: float
    state_hash: str
    kind: Literal["recorded", "scenario"]  # of its path, and what it is made of
    text: str
    files: tuple[Path, ...]
    wall_s: float

    @property
    def deficit_quanta(self) -> int:
        """What was missing before anyone paid."""
        return sum(flow.deficit_quanta for flow in self.tally.flows)


def run_path(
    founding: MemoryStore,
    rules: Rules,
    path: MarketPath,
    replay: ReplaySettings,
    settings: RunSettings,
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> Run:
    """Play a path through a copy of a founded venue.

    Raises
    ------
    InsolventMakerError
        If the maker falls under its own maintenance margin: its prices would prove nothing.
    """
    started_s = time.perf_counter()
    player = Player(founding, rules, path, replay, settings)
    venue = player.venue
    health_before, map_before = _by_health(venue), venue.liquidation_map()
    player.play(on_progress)
    return Run(
        settings=settings,
        store=player.store,
        tally=player.tally,
        health_before=health_before,
        health_after=_by_health(venue),
        map_before=map_before,
        map_after=venue.liquidation_map(),
        prices=_price_lines(path),
        books=venue.books(),
        owned_quanta=_owned_quanta(venue),
        depth_used_usd=player.paper.depth_used_usd,
        state_hash=venue.state_hash(),
        kind=path.kind,
        text=path.text,
        files=path.files,
        wall_s=time.perf_counter() - started_s,
    )


class Player:
    """The state of one run while it goes on."""

    def __init__(
        self,
        founding: MemoryStore,
        rules: Rules,
        path: MarketPath,
        replay: ReplaySettings,
        settings: RunSettings,
        *,
        bystanders: Bystanders | None = None,
        watcher: Watcher | None = None,
    ) -> None:
        self._path, self._settings = path, settings
        self._bystanders, self._watcher = bystanders, watcher
        self._look_ns: int | None = None  # the next look; an earlier one takes its place
        self._clock = SimulatedClock(path.start_ns)
        self.store = MemoryStore()
        for batch in founding.batches():
            self.store.append(batch)
        self.paper = PaperVenue(
            path,
            tuple(instrument_of(coin) for coin in path.symbols),
            lots={i.symbol: i.lot for i in rules.instruments},
            maker=MAKER,
            delay_ns=settings.execution_delay_s * SECOND_NS,
            half_life_ns=replay.impact_half_life_s * SECOND_NS,
            depth_share=replay.depth_share,
            feedback=settings.feedback,
        )
        self.venue = Venue(Journal(self.store), clock=self._clock, port=self.paper)
        self.tally = Tally(path, fund_quanta=self._fund_quanta())
        delay_ns = settings.oracle_delay_s * SECOND_NS
        self._due: list[tuple[int, int, int]] = [
            *((payment.time_ns, _FUNDING, k) for k, payment in enumerate(path.funding)),
            *((path.time_ns(row) + delay_ns, _PRICES, row) for row in path.observations.tolist()),
        ]
        heapq.heapify(self._due)

    def play(self, on_progress: Callable[[int, int], None] | None) -> None:
        """Take event after event until nothing is due and no order is on its way."""
        total = len(self._due)
        while self._due or self.paper.next_ns is not None:
            arrival_ns = self.paper.next_ns
            if self._due and (arrival_ns is None or self._before_fills(arrival_ns)):
                due_ns, kind, number = heapq.heappop(self._due)
                self._advance(due_ns)
                if kind == _LOOK:
                    self._look(due_ns)
                else:
                    self._submit([self._timed(kind, number)])
            else:
                assert arrival_ns is not None, "the loop goes on only while something is due"
                self._advance(arrival_ns)
                self._fill()
            self._plan_look()
            if on_progress is not None:
                on_progress(min(max(total - len(self._due), 0), total), total)

    # Funding comes before the fills of its instant, prices after them.
    def _before_fills(self, arrival_ns: int) -> bool:
        due_ns, kind, _ = self._due[0]
        return due_ns < arrival_ns or (due_ns == arrival_ns and kind == _FUNDING)

    def _advance(self, now_ns: int) -> None:
        self._clock.now_ns = self.paper.now_ns = now_ns

    def _timed(self, kind: int, number: int) -> Command:
        if kind == _FUNDING:
            payment = self._path.funding[number]
            return commands.AccrueFunding(
                instrument=instrument_of(payment.symbol), rate_nano=payment.rate_nano
            )
        moved = None
        if self._settings.feedback:
            moved = [self.paper.moved_share(k) for k in range(len(self._path.symbols))]
        return commands.ObservePrices(prints=prints(self._path, number, moved))

    def _fill(self) -> None:
        fills = list(self.paper.fills())
        self._submit(fills)
        if self._settings.feedback and any(fill.lots for fill in fills):
            delay_ns = self._settings.oracle_delay_s * SECOND_NS
            row = self._path.row(self.paper.now_ns)
            heapq.heappush(self._due, (self.paper.now_ns + delay_ns, _PRICES, row))

    def submit(self, batch: Sequence[Command]) -> None:
        """Submit what the set-up needs, before anything is due."""
        self._submit(batch)

    def _look(self, due_ns: int) -> None:
        if due_ns != self._look_ns:
            return  # an earlier look has taken its place
        self._look_ns = None
        assert self._bystanders is not None, "only bystanders look"
        if asked := self._bystanders.act(self.venue, self._clock.now_ns):
            self._submit(asked, may_be_refused=True)

    def _plan_look(self) -> None:
        if self._bystanders is None:
            return
        due_ns = self._bystanders.next_ns(self.venue, self._clock.now_ns)
        if due_ns is None or due_ns > self._path.time_ns(self._path.seconds):
            return
        if self._look_ns is None or due_ns < self._look_ns:
            self._look_ns = due_ns
            heapq.heappush(self._due, (due_ns, _LOOK, 0))

    def _submit(self, batch: Sequence[Command], *, may_be_refused: bool = False) -> None:
        started_s = time.perf_counter()
        answers = self.venue.submit_all(batch)
        wall_ms = (time.perf_counter() - started_s) * 1_000 / len(batch)
        for command, answer in zip(batch, answers, strict=True):
            if answer.refusal is not None and not may_be_refused:
                raise InvalidInputError(
                    f"the venue must take what the market says, refused {command!r:.200}: "
                    f"{answer.refusal.detail}"
                )
            self.tally.count(command, answer, now_ns=self._clock.now_ns, wall_ms=wall_ms)
            if self._watcher is not None:
                self._watcher.see(self.venue, answer, self._clock.now_ns)
        self.tally.see_fund(self._fund_quanta(), now_ns=self._clock.now_ns)
        self._check_maker()

    def _fund_quanta(self) -> int:
        return self.venue.state.ledger.cash(SystemAccount.FUND, 0)

    def _check_maker(self) -> None:
        health = self.venue.health(MAKER)
        self.tally.see_maker(health)
        if health.in_breach:
            raise InsolventMakerError(
                f"health of the maker must be >= 0, was {health.health:,.0f} USD at "
                f"{self._clock.now_ns}: give it more capital, or the book less open interest"
            )


def _by_health(venue: Venue) -> list[int]:
    ratio = margin_ratio(venue.views.sweep())
    edges = np.append(HEALTH_EDGES, np.inf)
    counts, _ = np.histogram(np.minimum(ratio, np.finfo(np.float64).max), bins=edges)
    return [int(n) for n in counts]


def _price_lines(path: MarketPath) -> dict[str, list[float]]:
    lowest = path.mark[:-1].reshape(path.seconds // BIN_S, BIN_S, -1).min(axis=1)
    relative = lowest / path.mark[0]
    return {coin: relative[:, k].tolist() for k, coin in enumerate(path.symbols)}


# Counted one by one, so that the report's books are a second sum and not the first one again.
def _owned_quanta(venue: Venue) -> int:
    named = {SystemAccount.CUSTODY, SystemAccount.FUND, SystemAccount.BAD_DEBT}
    ledger = venue.state.ledger
    return sum(
        ledger.cash(account, 0) + sum(position.quote for _, position in ledger.positions(account))
        for account in ledger.accounts
        if account not in named
    )
