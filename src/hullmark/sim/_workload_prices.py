"""What the simulated venue asks of its prices, and what it lets their grades allow.

Each history draws it anew, and its rules change it later: from a list of sources up to marks,
averages, breakers and caps, so that all of them meet the same bad prints.
"""

from random import Random
from typing import Any

from hullmark.core import format_scaled

Tree = dict[str, Any]

CENTS = {"BTC": 10_000, "ETH": 1_000, "USDX": 100, "GOLD": 5_000}  # where each price comes back to
SOURCES = ("a", "b", "c")
ISSUER = "d"  # who is heard where a policy lists it
SPOKEN = (*SOURCES, ISSUER)

_PLAIN = 0.4  # how many policies are nothing but a list of sources
_PART = 0.2  # how many have each of the parts
_GRADES = ("valid", "uncertain", "stale", "absurd")
_OBSERVED = ("BTC", "ETH")  # of which other prices are made
_NO_MARK = ("weight_min", "confidence_multiple")  # which a mark does not have
_BEGUN = "2025-10-10T00:00:00Z"


def plain_policy(staleness_s: str) -> Tree:
    """Return a policy that asks for two of three sources and holds jumps up."""
    return {"sources": list(SOURCES), "sources_min": 2} | _limits(staleness_s)


def draw_policy(chance: Random, factor: str, staleness_s: str) -> Tree:
    """Return what is asked of the price of a factor."""
    if chance.random() < _PLAIN:
        return plain_policy(staleness_s) | {"sources_min": chance.randrange(1, 3)}
    coin = factor[:3] if factor[:3] in _OBSERVED else None
    is_mark = coin not in {None, factor} and chance.random() < 0.4
    names = SOURCES if is_mark or chance.random() < 0.5 else SPOKEN
    sources = {name: _draw_source(chance, _home_of(factor)) for name in names}
    tree: Tree = {"sources": sources} | _limits(staleness_s)
    if is_mark:
        tree["mark"] = _draw_mark(chance, str(coin))
    elif ISSUER in names and chance.random() < 0.5:
        tree["redemption"] = {"source": ISSUER, "deviation_max": "0.001"}
    heard = [name for name in names if "redemption" not in tree or name != ISSUER]
    origins = len({sources[name].get("origin", name) for name in heard})
    tree["sources_min"] = chance.randrange(1, min(origins, 2) + 1)
    _add_parts(chance, tree, factor, origins)
    return tree


def draw_actions(chance: Random) -> Tree:
    """Return which grades are tolerated, or nothing: then the venue's own rules hold."""
    if chance.random() < 0.4:
        return {}
    trade = chance.randrange(len(_GRADES))
    tree = {
        "trade": _GRADES[trade],
        "raise_risk": _GRADES[chance.randrange(trade + 1)],
        "withdraw": _GRADES[chance.randrange(trade + 1)],
        "liquidate": chance.choice(_GRADES[1:]),
        "settle": chance.choice(_GRADES),
    }
    if chance.random() < 0.6:
        tree["grace_s"] = str(chance.choice((1, 5, 20, 60)))
    return tree


def _home_of(factor: str) -> int:
    return CENTS.get(factor) or CENTS[factor[:3]]


def _limits(staleness_s: str) -> Tree:
    return {"staleness_s_max": staleness_s, "jump_max": "0.4"}


def _draw_source(chance: Random, cents: int) -> Tree:
    tree: Tree = {}
    if chance.random() < 0.4:
        tree["weight"] = chance.randrange(1, 4)
    if chance.random() < 0.2:
        tree["origin"] = "wire"
    if chance.random() < 0.2:
        tree["heartbeat_s"] = str(chance.choice((10, 30)))
    if chance.random() < 0.1:
        tree["confidence_max"] = "0.01"
    if chance.random() < 0.2:
        tree["price_min"] = format_scaled(cents * 45, 4)
        tree["price_max"] = format_scaled(cents * 220, 4)
    if chance.random() < 0.1:
        tree["jump_max"] = "0.1"
    return tree


def _draw_mark(chance: Random, index: str) -> Tree:
    tree = {
        "index": index,
        "basis_half_life_s": str(chance.choice((5, 30))),
        "book": "a",
        "external": ["b", "c"],
    }
    if chance.random() < 0.4:
        tree["move_max_per_minute"] = str(chance.choice(("0.5", "2")))
    return tree


def _add_parts(chance: Random, tree: Tree, factor: str, origins: int) -> None:
    parts: Tree = {
        "weight_min": 2,
        "deviation_max": "0.02",
        "distinct": True,
        "confidence_multiple": str(chance.choice((1, 3))),
        "growth_cap": _draw_cap(chance, factor),
        "average": {
            "kind": chance.choice(("arithmetic", "geometric", "exponential")),
            "window_s": str(chance.choice((10, 40, 200))),
        },
        "delay_s": str(chance.choice((3, 15))),
        "stable": {
            "interval_s": str(chance.choice((10, 60))),
            "growth_per_s": str(chance.choice(("0.0003", "0.01"))),
        },
        "reopen": {"prints": chance.randrange(1, 4), "sources": chance.randrange(1, origins + 1)},
    }
    for name, part in parts.items():
        fits = "mark" not in tree or name not in _NO_MARK
        if chance.random() < _PART and fits:
            tree[name] = part
    if "deviation_max" in tree and chance.random() < 0.5:
        tree["dissent_max"] = "0.3"


# So wide a tolerance that rules with a cap that binds are not refused.
def _draw_cap(chance: Random, factor: str) -> Tree:
    tree = {"at": _BEGUN, "per_year": "0.9", "tolerance": "0.99"}
    cents, base = _home_of(factor), chance.choice(_OBSERVED)
    if factor in _OBSERVED or chance.random() < 0.5:
        return tree | {"snapshot": format_scaled(cents * 11, 3)}
    return tree | {"snapshot": format_scaled(cents * 1_100 // CENTS[base], 3), "base": base}
