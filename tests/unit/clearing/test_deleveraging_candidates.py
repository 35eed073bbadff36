"""Who may be deleveraged: in columns and one by one, what each account has is the same quantum."""

import time

import pytest

from hullmark.clearing import _deleveraging_candidates as module, evolve
from hullmark.clearing._deleveraging_candidates import candidates_of
from hullmark.domain import Mode, commands, events
from hullmark.ledger import MICRO
from hullmark.waterfall import Candidate

from .bank import ANN, BOB, MAKER, Bank, deposit, trade, tree

ODD = "112.916123457"  # a price with nine decimals, as a weighted one has


def crowded():
    """Return a venue in which Ann is long what Bob is short; he has another leg as well."""
    bank = Bank(tree()).found()
    bank.do(
        deposit(ANN, "200 USDT"),
        deposit(BOB, "1000 USDT"),
        trade(ANN, 7, "PERP", "100.000001", seller=BOB),
        trade(ANN, 5, "ETHER", "10", seller=BOB),
        commands.AccrueFunding(instrument="PERP", rate_nano=12_345),
    )
    bank.pass_time(1, usd=ODD)
    return bank


def asked(bank, side):
    number = bank.state.ledger.instrument_index["PERP"]
    return candidates_of(bank.state, bank.venue.views, number, side=side)


def test_longs_are_valued_at_the_mark_less_the_funding_that_they_owe():
    bank = crowded()
    ledger = bank.state.ledger
    index = ledger.funding_micro[ledger.instrument_index["PERP"]]
    (ann,) = asked(bank, 1)
    owed = -(-7 * index // MICRO)
    gain = 7 * 112_916_123_457 // 1_000 - 700_000_007 - owed
    assert ann == Candidate(ANN, 7, -700_000_007, ledger.cash(ANN, 0) + gain, gain)


@pytest.mark.parametrize("side", [1, -1])
def test_columns_and_single_accounts_agree_to_the_quantum(side, monkeypatch):
    bank = crowded()
    in_columns = asked(bank, side)
    assert in_columns
    monkeypatch.setattr(module, "_ROOM", 0)
    assert asked(bank, side) == in_columns


def test_prices_of_many_digits_do_not_leave_the_columns(monkeypatch):
    bank = crowded()

    def refuse(*_):
        raise AssertionError("columns hold such prices")

    monkeypatch.setattr(module, "_one_by_one", refuse)
    assert [c.account for c in asked(bank, -1)] == [BOB]


def test_an_account_with_an_order_at_work_is_left_out():
    bank = crowded()
    bank.pass_time(1, usd="75")
    assert ANN in bank.state.working_of
    assert asked(bank, 1) == []
    assert [c.account for c in asked(bank, -1)] == [BOB]


def counted_singly(monkeypatch):
    """Return a list of the accounts that are counted one by one from now on."""
    singly, one_by_one = [], module._one_by_one

    def noted(state, views, accounts, *rest):
        singly.extend(accounts)
        return one_by_one(state, views, accounts, *rest)

    monkeypatch.setattr(module, "_one_by_one", noted)
    return singly


@pytest.mark.parametrize("side", [1, -1])
def test_cash_in_another_asset_is_counted_singly_and_is_no_gain(side, monkeypatch):
    bank = crowded()
    (before,) = asked(bank, side)
    bank.do(deposit(before.account, "3 GOLD"))
    singly = counted_singly(monkeypatch)
    (after,) = asked(bank, side)
    assert before.account in singly
    assert after.gain_quanta == before.gain_quanta
    assert after.net_quanta == before.net_quanta + 150_000_000  # three ounces at 50


def test_a_position_that_settles_in_another_asset_is_worth_something_and_no_gain():
    bank = crowded()
    (before,) = asked(bank, -1)
    bank.do(trade(BOB, 100, "INVERSE", ODD))
    (after,) = asked(bank, -1)
    assert (after.lots, after.gain_quanta) == (before.lots, before.gain_quanta)


def test_numbers_that_would_run_over_a_column_are_counted_singly(monkeypatch):
    bank = crowded()
    singly = counted_singly(monkeypatch)
    asked(bank, -1)
    assert not singly
    event = events.Traded(
        instrument="PERP",
        buyer=MAKER,
        seller=BOB,
        lots=2**40,
        price_nano=10**9,
        cost_quanta=2**40,
    )
    evolve(bank.state, event)
    bank.venue.views.apply(event)
    (bob,) = asked(bank, -1)
    assert BOB in singly
    assert bob.lots == -7 - 2**40


def test_funding_that_would_run_over_a_column_is_counted_singly(monkeypatch):
    """A tenth of 100 is owed 2**20 times: in millionths of quanta that is more than 2**63."""
    bank, lots = Bank(tree()).found(), 2**20
    singly = counted_singly(monkeypatch)
    terms = {"price_nano": 10**11, "cost_quanta": lots * 10**8}
    event = events.Traded(instrument="PERP", buyer=ANN, seller=BOB, lots=lots, **terms)
    evolve(bank.state, event)
    bank.venue.views.apply(event)
    assert [c.gain_quanta for c in asked(bank, -1)] == [0]
    assert not singly
    event = events.FundingAccrued(
        instrument="PERP", rate_nano=10**8, price_nano=10**11, step_micro=10**13
    )
    evolve(bank.state, event)
    bank.venue.views.apply(event)
    assert [c.gain_quanta for c in asked(bank, -1)] == [lots * 10**7]
    assert BOB in singly


def test_many_holders_are_found_in_columns(monkeypatch):
    """How long it takes is printed, and promised nowhere."""
    bank, singly = crowded(), counted_singly(monkeypatch)
    crowd = range(1_000, 21_000)
    found = [events.AccountOpened(account=a, mode=Mode.CROSS) for a in crowd]
    found += [events.Deposited(account=a, asset="USDT", quanta=10**8) for a in crowd]
    terms = {"instrument": "PERP", "seller": BOB, "lots": 1, "price_nano": 10**11}
    found += [events.Traded(buyer=a, cost_quanta=10**8, **terms) for a in crowd]
    for event in found:
        evolve(bank.state, event)
        bank.venue.views.apply(event)
    begun = time.perf_counter()
    longs = asked(bank, 1)
    print(f"{len(longs)} holders in {1e3 * (time.perf_counter() - begun):.0f} ms")
    assert (len(longs), singly) == (20_001, [])
    assert {c.gain_quanta for c in longs[1:]} == {112_916_123 - 10**8}
