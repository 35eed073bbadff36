"""The risk matrix: its moves, and how far ones are weighed and eased."""

from decimal import Decimal

import numpy as np
import pytest

from hullmark.domain import Node
from hullmark.margin import NettingTables, Revalued
from hullmark.margin.matrix import ExtendedTable, RiskMatrix
from hullmark.scenarios import Revaluation

from .held import SPOT, rows_of

TERMS = {
    "range": "0.16",
    "steps": "4",
    "extended": ["-0.66", "-0.33", "0.5", "5", "0.08"],
    "extended_factor": "0.9",
    "dampener": "100000",
}
FAR = (-0.66, -0.33, 0.5, 5.0, 0.08)
GRID = 27  # nine moves at three levels of volatility


def applied(*, coin):
    matrix, columns = RiskMatrix.parse(Node("p", TERMS)), rows_of([[]]).columns
    count = len(matrix.shocks)
    tables = NettingTables.plain(
        np.zeros(0, np.int64), np.zeros((0, count + 2)), np.zeros(0), np.zeros(count)
    )
    revalued = Revalued(
        columns, matrix.shocks, Revaluation(year_days=365.0), np.zeros(0), "BTC", coin
    )
    return ExtendedTable.parse(Node("p", TERMS)).apply(tables, revalued)


def test_every_move_of_the_grid_is_there_with_volatility_up_same_and_down():
    shocks = RiskMatrix.parse(Node("p", TERMS)).shocks
    moves = [Decimal("0.04") * j for j in range(-4, 5)]
    assert [(s.move, s.vol) for s in shocks[:GRID]] == [
        (move, vol) for move in moves for vol in ("up", "none", "down")
    ]
    assert [(float(s.move), s.vol) for s in shocks[GRID:]] == [(move, "up") for move in FAR]
    assert shocks[GRID + 1].label == "-33% vol up"


def test_a_far_move_of_a_linear_book_shows_the_loss_at_the_edge():
    found = applied(coin=False)
    edge_loss = 0.16
    assert (found.weight[:GRID] == 1).all()
    assert found.weight[GRID:] * np.abs(FAR) == pytest.approx(0.9 * edge_loss)


def test_a_far_gain_in_the_coin_is_converted_at_the_edge():
    found = applied(coin=True)
    for weight, move in zip(found.weight[GRID:], FAR, strict=True):
        edge = 1.16 if move > 0 else 0.84
        usd, price = move, SPOT * (1 + move)  # of one coin, and the price it is paid at
        assert weight * usd / price == pytest.approx(
            0.9 * 0.16 / abs(move) * usd / (SPOT * edge), rel=1e-12
        )


@pytest.mark.parametrize("coin", [False, True])
def test_the_dampener_grows_with_the_move_beyond_the_edge(coin):
    found = applied(coin=coin)
    assert not found.relief[:GRID].any()
    for relief, move in zip(found.relief[GRID:], FAR, strict=True):
        usd = (max(abs(move) / 0.16, 1.0) - 1.0) * 100_000
        edge = 1.16 if move > 0 else 0.84
        assert relief == pytest.approx(usd / (SPOT * edge) if coin else usd, rel=1e-12)
