"""Prices, surface, funding, expiry and rules: what the venue takes in, and when."""

import copy
import json

import pytest

from hullmark.clearing import Rules
from hullmark.core import INT64_MAX, format_instant, nano
from hullmark.domain import Mode, Reason, SystemAccount, commands, events
from hullmark.market import Grade

from .bank import (
    ANN,
    BOB,
    EXPIRY_NS,
    MAKER,
    PORT,
    SECOND_NS,
    START_NS,
    TREE,
    Bank,
    adopt,
    deposit,
    events_of,
    kinds,
    only,
    opened,
    rest,
    trade,
    tree,
)

USDT = 10**6
R = Reason


# --- Prices and surface ---------------------------------------------------------------------------


def test_prints_become_graded_prices(bank):
    bank.now_ns += SECOND_NS
    accepted = only(bank.do(bank.said("101")), events.PricesAccepted)
    assert {p.price_nano for p in accepted.prices if p.factor != "ETHER"} == {nano("101")}
    assert {Grade(p.grade) for p in accepted.prices} == {Grade.VALID}
    jumped = only(bank.do(bank.prints({"PERP": "200"})), events.PricesAccepted)
    (price,) = jumped.prices
    assert (price.price_nano, Grade(price.grade)) == (nano("101"), Grade.ABSURD)


def test_a_print_of_nothing_known_or_too_wide_takes_the_others_with_it(bank):
    good = bank.said("101").prints
    for odd, reason in (
        ({"factor": "GELD"}, R.INSTRUMENT_UNKNOWN),
        ({"factor": "GOLD"}, R.INSTRUMENT_UNKNOWN),  # pegged, and so not observed
        ({"price_nano": INT64_MAX + 1}, R.OVERFLOW),
        ({"confidence_nano": INT64_MAX + 1}, R.OVERFLOW),
    ):
        fields = {"factor": "BTC", "source": "a", "price_nano": 1, "observed_ns": bank.now_ns}
        said = commands.Print(**fields | odd)
        assert bank.refused(commands.ObservePrices(prints=(*good, said))) is reason
    assert bank.state.prices["BTC"].price_nano == nano("100")


def test_a_print_from_the_future_is_not_taken_in_and_silences_nobody(bank):
    ahead = commands.Print(
        factor="BTC", source="a", price_nano=nano("500"), observed_ns=bank.now_ns + 1
    )
    before = bank.state.prints["BTC"]
    accepted = only(bank.do(commands.ObservePrices(prints=(ahead,))), events.PricesAccepted)
    assert accepted.prices[0].price_nano == nano("100")
    assert Grade(accepted.prices[0].grade) is Grade.VALID
    assert bank.state.prints["BTC"] == before
    bank.now_ns += SECOND_NS
    bank.do(bank.prints({"BTC": "101"}))
    assert bank.state.prices["BTC"].price_nano == nano("101")


def test_the_first_prices_start_the_valuation_time_and_later_ones_leave_it(bank):
    assert bank.state.valuation_ns == START_NS
    bank.now_ns += SECOND_NS
    accepted = only(bank.do(bank.said("101")), events.PricesAccepted)
    assert (accepted.values_time, bank.state.valuation_ns) == (False, START_NS)
    new = Bank()
    assert new.state.valuation_ns == 0
    new.now_ns += SECOND_NS
    assert only(new.do(new.said()), events.PricesAccepted).values_time
    assert new.state.valuation_ns == new.now_ns


def test_the_timer_and_the_surface_move_the_valuation_time_forwards(bank):
    bank.now_ns += 10 * SECOND_NS
    now_ns, vols = bank.now_ns, {"CALL": nano("0.5")}
    bank.tell(
        (commands.AdvanceTime(valuation_ns=now_ns - 5), {"now_ns": now_ns - 5}),
        (commands.AdvanceTime(valuation_ns=now_ns - 6), R.AMOUNT_INVALID),
        (commands.AdoptSurface(vol_nano=vols, valuation_ns=now_ns - 6), R.AMOUNT_INVALID),
        (commands.AdoptSurface(vol_nano=vols, valuation_ns=now_ns - 4), {"vol_nano": vols}),
    )
    assert bank.state.valuation_ns == now_ns - 4
    bank.tell(
        (commands.AdvanceTime(valuation_ns=now_ns + 1), R.AMOUNT_INVALID),
        (commands.AdoptSurface(vol_nano=vols), {"valuation_ns": None}),
    )
    assert bank.state.valuation_ns == now_ns
    bank.now_ns += 1
    bank.do(commands.AdvanceTime())
    assert bank.state.valuation_ns == bank.now_ns


