"""Tests of the auditor: a true history has no fault, and one change to any event of it is found."""

import json
import tomllib
from fractions import Fraction
from pathlib import Path

import pytest

from hullmark.core import nano
from hullmark.domain import SystemAccount
from hullmark.sim._auditor import Auditor

from ..clearing.bank import ANN, BOB, CHILD
from .told_history import CAROL, DAN, changed, disagreements, live, told

ROOT = Path(__file__).parents[3]
PRICES = "PricesAccepted.2"


def more(by):
    """Return what adds to a number."""
    return lambda number: (number or 0) + by


def prices(**fields):
    """Return what changes the accepted price of bitcoin."""
    return lambda found: [p | fields if p["factor"] == "BTC" else p for p in found]


def vols(nanos):
    return {"vol_nano": {"CALL": nanos}}


# An event, which of them, what is changed, and what the auditor says, of that event or of what
# follows from it.
CHANGES = [
    ("AccountOpened", {"account": BOB}, {"account": ANN}, "account must be new"),
    ("AccountOpened", {"account": BOB}, {"account": 99}, "account must be new, from 100 on"),
    ("AccountOpened", {"account": CHILD}, {"parent": 999}, "parent must be there"),
    ("Deposited", {"account": ANN}, {"quanta": -1}, "quanta must be > 0, was -1"),
    ("Deposited", {"account": ANN}, {"account": 999}, "account must be open to users"),
    ("Deposited", {"account": 2}, {"account": 3}, "account must be open to users"),
    ("Withdrawn", {}, {"quanta": 120_000_000}, "settled cash left must be >= 0"),
    ("Withdrawn", {}, {"quanta": 95_000_000}, "initial equity less margin must be >= 0"),
    ("Withdrawn", {}, {"quanta": 0}, "quanta must be > 0"),
    ("Transferred", {}, {"quanta": 200_000_000}, "settled cash left must be >= 0"),
    ("Transferred", {}, {"target": 999}, "account must be open to users"),
    ("Traded", {"buyer": ANN}, {"cost_quanta": more(-1)}, "cost_quanta must be 800000001"),
    ("Traded", {"buyer": ANN}, {"lots": 11, "cost_quanta": 1_100_000_002}, "initial equity less"),
    ("Traded", {"buyer": ANN}, {"lots": -8}, "lots must be > 0"),
    ("Traded", {"buyer": ANN}, {"buyer_fee_quanta": -1}, "fee must be >= 0"),
    ("Traded", {"instrument": "INVERSE"}, {"cost_quanta": more(1)}, "cost_quanta must be -5000"),
    ("Traded", {"instrument": "SPOT"}, {"cost_quanta": more(1)}, "cost_quanta must be 200000000"),
    ("Traded", {"instrument": "CALL"}, {"cost_quanta": more(1)}, "cost_quanta must be 1500000"),
    ("OrderRested", {"order": 2}, {"account": 999}, "account must be open to users"),
    ("OrderReleased", {"order": 1}, {"order": 7}, "account of a resting order must be None"),
    ("OrderReleased", {"order": 2}, {"account": BOB}, "account of a resting order must be 101"),
    ("TradeBusted", {}, {"lots": 2}, "what is reversed must be of [('PERP'"),
    ("TradeBusted", {}, {"buyer_fee_quanta": 0}, "what is reversed must be of [('PERP'"),
    ("TradeBusted", {}, {"authorisers": ("Ada", " ada ")}, "authorisers must be two people"),
    ("CashAdjusted", {}, {"authorisers": ("Ada", "")}, "authorisers must be two people"),
    ("CashAdjusted", {}, {"source": 1}, "sides must be two, and not custody"),
    ("CashAdjusted", {}, {"quanta": -5}, "quanta must be > 0"),
    (PRICES, {}, {"prices": prices(price_nano=nano("101"))}, "price_nano must be 1000"),
    (PRICES, {}, {"prices": prices(grade=1)}, "grade must be 0"),
    (PRICES, {}, {"prices": prices(accepted_ns=1)}, "accepted_ns must be"),
    (PRICES, {}, {"prices": prices(reason="jump")}, "reason must be , was jump"),
    (PRICES, {}, {"prices": prices(low_nano=1)}, "low_nano must be None"),
    (PRICES, {}, {"prices": prices(high_nano=1)}, "high_nano must be None"),
    (PRICES, {}, {"prices": prices(doubted_ns=1)}, "doubted_ns must be None"),
    (PRICES, {}, {"prices": prices(memory={"steady": 1})}, "memory must be None"),
    (PRICES, {}, {"prices": lambda found: found[1:]}, "prices must be ['BTC'"),
    (PRICES, {}, {"prices": prices(factor="MOON")}, "prices must be ['BTC'"),
    (PRICES, {}, {"prints": prices(factor="MOON")}, "factors must be those of"),
    (PRICES, {}, {"values_time": lambda first: not first}, "values_time must be"),
    ("SurfaceAdopted", {}, vols(0), "vol_nano must be > 0"),
    ("SurfaceAdopted", {}, {"valuation_ns": lambda _: 1}, "valuation time must be in ["),
    ("FundingAccrued", {}, {"step_micro": more(1)}, "step_micro must be 10150000000, was"),
    ("FundingAccrued", {}, {"rate_nano": more(1)}, "step_micro must be 10150101500, was"),
    ("FundingAccrued", {}, {"price_nano": more(10**9)}, "price_nano of funding must be 10150"),
    ("FundingAccrued", {"instrument": "INVERSE"}, {"step_micro": more(1)}, "step_micro must be -"),
    ("InterestCharged", {}, {"rate_nano": 0}, "rate_nano must be > 0"),
    ("ExpirySettled", {}, {"instrument": "PERP"}, "expiry must be <="),
    ("ExpirySettled", {"instrument": "CALL"}, {"instrument": "FUTURE"}, "must be the first"),
    ("TimeAdvanced", {}, {"now_ns": more(1)}, "valuation time must be in ["),
    ("RulesScheduled", {}, {"effective_ns": 5}, "effective_ns must be >"),
    ("BreachesFound", {"accounts": (CAROL,)}, {"accounts": ()}, "a breach must be listed"),
    (
        "BreachesFound",
        {"accounts": (CAROL,)},
        {"accounts": (BOB,)},
        "health of a breach must be < 0",
    ),
    ("BreachesFound", {"accounts": (CAROL,)}, {"accounts": (CAROL, CAROL)}, "must be distinct"),
    (
        "BreachesFound",
        {"accounts": (ANN, DAN)},
        {"accounts": (DAN, ANN)},
        "margin ratio must be",
    ),
    ("LiquidationStarted", {}, {"account": BOB}, "health must be < 0"),
    ("LiquidationStarted", {}, {"asset": "BTC"}, "asset must be USDT, was BTC"),
    ("LiquidationStarted", {}, {"net_quanta": more(7)}, "net_quanta must be"),
    ("LiquidationStarted", {}, {"trigger_nano": {"PERP": nano("90")}}, "trigger of PERP must be 9"),
    ("LiquidationStarted", {}, {"trigger_nano": {}}, "instruments triggered must be ['PERP']"),
    ("LiquidationOrdered", {}, {"account": BOB}, "account must be in a liquidation"),
    ("LiquidationOrdered", {}, {"lots": 5}, "lots of an order must be within -8"),
    ("LiquidationOrdered", {}, {"lots": -9}, "lots of an order must be within -8"),
    ("LiquidationOrdered", {}, {"limit_nano": more(-9)}, "limit_nano must be 89180000000"),
    ("LiquidationOrdered", {}, {"deadline_ns": more(1)}, "deadline_ns must be"),
    ("LiquidationOrdered", {}, {"notional_nano": more(9)}, "notional_nano must be 455000000000"),
    ("LiquidationFilled", {}, {"order": 9}, "order must be at work for the account"),
    ("LiquidationFilled", {}, {"lots": -6}, "lots must be within -5"),
    ("LiquidationFilled", {}, {"price_nano": nano("89")}, "price_nano must be no worse than 8918"),
    ("LiquidationFilled", {}, {"cost_quanta": more(1)}, "cost_quanta must be 90500000"),
    ("LiquidationFilled", {}, {"penalty_quanta": more(1)}, "penalty_quanta must be 905000"),
    ("LiquidationFilled", {"order": 3}, {"penalty_quanta": 1}, "penalty_quanta must be 0"),
    ("LiquidationFilled", {}, {"latency_quanta": more(9)}, "waiting to impact must be 500000"),
    ("LiquidationFilled", {}, {"counterparty": 999}, "account must be open to users"),
    ("OrderExpired", {}, {"order": 9}, "order must be at work for the account"),
    ("OrderExpired", {}, {"account": BOB}, "order must be at work for the account"),
    ("LiquidationParked", {}, {"until_ns": more(1)}, "until_ns must be"),
    ("LiquidationParked", {}, {"account": BOB}, "health must be < 0"),
    ("LiquidationEnded", {"account": ANN}, {"account": BOB}, "account must be in a liquidation"),
    ("LiquidationEnded", {"account": DAN}, {"cured": False}, "what an ended account has left"),
    ("CollateralSeized", {}, {"quanta": more(-1)}, "all of its GOLD must be 200, was 199"),
    ("CollateralSeized", {}, {"account": BOB}, "a seized account must be empty and in debt"),
    ("DeficitCovered", {}, {"fund_quanta": more(-1)}, "fund_quanta must be 5905000"),
    ("DeficitCovered", {}, {"bad_debt_quanta": more(1)}, "bad_debt_quanta must be 677201"),
    ("DeficitCovered", {}, {"gap_quanta": more(1)}, "gap to impact must be 6582201"),
    (
        "DeficitCovered",
        {},
        {"latency_quanta": more(9), "impact_quanta": more(-9)},
        "latency_quanta must",
    ),
    ("DeficitCovered", {}, {"account": BOB}, "what is paid must be 0"),
]


