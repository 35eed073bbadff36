"""Tests of the waterfall: the declared order, and every quantum accounted for."""

import pytest
from hypothesis import given, strategies as st

from hullmark.core import INT64_MAX, NANO, SECOND_NS
from hullmark.errors import DocumentError, InvalidInputError
from hullmark.waterfall import (
    GAINS,
    DeleveragingRules,
    FundRules,
    PriceRule,
    Share,
    WaterfallRules,
    allocate,
)

FUND, BAD_DEBT = "fund", "bad-debt"

deficits = st.integers(0, INT64_MAX)
declared = st.sampled_from([("fund", "bad-debt"), ("bad-debt",)])
funds = st.integers(-INT64_MAX, INT64_MAX)


def paid(deficit, steps, fund):
    return dict(allocate(deficit, steps, {FUND: fund, BAD_DEBT: -5}))


@pytest.mark.parametrize(
    ("deficit", "fund", "from_fund", "bad_debt"),
    [(100, 30, 30, 70), (100, 100, 100, 0), (100, 1_000, 100, 0), (100, 0, 0, 100), (0, 30, 0, 0)],
)
def test_the_fund_pays_first_and_the_rest_is_recorded(deficit, fund, from_fund, bad_debt):
    shares = allocate(deficit, ("fund", "bad-debt"), {FUND: fund})
    assert shares == (Share(FUND, from_fund), Share(BAD_DEBT, bad_debt))


def test_a_venue_without_a_fund_records_everything():
    assert allocate(100, ("bad-debt",), {FUND: 1_000}) == (Share(BAD_DEBT, 100),)


@given(deficits, declared, funds)
def test_the_shares_add_up_to_the_quantum_and_none_is_negative(deficit, steps, fund):
    shares = allocate(deficit, steps, {FUND: fund})
    assert sum(share.quanta for share in shares) == deficit
    assert all(share.quanta >= 0 for share in shares)
    assert len(shares) == len(steps)


@given(deficits, declared, funds)
def test_bad_debt_is_used_only_where_the_fund_is_empty(deficit, steps, fund):
    shares = paid(deficit, steps, fund)
    if shares[BAD_DEBT] and "fund" in steps:
        assert shares[FUND] == max(fund, 0)
    assert shares.get(FUND, 0) <= max(fund, 0)


@given(deficits, deficits, declared, funds)
def test_a_larger_deficit_takes_no_less_from_anyone(one, other, steps, fund):
    smaller, larger = (paid(deficit, steps, fund) for deficit in sorted((one, other)))
    assert all(larger[account] >= quanta for account, quanta in smaller.items())


