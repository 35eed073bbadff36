"""Tests of how the auditor reads decimals and instants."""

from hullmark.sim._auditor_text import NANO, read_instant, read_nano


def test_decimals_are_read_exactly():
    assert read_nano("0.000000001") == 1
    assert read_nano("64000.5") == 64_000_500_000_000


def test_instants_are_read_to_the_nanosecond_and_in_their_zone():
    assert read_instant("1970-01-02") == 86_400 * NANO
    assert read_instant("1970-01-01T00:00:00.000000001Z") == 1
    assert read_instant("1970-01-01T02:00:00.5+02:00") == NANO // 2
