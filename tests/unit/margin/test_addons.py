"""Add-ons on notional, naked shorts, collateral and doubtful prices, against plain loops."""

import pytest

from hullmark.domain import Node
from hullmark.errors import DocumentError
from hullmark.margin.addons import (
    BaseCollateral,
    CollateralHaircut,
    MinimumCharge,
    NakedOptions,
    OracleConfidence,
    PerpetualNotional,
)

from .held import SPOT, collateral, random_accounts, rows_of

RATES = {"initial": "0.01", "maintenance": "0.03"}
ACCOUNTS = [*random_accounts(0), [], [(None, None, None, -2.0)]]
STABLE, PERPETUAL_MARK = 0.8, 100_200.0
HAIRCUTS = {
    "BTC": {"risk_cancelling": True, "initial": "0.02", "maintenance": "0.01"},
    "SDAI": {"risk_cancelling": False, "initial": "0.1", "maintenance": "0.2"},
}


def perpetuals(account):
    return sum(size for expiry, _, _, size in account if expiry is None)


def options(account):
    return [holding for holding in account if holding[1] is not None]


def naked(account):
    nets = {}
    for expiry, strike, _, size in options(account):
        nets[expiry, strike] = nets.get((expiry, strike), 0.0) + size
    return sum(max(-net, 0.0) for net in nets.values())


def close(expected):
    return pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("part", "amount"),
    [
        (PerpetualNotional, lambda account: abs(perpetuals(account))),
        (NakedOptions, naked),
    ],
)
def test_the_initial_rate_is_on_top_of_the_maintenance_rate(part, amount):
    charge = part.parse(Node("p", RATES)).charge(rows_of(ACCOUNTS))
    expected = [amount(account) * SPOT for account in ACCOUNTS]
    assert charge.initial.tolist() == close([0.04 * e for e in expected])
    assert charge.maintenance.tolist() == close([0.03 * e for e in expected])


def test_one_rate_is_for_both_checks():
    initial, maintenance = NakedOptions.parse(Node("p", "0.02")).charge(rows_of(ACCOUNTS))
    assert (
        initial.tolist()
        == maintenance.tolist()
        == close([0.02 * naked(account) * SPOT for account in ACCOUNTS])
    )


@pytest.mark.parametrize(
    ("call", "put", "expected"), [(-1, -1, 2), (-1, 1, 0), (1, -1, 0), (-3, 1, 2), (1, 1, 0)]
)
def test_a_synthetic_forward_is_covered_and_a_straddle_is_naked_twice(call, put, expected):
    account = [("far", 100_000, "call", call), ("far", 100_000, "put", put)]
    assert rows_of([account]).naked.tolist() == [expected]


def test_strikes_and_expiries_do_not_cover_each_other():
    spread = [("far", 100_000, "call", -1), ("far", 125_000, "call", 1)]
    calendar = [("far", 100_000, "call", -1), ("near", 100_000, "call", 1)]
    assert rows_of([spread, calendar]).naked.tolist() == [1, 1]


def test_an_inverse_perpetual_counts_its_coins_at_the_mark():
    rows = rows_of([[(None, None, None, -300_600)]], coin=True)
    charge = PerpetualNotional.parse(Node("p", "0.03")).charge(rows)
    assert charge.initial.tolist() == close([0.03 * 300_600 / PERPETUAL_MARK])


def test_the_least_that_a_contract_needs_counts_shorts_and_linear_positions():
    part = MinimumCharge.parse(Node("p", {"short_option": RATES, "linear": "0.001"}))
    initial, maintenance = part.charge(rows_of(ACCOUNTS))
    short = [sum(max(-s, 0.0) for *_, s in options(account)) for account in ACCOUNTS]
    linear = [sum(abs(s) for _, k, _, s in account if k is None) for account in ACCOUNTS]
    pairs = list(zip(short, linear, strict=True))
    assert initial.tolist() == close([(0.04 * s + 0.001 * x) * SPOT for s, x in pairs])
    assert maintenance.tolist() == close([(0.03 * s + 0.001 * x) * SPOT for s, x in pairs])


