"""What was paid in and what was gained, and how gains grow old: worked by hand, and as laws.

Gains have a season of an hour. Ann pays in 100 USDT and buys perpetuals of Bob's at 100; who sells
at a higher price has a gain in cash.
"""

from hypothesis import given, settings, strategies as st

from hullmark.clearing._seasons import all_gains, gains_of, paid_in
from hullmark.clearing._stage_facts import Season
from hullmark.domain import commands

from .bank import (
    ANN,
    BOB,
    FUND,
    MAKER,
    Bank,
    adjust,
    adopt,
    deposit,
    opened,
    trade,
    transfer,
    tree,
    withdraw,
)

POOL = 150
USDT = 10**6
HOUR = 3_600


def seasoned(season="3600"):
    rules = tree()
    rules["waterfall"] = {"season_s": season}
    bank = Bank(rules).found()
    bank.do(deposit(ANN, "100 USDT"), deposit(BOB, "1000 USDT"))
    return bank


def gain(bank, dollars, account=ANN, other=BOB):
    """Let one account gain by what another loses, a lot at a time of a price."""
    bank.do(trade(account, 1, "ETHER", "10", seller=other))
    bank.do(trade(other, 1, "ETHER", str(10 + dollars), seller=account))


def hours(bank, count=1):
    for _ in range(count):
        bank.now_ns += HOUR * 10**9
        bank.do(bank.said(), commands.AdvanceTime())


def found(bank, account=ANN):
    return tuple(n / USDT for n in gains_of(bank.state, account, "USDT"))


def paid(bank, account=ANN):
    season = bank.state.seasons.get((account, "USDT"), Season())
    return season.paid_quanta / USDT


def test_what_is_paid_in_is_no_gain():
    bank = seasoned()
    hours(bank, 3)
    assert (paid(bank), found(bank)) == (100, (0, 0))


def test_a_gain_is_young_until_a_whole_season_lies_between_two_notes():
    bank = seasoned()
    gain(bank, 7)
    assert found(bank) == (0, 7)
    hours(bank)
    assert found(bank) == (0, 7), "noted now, for the first time"
    hours(bank)
    assert found(bank) == (7, 0)
    gain(bank, 5)
    assert found(bank) == (7, 5)


def test_no_note_is_taken_before_a_season_has_passed():
    bank = seasoned()
    gain(bank, 7)
    for _ in range(3):
        bank.pass_time(HOUR / 4)
    assert bank.state.seasons[ANN, "USDT"].newer_quanta == 0
    bank.pass_time(HOUR / 4)
    assert bank.state.seasons[ANN, "USDT"].newer_quanta == 7 * USDT


def test_a_loss_takes_from_the_young_gain_first_and_what_is_gained_again_is_young():
    bank = seasoned()
    gain(bank, 7)
    hours(bank, 2)
    gain(bank, 3)
    gain(bank, 6, BOB, ANN)
    assert found(bank) == (4, 0)
    hours(bank)
    gain(bank, 5)
    assert found(bank) == (4, 5)


def test_a_withdrawal_is_of_what_was_paid_in_and_then_of_the_oldest_gain():
    bank = seasoned()
    gain(bank, 7)
    hours(bank, 2)
    gain(bank, 3)
    bank.do(withdraw(ANN, "90 USDT"))
    assert (paid(bank), found(bank)) == (10, (7, 3))
    bank.do(withdraw(ANN, "15 USDT"))
    assert (paid(bank), found(bank)) == (0, (2, 3))
    bank.do(withdraw(ANN, "5 USDT"))
    assert (ANN, "USDT") not in bank.state.seasons


def test_a_gain_does_not_grow_old_on_its_way_to_another_account():
    bank = seasoned()
    gain(bank, 7)
    hours(bank, 2)
    bank.do(transfer(ANN, MAKER, "102 USDT"))
    assert (paid(bank), found(bank)) == (0, (5, 0))
    assert paid(bank, MAKER) == 1_000_100
    assert found(bank, MAKER) == (0, 2)


def test_when_the_rules_begin_to_have_a_season_all_that_is_there_is_paid_in():
    bank = Bank().found()
    bank.do(deposit(ANN, "100 USDT"), deposit(BOB, "1000 USDT"))
    gain(bank, 7)
    assert (bank.state.seasons, bank.state.season_ns) == ({}, 0)
    rules = tree()
    rules["waterfall"] = {"season_s": "60"}
    bank.do(adopt(rules))
    assert (paid(bank), found(bank)) == (107, (0, 0))
    bank.do(adopt(tree()))
    assert (bank.state.seasons, bank.state.season_ns) == ({}, 0)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("gain"), st.integers(1, 9), st.booleans()),
        st.tuples(st.just("out"), st.integers(1, 40), st.booleans()),
        st.tuples(st.just("over"), st.integers(1, 40), st.booleans()),
        st.tuples(st.just("hour"), st.integers(1, 2), st.booleans()),
    ),
    max_size=12,
)


