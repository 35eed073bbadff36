"""Tests of the liquidation map, against everyone evaluated at every move."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.margin import ScenarioModel, TieredModel, evaluate_one
from hullmark.monitor import liquidation_map
from hullmark.monitor._liquidation_map import notional_sides

BTC = frozenset({"BTC"})
MOVES = (-0.6, -0.3, -0.1, -0.02, 0.0, 0.02, 0.1, 0.5)
TIERED, SCENARIO = TieredModel.code, ScenarioModel.code


def random_accounts(seed, count=200):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        numbers = rng.choice(5, size=rng.integers(0, 4), replace=False)
        held = {
            int(i): (float(rng.normal() * (50_000 if i == 3 else 1)), 60_000.0) for i in numbers
        }
        model = TIERED if rng.random() < 0.7 else SCENARIO
        yield model, float(rng.normal(4_000, 4_000)), float(max(rng.normal(0, 0.2), 0)), held


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_the_map_is_what_evaluating_everyone_at_each_move_says(market, book_of, seed):
    book = book_of(*random_accounts(seed, count=20))
    found = liquidation_map(book.rows(), lambda m: market.moved_tables(BTC, 1 + m), MOVES)
    for at, move in enumerate(MOVES):
        tables = market.moved_tables(BTC, 1 + move)
        long_usd = short_usd = accounts = 0
        for row in range(len(book)):
            account = book.account(row)
            if evaluate_one(*account, tables).in_breach:
                accounts += 1
                usd = account.size * tables.notional_usd[account.instrument]
                long_usd += usd[usd > 0].sum()
                short_usd -= usd[usd < 0].sum()
        assert found.accounts[at] == accounts
        assert found.long_usd[at] == pytest.approx(long_usd, rel=1e-12)
        assert found.short_usd[at] == pytest.approx(short_usd, rel=1e-12)
        assert found.move[at] == move


def test_longs_are_on_the_way_down_and_shorts_on_the_way_up(market, book_of):
    book = book_of(
        (TIERED, 6_100.0, 0.0, {0: (1.0, 60_000)}), (TIERED, 6_100.0, 0.0, {0: (-2.0, 60_000)})
    )
    found = liquidation_map(book.rows(), lambda m: market.moved_tables(BTC, 1 + m), (-0.2, 0, 0.2))
    assert found.long_usd.tolist() == [48_000.0, 0.0, 0.0]
    assert found.short_usd.tolist() == [0.0, 0.0, 144_000.0]
    assert found.accounts.tolist() == [1, 0, 1]


def test_threads_change_nothing_and_the_kernel_agrees_with_its_source(market, book_of):
    rows = book_of(*random_accounts(7)).rows()

    def tables_at(move):
        return market.moved_tables(BTC, 1 + move)

    for one, two in zip(
        liquidation_map(rows, tables_at, MOVES),
        liquidation_map(rows, tables_at, MOVES, threads=2),
        strict=True,
    ):
        assert one.tobytes() == two.tobytes()
    under = np.arange(rows.count.size) % 3 == 0
    notional_usd = market.tables.notional_usd
    assert notional_sides(under, rows, notional_usd) == notional_sides.py_func(
        under, rows, notional_usd
    )


def test_an_empty_book_has_an_empty_map(market, book_of):
    found = liquidation_map(book_of().rows(), lambda m: market.moved_tables(BTC, 1 + m), MOVES)
    assert not found.accounts.any()


@pytest.mark.parametrize("bad", [-1.0, -2.0, float("nan"), float("inf")])
def test_a_move_to_no_price_is_refused_with_its_value(market, book_of, bad):
    with pytest.raises(InvalidInputError, match=rf"moves must be finite and > -1, was {bad:g}"):
        liquidation_map(book_of().rows(), lambda m: market.tables, (0.0, bad))
