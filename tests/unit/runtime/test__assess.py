"""Tests of assessed documents, against an assessor that knows neither arrays nor kernels."""

import copy
import json
import math
import runpy
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from hullmark.domain import Document
from hullmark.errors import AmountOverflowError, DocumentError, InvalidInputError
from hullmark.runtime import assess

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "docs" / "reference" / "portfolio.example.json"
TREE = json.loads(EXAMPLE.read_text(encoding="utf-8"))
REFERENCE = runpy.run_path(str(ROOT / "tests" / "reference" / "portfolio.py"))
Portfolio, World = REFERENCE["Portfolio"], REFERENCE["World"]
INDEX = 64_000.0
PERP_MARK, PERP_SIZE, PERP_ENTRY = 63_980.5, 32_000.0, 63_500.0


@pytest.fixture(scope="module")
def slow():
    return Portfolio(TREE)


@pytest.fixture(scope="module")
def reports():
    return {report.account: report for report in assess(Document.parse_tree(TREE)).accounts}


def test_net_value_is_what_the_venue_marks_say(reports):
    coins = 1.5 + PERP_SIZE / PERP_ENTRY - PERP_SIZE / PERP_MARK
    coins -= 4 * (0.0405 + 0.031)
    assert reports["short strangle"].net_value_usd == pytest.approx(
        coins * INDEX + 20_000, abs=0.01
    )
    profit = 2.5 * (63_990 - 65_000)
    assert reports["leveraged long"].net_value_usd == pytest.approx(12_000.5 + profit, abs=1e-6)


def test_equity_is_net_value_less_the_haircut_of_each_asset(reports):
    report = reports["short strangle"]
    coin_usd = report.net_value_usd - 20_000
    assert report.initial_equity_usd == pytest.approx(report.net_value_usd - 0.075 * coin_usd)
    assert report.maintenance_equity_usd == pytest.approx(report.net_value_usd - 0.05 * coin_usd)


def test_scenario_margin_is_the_worst_model_loss(reports, slow):
    losses = slow.profits("short strangle")  # where an entry's cost is not rounded to a satoshi
    assert len(losses) == 15
    worst = min(losses, key=losses.get)
    report = reports["short strangle"]
    assert report.worst_scenario == worst
    assert report.worst_usd == pytest.approx(losses[worst], abs=1e-3)
    assert report.maintenance_margin_usd == pytest.approx(-losses[worst], abs=1e-3)
    assert report.initial_margin_usd == pytest.approx(-1.25 * losses[worst], abs=1e-3)


def test_tiered_margin_is_charged_slice_by_slice(reports):
    report = reports["leveraged long"]
    notional = 2.5 * 63_990
    assert report.gross_notional_usd == pytest.approx(notional)
    assert report.maintenance_margin_usd == pytest.approx(1_000 + (notional - 100_000) * 0.02)
    assert report.initial_margin_usd == pytest.approx(2_000 + (notional - 100_000) * 0.04)
    assert report.worst_usd is None
    assert report.worst_scenario is None


def test_ratios_and_breach_follow_from_the_columns(reports):
    report = reports["leveraged long"]
    equity, margin = report.maintenance_equity_usd, report.maintenance_margin_usd
    assert report.health_usd == equity - margin
    assert report.margin_ratio == margin / equity
    assert report.equity_ratio == report.net_value_usd / report.gross_notional_usd
    assert not report.breach


def test_greeks_are_derivatives_of_net_value(reports, slow):
    (exposure,) = reports["short strangle"].exposures
    delta, gamma, vega, theta = slow.greeks("short strangle", "BTC")
    assert exposure.delta_coin == pytest.approx(delta, rel=1e-7)
    assert exposure.delta_collateral_coin == 1.5
    assert exposure.gamma_coin_per_usd == pytest.approx(gamma, rel=1e-5)
    assert exposure.vega_usd == pytest.approx(vega, rel=1e-7)
    assert exposure.theta_usd == pytest.approx(theta, rel=1e-7)
    # what was sold loses by a move and by volatility, and gains by time
    assert gamma < 0
    assert vega < 0 < theta
    (plain,) = reports["leveraged long"].exposures
    # the perpetual keeps its ratio to the index
    assert plain.delta_coin == pytest.approx(2.5 * 63_990 / INDEX)
    assert plain.gamma_coin_per_usd == pytest.approx(0.0, abs=1e-12)
    assert plain.vega_usd == 0.0
    assert plain.theta_usd == 0.0


