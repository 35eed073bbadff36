"""Tests of the cast: when keepers bid and how much, which quotes makers keep, who is there."""

from collections import Counter

import pytest

from hullmark.core import NANO, SECOND_NS
from hullmark.domain import commands
from hullmark.journal import Journal
from hullmark.runtime import Venue, read_venue_file
from hullmark.sim import SimulatedClock
from hullmark.sim._cast import (
    KEEPER_FIRST,
    MAKER_FIRST,
    MEMBER_FIRST,
    Agents,
    Offer,
    bid_on,
    cast_accounts,
    prelude,
)
from hullmark.sim._chain_plan import read_comparison

from .conftest import ROOT, VENUE

UNIT = 10**6


def offer(**changes):
    """Return an account of 100,000 USD notional worth 500, offered at 400."""
    fields = {
        "auction": 9,
        "price_quanta": 400 * UNIT,
        "net_quanta": 500 * UNIT,
        "largest_nano": NANO,
        "notional_usd": 100_000.0,
        "initial_usd": 1_100.0,
    }
    return Offer(**{**fields, **changes})


def bid(seen, *, spare_usd=10_000.0, margin=0.001):
    return bid_on(seen, keeper=1, spare_usd=spare_usd, margin=margin, quanta_per_usd=UNIT)


def test_a_keeper_bids_from_the_price_on_at_which_it_gains_its_margin():
    assert bid(offer()) == commands.TakeAuction(
        auction=9, bidder=1, share_nano=NANO, pay_quanta_max=400 * UNIT
    )
    assert bid(offer(price_quanta=400 * UNIT + 1)) is None


def test_a_keeper_that_is_paid_to_take_an_account_counts_it_as_a_gain():
    found = bid(offer(net_quanta=-50 * UNIT, price_quanta=-150 * UNIT))
    assert found.pay_quanta_max == -150 * UNIT
    assert bid(offer(net_quanta=-50 * UNIT, price_quanta=-149 * UNIT)) is None


def test_a_keeper_takes_what_its_spare_margin_carries_and_leaves_some_of_it():
    """It needs 1,000 USD beyond what it gains: with 500 spare, half, of which 95 %."""
    found = bid(offer(), spare_usd=500.0)
    assert found.share_nano == 475_000_000
    assert found.pay_quanta_max == 190 * UNIT
    assert bid(offer(), spare_usd=10.0) is None
    assert bid(offer(), spare_usd=-10.0) is None


def test_a_keeper_takes_no_more_than_is_for_sale():
    assert bid(offer(largest_nano=300_000_000)).share_nano == 300_000_000
    assert bid(offer(largest_nano=1_000_000)).share_nano == 1_000_000
    assert bid(offer(largest_nano=0)) is None


def test_what_is_paid_is_rounded_up_with_its_sign():
    found = bid(offer(price_quanta=-1, net_quanta=200 * UNIT), spare_usd=450.0)
    assert found.share_nano == 475_000_000
    assert found.pay_quanta_max == 0


@pytest.fixture(scope="module")
def full():
    """Return the shipped chain that has everything, and its rules."""
    (chain,) = [c for c in read_comparison(ROOT / "scenarios" / "chains.toml").chains
                if c.name == "full"]  # fmt: skip
    return chain, chain.rules(read_venue_file(VENUE), "queue")


def test_the_prelude_opens_everybody_and_fills_the_pools(full, replay):
    chain, rules = full
    told = list(
        prelude(chain.cast, rules, replay.population, asset=replay.asset, seed=3, first=101)
    )
    assert isinstance(told[0], commands.AdoptRules)
    kinds = Counter(type(command).__name__ for command in told)
    cast = chain.cast
    everybody = cast.keepers.count + cast.makers.count + sum(m.count for m in cast.members)
    assert kinds["OpenAccount"] == everybody + len(rules.pools)
    assert kinds["Deposit"] == everybody
    joined = Counter(c.pool for c in told if isinstance(c, commands.JoinPool))
    assert joined == {members.pool: members.count for members in cast.members}
    soft = [c.account for c in told if isinstance(c, commands.SetSoftTerms)]
    assert len(soft) == round(float(cast.opted_in) * (replay.population.start.size - 1))
    assert soft == sorted(set(soft))


def test_equal_seeds_choose_the_same_accounts_and_another_seed_others(full, replay):
    chain, rules = full

    def soft(seed):
        told = prelude(
            chain.cast, rules, replay.population, asset=replay.asset, seed=seed, first=101
        )
        return [c.account for c in told if isinstance(c, commands.SetSoftTerms)]

    assert soft(3) == soft(3) != soft(4)


def test_accounts_of_the_cast_are_distinct(full):
    chain, rules = full
    found = cast_accounts(chain.cast, rules)
    assert set(found) == {"keepers", "makers", "absorber", "stakers"}
    numbers = [n for accounts in found.values() for n in accounts]
    assert len(set(numbers)) == len(numbers)
    assert KEEPER_FIRST < MAKER_FIRST < MEMBER_FIRST


def test_nobody_looks_where_there_is_no_cast(replay):
    (chain,) = [c for c in read_comparison(ROOT / "scenarios" / "chains.toml").chains
                if c.name == "book"]  # fmt: skip
    agents = Agents(chain.cast, asset=replay.asset)
    venue = _venue(replay)
    assert agents.next_ns(venue, 0) is None
    assert list(agents.act(venue, 0)) == []


def test_makers_keep_quotes_on_both_sides_of_every_market_and_renew_them(full, replay):
    chain, _ = full
    agents, venue = Agents(chain.cast, asset=replay.asset), _venue(replay)
    assert agents.next_ns(venue, 7) == 7
    told = [c for c in agents.act(venue, 7) if isinstance(c, commands.PostQuote)]
    makers, depths = chain.cast.makers, venue.rules.liquidation.depth_usd
    assert len(told) == makers.count * len(depths) * 2
    assert len({quote.quote for quote in told}) == len(told)
    for quote in told:
        assert quote.expires_ns == 7 + makers.hold_s * SECOND_NS
        number = venue.state.ledger.instrument_index[quote.instrument]
        lot_usd = venue.views.mark_nano(number) * venue.rules.instruments[number].lot_nano / 1e18
        wanted = depths[quote.instrument] * float(makers.depth_share)
        assert wanted - lot_usd <= abs(quote.lots) * lot_usd <= wanted
    assert agents.next_ns(venue, 8) == 7 + makers.hold_s * SECOND_NS
    assert list(agents.act(venue, 8)) == []
    assert len(list(agents.act(venue, 7 + makers.hold_s * SECOND_NS))) == len(told)


def _venue(replay):
    """Return the venue of the small crash, as it stood at the end."""
    return Venue(Journal(replay.journal), clock=SimulatedClock(replay.scenario.replay.stop_ns))
