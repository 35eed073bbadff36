"""Paradex, January 2026: zero for bitcoin. Sources: the incident's file."""

import pytest

from hullmark.domain import Reason

from .incident import MAKER, Incident

PRICES = {"BTC-PERP": "93000", "SPACEX-PERP": "2277"}
USERS = range(1_000, 1_200)


def invested(symbol, **changes):
    """Return the venue with two hundred users long at a leverage of three, in calm."""
    incident = Incident("paradex-2026", **changes)
    facts = incident.file["facts"]
    assert len(USERS) == int(facts["users"])
    incident.at(0)
    incident.open(MAKER, USDC="100000000")
    each_usd = float(facts["liquidated_usd"]) / len(USERS)
    size = f"{each_usd / float(PRICES[symbol]):.2f}"
    for user in USERS:
        incident.open(user, USDC=f"{each_usd / 3:.2f}")
        incident.do(incident.trade(user, size, symbol, PRICES[symbol]))
    return incident


@pytest.mark.parametrize(
    ("symbol", "why", "last"), [("BTC-PERP", "not_positive", 310), ("SPACEX-PERP", "jump", 90)]
)
def test_a_false_price_halts_its_market_and_liquidates_nobody(symbol, why, last):
    incident = invested(symbol)
    said = []
    for second in incident.run(10, 360):
        grade, reason, usd = incident.price(symbol)
        said.append((second, grade, reason))
        assert usd == pytest.approx(float(PRICES[symbol]), rel=1e-3)
        if grade == "ABSURD":
            bought = incident.trade(USERS[0], "0.01", symbol, PRICES[symbol])
            assert incident.refused(bought) is Reason.PRICE_DOUBTFUL
    assert next(entry for entry in said if entry[1] == "ABSURD") == (60, "ABSURD", why)
    absurd = [second for second, grade, _ in said if grade == "ABSURD"]
    # Open again with the third good price, which all three sources have said: not with the first.
    assert (min(absurd), max(absurd)) == (60, last)
    assert said[-1][1:] == ("VALID", "")
    assert incident.taken_in_hand() == set()
    incident.check()


def test_zero_is_no_price_even_where_nothing_else_is_asked():
    incident = invested("BTC-PERP", defended=False)
    for _ in incident.run(10, 120):
        pass
    assert incident.price("BTC-PERP")[0] == "ABSURD"
    assert incident.taken_in_hand() == set()
    incident.check()


def test_without_a_limit_on_jumps_all_of_them_are_liquidated():
    incident = invested("SPACEX-PERP", defended=False)
    for _ in incident.run(10, 60):
        pass
    assert incident.price("SPACEX-PERP") == ("VALID", "", 1254.0)
    assert incident.taken_in_hand() == set(USERS)
    assert incident.liquidated_usd() > 300_000
    incident.check()
