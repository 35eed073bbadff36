"""Commands to the stages of a liquidation and to the waterfall; units as in ``_commands``."""

from msgspec import Struct


class _Command(Struct, frozen=True, kw_only=True, gc=False, tag=True, forbid_unknown_fields=True):
    pass


class SetSoftTerms(_Command, frozen=True, kw_only=True, gc=False):
    """Opt in to, or out of, soft liquidation; name who tops the account up, and how far."""

    account: int
    opted_in: bool
    saviour: int | None = None  # another user account; None: positions are reduced only
    asset: str | None = None  # of the top-up
    quanta_max: int = 0  # that the saviour gives in all


class CallMargins(_Command, frozen=True, kw_only=True, gc=False):
    """Tell accounts that have crossed a margin-call level, either way. A reaction to time."""


class TakeAuction(_Command, frozen=True, kw_only=True, gc=False):
    """Buy from an auction at its price of this instant.

    Of a lot *quanta*, of an account a *share*; more than is for sale buys what is.
    """

    auction: int
    bidder: int
    quanta: int | None = None  # of the lot's asset
    share_nano: int | None = None  # of the account as it stands
    pay_quanta_max: int  # below 0: the least that the bidder wants to be paid


class ResetAuction(_Command, frozen=True, kw_only=True, gc=False):
    """Start an auction anew at today's price, whose clock or price has run out."""

    auction: int
    keeper: int  # the account that is rewarded for it


class PostQuote(_Command, frozen=True, kw_only=True, gc=False):
    """Commit a market maker to take over liquidated lots. Firm until it expires."""

    quote: int
    maker: int
    instrument: str
    lots: int  # that the maker would trade: above 0 it buys
    offset_nano: int  # share of the mark by which its price is worse for the account
    expires_ns: int
    account: int | None = None  # in answer to a request for that account; None: for all
    loss_quanta_max: int | None = None  # on what it has taken; from then on the quote is over


class JoinPool(_Command, frozen=True, kw_only=True, gc=False):
    """Pay into a pool, for a share of what it gains and loses from then on."""

    pool: str
    account: int
    quanta: int


class LeavePool(_Command, frozen=True, kw_only=True, gc=False):
    """Give notice to a pool, or, once the notice has run, take out what the stake is worth."""

    pool: str
    account: int
    quanta: int


class SetBreaker(_Command, frozen=True, kw_only=True, gc=False):
    """Stop auctions from starting (1), from being reset as well (2), and from being taken (3)."""

    level: int  # 0 allows all
    until_ns: int | None = None  # None: until it is set again
    authorisers: tuple[str, str] | None = None  # two different people, to lower it


class HaltInstrument(_Command, frozen=True, kw_only=True, gc=False):
    """Stop trading and liquidation in an instrument; on delisting it is settled next."""

    instrument: str
    delisting: bool = False


class ResumeInstrument(_Command, frozen=True, kw_only=True, gc=False):
    """Let a halted instrument trade again."""

    instrument: str


class AllocateFund(_Command, frozen=True, kw_only=True, gc=False):
    """Set money of the insurance fund aside for one market; below 0: give it back."""

    instrument: str
    asset: str
    quanta: int


class RepayLosses(_Command, frozen=True, kw_only=True, gc=False):
    """Pay recorded losses back out of the insurance fund, to each in proportion."""

    asset: str
    quanta: int
