"""Maker's auctions from start to reset: the cases that MakerDAO has published, and each refusal."""

import pytest
from msgspec.structs import replace

from hullmark.errors import AmountOverflowError, InvalidInputError
from hullmark.rulebooks.maker import (
    RAD,
    RAY,
    WAD,
    Clipper,
    ClipRefusal,
    LinearDecrease,
    Sale,
    StairstepExponentialDecrease,
    feed_price,
    filed,
    get_status,
    incentive,
    kick,
    redo,
    removed,
    sale_price,
    take,
    upchost,
    yank,
)

# MakerDAO, dss, src/test/clip.t.sol [75cf04b]: 40 gold for 110 at an oracle of 4, buffer of 25 %.
START = 604_411_200
STAIRS = StairstepExponentialDecrease(cut=RAY - RAY // 100, step=1)
EMPTY = Clipper(calc=STAIRS, buf=125 * RAY // 100, cusp=3 * RAY // 10, tail=3600, chost=22 * RAD)


def started(clipper=EMPTY, now=START):
    return kick(clipper, tab=110 * RAD, lot=40 * WAD, usr="me", val=4 * WAD, now=now)


# test_kick: first without a buffer, for a fee of 100; then with one, for 2 % of the target besides.
def test_a_start_sets_the_price_and_pays_the_keeper():
    first = started(replace(EMPTY, buf=RAY, tip=100 * RAD))
    assert (first.id, first.top, first.coin) == (1, 4 * RAY, 100 * RAD)
    assert first.clipper.sales[1] == Sale(
        tab=110 * RAD, lot=40 * WAD, usr="me", tic=START, top=4 * RAY
    )
    priced = replace(first.clipper, buf=125 * RAY // 100, chip=2 * WAD // 100)
    second = started(priced, START + 100)
    assert (second.id, second.top) == (2, 5 * RAY)
    assert second.coin == 100 * RAD + 110 * RAD * 2 // 100
    assert second.clipper.active == (1, 2)
    assert second.clipper.sales[2].tic == START + 100


@pytest.mark.parametrize(
    ("change", "terms", "refusal"),
    [
        ({"stopped": 1}, {}, ClipRefusal.STOPPED_INCORRECT),
        ({}, {"tab": 0, "lot": 0}, ClipRefusal.ZERO_TAB),
        ({}, {"lot": 0}, ClipRefusal.ZERO_LOT),
        ({}, {"usr": None}, ClipRefusal.ZERO_USR),
        ({}, {"usr": ""}, ClipRefusal.ZERO_USR),
        ({}, {"val": None}, ClipRefusal.INVALID_PRICE),
        ({}, {"val": 0}, ClipRefusal.ZERO_TOP_PRICE),
        ({"buf": 0}, {}, ClipRefusal.ZERO_TOP_PRICE),
    ],
)
def test_a_start_is_refused_as_the_contract_refuses_it(change, terms, refusal):
    asked = {"tab": WAD, "lot": 2 * WAD, "usr": "me", "val": 4 * WAD, "now": START} | terms
    assert kick(replace(EMPTY, **change), **asked) == refusal


def test_a_price_over_par_is_rounded_down():
    assert feed_price(5 * WAD) == 5 * RAY
    assert feed_price(WAD, 3 * RAY) == RAY // 3


# test_auction_reset_tail and test_auction_reset_cusp: a line to nothing in ten hours, and in one.
@pytest.mark.parametrize(("tau", "due"), [(36_000, 3601), (3600, 1801)])
def test_a_reset_is_due_a_second_after_the_limit_and_takes_the_price_of_then(tau, due):
    clipper = replace(EMPTY, calc=LinearDecrease(tau), cusp=RAY // 2)
    clipper = started(clipper).clipper
    assert not get_status(clipper, 1, now=START + due - 1).needs_redo
    assert redo(clipper, 1, val=3 * WAD, now=START + due - 1) == ClipRefusal.CANNOT_RESET
    assert get_status(clipper, 1, now=START + due).needs_redo
    assert take(clipper, 1, amt=WAD, price_max=5 * RAY, now=START + due) == ClipRefusal.NEEDS_RESET
    again = redo(clipper, 1, val=3 * WAD, now=START + due)
    sale = again.clipper.sales[1]
    assert (sale.tic, sale.top) == (START + due, 375 * RAY // 100)
    assert (sale.tab, sale.lot, sale.usr) == (110 * RAD, 40 * WAD, "me")
    # test_auction_reset_tail_twice, test_auction_reset_cusp_twice
    assert redo(again.clipper, 1, val=3 * WAD, now=START + due) == ClipRefusal.CANNOT_RESET


@pytest.mark.parametrize(
    ("change", "val", "refusal"),
    [
        ({"stopped": 2}, 4 * WAD, ClipRefusal.STOPPED_INCORRECT),
        ({"active": (), "sales": {}}, 4 * WAD, ClipRefusal.NOT_RUNNING_AUCTION),
        ({}, None, ClipRefusal.INVALID_PRICE),
        ({}, 0, ClipRefusal.ZERO_TOP_PRICE),
    ],
)
def test_a_reset_is_refused_as_the_contract_refuses_it(change, val, refusal):
    clipper = replace(started().clipper, **change)
    assert redo(clipper, 1, val=val, now=START + 3601) == refusal


def test_a_breaker_of_level_one_still_allows_a_reset():
    clipper = replace(started().clipper, stopped=1)
    assert redo(clipper, 1, val=3 * WAD, now=START + 3601).top == 375 * RAY // 100


# test_redo_incentive, in its order.
def test_a_reset_pays_the_keeper_but_not_for_dust():
    clipper = replace(started().clipper, tip=100 * RAD)
    now = START + 300
    first = redo(clipper, 1, val=4 * WAD, now=now)
    assert first.coin == 100 * RAD
    clipper = replace(first.clipper, chip=2 * WAD // 100)
    second = redo(clipper, 1, val=4 * WAD, now=now + 300)
    assert second.coin == 100 * RAD + 22 * RAD // 10
    third = redo(replace(second.clipper, tip=0), 1, val=4 * WAD, now=now + 600)
    assert third.coin == 22 * RAD // 10
    dusty = upchost(third.clipper, dust=100 * RAD + 1, chop=11 * WAD // 10)
    assert dusty.chost == 110 * RAD + 1
    fourth = redo(dusty, 1, val=4 * WAD, now=now + 900)
    assert fourth.coin == 0
    clipper = upchost(fourth.clipper, dust=20 * RAD, chop=11 * WAD // 10)
    assert clipper.chost == 22 * RAD
    status = get_status(clipper, 1, now=now + 1000)
    assert status.price == 1830161706366147524653080130
    bought = take(clipper, 1, amt=38 * WAD, price_max=5 * RAY, now=now + 1000)
    assert bought.tab == 110 * RAD - 38 * WAD * status.price
    assert bought.lot == 2 * WAD
    fifth = redo(bought.clipper, 1, val=4 * WAD, now=now + 1300)
    assert fifth.coin == 0


def test_a_reset_without_rewards_asks_for_no_product():
    clipper = replace(started().clipper, chost=0)
    assert redo(clipper, 1, val=4 * WAD, now=START + 3601).coin == 0
    assert incentive(replace(clipper, tip=7), 3 * RAD) == 7


def test_a_sale_that_does_not_run_asks_for_nothing():
    status = get_status(EMPTY, 1, now=START)
    assert (status.needs_redo, status.price, status.lot, status.tab) == (False, 0, 0, 0)


def test_no_time_is_before_the_start():
    clipper = started().clipper
    with pytest.raises(InvalidInputError, match=f"now must be >= {START}, the start"):
        sale_price(clipper, clipper.sales[1], START - 1)


# test_remove_id: the last takes the place of the one that goes.
def test_the_last_sale_takes_the_place_of_one_that_ends():
    sales = {number: Sale(tab=1, lot=1, usr="me", tic=0, top=1) for number in range(1, 6)}
    clipper = replace(EMPTY, kicks=5, active=(1, 2, 3, 4, 5), sales=sales)
    assert removed(clipper, 3).active == (1, 2, 5, 4)
    assert removed(removed(clipper, 3), 4).active == (1, 2, 5)
    assert sorted(removed(clipper, 3).sales) == [1, 2, 4, 5]
    assert removed(clipper, 5).active == (1, 2, 3, 4)


# test_Clipper_yank
def test_a_sale_that_is_called_off_is_gone():
    clipper, sale = yank(started().clipper, 1)
    assert (clipper.active, clipper.sales) == ((), {})
    assert (sale.tab, sale.lot) == (110 * RAD, 40 * WAD)
    assert yank(clipper, 1) == ClipRefusal.NOT_RUNNING_AUCTION


# test_incentive_max_values
def test_rewards_keep_the_bits_that_fit():
    most = filed(filed(EMPTY, "chip", 2**64 - 1), "tip", 2**192 - 1)
    assert (most.chip, most.tip) == (2**64 - 1, 2**192 - 1)
    none = filed(filed(EMPTY, "chip", 2**64), "tip", 2**192)
    assert (none.chip, none.tip) == (0, 0)
    assert filed(EMPTY, "stopped", 3).stopped == 3
    with pytest.raises(InvalidInputError, match="Clipper/file-unrecognized-param"):
        filed(EMPTY, "chost", 1)


def test_a_state_that_cannot_be_is_refused():
    with pytest.raises(InvalidInputError, match="active must name the sales"):
        replace(EMPTY, active=(1,))
    with pytest.raises(AmountOverflowError, match="chip must fit in 64 bits, was of 65 bits"):
        replace(EMPTY, chip=2**64)
