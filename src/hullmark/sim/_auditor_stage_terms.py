"""The chain, the pools and the waterfall of the venue file as the auditor reads them.

Sources: ``docs/reference/venue.md``, ``docs/concepts/auctions.md``. Shares, rates and USD are
fractions, times are nanoseconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any, NamedTuple

from hullmark.sim._auditor_text import NANO, read_nano

SOFT, AUCTION, BACKSTOP, TAKEOVER = "soft", "dutch-auction", "backstop", "takeover"
LOT, SHARE = "lot", "share"
SOLVENT, INSOLVENT = "solvent", "insolvent"
QUEUE, PRO_RATA, LEAST_HAIRCUT = "queue", "pro-rata", "least-haircut"
BANKRUPTCY, MARK = "bankruptcy", "mark"


class SoftTerms(NamedTuple):
    """From which margin ratio an account that has opted in is reduced, and how far."""

    level: Fraction
    share_min: Fraction
    share_max: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class AuctionTerms:
    """What an auction sells, and how its price falls."""

    kind: str
    curve: Mapping[str, Any]
    buffer: Fraction
    tail_ns: int
    cusp: Fraction
    tip_usd: Fraction
    chip: Fraction
    dust_usd: Fraction
    limit_usd: Fraction | None
    market_usd: Fraction | None
    insolvent_ns: int
    self_reset: bool

    def factor(self, elapsed_ns: int) -> Fraction:
        """Return what the first price is multiplied by after a time, to sixty digits."""
        curve, elapsed = self.curve, Fraction(elapsed_ns, NANO)
        if curve["kind"] == "linear":
            return max(1 - elapsed / Fraction(curve["tau_s"]), Fraction(0))
        if curve["kind"] == "two-leg":
            start, cutoff, fast, slow = (
                Fraction(curve[key]) for key in ("start", "cutoff", "fast_s", "slow_s")
            )
            if elapsed < fast:
                return start - (start - cutoff) * elapsed / fast
            return max(cutoff * (1 - (elapsed - fast) / slow), Fraction(0))
        if curve["kind"] == "stairstep":
            elapsed = Fraction(elapsed // Fraction(curve["step_s"]))
        with localcontext(prec=80):
            exponent = Decimal(elapsed.numerator) / Decimal(elapsed.denominator)
            return Fraction(Decimal(curve["cut"]) ** exponent) if exponent else Fraction(1)


class BackstopTerms(NamedTuple):
    """How long makers are asked, and how much of a market each may take."""

    request_ns: int | None
    depth_share: Fraction | None
    capital_share: Fraction | None


class TakeoverTerms(NamedTuple):
    """Which pool takes accounts over, and how much it may take."""

    pool: str
    exposure_usd: Fraction | None
    loss_usd: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTerms:
    """One stage of a chain; what its kind does not have is none."""

    stage: str
    deadline_ns: int | None
    soft: SoftTerms | None = None
    auction: AuctionTerms | None = None
    backstop: BackstopTerms | None = None
    takeover: TakeoverTerms | None = None


class PoolTerms(NamedTuple):
    """A pool: an account that members share."""

    account: int
    asset: str
    notice_ns: int


class WaterfallTerms(NamedTuple):
    """Who pays a deficit, in order, and on which terms."""

    steps: tuple[str, ...] = ("fund", "bad-debt")
    backstop: str | None = None
    policy: str | None = None  # of deleveraging; none: nobody is deleveraged
    price: str = BANKRUPTCY  # at which positions are closed
    pooled: bool = True
    season_ns: int | None = None  # before which a gain leaves only as far as it is covered
    by_gains: bool = False  # a shared loss: by what each has gained, not by what it holds

    @property
    def notes_gains(self) -> bool:
        """Whether it has to be known what accounts have paid in."""
        return self.season_ns is not None or self.by_gains


def read_chain(tree: list[Mapping[str, Any]]) -> tuple[StageTerms, ...]:
    """Return what the key ``liquidation.chain`` says."""
    return tuple(_stage(entry) for entry in tree)


def read_pools(tree: Mapping[str, Mapping[str, Any]]) -> dict[str, PoolTerms]:
    """Return what the section ``pools`` says."""
    return {
        name: PoolTerms(found["account"], found["asset"], read_nano(found.get("notice_s", "0")))
        for name, found in tree.items()
    }


def read_waterfall(tree: Mapping[str, Any]) -> WaterfallTerms:
    """Return what the section ``waterfall`` says."""
    adl = tree.get("adl", {})
    policy = adl.get("policy")
    own_price = MARK if policy == LEAST_HAIRCUT else BANKRUPTCY
    return WaterfallTerms(
        steps=tuple(tree.get("steps", ("fund", "bad-debt"))),
        backstop=tree.get("backstop"),
        policy=policy,
        price=adl.get("price", own_price),
        pooled=tree.get("fund", {}).get("pooled", True),
        season_ns=_nano(tree, "season_s"),
        by_gains=tree.get("socialised_by") == "gains",
    )


def _stage(tree: Mapping[str, Any]) -> StageTerms:
    stage = tree["stage"]
    return StageTerms(
        stage=stage,
        deadline_ns=_nano(tree, "deadline_s"),
        soft=_soft(tree) if stage == SOFT else None,
        auction=_auction(tree) if stage == AUCTION else None,
        backstop=_backstop(tree) if stage == BACKSTOP else None,
        takeover=_takeover(tree) if stage == TAKEOVER else None,
    )


def _soft(tree: Mapping[str, Any]) -> SoftTerms:
    level, most = Fraction(tree["level"]), Fraction(tree["share_max"])
    return SoftTerms(level, Fraction(tree.get("share_min", "0")), most)


def _auction(tree: Mapping[str, Any]) -> AuctionTerms:
    return AuctionTerms(
        kind=tree["kind"],
        curve=tree["curve"],
        buffer=Fraction(tree["buffer"]),
        tail_ns=read_nano(tree["tail_s"]),
        cusp=Fraction(tree.get("cusp", "0")),
        tip_usd=Fraction(tree.get("tip_usd", "0")),
        chip=Fraction(tree.get("chip", "0")),
        dust_usd=Fraction(tree.get("dust_usd", "0")),
        limit_usd=_fraction(tree, "limit_usd"),
        market_usd=_fraction(tree, "market_limit_usd"),
        insolvent_ns=_nano(tree, "insolvent_s") or 0,
        self_reset=tree.get("self_reset", True),
    )


def _backstop(tree: Mapping[str, Any]) -> BackstopTerms:
    shares = (_fraction(tree, key) for key in ("depth_share", "capital_share"))
    return BackstopTerms(_nano(tree, "request_s"), *shares)


def _takeover(tree: Mapping[str, Any]) -> TakeoverTerms:
    loss = Fraction(tree.get("loss_usd_max", "0"))
    return TakeoverTerms(tree["pool"], _fraction(tree, "exposure_usd_max"), loss)


def _fraction(tree: Mapping[str, Any], key: str) -> Fraction | None:
    return Fraction(tree[key]) if key in tree else None


def _nano(tree: Mapping[str, Any], key: str) -> int | None:
    return read_nano(tree[key]) if key in tree else None
