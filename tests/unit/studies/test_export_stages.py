"""The facts of stages, pools and the waterfall are rows, with their numbers as decimals."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from hullmark.clearing import pack, unpack
from hullmark.domain import events
from hullmark.studies._export_scales import Scales
from hullmark.studies._export_stages import STAGE_TABLES

from ..clearing.staged import BIDDER, OWNER, POOL, RULES, START_NS, after_stages


def rows(state, name):
    """Return the rows of a table, by column."""
    scales = Scales()
    scales.adopt(json.dumps(RULES))
    (table,) = [table for table in STAGE_TABLES if table.name == name]
    return [dict(zip(table.kinds, row, strict=True)) for row in table.rows(state, scales)]


@pytest.fixture(scope="module")
def state():
    return after_stages()


def test_every_fact_of_a_stage_has_a_row(state):
    found = {table.name: len(rows(state, table.name)) for table in STAGE_TABLES}
    assert (found.pop("ordered"), found.pop("losses")) == (len(state.ordered), len(state.losses))
    assert set(found.values()) == {1}


def test_a_liquidation_says_where_on_its_chain_it_is(state):
    (row,) = rows(state, "courses")
    assert (row["account"], row["stage_place"], row["stage"]) == (OWNER, 1, "BACKSTOP")
    assert json.loads(row["lots_at_trigger"]) == {"PERP": 5}
    course = state.courses[OWNER]
    assert (row["began"], row["entered"]) == (course.began_ns, course.entered_ns)
    assert (row["participation_quanta"], row["participation"]) == (4, Decimal("0.000004"))
    assert row["haircut_quanta"] == course.haircut_quanta == 6


def test_a_liquidation_whose_stage_is_gone_has_none():
    state = after_stages()
    state.courses[OWNER] = replace(state.courses[OWNER], place=9)
    assert rows(state, "courses")[0]["stage"] is None


def test_an_auction_says_what_is_still_for_sale(state):
    (row,) = rows(state, "auctions")
    assert (row["auction"], row["account"], row["kind"], row["phase"]) == (
        1, OWNER, "LOT", "SOLVENT",
    )  # fmt: skip
    assert (row["lot_asset"], row["lot"]) == ("BTC", Decimal("0.99"))
    assert (row["asset"], row["tab_quanta"], row["tab"]) == ("USDT", 909, Decimal("0.000909"))
    assert (row["top"], row["notional"]) == (Decimal(90), Decimal("0.9"))


def test_a_quote_says_what_is_left_of_it(state):
    (row,) = rows(state, "quotes")
    assert (row["quote"], row["maker"], row["lots"], row["size"]) == (5, BIDDER, 8, Decimal(8))
    assert (row["offset"], row["taken_lots"], row["paid"]) == (Decimal("0.01"), 2, Decimal("0.002"))
    assert row["expires"] == START_NS + 10**12
    (asked,) = rows(state, "quote_requests")
    assert (asked["account"], json.loads(asked["lots"])) == (OWNER, {"PERP": -5})


def test_a_pool_and_a_stake_say_what_they_are_worth(state):
    (pool,) = rows(state, "pools")
    assert (pool["pool"], pool["account"], pool["asset"]) == ("vault", POOL, "USDT")
    (stake,) = rows(state, "stakes")
    assert (stake["account"], stake["worth"], pool["cash"]) == (OWNER, Decimal(1), Decimal(1))
    assert stake["due"] == START_NS + 10**10


def test_terms_calls_halts_and_the_breaker_are_there(state):
    assert rows(state, "soft_terms") == [
        {
            "account": BIDDER, "saviour": OWNER, "asset": "USDT", "quanta_max": 7,
            "amount_max": Decimal("0.000007"),
        },
    ]  # fmt: skip
    (call,) = rows(state, "margin_calls")
    assert (call["account"], call["level"]) == (BIDDER, Decimal("0.8"))
    assert rows(state, "halted") == [{"instrument": "ETHER", "delisting": True}]
    assert rows(state, "breaker") == [{"level": 2, "until": START_NS + 10**11}]


def test_money_set_aside_and_losses_are_there(state):
    (kept,) = rows(state, "fund_allocations")
    assert (kept["instrument"], kept["asset"], kept["amount"]) == ("PERP", "USDT", Decimal("0.1"))
    losses = {(row["account"], row["asset"]): row["quanta"] for row in rows(state, "losses")}
    assert losses == state.losses
    assert all(row["amount"] * 10**6 == row["quanta"] for row in rows(state, "losses"))


def test_an_account_without_a_saviour_names_no_asset():
    state = unpack(pack(after_stages()))
    state.soft[BIDDER] = events.SoftTermsSet(account=BIDDER)
    (row,) = rows(state, "soft_terms")
    assert (row["saviour"], row["asset"], row["amount_max"]) == (None, None, None)


def test_a_pool_that_the_rules_no_longer_name_has_no_decimals():
    state = after_stages()
    state.rules = replace(state.rules, pools={})
    (pool,), (stake,) = rows(state, "pools"), rows(state, "stakes")
    assert (pool["account"], pool["asset"], pool["cash"]) == (None, None, None)
    assert (stake["worth_quanta"], stake["worth"]) == (10**6, None)


def test_where_there_are_no_rules_there_are_no_rows():
    state = after_stages(0)
    assert [table.name for table in STAGE_TABLES if rows(state, table.name)] == []
