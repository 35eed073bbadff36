"""Engines are found by name among what is installed, and exactly one may have a name."""

from types import SimpleNamespace

import numpy as np
import pytest

from hullmark.book import AccountRow
from hullmark.errors import InvalidInputError, PluginError
from hullmark.liquidation import Breach, Breaches, Hedges, Plan, load_engine
from hullmark.liquidation.partial import Partial

GROUP = "hullmark.liquidation_engines"
OURS = "hullmark.liquidation.partial:Partial"


def test_our_engine_is_found_like_any_other():
    assert isinstance(load_engine("partial"), Partial)


@pytest.mark.parametrize("name", ["", "whole", "Partial"])
def test_an_unknown_engine_is_refused_with_what_is_installed(name):
    with pytest.raises(PluginError, match=rf"no liquidation engine '{name}'; installed: .*partial"):
        load_engine(name)


def breach(**others):
    held = np.array([0, 2], np.int32), np.array([1.0, -2.0]), np.array([-90.0, 20.0])
    return Breach(
        account=7,
        holding=AccountRow(*held, np.array([5.0]), 1),
        tables=SimpleNamespace(),
        lots=np.array([1, -2]),
        limit_value=np.array([88.2, 10.2]),
        target=0.8,
        penalty=0.01,
        **others,
    )


HEDGES = Hedges(
    instrument=np.array([1]),
    units=np.array([1.0]),
    lots_max=np.array([9]),
    sell_value=np.array([9.9]),
    buy_value=np.array([10.1]),
    depth_usd=np.array([1e6]),
)


def test_what_is_left_out_limits_nothing():
    one = breach()
    assert one.lots_max.tolist() == [1, 2]
    assert one.depth_usd.tolist() == [np.inf, np.inf]
    assert (one.fee, one.hedges, one.choice) == (0.0, None, "share")
    assert Plan(account=7, lots=(0, 0), reason="").hedges == ()


@pytest.mark.parametrize("column", ["lots_max", "depth_usd"])
def test_a_column_of_another_length_is_refused(column):
    with pytest.raises(InvalidInputError, match=r"^lots_max and depth_usd must have 2 places"):
        breach(**{column: np.array([1])})


def test_a_batch_in_columns_is_a_sequence_of_its_breaches():
    columns = {"lots_max": np.array([1, 1]), "depth_usd": np.array([1e6, 1e5])}
    one = breach(fee=0.001, hedges=HEDGES, choice="cheapest", **columns)
    batch = Breaches.of(one)
    (again,) = batch
    assert len(batch) == 1
    for name in ("account", "target", "penalty", "fee", "hedges", "choice"):
        assert getattr(again, name) == getattr(one, name), name
    for name in ("lots", "limit_value", "lots_max", "depth_usd"):
        assert getattr(again, name).tolist() == getattr(one, name).tolist(), name
    assert [np.array_equal(a, b) for a, b in zip(again.holding, one.holding, strict=True)] == (
        [True] * 5
    )
    assert [len(batch[:1]), len(batch[1:]), batch[-1].account] == [1, 0, 7]
    with pytest.raises(IndexError):
        batch[1]
