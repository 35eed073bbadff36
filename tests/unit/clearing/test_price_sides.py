"""The sides of prices in a venue: which check takes which, and from when until when."""

import copy

import numpy as np
import pytest

from hullmark.clearing import Views
from hullmark.clearing._price_sides import (
    ALWAYS_NS,
    is_spared,
    lenient_net_usd,
    sides_until_ns,
)
from hullmark.clearing._venue_market import VenueMarket
from hullmark.core import nano
from hullmark.domain import Reason, commands

from .bank import (
    ANN,
    BOB,
    PORT,
    SECOND_NS,
    Bank,
    adjust,
    deposit,
    fill,
    kinds,
    trade,
    tree,
    withdraw,
)


def with_actions(*, options=True, unsure=(), **actions):
    """Return the founded small venue with some actions, and confidences on some prices."""
    rules = copy.deepcopy(tree())
    rules["actions"] = actions
    if not options:
        rules["instruments"] = [i for i in rules["instruments"] if i["kind"] != "option"]
    for factor in unsure:
        rules["prices"][factor]["confidence_multiple"] = "1"
    bank = _Contracts(rules) if not options else Bank(rules)
    return bank.found()


class _Contracts(Bank):
    def do(self, *requests):
        return super().do(*(r for r in requests if not isinstance(r, commands.AdoptSurface)))


def sides(bank):
    """Return the sides of the venue's tables: as they followed, and as built anew, bit for bit."""
    kept = bank.venue.views.tables.sides
    built = VenueMarket.of(bank.state).tables.sides
    assert (kept is None) == (built is None)
    for one, other in zip(kept or (), built or (), strict=True):
        assert one.tobytes() == other.tobytes()
    return kept


def of(bank, symbol):
    """Return long and short of the initial, then of the maintenance check, of an instrument."""
    number = bank.state.ledger.instrument_index[symbol]
    return [float(side[number]) for side in sides(bank)[:4]]


def unsure(bank, factor, usd, confidence):
    """Return prints of one price by both sources, each as unsure of it."""
    return commands.ObservePrices(
        prints=tuple(
            commands.Print(
                factor=factor,
                source=source,
                price_nano=nano(usd),
                confidence_nano=nano(confidence),
                observed_ns=bank.now_ns,
            )
            for source in "ab"
        )
    )


@pytest.mark.parametrize("options", [True, False])
def test_valid_prices_of_one_side_leave_the_tables_without_sides(options):
    bank = with_actions(options=options)
    assert sides(bank) is None
    assert sides_until_ns(bank.state) == ALWAYS_NS


@pytest.mark.parametrize("options", [True, False])
def test_a_valid_price_that_is_unsure_is_strict_to_open_and_itself_to_keep(options):
    bank = with_actions(options=options, unsure=("PERP", "INVERSE", "BTC"))
    bank.now_ns += SECOND_NS
    bank.do(unsure(bank, "PERP", "100", "3"), unsure(bank, "INVERSE", "100", "20"))
    assert of(bank, "PERP") == [97.0, 103.0, 100.0, 100.0]
    assert of(bank, "INVERSE") == [-1 / 80.0, -1 / 120.0, -0.01, -0.01]
    bank.do(unsure(bank, "BTC", "100", "10"))
    assert [float(side[2]) for side in sides(bank)[4:]] == [90.0, 110.0, 100.0, 100.0]
    if options:
        low, high, *between = of(bank, "CALL")
        assert 0.0 < low < between[0] == between[1] < high
    bank.now_ns += SECOND_NS
    bank.do(bank.said())
    assert sides(bank) is None


def jumped(bank, usd="60"):
    """Let the feed be silent for too long, and come back with a jump, which is in doubt."""
    bank.now_ns += 61 * SECOND_NS
    bank.do(bank.said(usd=usd))
    return bank


@pytest.mark.parametrize("options", [True, False])
def test_in_doubt_the_account_safe_side_keeps_and_the_fund_safe_side_opens(options):
    bank = jumped(with_actions(options=options), usd="40")
    assert of(bank, "PERP") == [40.0, 100.0, 100.0, 40.0]
    assert of(bank, "INVERSE") == [-1 / 40.0, -1 / 100.0, -1 / 100.0, -1 / 40.0]
    assert [float(side[2]) for side in sides(bank)[4:]] == [40.0, 100.0, 100.0, 40.0]
    bank.now_ns += SECOND_NS
    bank.do(bank.said(usd="40"))
    assert sides(bank) is None


def test_a_grace_ends_with_time_alone_and_then_the_breach_is_called():
    bank = with_actions(options=False, grace_s="30")
    bank.do(deposit(ANN, "200 USDT"), trade(ANN, 5, "PERP", "100"))
    jumped(bank, usd="40")  # in doubt since a second ago
    views = bank.venue.views
    doubted_ns = bank.state.prices["PERP"].doubted_ns
    last_ns = doubted_ns + 30 * SECOND_NS
    assert sides_until_ns(bank.state) == last_ns
    assert not views.health(ANN).in_breach
    assert views.breaches() == ()
    indexed = Views(bank.state, indexed_from=0)  # it must not lose sight of who is spared
    assert indexed.breaches() == () == indexed.breaches()
    assert indexed.index.checked.watched == 1
    bank.state.now_ns = last_ns
    assert indexed.breaches() == ()
    assert is_spared(bank.state, bank.state.prices["PERP"])
    assert not views.health(ANN).in_breach
    bank.state.now_ns = last_ns + 1
    assert not is_spared(bank.state, bank.state.prices["PERP"])
    assert views.health(ANN).in_breach
    assert views.breaches() == (ANN,) == Views(bank.state).breaches()
    assert indexed.breaches() == (ANN,)
    assert of(bank, "PERP") == [40.0, 100.0, 40.0, 40.0]


