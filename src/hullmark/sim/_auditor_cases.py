"""What the auditor keeps of liquidations, orders, auctions and quotes while they run.

Sources: ``docs/concepts/liquidation.md``, ``docs/concepts/auctions.md``.
"""

from dataclasses import dataclass, field

QUANTA_MAX = 2**61 - 1  # a quarter of the ledger's range: what is told of a loss goes no further


@dataclass(slots=True)
class Case:
    """A liquidation that runs: what it began with, and what it has used up."""

    asset: str
    net_quanta: int
    trigger_nano: dict[str, int]
    lots: dict[str, int] = field(default_factory=dict)  # held at the trigger, where it is told
    orders: int = 0  # since the start, the stage or the last pause
    parked_until_ns: int | None = None
    parked_softly: bool = False  # for what, at the soft stage, a breach does not wait for
    place: int = 0  # in the chain
    entered_ns: int = 0  # when that stage began
    participation_quanta: dict[str, int] = field(
        default_factory=dict
    )  # by settlement asset, as the next
    late_quanta: dict[str, int] = field(default_factory=dict)
    oracle_quanta: dict[str, int] = field(default_factory=dict)
    rewarded_quanta: dict[str, int] = field(default_factory=dict)  # to keepers
    closed_quanta: dict[str, int] = field(default_factory=dict)  # paid by others, not told yet
    paid_by_others: bool = False  # all of what was missing, so that it is let go with the rest
    closing: dict[str, int] | None = None  # cash when its books began to be closed


@dataclass(slots=True)
class Order:
    """A liquidation order at work."""

    account: int
    instrument: str
    unfilled: int
    limit_nano: int
    deadline_ns: int
    sent_ns: int
    mark_nano: int  # when it left; 0: not told
    soft: bool


@dataclass(slots=True)
class Auction:
    """An auction that is open."""

    account: int
    kind: str
    phase: str
    asset: str  # that is paid
    top_nano: int
    started_ns: int  # or last reset
    lot_asset: str | None
    lot_quanta: int
    tab_quanta: int
    debt_quanta: int
    notional_nano: int
    reserved_quanta: int = 0  # what bidders have paid in
    sold: bool = False  # whether nothing is left


@dataclass(slots=True)
class Quote:
    """A market maker's commitment, and what has been taken of it."""

    maker: int
    instrument: str
    lots: int  # left, signed as the maker would trade
    offset_nano: int
    expires_ns: int
    account: int | None
    loss_quanta_max: int | None
    posted_ns: int
    taken_lots: int = 0
    paid_quanta: int = 0  # by the maker for those; below 0: it was paid
