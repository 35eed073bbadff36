"""Tests of what is closed at the end of a ``with`` statement."""

import pytest

from hullmark.core import Closing


class Door(Closing):
    """Counts how often it was closed."""

    closed = 0

    def close(self):
        """Count."""
        self.closed += 1


def test_the_end_of_with_closes_even_after_an_error():
    with Door() as door:
        assert door.closed == 0
    assert door.closed == 1

    def fail(door):
        with door:
            raise KeyError

    with pytest.raises(KeyError):
        fail(door)
    assert door.closed == 2
