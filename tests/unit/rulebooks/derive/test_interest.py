"""Tests of Derive's lending pool: published numbers, a slow pool of fractions, and its laws."""

import runpy
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import asdict, replace

from hullmark.errors import DocumentError, InvalidInputError
from hullmark.rulebooks.derive import (
    UNIT,
    CashBalance,
    CashPool,
    InterestTerms,
    accrue,
    borrow_rate_trunc,
    exchange_rate_trunc,
    fixed,
    interest_factor_floor,
    move_cash,
    pay_fees,
    release_capture,
    settle_cash,
    socialise_loss,
    utilisation_trunc,
    with_interest_trunc,
    withdrawal_cash_trunc,
)

REFERENCE = Path(__file__).parents[3] / "reference" / "derive_rules.py"
slow = SimpleNamespace(**runpy.run_path(str(REFERENCE)))

DAY, WEEK = 86_400, 604_800
# The terms of the venue's own tests, and those of its deployment script (config-mainnet.sol).
TESTED = InterestTerms.parse(
    "cash",
    {
        "rate_min": "0.06",
        "slope_low": "0.2",
        "slope_high": "0.4",
        "utilisation_optimal": "0.6",
        "fee_share": "0.2",
    },
)
SCRIPT = InterestTerms.parse(
    "cash",
    {
        "rate_min": "0.02",
        "slope_low": "0.08",
        "slope_high": "0.9",
        "utilisation_optimal": "0.85",
        "fee_share": "0.2",
    },
)

shares = st.integers(0, UNIT)
amounts = st.integers(1, 10**30)
terms = st.builds(
    InterestTerms,
    rate_min=st.integers(0, 2 * UNIT),
    slope_low=st.integers(0, 5 * UNIT),
    slope_high=st.integers(0, 5 * UNIT),
    utilisation_optimal=shares,
    fee_share=shares,
)
pools = st.builds(
    CashPool,
    supply=amounts,
    borrow=st.integers(0, 10**30),
    fees=st.integers(0, 10**27),
    settled=st.integers(-(10**29), 10**29),
    supply_index=st.integers(UNIT, 3 * UNIT),
    borrow_index=st.integers(UNIT, 3 * UNIT),
    capturing=st.booleans(),
)
seconds = st.integers(0, 2 * 365 * DAY)


def usd(amount):
    return amount * UNIT


def exactly(pool):
    """Return a pool as the reference has it."""
    return {
        name: value if name == "capturing" else Fraction(value, UNIT)
        for name, value in asdict(pool).items()
    }


# derivexyz/v2-core, test/assets/cashAsset/unit-tests/InterestRateModel.t.sol, commit 232961f4.
@pytest.mark.parametrize(
    ("supply", "borrow", "rate"),
    [(10_000, 0, 6), (10_000, 5_000, 16), (10_000, 8_000, 26), (10_000, 6_000, 18)],
)
def test_the_rate_reproduces_the_venues_own_tests(supply, borrow, rate):
    assert borrow_rate_trunc(TESTED, utilisation_trunc(supply, borrow)) == rate * UNIT // 100


