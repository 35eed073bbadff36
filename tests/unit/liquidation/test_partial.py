"""The partial engine on accounts worked by hand, and its kernel against its own source."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, strategies as st

from hullmark.book import AccountRow, Rows
from hullmark.collateral import CollateralTerms
from hullmark.domain import Perpetual
from hullmark.liquidation import Breach, Breaches
from hullmark.liquidation.partial import Partial, smallest_share
from hullmark.margin import (
    ScenarioModel,
    Tier,
    TieredModel,
    TierSchedule,
    build_tables,
    evaluate_one,
)

TIERED = TieredModel.code
PRICES = (90.0, 10.0)  # of two perpetuals, in USD
SCHEDULE = TierSchedule((Tier(floor_usd=0.0, initial=0.1, maintenance=0.05),))


@pytest.fixture(scope="module")
def tables():
    perps = [
        Perpetual(symbol=s, underlying=s, settlement="USDT", lot_nano=10**9) for s in ("A", "B")
    ]
    return build_tables(
        perps,
        ("USDT",),
        SimpleNamespace(
            value=np.array(PRICES),
            notional_usd=np.array(PRICES),
            risk=np.zeros((2, 1)),
            asset_risk=np.zeros((1, 1)),
        ),
        asset_price_usd=np.ones(1),
        collateral={"USDT": CollateralTerms()},
        tiered=TieredModel({"A": SCHEDULE, "B": SCHEDULE}),
        scenario=ScenarioModel(),
    )


def breach(tables, lots, cash, *, slip=0.02, target=0.8, penalty=0.01):
    """Return an account that bought at the present prices and has so much cash left."""
    held = np.flatnonzero(lots)
    sizes = np.array(lots, np.float64)[held]
    prices = np.array(PRICES)[held]
    row = AccountRow(held.astype(np.int32), sizes, -sizes * prices, np.array([float(cash)]), TIERED)
    return Breach(
        account=7,
        holding=row,
        tables=tables,
        lots=np.array(lots, np.int64)[held],
        limit_value=prices * (1 - slip * np.sign(sizes)),
        target=target,
        penalty=penalty,
    )


def lots_of(one):
    (plan,) = Partial().propose([one])
    assert plan.account == one.account
    return plan.lots


@pytest.mark.parametrize(
    ("lots", "cash", "closed", "why"),
    [
        # Of n lots closed each costs 1.80 + 0.90 and frees 4.50.
        ((100, 0), 449, (-39,), "450 - 4.5 n <= 0.8 x (449 - 2.7 n) from n = 38.8 on"),
        ((-100, 0), 449, (39,), "the same for a short"),
        ((100, 0), 271, (-100,), "1 is left after all of it, and 0.8 x 1 pays for nothing else"),
        ((100, 0), 270, (-100,), "nothing is left: everything goes"),
        ((100, 0), -50, (-100,), "a debt from the start: everything goes"),
        ((1, 0), 4, (-1,), "a lot is not split"),
        ((100, -900), 898, (-39, 348), "550.5 <= 0.8 x 688.3; with 347 it is 551 against 550.88"),
    ],
)
def test_the_smallest_common_share_that_reaches_the_target_is_closed(
    tables, lots, cash, closed, why
):
    assert lots_of(breach(tables, lots, cash)) == closed, why


def test_a_plan_says_whether_it_reaches_the_target(tables):
    near, far = Partial().propose([breach(tables, (100, 0), 449), breach(tables, (100, 0), 1)])
    assert near.reason == "smallest share that reaches the target"
    assert far.reason == "everything, short of it"


def test_plans_come_in_the_order_of_breaches(tables):
    cash = (449, 300, 400)
    together = Partial().propose([breach(tables, (100, 0), c) for c in cash])
    assert [p.lots for p in together] == [lots_of(breach(tables, (100, 0), c)) for c in cash]


@given(st.lists(st.tuples(st.integers(-500, 500), st.integers(-500, 500)).filter(any), min_size=1))
def test_a_batch_in_columns_is_planned_like_its_breaches_one_by_one(tables, held):
    ones = [breach(tables, lots, 3 * abs(sum(lots)) % 997) for lots in held]
    start = np.cumsum([0, *(one.lots.size for one in ones)])
    holding = [one.holding for one in ones]
    batch = Breaches(
        accounts=[one.account for one in ones],
        rows=Rows(
            start[:-1],
            np.diff(start),
            np.concatenate([row.instrument for row in holding]),
            np.concatenate([row.size for row in holding]),
            np.concatenate([row.quote for row in holding]),
            np.array([row.balance for row in holding]),
            np.array([row.model for row in holding], np.int8),
        ),
        tables=tables,
        lots=np.concatenate([one.lots for one in ones]),
        limit_value=np.concatenate([one.limit_value for one in ones]),
        target=0.8,
        penalty=0.01,
    )
    plans = Partial().propose(batch)
    assert plans == Partial().propose(ones)
    assert plans == [plan for one in batch for plan in Partial().propose([one])]


@given(
    st.tuples(st.integers(-3_000, 3_000), st.integers(-9_000, 9_000)).filter(any), st.floats(0, 1)
)
def test_what_is_not_asked_twice_would_have_been_answered_alike(tables, lots, part):
    """The plain bisection, which asks at every halving."""
    gross = abs(lots[0]) * PRICES[0] + abs(lots[1]) * PRICES[1]
    one = breach(tables, lots, 0.08 * gross * part)
    low, high, size = 0.0, 1.0, np.abs(one.lots)
    if not exactly_reaches(one, size):
        assert lots_of(one) == tuple(-one.lots)
        return
    for _ in range(40):
        middle = 0.5 * (low + high)
        closed = np.minimum(np.ceil(middle * size).astype(np.int64), size)
        low, high = (low, middle) if exactly_reaches(one, closed) else (middle, high)
    closed = np.minimum(np.ceil(high * size).astype(np.int64), size)
    assert lots_of(one) == tuple(-np.sign(one.lots) * closed)


def exactly_reaches(one, closed):
    """Return whether an account is at the target after closing lots, in the order of the engine."""
    row, tables = one.holding, one.tables
    left = -row.size * (-np.sign(one.lots) * closed) / one.lots
    balance = row.balance.copy()
    for units, number in zip(left, row.instrument, strict=True):
        balance[0] -= one.penalty * abs(units) * tables.notional_usd[number]
    size, quote = row.size - left, row.quote + left * one.limit_value
    after = evaluate_one(row.instrument, size, quote, balance, row.model, tables)
    equity = after.equity_maintenance
    return equity > 0 and after.maintenance <= one.target * equity


def test_a_stricter_target_closes_more(tables):
    closed = [
        -lots_of(breach(tables, (1_000, 0), 4_400, target=t))[0] for t in (1.0, 0.9, 0.8, 0.5)
    ]
    assert closed == sorted(closed)
    assert closed[0] < closed[-1]


@given(
    st.tuples(st.integers(-500, 500), st.integers(-5_000, 5_000)).filter(any),
    st.floats(0, 1),
    st.floats(0, 0.04),
    st.floats(0.1, 1),
)
def test_no_smaller_share_would_have_reached_the_target(tables, lots, part, slip, target):
    gross = abs(lots[0]) * PRICES[0] + abs(lots[1]) * PRICES[1]
    one = breach(tables, lots, 0.05 * gross * part, slip=slip, target=target)
    closed = np.abs(lots_of(one))
    shares = closed / np.abs(one.lots)
    fewer = np.ceil((shares.max() - 1 / np.abs(one.lots).max()) * np.abs(one.lots) - 1e-9)
    if (fewer >= 0).all() and (fewer < closed).any() and not (shares == 1).all():
        assert not reaches(one, -np.sign(one.lots) * fewer)
    if not (shares == 1).all():
        assert reaches(one, -np.sign(one.lots) * closed)


def reaches(one, trades):
    """Return whether an account is at the target after trades, by the naive way."""
    row, tables = one.holding, one.tables
    left = row.size + trades
    quote = row.quote - trades * one.limit_value
    fine = one.penalty * (np.abs(trades) * tables.notional_usd[row.instrument]).sum()
    after = evaluate_one(row.instrument, left, quote, row.balance - fine, row.model, tables)
    equity, needed = after.equity_maintenance, after.maintenance
    return equity > 0 and needed <= one.target * equity * (1 + 1e-9) + 1e-9


@given(st.lists(st.integers(-300, 300).filter(bool), min_size=1, max_size=2), st.floats(-99, 2_000))
def test_the_compiled_kernel_agrees_with_its_source(tables, lots, cash):
    one = breach(tables, (*lots, 0)[:2], cash)
    row, count = one.holding, one.lots.size
    rows = Rows(
        np.zeros(1, np.int64),
        np.array([count]),
        row.instrument,
        row.size,
        row.quote,
        row.balance.reshape(1, -1),
        np.array([row.model], np.int8),
    )
    found = []
    for run in (smallest_share, smallest_share.py_func):
        after = rows._replace(
            size=np.empty(count), quote=np.empty(count), balance=np.empty_like(rows.balance)
        )
        trades = np.zeros(count, np.int64)
        reached = run(
            one.lots, one.limit_value, rows, after, tables, one.target, one.penalty, trades
        )
        found.append((bool(reached), trades.tolist()))
    assert found[0] == found[1]
