"""Tests of the section ``margin``: a model that is named has its parameters, and of a table."""

import pytest

from hullmark.clearing._margin_rules import MarginRules
from hullmark.domain import Mode, Perpetual
from hullmark.errors import DocumentError

PERP = Perpetual(symbol="BTC-PERP", underlying="BTC", settlement="USDT", lot_nano=1_000_000)
TIERS = {"BTC-PERP": {"tiers": [{"floor_usd": "0", "initial": "0.02", "maintenance": "0.01"}]}}


def test_a_mode_carries_what_its_model_has_parameters_for():
    rules = MarginRules.parse({"cross": "tiered", "tiered": TIERS}, [PERP])
    assert rules.carries(Mode.CROSS, PERP)
    bare = MarginRules.parse({"cross": "tiered", "tiered": {}}, [PERP])
    assert not bare.carries(Mode.CROSS, PERP)


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({}, "margin must name a model for one of cross, portfolio, isolated"),
        ({"tiered": TIERS}, "margin must name a model for one of"),
        ({"cross": "tiered"}, "margin.cross must have a section margin.tiered"),
        ({"cross": "tired", "tiered": TIERS}, "margin.cross: margin model must be one of tiered"),
        ({"cross": "tiered", "tiered": "x"}, "margin.tiered must be a table, was 'x'"),
        ({"portfolio": "scenario", "scenario": 5}, "margin.scenario must be a table, was 5"),
        ({"cross": "tiered", "tiered": {"X": TIERS["BTC-PERP"]}}, "margin.tiered.X must name a"),
        ({"cross": "tiered", "tiered": TIERS, "hedged": "x"}, "margin has an unknown key 'hedged'"),
    ],
)
def test_a_section_that_breaks_its_rule_is_refused_with_it(tree, message):
    with pytest.raises(DocumentError, match=message):
        MarginRules.parse(tree, [PERP])
