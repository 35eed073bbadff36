"""Deribit, 2019 and 2017: a broken source, and a liquidation in a loop. Sources: the file."""

import itertools

import pytest

from hullmark.core import nano
from hullmark.domain import Mode, Parked, commands

from .incident import ANN, MAKER, Incident, rules_command

SYMBOL, FUTURE = "BTC-PERP", "BTC-29DEC17"
SOURCES = ("bitfinex", "bitstamp", "bittrex", "coinbase", "gemini", "kraken", "lmax")
BROKEN = {"stale": "silent", "low": "7720", "zero": "0", "high": "90000"}


def invested(*, defended):
    """Return the venue with a long at the leverage of the file, in calm."""
    incident = Incident("deribit", defended=defended)
    incident.at(0)
    incident.open(MAKER, USD="100000000")
    incident.open(ANN, USD=f"{9150 / float(incident.file['facts']['leverage']):.2f}")
    incident.do(incident.trade(ANN, "1", SYMBOL, "9150"))
    return incident


@pytest.mark.parametrize("how", list(itertools.product(BROKEN, repeat=2)), ids="-".join)
def test_with_any_two_of_seven_broken_the_price_stays_within_the_others(how):
    for pair in itertools.combinations(SOURCES, 2):
        incident = invested(defended=True)
        path = incident.file["path"][SYMBOL]
        path["lmax"] = [["0", "9151"]]
        for source, fault in zip(pair, how, strict=True):
            path[source] = [path[source][0], ["300", BROKEN[fault]]]
        rest = [float(path[source][0][1]) for source in SOURCES if source not in pair]
        for second in (290, 300, 330):
            incident.at(second)
            grade, _, usd = incident.price(SYMBOL)
            assert grade == "VALID"
            assert second < 300 or min(rest) <= usd <= max(rest), (pair, usd)
        assert incident.taken_in_hand() == set()


def test_the_published_minutes_liquidate_nobody():
    incident = invested(defended=True)
    for _ in incident.run(10, 700):
        grade, _, usd = incident.price(SYMBOL)
        assert (grade, 9149 <= usd <= 9160) == ("VALID", True)
    assert incident.taken_in_hand() == set()
    incident.check()


def test_an_index_that_keeps_the_broken_source_liquidates():
    incident = invested(defended=False)
    for _ in incident.run(10, 450):
        pass
    assert incident.price(SYMBOL)[2] == float(incident.file["facts"]["low_usd"])
    assert incident.taken_in_hand() == {ANN}
    incident.check()


def breached(**liquidation):
    """Return the venue with a portfolio short of the future in breach: its order is at work."""
    incident = Incident("deribit")
    rules = incident.rules
    rules["liquidation"] |= liquidation
    incident.at(0)
    if liquidation:
        incident.do(rules_command(rules))
    incident.open(MAKER, USD="100000000")
    incident.do(commands.OpenAccount(account=ANN, mode=Mode.PORTFOLIO))
    incident.pay(ANN, USD="200000")
    incident.do(incident.trade(MAKER, "100", FUTURE, "9150", seller=ANN))
    incident.file["path"][FUTURE]["kraken"] = [["0", "9150"], ["10", "9800"]]
    incident.at(10)
    return incident


def answered(incident, share, *, most):
    """Answer each order with a share of it, while there are any; return the requirements."""
    found = [incident.venue.health(ANN).maintenance]
    for _ in range(most):
        waiting = [o for o in incident.orders if o.order in incident.venue.state.working]
        if not waiting:
            break
        (order,) = waiting
        lots = int(order.lots * share)
        incident.do(
            commands.ReportFill(
                order=order.order,
                counterparty=MAKER,
                lots=lots,
                price_nano=nano("9800"),
                arrival_nano=nano("9800"),
                final=True,
            )
        )
        found.append(incident.venue.health(ANN).maintenance)
    return found


def test_each_step_asks_for_less_margin_and_there_are_few():
    incident = breached()
    found = answered(incident, 0.05, most=100)  # too little to cure the account
    assert all(after < before for before, after in itertools.pairwise(found))
    assert len(incident.orders) == 5 == len(found) - 1
    incident.check()


def test_where_nobody_fills_the_budget_ends_it_and_the_account_waits():
    incident = breached()
    answered(incident, 0.0, most=100)
    assert len(incident.orders) == 5
    assert incident.venue.state.parked[ANN].reason is Parked.ROUNDS_EXHAUSTED
    incident.check()


def test_with_no_budget_to_speak_of_it_goes_on_and_on():
    incident = breached(rounds_max=1000)
    answered(incident, 0.0, most=100)
    assert len(incident.orders) > 100
