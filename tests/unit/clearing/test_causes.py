"""Why a deficit arose and who pays it, in numbers worked by hand."""

import pytest
from hypothesis import given, strategies as st

from hullmark.clearing import Causes, Course, Episode, evolve, split_causes
from hullmark.core import nano
from hullmark.domain import SystemAccount, events

from .bank import (
    ANN,
    BOB,
    CHILD,
    FUND,
    deposit,
    fill,
    kinds,
    only,
    taken_in_hand,
    trade,
    transfer,
    withdraw,
)

USDT = 10**6
numbers = st.integers(-(10**15), 10**15)


@pytest.mark.parametrize(
    ("price", "penalty", "left"),
    [
        ("90", "7.2", "12.8"),  # 1 % of 720
        ("88.2", "5.6", "0"),  # 1 % is 7.056, and 5.6 is all there is
    ],
)
def test_a_penalty_takes_what_is_there_and_never_more(price, penalty, left):
    bank = taken_in_hand()
    done = bank.do(fill(1, -8, price))
    assert only(done, events.LiquidationFilled).penalty_quanta == int(float(penalty) * USDT)
    assert only(done, events.LiquidationEnded).cured
    assert (bank.cash(FUND), bank.cash(ANN)) == (penalty, left)


def test_a_penalty_is_rounded_up():
    bank = taken_in_hand()
    done = bank.do(fill(1, -1, "88.999999999", final=False))
    assert only(done, events.LiquidationFilled).penalty_quanta == 890_000  # of 88.999999 a nano


def test_the_causes_of_a_deficit_are_gap_oracle_and_impact():
    """Down to 87 at once: 4 are missing. The market is at 86, not at 87: 8. Filled at 85.5: 4."""
    bank = taken_in_hand(usd="87")
    bank.do(deposit(FUND, "10 USDT"))
    done = bank.do(fill(1, -8, "85.5", arrival="86"))
    assert kinds(done) == ["LiquidationFilled", "DeficitCovered", "LiquidationEnded"]
    assert only(done, events.LiquidationFilled).penalty_quanta == 0
    covered = only(done, events.DeficitCovered)
    assert covered.gap_quanta == 4 * USDT
    assert (covered.participation_quanta, covered.latency_quanta) == (0, 0)
    assert covered.oracle_quanta == 8 * USDT
    assert covered.impact_quanta == 4 * USDT
    assert (covered.fund_quanta, covered.bad_debt_quanta) == (10 * USDT, 6 * USDT)
    assert not only(done, events.LiquidationEnded).cured
    assert (bank.cash(ANN), bank.cash(FUND)) == ("0", "0")
    assert bank.venue.books().bad_debt["USDT"] == 6 * USDT


def test_a_deficit_that_was_none_at_the_trigger_has_no_gap():
    """20 left at 90; half arrives at 88 (8 lost), the rest waits till 87 (12) for 86 (4 more)."""
    bank = taken_in_hand()
    bank.do(fill(1, -4, "88.2", arrival="88"))  # 0.8 better than on arrival
    bank.pass_time(1, usd="87")
    assert bank.orders()[0].limit_nano == nano("88.2")  # the second order, before the fall
    done = bank.do(fill(2, 0, "86"))
    assert kinds(done) == ["LiquidationFilled", "LiquidationParked"]
    bank.pass_time(60, usd="87")
    done = bank.do(fill(3, -4, "85.5", arrival="86"))
    covered = only(done, events.DeficitCovered)
    # 4 x (88.2 - 100) + 4 x (85.5 - 100) = -105.2, and the penalty of the first fill was 3.528
    assert covered.fund_quanta == int(3.528 * USDT)  # the penalty, now in the fund
    assert covered.bad_debt_quanta == int(8.728 * USDT) - int(3.528 * USDT)
    assert covered.gap_quanta == 0
    assert (covered.participation_quanta, covered.latency_quanta) == (0, 0)  # 12, and 20 were there
    assert covered.oracle_quanta == 4 * USDT  # 24 lost on the way, of which 20 were there
    assert covered.impact_quanta == int(4.728 * USDT)  # 2.0 - 0.8 + 3.528 in depth and penalty


