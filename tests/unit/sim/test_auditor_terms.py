"""Tests of the auditor's reading of a venue file: decimals, instants, defaults."""

import json
import tomllib
from fractions import Fraction
from pathlib import Path

import pytest

from hullmark.sim._auditor_stage_terms import WaterfallTerms
from hullmark.sim._auditor_terms import LiquidationTerms, read_terms

ROOT = Path(__file__).parents[3]


@pytest.fixture
def tree():
    return tomllib.loads((ROOT / "examples/venue.toml").read_text(encoding="utf-8"))


def test_decimals_become_fractions_and_lots_whole_numbers(tree):
    terms = read_terms(json.dumps(tree))
    assert terms.assets["BTC"].haircut_initial == Fraction(1, 10)
    assert terms.assets["USDT"].cap_usd is None
    assert terms.instruments["BTC-PERP"].lot_nano == 10**6
    assert terms.instruments["BTC-USD-PERP"].inverse
    assert terms.instruments["BTC-25DEC26-80000-C"].expiry_ns == 1_798_185_600 * 10**9
    assert terms.tiers["BTC-PERP"][1] == (250_000, Fraction(1, 10), Fraction(1, 20))
    assert terms.liquidation.refill == 10**6


def test_what_is_left_out_is_at_its_documented_default(tree):
    for section in ("liquidation", "waterfall"):
        del tree[section]
    terms = read_terms(json.dumps(tree))
    assert terms.waterfall == WaterfallTerms()
    assert terms.pools == {}
    assert terms.liquidation == LiquidationTerms(
        slippage=Fraction(2, 100),
        penalty=Fraction(5, 1000),
        rounds_max=5,
        order_ns=30 * 10**9,
        park_ns=60 * 10**9,
        burst=None,
        refill=Fraction(0),
        chain=(),
        sliding=False,
        at_target=False,
        target=Fraction(8, 10),
        depth_usd={},
        hedges=frozenset(),
        calls=(),
    )


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("2026-12-25T08:00:00Z", 1_798_185_600 * 10**9),
        ("2026-12-25T08:00:00", 1_798_185_600 * 10**9),
        ("2026-12-25T09:00:00+01:00", 1_798_185_600 * 10**9),
        ("2026-12-25T08:00:00.123456789Z", 1_798_185_600 * 10**9 + 123_456_789),
    ],
)
def test_instants_are_utc_to_the_nanosecond(tree, text, ns):
    tree["instruments"][-1]["expiry"] = text
    terms = read_terms(json.dumps(tree))
    assert terms.instruments["BTC-25DEC26-80000-C"].expiry_ns == ns


def test_an_inverse_contract_is_worth_minus_its_dollars_over_the_price(tree):
    terms = read_terms(json.dumps(tree)).instruments["BTC-USD-PERP"]
    # docs/concepts/ledger.md: 32,000 of them at 63,500 cost -0.50393700 BTC, rounded up
    worth, unit = terms.worth(32_000, 63_500 * 10**9)
    assert -(-worth // unit) == -50_393_700
