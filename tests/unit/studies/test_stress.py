"""The stress study against a loop over accounts, written from its page and from nothing else."""

import math
from dataclasses import replace

import pytest

from hullmark.domain import Option
from hullmark.errors import InvalidInputError
from hullmark.market import impact_share
from hullmark.studies import (
    StressScenario,
    standard_scenarios,
    stress_study,
    suggested_fund_usd,
    venue_book,
)

from .stressed_venue import (
    CHILD,
    COIN,
    DEPTH_USD,
    LONG,
    MAKER,
    NETTED,
    OPTION,
    PARENT,
    SHORT,
    USD,
    VOL,
    WRITER,
    traded,
)

SLIPPAGE, STRIKE = 0.005, 80_000.0  # as in the example's venue file
TIERS = {
    "BTC-PERP": ((0, 0.025), (250_000, 0.05), (2_000_000, 0.10)),
    "ETH-PERP": ((0, 0.025), (100_000, 0.05)),
    "BTC-USD-PERP": ((0, 0.025), (250_000, 0.05)),
}
OWNER = {CHILD: PARENT}
SCENARIOS = (
    StressScenario("as it stands", {}),
    StressScenario("all down", {}, others=-0.3),
    StressScenario("all down, books empty", {}, others=-0.3, depth=0.05),
    StressScenario("bitcoin down, calm", {"BTC": -0.2, "DOGE": 3.0}, vol=-0.5),
    StressScenario("ether alone", {"ETH": -0.6}),
    StressScenario("up, wild", {"ETH": 0.1}, others=0.6, vol=0.75),
    StressScenario("a dollar that is none", {"USDT": -0.1, "BTC": 0.05}),
)


@pytest.fixture(scope="module")
def venue():
    return traded()


@pytest.fixture(scope="module")
def study(venue):
    return stress_study(venue_book(venue), SCENARIOS)


def call_usd(forward, years, vol):
    """Return Black-76 over the forward, undiscounted."""
    deviation = vol * math.sqrt(years)
    upper = math.log(forward / STRIKE) / deviation + deviation / 2
    return forward * cdf(upper) - STRIKE * cdf(upper - deviation)


def cdf(x):
    return math.erfc(-x / math.sqrt(2)) / 2


def loss_of(venue, account, scenario):
    """Return what an account costs the fund, and whether it defaults, from its ledger entries."""
    ledger = venue.state.ledger
    by = {s: 1.0 + scenario.moves.get(s, scenario.others) for s in ("BTC", "ETH")}
    price = {"USDT": 1.0 + scenario.moves.get("USDT", 0.0), "BTC": USD["BTC"] * by["BTC"]}
    units = {
        asset.symbol: ledger.cash(account, n) / asset.quanta_per_unit
        for n, asset in enumerate(ledger.assets)
    }
    cost = maintenance = 0.0
    for number, held in ledger.positions(account):
        terms = ledger.instruments[number]
        size = held.lots * terms.lot
        units[terms.settlement] += (
            held.quote / ledger.assets[ledger.asset_index[terms.settlement]].quanta_per_unit
        )
        if isinstance(terms, Option):
            years = (terms.expiry_ns - venue.state.valuation_ns) / (365.25 * 86_400 * 10**9)
            value = call_usd(price["BTC"], years, VOL * (1.0 + scenario.vol))
            traded_usd = abs(size) * value * price["USDT"]
            units["USDT"] += size * value
        else:
            mark = USD[terms.symbol] * by[terms.underlying]
            worth = -size / mark if terms.inverse else size * mark
            units[terms.settlement] += worth
            traded_usd = abs(size) if terms.inverse else abs(size) * mark * price["USDT"]
            slices = TIERS[terms.symbol]
            for (floor, rate), above in zip(slices, (*slices[1:], (math.inf, 0)), strict=True):
                maintenance += rate * max(min(traded_usd, above[0]) - floor, 0.0)
        share = SLIPPAGE
        if terms.symbol in DEPTH_USD:
            share += impact_share(traded_usd, DEPTH_USD[terms.symbol] * scenario.depth)
        cost += traded_usd * (min(share, 1.0) if size > 0 else share)
    net = sum(n * price[asset] for asset, n in units.items())
    equity = net - 0.05 * max(units["BTC"], 0.0) * price["BTC"]  # the haircut of the example
    # Under the scenario model: in these scenarios the net value decides.
    default = net < 0.0 if account in NETTED else equity < maintenance
    return max(cost - net, 0.0) if default else 0.0, default


