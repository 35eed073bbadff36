"""Tests of the paper venue: delay, limits, depth, memory, and on whose side a price is rounded."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

from hullmark.core import NANO, SECOND_NS
from hullmark.domain import events
from hullmark.sim._paper_venue import PaperVenue
from hullmark.sim._path import MarketPath

START_NS = 1_760_130_000 * NANO
PRICE, LOT = 100.0, 0.5
DEPTH_USD = 1_000.0  # within one percent: a tenth of what is traded


def path_of(seconds=300, trade=PRICE, factor=1.0):
    shape = (seconds + 1, 1)
    return MarketPath(
        symbols=("A",),
        start_ns=START_NS,
        trade=np.full(shape, trade),
        mark=np.full(shape, trade),
        notional=np.full(shape, 10 * DEPTH_USD),
        depth_factor=np.full(seconds + 1, factor),
        observations=np.array([0, seconds]),
        funding=(),
        kind="scenario",
        text="flat",
        files=(),
    )


def paper_of(path=None, *, delay_s=2, half_life_s=60, feedback=False):
    return PaperVenue(
        path or path_of(),
        ("A-PERP",),
        lots={"A-PERP": LOT},
        maker=100,
        delay_ns=delay_s * SECOND_NS,
        half_life_ns=half_life_s * SECOND_NS,
        depth_share=0.1,
        feedback=feedback,
    )


def order_of(lots, limit, number=1):
    return events.LiquidationOrdered(
        order=number,
        account=200,
        instrument="A-PERP",
        lots=lots,
        limit_nano=round(limit * NANO),
        deadline_ns=START_NS + 30 * SECOND_NS,
        notional_nano=0,
    )


def filled(paper, *orders, after_s=2):
    for order in orders:
        paper.send(order)
    paper.now_ns += after_s * SECOND_NS
    return list(paper.fills())


def test_an_order_arrives_after_the_delay_and_not_before():
    paper = paper_of(delay_s=2)
    assert paper.next_ns is None
    paper.send(order_of(-2, 90.0))
    assert paper.next_ns == START_NS + 2 * SECOND_NS
    paper.now_ns = START_NS + SECOND_NS
    assert list(paper.fills()) == []
    paper.now_ns = START_NS + 2 * SECOND_NS
    (fill,) = paper.fills()
    assert (fill.order, fill.lots, fill.counterparty, fill.final) == (1, -2, 100, True)
    assert fill.arrival_nano == 100 * NANO


def test_without_a_delay_an_order_is_filled_at_once():
    assert filled(paper_of(delay_s=0), order_of(-2, 90.0), after_s=0)[0].lots == -2


# 20 lots are 1,000 USD, which move the price by 1 %: the mean of 0 and 1 % is paid.
@pytest.mark.parametrize(("lots", "limit", "price"), [(-20, 90.0, 99.5), (20, 110.0, 100.5)])
def test_an_order_walks_the_book_and_pays_the_mean(lots, limit, price):
    (fill,) = filled(paper_of(), order_of(lots, limit))
    assert fill.lots == lots
    assert fill.price_nano / NANO == pytest.approx(price, abs=2e-9)


def test_an_order_is_filled_as_far_as_its_limit_and_no_further():
    (fill,) = filled(paper_of(), order_of(-100, 98.0))  # 2 % are 2,000 USD: 40 lots
    assert fill.lots == -40
    assert fill.price_nano == pytest.approx(99 * NANO, abs=2)
    (nothing,) = filled(paper_of(), order_of(-100, 101.0))  # the market is beyond the limit
    assert (nothing.lots, nothing.final) == (0, True)
    assert nothing.price_nano == nothing.arrival_nano == 100 * NANO


@given(
    st.integers(1, 400), st.floats(80.0, 99.9), st.booleans(), st.integers(0, 50),
)  # fmt: skip
def test_no_fill_is_beyond_its_limit_or_its_order(lots, away, selling, earlier):
    paper = paper_of()
    limit = away if selling else 200.0 - away
    sign = -1 if selling else 1
    if earlier:
        filled(paper, order_of(sign * earlier, 50.0 if selling else 150.0))
    order = order_of(sign * lots, limit, number=2)
    (fill,) = filled(paper, order)
    assert 0 <= fill.lots * sign <= lots
    if fill.lots:
        assert (fill.price_nano - order.limit_nano) * sign <= 0


@given(st.lists(st.integers(1, 10), min_size=1, max_size=8))
def test_slices_at_one_instant_cost_what_the_whole_does(slices):
    whole, sliced = paper_of(), paper_of()
    (one,) = filled(whole, order_of(-sum(slices), 50.0))
    parts = filled(sliced, *(order_of(-n, 50.0, k) for k, n in enumerate(slices, 1)))
    cost = sum(part.lots * part.price_nano for part in parts)
    assert cost == pytest.approx(one.lots * one.price_nano, rel=1e-9)
    assert sliced.depth_used_usd == pytest.approx(whole.depth_used_usd)


def test_half_of_a_push_is_forgotten_in_every_half_life():
    paper = paper_of(half_life_s=60)
    filled(paper, order_of(-20, 50.0))  # leaves the bids 1 % down
    (later,) = filled(paper, order_of(-20, 50.0, number=2), after_s=60)
    assert later.price_nano / NANO == pytest.approx(100 * (1 - (0.005 + 0.015) / 2), abs=2e-9)


def test_sales_do_not_push_the_asks():
    paper = paper_of()
    filled(paper, order_of(-20, 50.0))
    (bought,) = filled(paper, order_of(20, 150.0, number=2), after_s=2)
    assert bought.price_nano / NANO == pytest.approx(100.5, abs=2e-9)


def test_an_empty_book_fills_nothing():
    (fill,) = filled(paper_of(path_of(factor=0.0)), order_of(-1, 50.0))
    assert fill.lots == 0


@pytest.mark.parametrize("feedback", [False, True])
def test_own_orders_move_the_price_with_feedback_only(feedback):
    paper = paper_of(feedback=feedback)
    filled(paper, order_of(-20, 50.0))
    assert paper.moved_share(0) == (pytest.approx(-0.01) if feedback else 0.0)
    (later,) = filled(paper, order_of(-2, 50.0, number=2), after_s=2)
    moved = 0.01 * 0.5 ** (2 / 60) if feedback else 0.0
    assert later.arrival_nano / NANO == pytest.approx(100 * (1 - moved), abs=2e-9)


def test_prices_are_rounded_against_the_account_that_is_liquidated():
    price = 1 / 3
    path = path_of(trade=price)
    (sold,) = filled(paper_of(path), order_of(-1, 0.1))
    (bought,) = filled(paper_of(path), order_of(1, 0.9))
    per_share = DEPTH_USD / 0.01
    average = 0.5 * LOT * price / per_share
    assert sold.price_nano == math.floor(price * (1 - average) * NANO)
    assert bought.price_nano == math.ceil(price * (1 + average) * NANO)