def test_bad_debt_never_counts_as_fund():
    bank = taken_in_hand(usd="87")
    bank.do(fill(1, -8, "87"))
    assert bank.venue.books().bad_debt["USDT"] == 4 * USDT
    bank.do(deposit(BOB, "100 USDT"), trade(BOB, 8, "PERP", "87"))
    bank.pass_time(1, usd="73")
    bank.do(deposit(FUND, "5 USDT"))
    covered = only(bank.do(fill(2, -8, "73")), events.DeficitCovered)
    assert (covered.fund_quanta, covered.bad_debt_quanta) == (5 * USDT, 7 * USDT)
    assert bank.venue.books().bad_debt["USDT"] == 11 * USDT
    assert bank.cash(SystemAccount.BAD_DEBT) == "-11"
    bank.check()


def test_a_parent_is_not_liable_for_its_child(bank):
    bank.do(deposit(ANN, "200 USDT"), transfer(ANN, CHILD, "100 USDT"))
    bank.do(trade(CHILD, 8, "PERP", "100"))
    bank.pass_time(1, usd="85")
    covered = only(bank.do(fill(1, -8, "85")), events.DeficitCovered)
    assert (covered.account, covered.bad_debt_quanta) == (CHILD, 20 * USDT)
    assert (bank.cash(ANN), bank.cash(CHILD)) == ("100", "0")
    bank.do(withdraw(ANN, "100 USDT"))


def test_what_the_account_had_pays_for_waiting_first_then_for_latency_then_for_the_oracle(bank):
    """10 at the trigger; 6 lost by waiting, 7 by latency, 4 by the oracle, and 3 by impact."""
    episode, course = Episode("USDT", 10, {}, latency_quanta=7), Course(participation_quanta=6)
    assert split_causes(6, episode, "USDT", course=course) == Causes(0, 0, 3, 0, 3)
    course = Course(participation_quanta=6, oracle_quanta=4)
    assert split_causes(10, episode, "USDT", course=course) == Causes(0, 0, 3, 4, 3)


@given(
    st.lists(numbers, min_size=6, max_size=6),
    st.integers(0, 10**15),
    st.sampled_from(["USDT", "BTC"]),
)
def test_causes_add_up_to_the_quantum_whatever_the_numbers(lost, deficit, asset):
    net, latency, impact, waiting, oracle, elsewhere = lost
    episode = Episode("USDT", net, {}, latency_quanta=latency, impact_quanta=impact)
    course = Course(participation_quanta=waiting, oracle_quanta=oracle)
    causes = split_causes(deficit, episode, asset, course=course, elsewhere_quanta=elsewhere)
    assert sum(causes) == deficit
    assert causes.gap >= 0


def test_a_deficit_without_a_history_is_all_gap():
    assert split_causes(70, None, "USDT") == Causes(70, 0, 0, 0, 0)
    other = Episode("BTC", -10, {}, latency_quanta=5)
    assert split_causes(70, other, "USDT") == Causes(70, 0, 0, 0, 0)


def test_what_was_lost_in_another_asset_explains_nothing(bank):
    """A fill that is settled in bitcoin moves no quantum of a deficit in USDT."""
    bank.do(deposit(ANN, "100 USDT"))
    started = events.LiquidationStarted(
        account=ANN, asset="USDT", net_quanta=-5, trigger_nano={"INVERSE": nano("100")}
    )
    order = events.LiquidationOrdered(
        order=1,
        account=ANN,
        instrument="INVERSE",
        lots=-100,
        limit_nano=1,
        deadline_ns=bank.now_ns,
        notional_nano=0,
    )
    filled = events.LiquidationFilled(
        order=1,
        account=ANN,
        counterparty=BOB,
        instrument="INVERSE",
        lots=-100,
        price_nano=nano("100"),
        cost_quanta=-(10**8),
        penalty_quanta=0,
        latency_quanta=70,
        impact_quanta=30,
        final=True,
    )
    state = bank.venue.state
    for event in (started, order, filled):
        evolve(state, event)
    episode = state.episodes[ANN]
    assert (episode.latency_quanta, episode.impact_quanta, episode.rounds) == (0, 0, 1)
