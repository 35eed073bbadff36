"""Maker's price curves: published prices to the last ray, their tests' tolerances, and laws."""

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.rulebooks.maker import (
    RAY,
    ExponentialDecrease,
    LinearDecrease,
    StairstepExponentialDecrease,
    rpow_half_up,
)

TOPS = st.integers(0, 50_000_000 * RAY)
CUTS = st.integers(0, RAY)


# MakerDAO, dss, src/test/abaci.t.sol [1b9c09e], test_linear_decrease: tau of an hour, top of 1000.
def test_a_line_falls_by_a_tenth_in_a_tenth_of_its_time():
    curve = LinearDecrease(3600)
    for tenth in range(11):
        assert curve.price(1000 * RAY, 360 * tenth) == (1000 - 100 * tenth) * RAY
    assert curve.price(1000 * RAY, 3601) == 0


# MakerDAO, dss, src/test/clip.t.sol [75cf04b], test_take_bid_avoids_recalculate_due_no_more_lot and
# test_redo_incentive: 1 % a second from 5, after 60 and after 100 seconds.
def test_stairs_give_the_published_prices():
    curve = StairstepExponentialDecrease(cut=RAY - RAY // 100, step=1)
    assert curve.price(5 * RAY, 60) == 2735783211953807380973706855
    assert curve.price(5 * RAY, 100) == 1830161706366147524653080130


# MakerDAO, dss, src/test/abaci.t.sol [1b9c09e], test_stairstep_exp_decrease: ten minutes, each
# price within a tolerance of the one before it times the cut.
@pytest.mark.parametrize("percent_e10", [11234567890, 21234567890])
@pytest.mark.parametrize("step", [1, 5, 300])
@pytest.mark.parametrize(("top", "off_most"), [(50_000_000 * RAY, 10**8), (RAY // 10**7, 1)])
def test_stairs_stay_within_the_published_tolerance(percent_e10, step, top, off_most):
    cut = RAY - percent_e10 * 10**15  # 1.1234567890 % is 0.011234567890
    curve = StairstepExponentialDecrease(cut, step)
    last = curve.price(top, 0)
    assert last == top
    for passed in range(1, 600):
        price = curve.price(top, passed)
        expected = last * cut // RAY if passed % step == 0 else last
        assert abs(price - expected) <= off_most
        last = price


# MakerDAO, dss, src/test/abaci.t.sol [1b9c09e], test_continuous_exp_decrease: half of 4000 every
# 900 seconds, within a thousandth of a unit.
def test_an_exponential_halves_in_its_half_life():
    curve = ExponentialDecrease(999_230_132_966 * 10**15)
    for halves in range(5):
        assert abs(curve.price(4000 * RAY, 900 * halves) - 4000 * RAY // 2**halves) <= RAY // 1000


@given(TOPS, CUTS, st.integers(0, 7200))
def test_an_exponential_is_stairs_of_a_second(top, cut, dur):
    stairs = StairstepExponentialDecrease(cut, 1).price(top, dur)
    assert ExponentialDecrease(cut).price(top, dur) == stairs


@given(TOPS, CUTS, st.integers(1, 600), st.integers(0, 7200))
def test_stairs_stand_still_within_a_step(top, cut, step, dur):
    curve = StairstepExponentialDecrease(cut, step)
    assert curve.price(top, dur) == curve.price(top, dur // step * step)
    assert curve.price(top, dur) == top * rpow_half_up(cut, dur // step) // RAY


@given(TOPS, st.integers(0, 36_000), st.integers(0, 36_000), st.integers(0, 36_000))
def test_a_line_never_rises(top, tau, dur, more):
    curve = LinearDecrease(tau)
    assert top >= curve.price(top, dur) >= curve.price(top, dur + more)


def test_parameters_that_the_contracts_refuse_are_refused():
    with pytest.raises(InvalidInputError, match="cut must be <= 1000000000000000000000000000, one"):
        ExponentialDecrease(RAY + 1)
    with pytest.raises(InvalidInputError, match="cut must be <= "):
        StairstepExponentialDecrease(RAY + 1, 1)
    with pytest.raises(InvalidInputError, match="step must be >= 1, was 0"):
        StairstepExponentialDecrease(RAY, 0)
    with pytest.raises(InvalidInputError, match="tau must be >= 0"):
        LinearDecrease(-1)
    with pytest.raises(InvalidInputError, match="dur must be >= 0"):
        LinearDecrease(1).price(RAY, -1)
