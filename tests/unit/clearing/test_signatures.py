"""Two people are two people, however their names are written."""

import pytest

from hullmark.clearing._signatures import NAME_LENGTH_MAX, need_two_people
from hullmark.domain import Reason


def test_two_people_may_sign():
    assert need_two_people(("Ada", "Grace")) is None


@pytest.mark.parametrize(
    "names",
    [
        ("Ada", "Ada"),
        ("Ada", " ADA\u200b"),
        ("Ada", "\uff21da"),
        ("", "Ada"),
        ("Ada", "\u00a0"),
        ("Ada", "G" * (NAME_LENGTH_MAX + 1)),
    ],
)
def test_one_person_or_nobody_may_not(names):
    assert need_two_people(names).reason is Reason.UNAUTHORISED
