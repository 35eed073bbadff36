"""Decimals of whole numbers are exact, whatever their size, and absent where nobody knows them."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from hullmark.domain import AuctionEnd, AuctionKind, AuctionPhase, events
from hullmark.runtime import read_rules
from hullmark.studies._export_scales import Scales, decimal_of

EXAMPLE = Path(__file__).parents[3] / "examples" / "venue.toml"


@pytest.fixture
def scales():
    known = Scales()
    known.adopt(read_rules(EXAMPLE).text)
    return known


@pytest.mark.parametrize("number", [0, 1, -1, 2**63 - 1, -(2**63), (2**63 - 1) ** 2])
@pytest.mark.parametrize("decimals", [0, 6, 9])
def test_a_decimal_is_exact(number, decimals):
    assert decimal_of(number, decimals) * 10**decimals == Decimal(number) or number > 2**63
    sign, digits, exponent = decimal_of(number, decimals).as_tuple()
    assert int("".join(map(str, digits))) == abs(number)
    assert (exponent, bool(sign)) == (-decimals, number < 0)


def test_amounts_and_sizes_follow_the_rules(scales):
    assert scales.amount(1, "BTC") == Decimal("0.00000001")
    assert scales.size(-3, "BTC-PERP") == Decimal("-0.003")
    assert scales.settlement("BTC-USD-PERP") == "BTC"


def test_what_no_rules_name_has_no_decimals(scales):
    assert (scales.amount(1, "GOLD"), scales.size(1, "GOLD-PERP")) == (None, None)
    assert scales.settlement("GOLD-PERP") == ""
    assert Scales().amount(1, "BTC") is None


def test_rules_that_are_none_teach_nothing(scales):
    scales.adopt("{}")
    assert scales.amount(1, "BTC") is not None


AUCTION = {"auction": 3, "account": 100}
STARTED = events.AuctionStarted(
    **AUCTION,
    kind=AuctionKind.LOT,
    phase=AuctionPhase.SOLVENT,
    asset="USDT",
    top_nano=1,
    lot_asset="BTC",
)


def test_an_auction_is_counted_in_its_assets_until_it_ends(scales):
    taken = events.AuctionTaken(**AUCTION, bidder=101, paid_quanta=1)
    assert scales.asset_of(taken) == ""
    scales.follow(STARTED)
    assert (scales.asset_of(taken), scales.asset_of(taken, of_lot=True)) == ("USDT", "BTC")
    scales.follow(events.AuctionEnded(**AUCTION, reason=AuctionEnd.SOLD))
    assert scales.asset_of(taken) == ""


def test_an_event_names_its_asset_or_its_instrument_does():
    scales = Scales()
    scales.follow(events.RulesAdopted(rules=read_rules(EXAMPLE).text))
    deposit = events.Deposited(account=100, asset="BTC", quanta=1)
    funding = events.FundingAccrued(
        instrument="BTC-USD-PERP", rate_nano=1, price_nano=1, step_micro=1
    )
    assert (scales.asset_of(deposit), scales.asset_of(funding)) == ("BTC", "BTC")
    assert scales.asset_of(events.TimeAdvanced(now_ns=1)) == ""


def test_a_pool_is_counted_in_the_asset_of_its_members(scales):
    text = read_rules(EXAMPLE).text
    tree = json.loads(text) | {"pools": {"vault": {"account": 150, "asset": "USDT"}}}
    scales.adopt(json.dumps(tree))
    joined = events.PoolJoined(pool="vault", account=100, quanta=1, worth_quanta=0)
    assert scales.asset_of(joined) == "USDT"