@pytest.mark.parametrize("at", range(len(SCENARIOS)))
def test_the_study_finds_what_a_loop_over_the_accounts_finds(venue, study, at):
    found, scenario = study.scenarios[at], SCENARIOS[at]
    losses, defaults = {}, 0
    for account in venue.views.accounts:
        loss, default = loss_of(venue, account, scenario)
        owner = OWNER.get(account, account)
        losses[owner] = losses.get(owner, 0.0) + loss
        defaults += default
    largest = sorted(losses.values(), reverse=True)
    assert found.defaults == defaults
    assert found.loss_usd == pytest.approx(sum(largest), rel=1e-9, abs=1e-6)
    assert found.cover_1_usd == pytest.approx(largest[0], rel=1e-9, abs=1e-6)
    assert found.cover_2_usd == pytest.approx(largest[0] + largest[1], rel=1e-9, abs=1e-6)
    for each in found.largest:
        assert each.loss_usd == pytest.approx(losses[int(each.account)], rel=1e-9)
    assert sum(found.by_market.values()) == pytest.approx(found.loss_usd, rel=1e-9, abs=1e-6)


# Otherwise the loop above would agree about nothing.
def test_the_scenarios_bring_down_longs_shorts_coins_children_and_writers(venue):
    down = {
        account
        for scenario in SCENARIOS
        for account in venue.views.accounts
        if loss_of(venue, account, scenario)[0]
    }
    assert {LONG, SHORT, COIN, PARENT, CHILD, WRITER} <= down
    assert MAKER not in down


def test_an_isolated_account_defaults_alone_and_counts_with_its_parent(study):
    ether = study.scenarios[4]
    assert ether.largest[0].account == str(PARENT)
    assert str(CHILD) not in [each.account for each in ether.largest]
    assert ether.defaults == 3  # the two and another


def test_the_losses_stand_where_the_positions_lost(study):
    ether, down = study.scenarios[4], study.scenarios[1]
    assert ether.by_market["BTC"] < 1.0  # what closing costs there of who lost elsewhere
    assert ether.by_market["ETH"] > 0.9999 * ether.loss_usd
    assert min(down.by_market.values()) > 0.0


def test_the_fund_is_worth_what_its_coins_are_worth_there(study):
    assert study.scenarios[0].fund_usd == pytest.approx(30_000 + 0.125 * 64_000)
    assert study.scenarios[1].fund_usd == pytest.approx(30_000 + 0.125 * 64_000 * 0.7)
    for each in study.scenarios:
        assert each.uncovered_usd == pytest.approx(max(each.loss_usd - each.fund_usd, 0.0))


def test_what_is_set_apart_for_a_market_pays_for_that_market_only(venue):
    apart = {"ETH": 20_000.0, "BTC": 10_000.0}
    book = venue_book(venue, fund_usd=40_000, allocated_usd=apart)
    (found,) = stress_study(book, [StressScenario("ether alone", {"ETH": -0.6})]).scenarios
    assert found.fund_usd == 40_000
    assert found.loss_usd > 30_000
    in_bitcoin = found.by_market["BTC"]
    assert in_bitcoin < 1.0
    assert found.uncovered_usd == pytest.approx(found.loss_usd - 30_000 - in_bitcoin)


def test_a_fund_in_coins_that_fall_is_short_in_every_part(venue):
    book = venue_book(venue, allocated_usd={"ETH": 19_000.0, "BTC": 19_000.0})
    crash = StressScenario("all", {"USDT": -0.5}, others=-0.5)
    (found,) = stress_study(book, [crash]).scenarios
    assert found.fund_usd == pytest.approx(19_000.0)
    paid = sum(min(usd, 9_500.0) for usd in found.by_market.values())
    assert found.uncovered_usd == pytest.approx(found.loss_usd - paid)


