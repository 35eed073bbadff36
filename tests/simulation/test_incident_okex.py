"""OKEx, July 2018: one position larger than the fund by a thousand times. Sources: the file."""

from decimal import Decimal

import pytest

from hullmark.domain import Document
from hullmark.studies import StressScenario, document_book, stress_study
from hullmark.waterfall import by_gains, socialise

from .incident import load

FACTS = load("okex-2018")["facts"]
USD = Decimal(FACTS["contracts"]) * Decimal(FACTS["contract_usd"])
TAKEN_OVER, SETTLED = Decimal(FACTS["taken_over_usd"]), Decimal(FACTS["settled_usd"])
SATOSHI = 10**8
FALL = StressScenario("a bad day", {"BTC": -0.1})


def deficit():
    """Return what the position lost between takeover and settlement, in satoshi."""
    return int(USD * (1 / SETTLED - 1 / TAKEN_OVER) * SATOSHI)


def test_what_fund_and_company_did_not_pay_is_what_was_clawed_back():
    paid = (int(FACTS["fund_btc"]) + int(FACTS["added_btc"])) * SATOSHI
    left = (deficit() - paid) / SATOSHI
    assert left == pytest.approx(float(FACTS["clawback_btc"]), rel=0.02)


def test_everybody_with_a_profit_bears_the_same_share_of_it_and_nobody_else_any():
    left = deficit() - 2_510 * SATOSHI
    total = int(left / Decimal(FACTS["clawback_share"]))
    parts = [total // 2, total // 3, total // 6, 12_345]
    gains = [*enumerate(parts, start=1), (9, -5_000 * SATOSHI), (10, 0)]
    records, nobody = socialise(left, by_gains(gains))
    assert nobody == 0
    assert sum(record.quanta for record in records) == left
    assert [record.account for record in records] == [1, 2, 3, 4]
    for record in records:
        share = record.quanta / dict(gains)[record.account]
        assert share == pytest.approx(float(FACTS["clawback_share"]), abs=1e-4)
        assert record.owed_quanta == record.quanta  # on record, to be paid back one day


def book(contracts, *, others=0):
    """Return the stress book of one account with so many contracts, levered as far as it could."""
    terms = {"underlying": "BTC", "settlement": "BTC", "lot": "100", "inverse": True}
    future = {"kind": "future", "symbol": "BTC0928", "expiry": "2018-09-28T08:00:00Z", **terms}
    each = contracts // (1 + others)
    cash = each * 100 / TAKEN_OVER / int(FACTS["leverage"])
    held = [{"instrument": "BTC0928", "size": f"{each * 100}", "entry_price": f"{TAKEN_OVER}"}]
    document = {
        "version": 1,
        "market": {
            "time": "2018-07-31T12:00:00Z",
            "index": {"BTC": f"{TAKEN_OVER}"},
            "quotes": {"BTC0928": {"mark": f"{TAKEN_OVER}"}},
        },
        "parameters": {
            "assets": {"BTC": {"decimals": 8, "shocked": True}},
            "instruments": [future],
            "margin": {
                "cross": "tiered",
                "tiered": {
                    "BTC0928": {
                        "tiers": [{"floor_usd": "0", "initial": "0.05", "maintenance": "0.025"}]
                    }
                },
            },
        },
        "accounts": [
            {"name": f"{n}", "mode": "cross", "cash": {"BTC": f"{cash:.8f}"}, "positions": held}
            for n in range(1 + others)
        ],
    }
    return document_book(
        Document.parse_tree(document),
        slippage=0.0,
        depth_usd={"BTC0928": float(FACTS["depth_usd"])},
        fund_usd=float(FACTS["fund_btc"]) * float(TAKEN_OVER),
    )


def test_a_stress_test_names_the_account_on_the_day_it_is_opened():
    study = stress_study(book(int(FACTS["contracts"])), [FALL])
    (found,) = study.scenarios
    assert found.largest[0].account == "0"
    assert found.fund_usd == 80_200
    assert study.cover_1_usd > 1_000 * found.fund_usd
    assert found.uncovered_usd == pytest.approx(found.loss_usd - 80_200)


def test_the_same_contracts_in_many_hands_cost_less_and_each_of_them_little():
    one, many = (
        stress_study(book(int(FACTS["contracts"]), others=n), [FALL]).scenarios[0] for n in (0, 99)
    )
    assert many.loss_usd < 0.5 * one.loss_usd  # a hundredth of the size has a hundredth of impact
    assert many.cover_1_usd < 0.005 * one.cover_1_usd
