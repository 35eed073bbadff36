"""A venue with one of everything, for histories that nobody wrote: bitcoin at about a hundred."""

import copy
import json

from hullmark.domain import commands

START_NS = 1_760_054_400_000_000_000  # 10 October 2025
EXPIRY_NS = START_NS + 3_600 * 10**9
EXPIRY = "2025-10-10T01:00:00Z"
MAKER, PARENT, CHILD = 100, 101, 110
VAULT, STAKED = 150, 151  # the accounts of two pools
USERS = (PARENT, 102, 103)
PORTFOLIOS = (120, 121)
ACCOUNTS = (*USERS, CHILD, *PORTFOLIOS)
ASSETS = ("USDT", "BTC")
INSTRUMENTS = ("PERP", "SPOT", "INVERSE", "FUTURE", "CALL", "PERP")


def _contract(kind, symbol, settlement="USDT", **more):
    names = {"kind": kind, "symbol": symbol, "underlying": "BTC", "settlement": settlement}
    return names | {"lot": "1"} | more


def adopt(tree, effective_ns=None):
    """Return the command that adopts a tree of rules."""
    return commands.AdoptRules(rules=json.dumps(tree), effective_ns=effective_ns)


_TIERS = {"tiers": [{"floor_usd": "0", "initial": "0.1", "maintenance": "0.05"}]}
_POLICY = {"sources": ["a", "b"], "sources_min": 2, "staleness_s_max": "60", "jump_max": "0.4"}

TREE = {
    "name": "histories",
    "assets": {
        "USDT": {"decimals": 6, "peg": "1"},
        "BTC": {
            "decimals": 8,
            "shocked": True,
            "haircut_initial": "0.2",
            "haircut_maintenance": "0.1",
            "borrow": True,
        },
    },
    "instruments": [
        _contract("spot", "SPOT"),
        _contract("perpetual", "PERP"),
        _contract("perpetual", "INVERSE", settlement="BTC", inverse=True),
        _contract("future", "FUTURE", expiry=EXPIRY),
        _contract("option", "CALL", expiry=EXPIRY, strike="105", call=True),
    ],
    "margin": {
        "cross": "tiered",
        "isolated": "tiered",
        "portfolio": "scenario",
        "tiered": {s: copy.deepcopy(_TIERS) for s in ("PERP", "INVERSE", "FUTURE")},
        "scenario": {
            "moves": ["-0.2", "-0.1", "0", "0.1", "0.2"],
            "vol_up": "0.5",
            "vol_down": "0.25",
            "power_short": "0.3",
            "power_long": "0.13",
            "days_floor": "1",
            "vol_floor": "0",
            "initial_factor": "1.25",
            "maintenance_factor": "1",
        },
    },
    "prices": {s: copy.deepcopy(_POLICY) for s in ("BTC", "SPOT", "PERP", "INVERSE", "FUTURE")},
    "liquidation": {
        "target": "0.8",
        "slippage": "0.02",
        "penalty": "0.01",
        "rounds_max": 2,
        "order_s": "30",
        "park_s": "60",
        "throttle": {"burst_usd": "300", "refill_usd_per_s": "2"},
    },
}

_SHARE = {
    "stage": "dutch-auction",
    "kind": "share",
    "curve": {
        "kind": "two-leg", "start": "0.95", "cutoff": "0.7", "fast_s": "10", "slow_s": "60",
    },
    "buffer": "0.2",
    "tail_s": "70",
    "insolvent_s": "20",
}  # fmt: skip
_LOT = {
    "stage": "dutch-auction",
    "kind": "lot",
    "curve": {"kind": "stairstep", "step_s": "2", "cut": "0.9"},
    "buffer": "1.2",
    "tail_s": "60",
    "cusp": "0.6",
    "tip_usd": "0.1",
    "chip": "0.01",
    "dust_usd": "2",
    "market_limit_usd": "1000",
}


def _staged(auction, policy, **more):
    """Return the tree with every stage and every step of the waterfall."""
    tree = copy.deepcopy(TREE)
    tree["assets"]["GOLD"] = {  # nobody trades it here
        "decimals": 3,
        "peg": "50",
        "haircut_initial": "0.5",
        "haircut_maintenance": "0.5",
    }
    tree["pools"] = {
        "vault": {"account": VAULT, "asset": "USDT"},
        "staked": {"account": STAKED, "asset": "USDT", "notice_s": "20"},
    }
    tree["liquidation"] |= {
        "calls": ["0.7", "0.9"],
        "exit": "target",
        "chain": [
            {"stage": "soft", "level": "0.6", "share_min": "0.1", "share_max": "0.5"},
            {"stage": "partial", "deadline_s": "90"},
            auction,
            {"stage": "backstop", "request_s": "4", "capital_share": "0.5"},
            {
                "stage": "takeover", "pool": "vault", "exposure_usd_max": "900",
                "loss_usd_max": "5",
            },
        ],
        **more,
    }  # fmt: skip
    tree["waterfall"] = {
        "steps": ["fund", "backstop", "adl", "socialised", "bad-debt"],
        "backstop": "staked",
        "adl": {"policy": policy},
        "fund": {"listing": "0.1"},
    }
    return tree


# A share of the account is auctioned, or what it has for what it owes.
STAGED = _staged(_SHARE, "queue", limit="sliding")
LOTTED = _staged(_LOT, "least-haircut", penalty="0.04")
