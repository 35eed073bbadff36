"""Tests of the example accounts, on a chain that is priced by the formula and can be moved."""

import math
from dataclasses import replace

import numpy as np
import pytest

from hullmark.core import DAY_NS, YEAR_NS, parse_instant
from hullmark.domain import Document
from hullmark.errors import FeedError
from hullmark.feeds import ChainRow, ChainSnapshot
from hullmark.pricing import black76
from hullmark.runtime import assess
from hullmark.studies import example_document

NOW = parse_instant("now", "2026-02-01T08:00:00Z")
SPOTS = {"BTC": 60_000.0, "ETH": 2_000.0}
DAYS = (7, 14, 30, 60, 90, 200)


def chain(**factors):
    """Return a chain with the spot of each coin times its factor, and the vol of each strike."""
    options, forwards, futures, perpetuals = [], {}, {}, {}
    for coin, base in SPOTS.items():
        spot = base * factors.get(coin, 1.0)
        perpetuals[f"{coin}-PERPETUAL"] = (coin, spot * 0.999)
        for days in DAYS:
            expiry_ns, forward = NOW + days * DAY_NS, spot * (1 + 0.0002 * days)
            forwards[coin, expiry_ns] = forward
            futures[f"{coin}-{days}"] = (coin, expiry_ns, forward)
            strikes = np.repeat(base * np.arange(0.4, 2.0, 0.025), 2)
            calls = np.arange(strikes.size) % 2 == 0
            vols = 0.6 + 0.2 * np.abs(np.log(strikes / base))
            greeks = black76(
                forward=np.full(strikes.size, forward),
                strike=strikes,
                years=np.full(strikes.size, days * DAY_NS / YEAR_NS),
                vol=vols,
                call=calls,
            )
            for k, (strike, call) in enumerate(zip(strikes.tolist(), calls.tolist(), strict=True)):
                symbol = f"{coin}-{days}-{strike:.0f}-{'C' if call else 'P'}"
                mark, delta = float(greeks.value[k]) / forward, float(greeks.delta[k])
                vol = float(vols[k])
                options.append(
                    ChainRow(symbol, coin, expiry_ns, strike, call, mark, vol, delta, forward, spot)
                )
    return ChainSnapshot(
        time_ns=NOW,
        options=tuple(options),
        index_usd={coin: spot * factors.get(coin, 1.0) for coin, spot in SPOTS.items()},
        forwards_usd=forwards,
        futures=futures,
        perpetuals=perpetuals,
    )


@pytest.fixture(scope="module")
def document():
    return Document.parse_tree(example_document(chain()))


def test_there_are_fifty_accounts_and_equal_chains_give_equal_documents(document):
    assert len({account.name for account in document.accounts}) == 50
    assert Document.parse_tree(example_document(chain())) == document


def test_progress_is_told_up_to_the_total():
    seen = []
    example_document(chain(), on_progress=lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == list(range(1, seen[0][1] + 1))


def test_an_expiry_with_few_strikes_is_passed_over():
    whole = chain()
    sparse_ns = NOW + 30 * DAY_NS
    kept = [r for r in whole.options if r.expiry_ns != sparse_ns or r.strike_usd % 12_000 == 0]
    assert 0 < sum(r.expiry_ns == sparse_ns for r in kept) < 20
    document = Document.parse_tree(example_document(replace(whole, options=tuple(kept))))
    condor = next(a for a in document.accounts if a.name == "iron condor BTC")
    expiries = {document.instruments[p.instrument].expiry_ns for p in condor.positions}
    assert len(condor.positions) == 4
    assert expiries == {NOW + 14 * DAY_NS}


def test_collateral_brings_an_account_to_its_target(document):
    ratios = {
        r.account: r.margin_ratio for r in assess(document, liquidation_prices=False).accounts
    }
    assert ratios["iron condor ETH"] == pytest.approx(0.5, abs=1e-3)
    assert ratios["short strangle BTC"] == pytest.approx(0.6, abs=1e-3)
    assert ratios["two strangles BTC+ETH"] == pytest.approx(0.95, abs=1e-3)
    assert ratios["naked short call BTC"] == pytest.approx(1.1, abs=1e-3)


def test_strikes_are_those_of_the_deltas(document):
    deltas = {row.symbol: row.delta for row in chain().options}
    strangle = next(a for a in document.accounts if a.name == "short strangle ETH")
    found = sorted(deltas[p.instrument] for p in strangle.positions)
    assert found == pytest.approx([-0.25, 0.25], abs=0.02)


def test_every_liquidation_price_is_where_a_moved_chain_has_no_health(document):
    searched = 0
    for row, report in enumerate(assess(document).accounts):
        targets = [
            ({e.underlying: price / SPOTS[e.underlying]}, report.account)
            for e in report.exposures
            for price in (e.liquidation_below_usd, e.liquidation_above_usd)
            if price is not None
        ]
        targets += [
            (dict.fromkeys(SPOTS, 1 + move), report.account)
            for move in (report.joint_below, report.joint_above)
            if move is not None and len(report.exposures) > 1
        ]
        for factors, name in targets:
            market = chain(**factors).market(document.instruments.values())
            there = assess(document.with_market(market), liquidation_prices=False).accounts[row]
            assert there.health_usd == pytest.approx(0.0, abs=0.1), (name, factors)
            searched += 1
    assert searched > 25


def test_greeks_are_what_a_moved_chain_gains(document):
    h = 1e-3
    here = assess(document, liquidation_prices=False).accounts
    for coin, spot in SPOTS.items():
        up, down = (
            assess(
                document.with_market(chain(**{coin: f}).market(document.instruments.values())),
                liquidation_prices=False,
            ).accounts
            for f in (1 + h, 1 - h)
        )
        for k, report in enumerate(here):
            delta = sum(e.delta_coin for e in report.exposures if e.underlying == coin)
            gained = (up[k].net_value_usd - down[k].net_value_usd) / (2 * h * spot)
            tolerance = 1e-4 * report.gross_notional_usd / spot
            assert delta == pytest.approx(gained, abs=tolerance), (report.account, coin)


@pytest.mark.parametrize(
    ("lacking", "message"),
    [
        ({"perpetuals": {}}, "must have a perpetual on BTC, and has not"),
        ({"futures": {}}, "must have a future on BTC, and has not"),
        ({"options": ()}, "must have a strike with a call and a put on BTC"),
    ],
)
def test_a_chain_that_lacks_a_leg_is_refused(lacking, message):
    with pytest.raises(FeedError, match=message):
        example_document(replace(chain(), **lacking))


def test_the_chain_of_these_tests_is_arbitrage_free_in_parity():
    rows = {row.symbol: row for row in chain().options}
    call, put = rows["BTC-30-60000-C"], rows["BTC-30-60000-P"]
    parity = (call.forward_usd - 60_000) / call.forward_usd
    assert math.isclose(call.mark - put.mark, parity, abs_tol=1e-12)
