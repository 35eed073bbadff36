"""Events of the waterfall: who paid for a deficit; units as in ``_events``."""

from msgspec import Struct, field

from hullmark.domain._event import Recorded


class CollateralSeized(Recorded, frozen=True, kw_only=True, gc=False):
    """Collateral of an account in deficit, without a market at the venue, went to the fund."""

    account: int
    asset: str
    quanta: int


class DeficitCovered(Recorded, frozen=True, kw_only=True, gc=False):
    """A deficit was paid: by the steps of the waterfall in their order, then as bad debt.

    The payments add up to the deficit, and so do the causes, to the quantum. Haircuts and what is
    socialised have events of their own besides: among them what prices of `Deleveraged` brought.
    """

    account: int
    asset: str
    fund_quanta: int
    bad_debt_quanta: int
    gap_quanta: int
    latency_quanta: int
    impact_quanta: int
    participation_quanta: int = 0  # before release 0.2.0 this and the next are in the latency
    oracle_quanta: int = 0
    backstop_quanta: int = 0  # by the staked backstop
    haircut_quanta: int = 0  # by accounts with a gain, in `HaircutTaken` and `Deleveraged`
    socialised_quanta: int = 0
    market: str | None = None  # whose part of the fund paid first


class Deleveraged(Recorded, frozen=True, kw_only=True, gc=False):
    """Lots of a bankrupt account were closed against an account that gains by them."""

    account: int
    counterparty: int
    instrument: str
    lots: int  # signed as the bankrupt account trades
    price_nano: int
    cost_quanta: int
    haircut_quanta: int  # that the price costs the counterparty, against the mark
    rank: int  # its place in the queue, from 1


class DeleveragingEnded(Recorded, frozen=True, kw_only=True, gc=False):
    """One position of a bankrupt account was offered to those who gain by it."""

    account: int
    instrument: str
    policy: str
    lots: int  # that were closed, signed as the account trades
    left_lots: int  # for which nobody was there, signed as they are held
    deficit_quanta: int  # that closing was to bring, by its price or by haircuts
    uncovered_quanta: int  # of that: left to the waterfall


class HaircutTaken(Recorded, frozen=True, kw_only=True, gc=False):
    """An account with a gain paid a part of a bankrupt account's loss.

    It pays out of its gain: what had not become cash is realised for it, so that no gain is cut
    twice.
    """

    account: int
    payer: int
    asset: str
    quanta: int
    realised_quanta: dict[str, int] = field(default_factory=dict)  # by instrument, quote to cash


class LossPart(
    Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, forbid_unknown_fields=True
):
    """What one account pays of a loss that is shared."""

    payer: int
    quanta: int


class LossSocialised(Recorded, frozen=True, kw_only=True, gc=False):
    """Users paid for a loss, in proportion to what they hold of an asset; it is recorded.

    Or to what they have gained in it, at prices that only the decision knows: then all are named.
    """

    account: int  # whose loss it is
    asset: str
    quanta: int
    base_quanta: int  # what they held, or had gained, together
    parts: tuple[LossPart, ...] = ()  # none: by what they hold


class LossesRepaid(Recorded, frozen=True, kw_only=True, gc=False):
    """Recorded losses were paid back out of the fund, to each in proportion."""

    asset: str
    quanta: int


class FundAllocated(Recorded, frozen=True, kw_only=True, gc=False):
    """Money of the insurance fund was set aside for a market; below 0: given back."""

    instrument: str
    asset: str
    quanta: int