def test_a_surface_is_of_options_in_sane_vols(bank):
    bank.tell(
        (commands.AdoptSurface(vol_nano={"CALL": 1}), {"vol_nano": {"CALL": 1}}),
        (commands.AdoptSurface(vol_nano={"CALL": nano("100") + 1}), R.AMOUNT_INVALID),
        (commands.AdoptSurface(vol_nano={"CALL": -1}), R.AMOUNT_INVALID),
        (commands.AdoptSurface(vol_nano={"PERP": 1}), R.INSTRUMENT_UNKNOWN),
        (commands.AdoptSurface(vol_nano={"CALL": 2, "GELD": 1}), R.INSTRUMENT_UNKNOWN),
    )
    assert bank.state.vols_nano == {"CALL": 1}


def test_an_option_without_a_vol_is_not_traded():
    bank = Bank()
    bank.do(*(opened(a, Mode.PORTFOLIO) for a in (ANN, BOB)), bank.said())
    bank.do(deposit(ANN, "100 USDT"), deposit(BOB, "100 USDT"))
    assert bank.refused(trade(ANN, 1, "CALL", "1", seller=BOB)) is R.PRICE_DOUBTFUL


# --- Funding and expiry ---------------------------------------------------------------------------


def test_funding_goes_from_longs_to_shorts_when_they_are_touched(bank):
    bank.do(deposit(ANN, "100 USDT"), trade(ANN, 3, "PERP", "100"))
    accrued = bank.do(commands.AccrueFunding(instrument="PERP", rate_nano=nano("0.0001")))[0]
    assert accrued.step_micro == 10_000 * 10**6  # 0.01 USDT a lot
    assert bank.cash(ANN) == "100"
    assert bank.venue.health(ANN).net_value == pytest.approx(99.97)
    bank.do(trade(MAKER, 3, "PERP", "100", seller=ANN))
    assert (bank.cash(ANN), bank.cash(MAKER)) == ("99.97", "1000000.03")
    bank.check()


def test_funding_of_what_does_not_divide_leaves_its_residue_with_the_venue(bank):
    bank.do(deposit(ANN, "100 USDT"), trade(ANN, 3, "PERP", "100"))
    bank.do(commands.AccrueFunding(instrument="PERP", rate_nano=1))  # 0.1 quanta a lot
    bank.do(trade(MAKER, 3, "PERP", "100", seller=ANN))
    assert bank.cash(ANN) == "99.999999"
    assert bank.cash(SystemAccount.FUNDING) == "0.000001"
    bank.check()


def test_funding_and_settlement_ask_for_the_grade_that_the_rules_say(bank):
    accrue = commands.AccrueFunding(instrument="PERP", rate_nano=1)
    settle = commands.SettleExpiry(instrument="FUTURE", price_nano=nano("100"))
    bank.now_ns = EXPIRY_NS
    bank.do(commands.AdvanceTime())
    assert Grade(bank.venue.views.grade("PERP")) is Grade.STALE
    bank.do(adopt(changed(actions={"settle": "uncertain"})))
    assert bank.refused(accrue) is bank.refused(settle) is R.PRICE_DOUBTFUL
    bank.do(adopt(changed(actions={"settle": "stale"})), accrue, settle)
    bank.now_ns += SECOND_NS
    bank.do(bank.prints({"PERP": "0"}))
    assert bank.refused(accrue) is R.PRICE_DOUBTFUL
    bank.do(adopt(tree()), accrue)  # the default: any price there ever was


@pytest.mark.parametrize("symbol", ["FUTURE", "SPOT", "CALL"])
def test_only_a_perpetual_pays_funding(bank, symbol):
    accrue = commands.AccrueFunding(instrument=symbol, rate_nano=1)
    assert bank.refused(accrue) is R.INSTRUMENT_UNKNOWN


