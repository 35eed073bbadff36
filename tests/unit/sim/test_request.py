"""What a request changes of a scenario: what it says itself, then what its command does."""

from dataclasses import replace

import pytest

from hullmark.feeds import read_scenario
from hullmark.sim._request import IncidentRequest

from .conftest import VENUE


@pytest.mark.parametrize(
    ("own", "settings", "changed"),
    [
        ({}, None, {}),
        ({"accounts": 6}, None, {"accounts": 6}),
        ({"open_interest_usd": 10**7}, None, {"open_interest_usd": 10**7}),
        ({}, {"accounts": 8, "fund_share": 0.5}, {"accounts": 8, "fund_share": 0.5}),
        ({"accounts": 6}, {"accounts": 8, "fund_share": 0.5}, {"accounts": 6, "fund_share": 0.5}),
    ],
)
def test_a_request_goes_over_the_settings_and_these_over_the_file(
    own, settings, changed, short_scenario
):
    request = IncidentRequest(scenario=short_scenario, venue=VENUE, **own)
    said = read_scenario(short_scenario)
    assert request.read(settings) == replace(said, replay=replace(said.replay, **changed))


def test_settings_are_not_changed_by_a_request(short_scenario):
    settings = {"accounts": 8}
    IncidentRequest(scenario=short_scenario, venue=VENUE, accounts=6).read(settings)
    assert settings == {"accounts": 8}