@given(STEPS)
@settings(max_examples=40, deadline=None)
def test_paid_in_and_gains_are_never_more_than_there_is(steps):
    bank = seasoned()
    for kind, size, first in steps:
        one, other = (ANN, BOB) if first else (BOB, ANN)
        if kind == "gain":
            bank.venue.submit(trade(one, 1, "ETHER", "10", seller=other))
            bank.venue.submit(trade(other, 1, "ETHER", str(10 + size), seller=one))
        elif kind == "out":
            bank.venue.submit(withdraw(one, f"{size} USDT"))
        elif kind == "over":
            bank.venue.submit(transfer(one, other, f"{size} USDT"))
        else:
            hours(bank, size)
    for account in (ANN, BOB):
        old, young = gains_of(bank.state, account, "USDT")
        cash = bank.state.ledger.cash(account, 0)
        assert 0 <= old <= old + young <= max(cash, 0)
    total = all_gains(bank.state, "USDT")
    parts = [gains_of(bank.state, account, "USDT") for account in bank.state.modes]
    assert total == tuple(sum(column) for column in zip(*parts, strict=True))


def test_what_is_paid_in_is_noted_where_gains_share_losses_and_nothing_grows_old():
    rules = tree()
    rules["waterfall"] = {"steps": ["socialised", "bad-debt"], "socialised_by": "gains"}
    bank = Bank(rules).found()
    bank.do(deposit(ANN, "100 USDT"), deposit(BOB, "1000 USDT"))
    gain(bank, 7)
    hours(bank, 3)
    assert (paid(bank), paid_in(bank.state, ANN, "USDT")) == (100, 100 * USDT)
    assert found(bank) == (0, 7)
    bank.do(withdraw(ANN, "30 USDT"), transfer(BOB, ANN, "5 USDT"))
    assert (paid(bank), paid(bank, BOB)) == (75, 995)


def test_nothing_is_noted_of_who_has_nothing_or_is_no_user():
    bank = Bank().found()
    bank.do(deposit(ANN, "100 USDT"))
    rules = tree()
    rules["waterfall"] = {"season_s": "60"}
    bank.do(adopt(rules), deposit(FUND, "5 USDT"))
    known = {(MAKER, "USDT"), (MAKER, "USDC"), (MAKER, "BTC"), (ANN, "USDT")}
    assert set(bank.state.seasons) == known


def pooled():
    """Return a bank with a pool that Bob has given 300 of his 1000, and Ann with 100 and a gain."""
    rules = tree()
    rules["waterfall"] = {"season_s": "3600"}
    rules["pools"] = {"vault": {"account": POOL, "asset": "USDT"}}
    bank = Bank(rules).found()
    bank.do(opened(POOL), deposit(ANN, "100 USDT"), deposit(BOB, "1000 USDT"), joined(BOB, 300))
    gain(bank, 7, other=MAKER)
    return bank


def joined(account, usdt):
    return commands.JoinPool(pool="vault", account=account, quanta=usdt * USDT)


def left(account, usdt):
    return commands.LeavePool(pool="vault", account=account, quanta=usdt * USDT)


def test_a_gain_that_goes_through_a_pool_comes_back_as_a_gain():
    """Ann takes out what she has paid in, and her 7 go in and out beside the 300 of Bob's."""
    bank = pooled()
    bank.do(withdraw(ANN, "100 USDT"), joined(ANN, 7), left(ANN, 7))
    assert (paid(bank), found(bank)) == (0, (0, 7))
    bank.do(left(BOB, 300))
    assert (paid(bank, BOB), found(bank, BOB)) == (1000, (0, 0))


def test_what_a_member_has_lost_in_a_pool_is_still_what_it_paid_in():
    """Bob has 300 there, of which the operator takes 60: he gets 240, and comes again with them."""
    bank = pooled()
    bank.do(adjust(POOL, MAKER, "60 USDT"), left(BOB, 240))
    assert paid(bank, BOB) == 940
    assert bank.venue.pool("vault").stakes == {}
    bank.do(joined(BOB, 240), deposit(POOL, "60 USDT"), left(BOB, 300))
    assert (paid(bank, BOB), found(bank, BOB)) == (1000, (0, 0))
