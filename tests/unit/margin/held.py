"""Rows of positions on BTC at 100,000, as the parts of a rule book see them."""

import numpy as np

from hullmark.book import position_rows
from hullmark.domain import Portfolio
from hullmark.margin import MarginRows
from hullmark.scenarios import ContractColumns

SPOT = 100_000.0
FORWARDS = {"near": (40_000, 60_000), "far": (0, 104_000)}  # fixed and variable
SECONDS = {"near": 900, "far": 7_776_000}
STRIKES = (80_000, 100_000, 125_000)
CONTRACTS = [(e, k, side) for e in FORWARDS for k in STRIKES for side in ("call", "put")]


def document(accounts, **confidences):
    """Return a document of accounts, each a list of ``(expiry, strike, side, size)``.

    An expiry without strike is a future, neither is the perpetual. Every price is trusted but for
    *confidences*, such as ``far__vol_confidence="0.2"`` or ``perpetual="0.5"``.
    """
    expiries = {}
    for name, (fixed, variable) in FORWARDS.items():
        expiries[name] = {
            "seconds": SECONDS[name],
            "forward": {"fixed": str(fixed), "variable": str(variable)},
            "rate": "0.05",
            "vols": {str(k): str(0.4 + k / 1e6) for k in STRIKES},
            "future": {"mark": str(fixed + variable + 100)},
        }
        for feed in ("forward_confidence", "rate_confidence", "vol_confidence"):
            expiries[name][feed] = confidences.get(f"{name}__{feed}", "1")
    there = {
        "spot": str(SPOT),
        "confidence": confidences.get("spot", "1"),
        "perpetual": {"mark": "100200", "confidence": confidences.get("perpetual", "1")},
        "expiries": expiries,
    }
    assets = {"BTC": "100000", "SDAI": "1.25"}
    market = {
        "stable": {"price": "0.8"},
        "underlyings": {"BTC": there},
        "collaterals": {
            name: {"price": price, "confidence": confidences.get(name, "1")}
            for name, price in assets.items()
        },
    }
    return {
        "version": 2,
        "market": market,
        "accounts": [_account(n, held) for n, held in enumerate(accounts)],
    }


def _account(number, held):
    account = {"name": str(number), "cash": {}, "collaterals": {}}
    account |= {"options": [], "futures": [], "perpetuals": []}
    for expiry, strike, side, size in held:
        entry = {"underlying": "BTC", "size": str(size)}
        if side in ("BTC", "SDAI"):
            account["collaterals"][side] = str(size)
        elif strike is not None:
            contract = {"expiry": expiry, "strike": str(strike), "type": side}
            account["options"].append({**entry, **contract})
        elif expiry is not None:
            account["futures"].append({**entry, "expiry": expiry})
        else:
            account["perpetuals"].append(entry)
    return account


def collateral(name, size):
    """Return a collateral as a holding of an account."""
    return None, None, name, size


def rows_of(accounts, *, coin=False, delta=None, vega=None, **confidences):
    """Return one row per account, and their contracts; greeks are those that are given."""
    portfolio = Portfolio.parse_tree(document(accounts, **confidences))
    held = [{p.contract: float(p.size) for p in a.positions} for a in portfolio.accounts]
    columns = ContractColumns.of(portfolio.market, {c for row in held for c in row})
    names = sorted({name for a in portfolio.accounts for name in a.collaterals})
    amounts = [[float(a.collaterals.get(c, 0)) for c in names] for a in portfolio.accounts]
    count = len(columns.contracts)
    return MarginRows(
        columns=columns,
        positions=position_rows(held, columns.number),
        account=np.arange(len(held)),
        underlying="BTC",
        price=np.zeros(count),
        delta=np.zeros(count) if delta is None else delta(columns),
        vega=np.zeros(count) if vega is None else vega(columns),
        years=columns.seconds / (365 * 86_400),
        coin=coin,
        collaterals={name: portfolio.market.collaterals[name] for name in names},
        collateral=np.array(amounts, np.float64).reshape(len(held), len(names)),
        stable=0.8,
    )


def random_accounts(seed, count=20):
    """Return accounts with up to ten holdings of every kind."""
    rng = np.random.default_rng(seed)
    accounts = []
    for _ in range(count):
        picked = rng.permutation(len(CONTRACTS))[: rng.integers(0, 8)]
        held = [(*CONTRACTS[i], size(rng)) for i in picked]
        held += [(None, None, None, size(rng))] * int(rng.integers(0, 2))
        held += [("far", None, None, size(rng))] * int(rng.integers(0, 2))
        accounts.append(held)
    return accounts


def size(rng):
    """Return a size of either sign."""
    return float(np.round(rng.normal() * 10, 3)) or 1.0
