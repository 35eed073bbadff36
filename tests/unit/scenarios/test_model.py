"""Tests of the model: what one unit is worth, by the convention of each kind of instrument."""

import numpy as np
import pytest

from hullmark.core import NANO
from hullmark.domain import Future, Option, Perpetual, Spot
from hullmark.scenarios._model import model_value, terms_of

COMMON = {"underlying": "BTC", "lot_nano": 1}
LINEAR, INVERSE = COMMON | {"settlement": "USDT"}, COMMON | {"settlement": "BTC", "inverse": True}
STRIKE = {"expiry_ns": 1, "strike_nano": 110 * NANO}
INSTRUMENTS = (
    Spot(symbol="S", **LINEAR),
    Perpetual(symbol="P", **LINEAR),
    Future(symbol="F", expiry_ns=1, **INVERSE),
    Option(symbol="C", call=True, **STRIKE, **LINEAR),
    Option(symbol="O", call=False, **STRIKE, **INVERSE),
)
ANCHOR = np.array([[100.0, 125.0]] * len(INSTRUMENTS))
VOL, YEARS = np.full(ANCHOR.shape, 0.5), np.full(len(INSTRUMENTS), 0.25)


def test_terms_are_columns_in_the_order_of_the_instruments():
    terms = terms_of(INSTRUMENTS)
    assert terms.option.tolist() == [False, False, False, True, True]
    assert terms.inverse.tolist() == [False, False, True, False, True]
    assert terms.call.tolist() == [False, False, False, True, False]
    assert terms.strike.tolist() == [1.0, 1.0, 1.0, 110.0, 110.0]


def test_a_linear_contract_is_worth_its_mark_and_an_inverse_one_minus_one_over_it():
    value = model_value(terms_of(INSTRUMENTS), ANCHOR, VOL, YEARS)
    assert value[:2].tolist() == [[100.0, 125.0]] * 2
    assert value[2].tolist() == [-0.01, -0.008]


def test_call_less_put_is_forward_less_strike_in_every_case():
    value = model_value(terms_of(INSTRUMENTS), ANCHOR, VOL, YEARS)
    parity = value[3] - value[4] * ANCHOR[4]
    assert parity == pytest.approx(ANCHOR[4] - 110.0, rel=1e-13)
    assert (value[3:] > 0.0).all()


@pytest.mark.parametrize("years", [0.0, -1.0])
def test_at_and_after_expiry_an_option_is_worth_its_intrinsic_value(years):
    value = model_value(terms_of(INSTRUMENTS), ANCHOR, VOL, np.full(len(INSTRUMENTS), years))
    assert value[3].tolist() == [0.0, 15.0]
    assert value[4].tolist() == [0.1, 0.0]


def test_no_instruments_have_no_value():
    empty = np.zeros((0, 3))
    assert model_value(terms_of(()), empty, empty, np.zeros(0)).shape == (0, 3)
