"""What auctions ask for now, in numbers worked by hand."""

import pytest

from hullmark.clearing._auction_terms import (
    cost_of_lot,
    dust_quanta,
    health_quanta,
    lot_for,
    lot_price_nano,
    open_usd_nano,
    reset_due,
    share_offer,
    top_nano,
    usd_quanta,
)
from hullmark.core import INT64_MAX, NANO
from hullmark.domain import commands

from .bank import ANN, MAKER, SECOND_NS, Bank, opened, trade, tree
from .test_decide_auctions import LOT, USDT, of_lot, of_share, take


def only_auction(bank):
    (auction,) = bank.state.auctions.values()
    return auction


def later(bank, seconds):
    bank.state.now_ns += int(seconds * SECOND_NS)
    return bank


def test_the_first_price_of_a_lot_is_the_oracle_s_times_the_buffer():
    bank = of_lot()
    index = bank.state.ledger.asset_index
    assert top_nano(bank.state, index["GOLD"], index["USDT"]) == 60 * NANO  # 50 times 1.2


def test_a_first_price_that_fits_in_no_column_is_the_largest_there_is():
    rules = tree(chain=[{"stage": "partial"}, LOT])
    rules["assets"]["GOLD"]["peg"] = "9000000000"
    state = Bank(rules).found().state
    index = state.ledger.asset_index
    assert top_nano(state, index["GOLD"], index["USDT"]) == INT64_MAX  # and not 1.2 times that


def test_without_a_price_there_is_no_first_price_no_dust_and_no_health():
    bank = Bank(tree(chain=[{"stage": "partial"}, LOT]))  # where no price has been said
    bank.do(opened(ANN))
    state, index = bank.state, bank.state.ledger.asset_index
    assert top_nano(state, index["BTC"], index["USDT"]) == 0
    assert top_nano(state, index["USDT"], index["BTC"]) == 0
    assert usd_quanta(state, index["BTC"], NANO) == 0
    assert health_quanta(state, bank.venue.views, ANN, index["BTC"]) == 0


def test_health_is_counted_down_in_any_asset():
    """At 90.01 Ann has 20.08 and needs 36.004: what she lacks is 318.48 thousandths of gold."""
    bank = of_share("90.01")
    index = bank.state.ledger.asset_index
    assert health_quanta(bank.state, bank.venue.views, ANN, index["GOLD"]) == -319


@pytest.mark.parametrize(("seconds", "price"), [(0, 60), (89, 60), (90, 59.4), (180, 58.806)])
def test_the_price_of_a_lot_falls_in_steps(seconds, price):
    bank = later(of_lot(), seconds)
    assert lot_price_nano(bank.state, only_auction(bank)) == int(price * NANO)


def test_the_bidder_bears_what_is_rounded():
    bank = of_lot()
    state, auction = bank.state, only_auction(bank)
    assert cost_of_lot(state, auction, 1, 60 * NANO) == 60_000  # a thousandth of an ounce
    assert cost_of_lot(state, auction, 1, 60 * NANO + 1) == 60_001
    assert lot_for(state, auction, 119_999, 60 * NANO) == 1
    assert lot_for(state, auction, 120_000, 60 * NANO) == 2
    assert lot_for(state, auction, 120_000, 0) == 0


def test_dust_is_said_in_dollars_and_counted_up():
    bank = of_lot()
    index = bank.state.ledger.asset_index
    assert dust_quanta(bank.state, index["USDT"]) == 20 * USDT
    assert usd_quanta(bank.state, index["GOLD"], 50 * NANO + 1) == 1_001  # at 50 an ounce


def test_a_reset_is_due_once_the_tail_is_over_or_the_price_below_the_cusp():
    bank = of_lot()
    auction = only_auction(bank)
    assert not reset_due(later(bank, 90 * 22).state, auction)  # 0.99 ** 22 is 0.8016
    assert reset_due(later(bank, 90).state, auction)
    bank = of_lot(cusp="0")
    assert not reset_due(later(bank, 3_600).state, only_auction(bank))
    assert reset_due(later(bank, 1).state, only_auction(bank))


def test_a_share_is_never_reset():
    bank = of_share()
    assert not reset_due(later(bank, 10**6).state, only_auction(bank))


def test_a_share_asks_for_a_part_of_what_the_account_is_worth():
    """Worth 20, under its buffered margin by 21.4: at 0.95, 21.4 / (21.4 + 19) of it heals it."""
    bank = of_share()
    offer = share_offer(bank.state, bank.venue.views, only_auction(bank))
    assert (offer.net_quanta, offer.price_quanta) == (20 * USDT, 19 * USDT)
    assert offer.largest_nano == 529_702_971  # 529,702,970.3, up


def test_what_was_paid_in_is_offered_to_nobody():
    bank = of_share()
    bank.do(take(share=0.125))
    offer = share_offer(bank.state, bank.venue.views, only_auction(bank))
    assert offer.net_quanta == 19_875_000  # 17.5 of the account, and 2.375 paid in
    assert offer.price_quanta == 16_625_000


@pytest.mark.parametrize(("seconds", "price"), [(0, -60), (300, -76), (600, -92), (900, -92)])
def test_an_insolvent_share_pays_more_and_more_up_to_what_the_account_lacks(seconds, price):
    """At 80 it owes 60, and lacks 92 of its margin."""
    bank = of_share("80")
    offer = share_offer(later(bank, seconds).state, bank.venue.views, only_auction(bank))
    assert (offer.net_quanta, offer.price_quanta) == (-60 * USDT, price * USDT)
    assert offer.largest_nano == NANO


def test_limits_count_all_open_auctions_or_those_of_one_asset():
    state = of_lot().state
    assert open_usd_nano(state) == open_usd_nano(state, "GOLD") == 350_167_000_000
    assert open_usd_nano(state, "BTC") == 0


def test_a_debt_that_floats_do_not_hold_lacks_no_less_than_itself():
    """What an account without positions owes is its health, which has 53 digits of a float."""
    bank = of_share("80")
    bank.do(trade(MAKER, 8, "PERP", "80", seller=ANN))
    bank.state.ledger.move(ANN, MAKER, 0, 2**54 + 1)
    views, auction = bank.venue.views, only_auction(bank)
    net = views.net_quanta(ANN, 0)
    assert health_quanta(bank.state, views, ANN, 0) == net + 1
    assert net == -(60 * USDT + 2**54 + 1)
    assert share_offer(bank.state, views, auction)[:2] == (net, net)


def test_what_is_paid_to_who_takes_an_insolvent_share_is_rounded_down():
    """A second of 600 later it is 60 and a 600th of 32 more: 60.053333 and a third of a quantum."""
    bank = of_share("80")
    offer = share_offer(later(bank, 1).state, bank.venue.views, only_auction(bank))
    assert offer.price_quanta == -60_053_333


def test_of_what_is_worth_less_than_nothing_no_share_is_for_sale_before_it_is_insolvent():
    """A breaker keeps it solvent at 80, where it owes 60."""
    bank = of_share()
    bank.do(commands.SetBreaker(level=1), bank.said("80"))
    offer = share_offer(bank.state, bank.venue.views, only_auction(bank))
    assert offer == (-60 * USDT, -57 * USDT, 0)
