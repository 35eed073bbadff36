"""The smallest common share: against the plain bisection, with caps, and on top of what is closed.

What it closes in accounts worked by hand is in the tests of the engine.
"""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from hullmark.liquidation._fills import trial_of
from hullmark.liquidation._share import smallest_share

from .accounts import SCENARIO, STEEP, TIERED, at_target, closing_of, make_breach, make_tables

TABLES = make_tables(STEEP, STEEP, STEEP)
LOTS = st.tuples(*[st.integers(-300, 300)] * 3).filter(any)
PARTS = st.tuples(*[st.floats(0, 1)] * 3)


def found(one, base, run=smallest_share):
    closing, trades = closing_of(one), np.zeros_like(one.lots)
    reached = run(closing, one.tables, trial_of(1, closing, one.tables), base, trades)
    return bool(reached), trades.tolist()


def plain(one, base):
    """Return what the bisection finds that asks at every halving."""
    rest = np.abs(one.lots) - base

    def closed_at(share):
        closed = np.minimum(base + np.ceil(share * rest).astype(np.int64), one.lots_max)
        return -np.sign(one.lots) * closed

    if not at_target(one, closed_at(1.0)):
        return False, closed_at(1.0).tolist()
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if at_target(one, closed_at(middle)) else (middle, high)
    return True, closed_at(high).tolist()


@pytest.mark.parametrize("model", [TIERED, SCENARIO])
@given(LOTS, st.floats(0, 3_000), PARTS, PARTS)
def test_it_is_what_the_plain_bisection_finds(model, lots, cash, caps, before):
    lots_max = np.round(np.abs(lots) * np.array(caps)).astype(np.int64)
    one = make_breach(TABLES, lots, cash, model=model, lots_max=lots_max)
    base = np.trunc(one.lots_max * np.array(before)[: one.lots.size]).astype(np.int64)
    assert found(one, base) == plain(one, base)


@given(LOTS, st.floats(-99, 3_000))
def test_the_compiled_kernel_agrees_with_its_source(lots, cash):
    one = make_breach(TABLES, lots, cash)
    base = np.zeros_like(one.lots)
    assert found(one, base) == found(one, base, smallest_share.py_func)


def test_a_cap_holds_one_position_back_and_the_others_go_further():
    free = make_breach(make_tables(), (100, 900, 0), 700)
    capped = make_breach(make_tables(), (100, 900, 0), 700, lots_max=(60, 900, 0))
    base = np.zeros(2, np.int64)
    # Freed: 4.50 and 0.50 a lot, spent: 2.70 and 0.30. With 73 of the first 651 of the second are
    # enough, 246 <= 0.8 x 307.6; with 60 of it 768: 246 <= 0.8 x 307.6 again.
    assert found(free, base) == (True, [-73, -651])
    assert found(capped, base) == (True, [-60, -768])
