"""What prices allow, as statements; and that almost always is exactly when every price is valid."""

import pytest

from hullmark.clearing import Views
from hullmark.clearing._price_trust import PriceTrust
from hullmark.core import nano
from hullmark.domain import commands
from hullmark.market import Action, Grade

from .bank import (
    ANN,
    BOB,
    MAKER,
    ON_BITCOIN,
    PORT,
    SECOND_NS,
    TREE,
    adopt,
    deposit,
    opened,
    trade,
    withdraw,
)

FACTORS = (*ON_BITCOIN, "ETHER")
OTHER = 105  # another cross account


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
    for action in (Action.RAISE_RISK, Action.WITHDRAW, Action.LIQUIDATE):
        doing = action.name.lower().replace("_", " ")
        wanted = f"the price of PERP must allow to {doing}, was STALE"
        assert views.doubt(ANN, action) == wanted == Views(bank.state).doubt(ANN, action)
    assert views.doubt(ANN, Action.TRADE) is None
    assert views.doubt(PORT, Action.RAISE_RISK) is None  # holds nothing
    assert views.doubt(MAKER, Action.TRADE) is None
    assert views.lacking(ANN) is None


def test_the_venue_says_which_grade_an_action_needs(bank):
    bank.do(deposit(ANN, "100 USDT"), trade(ANN, 5, "PERP", "100"))
    bank.pass_time(61)
    views = bank.venue.views
    tree = TREE | {"actions": {"trade": "absurd", "withdraw": "stale", "liquidate": "valid"}}
    assert views.doubt(ANN, Action.WITHDRAW) is not None
    bank.do(adopt(tree))
    for action in (Action.TRADE, Action.WITHDRAW, Action.SETTLE):
        assert views.doubt(ANN, action) is None
    bank.do(bank.prints({"PERP": "0", "BTC": "100"}))
    wanted = "the price of PERP must allow to withdraw, was ABSURD"
    assert (
        views.doubt(ANN, Action.WITHDRAW) == wanted == Views(bank.state).doubt(ANN, Action.WITHDRAW)
    )
    assert views.doubt(ANN, Action.TRADE) is None


@pytest.mark.parametrize("said", ["0", "100000", None])
def test_a_bad_feed_stops_nobody_who_does_not_hold_what_it_is_of(bank, said):
    bank.do(deposit(ANN, "100 USDT"), trade(ANN, 5, "PERP", "100"))
    bank.do(deposit(BOB, "100 USDT"), trade(BOB, 5, "ETHER", "10"))
    bank.do(opened(OTHER), deposit(OTHER, "100 USDT"))  # the maker holds ether as well
    bank.pass_time(61)
    bank.do(*(bank.prints({f: PRICES[f]}) for f in FACTORS if f != "ETHER" or said))
    if said is not None:
        bank.now_ns += SECOND_NS
        bank.do(bank.prints({"ETHER": said}))
    views = bank.venue.views
    for action in (Action.RAISE_RISK, Action.WITHDRAW, Action.LIQUIDATE):
        assert views.doubt(ANN, action) is None
        assert views.doubt(BOB, action) is not None
    bank.do(withdraw(ANN, "1 USDT"), trade(ANN, 1, "PERP", "100", seller=OTHER))


def test_a_price_that_jumped_while_nobody_spoke_spans_both_until_all_speak_again(bank):
    bank.pass_time(61, usd="40")  # by 60 %, where 50 % is a jump: taken over with care
    price = bank.state.prices["PERP"]
    assert (Grade(price.grade), price.reason) == (Grade.UNCERTAIN, "jump")
    assert (price.low_nano, price.price_nano, price.high_nano) == (None, nano("40"), nano("100"))
    assert price.doubted_ns == bank.now_ns - SECOND_NS  # when the last one had grown old
    assert not trusted(bank)
    bank.pass_time(1, usd="40")
    assert (bank.state.prices["PERP"].high_nano, trusted(bank)) == (None, True)


def test_a_jump_taken_over_after_silence_liquidates_only_once_it_is_confirmed(bank):
    bank.do(deposit(ANN, "100 USDT"), trade(ANN, 8, "PERP", "100"))
    bank.pass_time(61, usd="40")
    assert bank.venue.views.health(ANN).net_value < 0.0
    assert ANN not in bank.state.episodes
    bank.pass_time(1, usd="40")
    assert ANN in bank.state.episodes