def test_a_week_at_16_percent_reproduces_the_venues_own_test():
    # The same file, to the last unit.
    assert interest_factor_floor(16 * UNIT // 100, WEEK) == 3073205794798734


# derivexyz/v2-core, test/integration-tests/assets/cashAsset/json/testInterestPaidForHighUtil.json,
# commit 0131e42b: a double-precision model, its states 14 days apart, 10 USD paid in at the end.
def test_two_weeks_of_high_use_reproduce_the_published_states():
    borrow, supply, module = 743886492748057149440, usd(1210), usd(160)
    pool = CashPool(supply=supply, borrow=borrow)
    use = utilisation_trunc(supply, borrow)
    assert use == pytest.approx(614782225411617423, rel=1e-15)
    assert borrow_rate_trunc(TESTED, use) == pytest.approx(185912890164646976, rel=1e-15)
    pool = accrue(pool, TESTED, 14 * DAY)
    pool, debtor = move_cash(pool, CashBalance(-borrow, UNIT), usd(10))
    pool, module = pay_fees(pool, CashBalance(module, UNIT))
    assert debtor.amount == pytest.approx(-739210035218864668672, rel=1e-15)
    assert module.amount == pytest.approx(161627860094379196416, rel=1e-15)
    assert pool.borrow == pytest.approx(739210035218864668672, rel=1e-15)
    assert pool.supply == pytest.approx(1215323542470807781376, rel=1e-15)
    other = with_interest_trunc(pool, CashBalance(usd(1050), UNIT))
    assert other == pytest.approx(1053695682376428552192, rel=1e-15)


# derivexyz/v2-core, test/assets/cashAsset/unit-tests/json/sequence.json, commit 1b1ba564: a
# double-precision model of ten events; days since the one before and its fee share (debts of 3e-11
# USD turn it to 1 here and there), then supply, borrow, use, rate and security module. It lends the
# fee before it divides the interest, the contract after: balances are 2e-7 apart, totals 1e-9.
SEQUENCE_TERMS = replace(TESTED, rate_min=UNIT // 20, slope_low=3 * UNIT // 10)
SEQUENCE = [
    ("start", 0, "0.2", 170000.0, 30000.0, 0.176470588235294144, 0.102941176470588224, 100000.0),
    ("trade", 4, "0.2", 180022.575181027822, 40022.575181027805, 0.222319757068144064,
     0.116695927120443216, 100022.708420583547),
    ("trade", 3, "0.2", 185070.563910577769, 45070.563910577769, 0.243531780301674144,
     0.123059534090502240, 100047.461176603966),
    ("settle", 9, "0.2", 215207.531234176951, 45207.531234176947, 0.210064819641393536,
     0.113019445892418064, 100134.096721330156),
    ("borrow", 9, "0.2", 195333.690424201035, 45333.690424200989, 0.232083315099156800,
     0.119624994529747040, 100206.295460039253),
    ("settle", 10, "1", 195482.510668509954, 75482.510668509929, 0.386134342199592576,
     0.165840302659877760, 100355.115704348206),
    ("settle", 1, "1", 225516.814467621218, 75516.814467621181, 0.334861126190941248,
     0.150458337857282368, 100389.419503459449),
    ("settle", 2, "1", 185579.098409048075, 75579.098409048070, 0.386437502902158592,
     0.165931250870647584, 100451.703444886322),
    ("loss", 2, "0.2", 180581.403187821051, 70581.403187821022, 0.370347798931157632,
     0.161104339679347296, 60495.225318760287),
    ("loss", 2, "1", 520086.177869060697, 70643.737383822187, 0.133268401126415056,
     0.089980520337924512, 0.0),
]  # fmt: skip
MOVES = [
    ("trade", "alice", 20_000, "bob"),
    ("trade", "alice", -15_000, "charlie"),
    ("settle", "david", 30_000, None),
    ("borrow", "david", -20_000, None),
    ("settle", "eric", -30_000, None),
    ("settle", "david", 30_000, None),
    ("settle", "charlie", -40_000, None),
    ("loss", "alice", 40_000, None),
    ("loss", "alice", 400_000, None),
]
START = {
    "alice": -10_000, "bob": -20_000, "charlie": 30_000, "david": 40_000, "eric": 0,
    "module": 100_000,
}  # fmt: skip


def apply_move(pool, cash, stable, kind, name, amount, other):
    """Return the pool and the coins after one event; ``cash`` is changed."""
    amount = usd(amount)
    if kind == "loss":  # the security module pays what it has, the rest is printed
        paid = min(with_interest_trunc(pool, cash["module"]), amount)
        pool, cash["module"] = move_cash(pool, cash["module"], -paid)
        pool, cash[name] = move_cash(pool, cash[name], paid)
        if amount > paid:
            pool, cash[name] = socialise_loss(pool, cash[name], amount - paid, stable=stable)
        return pool, stable
    move = settle_cash if kind == "settle" else move_cash
    pool, cash[name] = move(pool, cash[name], amount)
    if other:
        pool, cash[other] = move_cash(pool, cash[other], -amount)
    return pool, stable + (amount if kind == "borrow" else 0)


def test_ten_events_reproduce_the_published_states():
    pool, stable = CashPool(), usd(140_000)
    cash = dict.fromkeys(START, CashBalance())
    for name, amount in START.items():
        pool, cash[name] = move_cash(pool, cash[name], usd(amount))
    for move, row in zip([None, *MOVES], SEQUENCE, strict=True):
        kind, days, share, supply, borrow, use, rate, module = row
        terms = replace(SEQUENCE_TERMS, fee_share=fixed("share", share))
        pool = accrue(pool, terms, days * DAY)
        pool, cash["module"] = pay_fees(pool, cash["module"])
        if move:
            pool, stable = apply_move(pool, cash, stable, *move)
        assert pool.supply / UNIT == pytest.approx(supply, rel=1e-7), kind
        assert pool.borrow / UNIT == pytest.approx(borrow, rel=2e-9), kind
        used = utilisation_trunc(pool.supply + max(-pool.settled, 0), pool.borrow)
        assert used / UNIT == pytest.approx(use, rel=1e-7)
        assert borrow_rate_trunc(terms, used) / UNIT == pytest.approx(rate, rel=1e-7)
        held = with_interest_trunc(pool, cash["module"]) / UNIT
        assert held == pytest.approx(module, rel=5e-7), kind
    assert pool.capturing
    assert exchange_rate_trunc(pool, stable=stable) < UNIT // 3


@given(pools, terms, seconds)
def test_an_accrual_equals_the_slow_pool_to_the_last_unit(pool, terms, seconds):
    after = accrue(pool, terms, seconds)
    slowly = slow.accrue(
        exactly(pool),
        {
            "min": Fraction(terms.rate_min, UNIT),
            "low": Fraction(terms.slope_low, UNIT),
            "high": Fraction(terms.slope_high, UNIT),
            "optimal": Fraction(terms.utilisation_optimal, UNIT),
            "fee": Fraction(terms.fee_share, UNIT),
        },
        seconds,
    )
    assert exactly(after) == slowly


@given(pools, terms, seconds)
def test_interest_makes_no_money(pool, terms, seconds):
    after = accrue(pool, terms, seconds)
    assert after.supply + after.fees - after.borrow == pool.supply + pool.fees - pool.borrow
    assert after.fees >= pool.fees
    assert after.borrow >= pool.borrow
    if pool.capturing:
        assert after.supply == pool.supply


@given(terms, shares, shares)
def test_the_rate_never_falls_as_more_is_lent(terms, one, other):
    low, high = sorted([one, other])
    assert borrow_rate_trunc(terms, low) <= borrow_rate_trunc(terms, high)


@given(terms)
def test_the_rate_has_no_jump_at_the_optimum(terms):
    kink = terms.utilisation_optimal
    here = borrow_rate_trunc(terms, kink)
    assert here == terms.rate_min + kink * terms.slope_low // UNIT
    if kink < UNIT:
        assert borrow_rate_trunc(terms, kink + 1) - here <= 5
    if kink > 0:
        assert here - borrow_rate_trunc(terms, kink - 1) <= 5


def test_the_script_charges_two_percent_idle_and_over_a_fifth_when_all_is_lent():
    assert borrow_rate_trunc(SCRIPT, 0) == 2 * UNIT // 100
    assert borrow_rate_trunc(SCRIPT, 85 * UNIT // 100) == 88 * UNIT // 1000
    assert borrow_rate_trunc(SCRIPT, UNIT) == 223 * UNIT // 1000


def test_utilisation_is_nothing_without_either_side_and_one_at_most():
    assert utilisation_trunc(0, usd(5)) == 0
    assert utilisation_trunc(usd(5), 0) == 0
    assert utilisation_trunc(usd(1), usd(5)) == UNIT


def test_nothing_accrues_without_time_or_debt():
    pool = CashPool(supply=usd(1000))
    assert accrue(pool, TESTED, WEEK) == pool
    owing = replace(pool, borrow=usd(500))
    assert accrue(owing, TESTED, 0) == owing


def test_burned_cash_counts_as_supply_and_printed_cash_does_not():
    pool = CashPool(supply=usd(1000), borrow=usd(500))
    owed = {
        settled: accrue(replace(pool, settled=usd(settled)), TESTED, WEEK).borrow
        for settled in (-500, 0, 500)
    }
    assert owed[-500] < owed[0] == owed[500]


@given(amounts, st.integers(0, 10**30), terms, seconds, st.integers(1, 9))
def test_balances_add_up_to_the_totals(supply, borrow, terms, seconds, parts):
    pool, balances = CashPool(), []
    for k in range(parts):
        for total in (supply, -borrow):
            share = total // parts if k else total - total // parts * (parts - 1)
            pool, balance = move_cash(pool, CashBalance(), share)
            balances.append(balance)
    assert (pool.supply, pool.borrow) == (supply, borrow)
    after = accrue(pool, terms, seconds)
    held = [with_interest_trunc(after, balance) for balance in balances]
    grown = max(after.supply_index, after.borrow_index)
    dust = 2 + parts + 2 * max(supply, borrow) // UNIT + grown // UNIT
    assert abs(sum(h for h in held if h > 0) - after.supply) <= dust
    assert abs(sum(h for h in held if h < 0) + after.borrow) <= dust


def test_an_account_that_changes_sides_leaves_one_total_for_the_other():
    pool, balance = move_cash(CashPool(), CashBalance(), usd(100))
    pool, balance = move_cash(pool, balance, usd(-250))
    assert (pool.supply, pool.borrow, balance.amount) == (0, usd(150), usd(-150))
    pool, balance = move_cash(pool, balance, usd(150))
    assert (pool.supply, pool.borrow, balance) == (0, 0, CashBalance())


# derivexyz/v2-core, test/assets/cashAsset/unit-tests/WithdrawFee.t.sol, commit 099d593b.
def test_a_loss_of_the_whole_pool_halves_what_cash_is_worth():
    pool, balance = move_cash(CashPool(), CashBalance(), usd(10_000))
    pool, balance = socialise_loss(pool, balance, usd(10_000), stable=usd(10_000))
    assert pool.capturing
    assert exchange_rate_trunc(pool, stable=usd(10_000)) == UNIT // 2
    assert balance.amount == usd(20_000)
    assert not release_capture(pool, stable=usd(20_000)).capturing
    assert release_capture(pool, stable=usd(20_000) - 1).capturing


def test_a_withdrawal_of_100_takes_125_at_four_fifths():
    # The same file: a loss of a quarter of the pool leaves 0.8.
    pool, balance = move_cash(CashPool(), CashBalance(), usd(10_000))
    assert withdrawal_cash_trunc(pool, usd(100), stable=usd(10_000)) == usd(100)
    pool, _ = socialise_loss(pool, balance, usd(2_500), stable=usd(10_000))
    assert exchange_rate_trunc(pool, stable=usd(10_000)) == 8 * UNIT // 10
    assert withdrawal_cash_trunc(pool, usd(100), stable=usd(10_000)) == usd(125)


def test_fees_not_yet_paid_cover_a_loss_first():
    # The same file: 500 of fees cover a loss of 500, and part of one of 600.
    pool = CashPool(supply=usd(10_000), borrow=usd(1_500), fees=usd(500))
    covered, balance = socialise_loss(pool, CashBalance(), usd(500), stable=usd(9_000))
    assert (covered.fees, covered.capturing, balance.amount) == (0, False, usd(500))
    partly, _ = socialise_loss(pool, CashBalance(), usd(200), stable=usd(9_000))
    assert (partly.fees, partly.capturing) == (usd(300), False)
    short, _ = socialise_loss(pool, CashBalance(), usd(600), stable=usd(9_000))
    assert (short.fees, short.capturing) == (0, True)


def test_a_pool_captures_until_it_is_released_not_until_it_could_be():
    pool = CashPool(supply=usd(1_000), capturing=True)
    pool, _ = socialise_loss(pool, CashBalance(), usd(1), stable=usd(2_000))
    assert pool.capturing
    assert withdrawal_cash_trunc(pool, usd(7), stable=usd(2_000)) == usd(7)


def test_a_pool_that_captures_gives_its_suppliers_nothing():
    pool = CashPool(supply=usd(1_000), borrow=usd(500), capturing=True)
    after = accrue(pool, TESTED, WEEK)
    assert after.supply_index == UNIT
    assert after.fees == after.borrow - pool.borrow > 0


def test_settling_one_side_keeps_the_pool_solvent_until_the_other_settles():
    pool, long = move_cash(CashPool(), CashBalance(), usd(1_000))
    pool, short = move_cash(pool, CashBalance(), usd(1_000))
    pool, long = settle_cash(pool, long, usd(500))
    assert pool.settled == usd(500)
    assert exchange_rate_trunc(pool, stable=usd(2_000)) == UNIT
    pool, short = settle_cash(pool, short, usd(-500))
    assert (pool.settled, pool.supply) == (0, usd(2_000))
    assert (long.amount, short.amount) == (usd(1_500), usd(500))


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: replace(TESTED, rate_min=2 * UNIT + 1), "rate_min must be <= 2, was 2.0"),
        (lambda: replace(TESTED, fee_share=-1), "fee_share must be >= 0, was -0.0"),
        (lambda: replace(TESTED, slope_high=0.5), "slope_high must be a whole number of 1e-18"),
        (lambda: CashPool(borrow=-1), "borrow must be >= 0"),
        (lambda: CashPool(supply_index=0), "supply_index must be >= 0.0"),
        (lambda: CashBalance(1.5), "amount must be a whole number"),
        (lambda: CashBalance(1, -1), "index must be >= 0"),
        (lambda: utilisation_trunc(-1, 1), "supply must be >= 0"),
        (lambda: borrow_rate_trunc(TESTED, UNIT + 1), "utilisation must be <= 1, was 1.0"),
        (lambda: interest_factor_floor(UNIT, 0), "seconds must be a whole number >= 1, was 0"),
        (lambda: interest_factor_floor(-1, 1), "rate must be >= 0"),
        (lambda: interest_factor_floor(136 * UNIT, 365 * DAY), "exponent must be <= 135.3"),
        (lambda: accrue(CashPool(), TESTED, -1), "seconds must be a whole number >= 0, was -1"),
        (lambda: accrue(CashPool(borrow=1), TESTED, 1), "supply must be > 0 where cash is owed"),
        (lambda: move_cash(CashPool(), CashBalance(5, UNIT), -5), "supply must be >= 0"),
        (lambda: exchange_rate_trunc(CashPool(borrow=1), stable=0), "owed must be >= 0"),
        (lambda: exchange_rate_trunc(CashPool(), stable=-1), "stable must be >= 0"),
        (
            lambda: withdrawal_cash_trunc(CashPool(supply=1, capturing=True), 1, stable=0),
            "exchange rate must be >= 0.0+1, was 0",
        ),
        (lambda: socialise_loss(CashPool(), CashBalance(), -1, stable=0), "loss must be >= 0"),
    ],
)
def test_what_breaks_a_rule_is_refused_by_name(call, match):
    with pytest.raises(InvalidInputError, match=match):
        call()


def test_terms_are_refused_by_their_path():
    tree = dict.fromkeys(InterestTerms.__struct_fields__, "0.1")
    assert InterestTerms.parse("cash", tree).fee_share == UNIT // 10
    with pytest.raises(DocumentError, match=r"^cash\.rate_min must be <= 2, was 3$"):
        InterestTerms.parse("cash", tree | {"rate_min": "3"})
