"""Decimals of whole numbers are exact, whatever their size, and absent where nobody knows them."""

from decimal import Decimal
from pathlib import Path

import pytest

from hullmark.runtime import read_rules
from hullmark.studies._export_scales import Scales, decimal_of

EXAMPLE = Path(__file__).parents[3] / "examples" / "venue.toml"


@pytest.fixture
def scales():
    known = Scales()
    known.adopt(read_rules(EXAMPLE).text)
    return known


@pytest.mark.parametrize("number", [0, 1, -1, 2**63 - 1, -(2**63), (2**63 - 1) ** 2])
@pytest.mark.parametrize("decimals", [0, 6, 9])
def test_a_decimal_is_exact(number, decimals):
    assert decimal_of(number, decimals) * 10**decimals == Decimal(number) or number > 2**63
    sign, digits, exponent = decimal_of(number, decimals).as_tuple()
    assert int("".join(map(str, digits))) == abs(number)
    assert (exponent, bool(sign)) == (-decimals, number < 0)


def test_amounts_and_sizes_follow_the_rules(scales):
    assert scales.amount(1, "BTC") == Decimal("0.00000001")
    assert scales.size(-3, "BTC-PERP") == Decimal("-0.003")
    assert scales.settlement("BTC-USD-PERP") == "BTC"


def test_what_no_rules_name_has_no_decimals(scales):
    assert (scales.amount(1, "GOLD"), scales.size(1, "GOLD-PERP")) == (None, None)
    assert scales.settlement("GOLD-PERP") == ""
    assert Scales().amount(1, "BTC") is None


def test_rules_that_are_none_teach_nothing(scales):
    scales.adopt("{}")
    assert scales.amount(1, "BTC") is not None
