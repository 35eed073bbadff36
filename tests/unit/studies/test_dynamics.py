"""Tests of the measured dynamics on surfaces whose moves are known."""

import math
from functools import partial

import numpy as np
import pytest

from hullmark.core import DAY_NS, YEAR_DAYS
from hullmark.errors import InvalidInputError
from hullmark.studies import TENOR_DAYS, Dynamics, VolSnapshot, vol_changes
from hullmark.volatility import Surface, Svi

from .moving_surfaces import SHAPE, SPOT, START_NS, VOL, YEARS, flat, joint, level_move, pairs

MONTH = TENOR_DAYS.index(30.0)
SPOTS = (-0.12, -0.08, -0.05, -0.03, -0.01, 0.0, 0.01, 0.02, 0.04, 0.06, 0.09)


def day_changes(snapshots):
    return vol_changes(snapshots, horizon_hours=24.0)


def of_level(spot, level):
    return partial(joint, spot_move=spot, move=level_move(level))


def test_changes_are_of_pairs_that_are_a_horizon_apart():
    snapshots = pairs([of_level(spot, 0.1) for spot in SPOTS])
    changes = day_changes(snapshots)
    assert changes.spot == pytest.approx(SPOTS, abs=1e-12)
    assert (changes.hours == 24).all()
    assert changes.start_ns.tolist() == [s.time_ns for s in snapshots[::2]]
    assert changes.apart == len(SPOTS)
    with pytest.raises(InvalidInputError, match=r"at least 10 pairs 6 hours apart, had 0"):
        vol_changes(snapshots, horizon_hours=6.0)