@pytest.fixture(scope="module")
def history():
    return told(live())


def test_a_true_history_has_no_fault(history):
    assert disagreements(history) == []


@pytest.mark.parametrize(("kind", "where", "change", "says"), CHANGES)
def test_one_change_to_an_event_is_found(history, kind, where, change, says):
    found = disagreements(changed(history, kind, where, change))
    assert [f for f in found if kind in f and says in f], found[:5]


def test_every_event_that_moves_or_decides_something_is_in_the_table(history):
    without_effect = {"Refused"}
    never_wrong = {"RulesAdopted"}  # any rules may be adopted at any time
    happened = {event["type"] for event, _, _ in history}
    assert happened - without_effect == {kind for kind, *_ in CHANGES} | never_wrong


@pytest.mark.parametrize(
    ("kind", "where", "says"),
    [
        ("OrderReleased", {"order": 2}, "resting orders must be released, was there"),
        ("LiquidationStarted", {}, "account must be in a liquidation"),
        ("LiquidationFilled", {"order": 3}, "a covered account must be empty"),
        ("SurfaceAdopted", {}, ""),
    ],
)
def test_an_event_that_was_left_out_is_missed_later(history, kind, where, says):
    gone = changed(history, kind, where, {"type": "Refused"})
    assert not says or [f for f in disagreements(gone) if says in f]


