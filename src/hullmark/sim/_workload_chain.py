"""The chain and the waterfall of a simulated venue that has them, and how they change."""

from random import Random
from typing import Any

Tree = dict[str, Any]

VAULT, STAKED = 130, 131  # the accounts of the two pools
POOLS = {"vault": VAULT, "staked": STAKED}

_POLICIES = ("queue", "pro-rata", "least-haircut")


def add_stages(tree: Tree, chance: Random) -> None:
    """Put pools, a chain and a waterfall into a tree, or others in the place of what it has."""
    tree["pools"] = {
        "vault": {"account": VAULT, "asset": "USDT"},
        "staked": {"account": STAKED, "asset": "USDT", "notice_s": str(chance.choice((5, 40)))},
    }
    liquidation = tree["liquidation"]
    liquidation["chain"] = _draw_chain(chance)
    liquidation["calls"] = ["0.7", "0.9"]
    liquidation["exit"] = chance.choice(("breach", "target"))
    liquidation["limit"] = chance.choice(("slippage", "sliding"))
    liquidation.pop("sizes", None)
    if chance.random() < 0.4:
        liquidation["sizes"] = {"share": "0.6", "block_s": "1", "account_max_usd": "500"}
    tree["waterfall"] = _draw_waterfall(chance)


def _draw_chain(chance: Random) -> list[Tree]:
    orders = {"stage": "partial"}
    if chance.random() < 0.5:
        orders["deadline_s"] = str(chance.choice((20, 60)))
    chain = [
        {"stage": "soft", "level": "0.8", "share_min": "0.1", "share_max": "0.5"},
        orders,
        _draw_lot(chance) if chance.random() < 0.5 else _draw_share(chance),
        _draw_backstop(chance),
        {
            "stage": "takeover", "pool": "vault",
            "exposure_usd_max": str(chance.choice((300, 3_000))), "loss_usd_max": "20",
        },
    ]  # fmt: skip
    while len(chain) > 2 and chance.random() < 0.35:
        del chain[chance.randrange(len(chain))]
    return chain


def _draw_share(chance: Random) -> Tree:
    curve = {"kind": "two-leg", "start": "0.95", "cutoff": "0.7", "fast_s": "5", "slow_s": "30"}
    return {
        "stage": "dutch-auction", "kind": "share", "curve": curve, "buffer": "0.2",
        "tail_s": str(chance.choice((15, 40))), "insolvent_s": str(chance.choice((5, 20))),
        "limit_usd": str(chance.choice((500, 5_000))),
    }  # fmt: skip


def _draw_lot(chance: Random) -> Tree:
    return {
        "stage": "dutch-auction", "kind": "lot",
        "curve": {"kind": "stairstep", "step_s": "2", "cut": "0.9"},
        "buffer": "1.2", "tail_s": "30", "cusp": "0.6", "tip_usd": "0.1", "chip": "0.01",
        "dust_usd": "5", "market_limit_usd": str(chance.choice((50, 3_000))),
        "self_reset": chance.random() < 0.5,
    }  # fmt: skip


def _draw_backstop(chance: Random) -> Tree:
    stage: Tree = {"stage": "backstop"}
    if chance.random() < 0.6:
        stage["request_s"] = str(chance.choice((2, 6)))
    if chance.random() < 0.5:
        stage["capital_share"] = "0.5"
    return stage


def _draw_waterfall(chance: Random) -> Tree:
    tree: Tree = {
        "steps": ["fund", "backstop", "adl", "socialised", "bad-debt"],
        "backstop": "staked",
        "adl": {"policy": chance.choice(_POLICIES), "at_once": chance.random() < 0.5},
        "fund": {"listing": "0.1", "pooled": chance.random() < 0.7},
    }
    if chance.random() < 0.3:
        tree["steps"].remove("socialised")
    elif chance.random() < 0.5:
        tree["socialised_by"] = "gains"
    if chance.random() < 0.3:
        tree["steps"].remove("backstop")
        del tree["backstop"]
    if chance.random() < 0.3:
        tree["season_s"] = "60"
    return tree
