"""Manipulation cost: its parts against the book itself, two incidents, and what a cap promises."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.market import (
    MANIPULATION_MOVES,
    manipulation_cost,
    manipulation_report,
    oi_cap,
    take,
)

DEPTHS = st.decimals(1, 10**9, places=2)
SHARES = st.decimals(0, 1, places=4)
WEIGHTS = st.decimals("0.05", 1, places=3)
MOVES = st.decimals(-1, 3, places=4).filter(bool)
FEES = st.decimals(0, "0.05", places=4)


# The round trip in the book: sales that would go on below zero bring nothing there.
def walked(depth, move, fee, kept, weight):
    depth, move, fee, kept, weight = map(Fraction, (depth, move, fee, kept, weight))
    push, band = abs(move) / weight, Fraction(1, 100)
    notional = push * depth / band
    way = 1 if move > 0 else -1
    there = notional * (1 + way * push / 2)
    start = 1 + way * kept * push
    bids = start if move > 0 else None
    filled = notional if bids is None else min(notional, bids * depth / band)
    back = filled * (start - way * (filled * band / depth) / 2)
    loss = way * (there - back)
    return loss + fee * (there + back)


@given(DEPTHS, MOVES, FEES, SHARES, WEIGHTS)
def test_the_cost_is_that_of_walking_the_book_there_and_back(depth, move, fee, kept, weight):
    assume(move > -weight)
    cost = manipulation_cost(depth, move, fee=fee, kept=kept, weight=weight)
    expected = walked(depth, move, fee, kept, weight)
    assert abs(Fraction(cost) - expected) <= Fraction(1, 10**30)
    assert cost >= 0


@given(DEPTHS, st.decimals("0.001", "0.99", places=3))
def test_each_way_costs_what_the_order_book_takes(depth, push):
    notional = float(depth * 100 * push)
    taken = take(notional, depth_usd=float(depth), push=0.0, push_max=10.0)
    assert float(manipulation_cost(depth, push)) == pytest.approx(2 * notional * taken.average)
    assert manipulation_cost(depth, push) == manipulation_cost(depth, -push)


@given(DEPTHS, MOVES, WEIGHTS)
def test_a_push_that_is_kept_comes_back_free_but_for_fees(depth, move, weight):
    assume(move > -weight)
    assert abs(manipulation_cost(depth, move, kept=1, weight=weight)) < Decimal("1e-40")
    assert manipulation_cost(depth, move, fee="0.001", kept=1, weight=weight) > 0


@given(DEPTHS, MOVES, SHARES, WEIGHTS)
def test_more_depth_less_weight_and_a_longer_wait_cost_more(depth, move, kept, weight):
    assume(move > -weight / 2)
    terms = {"kept": kept, "weight": weight}
    cost = manipulation_cost(depth, move, **terms)
    nearly = cost * (1 - Decimal("1e-25"))
    assert manipulation_cost(2 * depth, move, **terms) >= 2 * nearly
    assert manipulation_cost(depth, move, **(terms | {"weight": weight / 2})) >= nearly
    assert manipulation_cost(depth, move, **(terms | {"kept": kept / 2})) >= nearly


@given(DEPTHS, FEES, FEES, SHARES, WEIGHTS, st.decimals("0.01", 1, places=2))
def test_at_the_cap_no_move_of_the_report_pays(depth, fee, position_fee, kept, weight, mine):
    terms = {
        "fee": fee,
        "position_fee": position_fee,
        "kept": kept,
        "weight": weight,
        "attacker_share": mine,
    }
    worst = oi_cap(manipulation_report(depth, 0, **terms))
    assert worst is not None
    at_cap = manipulation_report(depth, worst.oi_cap_usd, **terms)
    assert max(point.profit_usd for point in at_cap) <= 0
    above = manipulation_report(depth, worst.oi_cap_usd + Decimal("0.02"), **terms)
    assert max(point.profit_usd for point in above) > 0


# What no grid can promise; a fall of the source by more than 99.9 % may need ever less.
@given(
    FEES,
    st.just(0) | st.decimals(0, "0.05", places=4) | st.decimals(0, 1, places=2),
    st.just(0) | SHARES,
    WEIGHTS,
    st.decimals("-0.999", 4, places=4),
)
def test_no_other_move_needs_a_smaller_cap_than_the_report(fee, position_fee, kept, weight, move):
    move = weight * move
    assume(abs(move) >= Decimal("0.0005"))
    terms = {"fee": fee, "position_fee": position_fee, "kept": kept, "weight": weight}
    least = oi_cap(manipulation_report(10**6, 0, **terms))
    (other,) = manipulation_report(10**6, 0, [move], **terms)
    if other.oi_cap_usd is not None:
        assert least.oi_cap_usd <= other.oi_cap_usd + Decimal("0.01")


@pytest.mark.parametrize(("kept", "way"), [("0", -1), ("0.5", -1), ("0.5", 1)])
def test_the_least_of_every_branch_is_among_the_moves(kept, way):
    terms = {"fee": "0.002", "position_fee": "0.9", "kept": kept, "weight": "0.7"}
    if way < 0:
        terms["position_fee"] = "0.01"
    points = [p for p in manipulation_report(10**6, 0, **terms) if p.move * way > 0]
    least = oi_cap(points)
    assert least.move not in MANIPULATION_MOVES
    for factor in ("0.99999", "1.00001"):
        near = [least.move * Decimal(factor)]
        assert manipulation_report(10**6, 0, near, **terms)[0].oi_cap_usd >= least.oi_cap_usd


def test_a_report_of_its_own_moves_rises_and_has_the_least_both_ways():
    moves = [p.move for p in manipulation_report(1, 1, fee="0.001", position_fee="0.002")]
    assert moves == sorted(moves)
    assert set(MANIPULATION_MOVES) < set(moves)
    least = sorted(set(moves) - set(MANIPULATION_MOVES))
    root = Decimal("0.00482842712475")  # 0.002 (1 + sqrt 2)
    assert least == [-root, root]


# Without memory and with a round trip in the source at F = 2 f: C / (m - p) is least at
# m = p + sqrt(p^2 + F p); with F = p the cap is 100 (3 + 2 sqrt 2) p D.
@given(st.decimals(10**6, 10**9, places=2), st.decimals("0.0001", "0.01", places=4))
def test_the_least_cap_has_its_closed_form(depth, fee):
    root = Decimal(2).sqrt()
    best = fee * (1 + root)
    near = [best * Decimal(n) / 100 for n in range(50, 200)]
    found = oi_cap(manipulation_report(depth, 0, near, fee=fee / 2, position_fee=fee))
    assert found.move == best
    assert abs(found.oi_cap_usd - 100 * (3 + 2 * root) * fee * depth) < Decimal("0.02")


# GMX on Avalanche, 18 September 2022: long at the oracle's price, a push on an exchange, out; about
# five times (Mycelium, "Mycelium's response to GMX 'exploit'"), for some 565,000 USD before costs
# (PeckShield, told by The Dinarian, "GMX DEX reportedly suffers $565,000 exploit"). GMX then capped
# open interest at 2 million USD long (its statement of 18 September, Binance News, 19 September
# 2022). Fees of a position: 0.1 % in and out (gmx-contracts, Vault, marginFeeBasisPoints). Nobody
# has published the depth: it is that at which the cap is right, with a fee of 0.1 % in the source.
def test_gmx_2022_pays_without_a_cap_and_not_under_the_one_that_was_set():
    terms = {"fee": "0.001", "position_fee": "0.002"}
    fine = [Decimal(n) / 10_000 for n in (*range(-500, 0), *range(1, 501))]
    depth_usd = 1_716_000
    cap = oi_cap(manipulation_report(depth_usd, 0, fine, **terms))
    assert round(cap.oi_cap_usd, -4) == 2_000_000
    assert abs(cap.move) == Decimal("0.0048")
    assert all(p.profit_usd <= 0 for p in manipulation_report(depth_usd, 2_000_000, fine, **terms))
    uncapped = manipulation_report(depth_usd, 10_000_000, fine, **terms)
    assert max(p.profit_usd for p in uncapped) * 5 == pytest.approx(565_000, rel=0.2)


# Mango Markets, 11 October 2022: 483 million MNGO-PERP at 0.0382 USD, and purchases of 1.44, 1 and
# 1.6 million USD on three markets (Solidus Labs, "The Mango Markets Exploit: An Order Book
# Analysis", 18 October 2022) that took the price from 0.038 to 0.91 (CertiK, "Mango Market Incident
# Analysis", 21 November 2022). A linear book takes K (q + q^2 / 2) of them.
def test_mango_2022_pays_a_hundredfold_and_not_at_its_cap():
    held_usd = 483 * 10**6 * Decimal("0.0382")
    move = Decimal("0.91") / Decimal("0.038") - 1
    paid_usd = 4_040_000
    depth_usd = paid_usd / (100 * (move + move * move / 2))
    moves = (*MANIPULATION_MOVES, move)
    points = manipulation_report(depth_usd, held_usd, moves, fee="0.001")
    assert points[-1].gain_usd == pytest.approx(Decimal(423 * 10**6), rel=Decimal("0.01"))
    assert points[-1].cost_usd < paid_usd * Decimal("1.01") < points[-1].profit_usd / 100
    assert all(point.profit_usd > 0 for point in points)
    cap = oi_cap(points)
    assert cap.oi_cap_usd < held_usd / 1_000
    at_cap = manipulation_report(depth_usd, cap.oi_cap_usd, moves, fee="0.001")
    assert all(point.profit_usd <= 0 for point in at_cap)


def test_a_move_below_its_fees_has_no_cap_and_without_any_there_is_none():
    points = manipulation_report(1, 100, ["0.01", "-0.01", "0.02"], position_fee="0.01")
    assert [point.oi_cap_usd for point in points] == [None, None, Decimal("4.00")]
    assert oi_cap(points) is points[2]
    assert oi_cap(points[:2]) is None
    assert oi_cap(()) is None


def test_a_fall_that_the_source_cannot_make_is_left_out():
    report = manipulation_report(1, 1, ["-0.5", "-0.49", "0.5"], weight="0.5")
    assert [point.move for point in report] == [Decimal("-0.49"), Decimal("0.5")]
    assert len(manipulation_report(1, 1)) == len(MANIPULATION_MOVES)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"depth_usd": 0}, "depth_usd must be > 0, was 0"),
        ({"move": 0}, "move must not be 0"),
        ({"move": "-1"}, "move must be > -1, the weight, was -1"),
        ({"move": 0.1}, "move must be a Decimal, an int or text, was 0.1"),
        ({"fee": "1.1"}, r"fee must be in \[0, 1\], was 1.1"),
        ({"kept": -1}, r"kept must be in \[0, 1\], was -1"),
        ({"weight": 0}, r"weight must be in \(0, 1\], was 0"),
        ({"weight": 2}, r"weight must be in \(0, 1\], was 2"),
    ],
)
def test_a_cost_of_what_cannot_be_is_refused(change, message):
    asked = {"depth_usd": 1, "move": "0.1"} | change
    with pytest.raises(InvalidInputError, match=message):
        manipulation_cost(**asked)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"open_interest_usd": -1}, "open_interest_usd must be >= 0, was -1"),
        ({"attacker_share": 2}, r"attacker_share must be in \(0, 1\], was 2"),
        ({"attacker_share": 0}, r"attacker_share must be in \(0, 1\], was 0"),
        ({"position_fee": 2}, r"position_fee must be in \[0, 1\], was 2"),
        ({"moves": [0]}, "move must not be 0"),
        ({"moves": ["x"]}, "moves must be a number, was 'x'"),
    ],
)
def test_a_report_on_what_cannot_be_is_refused(change, message):
    with pytest.raises(InvalidInputError, match=message):
        manipulation_report(**({"depth_usd": 1, "open_interest_usd": 1} | change))


@pytest.mark.parametrize("terms", [{"weight": "1e-30"}, {"attacker_share": "1e-60"}])
def test_a_cap_of_many_digits_is_told_to_the_cent(terms):
    (point,) = manipulation_report("1000000", "100", ["0.5"], position_fee="0.001", **terms)
    earned = Fraction(terms.get("attacker_share", 1)) * Fraction("0.499")
    assert 0 <= Fraction(point.cost_usd) / earned - Fraction(point.oi_cap_usd) < Fraction(1, 100)


@pytest.mark.parametrize(
    ("name", "value"),
    [("weight", "1e-999999999"), ("attacker_share", "1e-101"), ("fee", "1e-300")],
)
def test_a_number_beyond_all_measure_is_refused_by_name(name, value):
    with pytest.raises(InvalidInputError, match=rf"{name} must be 0 or from 1e-100 to 1e100"):
        manipulation_report("1000000", "100", ["0.5"], position_fee="0.001", **{name: value})


def test_a_depth_or_an_interest_beyond_all_measure_is_refused_by_name():
    with pytest.raises(InvalidInputError, match="depth_usd must be 0 or from"):
        manipulation_report("1e300", "100", ["0.5"], position_fee="0.001")
    with pytest.raises(InvalidInputError, match="open_interest_usd must be 0 or from"):
        manipulation_report("1000000", "1e400", ["0.5"], position_fee="0.001")
