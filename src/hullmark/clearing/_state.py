"""The facts of a venue: everything that replay must reproduce, and nothing that follows from it."""

from dataclasses import dataclass, field

from hullmark.clearing._rules import Rules
from hullmark.domain import AcceptedPrice, Command, Mode, Print, SystemAccount, events
from hullmark.ledger import Ledger


@dataclass(slots=True)
class Episode:
    """One liquidation, from the trigger to the cure or the last cent."""

    asset: str  # in which a deficit would arise
    net_quanta: int  # net value at the trigger prices
    trigger_nano: dict[str, int]  # per instrument held at the trigger
    latency_quanta: int = 0  # lost so far between the trigger and the arrival of orders
    impact_quanta: int = 0  # lost so far between arrival and fill, penalties included
    rounds: int = 0  # orders since the start or the last pause


@dataclass(slots=True)
class Throttle:
    """A bucket of notional that fills with time and that liquidation orders empty."""

    level_nano: int
    at_ns: int


@dataclass(slots=True)
class State:
    """Facts. Only :func:`~hullmark.clearing.evolve` changes them, in place."""

    rules: Rules | None = None
    now_ns: int = 0
    valuation_ns: int = 0  # the instant that times to expiry are counted from
    ledger: Ledger = field(default_factory=Ledger)
    modes: dict[int, Mode] = field(default_factory=dict)  # the users' accounts
    parents: dict[int, int] = field(default_factory=dict)  # of isolated accounts
    scheduled: list[events.RulesScheduled] = field(default_factory=list)
    prints: dict[str, tuple[Print, ...]] = field(default_factory=dict)  # newest per source
    prices: dict[str, AcceptedPrice] = field(default_factory=dict)
    vols_nano: dict[str, int] = field(default_factory=dict)
    expired: set[str] = field(default_factory=set)  # instruments that have been settled
    resting: dict[int, events.OrderRested] = field(default_factory=dict)
    working: dict[int, events.LiquidationOrdered] = field(default_factory=dict)
    unfilled: dict[int, int] = field(default_factory=dict)  # lots left of each working order
    order_last: int = 0  # the number of the newest liquidation order
    episodes: dict[int, Episode] = field(default_factory=dict)
    parked: dict[int, events.LiquidationParked] = field(default_factory=dict)
    throttles: dict[str, Throttle] = field(default_factory=dict)
    deferred: tuple[Command, ...] = ()
    resting_of: dict[int, set[int]] = field(default_factory=dict)  # follows from `resting`
    working_of: dict[int, set[int]] = field(default_factory=dict)  # follows from `working`

    def __post_init__(self) -> None:
        for account in SystemAccount:
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
