"""What is taken for a number, and that nothing depends on the caller's context."""

from decimal import ROUND_CEILING, Decimal, Overflow, getcontext, localcontext

import pytest

from hullmark.core._decimals import (
    clamped,
    decimal_of,
    exactly,
    not_negative,
    positive,
    rounded,
    share,
)
from hullmark.errors import InvalidInputError


@pytest.mark.parametrize("value", [0.1, True, "x", None, "NaN", "Infinity"])
def test_what_is_no_exact_number_is_refused(value):
    with pytest.raises(InvalidInputError, match=r"price must be .*, was"):
        decimal_of("price", value)


@pytest.mark.parametrize(
    ("check", "value"), [(positive, 0), (not_negative, "-1"), (share, "1.1"), (share, "-0.1")]
)
def test_what_is_out_of_range_is_refused(check, value):
    with pytest.raises(InvalidInputError, match=r"x must be .*, was"):
        check("x", value)


def test_a_number_keeps_all_its_digits_in_any_context():
    text = "1." + "123456789" * 10
    with localcontext(prec=3):
        assert decimal_of("price", text) == Decimal(text)
        with exactly(50):
            third = Decimal(1) / 3
    assert len(third.as_tuple().digits) == 50


def test_what_is_done_within_does_not_last():
    with exactly(41):
        getcontext().prec, getcontext().flags[Overflow] = 3, True
        assert Decimal(1) / 3 == Decimal("0.333")
    with exactly(41):
        assert len((Decimal(1) / 3).as_tuple().digits) == 41
        assert not getcontext().flags[Overflow]


def test_rounding_goes_down_unless_it_is_said_otherwise():
    with exactly():
        assert rounded(Decimal("-1.5"), 1) == -2
        assert rounded(Decimal("1.21"), "0.05", ROUND_CEILING) == Decimal("1.25")
        assert rounded(Decimal("1.21"), None) == Decimal("1.21")


def test_a_clamped_value_is_the_nearest_that_is_allowed():
    low, high = Decimal(1), Decimal(2)
    assert [clamped(Decimal(n), low, high) for n in (0, 1, 3)] == [1, 1, 2]
