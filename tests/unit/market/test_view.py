"""Tests of the view that pricing reads: which column is which."""

from typing import get_type_hints

import numpy as np

from hullmark.core import FloatArray
from hullmark.market import MarketView


def test_a_view_is_six_columns_of_floats_that_can_be_named_and_cannot_be_exchanged():
    columns = [np.full(2, float(i)) for i in range(6)]
    view = MarketView(*columns)
    assert view._fields == ("asset_price_usd", "spot_usd", "forward_usd", "mark", "vol", "years")
    assert set(get_type_hints(MarketView).values()) == {FloatArray}
    moved = view._replace(mark=np.zeros(2))
    assert [column[0] for column in view] == [0, 1, 2, 3, 4, 5]
    assert [column[0] for column in moved] == [0, 1, 2, 0, 4, 5]


def test_a_part_keeps_the_assets_and_takes_its_instruments_in_the_order_asked_for():
    view = MarketView(np.array([7.0]), *(10.0 * i + np.arange(3.0) for i in range(1, 6)))
    part = view.part([2, 0])
    assert part.asset_price_usd.tolist() == [7.0]
    assert [column.tolist() for column in part[1:]] == [
        [10.0 * i + 2, 10.0 * i] for i in range(1, 6)
    ]
    assert all(column.size == 0 for column in view.part([])[1:])
