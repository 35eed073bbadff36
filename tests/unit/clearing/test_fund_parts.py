"""What the fund and the staked pool can pay, worked by hand."""

from hullmark.clearing._fund_parts import (
    allocations_of,
    backstop_quanta,
    before_deleveraging,
    fund_pays,
    market_of,
)
from hullmark.domain import commands

from .bank import ANN, BOB, FUND, Bank, deposit, opened, trade, tree

STAKERS = 150
USDT = 10**6


def venue(*, pooled=True, steps=("fund", "backstop", "bad-debt"), staked="5 USDT"):
    """Return a bank whose fund of 10 keeps 2 for perpetuals and 3 for ether, and Ann in hand.

    She is long 8 bitcoin at 100 and 20 ether at 10: 800 against 200 at the trigger.
    """
    rules = tree(chain=[{"stage": "partial"}])
    rules["waterfall"] = {"steps": steps, "fund": {"pooled": pooled}}
    if "backstop" in steps:
        rules["pools"] = {"stakers": {"account": STAKERS, "asset": "USDT"}}
        rules["waterfall"]["backstop"] = "stakers"
    bank = Bank(rules).found()
    bank.do(opened(STAKERS), deposit(FUND, "10 USDT"), deposit(ANN, "110 USDT"))
    bank.do(
        commands.AllocateFund(instrument="PERP", asset="USDT", quanta=2 * USDT),
        commands.AllocateFund(instrument="ETHER", asset="USDT", quanta=3 * USDT),
        *([deposit(STAKERS, staked)] if staked else []),
        trade(ANN, 8, "PERP", "100"),
        trade(ANN, 20, "ETHER", "10"),
    )
    return bank


def in_hand(**terms):
    bank = venue(**terms)
    bank.pass_time(1, usd="90")
    assert ANN in bank.state.episodes
    return bank


def parts(found):
    return [(part.market, part.quanta) for part in found]


def test_what_is_set_aside_for_no_market_is_free():
    found = allocations_of(venue().state, 0)
    assert found.unallocated_quanta == 5 * USDT
    assert dict(found.markets) == {"PERP": 2 * USDT, "ETHER": 3 * USDT}


def test_parts_in_another_asset_are_apart():
    found = allocations_of(venue().state, 1)
    assert (found.unallocated_quanta, dict(found.markets)) == (0, {})


def test_a_liquidation_is_counted_to_the_market_with_most_of_its_notional():
    state = in_hand(pooled=False).state
    assert (market_of(state, ANN), market_of(state, BOB)) == ("PERP", None)


def test_where_parts_are_pooled_it_is_counted_to_none():
    assert market_of(in_hand().state, ANN) is None


def test_pooled_parts_pay_all_that_the_fund_has():
    state = in_hand().state
    assert fund_pays(state, "PERP", 0, 6 * USDT)[0] == 6 * USDT
    assert fund_pays(state, "PERP", 0, 99 * USDT)[0] == 10 * USDT


def test_unless_parts_are_pooled_a_market_pays_first_and_never_for_another():
    state = in_hand(pooled=False).state
    paid, found = fund_pays(state, "PERP", 0, USDT)
    assert (paid, parts(found)) == (USDT, [("PERP", USDT)])
    paid, found = fund_pays(state, "PERP", 0, 99 * USDT)
    assert (paid, parts(found)) == (7 * USDT, [("PERP", 2 * USDT), (None, 5 * USDT)])


def test_the_staked_pool_has_what_it_holds_of_its_own_asset():
    state = in_hand().state
    assert (backstop_quanta(state, ANN, 0), backstop_quanta(state, ANN, 1)) == (5 * USDT, 0)
    assert backstop_quanta(state, STAKERS, 0) == 0  # it is not insured by itself
    assert backstop_quanta(in_hand(staked=None).state, ANN, 0) == 0
    assert backstop_quanta(in_hand(steps=("fund", "bad-debt")).state, ANN, 0) == 0


def test_deleveraging_is_for_what_fund_and_pool_do_not_pay():
    state = in_hand().state
    assert before_deleveraging(state, ANN, "PERP", 0, 12 * USDT) == 12 * USDT
    assert before_deleveraging(state, ANN, "PERP", 0, 99 * USDT) == 15 * USDT
    assert before_deleveraging(state, STAKERS, "PERP", 0, 99 * USDT) == 10 * USDT
    assert before_deleveraging(in_hand(steps=("bad-debt",)).state, ANN, "PERP", 0, 99 * USDT) == 0
