"""Events of the stages of a liquidation; units as in ``_events``."""

from hullmark.domain._event import Recorded
from hullmark.domain._stages import (
    AuctionEnd,
    AuctionKind,
    AuctionPhase,
    HandOver,
    QuoteEnd,
    Stage,
)


class StageEntered(Recorded, frozen=True, kw_only=True, gc=False):
    """A liquidation went on to a stage of its chain, and why."""

    account: int
    place: int  # in the chain, from 0
    stage: Stage
    reason: HandOver


class ToxicityFlagged(Recorded, frozen=True, kw_only=True, gc=False):
    """The next step would have lowered the account's health, and was not taken."""

    account: int
    health_nano: int  # USD, rounded down, before the step
    after_nano: int  # and after it, at its price limits


class SoftTermsSet(Recorded, frozen=True, kw_only=True, gc=False):
    """An account opted in to soft liquidation."""

    account: int
    saviour: int | None = None
    asset: str | None = None
    quanta_max: int = 0  # that the saviour may still give


class SoftTermsDropped(Recorded, frozen=True, kw_only=True, gc=False):
    """An account opted out of soft liquidation."""

    account: int


class SoftBreachesFound(Recorded, frozen=True, kw_only=True, gc=False):
    """Accounts that opted in and are near their maintenance margin, worst ratio first."""

    accounts: tuple[int, ...]


class ToppedUp(Recorded, frozen=True, kw_only=True, gc=False):
    """A saviour gave an account what it had promised, or the part that is enough."""

    account: int
    saviour: int
    asset: str
    quanta: int


class MarginCalled(Recorded, frozen=True, kw_only=True, gc=False):
    """An account's margin ratio is at or over a level of the venue file: the highest of them."""

    account: int
    level_nano: int


class MarginCallEnded(Recorded, frozen=True, kw_only=True, gc=False):
    """An account is under all margin-call levels again."""

    account: int


class PortfolioMoved(Recorded, frozen=True, kw_only=True, gc=False):
    """Positions, at their marks, and balances went from one account to another."""

    source: int
    target: int
    lots: dict[str, int]  # by instrument, signed as they are held
    cost_quanta: dict[str, int]  # what those lots are worth at the mark, signed as the lots
    cash_quanta: dict[str, int]  # by asset, from source to target; below 0 the other way


class AuctionStarted(Recorded, frozen=True, kw_only=True, gc=False):
    """An auction opened. Its price falls from now on."""

    auction: int
    account: int
    kind: AuctionKind
    phase: AuctionPhase
    asset: str  # that is paid
    top_nano: int  # of a lot: the first price of a unit; of a share: the first factor
    lot_asset: str | None = None
    lot_quanta: int = 0  # for sale
    tab_quanta: int = 0  # to be raised: the debt and its penalty
    debt_quanta: int = 0  # of the tab
    notional_nano: int = 0  # USD that the limits on open auctions are charged


class AuctionTaken(Recorded, frozen=True, kw_only=True, gc=False):
    """Somebody bought from an auction; of a share a `PortfolioMoved` came before."""

    auction: int
    account: int
    bidder: int
    share_nano: int = 0
    lot_quanta: int = 0
    paid_quanta: int  # by the bidder, to the account; below 0: to the bidder
    penalty_quanta: int = 0  # of what the bidder paid, to the fund
    notional_nano: int = 0  # USD that the limits on open auctions are given back
    participation_quanta: int = 0  # what the marks lost on what was bought, since the trigger


class AuctionReset(Recorded, frozen=True, kw_only=True, gc=False):
    """An auction began anew at today's price."""

    auction: int
    account: int
    top_nano: int
    keeper: int | None = None  # None: the venue itself
    reward_quanta: int = 0  # by the account, to the keeper: a part of the penalty, in advance


class AuctionEnded(Recorded, frozen=True, kw_only=True, gc=False):
    """An auction closed; what was not sold stays with the account."""

    auction: int
    account: int
    reason: AuctionEnd


class QuotePosted(Recorded, frozen=True, kw_only=True, gc=False):
    """A market maker committed itself."""

    quote: int
    maker: int
    instrument: str
    lots: int
    offset_nano: int
    expires_ns: int
    account: int | None = None
    loss_quanta_max: int | None = None


class QuoteEnded(Recorded, frozen=True, kw_only=True, gc=False):
    """A quote is not to be had any more."""

    quote: int
    reason: QuoteEnd


class QuotesRequested(Recorded, frozen=True, kw_only=True, gc=False):
    """Market makers are asked what they would take of an account, until an instant."""

    account: int
    lots: dict[str, int]  # that have to be closed, signed as the account would trade
    until_ns: int


class BackstopFilled(Recorded, frozen=True, kw_only=True, gc=False):
    """A market maker took over lots of an account at its quote."""

    quote: int
    account: int
    maker: int
    instrument: str
    lots: int  # signed as the account trades
    price_nano: int
    cost_quanta: int
    penalty_quanta: int
    participation_quanta: int = 0  # what the mark lost since the trigger


class PoolJoined(Recorded, frozen=True, kw_only=True, gc=False):
    """An account paid into a pool."""

    pool: str
    account: int
    quanta: int
    worth_quanta: int  # of the pool, before


class PoolLeaveNoticed(Recorded, frozen=True, kw_only=True, gc=False):
    """A member gave notice, and may leave from an instant on."""

    pool: str
    account: int
    due_ns: int


class PoolLeft(Recorded, frozen=True, kw_only=True, gc=False):
    """A member took out what its stake is worth, or a part of it."""

    pool: str
    account: int
    quanta: int
    worth_quanta: int  # of the pool, before


class AccountTakenOver(Recorded, frozen=True, kw_only=True, gc=False):
    """A pool took over all that an account has and owes; a `PortfolioMoved` follows."""

    account: int
    pool: str
    asset: str
    net_quanta: int  # that the account was worth at the marks; below 0: the pool's loss


class BreakerSet(Recorded, frozen=True, kw_only=True, gc=False):
    """What auctions may do changed."""

    level: int
    until_ns: int | None = None


class InstrumentHalted(Recorded, frozen=True, kw_only=True, gc=False):
    """An instrument stopped trading."""

    instrument: str
    delisting: bool = False


class InstrumentResumed(Recorded, frozen=True, kw_only=True, gc=False):
    """A halted instrument trades again."""

    instrument: str
