"""Chains read from venue files: what each stage may say, and what is refused by rule and value."""

import pytest

from hullmark.core import NANO, SECOND_NS
from hullmark.domain import AuctionKind, Stage
from hullmark.errors import DocumentError, InvalidInputError
from hullmark.liquidation._chain import StageRules, parse_chain

STAIRS = {"kind": "stairstep", "step_s": "90", "cut": "0.99"}
LEGS = {"kind": "two-leg", "start": "0.95", "cutoff": "0.7", "fast_s": "900", "slow_s": "3600"}
LOT = {
    "stage": "dutch-auction",
    "kind": "lot",
    "curve": STAIRS,
    "buffer": "1.2",
    "tail_s": "8400",
    "cusp": "0.4",
    "tip_usd": "300",
    "chip": "0.001",
    "dust_usd": "7500",
    "limit_usd": "1000000",
    "market_limit_usd": "500000",
    "self_reset": False,
}
SHARE = {
    "stage": "dutch-auction",
    "kind": "share",
    "curve": LEGS,
    "buffer": "0.15",
    "tail_s": "4500",
    "insolvent_s": "600",
}
SOFT = {"stage": "soft", "level": "0.8", "share_min": "0.05", "share_max": "0.2"}
PARTIAL = {"stage": "partial"}
TAKEOVER = {"stage": "takeover", "pool": "vault"}


def without(tree, key):
    return {name: value for name, value in tree.items() if name != key}


def only_stage(tree):
    """Return the stage that a table is read as."""
    return parse_chain([tree])[0]


def test_a_chain_may_have_every_stage_in_order():
    found = parse_chain([SOFT, PARTIAL, LOT, {"stage": "backstop"}, TAKEOVER])
    assert [each.stage for each in found] == [s for s in Stage if s is not Stage.COST_MINIMAL]


@pytest.mark.parametrize("stage", [Stage.PARTIAL, Stage.COST_MINIMAL])
def test_orders_have_no_terms_but_a_deadline(stage):
    (found,) = parse_chain([{"stage": stage, "deadline_s": "1.5"}])
    assert found.deadline_ns == 3 * SECOND_NS // 2
    assert parse_chain([{"stage": stage}]) == (StageRules(stage=stage),)


def test_a_soft_stage_says_from_where_and_how_much():
    soft = parse_chain([SOFT, PARTIAL])[0].soft
    assert (soft.level_nano, soft.share_min_nano, soft.share_max_nano) == (
        8 * NANO // 10,
        NANO // 20,
        NANO // 5,
    )
    assert parse_chain([without(SOFT, "share_min"), PARTIAL])[0].soft.share_min_nano == 0