def test_haircuts_are_shares_of_the_value_in_the_cash_asset():
    account = [collateral("BTC", 2), collateral("SDAI", 1_000)]
    part = CollateralHaircut.parse(Node("p", HAIRCUTS))
    rows = rows_of([account, [collateral("SDAI", 1_000)], []])
    coins, dollars = 2 * 100_000 / STABLE, 1_000 * 1.25 / STABLE
    initial, maintenance = part.charge(rows)
    assert initial.tolist() == close([0.03 * coins + 0.3 * dollars, 0.3 * dollars, 0])
    assert maintenance.tolist() == close([0.01 * coins + 0.2 * dollars, 0.2 * dollars, 0])
    assert part.moving(rows).tolist() == close([coins, 0, 0])


def test_a_base_asset_is_charged_at_its_price_in_dollars():
    rows = rows_of([[collateral("BTC", 2)], []])
    part = BaseCollateral.parse(Node("p", "0.03"))
    assert part.charge(rows).initial.tolist() == close([0.03 * 2 * 100_000, 0])
    assert part.moving(rows).tolist() == close([2 * 100_000 / STABLE, 0])


def test_nothing_but_the_coin_itself_is_a_base_asset():
    rows = rows_of([[collateral("SDAI", 2), (None, None, None, 1)]])
    with pytest.raises(DocumentError, match=r"market\.collaterals\.SDAI must not be held on BTC"):
        BaseCollateral.parse(Node("p", "0.03")).moving(rows)


DOUBT = {"threshold": "0.55", "factor": "2"}


def doubtful_usd(account, prices):
    """Return what low confidence adds, as told in the class: one group after the other."""

    def share(*names):
        least = min(float(prices.get(name, "1")) for name in names)
        return 2 * (1 - least) if least < 0.55 else 0.0

    common = ["spot", *(["perpetual"] if perpetuals(account) else [])]
    total = share(*common) * abs(perpetuals(account))
    for expiry, _, _, size in options(account):
        feeds = [f"{expiry}__{f}_confidence" for f in ("forward", "rate", "vol")]
        total += share(*common, *feeds) * abs(size)
    return total * SPOT


@pytest.mark.parametrize(
    "prices",
    [
        {},
        {"spot": "0.2"},
        {"perpetual": "0.3"},
        {"perpetual": "0.3", "near__vol_confidence": "0.1"},
        {"far__rate_confidence": "0.54", "near__forward_confidence": "0"},
    ],
)
def test_doubt_is_charged_group_by_group_at_the_least_confidence(prices):
    part = OracleConfidence.parse(Node("p", DOUBT))
    initial, maintenance = part.charge(rows_of(ACCOUNTS, **prices))
    assert initial.tolist() == close([doubtful_usd(a, prices) for a in ACCOUNTS])
    assert not maintenance.any()


def test_the_threshold_itself_is_trusted_and_a_quantum_below_is_not():
    account = [[(None, None, None, 1)]]
    part = OracleConfidence.parse(Node("p", {"threshold": "0.4", "factor": "1"}))
    assert part.charge(rows_of(account, spot="0.4")).initial.tolist() == [0]
    below = part.charge(rows_of(account, spot="0.399999999999999999")).initial
    assert below.tolist() == close([0.6 * SPOT])


def test_the_doubt_of_a_perpetual_does_not_reach_collateral():
    account = [(None, None, None, 1), collateral("SDAI", 1_000)]
    part = OracleConfidence.parse(Node("p", DOUBT))
    doubtful = part.charge(rows_of([account], perpetual="0.3")).initial
    assert doubtful.tolist() == close([1.4 * SPOT])
    both = part.charge(rows_of([account], spot="0.5")).initial
    assert both.tolist() == close([1.0 * SPOT + 1.0 * 1_000 * 1.25 / STABLE])


def test_a_base_asset_stands_in_the_group_of_the_perpetual():
    account = [(None, None, None, 1), collateral("BTC", 3)]
    part = OracleConfidence.parse(Node("p", {**DOUBT, "base": True}))
    found = part.charge(rows_of([account], perpetual="0.3")).initial
    assert found.tolist() == close([1.4 * SPOT * 4])
