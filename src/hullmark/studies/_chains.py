"""A comparison of chains, read from the tree of ``chains.json`` and laid out for a reader."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from hullmark.errors import DocumentError
from hullmark.studies._report_read import Count, Usd


class _Record(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the comparison. Fields are those of ``chains.json``."""


class Paid(_Record, frozen=True):
    """Who paid the deficits."""

    fund: Usd
    backstop: Usd
    haircuts: Usd
    socialised: Usd
    bad_debt: Usd


class Notional(_Record, frozen=True):
    """What was closed or moved, by who took it."""

    orders: Usd
    soft: Usd  # of the orders
    auctions: Usd
    makers: Usd
    pool: Usd
    deleveraging: Usd


class HedgedLoss(_Record, frozen=True):
    """What deleveraging did to hedged accounts."""

    accounts: Count  # that were closed or paid
    haircuts: Usd
    forgone_worst: Usd
    forgone_end: Usd
    less_than_without_usd: Usd | None


class DeleveragingFigures(_Record, frozen=True):
    """The two books of deleveraging: loss shared, and positions closed."""

    asked: Usd
    haircuts: Usd
    overshoot: float | None
    haircuts_at_mark_before: Usd
    overshoot_at_mark_before: float | None
    accounts: Count  # of which positions were closed
    payers: Count
    closures: Count
    leverage_median: float | None
    hedged: HedgedLoss


class Cure(_Record, frozen=True):
    """How long liquidations took, from the breach to their end."""

    episodes: Count
    open: Count
    median_s: float | None
    p95_s: float | None


class HandOvers(_Record, frozen=True):
    """How often a stage was entered for a reason."""

    stage: str
    reason: str
    count: Count


class ComparedRun(_Record, frozen=True):
    """One chain under one policy."""

    chain: str
    policy: str
    state_hash: str
    balanced: bool
    deficit: Usd
    paid: Paid
    pool_loss: Usd
    notional: Notional
    penalties: Usd
    discounts: Usd
    deleveraging: DeleveragingFigures
    cure: Cure
    parked: dict[str, Count]
    hand_overs: list[HandOvers]
    auctions: dict[str, Count]
    refused: dict[str, Count]
    cast_gain_usd: dict[str, Usd]
    wall_s: float


class ComparedChain(_Record, frozen=True):
    """A chain's name and what it is."""

    name: str
    title: str


class ChainsReport(_Record, frozen=True):
    """A whole comparison."""

    seed: Count
    window: tuple[str, str]
    source: str
    order: str
    numeraire: str
    accounts: Count
    hedged_accounts: Count
    open_interest_usd: Usd
    fund_usd: Usd
    chains: list[ComparedChain]
    policies: list[str]
    runs: list[ComparedRun]


class PublishedEstimate(NamedTuple):
    """What others counted on Hyperliquid on 10 October 2025."""

    figure: str
    value: str
    source: str


# Two ways to count the same day. What was needed is in both a model of the authors: the least that
# the winners of each wave would have had to give.
PUBLISHED = (
    PublishedEstimate(
        "closed by deleveraging", "2.10 bn USD, 34,983 fills, 19,337 users, 12 minutes", "[1]"
    ),
    PublishedEstimate("deficit of accounts below zero", "23.2 m USD, 302 accounts", "[1]"),
    PublishedEstimate("taken more than needed", "45.0 to 51.7 m USD", "[2]"),
    PublishedEstimate("taken and needed, by waves", "60.1 and 15.1 m USD", "[3]"),
    PublishedEstimate("median leverage of those closed", "0.20", "[1]"),
)
SOURCES = (
    "[1] ConejoCapital/HyperMultiAssetedADL, a replay of the venue's public fills, 2025",
    "[2] the lower: the sum over waves of [3]; the upper: Chitra, Thogiti, Trujillo Ramirez, Xu, "
    "Autodeleveraging as Online Learning, arXiv 2602.15182, 16 February 2026",
    "[3] pluriholonomic/autodeleveraging-analysis, out/eval_horizon_sweep, horizon 0, commit "
    "aae0be86, 2025",
)


def read_chains(tree: Mapping[str, object]) -> ChainsReport:
    """Read the tree of ``chains.json``.

    Raises
    ------
    DocumentError
        If it breaks its schema.
    """
    try:
        report = msgspec.convert(tree, ChainsReport)
    except msgspec.ValidationError as e:
        raise DocumentError(f"the comparison of chains must keep its schema, but {e}") from e
    known = {chain.name for chain in report.chains}
    for run in report.runs:
        if run.chain not in known or run.policy not in report.policies:
            raise DocumentError(
                f"runs must be of the chains and policies named, was {run.chain}, {run.policy}"
            )
    return report
