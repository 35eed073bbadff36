"""The small venue, founded anew for each test."""

import pytest

from .bank import Bank


@pytest.fixture
def bank():
    return Bank().found()
