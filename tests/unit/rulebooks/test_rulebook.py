"""What a rule book refuses of its parameters."""

import pytest
from msgspec.structs import replace

from hullmark.domain import Node, Portfolio
from hullmark.errors import DocumentError
from hullmark.rulebooks import Composition, statements

from .documents import (
    BOOKS,
    DERIBIT,
    DOCUMENT,
    HAIRCUTS,
    MANY,
    MATRIX,
    ONE,
    SCENARIO,
    STANDARD,
    TWO,
    changed,
)

PARAMETERS = {  # what a rule book refuses of its parameters
    "an unknown parameter": (
        TWO,
        {"vol_shocks": {"up": "0.5"}},
        r"parameters must have no keys but .*, was 'vol_shocks'",
    ),
    "an unknown parameter within a section": (
        TWO,
        {"vol_shock": {"upwards": "0.5"}},
        r"parameters\.vol_shock must have no keys but .*, was 'upwards'",
    ),
    "an unknown parameter of a market": (
        DERIBIT,
        {"markets": {"BTC": {"perpetual": "0.5"}}},
        r"parameters\.markets\.BTC must have no keys but .*, was 'perpetual'",
    ),
    "a section in place of a number": (
        TWO,
        {"factors": {"initial": {"a": "1"}}},
        r"parameters\.factors\.initial must be no object, was \{'a': '1'\}",
    ),
    "a number in place of a section": (
        TWO,
        {"factors": "1"},
        r"parameters\.factors must be an object, was '1'",
    ),
    "no scenario": (
        TWO,
        {"scenarios": []},
        r"parameters\.scenarios must have 1 to 128 scenarios, was 0",
    ),
    "more scenarios than the limit": (
        TWO,
        {"scenarios": MANY},
        r"parameters\.scenarios must have 1 to 128 scenarios, was 129",
    ),
    "a scenario without its spot": (
        TWO,
        {"scenarios": [{"vol": "up"}]},
        r"parameters\.scenarios\[0\] must have the key 'spot', and has not",
    ),
    "a scenario of an unknown kind": (
        TWO,
        {"scenarios": [{**SCENARIO, "vol": "sideways"}]},
        r"scenarios\[0\]\.vol must be one of none, up, down, linear, absolute, was 'sideways'",
    ),
    "a negative weight": (
        TWO,
        {"scenarios": [{**SCENARIO, "weight": "-1"}]},
        r"parameters\.scenarios\[0\]\.weight must be >= 0, was '-1'",
    ),
    "a scenario at no spot": (
        TWO,
        {"scenarios": [{**SCENARIO, "spot": "0"}]},
        r"parameters\.scenarios\[0\]\.spot must be > 0, was '0'",
    ),
    "a skew that moves spot": (
        TWO,
        {"scenarios": [{**SCENARIO, "vol": "linear"}]},
        r"scenarios\[0\]\.spot must be 1 where the scenario turns the skew .linear., was",
    ),
    "a skew that is there twice": (
        TWO,
        {"scenarios": [{"spot": "1", "vol": "absolute"}] * 2},
        r"parameters\.scenarios must have each skew scenario once, was 'absolute twice'",
    ),
    "a skew without its section": (
        ONE,
        {"scenarios": [{"spot": "1", "vol": "linear"}]},
        r"parameters must have the key 'skew', since the scenario '\+0% linear skew' reads it",
    ),
    "a skew whose smile is flat from the forward on": (
        TWO,
        {"skew": {"k_min": "0", "width": "0"}},
        r"parameters\.skew must have k_min or a width .*, was 0",
    ),
    "a power beyond reason": (
        TWO,
        {"vol_shock": {"short_power": "999999999999999"}},
        r"parameters\.vol_shock\.short_power must be <= 10, was '999999999999999'",
    ),
    "a floor of no days": (
        TWO,
        {"vol_shock": {"floor_days": "0"}},
        r"parameters\.vol_shock\.floor_days must be > 0, was '0'",
    ),
    "a year of less than a day": (
        TWO,
        {"year_days": "0.5"},
        r"parameters\.year_days must be >= 1, was '0.5'",
    ),
    "half an expiry": (
        TWO,
        {"limits": {"expiries": "1.5"}},
        r"limits\.expiries must be a whole number from 1 to 1000000, was '1.5'",
    ),
    "haircuts of more than all": (
        TWO,
        {"collaterals": {"CBBTC": {**HAIRCUTS["CBBTC"], "initial": "0.999999999999999999"}}},
        r"parameters\.collaterals\.CBBTC must have haircuts of at most 1 in sum, was .*1\.00",
    ),
    "a flag that is a word": (
        STANDARD,
        {"borrowing": "yes"},
        r"parameters\.borrowing must be true or false, was 'yes'",
    ),
    "half a step": (
        MATRIX,
        {"markets": {"BTC": {"matrix": {"steps": "0.5"}}}},
        r"BTC\.matrix\.steps must be a whole number from 1 to 32, was '0.5'",
    ),
    "a grid beyond nothing": (
        MATRIX,
        {"markets": {"BTC": {"matrix": {"range": "1"}}}},
        r"BTC\.matrix\.range must be < 1, was '1'",
    ),
    "a far move beyond nothing": (
        MATRIX,
        {"markets": {"BTC": {"matrix": {"extended": ["-1"]}}}},
        r"BTC\.matrix\.extended\[0\] must be > -1 and not 0, was '-1'",
    ),
    "more far moves than the limit": (
        MATRIX,
        {"markets": {"BTC": {"matrix": {"extended": ["1"] * 33}}}},
        r"BTC\.matrix\.extended must have at most 32 moves, was 33",
    ),
    "more decimals than a venue has": (
        MATRIX,
        {"rounding": "400"},
        r"rounding must be a whole number from 0 to 18, was '400'",
    ),
    "an unknown growth": (
        MATRIX,
        {"markets": {"ETH": {"roll": {"growth": "quadratic"}}}},
        r"ETH\.roll\.growth must be one of linear, exponential, was 'quadratic'",
    ),
}


@pytest.mark.parametrize(("name", "parameters", "message"), PARAMETERS.values(), ids=PARAMETERS)
def test_parameters_that_break_a_rule_are_refused(name, parameters, message):
    account = {"name": "a", "cash": {}, "options": DOCUMENT["accounts"][0]["options"]}
    tree = changed({"parameters": parameters, "accounts": [account]})
    with pytest.raises(DocumentError, match=message):
        statements(Portfolio.parse_tree(tree), BOOKS[name])


@pytest.mark.parametrize(
    ("name", "composition", "message"),
    [
        (STANDARD, {"orders": True}, "composition must leave out 'orders'"),
        (DERIBIT, {"floors": [{"part": "minimum-charge"}]}, "must leave out 'floors'"),
        (TWO, {"kinds": []}, r"composition\.kinds must name at least one kind"),
    ],
)
def test_what_a_model_does_not_read_is_refused_and_not_dropped(name, composition, message):
    node = Node("composition", {"cash": "USDC", "markets": True, **composition})
    with pytest.raises(DocumentError, match=message):
        replace(BOOKS[name], composition=Composition.parse(node)).open()


def test_a_share_of_gains_is_at_most_all_of_them():
    tree = {"markets": {"BTC": {"pnl_offset": "1.1"}}}
    with pytest.raises(DocumentError, match=r"BTC\.pnl_offset must be <= 1, was '1.1'"):
        BOOKS[MATRIX].open(tree)