def test_without_a_grace_nobody_is_called_until_the_price_is_valid():
    bank = with_actions()
    bank.do(deposit(ANN, "200 USDT"), trade(ANN, 5, "PERP", "100"))
    found = jumped(bank, usd="40").pass_time(3_600)
    assert "LiquidationStarted" not in kinds(found)
    assert not bank.venue.views.health(ANN).in_breach
    bank.do(bank.said(usd="40"))
    assert bank.venue.views.health(ANN).in_breach


def test_an_unsure_price_that_grows_old_is_in_doubt_without_an_event():
    bank = with_actions(options=False, unsure=("PERP",))
    bank.now_ns += SECOND_NS
    bank.do(unsure(bank, "PERP", "100", "3"))
    views, old_ns = bank.venue.views, bank.now_ns + 60 * SECOND_NS
    assert sides_until_ns(bank.state) == old_ns
    market = views.movable
    assert of(bank, "PERP")[2:] == [100.0, 100.0]
    bank.state.now_ns = old_ns + 1
    assert of(bank, "PERP")[2:] == [103.0, 97.0]
    assert views.movable is not market


def test_no_order_sells_below_the_account_safe_side():
    bank = with_actions(grace_s="3600")
    bank.do(deposit(ANN, "20 USDT"), trade(ANN, 1, "PERP", "100"), deposit(BOB, "90 USDT"))
    jumped(bank, usd="40")
    number = bank.state.ledger.instrument_index["PERP"]
    unwind = bank.venue.views.unwind(number)
    assert (unwind.sell_nano, unwind.buy_nano) == (nano("98"), nano("40.8"))
    call = bank.venue.views.unwind(bank.state.ledger.instrument_index["CALL"])
    assert call.sell_nano > call.mark_nano
    bank.state.now_ns += 3_600 * SECOND_NS
    after = bank.venue.views.unwind(number)
    assert (after.sell_nano, after.buy_nano) == (nano("39.2"), nano("40.8"))


def test_who_is_under_even_at_the_account_safe_side_is_helped_as_counted_there():
    bank = with_actions(options=False)
    bank.do(deposit(ANN, "60 USDT"), trade(ANN, 5, "PERP", "100"))
    jumped(bank, usd="40").do(adjust(ANN, BOB, "40 USDT"))
    assert not bank.venue.views.health(ANN).in_breach  # 20 at the high side, of which 10 is needed
    bank.do(adjust(ANN, BOB, "12 USDT"))
    before = bank.venue.views.health(ANN)
    assert (before.equity_maintenance, before.maintenance) == (8.0, 10.0)
    order = bank.only_order()
    assert (order.account, order.limit_nano) == (ANN, nano("98"))
    assert -5 <= order.lots < 0
    bank.do(fill(order.order, order.lots, "98"))
    assert bank.venue.views.health(ANN).health > before.health


def test_collateral_opens_and_leaves_at_its_low_side():
    bank = with_actions(unsure=("BTC",))
    bank.do(deposit(ANN, "1 BTC"), trade(ANN, 7, "PERP", "100"))
    bank.now_ns += SECOND_NS
    before = bank.venue.views.initial_health_usd(ANN)
    bank.do(unsure(bank, "BTC", "100", "10"))
    assert bank.venue.views.initial_health_usd(ANN) == pytest.approx(before - 8.0)
    assert bank.venue.views.health(ANN).equity_maintenance == pytest.approx(90.0)
    assert bank.refused(trade(ANN, 1, "PERP", "100")) is Reason.MARGIN_SHORT
    bank.do(withdraw(ANN, "0.02 BTC"))
    assert bank.refused(withdraw(ANN, "0.01 BTC")) is Reason.MARGIN_SHORT


def test_a_gain_cannot_leave_at_a_side_either():
    bank = with_actions(unsure=("PERP",))
    bank.do(deposit(PORT, "500 USDT"), trade(PORT, 5, "PERP", "90"))
    bank.now_ns += SECOND_NS
    bank.do(unsure(bank, "PERP", "100", "5"))
    views = bank.venue.views
    kept = views.withdrawable_usd(PORT, 0, 0)
    views._state.resting_of[PORT] = set()  # the long way round, with the same answer
    assert views.withdrawable_usd(PORT, 0, 0) == pytest.approx(kept)
    assert kept == pytest.approx(views.health(PORT).spare_initial - 5 * (95.0 - 90.0))


def test_what_is_left_is_worth_its_better_side_before_it_is_seized():
    bank = with_actions(grace_s="3600")
    tables = bank.venue.views.tables
    owed = np.array([-50.0, 0.0, 1.0, 0.0])
    assert lenient_net_usd(owed, tables) == 50.0
    jumped(bank, usd="40")
    assert lenient_net_usd(owed, bank.venue.views.tables) == 50.0
    assert lenient_net_usd(-owed, bank.venue.views.tables) == 10.0
    bank.state.now_ns += 3_600 * SECOND_NS
    assert lenient_net_usd(owed, bank.venue.views.tables) == -10.0
