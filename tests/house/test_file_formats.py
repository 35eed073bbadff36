"""The pages of the file formats: every key that a parser knows is in its table, and no other."""

import ast
import json
import re
import tomllib
from copy import deepcopy

import pytest

from hullmark.clearing import Rules
from hullmark.errors import DocumentError
from hullmark.feeds import read_scenario

# Whatever a parser knows by name stands in one of these as a text.
VENUE_SOURCES = (
    "clearing/_rules", "clearing/_asset_rules", "clearing/_margin_rules",
    "clearing/_liquidation_rules", "liquidation/_chain", "liquidation/_curves",
    "liquidation/_pool_rules", "liquidation/_sizes", "collateral/_terms", "domain/_accounts",
    "domain/_instruments",
    "margin/_models", "margin/_tiers", "market/_grade", "market/_policy", "market/_policy_parts",
    "scenarios/_set", "waterfall/_steps",
)  # fmt: skip
SCENARIO_SOURCES = ("feeds/_scenario",)

VALUES = ("0.5", "text", 5, True, ["0"], {})  # a key that is known takes one of these differently
NOBODY = "zz_nobody"

# The parts of a price policy that are tables, as a venue may have them.
PARTS = {
    "mark": {"index": "BTC-PERP", "basis_half_life_s": "60", "book": "alpha", "external": ["beta"]},
    "redemption": {"source": "gamma", "deviation_max": "0.01"},
    "growth_cap": {"snapshot": "1", "at": "2026-01-01T00:00:00Z", "per_year": "0.1"},
    "average": {"kind": "arithmetic", "window_s": "60"},
    "stable": {},
    "reopen": {"prints": 1, "sources": 1},
}

# A chain of all stages; an auction is of a lot or of a share, and a venue has one of the two.
CURVE = {"kind": "two-leg", "start": "1", "cutoff": "0.5", "fast_s": "60", "slow_s": "600"}
AUCTIONS = {
    "lot": {"kind": "lot", "curve": CURVE, "buffer": "1.2", "tail_s": "600"},
    "share": {
        "kind": "share",
        "curve": CURVE,
        "buffer": "0.1",
        "tail_s": "600",
        "insolvent_s": "60",
    },
}
CHAIN = [
    {"stage": "partial"},
    {"stage": "soft", "level": "0.9", "share_max": "0.5"},
    *({"stage": "dutch-auction"} | terms for terms in AUCTIONS.values()),
    {"stage": "backstop"},
    {"stage": "takeover", "pool": "vault"},
]
CHAIN_TABLES = (0, 1, 2, 2, 3, 4)  # of the page, for each of these

# Heading of the page, the tables under it, and where in the file their keys stand.
VENUE = [
    ("Top level", 0, ()),
    ("assets.SYMBOL", 0, ("assets", "BTC")),
    *(("instruments", 0, ("instruments", i)) for i in (0, 1, 4, 5)),
    ("margin", 0, ("margin",)),
    ("margin.tiered.SYMBOL", 0, ("margin", "tiered", "BTC-PERP")),
    ("margin.tiered.SYMBOL", 1, ("margin", "tiered", "BTC-PERP", "tiers", 1)),
    ("margin.scenario", 0, ("margin", "scenario")),
    ("prices.SYMBOL", 0, ("prices", "BTC")),
    ("prices.SYMBOL.sources.NAME", 0, ("prices", "BTC", "sources", "beta")),
    *((f"prices.SYMBOL.{part}", 0, ("prices", "BTC", part)) for part in PARTS),
    ("actions", 0, ("actions",)),
    ("liquidation", 0, ("liquidation",)),
    ("liquidation.throttle", 0, ("liquidation", "throttle")),
    ("liquidation.sizes", 0, ("liquidation", "sizes")),
    ("pools", 0, ("pools", "vault")),
    ("waterfall", 0, ("waterfall",)),
    ("waterfall.adl", 0, ("waterfall", "adl")),
    ("waterfall.fund", 0, ("waterfall", "fund")),
]
SCENARIO = [
    ("Top level", 0, ()),
    ("source", 0, ("source", 0)),
    ("replay", 0, ("replay",)),
    ("depth and activity", 0, ("depth", 0)),
    ("depth and activity", 0, ("activity", 0)),
    ("symbols.COIN", 0, ("symbols", "BTC")),
    ("symbols.COIN", 1, ("symbols", "BTC", "points", 1)),
]


KEYS = re.compile(r"^\|((?: `\w+`,?)+) \|", re.MULTILINE)  # a row may be of two keys


