"""What each event of the waterfall does to the books: nothing is made, and nothing is lost."""

import pytest

from hullmark.clearing import evolve
from hullmark.clearing._evolve_losses import exempt, holders
from hullmark.domain import SystemAccount, events

from .staged import BIDDER, OWNER, POOL, after_stages

FUND, BAD_DEBT = SystemAccount.FUND, SystemAccount.BAD_DEBT
USDT = 0
STARTED = 1  # of the stages: the owner, with 1000 USDT, is being liquidated


def after(*told, length=STARTED):
    state = after_stages(length)
    for event in told:
        evolve(state, event)
    return state


def moved(told, length=STARTED):
    """Return whose cash an event changes and by how much, and that the sum stays."""
    before, state = after_stages(length).ledger, after(told, length=length)
    accounts = (FUND, BAD_DEBT, POOL, OWNER, BIDDER)
    changed = {a: state.ledger.cash(a, USDT) - before.cash(a, USDT) for a in accounts}
    assert sum(changed.values()) == 0
    return {account: quanta for account, quanta in changed.items() if quanta}


def test_what_is_seized_goes_to_the_fund():
    seized = events.CollateralSeized(account=OWNER, asset="USDT", quanta=5)
    assert moved(seized) == {OWNER: -5, FUND: 5}


def test_fund_and_bad_debt_pay_their_parts_to_the_account():
    covered = events.DeficitCovered(
        account=OWNER,
        asset="USDT",
        fund_quanta=3,
        bad_debt_quanta=4,
        gap_quanta=7,
        latency_quanta=0,
        impact_quanta=0,
    )
    assert moved(covered) == {FUND: -3, BAD_DEBT: -4, OWNER: 7}


def test_closing_against_another_moves_lots_and_notes_what_it_cost_that_one():
    closed = events.Deleveraged(
        account=OWNER,
        counterparty=BIDDER,
        instrument="PERP",
        lots=-2,
        price_nano=10**9,
        cost_quanta=2_000,
        haircut_quanta=6,
        rank=1,
    )
    before, state = after_stages(STARTED), after(closed)
    number = state.ledger.instrument_index["PERP"]
    for account, lots in ((OWNER, -2), (BIDDER, 2)):
        held = before.ledger.position(account, number).lots
        assert state.ledger.position(account, number).lots == held + lots
    assert state.courses[OWNER].haircut_quanta == 6


def test_a_haircut_is_paid_by_its_payer_and_told_once():
    taken = events.HaircutTaken(account=OWNER, payer=BIDDER, asset="USDT", quanta=9)
    assert moved(taken) == {BIDDER: -9, OWNER: 9}
    told = events.DeficitCovered(
        account=OWNER,
        asset="USDT",
        fund_quanta=0,
        bad_debt_quanta=0,
        gap_quanta=9,
        latency_quanta=0,
        impact_quanta=0,
        haircut_quanta=9,
    )
    assert after(taken).courses[OWNER].haircut_quanta == 9
    assert after(taken, told).courses[OWNER].haircut_quanta == 0


def test_a_haircut_in_another_asset_explains_nothing_of_this_liquidation():
    taken = events.HaircutTaken(account=OWNER, payer=BIDDER, asset="BTC", quanta=0)
    assert OWNER not in after(taken).courses or not after(taken).courses[OWNER].haircut_quanta


def test_a_socialised_loss_is_borne_by_what_each_holds_to_the_quantum():
    """Pool and bidder hold 10**9 each, and the owner is whose loss it is; the odd one the first."""
    shared = events.LossSocialised(account=OWNER, asset="USDT", quanta=7, base_quanta=2 * 10**9)
    assert moved(shared) == {POOL: -4, BIDDER: -3, OWNER: 7}
    assert after(shared).losses == {(POOL, "USDT"): 4, (BIDDER, "USDT"): 3}
    assert after(shared, shared).losses[BIDDER, "USDT"] == 7  # who has more now than the pool


def test_whose_loss_it_is_does_not_share_it_nor_does_the_venue():
    state = after()
    assert holders(state, USDT, but=OWNER) == [(POOL, 10**9), (BIDDER, 10**9)]
    assert exempt(state, USDT, but=OWNER) == {OWNER}


@pytest.mark.parametrize(("quanta", "each"), [(7, (4, 3)), (5, (3, 2)), (2, (1, 1))])
def test_losses_are_paid_back_in_proportion_to_the_quantum(quanta, each):
    """Of 5 paid on 4 and 3, 2 6/7 are the first's, and 2 1/7 the other's."""
    shared = events.LossSocialised(account=OWNER, asset="USDT", quanta=7, base_quanta=2 * 10**9)
    repaid = events.LossesRepaid(asset="USDT", quanta=quanta)
    before, state = after(shared), after(shared, repaid)
    for account, part in zip((POOL, BIDDER), each, strict=True):
        gained = state.ledger.cash(account, USDT) - before.ledger.cash(account, USDT)
        lost = before.losses[account, "USDT"]
        assert (gained, state.losses.get((account, "USDT"), 0)) == (part, lost - part)
    assert before.ledger.cash(FUND, USDT) - state.ledger.cash(FUND, USDT) == quanta


def test_a_market_s_part_is_added_up_and_forgotten_at_zero():
    some = events.FundAllocated(instrument="PERP", asset="USDT", quanta=5)
    back = events.FundAllocated(instrument="PERP", asset="USDT", quanta=-10)
    assert moved(some) == {}
    assert after(some, some).allocations == {("PERP", "USDT"): 10}
    assert after(some, some, back).allocations == {}


def test_the_end_of_a_deleveraging_changes_nothing():
    ended = events.DeleveragingEnded(
        account=OWNER,
        instrument="PERP",
        policy="queue",
        lots=-2,
        left_lots=0,
        deficit_quanta=5,
        uncovered_quanta=0,
    )
    assert moved(ended) == {}


def test_a_loss_that_names_its_bearers_is_borne_by_them_alone():
    parts = (events.LossPart(payer=POOL, quanta=2), events.LossPart(payer=BIDDER, quanta=5))
    shared = events.LossSocialised(
        account=OWNER, asset="USDT", quanta=7, base_quanta=7, parts=parts
    )
    assert moved(shared) == {POOL: -2, BIDDER: -5, OWNER: 7}
    assert after(shared).losses == {(POOL, "USDT"): 2, (BIDDER, "USDT"): 5}
