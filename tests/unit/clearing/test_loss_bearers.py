"""Who bears a loss, and by how much, is what evolving the events takes from them."""

import pytest
from hypothesis import given, settings, strategies as st

from hullmark.clearing import evolve
from hullmark.clearing._loss_bearers import bearers, borne_by
from hullmark.domain import events

from .bank import ANN, BOB, MAKER, PORT, Bank, deposit, opened, trade, tree

USDT, CLEO = 0, 110


def small():
    """Return a bank in which three hold seven, five and three quanta, and the maker none."""
    found = Bank()
    found.do(*(opened(account) for account in (MAKER, BOB, ANN, PORT, CLEO)), found.said())
    found.do(deposit(BOB, "0.000007 USDT"), deposit(ANN, "0.000005 USDT"))
    found.do(deposit(CLEO, "0.000003 USDT"))
    return found


def shared(quanta, base):
    return events.LossSocialised(account=PORT, asset="USDT", quanta=quanta, base_quanta=base)


def taken_from(state, told):
    """Return what some events take from each account: cash, and what its positions gained."""

    def worth(account):
        positions = sum(position.quote for _, position in state.ledger.positions(account))
        return state.ledger.cash(account, USDT) + positions

    accounts = (BOB, ANN, CLEO, MAKER)
    before = {account: worth(account) for account in accounts}
    for event in told:
        evolve(state, event)
    return {account: before[account] - worth(account) for account in accounts}


@settings(max_examples=30)
@given(st.integers(1, 15), st.integers(0, 6))
def test_a_bidder_bears_its_part_of_a_shared_loss_to_the_quantum(quanta, haircut):
    state = small().state
    cut = events.HaircutTaken(account=PORT, payer=BOB, asset="USDT", quanta=haircut)
    told = (cut, shared(quanta - min(quanta - 1, haircut), 15 - haircut))
    found = {account: borne_by(state, account, USDT, told) for account in (BOB, ANN, CLEO, MAKER)}
    assert found == taken_from(state, told)


def test_the_largest_remainder_is_the_bidders_to_bear():
    """Of 4 the holders of 7, 5 and 3 bear 1.87, 1.33 and 0.8: the first and the last one more."""
    state = small().state
    found = [borne_by(state, a, USDT, [shared(4, 15)]) for a in (BOB, ANN, CLEO, MAKER)]
    assert found == [2, 1, 1, 0]


def test_a_gain_that_is_realised_for_a_haircut_shares_the_loss_that_follows():
    found = small()
    found.do(deposit(MAKER, "1000 USDT"), deposit(ANN, "100 USDT"), trade(ANN, 1, "ETHER", "10"))
    state = found.state
    cut = events.HaircutTaken(
        account=PORT, payer=ANN, asset="USDT", quanta=4, realised_quanta={"ETHER": 9}
    )
    told = (cut, shared(500, 1_100_000_015 + 9))
    wanted = borne_by(state, ANN, USDT, told)
    assert wanted == taken_from(state, told)[ANN]
    assert wanted > 4


@pytest.mark.parametrize("account", [BOB, MAKER])
def test_what_the_fund_pays_costs_a_bidder_nothing(account):
    covered = events.DeficitCovered(
        account=PORT,
        asset="USDT",
        fund_quanta=3,
        bad_debt_quanta=4,
        gap_quanta=7,
        latency_quanta=0,
        impact_quanta=0,
    )
    assert borne_by(small().state, account, USDT, [covered]) == 0


def test_the_base_of_a_shared_loss_is_what_its_bearers_have_by_then():
    found = small()
    found.do(deposit(MAKER, "1000 USDT"), deposit(ANN, "100 USDT"), trade(ANN, 1, "ETHER", "10"))
    state, realised = found.state, {"ETHER": 9}
    cuts = [
        events.HaircutTaken(
            account=PORT, payer=ANN, asset="USDT", quanta=4, realised_quanta=realised
        ),
        events.HaircutTaken(account=PORT, payer=CLEO, asset="USDT", quanta=3),
    ]
    wanted = bearers(state, found.venue.views, USDT, PORT, cuts)
    for event in cuts:
        evolve(state, event)
    assert wanted == bearers(state, found.venue.views, USDT, PORT, [])
    assert CLEO not in wanted


def test_the_staked_backstop_pays_itself_what_it_pays_as_a_step():
    rules = tree()
    rules["pools"] = {"stakers": {"account": BOB, "asset": "USDT"}}
    rules["waterfall"] = {"steps": ["fund", "backstop", "bad-debt"], "backstop": "stakers"}
    bank = Bank(rules).found()
    bank.do(deposit(BOB, "1 USDT"))
    covered = events.DeficitCovered(
        account=PORT,
        asset="USDT",
        fund_quanta=3,
        bad_debt_quanta=0,
        backstop_quanta=5,
        gap_quanta=8,
        latency_quanta=0,
        impact_quanta=0,
    )
    assert [borne_by(bank.state, a, USDT, [covered]) for a in (BOB, ANN)] == [5, 0]


def test_whoever_has_gained_shares_no_more_than_it_is_worth_in_all():
    """Ann has gained 100 USDT and owes 40 USDC besides; Bob has what he paid in."""
    rules = tree()
    rules["waterfall"] = {"steps": ["socialised", "bad-debt"], "socialised_by": "gains"}
    bank = Bank(rules).found()
    bank.do(deposit(BOB, "1000 USDT"))
    views, index = bank.venue.views, bank.state.ledger.asset_index
    bank.state.ledger.move(MAKER, ANN, USDT, 100 * 10**6)
    assert bearers(bank.state, views, USDT, PORT, []) == {ANN: 100 * 10**6}
    bank.state.ledger.move(ANN, MAKER, index["USDC"], 40 * 10**6)
    assert bearers(bank.state, views, USDT, PORT, []) == {ANN: 60 * 10**6}
