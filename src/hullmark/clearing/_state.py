"""The facts of a venue: everything that replay must reproduce, and nothing that follows from it."""

from dataclasses import dataclass, field

from hullmark.clearing._rules import Rules
from hullmark.clearing._stage_facts import Auction, Course, Membership, Ordered, Quote, Season
from hullmark.clearing._table import Table
from hullmark.domain import AcceptedPrice, Command, Mode, Print, SystemAccount, events
from hullmark.ledger import Ledger
from hullmark.liquidation import Pool


@dataclass(frozen=True, slots=True)
class Episode:
    """One liquidation, from the trigger to the cure or the last cent."""

    asset: str  # in which a deficit would arise
    net_quanta: int  # net value at the trigger prices
    trigger_nano: dict[str, int]  # per instrument held at the trigger
    latency_quanta: int = 0  # lost so far between the trigger and the arrival of orders
    impact_quanta: int = 0  # lost so far between arrival and fill, penalties included
    rounds: int = 0  # orders since the start or the last pause

    def at_round(self, rounds: int) -> "Episode":
        """Return the episode with another count of orders."""
        losses = self.latency_quanta, self.impact_quanta  # `dataclasses.replace` is far slower
        return Episode(self.asset, self.net_quanta, self.trigger_nano, *losses, rounds)


@dataclass(frozen=True, slots=True)
class Throttle:
    """A bucket of notional that fills with time and that liquidation orders empty."""

    level_nano: int
    at_ns: int


@dataclass(slots=True)
class State:
    """Facts. Only :func:`~hullmark.clearing.evolve` changes them, in place.

    What is in a table is replaced and never changed itself, so that the table can tell.
    """

    rules: Rules | None = None
    now_ns: int = 0
    valuation_ns: int = 0  # the instant that times to expiry are counted from
    ledger: Ledger = field(default_factory=Ledger)
    modes: Table[int, Mode] = field(default_factory=Table)  # the users' accounts
    parents: Table[int, int] = field(default_factory=Table)  # of isolated accounts
    scheduled: list[events.RulesScheduled] = field(default_factory=list)
    prints: Table[str, tuple[Print, ...]] = field(default_factory=Table)  # newest per source
    prices: Table[str, AcceptedPrice] = field(default_factory=Table)
    vols_nano: Table[str, int] = field(default_factory=Table)
    expired: set[str] = field(default_factory=set)  # instruments that have been settled
    corrected: set[tuple[int, int]] = field(default_factory=set)  # reversed: sequence, row of it
    resting: Table[int, events.OrderRested] = field(default_factory=Table)
    working: Table[int, events.LiquidationOrdered] = field(default_factory=Table)
    unfilled: Table[int, int] = field(default_factory=Table)  # lots left of each working order
    order_last: int = 0  # the number of the newest liquidation order
    episodes: Table[int, Episode] = field(default_factory=Table)
    parked: Table[int, events.LiquidationParked] = field(default_factory=Table)
    throttles: Table[str, Throttle] = field(default_factory=Table)
    courses: Table[int, Course] = field(default_factory=Table)  # of episodes on a chain
    ordered: Table[str, Ordered] = field(default_factory=Table)  # per market, where it is capped
    soft: Table[int, events.SoftTermsSet] = field(default_factory=Table)  # who has opted in
    calls: Table[int, int] = field(default_factory=Table)  # margin-call level an account is over
    auctions: Table[int, Auction] = field(default_factory=Table)
    auction_last: int = 0  # the number of the newest auction
    quotes: Table[int, Quote] = field(default_factory=Table)
    requests: Table[int, events.QuotesRequested] = field(default_factory=Table)
    pools: Table[str, Pool] = field(default_factory=Table)
    stakes: Table[tuple[str, int], Membership] = field(default_factory=Table)  # by pool, member
    halted: Table[str, events.InstrumentHalted] = field(default_factory=Table)
    breaker: events.BreakerSet | None = None
    allocations: Table[tuple[str, str], int] = field(default_factory=Table)  # by market, asset
    losses: Table[tuple[int, str], int] = field(default_factory=Table)  # socialised, by payer
    seasons: Table[tuple[int, str], Season] = field(default_factory=Table)  # by account, asset
    season_ns: int = 0  # when gains were last noted, or it began; 0: they are not
    deferred: tuple[Command, ...] = ()
    resting_of: dict[int, set[int]] = field(default_factory=dict)  # follows from `resting`
    working_of: dict[int, set[int]] = field(default_factory=dict)  # follows from `working`
    auction_of: dict[int, int] = field(default_factory=dict)  # follows from `auctions`

    def __post_init__(self) -> None:
        for account in () if self.ledger.accounts else SystemAccount:
            self.ledger.open(account)

    @property
    def in_force(self) -> Rules:
        """The rules, once there are any."""
        assert self.rules is not None, "every command but the first is refused without rules"
        return self.rules

    def throttle_nano(self, instrument: str) -> int | None:
        """Return the USD notional that liquidations may still order now; ``None``: no limit."""
        limit = self.in_force.liquidation.throttle
        if limit is None:
            return None
        bucket = self.throttles.get(instrument)
        if bucket is None:
            return limit.burst_nano
        refill = limit.refill_nano(self.now_ns - bucket.at_ns)
        return min(limit.burst_nano, bucket.level_nano + refill)
