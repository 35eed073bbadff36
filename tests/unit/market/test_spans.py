"""For how long each value held in a window: against a list of all its seconds."""

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.market._spans import held, spans

path = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 10**6)), min_size=1, max_size=8)


@given(path, st.integers(1, 300))
def test_a_window_has_its_last_seconds_and_no_others(said, window):
    points, by_second = [], []
    for held_s, value in said:
        points.append((len(by_second), value))
        by_second += [value] * held_s
    now = len(by_second)
    seconds = [value for value, span in spans(points, now, window) for _ in range(span)]
    assert seconds == by_second[-window:]
    if 0 < window <= now:
        assert held(points, now, window) == list(spans(points, now, window))


def test_a_window_that_is_not_covered_or_not_in_order_is_refused():
    for observations, now_s, window_s, message in (
        ([(0, 1)], 5, 0, "window_s must be > 0, was 0"),
        ([], 5, 5, "the first observation must be <= 0, was None"),
        ([(1, 1)], 5, 5, "the first observation must be <= 0, was 1"),
        ([(0, 1), (3, 1), (2, 1)], 5, 5, "observations must be in order up to 5, was 3"),
        ([(0, 1), (6, 1)], 5, 5, "observations must be in order up to 5, was 6"),
    ):
        with pytest.raises(InvalidInputError) as refused:
            held(observations, now_s, window_s)
        assert str(refused.value) == message
