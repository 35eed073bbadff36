"""The workload: an endless history of one venue, drawn from a seed.

It looks at the facts before it asks, so that fills answer orders that are there and closing trades
close what is held. Much is refused all the same, as it would be. Prices come back, and who was
wiped out is given money again, so a history can go on for ever and goes on meeting everything.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from random import Random
from typing import Any

from hullmark.core import SECOND_NS
from hullmark.domain import Command, Mode, SystemAccount, commands
from hullmark.journal import Unit
from hullmark.runtime import Keyed, Venue
from hullmark.sim._clock import SimulatedClock
from hullmark.sim._workload_chain import POOLS, add_stages
from hullmark.sim._workload_corrections import SimulatedCorrections
from hullmark.sim._workload_market import SimulatedMarket
from hullmark.sim._workload_operator import SimulatedOperator
from hullmark.sim._workload_prices import CENTS
from hullmark.sim._workload_rules import COINS, founding_tree, to_text
from hullmark.sim._workload_stages import SimulatedStages
from hullmark.sim._workload_users import (
    BOOK,
    CHILDREN,
    CROSS,
    DOLLAR,
    MAKER,
    PORTFOLIOS,
    UNITS,
    SimulatedUsers,
    opening,
)
from hullmark.sim._workload_wrong import malformed, refused

STAGED_SEEDS = 5  # of so many seeds in a row the last one's venue has a chain and a waterfall
START_NS = 1_760_054_400 * SECOND_NS  # 10 October 2025

Request = Command | Keyed

_KEYED = 0.25  # how many requests carry a key
_REPEATED = 0.1  # how many of those are sent again later
_TOGETHER = 0.15  # how many steps are several requests in one commit
_RECENT = 16  # requests that may be sent again


class Workload:
    """What a venue is asked, step by step; with the seed and the venue's answers it is determined.

    Parameters
    ----------
    seed : int
        Equal seeds ask equal venues the same.
    clock : SimulatedClock
        The venue's, which the workload moves.
    """

    def __init__(self, seed: int, clock: SimulatedClock) -> None:
        self._chance = Random(seed)
        self._staged = seed % STAGED_SEEDS == STAGED_SEEDS - 1
        self._clock = clock
        self._market = SimulatedMarket(self._chance)
        self._users = SimulatedUsers(self._chance, self._market)
        self._operator = SimulatedOperator(self._chance, self._market, self._users)
        self._sent: deque[Keyed] = deque(maxlen=_RECENT)
        self._keys = 0
        self._quotes = 0
        self._corrections = SimulatedCorrections(self._chance, self._users)
        users, operator = self._users, self._operator
        kinds: dict[Callable[[Venue], Any], float] = {
            self._prices: 10,
            self._time: 1,
            users.trade: 26,
            users.matching_round: 4,
            users.deposit: 8,
            users.withdraw: 5,
            users.transfer: 5,
            users.rest: 8,
            users.cancel: 5,
            operator.funding: 0.7,
            operator.interest: 0.4,
            operator.expiry: 0.3,
            operator.open: 0.3,
            operator.by_hand: 1,
            self._corrections.correct: 1,
            self._rules: 0.15,
            self._surface: 1,
            self._refused: 3,
        }
        if self._staged:
            stages = SimulatedStages(self._chance, self._market, users)
            kinds |= stages.kinds()
        self._kinds = tuple(kinds)
        self._weights = tuple(accumulate(kinds.values()))

    def founding(self) -> Iterator[Command]:
        """Yield what begins a history; the first is refused, since there are no rules yet."""
        yield commands.AdvanceTime()
        tree = founding_tree(self._chance)
        if self._staged:
            add_stages(tree, self._chance)
        yield commands.AdoptRules(rules=to_text(tree))
        for account in (MAKER, BOOK, *CROSS[::2], *PORTFOLIOS[::2], CHILDREN[0]):
            yield opening(account)
        for asset in ("USDT", *COINS):  # whose prices are seldom in doubt
            for maker in (MAKER, BOOK):
                yield commands.Deposit(account=maker, asset=asset, quanta=UNITS[asset] * 10**6)
        for account in (*CROSS[::2], *PORTFOLIOS[::2], SystemAccount.FUND):
            yield commands.Deposit(account=account, asset="USDT", quanta=100 * DOLLAR)
        for account in POOLS.values() if self._staged else ():
            yield commands.OpenAccount(account=account, mode=Mode.CROSS)

    def step(self, venue: Venue) -> Sequence[Request]:
        """Return what is asked next, one request or several that are committed together."""
        self._market.look(venue.state)
        urgent = self._operator.due(venue, self._clock.now_ns)
        if urgent is not None:
            return (urgent,)
        chance = self._chance
        count = chance.randrange(2, 7) if chance.random() < _TOGETHER else 1
        return [self._request(venue) for _ in range(count)]

    def see(self, unit: Unit) -> None:
        """Take note of a unit of the journal."""
        self._corrections.see(unit)

    def malformed(self, venue: Venue) -> Any:  # noqa: ANN401 - whatever a careless caller passes
        """Return what is no command: it must be turned away, and change nothing."""
        forged = self._corrections.forged(venue) if self._chance.random() < 0.2 else None
        return forged or malformed(self._chance)

    def _request(self, venue: Venue) -> Request:
        chance = self._chance
        if venue.state.working and chance.random() < 0.3:
            kind: Callable[[Venue], Any] = self._users.fill
        else:
            (kind,) = chance.choices(self._kinds, cum_weights=self._weights)
        command: Command = kind(venue)
        if chance.random() >= _KEYED:
            return command
        if self._sent and chance.random() < _REPEATED:
            return chance.choice(self._sent)
        self._keys += 1
        keyed = Keyed(f"key {self._keys}", command)
        self._sent.append(keyed)
        return keyed

    # The coins in turn, so that no price grows stale by neglect; the rest now and then.
    def _prices(self, venue: Venue) -> Command:
        self._pass(self._chance.randrange(1, 4) * SECOND_NS)
        if self._chance.random() < 0.02:
            return self._market.wrong(self._clock.now_ns)
        self._quotes += 1
        asset = COINS[self._quotes % 2]
        if self._quotes % 10 == 0:
            asset = tuple(CENTS)[self._quotes // 10 % len(CENTS)]
        self._market.move(asset)
        return self._market.observe(asset, self._clock.now_ns)

    # A second, a pause, or so long that prices are stale; or back, which the venue does not follow.
    def _time(self, venue: Venue) -> Command:
        self._pass(self._chance.choice((1, 1, 5, 30, 70, -3)) * SECOND_NS)
        return commands.AdvanceTime(valuation_ns=self._valuation_ns(venue))

    def _rules(self, venue: Venue) -> Command:
        return self._operator.rules(venue, self._clock.now_ns)

    def _surface(self, venue: Venue) -> Command:
        return self._market.surface(self._valuation_ns(venue))

    # Mostly now; or an instant since the last one, which may be refused as too early or too late.
    def _valuation_ns(self, venue: Venue) -> int | None:
        if self._chance.random() < 0.6:
            return None
        since_ns, now_ns = venue.state.valuation_ns, self._clock.now_ns
        return since_ns + (now_ns - since_ns) * self._chance.randrange(-1, 8) // 6

    def _refused(self, venue: Venue) -> Command:
        return refused(self._chance)

    def _pass(self, time_ns: int) -> None:
        self._clock.now_ns += time_ns
