"""Small portfolio documents of version 2 to begin with, and how a test changes them."""

import copy
from typing import Any

from hullmark.domain import Portfolio
from hullmark.rulebooks import load_rulebook, statements

ABSENT = object()
BOOKS = {
    name: load_rulebook(name)
    for name in (
        "bybit-options",
        "deribit-portfolio",
        "deribit-standard",
        "derive-portfolio",
        "derive-portfolio-2",
        "derive-standard",
    )
}
EXPIRY = {
    "seconds": 2_592_000,
    "forward": {"fixed": "0", "variable": "101000"},
    "forward_confidence": "1",
    "rate": "0.05",
    "rate_confidence": "1",
    "vol_confidence": "1",
    "vols": {"90000": "0.6", "120000": "0.5"},
    "marks": {"90000-P": "0.02", "120000-C": "0.01"},
    "future": {"mark": "101100"},
}
DOCUMENT: dict[str, Any] = {
    "version": 2,
    "market": {
        "stable": {"price": "1"},
        "underlyings": {
            "BTC": {
                "spot": "100000",
                "confidence": "1",
                "perpetual": {"mark": "100050", "confidence": "1"},
                "expiries": {"march": EXPIRY, "june": {**EXPIRY, "seconds": 10_368_000}},
            },
            "ETH": {"spot": "3000", "confidence": "1", "perpetual": {"mark": "3001"}},
        },
        "collaterals": {"CBBTC": {"price": "99900", "confidence": "1"}},
    },
    "parameters": {},
    "accounts": [
        {
            "name": "a",
            "cash": {"USDC": "50000"},
            "collaterals": {},
            "perpetuals": [{"underlying": "BTC", "size": "1", "entry": "99000"}],
            "options": [
                {
                    "underlying": "BTC",
                    "expiry": "march",
                    "strike": "120000",
                    "type": "call",
                    "size": "-2",
                },
                {
                    "underlying": "BTC",
                    "expiry": "march",
                    "strike": "90000",
                    "type": "put",
                    "size": "1",
                },
            ],
        }
    ],
}
HAIRCUTS = {"CBBTC": {"risk_cancelling": True, "initial": "0.02", "maintenance": "0.01"}}
ORDER = {
    "kind": "option",
    "underlying": "BTC",
    "expiry": "march",
    "strike": "120000",
    "type": "call",
    "size": "1",
    "price": "0.01",
}

# Paths, books and pieces by which tests change the document.
ACCOUNT, BTC = "accounts.0", "market.underlyings.BTC"
MARCH = f"{BTC}.expiries.march"
TWO, ONE, STANDARD = "derive-portfolio-2", "derive-portfolio", "derive-standard"
DERIBIT, MATRIX, BYBIT = "deribit-standard", "deribit-portfolio", "bybit-options"
IN_COIN = {f"{ACCOUNT}.cash": {}}
SVI = {
    "a": "0.04",
    "b": "0.4",
    "rho": "-0.4",
    "m": "0.05",
    "sigma": "0.1",
    "forward": "101000",
    "years": "0.08",
}
SMILE = {f"{MARCH}.vols": ABSENT, f"{MARCH}.svi": SVI}
SCENARIO = {"spot": "1.1", "vol": "up", "weight": "1"}
MANY = [{"spot": f"1.{n:03}", "vol": "none"} for n in range(129)]
FUTURE = {"underlying": "BTC", "expiry": "march", "size": "1", "entry": "100000"}
JUNE_CALL = {"underlying": "BTC", "expiry": "june", "strike": "120000", "type": "call", "size": "1"}
ETHER = {"underlying": "ETH", "size": "1", "entry": "3000"}


def changed(changes):
    """Return the document with the values of dotted paths in their place; `ABSENT` takes one away.

    Numbers lead into lists. A bar stands for a dot within a key.
    """
    tree = copy.deepcopy(DOCUMENT)
    for path, value in changes.items():
        node, *keys = tree, *(key.replace("|", ".") for key in path.split("."))
        for key in keys[:-1]:
            node = node[int(key)] if isinstance(node, list) else node.setdefault(key, {})
        last = int(keys[-1]) if isinstance(node, list) else keys[-1]
        if value is ABSENT:
            del node[last]
        elif isinstance(node, list) and last == len(node):
            node.append(value)
        else:
            node[last] = value
    return tree


def found(name, **changes):
    """Return the statements of the changed document; a double underscore stands for a dot."""
    tree = changed({path.replace("__", "."): value for path, value in changes.items()})
    return statements(Portfolio.parse_tree(tree), BOOKS[name])
