"""The chain of a venue: which stages a liquidation goes through, and the terms of each, as data.

A chain is a list of stages in the order of `hullmark.domain.Stage`, any subset of them. A stage
hands over to the next with a reason: nothing helps, its deadline has passed, nobody has bought.
After the last one comes the waterfall, once nothing is left to sell; until then the account waits
and begins again at the first stage that sells.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hullmark.core import NANO, SECOND_NS, parse_nano
from hullmark.domain import AuctionKind, Node, Stage
from hullmark.errors import DocumentError
from hullmark.liquidation._curves import PriceCurve, TwoLegCurve, parse_curve

ORDER_STAGES = (Stage.PARTIAL, Stage.COST_MINIMAL)
_ORDER = tuple(Stage)


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftRules:
    """From which margin ratio an account that has opted in is reduced, and by which share."""

    level_nano: int  # MM over maintenance equity, under 1
    share_min_nano: int  # of each position, at the level
    share_max_nano: int  # and at a ratio of one


@dataclass(frozen=True, slots=True, kw_only=True)
class AuctionRules:
    """What an auction sells, how its price falls, when it is reset, and what it may leave."""

    kind: AuctionKind
    curve: PriceCurve
    buffer_nano: int  # a lot: first price over the oracle's; a share: margin to reach beyond MM
    tail_ns: int  # after which it is reset, or ends
    cusp_nano: int = 0  # share of the first price under which it is reset
    tip_usd_nano: int = 0  # reward of whoever resets it
    chip_nano: int = 0  # and the share of what is to be raised
    dust_usd_nano: int = 0  # the least that a purchase may leave to be raised
    limit_usd_nano: int | None = None  # of all open auctions; None: no limit
    market_usd_nano: int | None = None  # of those that sell the same asset
    insolvent_ns: int | None = None  # of a share: how long what bidders are paid grows
    self_reset: bool = True  # the venue resets by itself what is due


@dataclass(frozen=True, slots=True, kw_only=True)
class BackstopRules:
    """How long makers are asked for quotes, and how much of a market each may take."""

    request_ns: int | None = None  # None: standing quotes only
    depth_share_nano: int | None = None  # of the depth, per maker and market
    capital_share_nano: int | None = None  # of the maker's own net value


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeoverRules:
    """Which pool takes accounts over, and how much of a market and of a loss it may take."""

    pool: str
    exposure_usd_nano: int | None = None  # notional per market, after the takeover
    loss_usd_nano: int = 0  # that an account may be worth below zero


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRules:
    """One stage of a chain; the terms are those of its kind, orders have none of their own."""

    stage: Stage
    deadline_ns: int | None = None  # from its beginning; None: as long as it helps
    soft: SoftRules | None = None
    auction: AuctionRules | None = None
    backstop: BackstopRules | None = None
    takeover: TakeoverRules | None = None


def parse_chain(tree: object) -> tuple[StageRules, ...]:
    """Read ``liquidation.chain`` of a venue tree: a list of tables.

    Raises
    ------
    DocumentError
        If a stage is unknown, out of order or twice, no stage sells, or a term breaks its rule.
    """
    if not isinstance(tree, Sequence) or isinstance(tree, str) or not tree:
        raise DocumentError(f"chain must be a list of stages, not empty, was {tree!r:.80}")
    found = tuple(_stage(entry) for entry in tree)
    places = [_ORDER.index(stage.stage) for stage in found]
    if places != sorted(set(places)):
        names = ", ".join(stage.stage for stage in found)
        raise DocumentError(f"chain must have each stage once, in order, was {names}")
    if sum(stage.stage in ORDER_STAGES for stage in found) > 1:
        raise DocumentError("chain must have one of partial and cost-minimal, had both")
    if places == [_ORDER.index(Stage.SOFT)]:  # which sells nothing once the margin is broken
        raise DocumentError("chain must have a stage that sells, was soft")
    return found


def _stage(tree: object) -> StageRules:
    if not isinstance(tree, Mapping):
        raise DocumentError(f"a stage of chain must be a table, was {tree!r:.80}")
    terms = dict(tree)
    name = terms.pop("stage", None)
    if name not in _ORDER:
        known = ", ".join(_ORDER)
        raise DocumentError(f"stage of chain must be one of {known}, was {name!r:.60}")
    stage = Stage(str(name))
    deadline = terms.pop("deadline_s", None)
    deadline_ns = None if deadline is None else _seconds(f"{stage}.deadline_s", deadline)
    found: dict[str, Any] = {"stage": stage, "deadline_ns": deadline_ns}
    if stage in _TERMS:
        key, parse = _TERMS[stage]
        found[key] = parse(terms)
    elif terms:
        raise DocumentError(f"{stage} has an unknown key {min(map(str, terms))!r}")
    return StageRules(**found)


def _soft(terms: Mapping[str, Any]) -> SoftRules:
    _known("soft", terms, {"level", "share_min", "share_max"}, {"level", "share_max"})
    level = _share("soft.level", terms["level"])
    low, high = (_share(f"soft.{k}", terms.get(k, "0")) for k in ("share_min", "share_max"))
    if not 0 < level < NANO:
        raise DocumentError(f"soft.level must be > 0 and < 1, was {terms['level']}")
    if not low <= high:
        raise DocumentError(f"soft.share_min must be <= share_max, was {terms['share_min']}")
    return SoftRules(level_nano=level, share_min_nano=low, share_max_nano=high)


_AUCTION_NANOS = {
    "tip_usd": "tip_usd_nano",
    "dust_usd": "dust_usd_nano",
    "limit_usd": "limit_usd_nano",
    "market_limit_usd": "market_usd_nano",
}
_OF_LOT = {"cusp", "tip_usd", "chip", "dust_usd", "market_limit_usd", "self_reset"}
_OF_BOTH = {"kind", "curve", "buffer", "tail_s", "limit_usd"}


def _auction(terms: Mapping[str, Any]) -> AuctionRules:
    where, kind = "dutch-auction", terms.get("kind")
    if kind not in tuple(AuctionKind):
        raise DocumentError(f"{where}.kind must be lot or share, was {kind!r:.60}")
    own = _OF_LOT if kind == AuctionKind.LOT else {"insolvent_s"}
    needed = _OF_BOTH - {"limit_usd"} | (own & {"insolvent_s"})
    _known(f"{where} of a {kind}", terms, _OF_BOTH | own, needed)
    curve = _curve(f"{where}.curve", terms["curve"])
    if kind == AuctionKind.SHARE and not isinstance(curve, TwoLegCurve):
        raise DocumentError(f"{where}.curve of a share must be two-leg, was {terms['curve']!r:.80}")
    found: dict[str, Any] = {
        name: _amount(f"{where}.{key}", terms[key])
        for key, name in _AUCTION_NANOS.items()
        if key in terms
    }
    for key in ("cusp", "chip"):
        if key in terms:
            found[f"{key}_nano"] = _share(f"{where}.{key}", terms[key])
    if "insolvent_s" in terms:
        found["insolvent_ns"] = _seconds(f"{where}.insolvent_s", terms["insolvent_s"])
    reset = terms.get("self_reset", True)
    if not isinstance(reset, bool):
        raise DocumentError(f"{where}.self_reset must be true or false, was {reset!r:.60}")
    return AuctionRules(
        kind=AuctionKind(str(kind)),
        curve=curve,
        buffer_nano=_amount(f"{where}.buffer", terms["buffer"]),
        tail_ns=_seconds(f"{where}.tail_s", terms["tail_s"]),
        self_reset=reset,
        **found,
    )


# Whole numbers lose nothing, here as in the other terms of a chain.
def _curve(where: str, tree: object) -> PriceCurve:
    if not isinstance(tree, Mapping):
        raise DocumentError(f"{where} must be a table, was {tree!r:.80}")
    return parse_curve(
        Node(where, {key: str(term) if type(term) is int else term for key, term in tree.items()})
    )


def _backstop(terms: Mapping[str, Any]) -> BackstopRules:
    _known("backstop", terms, {"request_s", "depth_share", "capital_share"}, set())
    request = terms.get("request_s")
    shares = {
        f"{key}_nano": _amount(f"backstop.{key}", terms[key])
        for key in ("depth_share", "capital_share")
        if key in terms
    }
    return BackstopRules(
        request_ns=None if request is None else _seconds("backstop.request_s", request), **shares
    )


def _takeover(terms: Mapping[str, Any]) -> TakeoverRules:
    _known("takeover", terms, {"pool", "exposure_usd_max", "loss_usd_max"}, {"pool"})
    if not isinstance(terms["pool"], str):
        raise DocumentError(f"takeover.pool must be the name of a pool, was {terms['pool']!r:.60}")
    exposure = terms.get("exposure_usd_max")
    return TakeoverRules(
        pool=terms["pool"],
        exposure_usd_nano=None
        if exposure is None
        else _amount("takeover.exposure_usd_max", exposure),
        loss_usd_nano=_amount("takeover.loss_usd_max", terms.get("loss_usd_max", "0")),
    )


_TERMS: Mapping[Stage, tuple[str, Callable[[Mapping[str, Any]], Any]]] = {
    Stage.SOFT: ("soft", _soft),
    Stage.DUTCH_AUCTION: ("auction", _auction),
    Stage.BACKSTOP: ("backstop", _backstop),
    Stage.TAKEOVER: ("takeover", _takeover),
}


def _known(where: str, terms: Mapping[str, Any], known: set[str], needed: set[str]) -> None:
    if unknown := sorted(set(terms) - known):
        raise DocumentError(f"{where} has an unknown key {unknown[0]!r}; known: {sorted(known)}")
    if missing := sorted(needed - set(terms)):
        raise DocumentError(f"{where} must have {missing[0]}")


def _amount(name: str, value: str | int | Decimal) -> int:
    nano = parse_nano(name, value)
    if nano < 0:
        raise DocumentError(f"{name} must be >= 0, was {value}")
    return nano


def _share(name: str, value: str | int | Decimal) -> int:
    nano = _amount(name, value)
    if nano > NANO:
        raise DocumentError(f"{name} must be <= 1, was {value}")
    return nano


def _seconds(name: str, value: str | int | Decimal) -> int:
    ns = parse_nano(name, value) * SECOND_NS // NANO
    if ns <= 0:
        raise DocumentError(f"{name} must be > 0, was {value}")
    return ns
