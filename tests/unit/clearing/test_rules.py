"""Rules are read whole or refused by path, rule and value; what was read is written as it came."""

import copy
import json
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from hullmark.clearing import Rules
from hullmark.errors import DocumentError, HullmarkError

from .bank import TREE

NOTHING = object()
ODD = [None, True, 7, 1.5, "x", [], [7], {"x": 7}, {}]


def replaced(path, value):
    """Return the rules with another value at a path, or, given NOTHING, without what is there."""
    tree = copy.deepcopy(TREE)
    place = tree
    for key in path[:-1]:
        place = place[key]
    if value is NOTHING:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return tree


def paths(tree, before=()):
    """Yield the path of everything in a tree."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in items:
        yield (*before, key)
        if isinstance(value, dict | list):
            yield from paths(value, (*before, key))


# Path, value, and how the message begins. The name of an instrument stands for its place.
REFUSED = [
    (["name"], NOTHING, "rules must have 'name'"),
    (["name"], 7, "name must be a string"),
    (["name"], "", "name must be a string"),
    (["assets"], NOTHING, "rules must have 'assets'"),
    (["assets"], [], "assets must be a table, was []"),
    (["assets", "USDT"], "6", "assets.USDT must be a table, was '6'"),
    (["assets", "USDT", "decimals"], NOTHING, "assets.USDT.decimals must be a whole number"),
    (["assets", "USDT", "decimals"], True, "assets.USDT.decimals must be a whole number"),
    (["assets", "USDT", "decimals"], 10, "assets.USDT: decimals"),
    (["assets", "USDT", "decimals"], -1, "assets.USDT: decimals"),
    (["assets", "USDT", "peg"], "0", "assets.USDT.peg must be > 0, was 0"),
    (["assets", "USDT", "peg"], 1.0, "assets.USDT: peg must be a decimal string"),
    (["assets", "USDT", "peg"], NOTHING, "assets.USDT must have a peg or a section in prices"),
    (["assets", "USDT", "borrow"], "yes", "assets.USDT.borrow must be a boolean, was 'yes'"),
    (["assets", "BTC", "haircut_initial"], "1.5", "assets.BTC: haircut_initial must be in [0, 1]"),
    (["assets", "BTC", "haircut_maintenance"], "0.3", "assets.BTC: haircut_maintenance must be <="),
    (["assets", "BTC", "cap_usd"], "-1", "assets.BTC: cap_usd must be"),
    (["assets", "BTC", "colour"], "red", "assets.BTC has an unknown key 'colour'"),
    (["instruments"], {}, "instruments must be a list, was {}"),
    (["instruments"], None, "instruments must be a list, was None"),
    (["instruments", 2], "PERP", "instruments must be a table of the schema, was 'PERP'"),
    (["instruments", 2, "kind"], "swap", "instruments: kind of instrument 'PERP' must be one of"),
    (["instruments", 2, "lot"], "0", "instruments: lot of PERP must be > 0, was 0"),
    (["instruments", 2, "lot"], NOTHING, "instruments: instrument 'PERP' must have 'lot'"),
    (["instruments", 2, "strike"], "9", "instruments: instrument 'PERP' has an unknown key"),
    (["instruments", 2, "symbol"], "BTC", "symbol 'BTC' must be unique"),
    (["instruments", 2, "symbol"], "SPOT", "symbol 'SPOT' must be unique"),
    (["instruments", 2, "settlement"], "ETH", "settlement of PERP must be an asset"),
    (["instruments", 4, "settlement"], "USDT", "settlement of inverse INVERSE must be its under"),
    (["instruments", 0, "underlying"], "ETH", "underlying of spot SPOT must be an asset"),
    (["instruments", 0, "lot"], "0.000000001", "lot of SPOT must be a whole number of its quanta"),
    (["instruments", 6, "underlying"], "ETH", "underlying of option CALL must be an asset"),
    (["instruments", 6, "expiry"], "soon", "instruments: expiry of CALL must be an ISO 8601"),
    (["margin"], None, "margin must be a table, was None"),
    (["margin", "cross"], "flat", "margin.cross: margin model must be one of"),
    (["margin", "cross"], 7, "margin.cross must name a margin model, was 7"),
    (["margin", "colour"], "red", "margin has an unknown key 'colour'"),
    (["margin", "scenario"], NOTHING, "margin.portfolio must have a section margin.scenario"),
    (["margin", "scenario"], [], "margin.scenario must be a table, was []"),
    (["margin", "scenario", "moves"], ["0.1"], "margin.scenario.moves must contain 0"),
    (["margin", "scenario", "initial_factor"], "0.5", "margin.scenario: factors must satisfy"),
    (["margin", "tiered"], "x", "margin.tiered must be a table, was 'x'"),
    (["margin", "tiered", "GELD"], TREE["margin"]["tiered"]["PERP"], "margin.tiered.GELD must"),
    (["margin", "tiered", "PERP"], [], "margin.tiered.PERP must be a table, was []"),
    (["margin", "tiered", "PERP", "tiers"], [], "margin.tiered.PERP: tiers must not be empty"),
    (["prices"], [], "prices must be a table, was []"),
    (["prices", "PERP"], NOTHING, "prices must have 'PERP'"),
    (["prices", "BTC"], NOTHING, "assets.BTC must have a peg or a section in prices"),
    (["prices", "GELD"], TREE["prices"]["PERP"], "prices.GELD must name an asset or an instrument"),
    (["prices", "PERP"], [], "prices.PERP: a price policy must be a table, was []"),
    (["prices", "PERP", "sources_min"], 3, "prices.PERP: sources_min must be in [1, 2], was 3"),
    (["prices", "PERP", "jump_max"], "0", "prices.PERP: jump_max must be > 0"),
    (["liquidation"], [], "liquidation must be a table of the schema, was []"),
    (["liquidation", "target"], "0", "liquidation: target must be"),
    (["liquidation", "target"], "1.1", "liquidation: target must be"),
    (["liquidation", "slippage"], "1", "liquidation: slippage must be"),
    (["liquidation", "penalty"], "-0.1", "liquidation: penalty must be"),
    (["liquidation", "gap"], 0.5, "liquidation: gap must be a decimal string"),
    (["liquidation", "rounds_max"], 0, "liquidation: rounds_max must be > 0, was 0"),
    (["liquidation", "rounds_max"], True, "liquidation: rounds_max must be a whole number"),
    (["liquidation", "order_s"], "0", "liquidation: order_s must be > 0, was 0"),
    (["liquidation", "park_s"], "-1", "liquidation: park_s must be > 0, was -1"),
    (["liquidation", "engine"], 7, "liquidation: engine must be a name, was 7"),
    (["liquidation", "colour"], "red", "liquidation: colour must be a key of the schema"),
    (["liquidation", "throttle"], {}, "liquidation: throttle must have burst_usd and refill"),
    (
        ["liquidation", "throttle"],
        {"burst_usd": "0", "refill_usd_per_s": "1"},
        "liquidation: throttle must be > 0",
    ),
    (["liquidation", "depth_usd"], [], "liquidation: depth_usd must be a table, was []"),
    (["liquidation", "depth_usd"], {"PERP": "0"}, "liquidation: depth_usd.PERP must be > 0"),
    (["liquidation", "depth_usd"], {"GELD": "1"}, "liquidation.depth_usd.GELD must name an"),
    (["waterfall"], {"steps": ["fund"]}, "waterfall: steps must be distinct and end in bad-debt"),
    (["waterfall"], "fund", "waterfall: the steps must stand in a table, was 'fund'"),
    (["colour"], "red", "rules have an unknown key 'colour'"),
]


@pytest.mark.parametrize(("path", "value", "message"), REFUSED)
def test_what_breaks_the_schema_is_refused_by_path_rule_and_value(path, value, message):
    with pytest.raises(DocumentError) as refused:
        Rules.parse(replaced(path, value))
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize("path", list(paths(TREE)), ids=lambda p: ".".join(map(str, p)))
def test_an_odd_value_anywhere_is_a_document_error_or_is_kept_as_it_is(path):
    for value in ODD:
        tree = replaced(path, value)
        try:
            rules = Rules.parse(tree)
        except DocumentError:
            continue
        assert json.loads(rules.text) == tree
        assert Rules.parse_text(rules.text).text == rules.text


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*TREE, "x"]), inner),
        max_leaves=20,
    )
)
def test_no_document_at_all_gets_through_unread(value):
    with pytest.raises(DocumentError):
        Rules.parse(value)


@given(st.text())
def test_no_text_raises_anything_but_our_own_errors(text):
    with pytest.raises(HullmarkError):
        Rules.parse_text(text)


def test_the_canonical_text_is_stable_and_keeps_its_order():
    rules = Rules.parse(TREE)
    again = Rules.parse_text(rules.text)
    assert again == rules
    assert rules.text == Rules.parse(copy.deepcopy(TREE)).text
    assert [asset.symbol for asset in again.assets] == list(TREE["assets"])
    assert rules.text.isascii()
    assert ": " not in rules.text


def test_equal_rules_in_another_order_are_other_rules():
    reordered = copy.deepcopy(TREE)
    reordered["assets"] = dict(reversed(reordered["assets"].items()))
    assert Rules.parse(reordered).text != Rules.parse(TREE).text
    assert Rules.parse(reordered).assets == Rules.parse(TREE).assets[::-1]


def test_optional_sections_have_defaults_in_words():
    tree = copy.deepcopy(TREE)
    del tree["liquidation"]
    rules = Rules.parse(tree)
    assert rules.liquidation.engine == "partial"
    assert rules.liquidation.throttle is None
    assert rules.waterfall.steps == ("fund", "bad-debt")


def test_rules_take_nothing_away_from_themselves():
    rules = Rules.parse(TREE)
    assert rules.takes_away(rules) is None


def test_a_tree_that_json_cannot_hold_is_refused_in_words():
    tree = copy.deepcopy(TREE)
    tree["liquidation"]["park_s"] = Decimal("0.5")
    with pytest.raises(DocumentError, match="rules must be of text, numbers, lists and tables"):
        Rules.parse(tree)