def test_expiry_settles_once_and_pays_each_side_at_the_price(bank):
    bank.do(deposit(ANN, "100 USDT"), trade(ANN, 3, "FUTURE", "100"))
    bank.do(rest(1, ANN, 1, "FUTURE", "90"))
    settle = commands.SettleExpiry(instrument="FUTURE", price_nano=nano("110.5"))
    assert bank.refused(settle) is R.INSTRUMENT_LIVE
    bank.now_ns = EXPIRY_NS
    bank.do(bank.said("110"))
    assert bank.refused(trade(ANN, 1, "FUTURE", "110")) is R.INSTRUMENT_EXPIRED
    assert kinds(bank.do(settle)) == ["OrderReleased", "ExpirySettled"]
    assert (bank.cash(ANN), bank.cash(MAKER)) == ("131.5", "999968.5")
    assert bank.refused(settle) is R.INSTRUMENT_EXPIRED
    assert bank.refused(trade(ANN, 1, "FUTURE", "110")) is R.INSTRUMENT_EXPIRED
    bank.check()


@pytest.mark.parametrize(("price", "gain"), [("110", "0"), ("112.5", "5")])
def test_an_option_pays_what_it_is_in_the_money(bank, price, gain):
    bank.do(opened(110, Mode.PORTFOLIO), deposit(110, "100 USDT"), deposit(PORT, "100 USDT"))
    bank.do(trade(110, 2, "CALL", "1", seller=PORT))
    bank.now_ns = EXPIRY_NS
    bank.do(bank.said("100"))
    bank.do(commands.SettleExpiry(instrument="CALL", price_nano=nano(price)))
    assert float(bank.cash(110)) == 98 + float(gain)
    assert float(bank.cash(PORT)) == 102 - float(gain)


def test_a_settlement_price_with_zeros_too_many_is_refused(bank):
    bank.do(deposit(ANN, "10000 USDT"), trade(ANN, 900, "FUTURE", "100"))
    bank.now_ns = EXPIRY_NS
    settle = commands.SettleExpiry(instrument="FUTURE", price_nano=INT64_MAX)
    assert bank.refused(settle) is R.OVERFLOW


# --- Rules ----------------------------------------------------------------------------------------


def changed(**sections):
    return copy.deepcopy(TREE) | sections


def with_instrument(symbol):
    """Return the rules with one perpetual more, at the end."""
    rules = changed()
    rules["instruments"].append(rules["instruments"][2] | {"symbol": symbol})
    rules["prices"] |= {symbol: rules["prices"]["PERP"]}
    rules["margin"]["tiered"] |= {symbol: rules["margin"]["tiered"]["PERP"]}
    return rules


def without(*path):
    """Return the rules without what stands at a path."""
    rules = changed()
    place = rules
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    return rules


def bigger_lots():
    rules = changed()
    rules["instruments"][2] |= {"lot": "10"}
    return rules


def finer_dollars():
    rules = changed()
    rules["assets"]["USDT"] |= {"decimals": 7}
    return rules


def other_order():
    rules = changed()
    rules["instruments"].reverse()
    return rules


def tiers_for_portfolios():
    rules = changed()
    rules["margin"]["portfolio"] = "tiered"
    return rules


def without_a_contract():
    """Return the rules without ether, which nobody could then close."""
    rules = changed()
    del rules["instruments"][3], rules["prices"]["ETHER"], rules["margin"]["tiered"]["ETHER"]
    return rules


def test_rules_are_in_force_at_once_or_at_their_instant(bank):
    later_ns = bank.now_ns + 100 * SECOND_NS
    bank.tell(
        (adopt(tree(target="0.7")), {"rules": Rules.parse(tree(target="0.7")).text}),
        (adopt(tree(target="0.6"), later_ns), {"effective_ns": later_ns}),
        (adopt(tree(target="0.5"), bank.now_ns), {"rules": Rules.parse(tree(target="0.5")).text}),
    )
    assert bank.state.in_force.liquidation.target_nano == nano("0.5")
    bank.pass_time(99)
    assert bank.state.in_force.liquidation.target_nano == nano("0.5")
    found = bank.pass_time(1)
    assert kinds(found) == ["RulesAdopted"]
    assert bank.state.in_force.liquidation.target_nano == nano("0.6")
    assert bank.state.scheduled == []
    assert bank.do(commands.ActivateRules()) == []


def test_the_first_rules_do_not_wait():
    bank = Bank()
    first = type(bank.venue)(type(bank.venue._journal)(type(bank.store)()), clock=lambda: START_NS)
    refusal = first.submit(adopt(tree(), START_NS + 1)).refusal
    assert refusal.reason is R.RULES_INVALID
    assert format_instant(START_NS + 1)[:19] in refusal.detail
    assert first.submit(adopt(tree(), START_NS)).refusal is None


