"""Venus, May 2022: a feed at its own floor, ten times the market. Sources: the incident's file."""

from hullmark.domain import Reason

from .incident import ANN, BOB, MAKER, Incident


def clamped(*, defended):
    """Return the venue some time after the clamp, and the robber's coins paid in."""
    incident = Incident("luna-2022", defended=defended)
    incident.at(0)
    incident.open(MAKER, USDC="100000000", BTC="10000")
    incident.open(BOB, USDC="1000000")
    for _ in incident.run(60, 660):
        pass
    incident.open(ANN, LUNA=incident.file["facts"]["deposited_luna"])
    return incident


def loan(incident, buyer=ANN):
    """Return the purchase of bitcoin on credit that takes out what was lent."""
    size = float(incident.file["facts"]["lent_usd"]) / 29_000
    return incident.trade(buyer, f"{size:.4f}", "BTC-USDC", "29000")


def test_a_price_at_the_feeds_own_floor_is_none_and_nothing_is_lent_on_it():
    incident = clamped(defended=True)
    grade, reason, _ = incident.price("LUNA")
    assert (grade, reason) == ("ABSURD", "clamped")
    smallest = incident.trade(ANN, "0.0001", "BTC-USDC", "29000")
    assert incident.refused(smallest) is Reason.PRICE_DOUBTFUL
    assert incident.refused(loan(incident)) is Reason.PRICE_DOUBTFUL
    luna = incident.withdrawal(ANN, "LUNA", 1)
    assert incident.refused(luna) is Reason.PRICE_DOUBTFUL
    incident.check()


def test_who_holds_none_of_it_goes_on():
    incident = clamped(defended=True)
    incident.do(incident.trade(BOB, "1", "BTC-USDC", "29000"), incident.withdrawal(BOB, "USDC", 1))
    incident.check()


def test_a_clamp_that_is_read_as_a_price_is_lent_on_and_walks_away():
    incident = clamped(defended=False)
    assert incident.price("LUNA") == ("VALID", "", 0.107)
    incident.do(loan(incident))
    taken = incident.venue.withdrawable(ANN, "BTC").quanta
    incident.do(incident.withdrawal(ANN, "BTC", taken))
    facts = incident.file["facts"]
    left = float(facts["deposited_luna"]) * float(facts["market_usd"])
    out = taken / 1e8 * 29_000
    assert out - left > 8e6  # what the lenders are short of, at what the coins are worth
    incident.check()
