"""What an account would be after its trades: the trial against the naive way, row by row."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from hullmark.liquidation._fills import ONE, TWO, ask, health_usd, reaches, trial_of
from hullmark.margin import Health

from .accounts import (
    SCENARIO,
    STEEP,
    TIERED,
    after,
    at_target,
    closing_of,
    make_breach,
    make_tables,
)

TABLES = make_tables(STEEP, STEEP, STEEP)
LOTS = st.tuples(*[st.integers(-300, 300)] * 3).filter(any)


@pytest.mark.parametrize("model", [TIERED, SCENARIO])
@given(LOTS, st.floats(-100, 3_000), st.tuples(*[st.floats(0, 1)] * 3))
def test_a_trial_is_the_account_after_each_set_of_its_trades_to_the_bit(model, lots, cash, parts):
    one = make_breach(TABLES, lots, cash, model=model, fee=0.001)
    whole = -one.lots
    part = np.trunc(whole * np.array(parts)[: one.lots.size]).astype(np.int64)
    closing = closing_of(one)
    for run in (ask, ask.py_func):
        trial = trial_of(ONE * 2, closing, TABLES)
        trial.trades[:] = part, whole
        run(TWO, closing, TABLES, trial)
        for place, trades in enumerate((part, whole)):
            then = after(one, trades)
            np.testing.assert_array_equal(trial.out[:, place], np.array(then, float))
            assert reaches.py_func(place, trial.out, one.target) == at_target(one, trades)
            assert health_usd.py_func(place, trial.out) == then.health


def test_a_trial_reads_the_columns_of_health_by_their_names():
    one = make_breach(TABLES, (100, 0, 0), 449)
    trial = trial_of(ONE, closing_of(one), TABLES)
    trial.trades[:] = -10
    ask(ONE, closing_of(one), TABLES, trial)
    assert dict(zip(Health._fields, trial.out[:, 0], strict=True))["gross_notional"] == 8_100.0
