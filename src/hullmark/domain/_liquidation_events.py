"""Events of liquidations by orders to the market; units as in ``_events``."""

from msgspec import field

from hullmark.domain._event import Recorded
from hullmark.domain._refusals import Parked


class BreachesFound(Recorded, frozen=True, kw_only=True, gc=False):
    """Accounts under their maintenance margin, worst ratio first; then who is short of an exit."""

    accounts: tuple[int, ...]


class LiquidationStarted(Recorded, frozen=True, kw_only=True, gc=False):
    """The venue took an account in hand. Losses are explained against these prices."""

    account: int
    asset: str  # in which a deficit would arise
    net_quanta: int  # net value at the trigger prices
    trigger_nano: dict[str, int]  # per instrument held
    lots: dict[str, int] = field(default_factory=dict)  # held then; where losses may be shared


class LiquidationOrdered(Recorded, frozen=True, kw_only=True, gc=False):
    """An order left for the execution port. Lots below 0 sell."""

    order: int
    account: int
    instrument: str
    lots: int
    limit_nano: int
    deadline_ns: int
    notional_nano: int  # USD that the instrument's throttle is charged
    mark_nano: int = 0  # the margin price when it left; 0 in records before release 0.2.0
    soft: bool = False  # before a breach: it pays no penalty


class LiquidationFilled(Recorded, frozen=True, kw_only=True, gc=False):
    """A liquidation order was answered; lots and their cost changed hands."""

    order: int
    account: int
    counterparty: int
    instrument: str
    lots: int
    price_nano: int
    cost_quanta: int
    penalty_quanta: int
    latency_quanta: int  # what the venue's price lost from the order to its arrival
    impact_quanta: int  # what the move from arrival to fill cost the account
    final: bool
    participation_quanta: int = 0  # what the venue's price lost from the trigger to the order
    oracle_quanta: int = 0  # what arrival was worse than the venue's price of that instant
    surplus_quanta: int = 0  # that a fill brought over the bankruptcy price, to the fund


class OrderExpired(Recorded, frozen=True, kw_only=True, gc=False):
    """A liquidation order ran past its deadline without a final answer."""

    order: int
    account: int


class LiquidationParked(Recorded, frozen=True, kw_only=True, gc=False):
    """The liquidation waits, for a reason, until an instant."""

    account: int
    reason: Parked
    until_ns: int


class LiquidationEnded(Recorded, frozen=True, kw_only=True, gc=False):
    """The account is healthy again, or empty."""

    account: int
    cured: bool
