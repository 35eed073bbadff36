"""Tests of the book that is its own other side: mirrors, hedges, and what both leave as drawn."""

import numpy as np
import pytest

from hullmark.domain import Mode
from hullmark.errors import InvalidInputError
from hullmark.sim import draw, load_parameters
from hullmark.sim._population_sizes import Listing
from hullmark.sim._two_sided import two_sided

LISTINGS = (
    Listing(
        symbol="BTC-PERP", weight=3.0, price_usd=100_000.0, lot_nano=1_000_000,
        tiers=((0.0, 0.01), (1e6, 0.02)),
    ),
    Listing(
        symbol="ETH-PERP", weight=2.0, price_usd=4_000.0, lot_nano=10_000_000,
        tiers=((0.0, 0.01), (1e6, 0.05)),
    ),
    Listing(
        symbol="SOL-PERP", weight=1.0, price_usd=200.0, lot_nano=100_000_000,
        tiers=((0.0, 0.02), (1e5, 0.1)),
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def half():
    return draw(
        load_parameters(),
        LISTINGS,
        seed=5,
        accounts=400,
        open_interest_usd=20e6,
        settlement_decimals=6,
    )


@pytest.fixture(scope="module")
def book(half):
    return two_sided(half, hedged_share=0.25, seed=5, decimals=6)


def held_by(population):
    """Return the positions of each account, by its number from 0."""
    return {drawn.account: dict(drawn.positions) for drawn in population.accounts(0)}


def test_lots_add_up_to_zero_in_every_coin(book):
    population = book.population
    for k in range(len(LISTINGS)):
        assert population.lots[population.instrument == k].sum() == 0


def test_every_account_has_a_mirror_with_the_same_money(half, book):
    drawn = list(book.population.accounts(0))
    cross, isolated = half.cross, half.start.size - 1 - half.cross
    pairs = [(n, n + cross) for n in range(cross)]
    pairs += [(2 * cross + n, 2 * cross + isolated + n) for n in range(isolated)]
    assert len(pairs) == half.start.size - 1
    for one, other in pairs:
        assert drawn[one].deposit_quanta == drawn[other].deposit_quanta
        assert drawn[one].mode == drawn[other].mode
        opposite = [(symbol, -lots) for symbol, lots in drawn[one].positions]
        assert opposite == list(drawn[other].positions)


def test_an_isolated_mirror_is_the_child_of_its_parents_mirror(half, book):
    children = [drawn for drawn in book.population.accounts(0) if drawn.mode is Mode.ISOLATED]
    isolated = half.start.size - 1 - half.cross
    for child, mirror in zip(children[:isolated], children[isolated:], strict=True):
        assert mirror.parent == child.parent + half.cross


def test_the_hedged_hold_one_coin_against_as_much_of_another(half, book):
    price = {listing.symbol: listing.lot_usd for listing in LISTINGS}
    held = held_by(book.population)
    assert book.hedged.size == 2 * round(half.cross * 0.25)
    for account in book.hedged.tolist():
        legs = [lots * price[symbol] for symbol, lots in held[account].items()]
        assert len(legs) == 2
        assert abs(sum(legs)) <= max(price.values())
        assert min(legs) < 0 < max(legs)


def test_a_hedge_is_of_the_largest_position_and_keeps_the_leverage(half, book):
    before, after = held_by(half), held_by(book.population)
    population = book.population
    for account in book.hedged.tolist():
        if account >= half.cross:
            continue
        sizes = {s: abs(n) * half.listings[k].lot_usd for k, s in enumerate(_symbols(half))
                 for n in [before[account].get(s, 0)] if n}  # fmt: skip
        largest = max(sizes, key=sizes.__getitem__)
        assert after[account][largest] == before[account][largest]
        drawn = half.gross_usd[account] / half.equity_usd[account]
        assert population.gross_usd[account] / population.equity_usd[account] <= drawn * 1.000001


def test_without_hedges_one_side_is_as_drawn(half):
    plain = two_sided(half, hedged_share=0.0, seed=5, decimals=6)
    assert plain.hedged.size == 0
    first = held_by(plain.population)
    assert [first[n] for n in range(half.cross)] == [held_by(half)[n] for n in range(half.cross)]


def test_equal_seeds_give_equal_books_and_another_seed_other_hedges(half, book):
    again = two_sided(half, hedged_share=0.25, seed=5, decimals=6)
    assert again.population.lots.tobytes() == book.population.lots.tobytes()
    other = two_sided(half, hedged_share=0.25, seed=6, decimals=6)
    assert not np.array_equal(other.hedged, book.hedged)


def test_deposits_carry_the_initial_margin_of_both_legs(half, book):
    population = book.population
    rate = {(k, t): r for k, each in enumerate(LISTINGS) for t, (_, r) in enumerate(each.tiers)}
    for account in book.hedged.tolist():
        rows = slice(population.start[account], population.start[account + 1])
        needed = 0.0
        for k, size in zip(
            population.instrument[rows], np.abs(population.notional_usd[rows]), strict=True
        ):
            floors = [floor for floor, _ in LISTINGS[k].tiers]
            needed += size * rate[int(k), max(sum(size > floor for floor in floors) - 1, 0)]
        assert population.deposit_quanta[account] >= needed * 1e6


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_out_of_range_is_refused(half, share):
    with pytest.raises(InvalidInputError, match=r"hedged_share must be in \[0, 1\]"):
        two_sided(half, hedged_share=share, seed=1, decimals=6)


def test_a_hedge_needs_a_second_coin():
    lonely = draw(
        load_parameters(),
        LISTINGS[:1],
        seed=1,
        accounts=50,
        open_interest_usd=1e6,
        settlement_decimals=6,
    )
    with pytest.raises(InvalidInputError, match="listings must be two at least"):
        two_sided(lonely, hedged_share=0.5, seed=1, decimals=6)


def _symbols(population):
    return [listing.symbol for listing in population.listings]
