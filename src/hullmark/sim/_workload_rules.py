"""The rules of the simulated venue, and how they change: what is listed, and on which terms.

Bitcoin stands near 100 USD and ether near 10, so that accounts of a few hundred dollars feel every
rounding. ``GOLD`` has no market at the venue, ``USDX`` is a dollar that may lose its peg.
"""

import json
from random import Random
from typing import Any

from hullmark.clearing import Rules
from hullmark.core import SECOND_NS, format_instant, format_scaled
from hullmark.sim._workload_chain import add_stages
from hullmark.sim._workload_prices import draw_actions, draw_policy, plain_policy

Tree = dict[str, Any]

LISTED_NS = 900 * SECOND_NS  # from a listing to its expiry
COINS = ("BTC", "ETH")

_FAR = "2025-12-26T08:00:00Z"  # beyond every history
_LIVELY = ("BTC", "ETH", "BTC-USDT", "ETH-USDT", "BTC-PERP", "ETH-PERP", "BTC-INVERSE")
_TIERS = ("BTC-PERP", "ETH-PERP", "BTC-INVERSE")


def founding_tree(chance: Random) -> Tree:
    """Return the tree that record 1 adopts: one of everything that does not expire."""
    tiered = {symbol: _tiers("0.1", "0.05") for symbol in _TIERS}
    return {
        "name": "soak",
        "assets": {
            "USDT": {"decimals": 6, "peg": "1"},
            "BTC": _coin("0.2", "0.1", borrow=True),
            "ETH": _coin("0.25", "0.15", cap_usd="400"),
            "USDX": {"decimals": 6, "haircut_initial": "0.1", "haircut_maintenance": "0.05"},
            "GOLD": {"decimals": 3, "haircut_initial": "0.5", "haircut_maintenance": "0.5"},
        },
        "instruments": [
            _instrument("spot", "BTC-USDT", "BTC", "0.01"),
            _instrument("spot", "ETH-USDT", "ETH", "0.001"),
            _instrument("perpetual", "BTC-PERP", "BTC", "0.01"),
            _instrument("perpetual", "ETH-PERP", "ETH", "0.1"),
            _instrument("perpetual", "BTC-INVERSE", "BTC", "1", settlement="BTC", inverse=True),
            _instrument("option", "BTC-LONG", "BTC", "0.1", strike="100", call=True, expiry=_FAR),
        ],
        "margin": {
            "cross": "tiered",
            "isolated": "tiered",
            "portfolio": "scenario",
            "tiered": tiered,
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
        "prices": {
            **{f: draw_policy(chance, f, "60") for f in _LIVELY},
            **{f: draw_policy(chance, f, "900") for f in ("USDX", "GOLD")},
        },
        "actions": draw_actions(chance),
        "liquidation": {
            "target": "0.8",
            "slippage": "0.02",
            "penalty": "0.01",
            "rounds_max": 2,
            "order_s": "10",
            "park_s": "30",
            "throttle": {"burst_usd": "600", "refill_usd_per_s": "5"},
        },
    }


def list_anew(rules: Rules, *, cents: int, now_ns: int) -> Tree:
    """Return rules that list one more future of each kind, a call and a put.

    What has expired stays: the ledger knows it.
    """
    tree: Tree = json.loads(rules.text)
    series = sum(i["kind"] == "future" for i in tree["instruments"]) // 2 + 1
    dated = {"expiry": format_instant((now_ns + LISTED_NS) // SECOND_NS * SECOND_NS)}
    near = format_scaled(cents * 105, 4)
    futures = [
        _instrument("future", f"BTC-F{series}", "BTC", "0.01", **dated),
        _instrument(
            "future", f"ETH-F{series}", "ETH", "1", settlement="ETH", inverse=True, **dated
        ),
    ]
    options = [
        _instrument("option", f"BTC-C{series}", "BTC", "0.1", strike=near, call=True, **dated),
        _instrument(
            "option", f"BTC-P{series}", "BTC", "0.1", settlement="BTC",
            inverse=True, strike=near, call=False, **dated,
        ),
    ]  # fmt: skip
    tree["instruments"] += [*futures, *options]
    for future in futures:
        tree["margin"]["tiered"][future["symbol"]] = _tiers("0.1", "0.05")
        tree["prices"][future["symbol"]] = plain_policy("60")
    return tree


def vary(rules: Rules, chance: Random) -> Tree:
    """Return rules with other parameters: stricter, laxer, with or without throttle and fund."""
    tree: Tree = json.loads(rules.text)
    liquidation = tree["liquidation"]
    liquidation["target"] = f"0.{chance.randrange(5, 10)}"
    liquidation["slippage"] = f"0.0{chance.randrange(1, 6)}"
    liquidation["penalty"] = f"0.0{chance.randrange(3)}"
    liquidation["rounds_max"] = chance.randrange(1, 4)
    liquidation["throttle"] = {
        "burst_usd": str(chance.choice((20, 300, 600, 2_000))),
        "refill_usd_per_s": str(chance.randrange(1, 20)),
    }
    if chance.random() < 0.2:
        del liquidation["throttle"]
    for schedule in tree["margin"]["tiered"].values():
        schedule["tiers"][0]["maintenance"] = f"0.0{chance.randrange(3, 8)}"
    for factor, policy in tree["prices"].items():
        if chance.random() < 0.3:
            tree["prices"][factor] = draw_policy(chance, factor, policy["staleness_s_max"])
    if chance.random() < 0.5:
        tree["actions"] = draw_actions(chance)
    tree["assets"]["BTC"]["haircut_maintenance"] = f"0.{chance.randrange(1, 3)}"
    with_fund = chance.random() < 0.8
    tree["waterfall"] = {"steps": ["fund", "bad-debt"] if with_fund else ["bad-debt"]}
    if "pools" in tree:
        add_stages(tree, chance)
    return tree


def spoil(rules: Rules, chance: Random) -> str:
    """Return a text that no venue adopts: it breaks the schema, or takes away what is in use."""
    tree: Tree = json.loads(rules.text)
    match chance.randrange(7):
        case 0:
            return rules.text[: chance.randrange(len(rules.text))]
        case 1:
            tree["instruments"].pop(chance.randrange(len(tree["instruments"])))
        case 2:
            del tree["margin"]["tiered"][chance.choice(_TIERS)]
        case 3:
            tree["liquidation"]["target"] = chance.choice(("0", "-1", "1.5", 3, None))
        case 4:
            tree["assets"]["USDT"]["decimals"] = 7
        case 5:
            tree["prices"]["NOWHERE"] = plain_policy("60")
        case _:
            tree["waterfall"] = {"steps": ["fund", "fund", "bad-debt"]}
    return to_text(tree)


def to_text(tree: Tree) -> str:
    """Write a tree as a command carries it."""
    return json.dumps(tree)


def _coin(haircut_initial: str, haircut_maintenance: str, **more: object) -> Tree:
    haircuts = {"haircut_initial": haircut_initial, "haircut_maintenance": haircut_maintenance}
    return {"decimals": 8, "shocked": True} | haircuts | more


def _instrument(
    kind: str, symbol: str, underlying: str, lot: str, *, settlement: str = "USDT", **more: object
) -> Tree:
    names = {"symbol": symbol, "underlying": underlying, "settlement": settlement}
    return {"kind": kind, "lot": lot} | names | more


def _tiers(initial: str, maintenance: str) -> Tree:
    first = {"floor_usd": "0", "initial": initial, "maintenance": maintenance}
    second = {"floor_usd": "5000", "initial": "0.2", "maintenance": "0.1"}
    return {"tiers": [first, second]}