@pytest.mark.parametrize("name", ["short strangle", "leveraged long"])
@pytest.mark.parametrize("side", ["below", "above"])
def test_health_is_zero_at_a_liquidation_price_and_positive_before_it(reports, slow, name, side):
    price = getattr(reports[name].exposures[0], f"liquidation_{side}_usd")
    if price is None:
        assert (name, side) == ("leveraged long", "above")
        return
    shares = (1.0, 0.999, 0.95, 0.75, 0.5, 0.25, 0.05)
    factors = [1 + (price / INDEX - 1) * share for share in shares]
    health = [slow.health(name, World({"BTC": factor})) for factor in factors]
    assert health[0] == pytest.approx(0.0, abs=0.01)
    assert min(health[1:]) > 0


def test_a_joint_move_of_one_coin_is_its_own(reports):
    report = reports["short strangle"]
    (exposure,) = report.exposures
    assert INDEX * (1 + report.joint_below) == pytest.approx(exposure.liquidation_below_usd)
    assert INDEX * (1 + report.joint_above) == pytest.approx(exposure.liquidation_above_usd)


def with_long_cash(cash):
    tree = copy.deepcopy(TREE)
    tree["accounts"] = [tree["accounts"][1] | {"cash": {"USDC": cash}}]
    return assess(Document.parse_tree(tree)).accounts[0]


def test_health_below_zero_is_a_breach_and_its_prices_are_where_it_would_end():
    report = with_long_cash("4000")
    assert report.breach
    assert report.margin_ratio > 1
    exposure = report.exposures[0]
    assert exposure.liquidation_below_usd is None
    assert exposure.liquidation_above_usd > INDEX


def test_a_ratio_to_no_equity_is_infinite():
    report = with_long_cash("1")
    assert report.breach
    assert report.margin_ratio == math.inf


def test_cash_alone_has_no_ratio_and_no_liquidation_price_and_a_debt_alone_has_a_breach():
    tree = copy.deepcopy(TREE)
    tree["accounts"] = [
        {"name": "saver", "mode": "cross", "cash": {"BTC": "2"}, "positions": []},
        {"name": "debtor", "mode": "cross", "cash": {"USDC": "-5"}, "positions": []},
        {"name": "both", "mode": "cross", "cash": {"USDC": "-5000", "BTC": "1"}, "positions": []},
    ]
    saver, debtor, borrower = assess(Document.parse_tree(tree)).accounts
    assert saver.equity_ratio is None
    assert saver.exposures[0].delta_coin == saver.exposures[0].delta_collateral_coin == 2.0
    assert saver.exposures[0].liquidation_below_usd is None
    assert not saver.breach
    assert debtor.breach
    assert borrower.exposures[0].liquidation_below_usd == pytest.approx(5_000 / 0.95)


def test_a_document_without_accounts_is_assessed():
    assert assess(Document.parse_tree({**TREE, "accounts": []})).accounts == ()


