"""Commands: what the venue can be asked to do.

Amounts are whole quanta of their asset, sizes whole lots of their instrument, prices and rates
nanos (billionths), instants nanoseconds UTC. A command is either carried out whole or refused with
a :class:`~hullmark.domain.Reason`.
"""

from msgspec import Struct

from hullmark.domain._accounts import Mode
from hullmark.domain._liquidation_commands import (
    AllocateFund as AllocateFund,
    CallMargins as CallMargins,
    HaltInstrument as HaltInstrument,
    JoinPool as JoinPool,
    LeavePool as LeavePool,
    PostQuote as PostQuote,
    RepayLosses as RepayLosses,
    ResetAuction as ResetAuction,
    ResumeInstrument as ResumeInstrument,
    SetBreaker as SetBreaker,
    SetSoftTerms as SetSoftTerms,
    TakeAuction as TakeAuction,
)


class _Command(Struct, frozen=True, kw_only=True, gc=False, tag=True, forbid_unknown_fields=True):
    pass


class AdoptRules(_Command, frozen=True, kw_only=True, gc=False):
    """Put a parsed venue file in force, now or at a later instant. The first command of a venue."""

    rules: str  # the venue tree as canonical JSON
    effective_ns: int | None = None  # None: at once
    breaches_max: int | None = None  # most accounts it may bring under now; None: any number


class OpenAccount(_Command, frozen=True, kw_only=True, gc=False):
    """Open an account; an isolated one needs the parent whose owner funds it."""

    account: int
    mode: Mode
    parent: int | None = None


class Deposit(_Command, frozen=True, kw_only=True, gc=False):
    """Credit an account, or the insurance fund, with what custody has received."""

    account: int
    asset: str
    quanta: int


class Withdraw(_Command, frozen=True, kw_only=True, gc=False):
    """Pay out settled cash that initial margin does not need."""

    account: int
    asset: str
    quanta: int


class Transfer(_Command, frozen=True, kw_only=True, gc=False):
    """Move cash between two accounts; the source is held to the rule of a withdrawal."""

    source: int
    target: int
    asset: str
    quanta: int


class ReportTrade(_Command, frozen=True, kw_only=True, gc=False):
    """Book a trade between two accounts, as the matching engine reports it."""

    instrument: str
    buyer: int
    seller: int
    lots: int
    price_nano: int
    buyer_fee_quanta: int = 0  # of the settlement asset; a rebate is not a fee
    seller_fee_quanta: int = 0


class ReportTrades(_Command, frozen=True, kw_only=True, gc=False):
    """Book the trades of one matching round, in order: all of them, or none.

    A column holds a number per trade, in 8 bytes, little-endian: ``hullmark.domain.pack_column``
    makes one. Each trade is as in ``ReportTrade``; what an account can carry is asked once, of what
    the whole round leaves it with.
    """

    symbols: tuple[str, ...]  # the instruments that are traded, each once
    instrument: bytes  # its place in `symbols`, the first is 0
    buyer: bytes
    seller: bytes
    lots: bytes
    price_nano: bytes
    buyer_fee_quanta: bytes  # of the settlement asset
    seller_fee_quanta: bytes


class RestOrder(_Command, frozen=True, kw_only=True, gc=False):
    """Admit an order to the book, where it reserves initial margin. Lots below 0 sell."""

    order: int
    account: int
    instrument: str
    lots: int
    limit_nano: int


class CancelOrder(_Command, frozen=True, kw_only=True, gc=False):
    """Take a resting order out of the book."""

    order: int


class BustTrade(_Command, frozen=True, kw_only=True, gc=False):
    """Reverse a recorded trade, at its own cost: lots and cost go back, and so do the fees."""

    sequence: int  # of the unit that recorded the trade; the rest is as it was recorded there
    instrument: str
    buyer: int  # who bought, and now gives the lots back
    seller: int
    lots: int
    price_nano: int
    cost_quanta: int
    buyer_fee_quanta: int
    seller_fee_quanta: int
    authorisers: tuple[str, str]  # two different people
    reason: str
    row: int | None = None  # of a round: which of its trades, from 0


