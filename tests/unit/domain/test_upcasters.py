"""Old shapes are read as what they mean today, step by step and wherever they stand."""

import pytest

from hullmark.domain import _upcasters, upcast


@pytest.fixture
def steps(monkeypatch):
    """Let `Old` become `Old.2` with an amount, and that `Old.3` with its asset."""

    def second(tree):
        quanta = tree.pop("amount")
        return {**tree, "type": "Old.2", "quanta": quanta}

    def third(tree):
        return {**tree, "type": "Old.3", "asset": "USDT"}

    monkeypatch.setattr(_upcasters, "UPCASTERS", {"Old": second, "Old.2": third})


def test_a_shape_goes_through_every_step_from_its_own(steps):
    newest = {"type": "Old.3", "quanta": 5, "asset": "USDT"}
    assert upcast({"type": "Old", "amount": 5}) == newest
    assert upcast({"type": "Old.2", "quanta": 5}) == newest
    assert upcast(newest) == newest


def test_shapes_inside_others_are_found(steps):
    deferred = {"type": "ReactionsDeferred", "commands": [{"type": "Old", "amount": 1}]}
    (unit,) = upcast([[1, 2, None, [deferred]]])
    assert unit[3][0]["commands"] == [{"type": "Old.3", "quanta": 1, "asset": "USDT"}]


def test_what_has_no_older_shape_is_left_as_it_is(steps):
    for tree in (None, 5, "Old", [1, [2]], {"type": 7}, {"type": "New", "x": {"type": None}}):
        assert upcast(tree) == tree
