"""Tests of slots: lists of positions against a dictionary, however long they are."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from hullmark.ledger import Position
from hullmark.ledger._slots import Slots

ROWS = 3
rows, instruments = st.integers(0, ROWS - 1), st.integers(0, 30)


def empty():
    """Return slots of rows that hold nothing."""
    slots = Slots()
    slots.head.reserve(ROWS)
    slots.head.array[:] = -1
    return slots


def toggle(slots, model, row, instrument):
    """Open a position, or close it if there is one."""
    slot, before = slots.seek(row, instrument)
    assert (slot >= 0) == ((row, instrument) in model)
    if slot >= 0:
        slots.remove(row, slot, before)
        del model[row, instrument]
        return
    slot = slots.insert(row, instrument, before)
    position = Position(len(model) + 1, row, instrument)
    slots.lots.view[slot], slots.quote.view[slot], slots.paid.view[slot] = position
    model[row, instrument] = position


@settings(max_examples=200)
@given(st.lists(st.tuples(rows, instruments), max_size=120))
def test_lists_hold_what_a_dictionary_holds_in_the_order_of_instruments(steps):
    slots, model, most = empty(), {}, 0
    for step in steps:
        toggle(slots, model, *step)
        most = max(most, len(model))
    for row in range(ROWS):
        held = sorted((i, p) for (r, i), p in model.items() if r == row)
        assert slots.held(row) == held
        assert all(slots.at(slots.seek(row, i)[0]) == p for i, p in held)
    assert slots.used == most  # every slot that became free was taken again
    taken = slots.instrument.array[: slots.used] >= 0
    assert taken.sum() == len(model)
    assert not slots.lots.array[: slots.used][~taken].any()


@pytest.mark.parametrize("length", [0, 7, 8, 9, 16, 17, 200])
def test_a_long_list_is_followed_to_its_end(length):
    slots = empty()
    before = -1
    for instrument in range(0, 2 * length, 2):
        before = slots.insert(1, instrument, before)
    held = range(0, 2 * length, 2)
    for instrument in range(-1, 2 * length + 1):
        slot, place = slots.seek(1, instrument)
        assert slot == (instrument // 2 if instrument in held else -1)
        assert place == sum(i < instrument for i in held) - 1


def test_positions_come_back_from_columns():
    slots = empty()
    slots.unpack(
        {
            "held": np.array([2, 0, 1]),
            "instrument": np.array([3, 5, 4]),
            "lots": np.array([1, 2, 3]),
            "quote": np.array([4, 5, 6]),
            "paid": np.array([7, 8, 9]),
        }
    )
    held = [(3, Position(1, 4, 7)), (5, Position(2, 5, 8))]
    assert [slots.held(row) for row in range(ROWS)] == [held, [], [(4, Position(3, 6, 9))]]
    assert slots.owner.array.tolist() == [0, 0, 2]