def test_progress_is_told_up_to_the_total():
    seen = []
    assess(Document.parse_tree(TREE), on_progress=lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == list(range(1, seen[0][1] + 1))
    assert len({total for _, total in seen}) == 1


def test_without_a_search_only_the_prices_are_missing(reports):
    quick = assess(Document.parse_tree(TREE), liquidation_prices=False).accounts[0]
    full = reports["short strangle"]
    assert quick.joint_below is None
    assert quick.exposures[0].liquidation_below_usd is None
    assert quick[:11] == full[:11]


@st.composite
def wide_trees(draw):
    """Return a document of one account on anything that a document can hold, on two coins."""
    tree = copy.deepcopy(TREE)
    parameters, market = tree["parameters"], tree["market"]
    parameters["assets"]["ETH"] = parameters["assets"]["BTC"] | {"haircut_initial": "0.15"}
    parameters["assets"]["USDC"]["cap_usd"] = draw(st.sampled_from(["5000000", "25000"]))
    market["index"] |= {"ETH": "2000", "USDC": "0.998"}
    at = "2026-02-13T08:00:00Z"
    market["forwards"]["ETH"] = {at: "2001.25"}
    market["forwards"]["BTC"][at] = "64010"
    first = parameters["instruments"][0]
    near = {"expiry": at, "strike": "65000", "call": True}
    parameters["instruments"] += [
        first | near | {"symbol": "BTC-C-USDC", "settlement": "USDC", "inverse": False},
        first
        | near
        | {"symbol": "ETH-P", "underlying": "ETH", "settlement": "ETH"}
        | {"strike": "1900", "call": False},
        {"kind": "future", "symbol": "BTC-F", "underlying": "BTC", "settlement": "BTC"}
        | {"lot": "10", "inverse": True, "expiry": at},
        {"kind": "future", "symbol": "ETH-F", "underlying": "ETH", "settlement": "USDC"}
        | {"lot": "0.1", "expiry": at},
    ]
    market["quotes"] |= {
        "BTC-C-USDC": {"mark": "1310.5", "vol": "0.71"},
        "ETH-P": {"mark": "0.0151", "vol": "0.8"},
        "BTC-F": {"mark": "64012.5"},
        "ETH-F": {"mark": "2001"},
    }
    parameters["margin"]["scenario"]["edges_up_only"] = draw(st.booleans())
    unit = {"option": 1.0, "BTC-PERPETUAL": 50_000.0, "BTC-F": 50_000.0, "ETH-F": 20.0}
    positions = []
    for i in draw(st.lists(st.sampled_from(parameters["instruments"]), max_size=5, unique_by=str)):
        times = draw(st.integers(-9, 9).filter(bool))
        scale = unit.get(i["kind"], unit.get(i["symbol"], 0.5))
        position = {"instrument": i["symbol"], "size": f"{times * scale:.9f}"}
        if i["kind"] != "option":
            mark = float(market["quotes"][i["symbol"]]["mark"])
            position["entry_price"] = f"{mark * draw(st.sampled_from([0.9, 1.0, 1.04])):.9f}"
        positions.append(position)
    units = {"BTC": 1, "ETH": 9, "USDC": 9_000}
    cash = {asset: f"{draw(st.integers(-1, 9)) * n}" for asset, n in units.items()}
    tiered = all(p["instrument"] == "BTC_USDC-PERPETUAL" for p in positions)
    mode = draw(st.sampled_from(["cross", "portfolio"])) if tiered else "portfolio"
    tree["accounts"] = [{"name": "x", "mode": mode, "cash": cash, "positions": positions}]
    return tree


@given(wide_trees())
def test_every_number_is_that_of_the_slow_assessor(tree):
    report = assess(Document.parse_tree(tree), liquidation_prices=False).accounts[0]
    slow = Portfolio(tree)
    dust = 1e-8 * (1 + report.gross_notional_usd)
    assert report.net_value_usd == pytest.approx(slow.net_value("x"), abs=dust)
    assert report.initial_equity_usd == pytest.approx(slow.equity("x", "initial"), abs=dust)
    assert report.maintenance_equity_usd == pytest.approx(slow.equity("x", "maintenance"), abs=dust)
    for check in ("initial", "maintenance"):
        found = getattr(report, f"{check}_margin_usd")
        assert found == pytest.approx(slow.requirement("x", check), abs=dust)
    assert report.gross_notional_usd == pytest.approx(sum(slow.notionals("x").values()))
    if report.worst_usd is not None:
        profits = slow.profits("x")
        assert report.worst_usd == pytest.approx(min(profits.values()), abs=dust)
        assert profits[report.worst_scenario] == pytest.approx(min(profits.values()), abs=dust)
    for e in report.exposures:
        greeks = slow.greeks("x", e.underlying)
        spot, gross = slow.price(e.underlying), 1 + report.gross_notional_usd
        for ours, theirs, unit in zip(e[1:2] + e[3:6], greeks, (spot, spot**2, 1, 1), strict=True):
            assert ours * unit / gross == pytest.approx(theirs * unit / gross, abs=2e-6)


@settings(max_examples=8)
@given(wide_trees().filter(lambda tree: tree["accounts"][0]["positions"]))
def test_liquidation_prices_are_those_that_a_dense_scan_meets(tree):
    slow, report = Portfolio(tree), assess(Document.parse_tree(tree)).accounts[0]
    for e in report.exposures:
        spot = slow.price(e.underlying)
        for direction, price in ((-1, e.liquidation_below_usd), (1, e.liquidation_above_usd)):
            factor = slow.crossing("x", [e.underlying], direction, step=0.01, stop=0.69)
            if factor is None:
                assert price is None or abs(math.log(price / spot)) > 0.68
            else:
                assert price == pytest.approx(factor * spot, rel=1e-6)


MARGIN = ("parameters", "margin")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ((*MARGIN, "scenario", "moves"), ["0.1", "0"], r"margin.scenario.moves\[1\] must be > "),
        ((*MARGIN, "scenario", "moves"), ["0", "0"], r"margin.scenario.moves\[1\] must be > "),
        ((*MARGIN, "scenario", "moves"), ["-1", "0"], r"moves\[0\] must be finite and > -1"),
        ((*MARGIN, "scenario", "vol_up"), "-0.5", r"vol_up must be finite and >= 0, was -0.5"),
        ((*MARGIN, "scenario", "initial_factor"), "0.5", r"margin.scenario: .* was 1 and 0.5"),
        ((*MARGIN, "scenario", "shift"), "1", r"margin.scenario has an unknown key 'shift'"),
        ((*MARGIN, "tiered"), {}, r"accounts\[1\].positions\[0\].instrument must have tiers"),
        ((*MARGIN, "tiered"), "none", r"parameters.margin.tiered must be a table, was 'none'"),
        ((*MARGIN, "cross"), "static", r"margin.cross: .* must be one of .*, was 'static'"),
        ((*MARGIN, "cross"), {}, r"parameters.margin.cross must name a margin model, was {}"),
        ((*MARGIN, "scenario"), [], r"parameters.margin.scenario must be a table, was \[\]"),
        ((*MARGIN, "stress"), {}, r"parameters.margin has an unknown key 'stress'"),
        (
            ("parameters", "assets", "BTC", "haircut_initial"),
            "2",
            r"assets.BTC: .* \[0, 1\], was 2",
        ),
        (
            ("parameters", "assets", "BTC", "haircut"),
            "0",
            r"assets.BTC has an unknown key 'haircut'",
        ),
    ],
)
def test_refuses_parameters_with_their_path(path, value, message):
    tree = copy.deepcopy(TREE)
    node = tree
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    with pytest.raises(DocumentError, match=message):
        assess(Document.parse_tree(tree))


