"""BitMEX, April 2019: whether a fund that is full pays before anybody is deleveraged."""

from decimal import Decimal

import pytest

from hullmark.core import nano
from hullmark.domain import commands, events

from .incident import ANN, BOB, CAROL, FUND, MAKER, Incident

OLD, NEW, OTHER = "XBTH19", "XBTU19", "ETHUSD"
USD = 10**6


class Expiry:
    """The venue from an hour before the expiry to the rise, with shorts that it takes too far."""

    def __init__(self, *, heir):
        self.incident = Incident("bitmex-2019")
        self.facts = self.incident.file["facts"]
        incident, part = self.incident, self.incident.venue.quanta("USD", self.facts["part_usd"])
        incident.at(0)
        incident.open(MAKER, USD="1000000")
        incident.pay(FUND, USD=self.facts["part_usd"])
        self.allocate(OLD, part)
        for account in (ANN, BOB):
            incident.open(account, USD="3000")
        incident.open(CAROL, USD="100000")
        incident.do(incident.trade(CAROL, "10", OLD, self.facts["price_expiry"]))
        incident.at(int(self.facts["expiry_second"]))
        self.settled = incident.do(
            commands.SettleExpiry(instrument=OLD, price_nano=nano(self.facts["price_expiry"]))
        )
        if heir is not None:
            self.allocate(heir, part)

    def allocate(self, market, quanta):
        """Set money of the fund aside."""
        self.incident.do(commands.AllocateFund(instrument=market, asset="USD", quanta=quanta))

    def live(self):
        """Let Ann and Bob go short against Carol, and the price rise; fill what is ordered."""
        incident, begin = self.incident, int(self.facts["event_second"])
        incident.at(begin)
        for account in (ANN, BOB):
            incident.do(incident.trade(CAROL, "20", NEW, "4150", seller=account))
        for _ in incident.run(begin + 60, begin + 600):
            for order in list(incident.venue.state.working.values()):
                arrival = incident.venue.state.prices[NEW].price_nano
                filled = commands.ReportFill(
                    order=order.order,
                    counterparty=MAKER,
                    lots=order.lots,
                    price_nano=arrival,
                    arrival_nano=arrival,
                    final=True,
                )
                incident.do(filled)
        return self

    def told(self, kind):
        """Return the events of a kind."""
        return [e for e in self.incident.happened if isinstance(e, kind)]

    def free(self):
        """Return what of the fund no market has."""
        kept = sum(self.incident.venue.state.allocations.values())
        return self.incident.venue.cash(FUND, "USD").quanta - kept


def test_an_expiry_frees_what_stood_for_its_contract_at_once():
    expiry = Expiry(heir=None)
    (given_back,) = [e for e in expiry.settled if isinstance(e, events.FundAllocated)]
    assert (given_back.instrument, given_back.quanta) == (OLD, -100_000 * USD)
    assert expiry.free() == 100_000 * USD
    assert not expiry.incident.venue.state.allocations
    assert not expiry.incident.taken_in_hand()


@pytest.mark.parametrize("heir", [None, NEW])
def test_nobody_is_deleveraged_while_the_fund_can_pay(heir):
    expiry = Expiry(heir=heir).live()
    covered = expiry.told(events.DeficitCovered)
    assert {e.account for e in covered} == {ANN, BOB}
    assert sum(e.fund_quanta for e in covered) > 1_000 * USD
    assert sum(e.haircut_quanta + e.bad_debt_quanta for e in covered) == 0
    assert not expiry.told(events.Deleveraged)
    assert not expiry.told(events.HaircutTaken)
    expiry.incident.check()


# As it was: the money is there, and stands for a contract that has nothing to do with it.
def test_where_it_stays_with_another_contract_those_who_gain_pay_beside_a_full_fund():
    expiry = Expiry(heir=OTHER).live()
    covered = expiry.told(events.DeficitCovered)
    assert sum(e.fund_quanta for e in covered) < 2_000 * USD  # penalties that were paid in since
    assert {e.payer for e in expiry.told(events.HaircutTaken)} == {CAROL}
    lost = sum(e.haircut_quanta for e in covered)
    gain = Decimal(expiry.facts["price_best"]) - Decimal(expiry.facts["price_before"])
    assert 0 < lost < 40 * gain * USD
    assert expiry.incident.venue.cash(FUND, "USD").quanta >= 100_000 * USD
    expiry.incident.check()
