"""Accounts in breach on three perpetuals, for the tests of what closes them."""

from types import SimpleNamespace

import numpy as np

from hullmark.book import AccountRow, Rows
from hullmark.collateral import CollateralTerms
from hullmark.domain import Perpetual
from hullmark.liquidation import Breach, Breaches
from hullmark.liquidation._fills import Closing
from hullmark.margin import (
    ScenarioModel,
    Tier,
    TieredModel,
    TierSchedule,
    build_tables,
    evaluate_one,
)

TIERED, SCENARIO = TieredModel.code, ScenarioModel.code
PRICES = np.array([90.0, 10.0, 50.0])  # USD of a contract unit, which is a lot
# Shares by which prices move in each scenario. The first two move together, one of them further:
# a purchase of one hedged by a sale of the other loses both ways, and closing either loses more.
MOVES = np.array(
    [
        [-0.2, -0.1, 0.1, 0.1, 0.0, 0.0],
        [-0.1, -0.1, 0.1, 0.2, 0.0, 0.0],
        [-0.1, 0.0, 0.0, -0.1, -0.15, 0.15],
    ]
)
FLAT = (Tier(floor_usd=0.0, initial=0.1, maintenance=0.05),)
STEEP = (
    Tier(floor_usd=0.0, initial=0.02, maintenance=0.01),
    Tier(floor_usd=2_000.0, initial=0.1, maintenance=0.05),
    Tier(floor_usd=8_000.0, initial=0.4, maintenance=0.2),
)


def make_tables(*schedules):
    """Return the tables of a market in which nothing is haircut and all is settled in USDT."""
    perps = [Perpetual(symbol=s, underlying=s, settlement="USDT", lot_nano=10**9) for s in "ABC"]
    return build_tables(
        perps,
        ("USDT",),
        SimpleNamespace(
            value=PRICES,
            notional_usd=PRICES,
            risk=PRICES[:, None] * MOVES,
            asset_risk=np.zeros((1, MOVES.shape[1])),
        ),
        asset_price_usd=np.ones(1),
        collateral={"USDT": CollateralTerms()},
        tiered=TieredModel(
            {s: TierSchedule(t) for s, t in zip("ABC", schedules or (FLAT,) * 3, strict=True)}
        ),
        scenario=ScenarioModel(),
    )


def make_breach(tables, lots, cash, *, slip=0.02, target=0.8, penalty=0.01, model=TIERED, **others):
    """Return an account that bought at the present prices and has so much cash left."""
    held = np.flatnonzero(lots)
    sizes, prices = np.array(lots, np.float64)[held], PRICES[held]
    slips = np.broadcast_to(slip, PRICES.shape)[held]
    cash = np.array([float(cash)])
    for name in ("lots_max", "depth_usd"):
        if name in others:
            others[name] = np.array(others[name])[held]
    return Breach(
        account=7,
        holding=AccountRow(held.astype(np.int32), sizes, -sizes * prices, cash, model),
        tables=tables,
        lots=np.array(lots, np.int64)[held],
        limit_value=prices * (1 - slips * np.sign(sizes)),
        target=target,
        penalty=penalty,
        **others,
    )


def in_columns(ones):
    """Return breaches of one market, one target and one choice as a batch."""
    start = np.cumsum([0, *(one.lots.size for one in ones)])
    holding = [one.holding for one in ones]
    return Breaches(
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
        tables=ones[0].tables,
        lots=np.concatenate([one.lots for one in ones]),
        limit_value=np.concatenate([one.limit_value for one in ones]),
        target=ones[0].target,
        penalty=ones[0].penalty,
        fee=ones[0].fee,
        lots_max=np.concatenate([one.lots_max for one in ones]),
        depth_usd=np.concatenate([one.depth_usd for one in ones]),
        choice=ones[0].choice,
    )


def closing_of(one):
    """Return what the kernels take of an account."""
    terms = one.limit_value, one.depth_usd, one.target, one.penalty + one.fee
    caps = np.minimum(one.lots_max, np.abs(one.lots))
    return Closing(Breaches.of(one).rows, one.lots, caps, *terms)


def after(one, trades):
    """Return the margin after trades at their limits, summed in the order of the engine."""
    row, tables = one.holding, one.tables
    left = -row.size * np.array(trades) / one.lots
    balance = row.balance.copy()
    for units, number in zip(left, row.instrument, strict=True):
        balance[0] -= (one.penalty + one.fee) * abs(units) * tables.notional_usd[number]
    size, quote = row.size - left, row.quote + left * one.limit_value
    return evaluate_one(row.instrument, size, quote, balance, row.model, tables)


def at_target(one, trades):
    """Return whether an account is at its target after trades at their limits."""
    then = after(one, trades)
    equity = then.equity_maintenance
    return equity > 0 and then.maintenance <= one.target * equity
