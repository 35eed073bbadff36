"""Tests of the auditor's policies of deleveraging, by numbers of the documentation."""

from fractions import Fraction

import pytest

from hullmark.sim._auditor_winners import Winner, allocate, apportion, price_of

# docs/concepts/deleveraging.md, "One crash, three policies": a long of 100 lots, 4,000 missing
WINNERS = [
    Winner(account=1, lots=-80, quote=80 * 200, net=9_000, gain=8_000),
    Winner(account=2, lots=-80, quote=80 * 200, net=90_000, gain=8_000),
    Winner(account=3, lots=-80, quote=80 * 200, net=20_000, gain=0),
]


@pytest.mark.parametrize(
    ("policy", "is_mark", "lost"),
    [
        ("queue", False, {1: 3_200, 3: 800}),
        ("pro-rata", False, {1: 1_360, 2: 1_320, 3: 1_320}),
        ("least-haircut", True, {1: 2_000, 2: 2_000}),
        ("queue", True, {1: 4_000}),
    ],
)
def test_the_documented_crash_is_shared_as_documented(policy, is_mark, lost):
    mark = Fraction(100)
    price = price_of(is_mark, mark, 100, 4_000)
    found = allocate(policy, WINNERS, lots=100, deficit=4_000, mark=mark, price=price)
    losses = dict(found.haircuts)
    for one in found.closed:
        losses[one.account] = losses.get(one.account, 0) + one.haircut
    assert {account: quanta for account, quanta in losses.items() if quanta} == lost
    assert sum(one.lots for one in found.closed) == -100


def test_nobody_closes_more_than_it_can_and_stay_solvent():
    poor = [Winner(account=1, lots=-80, quote=80 * 200, net=400, gain=400)]
    found = allocate(
        "queue", poor, lots=100, deficit=4_000, mark=Fraction(100), price=Fraction(140)
    )
    assert [(one.lots, one.haircut) for one in found.closed] == [(-10, 400)]


def test_whoever_paid_nothing_stands_first():
    free = Winner(account=9, lots=-5, quote=0, net=10, gain=5)
    assert sorted([*WINNERS, free], key=lambda w: w.rank(Fraction(100)))[0] is free


def test_parts_add_up_by_the_largest_remainder():
    assert apportion(10, [1, 1, 1]) == [4, 3, 3]
    assert apportion(2, [5, 0, 5]) == [1, 0, 1]
    assert apportion(0, []) == []
