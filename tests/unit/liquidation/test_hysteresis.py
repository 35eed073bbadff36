"""Trigger and exit: where an episode begins and ends, and that it does not flicker."""

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.liquidation import is_triggered, is_worked_on, wants_more

USD = st.floats(-1e9, 1e9)
NEED = st.floats(0, 1e9)
LINES = st.tuples(st.floats(0.1, 1), st.floats(0.1, 1)).map(sorted)


@pytest.mark.parametrize(
    ("equity", "maintenance", "begins", "goes_on"),
    [
        (99.0, 100.0, True, True),  # above equity
        (100.0, 100.0, False, True),  # at equity: nobody is triggered there
        (110.0, 100.0, False, True),  # within the band
        (125.0, 100.0, False, False),  # at the exit
        (0.0, 0.0, False, False),  # nothing held and nothing owed
        (-1.0, 0.0, True, True),  # a debt
        (0.0, 1.0, True, True),
    ],
)
def test_an_episode_begins_above_equity_and_ends_at_its_exit(equity, maintenance, begins, goes_on):
    assert is_triggered(equity, maintenance) is begins
    assert wants_more(equity, maintenance, target=0.8) is goes_on
    assert is_worked_on(False, equity, maintenance, target=0.8) is begins
    assert is_worked_on(True, equity, maintenance, target=0.8) is goes_on


def test_the_exit_may_be_looser_than_the_target():
    assert wants_more(100.0, 85.0, target=0.8)
    assert not wants_more(100.0, 85.0, target=0.8, exit_at=0.85)


@pytest.mark.parametrize(
    ("target", "exit_at"), [(0.0, None), (-0.1, 0.5), (0.9, 0.8), (0.8, 1.1), (1.1, None)]
)
def test_lines_in_the_wrong_order_are_refused(target, exit_at):
    with pytest.raises(InvalidInputError, match=r"^target must be > 0 and <= exit_at"):
        wants_more(1.0, 1.0, target=target, exit_at=exit_at)


@given(USD, NEED, LINES)
def test_whoever_is_triggered_wants_more(equity, maintenance, lines):
    target, exit_at = lines
    if is_triggered(equity, maintenance) and maintenance > 0:
        assert wants_more(equity, maintenance, target=target, exit_at=exit_at)


@given(st.floats(1e-3, 1e9), LINES, st.floats(0, 1))
def test_a_plan_that_reaches_the_target_ends_the_episode(equity, lines, part):
    target, exit_at = lines
    reached = part * target * equity
    assert not wants_more(equity, reached, target=target, exit_at=exit_at)


@given(st.lists(st.floats(0, 2), min_size=2), st.booleans(), LINES)
def test_it_takes_a_way_across_the_band_to_begin_again(ratios, before, lines):
    """No flicker: between one change and the next MM over equity crosses from line to line."""
    target, exit_at = lines
    states = [before]
    for ratio in ratios:
        states.append(is_worked_on(states[-1], 1.0, ratio, target=target, exit_at=exit_at))
    turns = [(k, now) for k, (was, now) in enumerate(pairwise(states)) if was != now]
    for k, begins in turns:
        assert ratios[k] > 1.0 if begins else ratios[k] <= exit_at


@given(st.lists(st.floats(0.8000001, 1), min_size=1), st.booleans())
def test_an_account_within_the_band_stays_as_it_was(ratios, before):
    for ratio in ratios:
        assert is_worked_on(before, 1.0, ratio, target=0.8) is before
