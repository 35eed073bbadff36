"""Events: what has happened, exactly. The journal holds them, and replay needs nothing else.

Units are those of the commands. Whatever was decided from floats stands here as whole numbers.
"""

from msgspec import Struct, field

from hullmark.domain._accounts import Mode
from hullmark.domain._commands import Command, Print
from hullmark.domain._price_memory import PriceMemory
from hullmark.domain._refusals import Parked, Reason


class _Event(
    Struct,
    frozen=True,
    kw_only=True,
    gc=False,
    tag=True,
    omit_defaults=True,
    forbid_unknown_fields=True,  # a fact of the future is refused, not forgotten
):
    pass


class Refused(_Event, frozen=True, kw_only=True, gc=False):
    """The command was not carried out."""

    reason: Reason
    detail: str  # the argument, the rule and the value


class RulesScheduled(_Event, frozen=True, kw_only=True, gc=False):
    """New rules were accepted and wait for their instant."""

    rules: str
    effective_ns: int


class RulesAdopted(_Event, frozen=True, kw_only=True, gc=False):
    """These rules are in force. Record 1 of every journal."""

    rules: str


class AccountOpened(_Event, frozen=True, kw_only=True, gc=False):
    """An account was opened."""

    account: int
    mode: Mode
    parent: int | None = None


class Deposited(_Event, frozen=True, kw_only=True, gc=False):
    """Custody received, and the account was credited."""

    account: int
    asset: str
    quanta: int


class Withdrawn(_Event, frozen=True, kw_only=True, gc=False):
    """The account was debited, and custody paid."""

    account: int
    asset: str
    quanta: int


class Transferred(_Event, frozen=True, kw_only=True, gc=False):
    """Cash moved between two accounts."""

    source: int
    target: int
    asset: str
    quanta: int


class Traded(_Event, frozen=True, kw_only=True, gc=False):
    """Lots and their cost changed hands. The cost is rounded once, and is the same for both."""

    instrument: str
    buyer: int
    seller: int
    lots: int
    price_nano: int
    cost_quanta: int  # what the buyer's quote (or cash, for options and spot) falls by
    buyer_fee_quanta: int = 0
    seller_fee_quanta: int = 0


class TradesBooked(_Event, frozen=True, kw_only=True, gc=False):
    """The trades of a matching round were booked, in order.

    A column holds a number per trade, in 8 bytes, little-endian: ``hullmark.domain.unpack_columns``
    reads them. Each trade is as in ``Traded``.
    """

    symbols: tuple[str, ...]  # the instruments that were traded
    instrument: bytes  # its place in `symbols`, the first is 0
    buyer: bytes
    seller: bytes
    lots: bytes
    price_nano: bytes
    cost_quanta: bytes
    buyer_fee_quanta: bytes
    seller_fee_quanta: bytes


class OrderRested(_Event, frozen=True, kw_only=True, gc=False):
    """An order rests in the book and reserves initial margin."""

    order: int
    account: int
    instrument: str
    lots: int
    limit_nano: int


class OrderReleased(_Event, frozen=True, kw_only=True, gc=False):
    """A resting order is gone, and so is its reservation."""

    order: int
    account: int


class TradeBusted(_Event, frozen=True, kw_only=True, gc=False):
    """A trade was reversed: lots and cost changed hands back, and fees were repaid."""

    sequence: int  # of the unit that recorded the trade
    instrument: str
    buyer: int  # who bought, and has given the lots back
    seller: int
    lots: int
    price_nano: int
    cost_quanta: int  # what the buyer's quote (or cash, for options and spot) rises by
    buyer_fee_quanta: int
    seller_fee_quanta: int
    authorisers: tuple[str, str]
    reason: str
    row: int | None = None  # of a round: which of its trades, from 0


class CashAdjusted(_Event, frozen=True, kw_only=True, gc=False):
    """Cash was moved to put a mistake right."""

    source: int
    target: int
    asset: str
    quanta: int
    authorisers: tuple[str, str]
    reason: str
    reverses: int | None = None  # sequence of the adjustment that is undone by this one


class AcceptedPrice(
    Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, forbid_unknown_fields=True
):
    """A price after its sources were weighed. Without a usable print the last one stays."""

    factor: str
    price_nano: int  # 0 only where there never was one
    grade: int  # hullmark.market.Grade
    # A factory's default is written out, as the first release wrote it; the fields after it are
    # left out where they say nothing.
    accepted_ns: int = field(default_factory=int)  # when it was last taken over from its sources
    reason: str = ""  # why it is not VALID: hullmark.market.Flaw in lower case
    low_nano: int | None = None  # what it is at least, for who must be safe; None: the price
    high_nano: int | None = None  # what it is at most; None: the price
    doubted_ns: int | None = None  # since when it is not VALID
    memory: PriceMemory | None = None  # what its averages, delay and breaker need next time


