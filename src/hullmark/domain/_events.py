"""Events: what has happened, exactly. The journal holds them, and replay needs nothing else.

Units are those of the commands. Whatever was decided from floats stands here as whole numbers.
"""

from msgspec import Struct, field

from hullmark.domain._accounts import Mode
from hullmark.domain._commands import Command, Print
from hullmark.domain._event import Recorded
from hullmark.domain._liquidation_events import (
    BreachesFound as BreachesFound,
    LiquidationEnded as LiquidationEnded,
    LiquidationFilled as LiquidationFilled,
    LiquidationOrdered as LiquidationOrdered,
    LiquidationParked as LiquidationParked,
    LiquidationStarted as LiquidationStarted,
    OrderExpired as OrderExpired,
)
from hullmark.domain._loss_events import (
    CollateralSeized as CollateralSeized,
    DeficitCovered as DeficitCovered,
    Deleveraged as Deleveraged,
    DeleveragingEnded as DeleveragingEnded,
    FundAllocated as FundAllocated,
    HaircutTaken as HaircutTaken,
    LossesRepaid as LossesRepaid,
    LossPart as LossPart,
    LossSocialised as LossSocialised,
)
from hullmark.domain._price_memory import PriceMemory
from hullmark.domain._refusals import Reason
from hullmark.domain._stage_events import (
    AccountTakenOver as AccountTakenOver,
    AuctionEnded as AuctionEnded,
    AuctionReset as AuctionReset,
    AuctionStarted as AuctionStarted,
    AuctionTaken as AuctionTaken,
    BackstopFilled as BackstopFilled,
    BreakerSet as BreakerSet,
    InstrumentHalted as InstrumentHalted,
    InstrumentResumed as InstrumentResumed,
    MarginCalled as MarginCalled,
    MarginCallEnded as MarginCallEnded,
    PoolJoined as PoolJoined,
    PoolLeaveNoticed as PoolLeaveNoticed,
    PoolLeft as PoolLeft,
    PortfolioMoved as PortfolioMoved,
    QuoteEnded as QuoteEnded,
    QuotePosted as QuotePosted,
    QuotesRequested as QuotesRequested,
    SoftBreachesFound as SoftBreachesFound,
    SoftTermsDropped as SoftTermsDropped,
    SoftTermsSet as SoftTermsSet,
    StageEntered as StageEntered,
    ToppedUp as ToppedUp,
    ToxicityFlagged as ToxicityFlagged,
)


class Refused(Recorded, frozen=True, kw_only=True, gc=False):
    """The command was not carried out."""

    reason: Reason
    detail: str  # the argument, the rule and the value


class RulesScheduled(Recorded, frozen=True, kw_only=True, gc=False):
    """New rules were accepted and wait for their instant."""

    rules: str
    effective_ns: int


class RulesAdopted(Recorded, frozen=True, kw_only=True, gc=False):
    """These rules are in force. Record 1 of every journal."""

    rules: str


class AccountOpened(Recorded, frozen=True, kw_only=True, gc=False):
    """An account was opened."""

    account: int
    mode: Mode
    parent: int | None = None


class Deposited(Recorded, frozen=True, kw_only=True, gc=False):
    """Custody received, and the account was credited."""

    account: int
    asset: str
    quanta: int


class Withdrawn(Recorded, frozen=True, kw_only=True, gc=False):
    """The account was debited, and custody paid."""

    account: int
    asset: str
    quanta: int


class Transferred(Recorded, frozen=True, kw_only=True, gc=False):
    """Cash moved between two accounts."""

    source: int
    target: int
    asset: str
    quanta: int


class Traded(Recorded, frozen=True, kw_only=True, gc=False):
    """Lots and their cost changed hands. The cost is rounded once, and is the same for both."""

    instrument: str
    buyer: int
    seller: int
    lots: int
    price_nano: int
    cost_quanta: int  # what the buyer's quote (or cash, for options and spot) falls by
    buyer_fee_quanta: int = 0
    seller_fee_quanta: int = 0


class TradesBooked(Recorded, frozen=True, kw_only=True, gc=False):
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


class OrderRested(Recorded, frozen=True, kw_only=True, gc=False):
    """An order rests in the book and reserves initial margin."""

    order: int
    account: int
    instrument: str
    lots: int
    limit_nano: int


class OrderReleased(Recorded, frozen=True, kw_only=True, gc=False):
    """A resting order is gone, and so is its reservation."""

    order: int
    account: int


class TradeBusted(Recorded, frozen=True, kw_only=True, gc=False):
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


class CashAdjusted(Recorded, frozen=True, kw_only=True, gc=False):
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


class PricesAccepted(Recorded, frozen=True, kw_only=True, gc=False, tag="PricesAccepted.2"):
    """Prints were weighed into graded prices."""

    prints: tuple[Print, ...]
    prices: tuple[AcceptedPrice, ...]
    values_time: bool = False  # whether times to expiry are counted from now on from this instant


class SurfaceAdopted(Recorded, frozen=True, kw_only=True, gc=False):
    """Mark volatilities of options changed, and the valuation time with them."""

    vol_nano: dict[str, int]
    valuation_ns: int | None = None  # the new valuation time; None: the time of the unit


class FundingAccrued(Recorded, frozen=True, kw_only=True, gc=False):
    """The cumulative funding index of a perpetual grew; holders settle when they are touched."""

    instrument: str
    rate_nano: int
    price_nano: int
    step_micro: int  # what one long lot owes, in millionths of a settlement quantum


class InterestCharged(Recorded, frozen=True, kw_only=True, gc=False):
    """Every negative balance of the asset paid interest, rounded up."""

    asset: str
    rate_nano: int


class ExpirySettled(Recorded, frozen=True, kw_only=True, gc=False):
    """All positions of an instrument were closed at its settlement price."""

    instrument: str
    price_nano: int


class TimeAdvanced(Recorded, frozen=True, kw_only=True, gc=False):
    """The valuation time moved on."""

    now_ns: int


class ReactionsDeferred(Recorded, frozen=True, kw_only=True, gc=False):
    """More reactions than one command may have: the rest runs before the next command."""

    commands: tuple[Command, ...]


class ReactionsResumed(Recorded, frozen=True, kw_only=True, gc=False):
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
    | StageEntered
    | ToxicityFlagged
    | SoftTermsSet
    | SoftTermsDropped
    | SoftBreachesFound
    | ToppedUp
    | MarginCalled
    | MarginCallEnded
    | PortfolioMoved
    | AuctionStarted
    | AuctionTaken
    | AuctionReset
    | AuctionEnded
    | QuotePosted
    | QuoteEnded
    | QuotesRequested
    | BackstopFilled
    | PoolJoined
    | PoolLeaveNoticed
    | PoolLeft
    | AccountTakenOver
    | Deleveraged
    | DeleveragingEnded
    | HaircutTaken
    | LossSocialised
    | LossesRepaid
    | BreakerSet
    | InstrumentHalted
    | InstrumentResumed
    | FundAllocated
    | ReactionsDeferred
    | ReactionsResumed
)
