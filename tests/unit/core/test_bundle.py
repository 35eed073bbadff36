"""Tests of bundles: what a kernel sees of them, and for how long."""

import gc

import numpy as np

from hullmark.core import Bundle, bundle, kernel


@kernel
def weighed(held: Bundle, place: int) -> float:
    weights, (values, scale) = held.content
    return weights[place] * values[place] * scale


def made():
    return bundle((np.arange(5.0), (np.arange(5), 3.0)))


def test_a_kernel_finds_the_content_as_it_was_put_in():
    held = made()
    assert isinstance(held, Bundle)
    assert weighed(held, 2) == weighed.py_func(held, 2) == 12.0


def test_what_is_written_later_is_seen_by_the_next_call():
    held = made()
    held.content[0][2] = 10.0
    assert weighed(held, 2) == 60.0


def test_a_bundle_keeps_its_arrays_alive_by_itself():
    held = made()
    held.content = None
    gc.collect()
    others = [np.full(5, np.nan) for _ in range(100)]
    assert weighed(held, 4) == 48.0
    assert others


@kernel
def nested(outer: Bundle, place: int) -> float:
    inner, more = outer.content
    return weighed(inner, place) + more[place]


def test_bundles_can_be_in_bundles():
    assert nested(bundle((made(), np.ones(5))), 3) == 28.0