class PricesAccepted(_Event, frozen=True, kw_only=True, gc=False, tag="PricesAccepted.2"):
    """Prints were weighed into graded prices."""

    prints: tuple[Print, ...]
    prices: tuple[AcceptedPrice, ...]
    values_time: bool = False  # whether times to expiry are counted from now on from this instant


class SurfaceAdopted(_Event, frozen=True, kw_only=True, gc=False):
    """Mark volatilities of options changed, and the valuation time with them."""

    vol_nano: dict[str, int]
    valuation_ns: int | None = None  # the new valuation time; None: the time of the unit


class FundingAccrued(_Event, frozen=True, kw_only=True, gc=False):
    """The cumulative funding index of a perpetual grew; holders settle when they are touched."""

    instrument: str
    rate_nano: int
    price_nano: int
    step_micro: int  # what one long lot owes, in millionths of a settlement quantum


class InterestCharged(_Event, frozen=True, kw_only=True, gc=False):
    """Every negative balance of the asset paid interest, rounded up."""

    asset: str
    rate_nano: int


class ExpirySettled(_Event, frozen=True, kw_only=True, gc=False):
    """All positions of an instrument were closed at its settlement price."""

    instrument: str
    price_nano: int


class TimeAdvanced(_Event, frozen=True, kw_only=True, gc=False):
    """The valuation time moved on."""

    now_ns: int


class BreachesFound(_Event, frozen=True, kw_only=True, gc=False):
    """Accounts under their maintenance margin, worst ratio first."""

    accounts: tuple[int, ...]


class LiquidationStarted(_Event, frozen=True, kw_only=True, gc=False):
    """The venue took an account in hand. Losses are explained against these prices."""

    account: int
    asset: str  # in which a deficit would arise
    net_quanta: int  # net value at the trigger prices
    trigger_nano: dict[str, int]  # per instrument held


class LiquidationOrdered(_Event, frozen=True, kw_only=True, gc=False):
    """An order left for the execution port. Lots below 0 sell."""

    order: int
    account: int
    instrument: str
    lots: int
    limit_nano: int
    deadline_ns: int
    notional_nano: int  # USD that the instrument's throttle is charged


class LiquidationFilled(_Event, frozen=True, kw_only=True, gc=False):
    """A liquidation order was answered; lots and their cost changed hands."""

    order: int
    account: int
    counterparty: int
    instrument: str
    lots: int
    price_nano: int
    cost_quanta: int
    penalty_quanta: int
    latency_quanta: int  # what the move from trigger to arrival cost the account
    impact_quanta: int  # what the move from arrival to fill cost it
    final: bool


class OrderExpired(_Event, frozen=True, kw_only=True, gc=False):
    """A liquidation order ran past its deadline without a final answer."""

    order: int
    account: int


class LiquidationParked(_Event, frozen=True, kw_only=True, gc=False):
    """The liquidation waits, for a reason, until an instant."""

    account: int
    reason: Parked
    until_ns: int


class LiquidationEnded(_Event, frozen=True, kw_only=True, gc=False):
    """The account is healthy again, or empty."""

    account: int
    cured: bool


class CollateralSeized(_Event, frozen=True, kw_only=True, gc=False):
    """Collateral of an account in deficit, without a market at the venue, went to the fund."""

    account: int
    asset: str
    quanta: int


class DeficitCovered(_Event, frozen=True, kw_only=True, gc=False):
    """An empty account's negative cash was taken over: by the fund, then as bad debt.

    The three causes add up to the deficit, to the quantum: what was missing at the trigger prices,
    what was lost until the orders arrived, and what was lost in filling them.
    """

    account: int
    asset: str
    fund_quanta: int
    bad_debt_quanta: int
    gap_quanta: int
    latency_quanta: int
    impact_quanta: int


class ReactionsDeferred(_Event, frozen=True, kw_only=True, gc=False):
    """More reactions than one command may have: the rest runs before the next command."""

    commands: tuple[Command, ...]


class ReactionsResumed(_Event, frozen=True, kw_only=True, gc=False):
    """What was put off runs now."""

    commands: tuple[Command, ...]


Event = (
    Refused
    | RulesScheduled
    | RulesAdopted
    | AccountOpened
    | Deposited
    | Withdrawn
    | Transferred
    | Traded
    | TradesBooked
    | OrderRested
    | OrderReleased
    | TradeBusted
    | CashAdjusted
    | PricesAccepted
    | SurfaceAdopted
    | FundingAccrued
    | InterestCharged
    | ExpirySettled
    | TimeAdvanced
    | BreachesFound
    | LiquidationStarted
    | LiquidationOrdered
    | LiquidationFilled
    | OrderExpired
    | LiquidationParked
    | LiquidationEnded
    | CollateralSeized
    | DeficitCovered
    | ReactionsDeferred
    | ReactionsResumed
)
