"""What is done to scenario values before the worst is taken: weights, discounts, basis."""

import math
from decimal import Decimal

import numpy as np
import pytest

from hullmark.domain import Node
from hullmark.errors import DocumentError
from hullmark.margin import NettingTables, Revalued, expiry_rates
from hullmark.margin.posts import BasisContingency, SkewRotation, StaticDiscount, Weights
from hullmark.pricing import black76_value
from hullmark.scenarios import Revaluation, Shock

from .held import CONTRACTS, FORWARDS, SECONDS, rows_of

YEAR_SECONDS = 365 * 86_400
SHOCKS = (
    Shock(spot=Decimal("1.1"), vol="up"),
    Shock(spot=Decimal(1), vol="linear", weight=Decimal("0.4")),
)
CARRY = {"base": "0.95", "rate_factor": "2", "rate_add": "0.1"}


@pytest.fixture
def revalued():
    columns = rows_of([[(*contract, 1) for contract in CONTRACTS], [(None, None, None, 1)]]).columns
    revaluation = Revaluation(year_days=365.0)
    discount = np.exp(-0.05 * revaluation.years(columns))
    return Revalued(columns, SHOCKS, revaluation, discount, "BTC", coin=False)


@pytest.fixture
def tables(revalued):
    columns = revalued.columns
    value = np.random.default_rng(0).normal(size=(len(columns.contracts), len(SHOCKS) + 2))
    return NettingTables.plain(columns.expiry, value, value[:, 0].copy(), np.array([0.1, 0.0]))


def years_of(revalued):
    names = [e.path.rpartition(".")[2] for _, e in revalued.columns.expiries]
    return {name: SECONDS[name] / YEAR_SECONDS for name in names}


def test_scenarios_count_by_their_weight(tables, revalued):
    found = Weights.parse(Node("p", {})).apply(tables, revalued)
    assert found.weight.tolist() == [1.0, 0.4]


def test_skew_scenarios_count_either_way(tables, revalued):
    found = SkewRotation.parse(Node("p", {})).apply(tables, revalued)
    assert found.rotates.tolist() == [False, True]


def test_long_expiries_count_less_and_short_ones_as_they_are(tables, revalued):
    found = StaticDiscount.parse(Node("p", {"long": CARRY})).apply(tables, revalued)
    expected = [0.95 * math.exp(-t * (0.05 * 2 + 0.1)) for t in years_of(revalued).values()]
    assert found.positive.tolist() == pytest.approx(expected, rel=1e-15)
    assert found.negative.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("base", ["0.95", "1.2"])
def test_short_expiries_count_more_but_not_more_than_undiscounted(tables, revalued, base):
    terms = {"long": CARRY, "short": {**CARRY, "base": base}}
    found = StaticDiscount.parse(Node("p", terms)).apply(tables, revalued)
    expected = [
        min(math.exp(0.05 * t), float(base) * math.exp(t * (0.05 * 2 + 0.1)))
        for t in years_of(revalued).values()
    ]
    assert found.negative.tolist() == pytest.approx(expected, rel=1e-15)


def test_the_basis_has_both_moves_and_a_share_that_grows_with_time(tables, revalued):
    terms = {"up": "1.05", "down": "0.9", "add": "0.5", "per_year": "2"}
    found = BasisContingency.parse(Node("p", terms)).apply(tables, revalued)
    years = years_of(revalued)
    assert found.basis.tolist() == pytest.approx([0.5 + 2 * t for t in years.values()])
    assert (found.value[:, :-2] == tables.value[:, :-2]).all()
    for i, contract in enumerate(revalued.columns.contracts):
        if contract.kind != "option":
            assert not found.value[i, -2:].any()
            continue
        fixed, variable = FORWARDS[contract.expiry]
        strike, discount = float(contract.strike), math.exp(-0.05 * years[contract.expiry])
        for column, move in ((-2, 1.05), (-1, 0.9)):
            price = black76_value(
                forward=[fixed + variable * move],
                strike=[strike],
                years=[years[contract.expiry]],
                vol=[0.4 + strike / 1e6],
                call=[contract.call],
            )
            assert found.value[i, column] == pytest.approx(discount * price[0], rel=1e-13)


def test_a_negative_rate_counts_as_none_and_an_absurd_one_is_refused(revalued):
    years = np.array([1.0, 1.0])
    assert expiry_rates(revalued.columns, years).tolist() == [0.05, 0.05]
    assert expiry_rates(revalued.columns, 800 * years).tolist() == [0.05, 0.05]
    with pytest.raises(DocumentError, match=r"near\.rate must discount by a factor of at least"):
        expiry_rates(revalued.columns, 1e4 * years)
