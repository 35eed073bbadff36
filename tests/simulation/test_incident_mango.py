"""Mango Markets, October 2022: borrowing against a pushed price. Sources: the incident's file.

A gain that has not been settled never leaves this venue. So the robber goes the other way that is
left to him: his account overpays an accomplice, who withdraws.
"""

import pytest

from hullmark.domain import commands, events

from .incident import ANN, BOB, CAROL, FUND, MAKER, Incident


def matched(*, defended):
    """Return the venue with the two accounts matched against each other, and others' money."""
    incident = Incident("mango-2022", defended=defended)
    facts = incident.file["facts"]
    incident.at(0)
    incident.open(MAKER, USDC=facts["liquidity_usdc"], SOL="1000000")
    incident.pay(FUND, USDC=facts["insurance_usdc"])
    for account in (ANN, BOB):
        incident.open(account, USDC=facts["deposit_usdc"])
    incident.open(CAROL, SOL="1")
    wash = incident.trade(ANN, facts["lots"], "MNGO-PERP", facts["entry_usd"], seller=BOB)
    incident.do(wash)
    return incident


def wealth(incident):
    """Return what the two accounts are worth together."""
    return sum(incident.venue.health(account).net_value for account in (ANN, BOB))


def rob(incident):
    """Return the most USDC that overpaying the accomplice for one coin gets out of the venue."""
    for millions in range(116, 0, -1):
        if incident.refused(incident.trade(ANN, "1", "SOL-USDC", f"{millions}e6", seller=CAROL)):
            continue
        for account in (CAROL, ANN):
            quanta = incident.venue.withdrawable(account, "USDC").quanta
            if quanta:
                incident.do(commands.Withdraw(account=account, asset="USDC", quanta=quanta))
    out = [e for e in incident.happened if isinstance(e, events.Withdrawn) and e.asset == "USDC"]
    return sum(e.quanta for e in out) / 1e6


def pushed(*, defended):
    """Return the venue at the top of the push; wealth is asked at each price on the way."""
    incident = matched(defended=defended)
    facts = incident.file["facts"]
    for _ in incident.run(30, 1020):
        assert wealth(incident) == pytest.approx(2 * float(facts["deposit_usdc"]))
    assert incident.price("MNGO-PERP") == ("VALID", "", float(facts["top_usd"]))
    return incident


def test_a_stable_price_grows_by_a_fifth_where_the_market_is_pushed_twentyfold():
    incident = pushed(defended=True)
    facts = incident.file["facts"]
    low = incident.venue.state.prices["MNGO-PERP"].low_nano / 1e9
    assert 1.0 <= low / float(facts["entry_usd"]) <= 1.2


def test_no_more_gets_out_than_was_paid_in():
    incident = pushed(defended=True)
    facts = incident.file["facts"]
    deposits = 2 * float(facts["deposit_usdc"])
    out = rob(incident)
    assert out <= 1.2 * deposits
    assert out - deposits <= float(facts["insurance_usdc"])
    incident.check()


def test_without_a_stable_price_all_that_others_lent_is_taken():
    incident = pushed(defended=False)
    facts = incident.file["facts"]
    out = rob(incident)
    assert out - 2 * float(facts["deposit_usdc"]) > 50 * float(facts["insurance_usdc"])
    incident.check()