def test_the_time_must_not_run_back(history):
    event, time_ns, sequence = history[-1]
    found = disagreements([*history, (event, time_ns - 1, sequence)])
    assert "time must be >=" in found[0]


# --- histories by hand, of the documentation ------------------------------------------------------

USDT = 10**6
NOW_NS = 1_760_130_900_000_000_000


def event(kind, **fields):
    return {"type": kind} | fields


def marks(usd, *, sources=("alpha", "beta"), factors=("BTC", "BTC-PERP"), first=False):
    prints = [
        {"factor": f, "source": s, "price_nano": nano(usd), "observed_ns": NOW_NS}
        for f in factors
        for s in sources
    ]
    accepted = [
        {"factor": f, "price_nano": nano(usd), "grade": 0, "accepted_ns": NOW_NS} for f in factors
    ]
    return event(PRICES, prints=prints, prices=accepted, values_time=first)


def traded(buyer, seller, lots, usd, cost, **fees):
    sides = {"buyer": buyer, "seller": seller, "lots": lots, "price_nano": nano(usd)}
    return event("Traded", instrument="BTC-PERP", cost_quanta=cost, **sides, **fees)


def filled(order, lots, price, *, cost, latency, impact):
    return event(
        "LiquidationFilled",
        order=order,
        account=101,
        counterparty=100,
        instrument="BTC-PERP",
        lots=lots,
        price_nano=nano(price),
        cost_quanta=cost,
        penalty_quanta=0,
        latency_quanta=latency,
        impact_quanta=impact,
        final=True,
    )


