"""The terms of Deribit's incremental liquidation: what is published, sizes of a round and fees."""

import copy
import tomllib
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import DocumentError, InvalidInputError
from hullmark.rulebooks.deribit import (
    DATA,
    ContractKind,
    FeeRates,
    IncrementalTerms,
    LiquidationFee,
    liquidation_fee,
    load_incremental_terms,
    round_size,
)

TREE = tomllib.loads(DATA.joinpath("deribit-liquidation.toml").read_text(encoding="utf-8"))
TERMS = load_incremental_terms()
FUTURE, OPTION = ContractKind.FUTURE, ContractKind.OPTION


# support.deribit.com, Liquidations (a round a second) and the notes of 11 January 2022 (0.75% and
# 0.9%); www.deribit.com, docs/auto-liquidation: up to 200 contracts of 10 USD and one option.
def test_the_terms_are_those_that_are_published():
    assert TERMS.round_s == 1
    assert TERMS.futures_usd == 200 * 10
    assert TERMS.option_coins == 1
    assert TERMS.hedges
    assert TERMS.fees == {
        "BTC": FeeRates(Decimal("0.0075"), Decimal("0.002")),
        "ETH": FeeRates(Decimal("0.009"), Decimal("0.002")),
    }
    assert TERMS.to_fund == 1


@pytest.mark.parametrize(
    ("kind", "price", "lot", "size"),
    [
        (FUTURE, None, 10, 2_000),
        (FUTURE, None, 300, 1_800),
        (FUTURE, 60_000, "0.001", Decimal("0.033")),
        (FUTURE, 60_000, 1, 1),
        (OPTION, None, "0.1", 1),
        (OPTION, 60_000, 2, 2),
    ],
)
def test_a_round_is_whole_lots_and_at_least_one(kind, price, lot, size):
    assert round_size(TERMS, kind, price=price, lot=lot) == size


def test_a_part_of_a_fee_may_go_elsewhere_than_to_the_fund():
    # www.deribit.com, pages/information/fees, an older copy: 0.35% of a future, 0.30% to the fund.
    older = TERMS._replace(
        to_fund=Decimal(30) / 35, fees={"BTC": FeeRates(Decimal("0.0035"), Decimal("0.0019"))}
    )
    fee = liquidation_fee(older, "BTC", FUTURE, coins=100)
    assert fee.amount == Decimal("0.35")
    assert round(fee.to_fund, 20) == Decimal("0.3")


@given(st.decimals(0, 10**6, places=4), st.sampled_from(ContractKind), st.sampled_from("BE"))
def test_a_fee_is_its_share_of_the_coins(coins, kind, coin):
    coin = {"B": "BTC", "E": "ETH"}[coin]
    rate = TERMS.fees[coin][list(ContractKind).index(kind)]
    found = liquidation_fee(TERMS, coin, kind, coins=coins)
    assert found == LiquidationFee(coins * rate, coins * rate)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("round", "seconds"), "0", "round.seconds must be > 0, was 0"),
        (("round", "futures_usd"), 1.5, "round.futures_usd must be a Decimal, an int or text, was"),
        (("round",), "x", "round must be a table, was 'x'"),
        (("round", "speed"), "1", "round has an unknown key 'speed'"),
        (("hedge", "allowed"), "yes", "hedge.allowed must be true or false, was 'yes'"),
        (("hedge", "futures_usd"), "-1", "hedge.futures_usd must be > 0, was -1"),
        (("fees", "to_fund"), "2", "fees.to_fund must be in [0, 1], was 2"),
        (("fees", "BTC", "option"), "2", "fees.BTC.option must be in [0, 1], was 2"),
        (("fees", "SOL"), {}, "fees.SOL must have the key 'future', was without"),
        (("fees", "SOL"), "0", "fees.SOL must be a table, was '0'"),
        (("extra",), "0", "the document has an unknown key 'extra'"),
    ],
)
def test_a_document_that_breaks_a_rule_is_refused_with_its_path(path, value, said):
    tree = copy.deepcopy(TREE)
    place = tree
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(DocumentError) as refused:
        IncrementalTerms.parse(tree)
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize("path", [("title",), ("fees", "to_fund"), ("hedge", "allowed")])
def test_a_key_that_is_missing_is_named(path):
    tree = copy.deepcopy(TREE)
    place = tree
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    with pytest.raises(DocumentError, match=f"must have the key '{path[-1]}', was without"):
        IncrementalTerms.parse(tree)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: round_size(TERMS, FUTURE, lot=0), "lot must be > 0, was 0"),
        (lambda: round_size(TERMS, FUTURE, price=0, lot=1), "price must be > 0, was 0"),
        (
            lambda: liquidation_fee(TERMS, "SOL", FUTURE, coins=1),
            "coin must be one of BTC, ETH, was 'SOL'",
        ),
        (lambda: liquidation_fee(TERMS, "BTC", FUTURE, coins=-1), "coins must be >= 0, was -1"),
    ],
)
def test_a_number_out_of_range_is_named(call, said):
    with pytest.raises(InvalidInputError) as refused:
        call()
    assert str(refused.value) == said
