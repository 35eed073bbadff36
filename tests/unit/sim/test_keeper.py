"""What a keeper buys of a lot: gain, fees, money, absence."""

from decimal import Decimal

import pytest

from hullmark.errors import InvalidInputError
from hullmark.sim import Keeper, LotOffer, quantity_wanted

LOT = LotOffer(price=90, quantity=10, target=10_000)
KEEPER = Keeper(gain_min="0.05", fee=5)


def wanted(keeper=KEEPER, lot=LOT, *, market=100, capital=10_000, now_s=0, **more):
    return quantity_wanted(keeper, lot, market=market, capital=capital, now_s=now_s, **more)


def test_a_keeper_buys_what_it_can_sell_at_the_gain_it_wants():
    assert wanted() == 10
    assert wanted(market=95) == 0


@pytest.mark.parametrize(("price", "bought"), [("94.5", 10), ("94.500000001", 0)])
def test_the_gain_it_wants_is_of_what_coins_bring_and_counts_the_fee(price, bought):
    """Ten bring 1,000, of which 50 are wanted and 5 spent: at 945 and no more."""
    assert wanted(lot=LOT._replace(price=price)) == bought


def test_a_lot_that_is_too_small_for_the_fee_is_left():
    assert wanted(lot=LOT._replace(quantity=1)) == 1  # gains 10, of which 5 are wanted: just enough
    assert wanted(lot=LOT._replace(quantity=1), fee_factor=2) == 0
    assert wanted(lot=LOT._replace(quantity=6), fee_factor=6) == 6


def test_no_more_is_bought_than_the_target_costs_or_its_money_pays_for():
    assert wanted(lot=LOT._replace(target=450)) == 5
    assert wanted(capital=180) == 2
    assert wanted(capital=100, quantum="0.01") == Decimal("1.11")
    assert wanted(capital=0) == 0


def test_what_is_offered_for_nothing_is_taken_whole():
    assert wanted(Keeper(gain_min=1), LOT._replace(price=0), capital=0) == 10


@pytest.mark.parametrize(("now_s", "there"), [(99, True), (100, False), (199, False), (200, True)])
def test_nothing_is_bought_while_it_is_away(now_s, there):
    away = Keeper(gain_min="0.05", away_s=((100, 200), (300, 400)))
    assert away.is_there(now_s) is there
    assert bool(wanted(away, now_s=now_s)) is there


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"gain_min": "1.1"}, "gain_min must be"),
        ({"gain_min": 0, "fee": -1}, "fee must be"),
        ({"gain_min": 0, "away_s": ((2, 1),)}, "away_s must end after it begins, was 2 to 1"),
    ],
)
def test_terms_that_make_no_sense_are_refused(terms, message):
    with pytest.raises(InvalidInputError, match=message):
        Keeper(**terms)
