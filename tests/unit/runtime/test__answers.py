"""Tests of what a venue is asked: each answer against what happens when it is really done."""

import numpy as np
import pytest

from hullmark.core import nano
from hullmark.domain import Mode, Reason, commands
from hullmark.errors import InvalidInputError
from hullmark.runtime import Trade

OPTION = "BTC-25DEC26-80000-C"


def test_health_is_that_of_the_sweep_and_asking_changes_nothing(market, names):
    market.do(market.trade("BTC-PERP", "1", "64000"))
    before = market.venue.state_hash()
    sweep = market.venue.views.sweep()
    for row, account in enumerate(market.venue.views.accounts):
        health = market.venue.health(account)
        assert [column[row] for column in sweep] == list(health)
    market.venue.what_if(names.trader, Trade("BTC-PERP", "0.1"))
    market.venue.liquidation_map()
    assert market.venue.state_hash() == before


@pytest.mark.parametrize(
    ("buyer", "symbol", "size", "usd"),
    [
        (101, "BTC-PERP", "0.25", "64100"),
        (101, "ETH-PERP", "3", "2490"),
        (103, "BTC-USD-PERP", "20000", "63900"),
        (103, "BTC-USDT", "-0.5", "64000"),
        (102, OPTION, "2", "3000"),
        (102, OPTION, "-2", "3000"),
        (102, "BTC-PERP", "-1", "64000"),
    ],
)
def test_a_what_if_is_the_health_after_the_trade(market, names, buyer, symbol, size, usd):
    said = market.venue.what_if(buyer, Trade(symbol, size, usd))
    sides = {"buyer": buyer, "seller": names.maker}
    if symbol == OPTION:  # the maker's account is not margined for options
        market.do(
            commands.OpenAccount(account=200, mode=Mode.PORTFOLIO),
            market.deposit(200, "USDT", "1000000"),
        )
        sides["seller"] = 200
    if size.startswith("-"):
        sides = {"buyer": sides["seller"], "seller": buyer}
    market.do(market.trade(symbol, size.lstrip("-"), usd, **sides))
    assert market.venue.health(buyer) == said


def test_several_trades_are_looked_at_together_and_the_mark_is_the_default_price(market, names):
    ask = market.venue.what_if
    legs = (Trade("BTC-PERP", "1"), Trade("ETH-PERP", "-10", "2500"), Trade("BTC-PERP", "-1"))
    assert ask(names.trader, *legs) == ask(names.trader, Trade("ETH-PERP", -10))
    assert ask(names.trader) == market.venue.health(names.trader)


@pytest.mark.parametrize(
    ("trade", "message"),
    [
        (Trade("DOGE", "1"), "instrument must be one of the rules', was 'DOGE'"),
        (Trade("BTC-PERP", "0.0005"), "size of BTC-PERP must be whole lots of 0.001, was 0.0005"),
        (Trade("BTC-PERP", 0.5), "size of BTC-PERP must be a decimal string, was 0.5"),
        (Trade("BTC-PERP", "1", "0"), "price of BTC-PERP must be > 0, was 0"),
        (Trade("BTC-PERP", "1", "NaN"), "price of BTC-PERP must be a finite decimal"),
        (Trade(OPTION, "1"), f"{OPTION} must have a margin schedule for cross accounts"),
    ],
)
def test_a_trade_that_cannot_be_is_refused_by_name(market, names, trade, message):
    with pytest.raises(InvalidInputError, match=message):
        market.venue.what_if(names.trader, trade)


def test_an_expired_option_is_no_trade(market, names):
    market.now_ns += 500 * 86_400 * 10**9
    market.do(market.observe())
    with pytest.raises(InvalidInputError, match="must be traded before its expiry"):
        market.venue.what_if(names.portfolio, Trade(OPTION, "1", "100"))


@pytest.mark.parametrize("account", [1, 99, 555, "101"])
def test_an_account_that_is_not_open_is_refused_by_every_question(market, account):
    venue = market.venue
    for ask in (
        venue.health,
        venue.what_if,
        venue.liquidation_price,
        venue.liquidation_move,
        lambda account: venue.withdrawable(account, "USDT"),
    ):
        with pytest.raises(InvalidInputError, match="account must be an open user account, was"):
            ask(account)


