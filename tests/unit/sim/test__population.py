"""Tests of the drawn book: the laws of a draw first, then what it refuses."""

import math
import tomllib
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from hullmark.domain import Mode
from hullmark.errors import AmountOverflowError, DocumentError, InvalidInputError
from hullmark.sim._population import describe, draw
from hullmark.sim._population_parameters import PopulationParameters, load_parameters
from hullmark.sim._population_sizes import Listing, expose_tiers, tier_of, whole_lots

TIERS = ((0.0, 0.01), (50_000.0, 0.02), (800_000.0, 0.05), (850_000.0, 0.1), (5e6, 0.25))
COLUMNS = ("parent", "deposit_quanta", "start", "instrument", "lots")
PARAMETERS = load_parameters()


def listing(symbol="BTC-PERP", **changes):
    fields = {"weight": 0.6, "price_usd": 121_000.0, "lot_nano": 1_000_000, "tiers": TIERS}
    return Listing(symbol=symbol, **{**fields, **changes})


LISTINGS = (
    listing(),
    listing("ETH-PERP", weight=0.3, price_usd=4_350.0, lot_nano=10_000_000),
    listing("DOGE-PERP", weight=0.1, price_usd=0.25, lot_nano=10**9),
)


def book(**changes):
    fields = {
        "seed": 7,
        "accounts": 2_000,
        "open_interest_usd": 1e8,
        "settlement_decimals": 6,
        "listings": LISTINGS,
    }
    fields |= changes
    return draw(PARAMETERS, fields.pop("listings"), **fields)


def initial_margin_usd(population):
    """Charge the rate of its tier on the whole of each position: the slow reference."""
    margins = []
    for drawn in population.accounts(100):
        margin = 0.0
        for symbol, lots in drawn.positions:
            one = next(item for item in LISTINGS if item.symbol == symbol)
            notional = abs(lots) * one.lot_usd
            margin += notional * [rate for floor, rate in TIERS if floor < notional][-1]
        margins.append(margin)
    return np.array(margins)


def test_equal_seeds_give_equal_books():
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(book(), name), getattr(book(), name))


def test_another_seed_gives_another_book():
    for name in ("lots", "deposit_quanta", "instrument"):
        assert not np.array_equal(getattr(book(), name), getattr(book(seed=8), name))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**63), st.integers(1, 300), st.floats(1e6, 1e9), st.integers(0, 9))
def test_every_book_is_whole(seed, accounts, open_interest_usd, decimals):
    population = book(
        seed=seed,
        accounts=accounts,
        open_interest_usd=open_interest_usd,
        settlement_decimals=decimals,
    )
    drawn = list(population.accounts(100))
    assert [one.account for one in drawn] == list(range(100, 100 + accounts))
    modes = {one.account: one.mode for one in drawn}
    for one in drawn:
        symbols = [symbol for symbol, _ in one.positions]
        assert len(set(symbols)) == len(symbols) >= 1
        assert all(lots != 0 for _, lots in one.positions)
        assert one.deposit_quanta > 0
        if one.mode is Mode.ISOLATED:
            assert len(symbols) == 1
            assert one.parent < one.account
            assert modes[one.parent] is Mode.CROSS
        else:
            assert one.parent is None
            assert len(symbols) <= 4
    deposit_usd = np.array([one.deposit_quanta for one in drawn]) / 10**decimals
    assert np.all(deposit_usd >= initial_margin_usd(population))


def test_open_interest_and_coin_weights_are_met_to_one_lot_each():
    population = book()
    size = np.abs(population.notional_usd)
    for k, one in enumerate(LISTINGS):
        missed_usd = size[population.instrument == k].sum() - one.weight * 1e8
        assert abs(missed_usd) <= one.lot_usd


def test_rounds_each_position_to_within_one_lot():
    rng = np.random.default_rng(1)
    one = (listing(tiers=TIERS[:1]),)
    target_usd = rng.pareto(1.1, 500) * 1_000
    lots = whole_lots(target_usd, np.zeros(500, dtype=np.int64), one, target_usd.sum())
    assert lots.min() == 1
    assert np.all(np.abs(lots * one[0].lot_usd - target_usd) <= one[0].lot_usd * (1 + 1e-9))
    assert abs(lots.sum() * one[0].lot_usd - target_usd.sum()) <= one[0].lot_usd


