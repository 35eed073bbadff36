"""The arithmetic of Derive's auction: the venue's own tests, its published cases, and its laws."""

from fractions import Fraction

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from hullmark.errors import DocumentError, InvalidInputError
from hullmark.rulebooks.derive import (
    AUCTION_TERMS,
    UNIT,
    AuctionMargins,
    AuctionTerms,
    auction_discount_trunc,
    auction_margins,
    insolvent_price_trunc,
    liquidation_fee_trunc,
    max_share_trunc,
    solvent_price_trunc,
)

# `getDefaultAuctionParam` of test/config-test.sol and of the unit tests, commit bcf94bd1.
TESTED = AuctionTerms(
    start=UNIT,
    cutoff=8 * UNIT // 10,
    fast_s=600,
    slow_s=7_200,
    insolvent_s=600,
    buffer=UNIT // 10,
)
# What the published simulations ran on, found from their numbers: 0.98 to 0.8 over 100 s.
SIMULATED = AuctionTerms(
    start=98 * UNIT // 100,
    cutoff=8 * UNIT // 10,
    fast_s=100,
    slow_s=14_400,
    insolvent_s=600,
    fee_share=2 * UNIT // 100,
    buffer=2 * UNIT // 10,
)

amounts = st.integers(UNIT // 100, 10**30)
shares = st.integers(0, UNIT)
terms = st.builds(
    lambda start, cutoff, fast_s, slow_s, buffer: AuctionTerms(
        start=max(start, cutoff),
        cutoff=min(start, cutoff),
        fast_s=fast_s,
        slow_s=slow_s,
        insolvent_s=fast_s,
        buffer=buffer,
    ),
    start=shares,
    cutoff=shares,
    fast_s=st.integers(0, 10_000),
    slow_s=st.integers(0, 100_000),
    buffer=st.integers(0, 4 * UNIT),
)


def usd(amount):
    return amount * UNIT


def max_share(margins, discount, reserved=0, of=TESTED):
    return max_share_trunc(
        of, mtm=margins.mtm, buffer_margin=margins.buffer, discount=discount, reserved=reserved
    )


# derivexyz/v2-core, test/auction/unit-tests/SolventAuction.t.sol, commit bcf94bd1.
def test_shares_and_prices_reproduce_the_venues_own_tests():
    margins = auction_margins(TESTED, maintenance=usd(-100), mtm=usd(300))
    assert margins == AuctionMargins(usd(-100), usd(-140), usd(300))
    assert auction_discount_trunc(TESTED, 0) == UNIT
    assert max_share(margins, UNIT) // 10**15 == 318
    half = auction_discount_trunc(TESTED, 300)
    assert solvent_price_trunc(mtm=usd(300), discount=half) == usd(270)
    assert max_share(margins, half) // 10**15 == 341


# The same file, testPercentageCappedRaceCondition: 1440 of the 5640 are reserved cash.
def test_a_share_beside_reserved_cash_reproduces_the_venues_own_test():
    without = replace(TESTED, buffer=0)
    margins = auction_margins(without, maintenance=usd(-5_560), mtm=usd(5_640))
    share = max_share(margins, without.cutoff, usd(1_440), without)
    assert share // 10**14 == 5_366


# test/integration-tests/liquidation/SRM_liquidation.t.sol, test_BMAfterLiquidation, 65102003.
def test_the_share_of_a_short_perpetual_reproduces_the_venues_own_test():
    of = replace(TESTED, start=8 * UNIT // 10, buffer=5 * UNIT // 100)
    margins = auction_margins(of, maintenance=-2_175 * UNIT // 100, mtm=usd(30))
    assert abs(margins.buffer + 2_433 * UNIT // 100) < UNIT // 100
    assert max_share(margins, auction_discount_trunc(of, 0), of=of) // 10**14 == 5_034


# test/integration-tests/liquidation/PMRM_solvent.json, commit aa303333, a double-precision model
# of the venue, in 1e-18: seconds, value, maintenance and buffer margin, reserved cash, the largest
# share, the share taken and what it paid.
PUBLISHED = [
    (0, 119306330180774723584, -103090619490529640448, -147570009424790470656, 0,
     557941285425569408, 557941285425569408, 65234608676059463680),
    (30, 119308718797352435712, -103087867828868841472, -147567185154113110016, 0,
     571861527362324864, 150000000000000000, 16571981040952252416),
    (30, 118425834278252019712, -81731093685347155968, -121762479278066974720,
     11047987360634836992, 524290585958138816, 111111111111111120, 11047987360634836992),
    (600, 118466691793233494016, -81684028137284435968, -121714172123388018688,
     11047987360634836992, 564240540466009600, 555555555555555584, 46083950358429671424),
    (30, 117242769022657511424, -53113016333027983360, -87184173404165079040,
     25852290423885518848, 441072490029144640, 441072490029144640, 37326898839437451264),
    (30, 49676257126374711296, -11937343466544234496, -24260063585128022016, 0,
     345288467178951872, 345288467178951872, 15883343416155256832),
    (30, 115942800866837053440, -21667084620558540800, -49189061718037659648,
     42119459508881989632, 308069078171682880, 308069078171682880, 21059729754440986624),
]  # fmt: skip


@pytest.mark.parametrize("case", PUBLISHED)
def test_a_solvent_sale_reproduces_the_published_case(case):
    elapsed_s, mtm, maintenance, buffer, reserved, most, taken, paid = case
    margins = auction_margins(SIMULATED, maintenance=maintenance, mtm=mtm)
    discount = auction_discount_trunc(SIMULATED, elapsed_s)
    assert margins.buffer == pytest.approx(buffer, rel=1e-14)
    # 500 s of the slow leg are cut to a whole number times 0.8, which is 400 exactly.
    assert max_share(margins, discount, reserved, SIMULATED) == pytest.approx(most, rel=1e-14)
    price = solvent_price_trunc(mtm=mtm, discount=discount, reserved=reserved)
    assert price * taken // UNIT == pytest.approx(paid, rel=1e-14)


# The same file, Test1: the numbers are those after the fee, which lowered each by as much.
def test_a_fee_reproduces_the_published_case():
    fee, mtm, maintenance = 1322084630165343000, 119306330180774723584, -103090619490529640448
    before = auction_margins(SIMULATED, maintenance=maintenance + fee, mtm=mtm + fee)
    found = liquidation_fee_trunc(SIMULATED, mtm=before.mtm, buffer_margin=before.buffer)
    assert found == pytest.approx(fee, rel=1e-13)


def test_the_slow_leg_moves_by_whole_seconds_of_the_cutoff():
    at = [auction_discount_trunc(TESTED, 600 + s) for s in range(6)]
    assert at[0] == at[1] == 8 * UNIT // 10
    step = UNIT // 7_200
    assert at[2] == at[0] - step  # 0.8 x 2 = 1.6, cut to 1
    assert at[3] == at[0] - 2 * UNIT // 7_200
    assert at[5] == at[0] - 4 * UNIT // 7_200
    assert auction_discount_trunc(TESTED, 600 + 3_600) == 4 * UNIT // 10


@given(terms, st.integers(0, 120_000), st.integers(0, 120_000))
def test_the_discount_never_rises_and_ends_at_nothing(of, earlier, later):
    earlier, later = sorted((earlier, later))
    first, second = auction_discount_trunc(of, earlier), auction_discount_trunc(of, later)
    assert of.start >= first >= second >= 0
    assert auction_discount_trunc(of, of.fast_s + of.slow_s) == 0


@given(terms, amounts, amounts, st.integers(1, UNIT), st.integers(0, UNIT - 1))
def test_the_largest_share_leaves_no_buffer_margin_but_for_rounding(
    of, mtm, requirement, discount, kept
):
    reserved = mtm * kept // UNIT
    margins = auction_margins(of, maintenance=mtm - mtm * 2 - requirement, mtm=mtm)
    share = Fraction(max_share(margins, discount, reserved, of), UNIT)
    price = solvent_price_trunc(mtm=mtm, discount=discount, reserved=reserved)
    after = (1 - share) * (margins.buffer - reserved) + reserved + price * share
    size = abs(margins.buffer) + mtm + reserved
    assert -(Fraction(size, UNIT) + 3) <= after <= 3


@given(terms, amounts, amounts, amounts, st.integers(UNIT // 1_000, UNIT))
def test_a_worse_scenario_never_sells_less(of, mtm, requirement, more, discount):
    milder = auction_margins(of, maintenance=mtm - requirement, mtm=mtm)
    worse = auction_margins(of, maintenance=mtm - requirement - more, mtm=mtm)
    assert max_share(worse, discount, of=of) >= max_share(milder, discount, of=of)


@given(terms, st.integers(-(10**30), 10**30), amounts, amounts, st.integers(0, 20_000))
def test_a_worse_scenario_is_never_paid_less(of, mtm, requirement, more, elapsed_s):
    milder, worse = (
        insolvent_price_trunc(of, mtm=mtm, maintenance=mtm - lacking, elapsed_s=elapsed_s)
        for lacking in (requirement, requirement + more)
    )
    assert worse <= milder <= 0


@given(terms, st.integers(-(10**30), 10**30), amounts, st.integers(0, 20_000))
def test_an_insolvent_price_lies_between_value_and_margin(of, mtm, requirement, elapsed_s):
    maintenance = mtm - requirement
    price = insolvent_price_trunc(of, mtm=mtm, maintenance=maintenance, elapsed_s=elapsed_s)
    assert min(maintenance, 0) <= price <= 0
    assert price <= min(mtm, 0) or maintenance >= 0
    later = insolvent_price_trunc(of, mtm=mtm, maintenance=maintenance, elapsed_s=elapsed_s + 1)
    assert later <= price


# test/auction/unit-tests/InsolventAuction.t.sol, commit 42366c47, where the payout began at nothing
# whatever the value: 2% and 50% of 300.
def test_an_insolvent_price_from_nothing_reproduces_the_venues_own_test():
    case = {"mtm": 0, "maintenance": usd(-300)}
    assert insolvent_price_trunc(TESTED, **case, elapsed_s=12) == usd(-6)
    assert insolvent_price_trunc(TESTED, **case, elapsed_s=300) == usd(-150)
    assert insolvent_price_trunc(TESTED, **case, elapsed_s=600) == usd(-300)
    for maintenance in (0, usd(100)):
        price = insolvent_price_trunc(TESTED, mtm=-5, maintenance=maintenance, elapsed_s=12)
        assert price == 0


def test_an_insolvent_price_is_cut_towards_zero():
    of = replace(TESTED, insolvent_s=3)
    assert insolvent_price_trunc(of, mtm=-1, maintenance=-3, elapsed_s=1) == -1  # -2 / 3 is cut
    assert insolvent_price_trunc(of, mtm=-1, maintenance=-3, elapsed_s=2) == -2


def test_an_account_below_the_cutoff_may_be_bought_whole():
    of = replace(TESTED, mtm_cutoff=usd(100))
    assert max_share_trunc(of, mtm=usd(99), buffer_margin=usd(-1), discount=UNIT) == UNIT
    assert max_share_trunc(of, mtm=usd(100), buffer_margin=usd(-25), discount=UNIT) == UNIT // 5


def test_a_buffer_margin_above_zero_sells_nothing():
    assert max_share_trunc(TESTED, mtm=usd(1), buffer_margin=usd(5), discount=UNIT) == 0


def test_the_terms_of_the_script_are_read_from_text():
    tree = {
        "start": "0.95",
        "cutoff": "0.7",
        "fast_s": "900",
        "slow_s": "43200",
        "insolvent_s": "3600",
        "fee_share": "0.1",
        "buffer": "0.15",
        "mtm_cutoff": "0",
    }
    assert AuctionTerms.parse("auction", tree) == AUCTION_TERMS
    for key, value, said in (
        ("cutoff", "0.96", "auction.cutoff must be <= 0.95, was 0.96"),
        ("fee_share", "0.11", "auction.fee_share must be <= 0.1, was 0.11"),
        ("buffer", "4.1", "auction.buffer must be <= 4, was 4.1"),
        ("mtm_cutoff", "1001", "auction.mtm_cutoff must be <= 1000, was 1001"),
        ("start", "1.1", "auction.start must be <= 1, was 1.1"),
        ("fast_s", "0.5", "auction.fast_s must be a whole number of seconds, was '0.5'"),
        ("slow_s", "-1", "auction.slow_s must be a whole number >= 0, was -1"),
    ):
        with pytest.raises(DocumentError) as refused:
            AuctionTerms.parse("auction", tree | {key: value})
        assert str(refused.value) == said


@pytest.mark.parametrize(
    ("mtm", "buffer_margin", "discount"),
    [(0, 0, UNIT), (5, 0, 0), (-3, -1, UNIT)],
)
def test_a_denominator_that_is_not_below_zero_is_refused(mtm, buffer_margin, discount):
    of = replace(TESTED, mtm_cutoff=-10)
    with pytest.raises(InvalidInputError, match="must be < 0, was"):
        max_share_trunc(of, mtm=mtm, buffer_margin=buffer_margin, discount=discount)


def test_a_worthless_account_at_its_target_sells_nothing():
    of = replace(TESTED, mtm_cutoff=-10)
    assert max_share_trunc(of, mtm=-3, buffer_margin=0, discount=UNIT) == 0