def test_no_answer_rests_on_a_price_that_never_was(opened, names):
    market = opened()
    market.do(
        commands.OpenAccount(account=names.coins, mode=Mode.CROSS),
        market.deposit(names.coins, "BTC", "1"),
    )
    for ask in (market.venue.health, market.venue.liquidation_price):
        with pytest.raises(InvalidInputError, match="BTC must have a price, has none"):
            ask(names.coins)
    market.do(market.observe())
    assert market.venue.health(names.coins).net_value == 64_000.0


def test_an_option_without_volatility_has_no_health(opened, names):
    market = opened()
    market.do(
        commands.OpenAccount(account=names.portfolio, mode=Mode.PORTFOLIO),
        market.deposit(names.portfolio, "USDT", "1"),
        market.observe(),
    )
    with pytest.raises(InvalidInputError, match=f"{OPTION} must have a mark volatility"):
        market.venue.what_if(names.portfolio, Trade(OPTION, "1", "100"))


def test_health_is_zero_where_the_liquidation_price_says(market, names):
    market.do(market.trade("BTC-PERP", "1", "64000"))
    below, above = market.venue.liquidation_price(names.trader)
    assert above is None
    assert below == pytest.approx(59_000 / 0.975, rel=1e-9)  # 5000 + p - 64000 = 0.025 p
    assert market.venue.liquidation_move(names.trader).below == pytest.approx(below / 64_000 - 1)
    market.do(market.bitcoin(f"{below:.9f}"))
    assert market.venue.health(names.trader).health == pytest.approx(0.0, abs=1e-6)


def test_coins_held_move_with_the_position_on_them(market, names):
    market.do(market.trade("BTC-USD-PERP", "50000", "64000", buyer=names.coins))
    below, above = market.venue.liquidation_price(names.coins, "BTC")
    # 2 coins and 50000 (1/64000 - 1/p), less the haircut of 5 %, against 2.5 % of 50000 USD
    coins = 2 + 50_000 / 64_000
    assert below == pytest.approx((1_250 / 0.95 + 50_000) / coins, rel=1e-8)
    assert above is None


def test_an_underlying_that_is_no_asset_is_priced_by_its_mark(market, names):
    market.do(market.trade("ETH-PERP", "-20".lstrip("-"), "2500", buyer=names.maker, seller=101))
    assert market.venue.liquidation_price(names.trader).above == pytest.approx(
        (5_000 + 50_000) / (20 * 1.025), rel=1e-9
    )


def test_several_underlyings_have_prices_each_and_a_move_together(market, names):
    market.do(market.trade("BTC-PERP", "0.5", "64000"), market.trade("ETH-PERP", "10", "2500"))
    with pytest.raises(InvalidInputError, match=r"underlying must be given .* none of BTC, ETH"):
        market.venue.liquidation_price(names.trader)
    bitcoin = market.venue.liquidation_move(names.trader, "BTC").below
    ether = market.venue.liquidation_move(names.trader, "ETH").below
    both = market.venue.liquidation_move(names.trader).below
    assert bitcoin < both < 0
    assert ether < both
    with pytest.raises(InvalidInputError, match="underlying must be one of BTC, ETH, USDT, was"):
        market.venue.liquidation_price(names.trader, "DOGE")


def test_what_nothing_moves_has_no_liquidation_price(market, names):
    assert market.venue.liquidation_price(names.trader) == (None, None)  # cash alone
    assert market.venue.liquidation_price(names.coins) == (None, None)  # and coins without a debt
    market.do(market.trade("BTC-PERP", "0.5", "64000"))
    assert market.venue.liquidation_price(names.trader, "ETH") == (None, None)