def test_the_terms_of_a_lot_are_maker_s():
    auction = only_stage(LOT).auction
    assert (auction.kind, auction.buffer_nano, auction.tail_ns) == (
        AuctionKind.LOT,
        12 * NANO // 10,
        8_400 * SECOND_NS,
    )
    assert (auction.cusp_nano, auction.chip_nano) == (4 * NANO // 10, NANO // 1_000)
    assert (auction.tip_usd_nano, auction.dust_usd_nano) == (300 * NANO, 7_500 * NANO)
    assert (auction.limit_usd_nano, auction.market_usd_nano) == (10**6 * NANO, 5 * 10**5 * NANO)
    assert (auction.insolvent_ns, auction.self_reset) == (None, False)


def test_a_lot_needs_no_more_than_its_price():
    least = {k: LOT[k] for k in ("stage", "kind", "curve", "buffer", "tail_s")}
    auction = only_stage(least).auction
    assert (auction.cusp_nano, auction.chip_nano, auction.tip_usd_nano, auction.dust_usd_nano) == (
        0, 0, 0, 0,
    )  # fmt: skip
    assert (auction.limit_usd_nano, auction.market_usd_nano) == (None, None)
    assert auction.self_reset


def test_a_share_has_an_insolvent_phase():
    auction = only_stage(SHARE).auction
    assert (auction.kind, auction.insolvent_ns) == (AuctionKind.SHARE, 600 * SECOND_NS)


def test_a_whole_number_is_taken_for_a_decimal_in_every_term():
    whole = LOT | {"curve": STAIRS | {"step_s": 90}, "tail_s": 8_400, "tip_usd": 300}
    text = LOT | {"curve": STAIRS | {"step_s": "90"}, "tail_s": "8400", "tip_usd": "300"}
    assert only_stage(whole) == only_stage(text)
    assert only_stage(PARTIAL | {"deadline_s": 60}).deadline_ns == 60 * SECOND_NS
    with pytest.raises(InvalidInputError, match="deadline_s must be a decimal string"):
        only_stage(PARTIAL | {"deadline_s": 1.5})


def test_makers_may_be_asked_and_limited_or_not():
    assert only_stage({"stage": "backstop"}).backstop.request_ns is None
    terms = {"request_s": "5", "depth_share": "0.1", "capital_share": "2"}
    found = only_stage({"stage": "backstop"} | terms).backstop
    assert (found.request_ns, found.depth_share_nano, found.capital_share_nano) == (
        5 * SECOND_NS,
        NANO // 10,
        2 * NANO,
    )


def test_a_takeover_names_its_pool_and_bears_no_loss_unless_it_says_so():
    found = only_stage(TAKEOVER).takeover
    assert (found.pool, found.exposure_usd_nano, found.loss_usd_nano) == ("vault", None, 0)
    limited = only_stage(TAKEOVER | {"exposure_usd_max": "7", "loss_usd_max": "3"}).takeover
    assert (limited.exposure_usd_nano, limited.loss_usd_nano) == (7 * NANO, 3 * NANO)


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ([], r"chain must be a list of stages, not empty, was \[\]"),
        ("soft", "chain must be a list of stages, not empty, was 'soft'"),
        (None, "chain must be a list of stages, not empty, was None"),
        (["soft"], "a stage of chain must be a table, was 'soft'"),
        ([{}], "stage of chain must be one of soft, partial, .*, was None"),
        ([{"stage": "adl"}], "stage of chain must be one of soft, partial, .*, was 'adl'"),
        ([LOT, PARTIAL], "chain must have each stage once, in order, was dutch-auction, partial"),
        ([PARTIAL, PARTIAL], "chain must have each stage once, in order, was partial, partial"),
        (
            [PARTIAL, {"stage": "cost-minimal"}],
            "chain must have one of partial and cost-minimal, had both",
        ),
        ([SOFT], "chain must have a stage that sells, was soft"),
    ],
)
def test_a_chain_that_does_not_hold_together_is_refused(tree, message):
    with pytest.raises(DocumentError, match=f"^{message}$"):
        parse_chain(tree)


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        (PARTIAL | {"level": "1"}, "partial has an unknown key 'level'"),
        (PARTIAL | {"deadline_s": "0"}, "partial.deadline_s must be > 0, was 0"),
        (LOT | {"kind": "dutch"}, "dutch-auction.kind must be lot or share, was 'dutch'"),
        (LOT | {"insolvent_s": "5"}, "dutch-auction of a lot has an unknown key 'insolvent_s'"),
        (without(LOT, "buffer"), "dutch-auction of a lot must have buffer"),
        (LOT | {"buffer": "-1"}, "dutch-auction.buffer must be >= 0, was -1"),
        (LOT | {"tail_s": "0"}, "dutch-auction.tail_s must be > 0, was 0"),
        (LOT | {"cusp": "1.01"}, "dutch-auction.cusp must be <= 1, was 1.01"),
        (LOT | {"chip": "-0.1"}, "dutch-auction.chip must be >= 0, was -0.1"),
        (LOT | {"self_reset": 1}, "dutch-auction.self_reset must be true or false, was 1"),
        (SHARE | {"cusp": "0.4"}, "dutch-auction of a share has an unknown key 'cusp'"),
        (without(SHARE, "insolvent_s"), "dutch-auction of a share must have insolvent_s"),
        (SHARE | {"curve": STAIRS}, "dutch-auction.curve of a share must be two-leg, was "),
        (LOT | {"curve": "linear"}, "dutch-auction.curve must be a table, was 'linear'$"),
        (
            LOT | {"curve": STAIRS | {"step_s": 90.0}},
            'dutch-auction.curve.step_s must be a decimal string such as "12.5", was 90.0$',
        ),
        (
            LOT | {"curve": STAIRS | {"cut": True}},
            'dutch-auction.curve.cut must be a decimal string such as "12.5", was True$',
        ),
        ({"stage": "backstop", "request_s": "0"}, "backstop.request_s must be > 0, was 0"),
        ({"stage": "backstop", "share": "1"}, "backstop has an unknown key 'share'"),
        ({"stage": "takeover"}, "takeover must have pool"),
        (TAKEOVER | {"pool": 7}, "takeover.pool must be the name of a pool, was 7"),
        (TAKEOVER | {"loss_usd_max": "-1"}, "takeover.loss_usd_max must be >= 0, was -1"),
    ],
)
def test_bad_terms_are_refused_by_name_rule_and_value(stage, message):
    with pytest.raises(DocumentError, match=f"^{message}"):
        only_stage(stage)


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"level": "1"}, "soft.level must be > 0 and < 1, was 1"),
        ({"level": "0"}, "soft.level must be > 0 and < 1, was 0"),
        ({"share_min": "0.3"}, "soft.share_min must be <= share_max, was 0.3"),
        ({"share_max": "1.5"}, "soft.share_max must be <= 1, was 1.5"),
        ({"deadline": "5"}, "soft has an unknown key 'deadline'"),
    ],
)
def test_bad_soft_terms_are_refused_by_name_rule_and_value(terms, message):
    with pytest.raises(DocumentError, match=f"^{message}"):
        parse_chain([SOFT | terms, PARTIAL])
