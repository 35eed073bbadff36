"""Engines are found by name among what is installed, and exactly one may have a name."""

from types import SimpleNamespace

import numpy as np
import pytest

from hullmark.book import AccountRow
from hullmark.errors import PluginError
from hullmark.liquidation import Breach, Breaches, load_engine
from hullmark.liquidation.partial import Partial

GROUP = "hullmark.liquidation_engines"
OURS = "hullmark.liquidation.partial:Partial"


def test_our_engine_is_found_like_any_other():
    assert isinstance(load_engine("partial"), Partial)


@pytest.mark.parametrize("name", ["", "whole", "Partial"])
def test_an_unknown_engine_is_refused_with_what_is_installed(name):
    with pytest.raises(PluginError, match=rf"no liquidation engine '{name}'; installed: partial"):
        load_engine(name)


def test_a_batch_in_columns_is_a_sequence_of_its_breaches():
    held = np.array([0, 2], np.int32), np.array([1.0, -2.0]), np.array([-90.0, 20.0])
    one = Breach(
        account=7,
        holding=AccountRow(*held, np.array([5.0]), 1),
        tables=SimpleNamespace(),
        lots=np.array([1, -2]),
        limit_value=np.array([88.2, 10.2]),
        target=0.8,
        penalty=0.01,
    )
    batch = Breaches.of(one)
    (again,) = batch
    assert len(batch) == 1
    assert (again.account, again.target, again.penalty) == (7, 0.8, 0.01)
    assert (again.lots == one.lots).all()
    assert (again.limit_value == one.limit_value).all()
    assert [np.array_equal(a, b) for a, b in zip(again.holding, one.holding, strict=True)] == (
        [True] * 5
    )
    assert [len(batch[:1]), len(batch[1:]), batch[-1].account] == [1, 0, 7]
    with pytest.raises(IndexError):
        batch[1]