@pytest.mark.parametrize(("moved", "factor"), [({"BTC"}, 0.95), ({"BTC", "ETH"}, 1.1)])
def test_moved_tables_are_those_of_the_prices_that_they_stand_for(market, moved, factor):
    market.do(market.trade("BTC-PERP", "0.1", "64000"))
    market.do(commands.AccrueFunding(instrument="BTC-PERP", rate_nano=nano("0.001")))
    said = market.venue.views.movable.moved_tables(frozenset(moved), factor)
    ether = f"{2_500 * factor:.9f}" if "ETH" in moved else "2500"
    bitcoin = f"{64_000 * factor:.9f}"
    names = ("BTC", "BTC_USDT", "BTC_PERP", "BTC_USD_PERP")
    market.do(market.observe(**dict.fromkeys(names, bitcoin), ETH_PERP=ether))
    done = market.venue.views.tables
    assert said.sides is done.sides is None
    for name, ours, theirs in zip(done._fields[:-1], said[:-1], done[:-1], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-6, err_msg=name)


def test_a_part_of_the_market_values_an_account_as_the_whole_does(market, names):
    market.do(
        market.trade("BTC-PERP", "0.2", "64000"),
        market.trade("ETH-PERP", "3", "2500"),
        commands.AccrueFunding(instrument="ETH-PERP", rate_nano=nano("0.002")),
    )
    row = market.venue.views.row(names.trader)
    part = market.venue.views.movable.part(row.instrument.tolist()).tables
    whole = market.venue.views.tables
    assert part.value.tobytes() == whole.value[row.instrument].tobytes()
    assert part.risk[:, : part.n_scenarios].tobytes() == (
        whole.risk[row.instrument, : whole.n_scenarios].tobytes()
    )


def test_the_map_is_what_would_be_under_if_it_happened(market, names):
    market.do(
        market.trade("BTC-PERP", "1", "64000"),
        market.trade("ETH-PERP", "40", "2500", buyer=names.maker, seller=names.portfolio),
    )
    said = market.venue.liquidation_map("BTC", (-0.1, 0.0, 0.1))
    assert said.accounts.tolist() == [1, 0, 0]
    assert said.long_usd.tolist() == pytest.approx([57_600, 0, 0])
    ether = market.venue.liquidation_map("ETH", (-0.3, 0.0, 0.7))
    assert ether.accounts.tolist() == [0, 0, 1]
    assert ether.short_usd.tolist() == pytest.approx([0, 0, 40 * 2_500 * 1.7])
    market.do(market.bitcoin("57600"))
    assert market.venue.views.breaches() == (names.trader,)
    assert market.venue.liquidation_map().accounts.tolist()[24:27] == [1, 1, 1]


# What is done before somebody asks how much can be taken out.
PREPARED = {
    "cash alone": (101, "USDT", ()),
    "a position": (101, "USDT", (("BTC-PERP", "0.7", "64000", 101, 100),)),
    "an unsettled gain": (101, "USDT", (("BTC-PERP", "0.7", "60001.1", 101, 100),)),
    "a loss": (101, "USDT", (("BTC-PERP", "0.7", "65000", 101, 100),)),
    "coins alone": (103, "BTC", ()),
    "coins behind an inverse": (103, "BTC", (("BTC-USD-PERP", "77777", "64000", 103, 100),)),
    "a coin that hedges": (102, "BTC", (("BTC-PERP", "1", "64000", 100, 102),)),
    "cash beside a hedge": (102, "USDT", (("BTC-PERP", "1", "64000", 100, 102),)),
    "a long under scenarios": (102, "BTC", (("BTC-PERP", "1", "64000", 102, 100),)),
}


@pytest.mark.parametrize("name", PREPARED)
@pytest.mark.parametrize("resting", [False, True], ids=["", "orders resting"])
def test_exactly_what_is_withdrawable_can_be_withdrawn(market, names, name, resting):
    account, asset, trades = PREPARED[name]
    for symbol, size, usd, buyer, seller in trades:
        market.do(market.trade(symbol, size, usd, buyer=buyer, seller=seller))
    market.do(commands.AccrueFunding(instrument="BTC-PERP", rate_nano=nano("0.00012345")))
    if resting:
        market.do(
            commands.RestOrder(
                order=1, account=account, instrument="BTC-PERP", lots=-100, limit_nano=nano("70000")
            )
        )
    most = market.venue.withdrawable(account, asset)
    refused = market.venue.submit(market.withdraw(account, asset, most.quanta + 1)).refusal
    assert refused.reason in {Reason.MARGIN_SHORT, Reason.CASH_SHORT}
    assert most.quanta > 0
    market.do(market.withdraw(account, asset, most.quanta))
    health = market.venue.health(account)
    assert health.equity_initial >= health.initial
    left = market.venue.withdrawable(account, asset).quanta
    assert left <= 1  # settling funding rounds up, by less than a quantum