def tables(page):
    """Return per heading the keys in the first column of each of its tables."""
    found = {}
    for section in re.split(r"^#{2,3} ", page, flags=re.MULTILINE)[1:]:
        title, _, body = section.partition("\n")
        rows = re.findall(r"^\| Key .*\n\|[-|]+\n((?:\|.*\n)+)", body, re.MULTILINE)
        found[title.replace("`", "")] = [
            {key for cell in KEYS.findall(table) for key in re.findall(r"\w+", cell)}
            for table in rows
        ]
    return found


def names(library, sources):
    """Return the texts in some modules that could be keys."""
    return {
        node.value
        for source in sources
        for node in ast.walk(library[f"src/hullmark/{source}.py"].tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if re.fullmatch(r"[a-z][a-z_]{1,25}", node.value)
    }


def known(candidates, tree, place, verdict):
    """Return the candidates that a parser takes otherwise than a key that nobody knows."""

    def say(key, value):
        changed = section = deepcopy(tree)
        for step in place:
            section = section[step]
        section[key] = value
        return verdict(changed).partition(", was")[0].partition("; known")[0]

    strangers = [say(NOBODY, value) for value in VALUES]
    assert all(strangers), f"an unknown key must be refused in {place}"
    return {
        key
        for key in candidates
        if any(
            say(key, value) != stranger.replace(NOBODY, key)
            for value, stranger in zip(VALUES, strangers, strict=True)
        )
    }


@pytest.fixture(scope="module")
def venue(kept):
    """Return the example with a future, actions and parts of a price, which it does not list."""
    tree = tomllib.loads(kept["examples/venue.toml"])
    future = {**tree["instruments"][1], "kind": "future", "symbol": "BTC-25DEC26"}
    tree["instruments"].append({**future, "expiry": "2026-12-25T08:00:00Z"})
    tree["prices"]["BTC-25DEC26"] = tree["prices"]["BTC-PERP"]
    tree["prices"]["BTC"] |= PARTS | {"sources": {"alpha": {}, "beta": {}, "gamma": {}}}
    tree["actions"] = {}
    tree["pools"] = {"vault": {"account": 500, "asset": "USDT"}}
    tree["liquidation"]["sizes"] = {"share": "0.5"}
    tree["waterfall"] = {
        "steps": ["fund", "backstop", "adl", "bad-debt"],
        "backstop": "vault",
        "adl": {"policy": "queue"},
        "fund": {},
    }
    assert venue_verdict(tree) == ""
    return tree


def venue_verdict(tree):
    try:
        Rules.parse(tree)
    except DocumentError as e:
        return str(e)
    return ""


def toml(value):
    """Write a value as TOML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


@pytest.fixture(scope="module")
def scenario_verdict(tmp_path_factory):
    path = tmp_path_factory.mktemp("scenario") / "scenario.toml"

    def verdict(tree):
        lines = (f"{json.dumps(key)} = {toml(value)}" for key, value in tree.items())
        path.write_text("\n".join(lines), encoding="utf-8")
        try:
            read_scenario(path)
        except DocumentError as e:
            return str(e)
        return ""

    return verdict


def test_the_page_of_the_venue_file_names_its_keys(kept, library, venue):
    page = tables(kept["docs/reference/venue.md"])
    candidates = names(library, VENUE_SOURCES)
    found = {}
    for title, number, place in VENUE:
        found.setdefault((title, number), set()).update(
            known(candidates, venue, place, venue_verdict)
        )
    common = set()  # the first stage has these alone, and the tables of the others leave them out
    for number, stage in zip(CHAIN_TABLES, CHAIN, strict=True):
        tree = venue | {"liquidation": {**venue["liquidation"], "chain": [stage]}}
        keys = known(candidates, tree, ("liquidation", "chain", 0), venue_verdict)
        found.setdefault(("liquidation.chain", number), set()).update(keys - common)
        common = common or keys
    assert found == {(t, n): keys for t, some in page.items() for n, keys in enumerate(some)}


def test_the_page_of_the_scenario_file_names_its_keys(kept, library, scenario_verdict):
    page = tables(kept["docs/reference/scenario.md"])
    tree = tomllib.loads(kept["scenarios/oct-2025.toml"])
    assert scenario_verdict(tree) == ""
    candidates = names(library, SCENARIO_SOURCES)
    found = {}
    for title, number, place in SCENARIO:
        found.setdefault((title, number), set()).update(
            known(candidates, tree, place, scenario_verdict)
        )
    assert found == {(t, n): keys for t, some in page.items() for n, keys in enumerate(some)}


def test_a_key_that_a_page_forgets_is_found(kept, library, venue):
    found = known(names(library, VENUE_SOURCES), venue, ("liquidation",), venue_verdict)
    text = kept["docs/reference/venue.md"]
    (row,) = re.findall(r"^\| `park_s` .*\n", text, re.MULTILINE)
    assert found - tables(text.replace(row, ""))["liquidation"][0] == {"park_s"}
