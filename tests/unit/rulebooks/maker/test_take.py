"""Maker's purchases: the cases that MakerDAO has published, each refusal, and laws."""

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from hullmark.rulebooks.maker import (
    RAD,
    RAY,
    WAD,
    Clipper,
    ClipRefusal,
    Dog,
    Ilk,
    StairstepExponentialDecrease,
    Take,
    Urn,
    bark,
    digs,
    get_status,
    kick,
    slice_and_owe,
    take,
)

# MakerDAO, dss, src/test/clip.t.sol [75cf04b], modifier takeSetup: 40 gold for 110 from a price of
# 5, which falls by 1 % a second; dust with penalty of 22.
START = 604_411_200
CLIPPER = kick(
    Clipper(
        calc=StairstepExponentialDecrease(cut=RAY - RAY // 100, step=1),
        buf=125 * RAY // 100,
        cusp=3 * RAY // 10,
        tail=3600,
        chost=22 * RAD,
    ),
    tab=110 * RAD,
    lot=40 * WAD,
    usr="me",
    val=4 * WAD,
    now=START,
).clipper


def bought(amt, *, clipper=CLIPPER, price_max=5 * RAY, after=0):
    return take(clipper, 1, amt=amt, price_max=price_max, now=START + after)


# test_take_over_tab and test_take_at_tab
@pytest.mark.parametrize("amt", [25 * WAD, 22 * WAD])
def test_no_more_is_sold_than_the_target_costs_and_the_rest_is_returned(amt):
    found = bought(amt)
    assert (found.slice, found.owe, found.returned) == (22 * WAD, 110 * RAD, 18 * WAD)
    assert (found.tab, found.lot, found.digs, found.ended) == (0, 18 * WAD, 110 * RAD, True)
    assert found.clipper.sales == {}


# test_take_under_tab
def test_a_part_is_sold_and_the_sale_goes_on():
    found = bought(11 * WAD)
    assert (found.slice, found.owe, found.digs, found.returned) == (11 * WAD, 55 * RAD, 55 * RAD, 0)
    assert not found.ended
    sale = found.clipper.sales[1]
    assert (sale.tab, sale.lot, sale.tic, sale.top) == (55 * RAD, 29 * WAD, START, 5 * RAY)


# test_take_full_lot_partial_tab: after 69 seconds the whole lot brings about 100 of the 110.
def test_a_lot_sold_out_ends_the_sale_and_frees_the_limit_whole():
    found = bought(40 * WAD, price_max=25 * RAY // 10, after=69)
    assert found.slice == 40 * WAD
    assert 0 <= 100 * RAD - found.owe < RAD // 10
    assert (found.digs, found.returned, found.ended) == (110 * RAD, 0, True)
    assert found.tab == 110 * RAD - found.owe


# test_take_bid_recalculates_due_to_chost_check
def test_a_purchase_that_would_leave_dust_leaves_exactly_chost():
    found = bought(18 * WAD)
    assert found.tab == CLIPPER.chost
    assert found.lot == 40 * WAD - (110 * RAD - CLIPPER.chost) // (5 * RAY)
    assert found.owe == 88 * RAD


# test_take_bid_avoids_recalculate_due_no_more_lot
def test_dust_does_not_matter_where_the_lot_is_sold_out():
    assert get_status(CLIPPER, 1, now=START + 60).price == 2735783211953807380973706855
    found = bought(40 * WAD, price_max=28 * RAY // 10, after=60)
    assert found.owe == 40 * WAD * 2735783211953807380973706855 < 110 * RAD
    assert found.ended


# test_take_bid_fails_no_partial_allowed
def test_at_chost_the_lot_is_sold_whole_or_not_at_all():
    first = bought(176 * WAD // 10)
    assert (first.tab, first.lot) == (22 * RAD, 224 * WAD // 10)
    assert bought(WAD, clipper=first.clipper) == ClipRefusal.NO_PARTIAL_PURCHASE
    last = bought(22 * RAD // (5 * RAY), clipper=first.clipper)
    assert (last.tab, last.ended) == (0, True)


# test_take_multiple_bids_different_prices
def test_buyers_pay_the_price_of_their_moment():
    first = bought(10 * WAD)
    assert (first.tab, first.lot) == (60 * RAD, 30 * WAD)
    second = bought(30 * WAD, clipper=first.clipper, after=30)
    assert second.price // 10**14 == 36985018669414  # 5 * 0.99**30
    assert second.slice == RAY * 60 * WAD // second.price
    assert (second.owe, second.returned) == (60 * RAD, 30 * WAD - second.slice)


@pytest.mark.parametrize("stopped", [1, 2])
def test_a_breaker_below_level_three_lets_buyers_in(stopped):
    assert bought(25 * WAD, clipper=replace(CLIPPER, stopped=stopped)).slice == 22 * WAD


def test_a_purchase_is_refused_in_the_order_of_the_contract():
    stopped = replace(CLIPPER, stopped=3)
    assert take(stopped, 2, amt=WAD, price_max=0, now=START) == ClipRefusal.STOPPED_INCORRECT
    assert take(CLIPPER, 2, amt=WAD, price_max=0, now=START) == ClipRefusal.NOT_RUNNING_AUCTION
    assert bought(WAD, price_max=0, after=3601) == ClipRefusal.NEEDS_RESET
    assert bought(22 * WAD, price_max=4 * RAY) == ClipRefusal.TOO_EXPENSIVE
    assert bought(22 * WAD, price_max=5 * RAY - 1) == ClipRefusal.TOO_EXPENSIVE


def test_buying_nothing_changes_nothing_unless_only_dust_is_left():
    assert bought(0).clipper == CLIPPER
    terms = {"tab": 21 * RAD, "lot": WAD, "amt": 0, "chost": 22 * RAD}
    assert slice_and_owe(price=5 * RAY, **terms) == ClipRefusal.NO_PARTIAL_PURCHASE
    assert slice_and_owe(price=0, **terms) == ClipRefusal.NO_PARTIAL_PURCHASE


TABS = st.integers(1, 10**6 * RAD)
LOTS = st.integers(1, 10**6 * WAD)
PRICES = st.integers(1, 10**5 * RAY)


@given(TABS, LOTS, PRICES, LOTS, st.integers(0, 10**5 * RAD))
def test_a_purchase_leaves_no_dust_and_costs_at_least_its_price(tab, lot, price, amt, chost):
    found = slice_and_owe(tab=tab, lot=lot, price=price, amt=amt, chost=chost)
    if isinstance(found, ClipRefusal):
        assert tab <= chost
        return
    part, owe = found
    assert part <= min(lot, amt)
    assert owe <= tab
    assert part * price <= owe < (part + 1) * price or owe == part * price
    assert part == lot or tab - owe == 0 or tab - owe >= chost


@given(TABS, LOTS, PRICES, LOTS, LOTS, st.integers(0, 10**5 * RAD))
def test_two_purchases_at_one_price_beat_one_by_dust_at_most(tab, lot, price, first, second, chost):
    whole = slice_and_owe(tab=tab, lot=lot, price=price, amt=first + second, chost=chost)
    one = slice_and_owe(tab=tab, lot=lot, price=price, amt=first, chost=chost)
    if isinstance(whole, ClipRefusal) or isinstance(one, ClipRefusal):
        return
    left, rest = tab - one[1], lot - one[0]
    two = (0, 0)
    if left and rest:
        found = slice_and_owe(tab=left, lot=rest, price=price, amt=second, chost=chost)
        two = (0, 0) if isinstance(found, ClipRefusal) else found
    parts, paid = one[0] + two[0], one[1] + two[1]
    assert parts * price <= paid  # nobody gets it for less
    assert parts - whole[0] <= chost // price + 1
    assert paid < (parts + 2) * price


# Dirt is the sum of what the open sales have to raise, whatever is bought.
@given(
    st.lists(st.integers(25, 200), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 60), st.integers(0, 40)), max_size=12),
)
def test_the_counter_is_the_sum_of_the_open_targets(debts, purchases):
    ilk = Ilk(rate=RAY, spot=1, dust=20 * RAD, chop=11 * WAD // 10, hole=500 * RAD)
    dog, clipper = Dog(Hole=400 * RAD), replace(CLIPPER, active=(), sales={}, kicks=0)
    for debt in debts:
        found = bark(dog, ilk, Urn(ink=40 * WAD, art=debt * WAD))
        if isinstance(found, str):
            continue
        dog, ilk = found.dog, found.ilk
        clipper = kick(
            clipper, tab=found.tab, lot=found.dink, usr="me", val=4 * WAD, now=START
        ).clipper
    now = START
    for at, amt, passed in purchases:
        now += passed
        if not clipper.active:
            break
        number = clipper.active[at % len(clipper.active)]
        sold = take(clipper, number, amt=amt * WAD, price_max=5 * RAY, now=now)
        if isinstance(sold, Take):
            clipper = sold.clipper
            dog, ilk = digs(dog, ilk, sold.digs)
        assert dog.Dirt == ilk.dirt == sum(sale.tab for sale in clipper.sales.values())