def test_the_coin_that_hedges_a_short_stays(market, names):
    market.do(market.trade("BTC-PERP", "1", "64000", buyer=names.maker, seller=names.portfolio))
    market.do(market.withdraw(names.portfolio, "USDT", market.venue.quanta("USDT", "15000")))
    # Without x coins, 5000 + 0.9 * 64000 (1 - x) must carry a short of x: 1.25 * 16 % of 64000 x.
    most = (5_000 + 57_600) / (57_600 + 12_800)
    assert market.venue.withdrawable(names.portfolio, "BTC").quanta == int(most * 10**8)


def test_nothing_is_withdrawable_under_liquidation_or_on_doubtful_prices(market, names):
    market.do(market.trade("BTC-PERP", "1", "64000"))
    market.now_ns += 60 * 10**9
    market.do(commands.AdvanceTime())
    assert market.venue.withdrawable(names.trader, "USDT").quanta == 0  # the price is stale
    market.do(market.bitcoin("60000"))
    assert names.trader in market.venue.state.episodes
    assert market.venue.withdrawable(names.trader, "USDT").quanta == 0
    with pytest.raises(InvalidInputError, match="asset must be one of USDT, BTC, was 'ETH'"):
        market.venue.withdrawable(names.trader, "ETH")


def test_an_isolated_account_gives_back_to_its_parent_what_is_withdrawable(market, names):
    def back(quanta):
        return commands.Transfer(source=300, target=names.trader, asset="USDT", quanta=quanta)

    market.do(
        commands.OpenAccount(account=300, mode=Mode.ISOLATED, parent=names.trader),
        commands.Transfer(source=names.trader, target=300, asset="USDT", quanta=4_000 * 10**6),
        market.trade("BTC-PERP", "0.3", "64000", buyer=300),
    )
    most = market.venue.withdrawable(300, "USDT")
    assert str(most) == "3040 USDT"
    assert market.venue.submit(back(most.quanta + 1)).refusal.reason is Reason.MARGIN_SHORT
    market.do(back(most.quanta))


def test_decimals_become_whole_numbers_or_are_refused(market, names):
    venue = market.venue
    assert venue.quanta("USDT", "1000.50") == 1_000_500_000
    assert venue.lots("BTC-PERP", "-0.5") == -500
    assert str(venue.cash(names.trader, "USDT")) == "5000 USDT"
    assert str(venue.cash(1, "BTC")) == "-103 BTC"
    with pytest.raises(InvalidInputError, match="amount of USDT must be a finite decimal of at"):
        venue.quanta("USDT", "0.0000001")
    with pytest.raises(InvalidInputError, match="asset must be one of USDT, BTC, was 'ETH'"):
        venue.quanta("ETH", "1")
    with pytest.raises(InvalidInputError, match="account must be open, was 555"):
        venue.cash(555, "USDT")


def test_a_deposit_alone_margins_nothing_and_can_be_taken_out_whole(market, names):
    market.do(market.deposit(names.portfolio, "BTC", "1000"))  # far above its cap of 5 million USD
    assert not market.venue.health(names.portfolio).in_breach
    most = market.venue.withdrawable(names.portfolio, "BTC")
    assert most.quanta == 1_001 * 10**8
    market.do(market.withdraw(names.portfolio, "BTC", most.quanta))
    assert market.venue.cash(names.portfolio, "BTC").quanta == 0


def test_a_pool_that_the_rules_do_not_name_has_no_worth_and_nobody_has_promised_anything(market):
    with pytest.raises(InvalidInputError, match="pool must be one of the rules', was 'vault'"):
        market.venue.pool("vault")
    assert market.venue.quotes() == {}
