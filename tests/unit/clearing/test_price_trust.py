"""What prices allow, as statements; and that almost always is exactly when every price is valid."""

import pytest

from hullmark.clearing import Views
from hullmark.clearing._price_trust import PriceTrust
from hullmark.core import nano
from hullmark.domain import commands
from hullmark.market import Action, Grade

from .bank import ANN, MAKER, ON_BITCOIN, PORT, SECOND_NS, TREE, adopt, deposit, trade

FACTORS = (*ON_BITCOIN, "ETHER")


def trusted(bank):
    """Return whether every price is valid now: as the views kept it, and as counted anew."""
    kept, counted = bank.venue.views._trust, PriceTrust(bank.state)
    assert kept.until_ns == counted.until_ns
    valid = all(counted.grade(factor) is Grade.VALID for factor in FACTORS)
    found = bank.state.now_ns <= kept.until_ns
    assert found == (valid and "CALL" in bank.state.vols_nano)
    return found


def test_fresh_prices_are_trusted_to_the_nanosecond(bank):
    assert trusted(bank)
    until_ns = bank.venue.views._trust.until_ns
    assert until_ns == bank.now_ns + 60 * SECOND_NS
    bank.now_ns = until_ns
    bank.do(commands.AdvanceTime())
    assert trusted(bank)
    bank.now_ns = until_ns + 1
    bank.do(commands.AdvanceTime())
    assert not trusted(bank)


PRICES = dict.fromkeys(FACTORS, "100") | {"ETHER": "10"}


@pytest.mark.parametrize("factor", FACTORS)
def test_one_jump_ends_it_and_its_return_brings_it_back(bank, factor):
    bank.now_ns += SECOND_NS
    bank.do(bank.prints({factor: "100000"}))
    assert not trusted(bank)
    bank.now_ns += SECOND_NS
    bank.do(bank.prints({factor: PRICES[factor]}))
    assert trusted(bank)


@pytest.mark.parametrize("factor", FACTORS)
def test_one_price_of_too_few_sources_ends_it(bank, factor):
    bank.now_ns += 61 * SECOND_NS
    bank.do(bank.prints({f: p for f, p in PRICES.items() if f != factor}))
    bank.do(bank.prints({factor: PRICES[factor]}, sources=("a",)))
    assert not trusted(bank)
    bank.do(bank.prints({factor: PRICES[factor]}, sources=("b",)))
    assert trusted(bank)


def test_what_never_had_a_price_or_a_volatility_is_not_trusted():
    from .bank import Bank  # noqa: PLC0415 - not founded here

    bank = Bank()
    bank.do(adopt(TREE), *(bank.prints({factor: "100"}) for factor in FACTORS[:-1]))
    assert not trusted(bank)
    bank.do(bank.prints({"ETHER": "10"}))
    assert not trusted(bank)
    bank.do(commands.AdoptSurface(vol_nano={"CALL": nano("0.5")}))
    assert trusted(bank)


def test_doubt_is_told_of_what_an_account_rests_on(bank):
    bank.do(deposit(ANN, "100 USDT"), trade(ANN, 5, "PERP", "100"))
    views = bank.venue.views
    assert views.doubt(ANN, Action.WITHDRAW) is None
    bank.pass_time(61)
    bank.do(*(bank.prints({factor: "100"}) for factor in FACTORS[:-1] if factor != "PERP"))
    for action in (Action.ADD_RISK, Action.WITHDRAW, Action.LIQUIDATE):
        doing = action.name.lower().replace("_", " ")
        wanted = f"the price of PERP must allow to {doing}, was STALE"
        assert views.doubt(ANN, action) == wanted == Views(bank.state).doubt(ANN, action)
    assert views.doubt(ANN, Action.REDUCE_RISK) is None
    assert views.doubt(PORT, Action.ADD_RISK) is None  # holds nothing
    assert views.doubt(MAKER, Action.REDUCE_RISK) is None
    assert views.lacking(ANN) is None
