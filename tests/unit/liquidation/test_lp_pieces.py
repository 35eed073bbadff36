"""Moves in pieces: together they are the move, and at no cut they cost anything else."""

import itertools

import numpy as np
import pytest
from hypothesis import given, strategies as st

from hullmark.liquidation._lp_moves import move_cost_usd, row_and_moves
from hullmark.liquidation._lp_pieces import Brackets, pieces_of, tiered_usd
from hullmark.liquidation._lp_programme import draft_of

from .accounts import FLAT, SCENARIO, STEEP, TIERED, make_breach, make_tables

TABLES = make_tables(STEEP, FLAT, STEEP)
DEPTHS = (90_000.0, np.inf, 20_000.0)


def drafted(lots=(200, -50, 300), **others):
    one = make_breach(TABLES, lots, 900, **({"depth_usd": DEPTHS} | others))
    return draft_of(one, *row_and_moves(one, hedged=False))


def test_a_move_is_cut_at_its_tiers_and_around_the_expected_share():
    draft = drafted((200, 0, 0))  # 18,000 USD: 10,000 of them above the last floor
    pieces = draft.pieces(np.array([0.25]), 2.0)
    cuts = np.cumsum(pieces.width)
    assert cuts == pytest.approx([0.125, 0.25, 0.5, 10 / 18, 16 / 18, 1.0])
    above, middle = 18_000 * np.array([0.125, 0.125, 0.25, 1 / 18]), 6_000
    assert pieces.freed_usd == pytest.approx([*above * 0.2, middle * 0.05, 2_000 * 0.01])


def test_without_tiers_and_without_a_depth_a_move_is_one_piece():
    pieces = drafted((0, -50, 0), model=SCENARIO).pieces(np.array([0.25]), 2.0)
    assert (pieces.move.tolist(), pieces.width.tolist()) == ([0], [1.0])
    assert pieces.freed_usd.tolist() == [0.0]


def test_what_may_not_be_traded_has_no_pieces():
    pieces = drafted(lots_max=(0, 50, 0)).pieces(np.full(3, 0.25), 2.0)
    assert set(pieces.move.tolist()) == {1}


@given(
    st.lists(st.floats(1e-6, 1.0), min_size=3, max_size=3),
    st.floats(1.01, 8.0),
    st.sampled_from([TIERED, SCENARIO]),
)
def test_pieces_add_up_cost_more_each_and_free_less_each(around, ratio, model):
    draft = drafted(model=model)
    pieces = draft.pieces(np.array(around), ratio)
    assert (pieces.width > 0.0).all()
    for g in range(3):
        mine = pieces.move == g
        width, cost, freed = (a[mine] for a in (pieces.width, pieces.cost_usd, pieces.freed_usd))
        most = float(draft.moves.most[g])
        assert width.sum() == pytest.approx(1.0)
        assert cost.sum() == pytest.approx(move_cost_usd(g, most, draft.moves))
        for rising in (cost / width, -freed / width):
            scale = 1e-9 * abs(rising).max()
            assert all(a <= b + scale for a, b in itertools.pairwise(rising))
        for cut, spent in zip(np.cumsum(width), np.cumsum(cost), strict=True):
            assert spent == pytest.approx(move_cost_usd(g, cut * most, draft.moves))


def test_the_margin_by_tiers_is_that_of_the_schedule():
    t = TABLES
    columns = t.tier_floor_usd, t.tier_maintenance, t.tier_maintenance_base_usd
    for usd in (0.0, 2_000.0, 5_000.0, 8_000.0, 18_000.0):
        expected = 0.01 * min(usd, 2_000) + 0.05 * max(min(usd, 8_000) - 2_000, 0)
        expected += 0.2 * max(usd - 8_000, 0)
        assert tiered_usd(usd, t.tier_start[0], t.tier_stop[0], *columns) == pytest.approx(expected)
    assert tiered_usd(500.0, 2, 2, *columns) == 0.0


def test_a_piece_from_the_middle_of_a_tier_frees_its_rate():
    draft, nothing = drafted((200, 0, 0)), np.zeros(1, np.int64)
    plain = Brackets(np.zeros(1), nothing, nothing, np.zeros(0), np.zeros(0), np.zeros(0))
    assert pieces_of(np.array([0.5]), 2.0, draft.moves, plain).freed_usd.tolist() == [0.0] * 3