@given(st.integers(0, INT64_MAX // 2), st.integers(0, INT64_MAX // 2), declared, funds)
def test_a_deficit_in_two_parts_is_paid_as_the_whole(one, other, steps, fund):
    first = paid(one, steps, fund)
    second = paid(other, steps, fund - first.get(FUND, 0))
    whole = paid(one + other, steps, fund)
    assert {account: first[account] + second[account] for account in whole} == whole


def test_a_negative_deficit_is_refused():
    with pytest.raises(InvalidInputError, match="deficit_quanta must be >= 0, was -1"):
        allocate(-1, ("bad-debt",), {})


@pytest.mark.parametrize("bad", [(), ("fund",)])
def test_steps_that_leave_something_unpaid_are_an_impossible_state(bad):
    with pytest.raises(AssertionError, match="the last step takes everything"):
        allocate(100, bad, {FUND: 99})


def test_of_all_five_steps_each_pays_what_it_has_before_the_next():
    steps = ("fund", "backstop", "adl", "socialised", "bad-debt")
    shares = allocate(100, steps, {"fund": 10, "adl": 25, "socialised": 70})
    assert [share.quanta for share in shares] == [10, 0, 25, 65, 0]


def test_a_venue_that_declares_nothing_has_a_fund_before_bad_debt():
    found = WaterfallRules.parse({})
    assert found == WaterfallRules(steps=("fund", "bad-debt"))
    assert (found.backstop, found.deleveraging, found.season_ns) == (None, None, None)
    assert found.fund == FundRules(listing_nano=0, pooled=True)


def test_each_step_is_read_with_its_terms():
    found = WaterfallRules.parse(
        {
            "steps": ["fund", "backstop", "adl", "socialised", "bad-debt"],
            "backstop": "stakers",
            "adl": {"policy": "queue", "price": "bankruptcy", "at_once": False},
            "fund": {"listing": "0.25", "pooled": False},
            "season_s": "3600",
            "socialised_by": "gains",
        }
    )
    assert found.steps == ("fund", "backstop", "adl", "socialised", "bad-debt")
    assert found.backstop == "stakers"
    assert found.deleveraging == DeleveragingRules(
        policy="queue", price=PriceRule.BANKRUPTCY, at_once=False
    )
    assert found.fund == FundRules(listing_nano=NANO // 4, pooled=False)
    assert found.season_ns == 3_600 * SECOND_NS
    assert found.socialised_by == GAINS


@pytest.mark.parametrize(("said", "share_nano"), [("0", 0), ("1", NANO)])
def test_a_listing_may_give_a_market_nothing_or_all_that_is_free(said, share_nano):
    assert WaterfallRules.parse({"fund": {"listing": said}}).fund.listing_nano == share_nano


def test_deleveraging_begins_at_once_at_the_price_of_its_policy():
    found = WaterfallRules.parse({"steps": ["adl", "bad-debt"], "adl": {"policy": "pro-rata"}})
    assert found.deleveraging == DeleveragingRules(policy="pro-rata")
    assert (found.deleveraging.price, found.deleveraging.at_once) == (None, True)


def test_a_season_may_be_as_short_as_time_is_counted():
    assert WaterfallRules.parse({"season_s": "0.000000001"}).season_ns == 1


ORDER = "fund, backstop, adl, socialised, bad-debt"


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (["loss", "bad-debt"], f"steps must be of {ORDER}, was 'loss'"),
        ([["fund"], "bad-debt"], f"steps must be of {ORDER}, was ['fund']"),
        ([None], f"steps must be of {ORDER}, was None"),
        ([], "steps must be distinct and end in bad-debt, was []"),
        (["fund"], "steps must be distinct and end in bad-debt, was ['fund']"),
        (["bad-debt", "fund"], "steps must be distinct and end in bad-debt, was "),
        (["bad-debt", "bad-debt"], "steps must be distinct and end in bad-debt, was "),
        (["socialised", "fund", "bad-debt"], f"steps must be in the order {ORDER}, was "),
        ("bad-debt", "steps must be a list, was 'bad-debt'"),
        (None, "steps must be a list, was None"),
        ({"fund": 1}, "steps must be a list, was {'fund': 1}"),
        (
            ["backstop", "bad-debt"],
            'backstop stands in steps: it needs waterfall.backstop = "POOL"',
        ),
        (["adl", "bad-debt"], "adl stands in steps: it needs [waterfall.adl]"),
    ],
)
def test_bad_steps_are_refused_by_rule_and_value(steps, message):
    with pytest.raises(DocumentError) as refused:
        WaterfallRules.parse({"steps": steps})
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        (["fund"], "the steps must stand in a table, was ['fund']"),
        (
            {"step": ["bad-debt"]},
            "unknown key 'step'; known: steps, backstop, adl, fund, season_s, socialised_by",
        ),
        (
            {"backstop": "stakers"},
            "backstop has terms, and does not stand in steps: fund, bad-debt",
        ),
        (
            {"steps": ["bad-debt"], "adl": {"policy": "queue"}},
            "adl has terms, and does not stand in steps: bad-debt",
        ),
        ({"season_s": "0"}, "season_s must be > 0, was 0; leave it out for none"),
        (
            {"socialised_by": "gains"},
            "socialised_by must come with the step socialised, was fund, bad-debt",
        ),
        (
            {"steps": ["socialised", "bad-debt"], "socialised_by": "luck"},
            "socialised_by must be balances or gains, was 'luck'",
        ),
        ({"fund": 1}, "fund must be a table, was 1"),
        ({"fund": {"share": "1"}}, "fund has an unknown key 'share'"),
        ({"fund": {"listing": "1.1"}}, "fund.listing must be in [0, 1], was 1.1"),
        ({"fund": {"pooled": 1}}, "fund.pooled must be true or false, was 1"),
    ],
)
def test_other_bad_terms_are_refused_by_rule_and_value(tree, message):
    with pytest.raises(DocumentError) as refused:
        WaterfallRules.parse(tree)
    assert str(refused.value) == message


def test_a_backstop_is_the_name_of_a_pool():
    with pytest.raises(DocumentError, match="backstop must be the name of a pool, was 5"):
        WaterfallRules.parse({"steps": ["backstop", "bad-debt"], "backstop": 5})


@pytest.mark.parametrize(
    ("adl", "message"),
    [
        ("queue", "adl must be a table with a policy, was 'queue'"),
        ({}, "adl must be a table with a policy, was {}"),
        ({"policy": 5}, "adl.policy must be a name, was 5"),
        ({"policy": "queue", "rank": 1}, "adl has an unknown key 'rank'"),
        (
            {"policy": "queue", "price": "index"},
            "adl.price must be one of mark, bankruptcy for queue, was 'index'",
        ),
        (
            {"policy": "least-haircut", "price": "bankruptcy"},
            "adl.price must be one of mark for least-haircut, was 'bankruptcy'",
        ),
        ({"policy": "queue", "at_once": "no"}, "adl.at_once must be true or false, was 'no'"),
    ],
)
def test_bad_terms_of_deleveraging_are_refused_by_rule_and_value(adl, message):
    with pytest.raises(DocumentError) as refused:
        WaterfallRules.parse({"steps": ["adl", "bad-debt"], "adl": adl})
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("tree", "noted"),
    [
        ({}, False),
        ({"season_s": "60"}, True),
        ({"steps": ["socialised", "bad-debt"]}, False),
        ({"steps": ["socialised", "bad-debt"], "socialised_by": "balances"}, False),
        ({"steps": ["socialised", "bad-debt"], "socialised_by": "gains"}, True),
    ],
)
def test_what_is_paid_in_is_noted_only_where_gains_count(tree, noted):
    assert WaterfallRules.parse(tree).notes_gains is noted