class AdjustCash(_Command, frozen=True, kw_only=True, gc=False):
    """Move cash between any two accounts, users' or the venue's own, to put a mistake right."""

    source: int
    target: int
    asset: str
    quanta: int
    authorisers: tuple[str, str]  # two different people
    reason: str
    reverses: int | None = None  # sequence of the adjustment that this one undoes, as its mirror


class Print(
    Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, forbid_unknown_fields=True
):
    """What one source says of one price. ``None`` or nonsense is graded, never used."""

    factor: str  # an instrument's symbol (its mark) or an asset's (its index)
    source: str
    price_nano: int | None
    observed_ns: int
    confidence_nano: int | None = None  # half the width that the source gives it; None: none given


class ObservePrices(_Command, frozen=True, kw_only=True, gc=False):
    """Take in prints of any number of prices at once."""

    prints: tuple[Print, ...]


class AdoptSurface(_Command, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Take over mark volatilities, one per option, in nanos per square-root year."""

    vol_nano: dict[str, int]
    valuation_ns: int | None = None  # counted from then; None: from now


class AccrueFunding(_Command, frozen=True, kw_only=True, gc=False):
    """Charge one funding payment of a perpetual at its mark; positive: longs pay."""

    instrument: str
    rate_nano: int


class ChargeInterest(_Command, frozen=True, kw_only=True, gc=False):
    """Charge one period's interest on every negative balance of an asset."""

    asset: str
    rate_nano: int


class SettleExpiry(_Command, frozen=True, kw_only=True, gc=False):
    """Close all positions of an expired instrument at its settlement price."""

    instrument: str
    price_nano: int  # of the underlying


class AdvanceTime(_Command, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Let time pass: prices grow stale, deadlines run out, scheduled rules take force."""

    valuation_ns: int | None = None  # times to expiry are counted from then; None: from now


class ReportFill(_Command, frozen=True, kw_only=True, gc=False):
    """Answer a liquidation order from the execution port: a fill, a part of one, or nothing."""

    order: int
    counterparty: int
    lots: int  # signed as the liquidated account trades; 0: nothing was filled
    price_nano: int  # average of what was filled
    arrival_nano: int  # the trade price when the order reached the market
    final: bool  # no more will come


class SweepAccounts(_Command, frozen=True, kw_only=True, gc=False):
    """Evaluate every account at the margin prices. A reaction; also open to an operator."""


class CureBreach(_Command, frozen=True, kw_only=True, gc=False):
    """Take the next step for one account: cure, order, wait, or share its loss. A reaction."""

    account: int


class ActivateRules(_Command, frozen=True, kw_only=True, gc=False):
    """Put scheduled rules in force, their instant having come. A reaction."""


class DeferReactions(_Command, frozen=True, kw_only=True, gc=False):
    """Put off what one command may not set off any more: the runtime's own, at its limit."""

    commands: tuple["Command", ...]


class ResumeReactions(_Command, frozen=True, kw_only=True, gc=False):
    """Take up what was put off: the runtime's own, before the next command."""


Command = (
    AdoptRules
    | OpenAccount
    | Deposit
    | Withdraw
    | Transfer
    | ReportTrade
    | ReportTrades
    | RestOrder
    | CancelOrder
    | BustTrade
    | AdjustCash
    | ObservePrices
    | AdoptSurface
    | AccrueFunding
    | ChargeInterest
    | SettleExpiry
    | AdvanceTime
    | ReportFill
    | SetSoftTerms
    | CallMargins
    | TakeAuction
    | ResetAuction
    | PostQuote
    | JoinPool
    | LeavePool
    | SetBreaker
    | HaltInstrument
    | ResumeInstrument
    | AllocateFund
    | RepayLosses
    | SweepAccounts
    | CureBreach
    | ActivateRules
    | DeferReactions
    | ResumeReactions
)
