"""The map of a short call's margin agrees with what the books say of it."""

import numpy as np
import pytest

from hullmark.studies import draw_margin_maps, margin_map


@pytest.mark.parametrize(
    ("name", "rate"),
    [("deribit-standard", 0.075), ("derive-standard", 0.09), ("okx-simple", 0.075)],
)
def test_in_the_last_hour_a_standard_book_asks_its_rate_and_the_intrinsic_value(name, rate):
    found = margin_map(name)[:, 0]
    intrinsic = np.array([0.2, 0.1, 0.0, 0.0, 0.0])
    assert found == pytest.approx(rate + intrinsic, abs=0.003)


def test_a_strike_further_out_of_the_money_never_asks_more():
    assert (np.diff(margin_map("derive-portfolio-2"), axis=0) <= 1e-12).all()


def test_equal_books_give_equal_pictures():
    names = ["aevo-standard", "okx-simple"]
    assert draw_margin_maps(names) == draw_margin_maps(names)
    assert draw_margin_maps(names).startswith(b"\x89PNG")
