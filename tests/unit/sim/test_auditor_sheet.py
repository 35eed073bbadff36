"""Tests of the auditor's sheet: whole numbers that are the fractions of the documentation."""

import json
from fractions import Fraction

import pytest

from hullmark.sim._auditor_ledger import MICRO
from hullmark.sim._auditor_sheet import (
    Rates,
    make_sheet,
    notional_usd,
    profits_of_lot,
    whole,
    worth_of_lot,
)
from hullmark.sim._auditor_terms import read_terms

from ..clearing.bank import TREE

TERMS = read_terms(json.dumps(TREE))
RATES = Rates.of(TERMS)
CONTRACTS = [contract for contract in TERMS.instruments.values() if contract.kind != "spot"]
THIRD = Fraction(100, 3)  # no price is a third, so that nothing is whole by chance


@pytest.fixture
def sheet():
    index = dict.fromkeys((*TERMS.assets, "BTC"), THIRD) | {"USDT": Fraction(1)}
    return make_sheet(TERMS, RATES, CONTRACTS, index, {c.symbol: THIRD for c in CONTRACTS})


def test_rates_are_whole_parts_of_one():
    for symbol, terms in TERMS.assets.items():
        kept = (1 - terms.haircut_initial, 1 - terms.haircut_maintenance)
        assert tuple(Fraction(k, RATES.parts) for k in RATES.kept[symbol]) == kept
    for symbol, tiers in TERMS.tiers.items():
        found = [
            (f, Fraction(i, RATES.parts), Fraction(m, RATES.parts))
            for f, i, m in RATES.tiers[symbol]
        ]
        assert found == list(tiers)


def test_what_is_on_the_sheet_is_exact(sheet):
    perpetual, inverse = TERMS.instruments["PERP"], TERMS.instruments["INVERSE"]
    btc = TERMS.assets["BTC"]
    assert Fraction(sheet.usd["BTC"], sheet.unit) == THIRD / btc.unit
    assert Fraction(sheet.worth["PERP"], sheet.unit) == perpetual.lot * THIRD
    assert Fraction(sheet.worth["INVERSE"], sheet.unit) == -inverse.lot
    assert Fraction(sheet.notional["PERP"], sheet.unit) == perpetual.lot * THIRD
    assert Fraction(sheet.notional["INVERSE"], sheet.unit) == inverse.lot


def test_a_millionth_of_a_quantum_is_whole_too(sheet):
    assert all(usd % MICRO == 0 for usd in sheet.usd.values())


def test_the_value_of_an_option_alone_is_rounded(sheet):
    rounded = Fraction(sheet.worth["CALL"], sheet.unit)
    exact = TERMS.instruments["CALL"].lot * THIRD
    assert 0 <= exact - rounded < Fraction(1, sheet.unit)


def test_what_has_no_price_is_worth_nothing_that_is_known():
    index = dict.fromkeys(TERMS.assets, None) | {"USDT": Fraction(1), "BTC": None}
    found = make_sheet(TERMS, RATES, CONTRACTS, index, {c.symbol: None for c in CONTRACTS})
    assert (found.usd["USDT"], found.usd["BTC"]) == (found.unit // 10**6, None)
    assert set(found.worth.values()) == {None}
    assert found.notional["INVERSE"] is not None  # dollars are dollars


def test_an_option_counts_its_underlying_and_an_inverse_contract_its_dollars():
    call, inverse = TERMS.instruments["CALL"], TERMS.instruments["INVERSE"]
    assert notional_usd(call, None, {"BTC": THIRD}) == call.lot * THIRD
    assert notional_usd(inverse, None, {}) == inverse.lot
    assert worth_of_lot(inverse, Fraction(50)) == -inverse.lot / 50
    assert worth_of_lot(call, None) is None


def test_a_lot_gains_in_a_scenario_what_its_price_moves():
    found = profits_of_lot(
        TERMS,
        TERMS.instruments["PERP"],
        [(-0.2, 0), (0.0, 1), (0.1, -1)],
        price=100.0,
        paid_in_usd=1.0,
        vol=0.0,
        now_ns=0,
    )
    lot = float(TERMS.instruments["PERP"].lot)
    assert found == pytest.approx([-20.0 * lot, 0.0, 10.0 * lot])


def test_a_number_that_is_not_whole_is_rounded_down():
    assert whole(Fraction(1, 3), 100) == 33
    assert whole(Fraction(-1, 3), 100) == -34
