"""The laws of auctions at a venue: whoever bids, in whatever order, and at whatever instant.

Ann's account is auctioned, by the share or by the lot, while two bidders buy random parts of it
and prices move.
"""

import pytest
from hypothesis import given, settings, strategies as st

from hullmark.core import NANO
from hullmark.domain import AuctionKind, Reason, commands, events

from ..unit.clearing.bank import ANN, BOB, MAKER, deposit, events_of
from ..unit.clearing.test_decide_auctions import of_lot, of_share

USDT = 10**6
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["take", "take", "wait", "reset"]),
        st.sampled_from([BOB, MAKER]),
        st.integers(1, 1_000),
    ),
    max_size=8,
)


def worth(bank, *accounts):
    return sum(bank.venue.views.net_quanta(account, 0) for account in accounts)


def bid_of(auction, bidder, part):
    amounts = {"share_nano": part * NANO // 1_000}
    if auction.kind is AuctionKind.LOT:
        amounts = {"quanta": max(auction.lot_quanta * part // 1_000, 1)}
    return {"bidder": bidder, "pay_quanta_max": 10**15} | amounts


def play(bank, steps, usd):
    """Let the steps happen, and yield the bank before and after each purchase."""
    for what, bidder, number in steps:
        if not bank.state.auctions:
            return
        (key,) = bank.state.auctions
        auction = bank.state.auctions[key]
        if what == "wait":
            bank.pass_time(number, usd=usd)
        elif what == "reset":
            answer = bank.venue.submit(commands.ResetAuction(auction=key, keeper=bidder))
            assert answer.refusal is None or answer.refusal.reason in {
                Reason.RESET_EARLY,
                Reason.PRICE_DOUBTFUL,
            }
        else:
            health = bank.venue.views.health(ANN).health
            before = worth(bank, ANN, bidder)
            bid = commands.TakeAuction(auction=key, **bid_of(auction, bidder, number))
            answer = bank.venue.submit(bid)
            if answer.refusal is None:
                told = [event for unit in answer.units for event in unit.events]
                yield told, health, before, bidder
            else:
                assert answer.refusal.reason in {
                    Reason.RESET_DUE,
                    Reason.DUST_LEFT,
                    Reason.MARGIN_SHORT,
                    Reason.PRICE_DOUBTFUL,
                }
        bank.check()


def auctions_of(kind, usd):
    if kind == "lot":
        return of_lot(self_reset=False), "85"
    return of_share(usd, fund="30 USDT"), usd


@pytest.mark.parametrize("kind", ["share", "lot"])
@settings(deadline=None, max_examples=25)
@given(steps=STEPS, usd=st.sampled_from(["91", "89", "86", "80"]))
def test_a_purchase_raises_health_and_takes_no_more_than_the_deficit_and_the_penalty(
    kind, steps, usd
):
    bank, usd = auctions_of(kind, usd)
    for told, health, before, bidder in play(bank, steps, usd):
        assert bank.venue.views.health(ANN).health >= health - 1e-6
        covered = sum(
            e.fund_quanta + e.bad_debt_quanta for e in events_of(told, events.DeficitCovered)
        )
        penalty = sum(e.penalty_quanta for e in events_of(told, events.AuctionTaken))
        after = worth(bank, ANN, bidder)
        assert abs(after - before - covered + penalty) <= 4  # each side is valued down


@pytest.mark.parametrize("kind", ["share", "lot"])
@settings(deadline=None, max_examples=20)
@given(steps=STEPS)
def test_the_limits_on_open_auctions_count_what_is_open_and_nothing_else(kind, steps):
    bank, usd = auctions_of(kind, "89")
    opened = sum(auction.notional_nano for auction in bank.state.auctions.values())
    for told, *_ in play(bank, steps, usd):
        opened -= sum(e.notional_nano for e in events_of(told, events.AuctionTaken))
        left = sum(auction.notional_nano for auction in bank.state.auctions.values())
        assert left in (opened, 0)


@settings(deadline=None, max_examples=20)
@given(parts=st.lists(st.integers(1, 400), min_size=1, max_size=5))
def test_a_lot_in_parts_costs_what_it_costs_at_once_but_for_dust(parts):
    whole, split = of_lot(dust_usd="0"), of_lot(dust_usd="0")
    key = {"auction": 1, "bidder": BOB, "pay_quanta_max": 10**15}
    for part in parts:
        split.do(commands.TakeAuction(quanta=part, **key))
    whole.do(commands.TakeAuction(quanta=sum(parts), **key))
    assert split.cash(BOB, "GOLD") == whole.cash(BOB, "GOLD")
    more = float(whole.cash(BOB)) - float(split.cash(BOB))
    assert -1e-6 <= more <= len(parts) * 1e-6 + 1e-9


def test_nobody_is_better_off_by_putting_his_own_account_up():
    """Ann and a bidder who is her friend have less together after it than before."""
    bank = of_lot()
    bank.do(deposit(BOB, "1000 USDT"))
    before = worth(bank, ANN, BOB)
    bank.do(commands.TakeAuction(auction=1, bidder=BOB, quanta=10_000, pay_quanta_max=10**15))
    assert worth(bank, ANN, BOB) < before
