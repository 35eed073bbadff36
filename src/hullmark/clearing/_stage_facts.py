"""Facts about the stages of liquidations: where each one stands, auctions, quotes and stakes."""

from dataclasses import dataclass, field

from hullmark.domain import AuctionKind, AuctionPhase
from hullmark.liquidation import Stake


@dataclass(frozen=True, slots=True)
class Ordered:
    """Notional of liquidation orders in one block of time: that of the instant of the last."""

    nano: int  # USD
    at_ns: int


@dataclass(frozen=True, slots=True)
class Course:
    """How far a liquidation has come on its chain. None is kept of one that has just begun."""

    place: int = 0  # in the chain
    entered_ns: int = 0  # when that stage began
    lots: dict[str, int] = field(default_factory=dict)  # held at the trigger
    participation_quanta: int = 0  # lost so far between the trigger and orders
    oracle_quanta: int = 0  # lost so far by arrivals worse than the venue's own price
    haircut_quanta: int = 0  # that those paid against whom its positions were closed
    began_ns: int = 0  # when the liquidation began
    part_ns: int | None = None  # when its last order for a part of a position left
    ordered: Ordered | None = None  # what it has ordered, where sizes cap that
    rewarded_quanta: dict[str, int] = field(default_factory=dict)  # to keepers, by asset


@dataclass(frozen=True, slots=True)
class Auction:
    """An open auction."""

    account: int
    kind: AuctionKind
    phase: AuctionPhase
    asset: str  # that is paid
    top_nano: int
    started_ns: int  # or last reset
    lot_asset: str | None = None
    lot_quanta: int = 0  # still for sale
    tab_quanta: int = 0  # still to be raised
    debt_quanta: int = 0  # of that
    reserved_quanta: int = 0  # what bidders have paid in: it is not for sale
    notional_nano: int = 0  # USD that the limits on open auctions are charged


@dataclass(frozen=True, slots=True)
class Quote:
    """A market maker's commitment, and what has been taken of it."""

    maker: int
    instrument: str
    lots: int  # left, signed as the maker would trade
    offset_nano: int
    expires_ns: int
    posted_ns: int = 0
    account: int | None = None
    loss_quanta_max: int | None = None
    taken_lots: int = 0
    paid_quanta: int = 0  # by the maker for those; below 0: it was paid


@dataclass(frozen=True, slots=True)
class Membership:
    """A stake in a pool, and from when on it may be taken out."""

    stake: Stake
    due_ns: int | None = None  # None: no notice has been given
    paid_quanta: int | None = None  # of what its member had paid in; None: it was not noted


@dataclass(frozen=True, slots=True)
class Season:
    """What an account has paid in of an asset, and what it had gained at the last two notes."""

    paid_quanta: int = 0
    older_quanta: int = 0  # of the gain now, what stood in the note before the last
    newer_quanta: int = 0
