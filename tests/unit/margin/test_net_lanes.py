"""The kernels over rows of positions are held to plain loops, bit for bit."""

from types import SimpleNamespace

import numpy as np
import pytest

from hullmark.book import PositionRows
from hullmark.margin import MarginRows, NettingTables, net


def plain_row(contract, size, linear, tables):
    """Return gains, basis contingency and option value of one row, one number at a time."""
    shocks = len(tables.move)
    gain = [linear * float(move) for move in tables.move]
    contingency = total = 0.0
    places = [(int(tables.group[i]), int(i), float(u)) for i, u in zip(contract, size, strict=True)]
    for g in dict.fromkeys(g for g, _, _ in places if g >= 0):
        at_market, held = 0.0, [0.0] * (shocks + 2)
        for _, i, units in (p for p in places if p[0] == g):
            at_market += units * float(tables.base[i])
            for s in range(shocks + 2):
                held[s] += units * float(tables.value[i, s])
        for s in range(shocks):
            discount = tables.positive[g] if held[s] >= 0.0 else tables.negative[g]
            change = held[s] * float(discount) - at_market
            gain[s] += -abs(change) if tables.rotates[s] else change
        least = min(held[shocks], held[shocks + 1]) - at_market
        contingency += min(least, 0.0) * float(tables.basis[g])
        total += at_market
    for s in range(shocks):
        weighted = gain[s] * float(tables.weight[s])
        eased = max(abs(weighted) - float(tables.relief[s]), 0.0)
        gain[s] = eased * tables.gain_share if weighted > 0.0 else -eased
    return gain, contingency, total


def make_tables(rng, *, contracts, groups, shocks):
    """Return tables with every post-processing on, some contracts of no group."""
    group = np.sort(rng.integers(-1, groups, contracts))
    options = (group >= 0)[:, None]
    return NettingTables.plain(
        group,
        rng.normal(size=(contracts, shocks + 2)) * options,
        rng.normal(size=contracts) * options[:, 0],
        rng.uniform(-0.5, 0.5, shocks),
    )._replace(
        positive=rng.uniform(0.8, 1.0, groups),
        negative=rng.uniform(1.0, 1.2, groups),
        basis=rng.uniform(0.0, 2.0, groups),
        weight=rng.uniform(0.1, 1.0, shocks),
        rotates=rng.random(shocks) < 0.3,
        relief=np.where(rng.random(shocks) < 0.3, rng.uniform(0.0, 2.0, shocks), 0.0),
        gain_share=0.8,
    )


def make_rows(rng, *, contracts, rows, most):
    """Return rows of up to *most* positions in contract order; the first row has none."""
    counts = np.concatenate([[0], rng.integers(0, most + 1, rows - 1)])
    held = [np.sort(rng.choice(contracts, n, replace=False)) for n in counts]
    contract = np.concatenate(held).astype(np.int64)
    return PositionRows(
        np.cumsum(np.append(0, counts)), contract, np.round(rng.normal(size=len(contract)), 3)
    )


# With the three columns behind the scenarios: one block and its end, two, one strip and its end,
# two strips, and the most scenarios that a rule book may have.
@pytest.mark.parametrize("shocks", [1, 5, 6, 13, 33, 37, 38, 128])
def test_rows_have_the_bits_of_the_plain_loops(shocks):
    rng = np.random.default_rng(shocks)
    tables = make_tables(rng, contracts=30, groups=4, shocks=shocks)
    rows = make_rows(rng, contracts=30, rows=40, most=20)
    linear = rng.normal(size=40)
    got = net(rows, linear, tables, keep=True)
    for r in range(40):
        at = slice(rows.start[r], rows.start[r + 1])
        gain, basis, total = plain_row(rows.contract[at], rows.size[at], float(linear[r]), tables)
        worst, scenario = min(gain), gain.index(min(gain))
        if not worst < basis:
            worst, scenario = basis, shocks
        assert got.profit[r].tobytes() == np.array(gain).tobytes()
        assert (got.worst[r], got.scenario[r]) == (worst, scenario)
        assert (got.basis[r], got.option_value[r]) == (basis, total)


@pytest.fixture(scope="module")
def margin_rows():
    """Return rows on 20 strikes of two expiries, both sides, and a perpetual before them."""
    rng, n = np.random.default_rng(8), 81
    columns = SimpleNamespace(
        contracts=(None,) * n,
        option=np.arange(n) > 0,
        expiry=(np.arange(n) - 1) // 40,
        strike=np.append(1.0, np.tile(np.repeat(np.arange(20.0), 2), 2)),
    )
    nothing = {"collaterals": {}, "collateral": np.zeros((60, 0)), "stable": None, "coin": False}
    numbers = dict.fromkeys(("price", "delta", "vega", "years"), np.zeros(n))
    return MarginRows(
        columns=columns,
        positions=make_rows(rng, contracts=n, rows=60, most=n),
        account=np.arange(60),
        underlying="",
        **numbers,
        **nothing,
    )


def test_naked_options_are_the_net_shorts_of_each_strike(margin_rows):
    columns, positions = margin_rows.columns, margin_rows.positions
    for r, naked in enumerate(margin_rows.naked):
        net_of = {}
        for j in range(positions.start[r], positions.start[r + 1]):
            i = positions.contract[j]
            if columns.option[i]:
                key = columns.expiry[i], columns.strike[i]
                net_of[key] = net_of.get(key, 0.0) + positions.size[j]
        assert naked == sum(-units for units in net_of.values() if units < 0.0)


@pytest.mark.parametrize("gross", [False, True])
def test_totals_are_sums_of_sizes_times_units_in_order(margin_rows, gross):
    per_unit, positions = np.random.default_rng(1).normal(size=81), margin_rows.positions
    marked = np.arange(60) % 3 > 0
    sizes = np.abs(positions.size) if gross else positions.size
    plain = positions.sums(sizes * per_unit[positions.contract])
    assert margin_rows.total(per_unit, gross=gross).tobytes() == plain.tobytes()
    some = margin_rows.total(per_unit, marked, gross=gross)
    assert np.array_equal(some, np.where(marked, plain, 0.0))
    assert not margin_rows.total(np.zeros(81)).any()
