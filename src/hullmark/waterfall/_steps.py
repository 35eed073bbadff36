"""The steps of the waterfall, as data, and splitting a deficit over them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from hullmark.core import NANO, SECOND_NS, parse_nano
from hullmark.errors import DocumentError, InvalidInputError
from hullmark.waterfall._candidates import PriceRule

FUND, BACKSTOP, ADL, SOCIALISED, BAD_DEBT = "fund", "backstop", "adl", "socialised", "bad-debt"
STEPS = (FUND, BACKSTOP, ADL, SOCIALISED, BAD_DEBT)
PRICES = tuple(rule.value for rule in (PriceRule.MARK, PriceRule.BANKRUPTCY))
_DEFAULT = (FUND, BAD_DEBT)
_KEYS = ("steps", "backstop", "adl", "fund", "season_s", "socialised_by")
BALANCES, GAINS = "balances", "gains"
_NEEDS = {BACKSTOP: 'waterfall.backstop = "POOL"', ADL: "[waterfall.adl]"}


class Share(NamedTuple):
    """What one step pays."""

    step: str
    quanta: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleveragingRules:
    """How positions are closed against others, and who pays what is missing."""

    policy: str  # an installed one: queue, pro-rata, least-haircut
    price: PriceRule | None = None  # at which positions are closed; None: the policy's own
    at_once: bool = (
        True  # who lacks more than the steps before pay is sold no further to the market
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FundRules:
    """How the insurance fund is set aside by market."""

    listing_nano: int = 0  # share of what is free that a market is given when it is listed
    pooled: bool = True  # one market's part may pay for another's losses, once the rest is gone


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterfallRules:
    """Who pays a deficit, in order, and the terms of each step."""

    steps: tuple[str, ...] = _DEFAULT
    backstop: str | None = None  # the pool whose members pay
    deleveraging: DeleveragingRules | None = None
    fund: FundRules = FundRules()
    season_ns: int | None = None  # before which a gain is withdrawable as far as it is covered
    socialised_by: str = BALANCES  # or by what each has gained beyond what it paid in

    @property
    def notes_gains(self) -> bool:
        """Whether what accounts have paid in is noted, which says what they have gained."""
        return self.season_ns is not None or self.socialised_by == GAINS

    @classmethod
    def parse(cls, tree: Mapping[str, Any]) -> "WaterfallRules":
        """Read the section ``waterfall`` of a venue tree.

        Raises
        ------
        DocumentError
            If a step is unknown, out of order, or has no terms where it needs them.
        """
        if not isinstance(tree, Mapping):
            raise DocumentError(f"the steps must stand in a table, was {tree!r:.80}")
        if unknown := sorted(set(tree) - set(_KEYS)):
            raise DocumentError(f"unknown key {unknown[0]!r}; known: {', '.join(_KEYS)}")
        steps = _parse_steps(tree.get("steps", _DEFAULT))
        backstop, adl = tree.get("backstop"), tree.get("adl")
        for step, terms in ((BACKSTOP, backstop), (ADL, adl)):
            if step in steps and terms is None:
                raise DocumentError(f"{step} stands in steps: it needs {_NEEDS[step]}")
            if step not in steps and terms is not None:
                raise DocumentError(
                    f"{step} has terms, and does not stand in steps: {', '.join(steps)}"
                )
        if backstop is not None and not isinstance(backstop, str):
            raise DocumentError(f"backstop must be the name of a pool, was {backstop!r:.60}")
        season, by = tree.get("season_s"), tree.get("socialised_by")
        if by is not None and SOCIALISED not in steps:
            listed = ", ".join(steps)
            raise DocumentError(f"socialised_by must come with the step socialised, was {listed}")
        if by not in (None, BALANCES, GAINS):
            raise DocumentError(f"socialised_by must be {BALANCES} or {GAINS}, was {by!r:.60}")
        return cls(
            steps=steps,
            backstop=backstop,
            deleveraging=None if adl is None else _parse_adl(adl),
            fund=_parse_fund(tree.get("fund", {})),
            season_ns=None if season is None else _parse_season(season),
            socialised_by=by or BALANCES,
        )


def allocate(
    deficit_quanta: int, steps: Sequence[str], available: Mapping[str, int]
) -> tuple[Share, ...]:
    """Split a deficit over the steps, each as far as it goes; a step not named has nothing.

    >>> shares = allocate(100, ("fund", "bad-debt"), {"fund": 30})
    >>> [(share.step, share.quanta) for share in shares]
    [('fund', 30), ('bad-debt', 70)]
    """
    if deficit_quanta < 0:
        raise InvalidInputError(f"deficit_quanta must be >= 0, was {deficit_quanta}")
    shares, left = [], deficit_quanta
    for step in steps:
        part = left if step == BAD_DEBT else min(left, max(available.get(step, 0), 0))
        shares.append(Share(step, part))
        left -= part
    assert left == 0, "the last step takes everything"
    return tuple(shares)


def _parse_steps(listed: object) -> tuple[str, ...]:
    if not isinstance(listed, list | tuple):
        raise DocumentError(f"steps must be a list, was {listed!r:.80}")
    if unknown := [s for s in listed if not isinstance(s, str) or s not in STEPS]:
        raise DocumentError(f"steps must be of {', '.join(STEPS)}, was {unknown[0]!r}")
    places = [STEPS.index(step) for step in listed]
    if len(set(listed)) != len(listed) or not listed or listed[-1] != BAD_DEBT:
        raise DocumentError(f"steps must be distinct and end in bad-debt, was {list(listed)}")
    if places != sorted(places):
        raise DocumentError(f"steps must be in the order {', '.join(STEPS)}, was {list(listed)}")
    return tuple(listed)


def _parse_adl(tree: object) -> DeleveragingRules:
    if not isinstance(tree, Mapping) or "policy" not in tree:
        raise DocumentError(f"adl must be a table with a policy, was {tree!r:.80}")
    if unknown := sorted(set(tree) - {"policy", "price", "at_once"}):
        raise DocumentError(f"adl has an unknown key {unknown[0]!r}")
    policy, price, at_once = tree["policy"], tree.get("price"), tree.get("at_once", True)
    if not isinstance(policy, str):
        raise DocumentError(f"adl.policy must be a name, was {policy!r:.60}")
    allowed = PRICES[:1] if policy == "least-haircut" else PRICES
    if price is not None and price not in allowed:
        rule = f"one of {', '.join(allowed)} for {policy}"
        raise DocumentError(f"adl.price must be {rule}, was {price!r:.60}")
    if not isinstance(at_once, bool):
        raise DocumentError(f"adl.at_once must be true or false, was {at_once!r:.60}")
    chosen = None if price is None else PriceRule(price)
    return DeleveragingRules(policy=policy, price=chosen, at_once=at_once)


def _parse_fund(tree: object) -> FundRules:
    if not isinstance(tree, Mapping):
        raise DocumentError(f"fund must be a table, was {tree!r:.80}")
    if unknown := sorted(set(tree) - {"listing", "pooled"}):
        raise DocumentError(f"fund has an unknown key {unknown[0]!r}")
    listing, pooled = parse_nano("fund.listing", tree.get("listing", "0")), tree.get("pooled", True)
    if not 0 <= listing <= NANO:
        raise DocumentError(f"fund.listing must be in [0, 1], was {tree['listing']}")
    if not isinstance(pooled, bool):
        raise DocumentError(f"fund.pooled must be true or false, was {pooled!r:.60}")
    return FundRules(listing_nano=listing, pooled=pooled)


def _parse_season(value: str | int | Decimal) -> int:
    season_ns = parse_nano("season_s", value) * SECOND_NS // NANO
    if season_ns <= 0:
        raise DocumentError(f"season_s must be > 0, was {value}; leave it out for none")
    return season_ns
