"""Tests of what a run's events add up to, on events made by hand."""

import pytest

from hullmark.core import NANO, SECOND_NS, Asset
from hullmark.domain import AcceptedPrice, AuctionEnd, HandOver, Parked, Reason, Stage, events
from hullmark.margin import Health
from hullmark.runtime import Answer, read_rules
from hullmark.sim._chain_tally import ChainTally

from .conftest import VENUE

LOSER, WINNER, HEDGED, POOL, KEEPER = 101, 102, 103, 900, 800
UNIT = 10**6
BTC = "BTC-PERP"  # a lot is a thousandth


class Told:
    """A unit of a journal, as the tally reads it."""

    def __init__(self, *found):
        self.events = found


class Bystander:
    """A venue of which the tally asks one thing: what an account is worth, after the fact."""

    def __init__(self, net_value=50.0, gross=100.0):
        self._health = Health(net_value, 0, 0, 0, 0, 0, -1, gross, True)

    def health(self, account):
        """Return the same for every account."""
        del account
        return self._health


@pytest.fixture
def tally():
    return ChainTally(
        rules=read_rules(VENUE),
        asset=Asset("USDT", 6),
        hedged=frozenset({HEDGED}),
        pools=frozenset({POOL}),
    )


def see(tally, *found, now_s=0, venue=None):
    tally.see(venue or Bystander(), Answer((Told(*found),)), now_s * SECOND_NS)


def priced(usd):
    price = AcceptedPrice(factor=BTC, price_nano=usd * NANO, grade=0)
    return events.PricesAccepted(prints=(), prices=(price,))


def closure(account, lots, haircut_usd):
    return events.Deleveraged(
        account=LOSER, counterparty=account, instrument=BTC, lots=lots, price_nano=1,
        cost_quanta=1, haircut_quanta=haircut_usd * UNIT, rank=1,
    )  # fmt: skip


def covered(**usd):
    fields = {"fund_quanta": 0, "bad_debt_quanta": 0, "gap_quanta": 0, "latency_quanta": 0}
    fields |= {"impact_quanta": 0} | {name: amount * UNIT for name, amount in usd.items()}
    return events.DeficitCovered(account=LOSER, asset="USDT", **fields)


def test_a_deficit_is_the_sum_of_who_paid_it(tally):
    see(tally, covered(fund_quanta=1, backstop_quanta=2, haircut_quanta=4, bad_debt_quanta=8))
    see(tally, covered(socialised_quanta=16))
    sums = tally.sums
    assert sums.deficit == 31 * UNIT
    assert (sums.fund, sums.backstop, sums.socialised, sums.bad_debt) == (
        1 * UNIT, 2 * UNIT, 16 * UNIT, 8 * UNIT,
    )  # fmt: skip
    assert tally.asked_quanta == 28 * UNIT


def test_overshoot_is_what_haircuts_are_more_than_was_asked(tally):
    assert tally.overshoot(5) is None
    see(tally, priced(100_000), closure(WINNER, -10, 6), covered(haircut_quanta=4))
    assert tally.overshoot(tally.sums.haircut) == pytest.approx(0.5)
    assert tally.sums.by_deleveraging == 1_000 * UNIT


def test_the_mark_before_prices_the_same_closure_as_a_venue_would_that_closes_at_it(tally):
    """A short of ten lots, 0.01 BTC, closed 5,000 USD dearer than the mark loses 50 more."""
    see(tally, priced(100_000))
    see(tally, priced(95_000), closure(WINNER, -10, 0))
    assert tally.sums.haircut_before == 50 * UNIT
    see(tally, priced(96_000), closure(WINNER, 10, 0))
    assert tally.sums.haircut_before == 60 * UNIT


def test_haircuts_beside_a_closure_count_for_both_prices(tally):
    taken = events.HaircutTaken(account=LOSER, payer=HEDGED, asset="USDT", quanta=3 * UNIT)
    see(tally, taken)
    assert (tally.sums.haircut, tally.sums.haircut_before) == (3 * UNIT, 3 * UNIT)
    assert tally.sums.hedged_haircut == 3 * UNIT
    assert tally.deleveraged == set()
    assert tally.payers == {HEDGED}