def test_a_narrow_tier_between_two_occupied_ones_is_filled():
    target_usd = np.array([1e6, 9e5, *[20_000.0] * 50])  # nobody in 50 000 to 850 000
    lots = whole_lots(target_usd, np.zeros(52, dtype=np.int64), LISTINGS[:1], target_usd.sum())
    tiers = tier_of(LISTINGS[0], lots * LISTINGS[0].lot_usd)
    assert set(range(tiers.max() + 1)) == set(tiers.tolist())
    assert abs(lots.sum() * LISTINGS[0].lot_usd - target_usd.sum()) <= LISTINGS[0].lot_usd


def test_no_seed_leaves_a_gap_between_tiers():
    for seed in range(10):
        for counts in book(seed=seed).tier_counts().values():
            used = np.flatnonzero(counts)
            assert used.size == used[-1] + 1


def test_each_tier_in_use_has_a_long_at_ten_times_or_at_its_limit():
    for seed in range(10):
        population = book(seed=seed)
        owner = np.repeat(np.arange(2_000), np.diff(population.start))
        shorts = np.bincount(owner, weights=population.lots < 0)[owner]
        leverage = (population.gross_usd / population.equity_usd)[owner]
        size = np.abs(population.notional_usd)
        for k, one in enumerate(LISTINGS):
            tier = tier_of(one, size)
            for level in np.unique(tier[population.instrument == k]):
                rows = (population.instrument == k) & (tier == level) & (shorts == 0)
                limit = min(10, 1 / TIERS[level][1])
                assert leverage[rows].max() >= limit * (1 - 1e-5)


def test_a_tier_held_only_by_an_account_of_several_coins_gets_its_long_too():
    leverage, owner = np.array([20.0, 15.0, 2.0]), np.array([0, 1, 2, 2])
    instrument, lots = np.array([0, 0, 0, 1]), np.array([1, 1, -90, 20])
    tiers = ((0.0, 0.01), (50_000.0, 0.02))
    both = [listing(name, price_usd=1_000.0, lot_nano=10**9, tiers=tiers) for name in ("A", "B")]
    expose_tiers(leverage, owner, instrument, lots, both)
    assert lots.tolist() == [1, -1, 90, 20]
    assert leverage.tolist() == [20, 2, 15]


def test_trading_leverage_and_side_keeps_their_distributions():
    leverage, lots = np.array([20.0, 15.0, 2.0, 1.0]), np.array([1, 1, -90, 1])
    before = sorted(leverage), sorted(np.sign(lots))
    instrument = np.zeros(4, dtype=np.int64)
    one = listing(price_usd=1_000.0, lot_nano=10**9, tiers=((0.0, 0.01), (50_000.0, 0.02)))
    expose_tiers(leverage, np.arange(4), instrument, lots, (one,))
    assert (sorted(leverage), sorted(np.sign(lots))) == before
    assert lots[2] == 90
    assert leverage[2] == 15


def test_leverage_above_the_tier_is_cut_by_deposit():
    population = book(listings=[listing(tiers=((0.0, 0.5),))])
    drawn_leverage = population.gross_usd / population.equity_usd
    cut = population.leverage > 2
    assert cut.mean() > 0.5
    np.testing.assert_allclose(drawn_leverage[cut], 2, rtol=1e-5)
    np.testing.assert_allclose(drawn_leverage[~cut], population.leverage[~cut], rtol=1e-12)