def test_a_pair_is_the_nearest_to_the_horizon_within_a_quarter_of_it():
    hours = [0, 7, 17, 23, 26, 31] + [31 + 6 * n for n in range(1, 12)]
    snapshots = [flat(START_NS + hour * DAY_NS // 24) for hour in hours]
    changes = vol_changes(snapshots, horizon_hours=6.0)
    # 0 to 7; not 7 to 17, ten hours later; 17 to 23; 23 to 31, not to 26, and eight are too many.
    starts = ((changes.start_ns - START_NS) / (DAY_NS / 24)).tolist()
    assert starts[:4] == [0, 17, 26, 31]
    assert changes.hours[:4].tolist() == [7, 6, 5, 6]


def test_changes_that_overlap_are_counted_once():
    snapshots = [flat(START_NS + n * DAY_NS // 4) for n in range(21)]
    changes = day_changes(snapshots)
    assert (len(changes.spot), changes.apart) == (18, 5)  # 18 to 24 hours; five days
    assert changes.hours.max() == 24


def test_a_smile_that_stays_at_its_strikes_has_not_changed_there():
    steep = [Svi(a=0.1 * t, b=0.2 * math.sqrt(t), rho=-0.4, m=0.0, sigma=0.1) for t in YEARS]
    snapshots = []
    for n, spot in enumerate(SPOTS):
        start = START_NS + 3 * n * DAY_NS
        moved = tuple(Svi(a=s.a, b=s.b, rho=s.rho, m=-spot, sigma=s.sigma) for s in steep)
        for time_ns, smiles, move in ((start, tuple(steep), 0.0), (start + DAY_NS, moved, spot)):
            forward = (SPOT * math.exp(move),) * len(YEARS)
            snapshots.append(VolSnapshot(time_ns, Surface(YEARS, smiles), forward))
    changes = day_changes(snapshots)
    assert np.abs(changes.vol).max() < 1e-12
    # At the money the forward has moved along the smile: up the left wing when spot falls.
    assert changes.money[0, MONTH] > 0.1
    assert np.polyfit(SPOTS, changes.money[:, MONTH], 1)[0] < -0.5


def test_a_strike_lies_at_its_deviations_of_its_own_vol():
    svi = Svi(a=0.02, b=0.1, rho=-0.5, m=0.02, sigma=0.1)
    state = VolSnapshot(0, Surface((0.1,), (svi,)), (SPOT,))
    k = state.log_strikes(0.1)
    assert k / (svi.vol(k, years=0.1) * math.sqrt(0.1)) == pytest.approx([-1, 0, 1], abs=1e-9)


def test_the_forward_of_a_tenor_is_between_those_of_its_expiries():
    svi = Svi(a=0.02, b=0.0, rho=0.0, m=0.0, sigma=0.1)
    state = VolSnapshot(0, Surface((0.1, 0.3), (svi, svi)), (100.0, 110.0))
    assert state.spot_usd == 100
    assert math.exp(state.log_forward(0.2)) == pytest.approx(math.sqrt(100 * 110))
    assert math.exp(state.log_forward(0.05)) == pytest.approx(100)
    assert math.exp(state.log_forward(2.0)) == pytest.approx(110)


def test_a_vol_that_follows_spot_is_found_with_its_slope():
    dynamics = Dynamics.of(
        day_changes(pairs([of_level(spot, math.expm1(-1.7 * spot)) for spot in SPOTS]))
    )
    for line in (dynamics.strike, dynamics.money):
        assert line.slope == pytest.approx(-1.7, abs=1e-9)
        assert line.intercept == pytest.approx(0, abs=1e-9)
        assert line.correlation == pytest.approx(-1)
        assert (line.low, line.high) == pytest.approx((0, 0), abs=1e-9)


def test_the_band_is_what_spot_leaves_of_vol():
    noise = [0.05, -0.05] * 5 + [0.0]
    levels = [math.expm1(-1.7 * s + e) for s, e in zip(SPOTS, noise, strict=True)]
    made = [of_level(spot, level) for spot, level in zip(SPOTS, levels, strict=True)]
    line = Dynamics.of(day_changes(pairs(made))).strike
    slope, intercept = np.polyfit(SPOTS, np.log1p(levels), 1)
    left = np.log1p(levels) - slope * np.array(SPOTS) - intercept
    assert (line.slope, line.intercept) == pytest.approx((slope, intercept))
    assert (line.low, line.high) == pytest.approx(tuple(np.quantile(left, (0.05, 0.95))))


def test_large_moves_are_the_fifth_of_the_changes_on_either_side():
    dynamics = Dynamics.of(day_changes(pairs([of_level(spot, -spot) for spot in SPOTS])))
    falls, rises = dynamics.falls, dynamics.rises
    assert (falls.changes, rises.changes) == (2, 2)
    assert (falls.spot, rises.spot) == pytest.approx((-0.08, 0.06))
    assert (falls.low, falls.high) == pytest.approx((math.log(1.08), math.log(1.12)))
    assert rises.median == pytest.approx((math.log(0.94) + math.log(0.91)) / 2)


def test_the_powers_of_a_level_move_are_found():
    made = [of_level(spot, -2 * spot) for spot in SPOTS]
    term = Dynamics.of(day_changes(pairs(made))).term
    assert (term.short, term.long) == pytest.approx((SHAPE.power_short, SHAPE.power_long))
    days = np.array(TENOR_DAYS)
    power = np.where(days <= 30, SHAPE.power_short, SHAPE.power_long)
    assert term.ratio == pytest.approx((30 / days) ** power)


def test_components_are_the_eigenvectors_of_the_correlations():
    rng = np.random.default_rng(7)
    made = [
        partial(joint, spot_move=s, move=level_move(-1.5 * s + a, term=b, skew=c))
        for s, a, b, c in rng.normal(0, (0.03, 0.02, 0.01, 0.02), (30, 4))
    ]
    changes = day_changes(pairs(made))
    parts = Dynamics.of(changes).components
    table = np.column_stack([changes.spot, changes.grid])
    values, vectors = np.linalg.eigh(np.corrcoef(table.T))
    order = np.argsort(-values)
    assert parts.share == pytest.approx(values[order] / len(values), abs=1e-12)
    for c in range(3):
        assert abs(vectors[:, order[c]] @ parts.loading[c]) == pytest.approx(1)
        assert parts.loading[c][np.abs(parts.loading[c]).argmax()] > 0
        scores = (table - table.mean(axis=0)) / table.std(axis=0) @ parts.loading[c]
        assert (parts.low[c], parts.high[c]) == pytest.approx((scores.min(), scores.max()))
        moved = parts.move(c, 2.0)
        assert moved == pytest.approx(2.0 * parts.loading[c] * table.std(axis=0))
    assert parts.share[:4].sum() > 0.99  # spot, level, term and skew: four numbers made it all


def test_one_factor_is_one_component():
    made = [of_level(spot, math.expm1(-spot)) for spot in SPOTS]
    parts = Dynamics.of(day_changes(pairs(made))).components
    assert parts.share[0] > 0.999
    assert parts.loading[0, 0] * parts.loading[0, 1] < 0


@pytest.mark.parametrize(
    ("spots", "level", "name"), [(SPOTS, 0.0, "level"), ((0.0,) * 11, 0.1, "spot")]
)
def test_what_never_moves_has_no_dynamics(spots, level, name):
    changes = day_changes(pairs([of_level(spot, n * level) for n, spot in enumerate(spots)]))
    with pytest.raises(InvalidInputError, match=rf"changes\.{name} must differ from each other"):
        Dynamics.of(changes)


def test_a_tenor_that_never_moves_has_no_loading():
    made = [
        partial(flat, spot=SPOT * math.exp(s), factor=lambda days, s=s: 1 - s * (days < 100))
        for s in SPOTS
    ]
    parts = Dynamics.of(day_changes(pairs(made))).components
    assert np.isfinite(parts.loading).all()
    assert np.abs(parts.loading[0, -3:]).max() < 1e-9
    assert parts.share[0] > 0.999


@pytest.mark.parametrize("horizon", [0.0, -6.0, math.nan, math.inf])
def test_a_horizon_must_be_above_zero(horizon):
    with pytest.raises(InvalidInputError, match=r"horizon_hours must be finite and > 0, was"):
        vol_changes([flat(0), flat(1)], horizon_hours=horizon)


def test_snapshots_must_be_in_order_of_time():
    with pytest.raises(InvalidInputError, match=r"snapshots\[1\] must be later than"):
        vol_changes([flat(5), flat(5)], horizon_hours=6.0)


def test_the_still_surface_is_what_it_is_said_to_be():
    assert flat(0).surface.vol([0.0], years=30 / YEAR_DAYS)[0] == pytest.approx(VOL)
