"""Tests of tables that tell what has changed in them."""

import gc

import pytest
from hypothesis import given, strategies as st

from hullmark.clearing._table import Table

keys, facts = st.sampled_from("abc"), st.integers(1, 3)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("set"), keys, facts),
        st.tuples(st.just("del"), keys),
        st.tuples(st.just("update"), st.dictionaries(keys, facts)),
    ),
    max_size=12,
)


def do(table, kind, *step):
    """Do one step to a table."""
    if kind == "set":
        table[step[0]] = step[1]
    elif kind == "update":
        table.update(*step)
    elif step[0] in table:
        del table[step[0]]


@given(steps, steps)
def test_changes_are_the_rows_that_were_there_before(history, steps):
    table = Table()
    for step in history:
        do(table, *step)
    before, changes = dict(table), table.watch()
    for step in steps:
        do(table, *step)
    for key in "abc":
        assert changes.get(key, table.get(key)) == before.get(key)


def test_everyone_who_watches_has_changes_of_their_own():
    table = Table()
    one = table.watch()
    table["a"] = 1
    other = table.watch()
    table.update({"a": 2, "b": 3})
    assert one == {"a": None, "b": None}
    assert other == {"a": 1, "b": None}
    one.clear()
    del table["a"]
    assert one == {"a": 2}
    assert other == {"a": 1, "b": None}


def test_who_no_longer_watches_is_forgotten():
    table = Table()
    for _ in range(5):
        table.watch()
        gc.collect()
    kept = table.watch()
    table["a"] = 1
    assert kept == {"a": None}
    assert len(table._watchers) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.clear(),
        lambda table: table.pop("a"),
        lambda table: table.popitem(),
        lambda table: table.setdefault("b", 2),
        lambda table: table.__ior__({"b": 2}),
    ],
)
def test_what_nobody_would_be_told_of_is_refused(change):
    table = Table()
    table["a"] = 1
    with pytest.raises(TypeError, match="a table must be changed by item, by del or by update"):
        change(table)
    assert table == {"a": 1}


def test_a_row_that_came_and_went_between_two_looks_is_no_change():
    table = Table()
    changes = table.watch()
    for number in range(1_000):
        table[str(number)] = number
        del table[str(number)]
    assert changes == {}