def test_rules_that_fall_due_together_come_in_their_order(bank):
    for place, target in ((2, "0.6"), (1, "0.7"), (3, "0.7")):
        bank.do(adopt(tree(target=target), bank.now_ns + place * SECOND_NS))
    found = events_of(bank.pass_time(2), events.RulesAdopted)
    assert [Rules.parse_text(e.rules).liquidation.target_nano for e in found] == [
        nano("0.7"),
        nano("0.6"),
    ]
    assert len(bank.state.scheduled) == 1  # equal to what has been, and still to come
    bank.pass_time(1)
    assert bank.state.in_force.liquidation.target_nano == nano("0.7")


@pytest.mark.parametrize(
    "build",
    [
        without_a_contract,
        bigger_lots,
        finer_dollars,
        other_order,
        tiers_for_portfolios,
        lambda: without("assets", "GOLD"),
        lambda: without("margin", "isolated"),
        lambda: without("margin", "tiered", "ETHER"),
    ],
)
def test_rules_that_take_away_what_may_be_in_use_are_refused(bank, build):
    Rules.parse(build())  # sound by themselves
    assert bank.refused(adopt(build())) is R.RULES_INVALID
    assert bank.refused(adopt(build(), bank.now_ns + 1)) is R.RULES_INVALID


def test_a_new_instrument_can_be_traded_once_its_rules_are_in_force(bank):
    bank.do(deposit(ANN, "100 USDT"), adopt(with_instrument("NEW"), bank.now_ns + SECOND_NS))
    assert bank.refused(trade(ANN, 1, "NEW", "100")) is R.INSTRUMENT_UNKNOWN
    bank.pass_time(1)
    assert bank.refused(trade(ANN, 1, "NEW", "100")) is R.PRICE_DOUBTFUL
    bank.do(bank.said("100", NEW="100"), trade(ANN, 1, "NEW", "100"))
    bank.check()


def test_rules_fit_those_that_wait_and_those_that_will_be_in_force(bank):
    """Two sets that each add an instrument at the same place cannot both come into force."""
    at_ns = bank.now_ns + 10 * SECOND_NS
    both = with_instrument("NEW")
    extra = with_instrument("MORE")
    both["prices"] |= extra["prices"]
    both["instruments"].append(extra["instruments"][-1])
    both["margin"]["tiered"] |= extra["margin"]["tiered"]
    bank.tell(
        (adopt(with_instrument("NEW"), at_ns), {"effective_ns": at_ns}),
        (adopt(with_instrument("MORE")), R.RULES_INVALID),  # what waits would drop it
        (adopt(with_instrument("MORE"), at_ns - 1), R.RULES_INVALID),
        (adopt(with_instrument("MORE"), at_ns), R.RULES_INVALID),
        (adopt(changed(), at_ns + 1), R.RULES_INVALID),  # would drop what has come by then
        (adopt(both, at_ns + 1), {"effective_ns": at_ns + 1}),
        (adopt(changed(), at_ns - 1), {"effective_ns": at_ns - 1}),
        (adopt(with_instrument("NEW")), R.RULES_INVALID),  # and now that one would drop it
    )
    bank.pass_time(11)
    symbols = [i.symbol for i in bank.state.ledger.instruments]
    assert symbols == [i.symbol for i in bank.state.in_force.instruments]
    assert symbols[-2:] == ["NEW", "MORE"]


def test_rules_are_json_of_any_depth_or_are_refused(bank):
    for text in ("", "{", "[" * 100_000, "null", "3", "[]", "{}", '{"name": NaN}'):
        assert bank.refused(commands.AdoptRules(rules=text)) is R.RULES_INVALID


def test_stricter_rules_find_their_breaches_at_once(bank):
    bank.do(deposit(ANN, "100 USDT"), trade(ANN, 10, "PERP", "100"))
    rules = changed()
    flat = {"tiers": [{"floor_usd": "0", "initial": "0.2", "maintenance": "0.11"}]}
    rules["margin"]["tiered"] = rules["margin"]["tiered"] | {"PERP": flat}
    assert kinds(bank.do(adopt(rules))) == [
        "RulesAdopted",
        "LiquidationStarted",
        "LiquidationOrdered",
    ]


def test_the_text_of_rules_is_recorded_as_it_is_read_back(bank):
    (adopted,) = bank.do(adopt(tree(target="0.7")))
    assert json.loads(adopted.rules) == tree(target="0.7")