def ordered(order, lots, usd):
    return event(
        "LiquidationOrdered",
        order=order,
        account=101,
        instrument="BTC-PERP",
        lots=lots,
        limit_nano=nano(usd) * 995 // 1000,
        deadline_ns=NOW_NS + 30 * 10**9,
        notional_nano=-lots * nano(usd) // 1000,
    )


@pytest.fixture
def auditor():
    """Return an auditor of the venue of the examples, two of its accounts open."""
    found = Auditor()
    text = json.dumps(tomllib.loads((ROOT / "examples/venue.toml").read_text(encoding="utf-8")))
    tell(
        found,
        event("RulesAdopted", rules=text),
        event("AccountOpened", account=100, mode="cross"),
        event("AccountOpened", account=101, mode="cross"),
        event("Deposited", account=100, asset="USDT", quanta=1_000_000 * USDT),
        event("Deposited", account=101, asset="USDT", quanta=5_000 * USDT),
        marks("64000", first=True),
    )
    return found


def tell(auditor, *told_events):
    for one in told_events:
        auditor.take(one, NOW_NS)


def test_the_statement_of_the_documentation_is_reproduced(auditor):
    # docs/concepts/ledger.md, "A statement": whole millionths of a USDT
    rows = [
        (traded(101, 100, 300, "64000.0000001", 19_200_000_001, buyer_fee_quanta=9_600_000),
         4_990_400_000, (300, -19_200_000_001, 0)),
        (marks("65000"), 4_990_400_000, (300, -19_200_000_001, 0)),
        (event("FundingAccrued", instrument="BTC-PERP", rate_nano=nano("0.0001"),
               price_nano=nano("65000"), step_micro=6_500 * 10**6),
         4_990_400_000, (300, -19_200_000_001, 0)),
        (traded(100, 101, 100, "65000", 6_500_000_000),
         5_088_449_999, (200, -12_800_000_000, 6_500 * 10**6)),
        (traded(100, 101, 200, "63000", 12_600_000_000), 4_888_449_999, None),
        (event("Withdrawn", account=101, asset="USDT", quanta=1_000 * USDT), 3_888_449_999, None),
    ]  # fmt: skip
    for told_event, cash, position in rows:
        tell(auditor, told_event)
        assert auditor.balances()[101, "USDT"] == cash
        assert auditor.positions().get((101, "BTC-PERP")) == position
    auditor.check_sums()
    assert auditor.disagreements == []
    assert auditor.balances()[SystemAccount.FEES, "USDT"] == 9_600_000
    assert auditor.balances()[SystemAccount.CUSTODY, "USDT"] == -1_004_000 * USDT


