"""What plans come to for all at once is what each comes to when it is asked alone, to the bit."""

import pytest
from hypothesis import given, settings, strategies as st

from hullmark.clearing import fill_at
from hullmark.clearing._after_plans import planned, shrinking
from hullmark.clearing._cases import case_of
from hullmark.liquidation import Plan

from .bank import ANN, BOB, CHILD, PORT, Bank, deposit, trade, transfer, tree

HOLDERS = (ANN, BOB, CHILD, PORT)


def crowded(**liquidation):
    """Return a bank where four accounts hold perpetuals, and three of them ether."""
    bank = Bank(tree(penalty="0.013", **liquidation)).found()
    bank.do(*(deposit(account, "300 USDT") for account in (ANN, BOB, PORT)))
    bank.do(transfer(ANN, CHILD, "100 USDT"))
    bank.do(trade(ANN, 9, "PERP", "100"), trade(BOB, 5, "ETHER", "10", seller=PORT))
    bank.do(trade(ANN, 3, "ETHER", "10"), trade(PORT, 4, "PERP", "100", seller=BOB))
    bank.do(trade(CHILD, 2, "PERP", "100"))
    bank.pass_time(1, usd="97.1", ETHER="9.87")
    return bank


def plans_for(cases, parts):
    return [
        Plan(
            account=case.account,
            lots=tuple(-position.lots * part // 100 for _, position in case.held),
            reason="as a test wants it",
        )
        for case, part in zip(cases, parts, strict=True)
    ]


@pytest.mark.parametrize(
    ("held", "lots", "kept"),
    [(5, -3, -3), (5, -9, -5), (5, 2, 0), (-5, 3, 3), (-5, 9, 5), (-5, -2, 0), (0, 4, 0)],
)
def test_what_is_more_than_there_is_or_grows_it_is_cut_back(held, lots, kept):
    assert shrinking(held, lots) == kept


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 99), min_size=4, max_size=4))
def test_all_at_once_is_each_alone(parts):
    bank = crowded()
    state, views = bank.state, bank.venue.views
    cases = [case_of(state, views, account) for account in HOLDERS]
    for case, made in zip(
        cases, planned(state, views, cases, plans_for(cases, parts)), strict=True
    ):
        if not any(made.lots):
            assert made.after is None
            continue
        fills = []
        for (number, _), lots in zip(case.held, made.lots, strict=True):
            if lots:
                price_nano = views.unwind(number).limit_nano(lots)
                fills.append(fill_at(state.ledger, number, lots, price_nano, fee_nano=13_000_000))
        alone = views.health_after(case.account, fills)
        if all(n == -position.lots for n, (_, position) in zip(made.lots, case.held, strict=True)):
            assert made.after is None
        else:
            assert made.after == (alone.health, alone.worst)


def test_what_closes_in_full_or_is_alone_is_not_worked_out():
    bank = crowded()
    state, views = bank.state, bank.venue.views
    cases = [case_of(state, views, account) for account in HOLDERS]
    assert [made.after for made in planned(state, views, cases, plans_for(cases, [100] * 4))] == [
        None
    ] * 4
    (alone,) = planned(state, views, cases[:1], plans_for(cases[:1], [50]))
    assert (alone.after, alone.lots) == (None, [-5, -2])


def test_a_sliding_limit_is_the_account_s_own():
    bank = crowded(limit="sliding")
    state, views = bank.state, bank.venue.views
    cases = [case_of(state, views, account) for account in HOLDERS]
    assert {m.after for m in planned(state, views, cases, plans_for(cases, [50] * 4))} == {None}