def test_who_is_left_out_costs_nothing(venue, study):
    worst = study.scenarios[1].largest[0]
    assert worst.account == str(PARENT)
    book = venue_book(venue, without=[PARENT, CHILD])
    (found,) = stress_study(book, SCENARIOS[1:2]).scenarios
    assert found.loss_usd == pytest.approx(study.scenarios[1].loss_usd - worst.loss_usd)


def test_dearer_closing_costs_more_and_without_any_only_what_is_missing_is_lost(venue):
    book = venue_book(venue)
    free = replace(book, slippage=0.0, depth_usd={})
    for cheap, dear in ((free, replace(free, slippage=0.01)), (book, replace(book, slippage=0.9))):
        (less,), (more,) = (stress_study(b, SCENARIOS[1:2]).scenarios for b in (cheap, dear))
        assert less.loss_usd < more.loss_usd
        assert less.defaults == more.defaults
    net = sum(min(venue_net(venue, a), 0.0) for a in venue.views.accounts)
    (found,) = stress_study(free, SCENARIOS[1:2]).scenarios
    assert found.loss_usd == pytest.approx(-net)


def venue_net(venue, account):
    """Return net value after all have fallen by three tenths, as the margin of a row has it."""
    from hullmark.margin import evaluate_one  # noqa: PLC0415

    tables = venue.views.movable.moved_tables(frozenset({"BTC", "ETH"}), 0.7)
    return evaluate_one(*venue.views.row(account), tables).net_value


def test_a_healthy_account_is_not_closed_whatever_closing_costs(venue):
    book = replace(venue_book(venue), slippage=0.9)
    (found,) = stress_study(book, SCENARIOS[:1]).scenarios
    assert (found.defaults, found.loss_usd, found.largest) == (0, 0.0, ())


def test_a_sale_costs_what_is_sold_at_the_most(venue):
    others = [account for account in venue.views.accounts if account != LONG]
    book = venue_book(venue, without=others, slippage=0.999, depth_usd={"BTC-PERP": 1e-3})
    (found,) = stress_study(book, [StressScenario("bitcoin", {"BTC": -0.3})]).scenarios
    assert found.loss_usd == pytest.approx(64_000 - 4_000)  # one bitcoin, less what was paid in


def test_the_set_is_as_bad_as_its_worst_scenario(study):
    assert study.loss_usd == max(each.loss_usd for each in study.scenarios)
    assert study.cover_2_usd == max(each.cover_2_usd for each in study.scenarios)
    assert study.cover_1_usd <= study.cover_2_usd <= study.loss_usd
    assert study.suggested_cover_2_usd == suggested_fund_usd(study.cover_2_usd)
    assert study.suggested_loss_usd == suggested_fund_usd(study.loss_usd)


def test_what_the_venue_does_not_have_is_named(study):
    assert study.unknown == ("DOGE",)
    assert study.without_depth == (OPTION,)
    assert study.accounts == 8


def test_a_larger_joint_fall_never_costs_less(venue):
    found = stress_study(venue_book(venue, without=[SHORT, WRITER]), standard_scenarios(["BTC"]))
    falls = [each.loss_usd for each in found.scenarios[:5]]
    assert falls == sorted(falls, reverse=True)


def test_a_set_without_a_scenario_is_refused(venue):
    with pytest.raises(InvalidInputError, match="scenarios must be one at least, was none"):
        stress_study(venue_book(venue), ())


@pytest.mark.parametrize(
    ("usd", "size"),
    [(0.0, 0), (0.01, 1), (999.5, 1_000), (1_000.5, 1_010), (123_400, 124_000), (123_000, 123_000)],
)
def test_a_suggestion_is_rounded_up(usd, size):
    assert suggested_fund_usd(usd) == size
