"""Tests of checked arrays: what passes unchanged, and which element is named."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

from hullmark.core import finite_vector, nonnegative_vector, positive_vector
from hullmark.errors import InvalidInputError

CHECKS = {
    finite_vector: ("finite", math.isfinite),
    nonnegative_vector: ("finite and >= 0", lambda x: x >= 0),
    positive_vector: ("finite and > 0", lambda x: x > 0),
}


@pytest.mark.parametrize("check", CHECKS)
@given(st.lists(st.floats(allow_subnormal=False)))
def test_the_first_bad_element_is_named_or_all_pass_unchanged(check, values):
    rule, is_good = CHECKS[check]
    infinite = [i for i, x in enumerate(values) if not math.isfinite(x)]
    bad = infinite or [i for i, x in enumerate(values) if not is_good(x)]
    if not bad:
        np.testing.assert_array_equal(check("x", values), np.array(values, dtype=np.float64))
        return
    with pytest.raises(InvalidInputError) as refused:
        check("x", values)
    rule = "finite" if infinite else rule
    assert str(refused.value) == f"x[{bad[0]}] must be {rule}, was {values[bad[0]]:g}"


@pytest.mark.parametrize("kind", [np.float32, np.int64, np.bool_])
def test_a_checked_array_is_float64_and_copied_only_if_it_was_not(kind):
    array = np.array([1.0, 0.0])
    assert nonnegative_vector("x", array) is array
    converted = nonnegative_vector("x", array.astype(kind))
    assert converted.dtype == np.float64
    assert converted.tolist() == [1.0, 0.0]


def test_zero_is_not_negative_and_not_positive():
    assert nonnegative_vector("x", [0, -0.0]).tolist() == [0.0, 0.0]
    with pytest.raises(InvalidInputError, match=r"x\[0\] must be finite and > 0, was -0"):
        positive_vector("x", [-0.0, 1.0])


@pytest.mark.parametrize(
    ("bad", "shape"), [(1.0, "0-D"), ([[1.0]], "2-D"), (np.zeros((2, 0, 1)), "3-D")]
)
def test_other_shapes_are_refused(bad, shape):
    with pytest.raises(InvalidInputError, match=f"x must be 1-D, was {shape}"):
        finite_vector("x", bad)


@pytest.mark.parametrize("bad", [["one"], [[1.0], [1.0, 2.0]], [object()], {"a": 1}, [10**400]])
def test_what_is_no_array_of_numbers_is_refused_by_name(bad):
    with pytest.raises(InvalidInputError, match="size must be an array of numbers, was "):
        positive_vector("size", bad)
