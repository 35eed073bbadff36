"""Compound, November 2020: a dollar coin at 1.30 USD on one venue. Sources: the incident's file."""

import pytest

from hullmark.domain import Reason

from .incident import ANN, MAKER, Incident

HOUR_UP, DOWN = range(1200, 4201, 600), 4860


def borrowed(*, defended):
    """Return the largest farmer's loan in calm: she has sold the coins that she borrowed."""
    incident = Incident("compound-2020", defended=defended)
    facts = incident.file["facts"]
    incident.at(0)
    incident.open(MAKER, USDC="1000000000", DAI="1000000000")
    debt = facts["largest_debt_dai"]
    incident.open(ANN, USDC=str(int(facts["largest_collateral_usdc"]) - int(debt)))
    incident.do(incident.trade(ANN, debt, "USDC-DAI", "1"))
    return incident


def test_one_venue_of_four_makes_the_price_uncertain_and_moves_nothing():
    incident = borrowed(defended=True)
    worst = 0.0
    for second in incident.run(60, DOWN):
        grade, reason, usd = incident.price("DAI")
        worst = max(worst, abs(usd - 1.0))
        if second in HOUR_UP:
            assert (grade, reason) == ("UNCERTAIN", "dissent")
            more = incident.trade(ANN, "1", "USDC-DAI", "1")
            assert incident.refused(more) is Reason.PRICE_DOUBTFUL
            assert not incident.venue.health(ANN).in_breach
    assert worst <= 0.03
    assert incident.price("DAI")[:2] == ("VALID", "")
    assert incident.liquidated_usd() == 0.0
    assert incident.taken_in_hand() == set()
    incident.check()


def test_with_one_source_alone_the_farmer_loses_her_collateral():
    incident = borrowed(defended=False)
    for _ in incident.run(60, 1200):
        pass
    assert incident.price("DAI") == ("VALID", "", 1.3)
    assert incident.taken_in_hand() == {ANN}
    assert incident.liquidated_usd() >= 10e6
    owed = incident.venue.health(ANN)
    assert owed.net_value == pytest.approx(66e6 - 46e6 * 1.3)  # solvent all the while
    incident.check()
