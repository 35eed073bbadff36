"""Sales of collateral: the cases that MakerDAO has published, borders, and laws."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from hullmark.core import exactly
from hullmark.errors import InvalidInputError
from hullmark.liquidation import (
    CollateralSale,
    LinearCurve,
    Purchase,
    SaleRefusal,
    SaleTerms,
    Slice,
    StairstepCurve,
    open_sale,
    purchase,
    reset_due,
    reset_sale,
    sale_status,
    slice_for,
    start_price,
)
from hullmark.rulebooks.maker import RAD, RAY, WAD, ClipRefusal, slice_and_owe

# MakerDAO, dss, src/test/clip.t.sol [75cf04b], modifier takeSetup: 40 gold for 110 at an oracle of
# 4, buffer of 25 %, 1 % a second, dust with penalty of 22.
TERMS = SaleTerms(
    curve=StairstepCurve(step_s=1, cut="0.99"),
    buffer="1.25",
    tail_s=3600,
    cusp="0.3",
    target_min=22,
)
SALE = open_sale(110, 40, terms=TERMS, oracle=4, now_s=0)


def bought(wanted, *, sale=SALE, terms=TERMS, now_s=0, price_max=None):
    return purchase(sale, terms, now_s=now_s, wanted=wanted, price_max=price_max)


def test_a_sale_begins_at_the_oracle_over_par_times_the_buffer():
    assert (SALE.target, SALE.quantity, SALE.top, SALE.started_s) == (110, 40, 5, 0)
    assert start_price(100, "1.2", par=3, quantum="0.01") == 40
    assert start_price(100, "1.2", par=7, quantum="0.01") == Decimal("17.14")
    assert str(start_price(1, 2, par=3)) == "0." + "6" * 60  # cut, not rounded


# test_auction_reset_tail and _cusp: at the limit the price stands, beyond it a reset is due.
def test_a_reset_is_due_beyond_its_limits_and_not_at_them():
    terms = {"tail_s": 3600, "cusp": "0.5"}
    assert not reset_due(5, 5, 3600, **terms)
    assert reset_due(5, 5, "3600.001", **terms)
    assert not reset_due(5, "2.5", 0, **terms)
    assert reset_due(5, "2.499999999999999999999999999999999999", 0, **terms)
    assert not reset_due(5, 0, 0, tail_s=0, cusp=0)


# test_take_over_tab, test_take_at_tab, test_take_under_tab, test_take_full_lot_partial_tab
def test_a_purchase_settles_as_in_the_published_cases():
    for wanted in (25, 22):
        found = bought(wanted)
        assert (found.quantity, found.paid, found.returned) == (22, 110, 18)
        assert (found.sale, found.released, found.bad_debt) == (None, 110, 0)
    found = bought(11)
    assert (found.quantity, found.paid, found.released) == (11, 55, 55)
    assert (found.sale.target, found.sale.quantity, found.returned) == (55, 29, 0)
    found = bought(40, now_s=69)
    assert 0 <= 100 - found.paid < Decimal("0.1")
    assert (found.sale, found.released, found.returned) == (None, 110, 0)
    assert found.bad_debt + found.paid == 110


# test_take_bid_recalculates_due_to_chost_check, test_take_bid_fails_no_partial_allowed
def test_a_purchase_leaves_exactly_the_least_target_or_takes_all():
    found = bought(18)
    assert (found.quantity, found.paid) == (Decimal("17.6"), 88)
    assert (found.sale.target, found.sale.quantity) == (22, Decimal("22.4"))
    assert bought(1, sale=found.sale) == SaleRefusal.NO_PARTIAL_PURCHASE
    assert bought("4.4", sale=found.sale).returned == 18
    # test_take_bid_avoids_recalculate_due_no_more_lot
    last = bought(40, now_s=60)
    with exactly(100):
        assert last.bad_debt == 110 - 40 * last.price < 1


# test_auction_reset_tail
def test_no_purchase_is_possible_while_a_reset_is_due():
    assert bought(1, now_s=3601) == SaleRefusal.RESET_DUE
    assert bought(1, now_s=3601, price_max=0) == SaleRefusal.RESET_DUE
    assert reset_sale(SALE, TERMS, oracle=3, now_s=0) == SaleRefusal.RESET_NOT_DUE
    again = reset_sale(SALE, TERMS, oracle=3, now_s=3601)
    assert (again.top, again.started_s) == (Decimal("3.75"), 3601)
    assert (again.target, again.quantity) == (110, 40)
    assert isinstance(bought(1, sale=again, now_s=3601), Purchase)


@given(st.integers(0, 10_000), st.integers(1, 40))
def test_a_purchase_and_a_reset_are_never_both_possible(now_s, wanted):
    due = sale_status(SALE, TERMS, now_s).reset_due
    assert (bought(wanted, now_s=now_s) == SaleRefusal.RESET_DUE) is due
    assert isinstance(reset_sale(SALE, TERMS, oracle=4, now_s=now_s), CollateralSale) is due


def test_a_buyer_pays_no_more_than_the_limit():
    assert bought(22, price_max=4) == SaleRefusal.TOO_EXPENSIVE
    assert bought(22, price_max="4.99999999999999999") == SaleRefusal.TOO_EXPENSIVE
    assert bought(22, price_max=5).price == 5


def test_quantities_from_money_are_rounded_down_and_the_money_stands():
    found = slice_for(100, 50, price=3, wanted=50, target_min=0, quantum="0.01")
    assert found == Slice(Decimal("33.33"), Decimal(100), True)
    assert str(slice_for(100, 50, price=3, wanted=50, target_min=0).quantity)[-1] == "3"
    terms = SaleTerms(curve=LinearCurve(7), buffer=1, tail_s=9, cusp=0, price_quantum="0.01")
    sale = open_sale(100, 50, terms=terms, oracle=1, now_s=0)
    assert sale_status(sale, terms, 1).price == Decimal("0.85")


def test_a_price_of_nothing_sells_the_lot_for_nothing_or_not_at_all():
    assert slice_for(110, 40, price=0, wanted=40, target_min=22) == Slice(
        Decimal(40), Decimal(0), False
    )
    assert slice_for(21, 40, price=0, wanted=1, target_min=22) == SaleRefusal.NO_PARTIAL_PURCHASE


WADS = st.integers(1, 10**6 * WAD)


@given(WADS, WADS, st.integers(1, 10**4 * RAY), WADS, st.integers(0, 10**4 * RAD))
def test_a_slice_is_that_of_the_contract(tab, lot, price, amt, chost):
    tab *= RAY
    theirs = slice_and_owe(tab=tab, lot=lot, price=price, amt=amt, chost=chost)
    with exactly(200):
        ours = slice_for(
            Decimal(tab) / RAD,
            Decimal(lot) / WAD,
            price=Decimal(price) / RAY,
            wanted=Decimal(amt) / WAD,
            target_min=Decimal(chost) / RAD,
            quantum="1e-18",
        )
        if isinstance(theirs, ClipRefusal):
            assert ours == SaleRefusal.NO_PARTIAL_PURCHASE
        else:
            assert (ours.quantity * WAD, ours.paid * RAD) == theirs


AMOUNTS = st.decimals("0.01", 1000, places=2)


@given(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS)
def test_splitting_a_purchase_beats_one_by_dust_at_most(target, quantity, first, second, dust):
    terms = SaleTerms(curve=LinearCurve(9), buffer=1, tail_s=9, cusp=0, target_min=dust)
    sale = open_sale(target, quantity, terms=terms, oracle=3, now_s=0)
    whole, one = (bought(w, sale=sale, terms=terms) for w in (first + second, first))
    if isinstance(whole, SaleRefusal) or isinstance(one, SaleRefusal):
        return
    two = bought(second, sale=one.sale, terms=terms) if one.sale else SaleRefusal.RESET_DUE
    with exactly():
        parts = [one] if isinstance(two, SaleRefusal) else [one, two]
        paid, got = sum(p.paid for p in parts), sum(p.quantity for p in parts)
        assert got * 3 <= paid
        assert got - whole.quantity <= dust / 3 + Decimal("1e-50")


@given(st.lists(st.tuples(st.integers(0, 30), AMOUNTS), max_size=8))
def test_what_is_released_and_what_is_open_are_the_target(purchases):
    sale, now_s, released, owed, left = SALE, 0, Decimal(0), Decimal(0), Decimal(0)
    for passed_s, wanted in purchases:
        now_s += passed_s
        found = bought(wanted, sale=sale, now_s=now_s)
        if isinstance(found, SaleRefusal):
            continue
        with exactly(200):
            released += found.released
            owed += found.paid + found.bad_debt
        left = found.sale.target if found.sale else Decimal(0)
        assert released == owed
        with exactly(200):
            assert released + left == 110
        if found.sale is None:
            break
        sale = found.sale


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda: start_price(0, 1), "oracle must be > 0, was 0"),
        (lambda: start_price(1, 1, par=0), "par must be > 0, was 0"),
        (lambda: reset_due(1, 1, 1, tail_s=1, cusp=2), r"cusp must be in \[0, 1\], was 2"),
        (lambda: sale_status(SALE, TERMS, -1), "now_s must be >= 0"),
        (lambda: bought(-1), "wanted must be >= 0, was -1"),
        (lambda: bought(1, price_max=-1), "price_max must be >= 0, was -1"),
        (lambda: open_sale(0, 1, terms=TERMS, oracle=1, now_s=0), "target must be > 0, was 0"),
        (
            lambda: SaleTerms(curve=LinearCurve(1), buffer=0, tail_s=1, cusp=0),
            "buffer must be > 0, was 0",
        ),
        (
            lambda: SaleTerms(curve=LinearCurve(1), buffer=1, tail_s=1, cusp=0, price_quantum=0),
            "price_quantum must be > 0, was 0",
        ),
    ],
)
def test_what_is_out_of_range_is_refused(call, rule):
    with pytest.raises(InvalidInputError, match=rule):
        call()


def test_no_time_is_before_the_start():
    later = open_sale(110, 40, terms=TERMS, oracle=4, now_s=100)
    with pytest.raises(InvalidInputError, match="now_s must be >= 100, the start, was 99"):
        sale_status(later, TERMS, 99)