def test_the_drawn_book_follows_the_measured_one():
    population = book(accounts=20_000, open_interest_usd=1e9)
    report = describe(population, PARAMETERS)
    leverage, size = report["leverage"], report["size_usd"]
    np.testing.assert_allclose(leverage["drawn"], leverage["real"], rtol=0.02)
    np.testing.assert_allclose(size["drawn"], size["real"], rtol=0.4)  # implied, not fitted
    assert abs(report["long_share"]["drawn"] - report["long_share"]["real"]) < 0.02
    assert sum(report["accounts_by_mode"].values()) == 20_000
    isolated = report["accounts_by_mode"]["isolated"] / 20_000
    assert abs(isolated - PARAMETERS.isolated_share) < 0.01
    assert math.isclose(report["longs_usd"] + report["shorts_usd"], 1e9, rel_tol=1e-6)
    equity = population.gross_usd / population.leverage
    ranks = [np.argsort(np.argsort(column)) for column in (population.leverage, equity)]
    assert abs(np.corrcoef(ranks)[0, 1] - PARAMETERS.rank_correlation) < 0.03


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": -1}, "seed must be a whole number >= 0, was -1"),
        ({"seed": 1.5}, "seed must be a whole number >= 0, was 1.5"),
        ({"accounts": 0}, "accounts must be a whole number >= 1, was 0"),
        ({"accounts": True}, "accounts must be a whole number >= 1, was True"),
        ({"open_interest_usd": math.nan}, "open_interest_usd must be finite and > 0, was nan"),
        ({"open_interest_usd": math.inf}, "open_interest_usd must be finite and > 0, was inf"),
        ({"open_interest_usd": 100.0}, "open_interest_usd must be >= 242000, .* was 100"),
        ({"settlement_decimals": 10}, r"settlement_decimals must be in \[0, 9\], was 10"),
        ({"listings": []}, "listings must not be empty"),
        ({"listings": [listing(), listing()]}, r"symbols of listings must differ, was \['BTC"),
    ],
)
def test_refuses_an_argument_by_name_rule_and_value(change, message):
    with pytest.raises(InvalidInputError, match=message):
        book(**change)


def test_refuses_a_deposit_beyond_64_bits():
    with pytest.raises(AmountOverflowError, match="deposit_quanta of the largest account must fit"):
        book(accounts=10, open_interest_usd=1e15, settlement_decimals=9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weight": 0.0}, "weight of BTC-PERP must be finite and > 0, was 0.0"),
        ({"price_usd": math.nan}, "price_usd of BTC-PERP must be finite and > 0, was nan"),
        ({"lot_nano": -1}, "lot_nano of BTC-PERP must be finite and > 0, was -1"),
        ({"tiers": ()}, r"tier floors of BTC-PERP must rise from 0, was \[\]"),
        ({"tiers": ((0.0, 0.1), (0.0, 0.2))}, "tier floors of BTC-PERP must rise from 0"),
        ({"tiers": ((0.0, 0.2), (1.0, 0.1))}, "initial rates of BTC-PERP must be in"),
        ({"tiers": ((0.0, math.nan),)}, "initial rates of BTC-PERP must be in"),
    ],
)
def test_refuses_a_listing_by_name_rule_and_value(change, message):
    with pytest.raises(InvalidInputError, match=message):
        listing(**change)


@pytest.mark.parametrize(
    ("section", "key", "value", "message"),
    [
        (
            "hyperliquid",
            "rank_correlation",
            -2.0,
            r"rank_correlation must be a number in \[-1, 1\]",
        ),
        ("hyperliquid", "isolated_share", math.nan, "isolated_share must be a number in"),
        ("hyperliquid", "isolated_share", "0.1", "isolated_share must be a number in .*'0.1'"),
        ("hyperliquid", "coins", [0.5, 0.4], "hyperliquid.coins must sum to 1"),
        ("hyperliquid", "long_by_quarter", [0.5], "long_by_quarter must have 4 numbers"),
        ("hyperliquid", "leverage", [1.0], "leverage must have one number per quantile"),
        ("hyperliquid", "leverage", [], "leverage must be an array of numbers"),
        ("hyperliquid", "quantiles", [0.5, 0.5], "hyperliquid.quantiles must rise"),
        ("aave", "exponent", 0.0, r"aave.exponent must be a number in \[0.1, 10\], was 0.0"),
        ("aave", "start", None, "aave.start must be a number in"),
    ],
)
def test_refuses_a_parameter_by_path_rule_and_value(section, key, value, message):
    tree = parameter_tree()
    tree[section][key] = value
    with pytest.raises(DocumentError, match=message):
        PopulationParameters.parse(tree)


def test_refuses_a_parameter_file_without_a_section():
    tree = parameter_tree()
    del tree["aave"]
    with pytest.raises(DocumentError, match="aave must be a table, was None"):
        PopulationParameters.parse(tree)


def parameter_tree():
    return tomllib.loads(files("hullmark.sim").joinpath("population.toml").read_text("utf-8"))
