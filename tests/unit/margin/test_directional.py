"""Add-ons on delta, gross size and vega, against plain loops."""

import math

import numpy as np
import pytest

from hullmark.domain import Node
from hullmark.margin import by_group
from hullmark.margin.directional import DeltaShock, GrossContingency, MakerProtection, RollShock

from .held import FORWARDS, SECONDS, SPOT, random_accounts, rows_of

ACCOUNTS = [*random_accounts(1), []]
FUTURE_MARK = 104_100.0
RATES = {
    "option_short": "0.01",
    "option_gross": "0.002",
    "future_offset": "0.006",
    "future_gross": "0.001",
    "vega_offset": "0.5",
}


def delta_of(strike, side):
    return (strike / 1e5 - 0.4) * (1 if side == "call" else -1)


def deltas(columns):
    return np.array(
        [
            delta_of(float(c.strike), "call" if c.call else "put") if c.strike else 0.0
            for c in columns.contracts
        ]
    )


def vegas(columns):
    return np.array([float(c.strike) / 1e3 if c.strike else 0.0 for c in columns.contracts])


def share(expiry):
    fixed, variable = FORWARDS[expiry]
    return variable / (fixed + variable)


def delta_coins(holding):
    """Return the delta of a holding; a future's fades with what is left of its average."""
    expiry, strike, side, size = holding
    if strike is not None:
        return size * delta_of(strike, side)
    return size * (share(expiry) if expiry else 1.0)


def close(expected):
    return pytest.approx(expected, rel=1e-13, abs=1e-9)


def test_sums_by_group_keep_the_perpetual_apart():
    rows = rows_of(ACCOUNTS)
    found = by_group(rows, rows.positions.size)
    names = [e.path.rpartition(".")[2] for _, e in rows.columns.expiries]
    for row, account in enumerate(ACCOUNTS):
        by = {name: sum(s for e, *_, s in account if e == name) for name in (*names, None)}
        assert found[row].tolist() == close(list(by.values()))


@pytest.mark.parametrize("growth", ["linear", "exponential"])
def test_each_expiry_s_delta_may_roll_against_the_others(growth):
    annual, least = 0.3, 0.01
    part = RollShock.parse(
        Node("p", {"minimum": str(least), "annual": str(annual), "growth": growth})
    )
    expected = []
    for account in ACCOUNTS:
        total = 0.0
        for expiry in (*FORWARDS, None):
            delta = sum(delta_coins(h) for h in account if h[0] == expiry)
            grown = annual * (SECONDS[expiry] / (365 * 86_400) if expiry else 0.0)
            grown = math.exp(grown) - 1 if growth == "exponential" else grown
            total += abs(delta) * max(least, grown)
        expected.append(total * SPOT)
    assert part.charge(rows_of(ACCOUNTS, delta=deltas)).initial.tolist() == close(expected)


def test_a_roll_beyond_all_reason_is_finite():
    part = RollShock.parse(
        Node("p", {"minimum": "0", "annual": "999999999999999", "growth": "exponential"})
    )
    assert np.isfinite(part.charge(rows_of(ACCOUNTS, delta=deltas)).initial).all()


def test_a_large_delta_is_charged_and_long_options_only_reduce_it():
    part = DeltaShock.parse(
        Node("p", {"threshold": "500000", "increment": "0.002", "maximum": "0.05"})
    )
    expected = []
    for account in ACCOUNTS:
        bought = sum(delta_coins(h) for h in account if h[1] is not None and h[3] > 0)
        other = sum(delta_coins(h) for h in account if h[1] is None or h[3] < 0)
        charged = bought + other
        charged = min(max(charged, other), 0) if other < 0 else max(min(charged, other), 0)
        rate = min(0.002 * max(abs(charged) - 5, 0), 0.05)
        expected.append(abs(charged) * rate * SPOT)
    found = part.charge(rows_of(ACCOUNTS, delta=deltas)).initial
    assert found.tolist() == close(expected)
    assert (found > 0).any()
    assert (found == 0).any()


@pytest.mark.parametrize("coin", [False, True])
def test_gross_sizes_are_charged_by_kind(coin):
    part = GrossContingency.parse(Node("p", RATES))
    unit = 1.0 if coin else SPOT
    expected = []
    for account in ACCOUNTS:
        nets, vega, gross = {}, {}, 0.0
        linear = []
        for expiry, strike, _, size in account:
            if strike is None:
                mark = 100_200.0 if expiry is None else FUTURE_MARK
                linear.append(size / mark if coin else size)
                continue
            nets[expiry, strike] = nets.get((expiry, strike), 0.0) + size
            vega[expiry] = vega.get(expiry, 0.0) + size * strike / 1e3
            gross += abs(size)
        long, short = sum(max(x, 0) for x in linear), sum(max(-x, 0) for x in linear)
        up, down = (sum(max(s * v, 0) for v in vega.values()) for s in (1, -1))
        total = 0.01 * sum(max(-n, 0) for n in nets.values()) + 0.002 * gross
        total += 0.006 * min(long, short) + 0.001 * (long + short)
        expected.append(total * unit + 0.5 * min(up, down))
    assert part.charge(rows_of(ACCOUNTS, coin=coin, vega=vegas)).initial.tolist() == close(expected)


def test_a_maker_s_quotes_are_charged_once_and_to_open_only():
    part = MakerProtection.parse(Node("p", {"rate": "0.03", "quantity": "20"}))
    initial, maintenance = part.charge(rows_of(ACCOUNTS))
    assert initial.tolist() == close([0.03 * 20 * SPOT] * len(ACCOUNTS))
    assert not maintenance.any()