def paths(node, path=()):
    """Return the paths of everything in a tree."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from paths(value, (*path, key))


def test_a_model_that_no_mode_names_needs_no_section():
    tree = copy.deepcopy(TREE)
    del tree["parameters"]["margin"]["portfolio"], tree["parameters"]["margin"]["scenario"]
    with pytest.raises(DocumentError, match=r"accounts\[0\].mode must be one that .*'portfolio'"):
        assess(Document.parse_tree(tree))
    del tree["accounts"][0]
    full = assess(Document.parse_tree(TREE)).accounts[1]
    assert assess(Document.parse_tree(tree)).accounts == (full,)


JUNK = ["1", "-1", "0", "0.000000001", "9" * 11, "x", 5, True, {}, [], [[]], {"tiers": [{}]}]


@given(st.sampled_from(sorted(paths(TREE), key=str)), st.sampled_from(JUNK))
def test_whatever_is_put_anywhere_gives_finite_numbers_or_a_refusal(path, junk):
    tree = copy.deepcopy(TREE)
    node = tree
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = copy.deepcopy(junk)
    try:
        accounts = assess(Document.parse_tree(tree), liquidation_prices=False).accounts
    except InvalidInputError:
        return
    numbers = [v for r in accounts for v in (*r, *sum(r.exposures, ())) if isinstance(v, float)]
    assert all(math.isfinite(number) for number in numbers)


@pytest.mark.parametrize(
    ("position", "message"),
    [
        (
            {"instrument": "BTC_USDC-PERPETUAL", "size": "9000000000", "entry_price": "9000000000"},
            r"cost of accounts\[0\].positions\[0\], in quanta of USDC, must fit in 64 bits, was 8",
        ),
        (
            {"instrument": "BTC-PERPETUAL", "size": "9000000000", "entry_price": "0.000000001"},
            r"cost of accounts\[0\].positions\[0\], in quanta of BTC, must fit in 64 bits, was -9",
        ),
    ],
)
def test_a_cost_that_no_ledger_could_hold_is_refused(position, message):
    account = {"name": "x", "mode": "portfolio", "cash": {}, "positions": [position]}
    with pytest.raises(AmountOverflowError, match=message):
        assess(Document.parse_tree({**TREE, "accounts": [account]}))


def test_a_market_is_needed():
    tree = {key: value for key, value in TREE.items() if key != "market"}
    with pytest.raises(DocumentError, match="market must be given"):
        assess(Document.parse_tree(tree))