def test_a_closed_leg_goes_on_to_earn_in_the_books_of_the_hedged(tally):
    """Short 0.01 BTC closed at 100,000: at 90,000 it would have 100 more, at 103,000 30 less."""
    see(tally, priced(100_000), closure(HEDGED, -10, 0), closure(WINNER, -10, 0))
    see(tally, priced(90_000))
    assert tally.forgone_worst_quanta == tally.forgone_quanta == 100 * UNIT
    see(tally, priced(103_000))
    assert tally.forgone_worst_quanta == 100 * UNIT
    assert tally.forgone_quanta == -30 * UNIT


def test_leverage_is_that_of_the_account_before_it_was_closed(tally):
    """1,000 USD were closed of 1,100, and 10 taken of 60."""
    see(tally, priced(100_000), closure(WINNER, -10, 10), venue=Bystander(50.0, 100.0))
    assert tally.leverages == [pytest.approx(1_100 / 60)]
    see(tally, closure(WINNER, -1, 0), venue=Bystander(0.0, 0.0))
    assert tally.leverages[1] == 0.0


def test_notional_is_told_by_who_took_it(tally):
    see(
        tally,
        _ordered(1, soft=True),
        _ordered(2),
        _filled(1, 100),
        _filled(2, -50, penalty=2),
        events.BackstopFilled(
            quote=1, account=LOSER, maker=1, instrument=BTC, lots=1, price_nano=1,
            cost_quanta=-30 * UNIT, penalty_quanta=UNIT,
        ),
        _moved(POOL, 70, 5),
        _moved(KEEPER, -20, 9),
        events.AuctionTaken(auction=1, account=LOSER, bidder=KEEPER, paid_quanta=7 * UNIT),
        events.AccountTakenOver(account=LOSER, pool="p", asset="USDT", net_quanta=-4 * UNIT),
    )  # fmt: skip
    sums = tally.sums
    assert [sums.by_orders, sums.softly, sums.by_makers, sums.by_pool, sums.by_auctions] == [
        150 * UNIT, 100 * UNIT, 30 * UNIT, 70 * UNIT, 20 * UNIT,
    ]  # fmt: skip
    assert (sums.penalty, sums.discount, sums.pool_loss) == (3 * UNIT, 2 * UNIT, 4 * UNIT)


def test_the_time_to_cure_runs_from_breach_to_end(tally):
    assert tally.cure_s(0.5) is None
    for account, begun_s, ended_s in ((1, 0, 2), (2, 1, 4), (3, 2, 62)):
        started = events.LiquidationStarted(
            account=account, asset="USDT", net_quanta=0, trigger_nano={}, lots={}
        )
        see(tally, started, now_s=begun_s)
        see(tally, events.LiquidationEnded(account=account, cured=True), now_s=ended_s)
    see(tally, started)
    assert (tally.cure_s(0.5), tally.cure_s(0.95), tally.open_episodes) == (3.0, 60.0, 1)


def test_pauses_hand_overs_auctions_and_refusals_are_counted_by_reason(tally):
    refused = events.Refused(reason=Reason.MARGIN_SHORT, detail="none")
    see(
        tally,
        events.LiquidationParked(account=1, reason=Parked.NOTHING_HELPS, until_ns=1),
        events.StageEntered(account=1, place=1, stage=Stage.BACKSTOP, reason=HandOver.UNSOLD),
        events.AuctionEnded(auction=1, account=1, reason=AuctionEnd.SOLD),
    )
    see(tally, refused)
    assert dict(tally.parked) == {Parked.NOTHING_HELPS.value: 1}
    assert dict(tally.hand_overs) == {("backstop", HandOver.UNSOLD.value): 1}
    assert dict(tally.auctions) == {AuctionEnd.SOLD.value: 1}
    assert dict(tally.refused) == {"MARGIN_SHORT": 1}


def _ordered(order, soft=False):
    return events.LiquidationOrdered(
        order=order, account=LOSER, instrument=BTC, lots=1, limit_nano=1, deadline_ns=1,
        notional_nano=1, mark_nano=1, soft=soft,
    )  # fmt: skip


def _filled(order, usd, penalty=0):
    return events.LiquidationFilled(
        order=order, account=LOSER, counterparty=1, instrument=BTC, lots=1, price_nano=1,
        cost_quanta=usd * UNIT, penalty_quanta=penalty * UNIT, final=True,
        latency_quanta=0, impact_quanta=0,
    )  # fmt: skip


def _moved(target, usd, cash):
    return events.PortfolioMoved(
        source=LOSER, target=target, lots={BTC: 1}, cost_quanta={BTC: usd * UNIT},
        cash_quanta={"USDT": cash * UNIT},
    )  # fmt: skip