def test_the_loss_worked_by_hand_in_the_documentation_is_reproduced(auditor):
    # docs/concepts/liquidation.md, "By hand": gap 1,000, latency 70, impact 70
    tell(
        auditor,
        event("Deposited", account=2, asset="USDT", quanta=700 * USDT),
        traded(101, 100, 1000, "64000", 64_000 * USDT),
        marks("58000"),
        event("BreachesFound", accounts=(101,)),
        event("LiquidationStarted", account=101, asset="USDT", net_quanta=-1_000 * USDT,
              trigger_nano={"BTC-PERP": nano("58000")}),
        ordered(1, -600, "58000"),
        filled(1, -600, "57900", cost=34_740 * USDT, latency=30 * USDT, impact=30 * USDT),
        ordered(2, -400, "58000"),
        filled(2, -400, "57800", cost=23_120 * USDT, latency=40 * USDT, impact=40 * USDT),
        event("DeficitCovered", account=101, asset="USDT", fund_quanta=700 * USDT,
              bad_debt_quanta=440 * USDT, gap_quanta=1_000 * USDT, latency_quanta=70 * USDT,
              impact_quanta=70 * USDT),
        event("LiquidationEnded", account=101, cured=False),
    )  # fmt: skip
    auditor.check_sums()
    assert auditor.disagreements == []
    assert auditor.balances()[SystemAccount.BAD_DEBT, "USDT"] == -440 * USDT
    assert auditor.holding(101) == {}


def test_a_round_of_trades_is_booked_trade_by_trade_and_margined_once(auditor):
    booked = event(
        "TradesBooked",
        symbols=("BTC-PERP",),
        instrument=(0, 0),
        buyer=(101, 100),
        seller=(100, 101),
        lots=(9_000, 8_900),  # the first alone would be too much
        price_nano=(nano("64000"), nano("64000")),
        cost_quanta=(576_000 * USDT, 569_600 * USDT),
        buyer_fee_quanta=(7, 0),
        seller_fee_quanta=(0, 2),
    )
    tell(auditor, booked)
    assert auditor.disagreements == []
    assert auditor.positions()[101, "BTC-PERP"] == (100, -6_400 * USDT, 0)
    assert auditor.balances()[SystemAccount.FEES, "USDT"] == 9
    tell(auditor, booked | {"cost_quanta": (576_000 * USDT, 569_600 * USDT - 1)})
    assert "cost_quanta must be 569600000000, was 569599999999" in auditor.disagreements[0]
    tell(auditor, booked | {"lots": (9_000, 100), "cost_quanta": (576_000 * USDT, 6_400 * USDT)})
    assert "initial equity less margin must be >= 0" in auditor.disagreements[1]


def test_margin_is_that_of_the_tiers_to_the_last_fraction(auditor):
    # docs/concepts/margin.md: 10 BTC at 64,000 with 60,000 USDT; N = 640,000 in the second tier
    tell(
        auditor,
        event("Deposited", account=101, asset="USDT", quanta=55_000 * USDT),
        traded(101, 100, 10_000, "64000", 640_000 * USDT),
    )
    maintenance = Fraction(640_000) * Fraction("0.05") - 6_250
    initial = Fraction(640_000) * Fraction("0.1") - Fraction("0.05") * 250_000
    assert auditor.health(101) == (60_000, maintenance, 60_000, initial)
    assert auditor.health(102) is None  # never opened


def test_a_throttle_is_not_overdrawn(auditor):
    tell(
        auditor,
        event("Deposited", account=101, asset="USDT", quanta=10**9 * USDT),
        traded(101, 100, 900_000, "64000", 57_600_000 * USDT),
    )
    tell(auditor, event("LiquidationStarted", account=101, asset="USDT", net_quanta=0,
                        trigger_nano={"BTC-PERP": nano("64000")}))  # fmt: skip
    tell(auditor, ordered(1, -800_000, "64000"))
    assert [f for f in auditor.disagreements if "draw on BTC-PERP must be <= 5e+16" in f]


def test_a_disagreement_names_event_account_rule_and_both_values(auditor):
    tell(auditor, event("Deposited", account=999, asset="USDT", quanta=1))
    assert auditor.disagreements == [
        "event 7 Deposited, 999: account must be open to users, was 999"
    ]
    assert auditor.number == 7
