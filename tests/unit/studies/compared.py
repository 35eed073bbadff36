"""The tree of a small comparison of chains, by hand: two runs, one of them deleveraged."""

import copy

_NOTHING = {
    "chain": "book",
    "policy": "none",
    "state_hash": "00",
    "balanced": True,
    "deficit": "1500.000000",
    "paid": {
        "fund": "500.000000", "backstop": "0.000000", "haircuts": "0.000000",
        "socialised": "0.000000", "bad_debt": "1000.000000",
    },
    "pool_loss": "0.000000",
    "notional": {
        "orders": "90000.000000", "soft": "0.000000", "auctions": "0.000000",
        "makers": "0.000000", "pool": "0.000000", "deleveraging": "0.000000",
    },
    "penalties": "450.000000",
    "discounts": "0.000000",
    "deleveraging": {
        "asked": "1000.000000", "haircuts": "0.000000", "overshoot": -1.0,
        "haircuts_at_mark_before": "0.000000", "overshoot_at_mark_before": -1.0,
        "accounts": 0, "payers": 0, "closures": 0, "leverage_median": None,
        "hedged": {
            "accounts": 0, "haircuts": "0.000000", "forgone_worst": "0.000000",
            "forgone_end": "0.000000", "less_than_without_usd": "0.00",
        },
    },
    "cure": {"episodes": 3, "open": 1, "median_s": 2.0, "p95_s": 62.0},
    "parked": {"no order would raise its health at its price limits": 4},
    "hand_overs": [],
    "auctions": {},
    "refused": {},
    "cast_gain_usd": {},
    "wall_s": 1.0,
}  # fmt: skip
_TREE = {
    "hullmark": "0.2.0",
    "version": 1,
    "seed": 7,
    "window": ["2025-10-10T00:00:00Z", "2025-10-11T00:00:00Z"],
    "source": "published facts",
    "order": "O-H-L-C",
    "numeraire": "USDT",
    "accounts": 200,
    "hedged_accounts": 20,
    "open_interest_usd": "1000000.00",
    "fund_usd": "500.00",
    "chains": [{"name": "book", "title": "orders, then deleveraging"}],
    "policies": ["none", "queue"],
    "runs": [],
    "wall_s": 2.0,
}


def tree():
    """Return a comparison that a test may change."""
    bare, queue = copy.deepcopy(_NOTHING), copy.deepcopy(_NOTHING)
    queue["policy"] = "queue"
    queue["paid"] |= {"haircuts": "1000.000000", "bad_debt": "0.000000"}
    queue["notional"]["deleveraging"] = "40000.000000"
    queue["deleveraging"] |= {
        "haircuts": "1250.000000", "overshoot": 0.25, "overshoot_at_mark_before": 2.0,
        "accounts": 7, "payers": 6, "closures": 9, "leverage_median": 4.96,
    }  # fmt: skip
    queue["deleveraging"]["hedged"] |= {
        "accounts": 2, "haircuts": "300.000000", "forgone_worst": "8000.000000",
        "forgone_end": "-700.000000", "less_than_without_usd": "110.00",
    }  # fmt: skip
    queue["cure"] = {"episodes": 3, "open": 0, "median_s": None, "p95_s": None}
    return copy.deepcopy(_TREE) | {"runs": [bare, queue]}
