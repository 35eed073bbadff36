"""One round of the cascade against a book walked by hand, and the laws of its gains."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.margin import Evaluation, ScenarioModel, TieredModel, evaluate, evaluate_one
from hullmark.market import take
from hullmark.monitor import SHOCKS, PartialClosing, cascade, multiplier
from hullmark.monitor._cascade import forced_flow

MARKETS, DEPTHS = ("BTC", "ETH"), (2_000_000.0, 500_000.0)
MARKET_OF = np.array([0, 0, 1, 0, -1])  # the option pushes neither
SOME = (-0.2, -0.05, -0.01, 0.01, 0.05, 0.2)
BTC = frozenset({"BTC"})
TIERED, SCENARIO = TieredModel.code, ScenarioModel.code


# Half of the accounts hold both coins, with just enough cash to be near a breach.
def random_accounts(seed, count=40):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        numbers = rng.choice(5, size=rng.integers(0, 4), replace=False)
        entry = {2: 3_000.0}
        held = {
            int(i): (
                float(rng.normal() * {2: 20, 3: 50_000}.get(int(i), 1)),
                entry.get(int(i), 60_000.0),
            )
            for i in numbers
        }
        model = TIERED if rng.random() < 0.7 else SCENARIO
        yield model, float(rng.normal(4_000, 4_000)), float(max(rng.normal(0, 0.2), 0)), held


def found(market, book, shocks=SOME, depths=DEPTHS, **terms):
    return cascade(book.rows(), market.moved_tables, MARKETS, MARKET_OF, depths, shocks, **terms)


# One account after the other, one position after the other: what it closes, by market.
def closed_by(market, book, moved, move):
    still = market.moved_tables(frozenset(MARKETS), 1.0)
    tables = market.moved_tables(moved, 1.0 + move)
    usd = [0.0, 0.0]
    for row in range(len(book)):
        account = book.account(row)
        if evaluate_one(*account, still).in_breach or not evaluate_one(*account, tables).in_breach:
            continue
        for number, size in zip(account.instrument.tolist(), account.size.tolist(), strict=True):
            if MARKET_OF[number] >= 0:
                usd[MARKET_OF[number]] += size * float(still.notional_usd[number])
    return usd


# The further move that the linear book makes of what goes with the shock.
def pushed(usd, depth_usd, move):
    with_it = max(usd, 0.0) if move < 0 else max(-usd, 0.0)
    return take(with_it, depth_usd=depth_usd, push=0.0, push_max=float("inf")).push / abs(move)


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_a_round_is_what_walking_the_book_by_hand_says(market, book_of, seed):
    book = book_of(*random_accounts(seed))
    said = found(market, book)
    assert said.markets == MARKETS
    assert said.shock.tolist() == list(SOME)
    for at, move in enumerate(SOME):
        gains = np.zeros((2, 2))
        for g, symbol in enumerate(MARKETS):
            usd = closed_by(market, book, frozenset({symbol}), move)
            assert said.forced_usd[at, :, g] == pytest.approx(usd, rel=1e-12, abs=1e-9)
            gains[:, g] = [pushed(*each, move) for each in zip(usd, DEPTHS, strict=True)]
        assert said.gain[at] == pytest.approx(gains, rel=1e-12)
        usd = closed_by(market, book, frozenset(MARKETS), move)
        assert said.joint_usd[at] == pytest.approx(usd, rel=1e-12, abs=1e-9)
        joint = [pushed(*each, move) for each in zip(usd, DEPTHS, strict=True)]
        assert said.joint_gain[at] == pytest.approx(joint, rel=1e-12)
        # Of two by two with no entry below zero, in closed form: the larger root is real.
        (a, b), (c, d) = gains.tolist()
        root = ((a + d) + ((a - d) ** 2 + 4 * b * c) ** 0.5) / 2
        assert said.radius[at] == pytest.approx(root, rel=1e-9, abs=1e-12)


# Long 10 BTC at 60,000 with 28,000 USDT. At -3 % 10,000 are left, at -4 % 4,000, and maintenance of
# 576,000 USD is 0.4 % of 50,000, 0.5 % of 200,000 and 1 % of the rest: 4,460. Closed are 600,000
# USD into a depth of 2 million: 0.3 % more, and 0.003 / 0.04 per unit of the shock.
def test_one_long_account_by_hand(market, book_of):
    book = book_of((TIERED, 28_000.0, 0.0, {0: (10.0, 60_000)}))
    said = found(market, book, (-0.03, -0.04, 0.04))
    assert said.forced_usd[:, :, 0].tolist() == [[0, 0], [600_000, 0], [0, 0]]
    assert not said.forced_usd[:, :, 1].any()
    assert said.gain[1, 0, 0] == pytest.approx(0.075)
    assert said.depth_factor_min == pytest.approx(0.075)
    assert said.multiplier == pytest.approx(1 / 0.925)
    assert found(market, book, (-0.04,), closing=0.5).depth_factor_min == pytest.approx(0.0375)
    thin = found(market, book, (-0.04,), depths=(150_000.0, 1.0))
    assert thin.depth_factor_min == pytest.approx(1.0)
    assert found(market, book, (-0.04,), depths=(149_000.0, 1.0)).multiplier is None


# Hullmark's own engine on the trader of its documentation: E = 1,400, N = 60,400, M = 1,510, with a
# target of 0.8 and 1 % lost on what is closed, x = (1,510 - 1,120) / (60,400 x 0.017) = 0.3798.
def test_a_part_is_closed_as_far_as_the_target():
    found = Evaluation(
        *[np.zeros(4)] * 2,
        np.array([1_400.0, 1_400.0, -50.0, 1_510.0]),
        np.zeros(4),
        np.array([1_510.0, 1_510.0, 1_510.0, 1_510.0]),
        np.zeros(4),
        np.zeros(4, np.int64),
        np.full(4, 60_400.0),
        np.ones(4, np.bool_),
    )
    shares = PartialClosing(0.8, 0.01).shares(found)
    assert shares == pytest.approx([0.379820, 0.379820, 1.0, (1_510 - 1_208) / 1_026.8], abs=1e-6)
    assert PartialClosing(0.8, 0.5).shares(found).tolist() == [1.0] * 4  # it frees nothing
    assert PartialClosing(1.0).shares(found)[3] == 0.0


# Flat rates: what is left after the share has its margin at the target, to the last bit or so.
@given(st.floats(0.1, 5.0), st.floats(0.3, 1.0), st.floats(0.0, 0.01), st.floats(-0.2, -0.01))
def test_what_a_part_leaves_is_at_its_target(market, book_of, size, target, cost, move):
    book = book_of((TIERED, 3_500.0 * size, 0.0, {1: (size, 60_000.0)}))
    tables = market.moved_tables(BTC, 1 + move)
    found = evaluate(book.rows(), tables)
    (share,) = PartialClosing(target, cost).shares(found)
    usd = float(found.gross_notional[0])
    equity = float(found.equity_maintenance[0]) - share * usd * cost
    needed = (1.0 - share) * float(found.maintenance[0])
    if found.in_breach[0] and share < 1.0:
        assert needed == pytest.approx(target * equity, rel=1e-9)
    said = cascade(
        book.rows(), market.moved_tables, MARKETS, MARKET_OF, DEPTHS, (move,),
        closing=PartialClosing(target, cost),
    )  # fmt: skip
    whole = size * 60_000.0 if found.in_breach[0] else 0.0
    assert said.forced_usd[0, 0, 0] == pytest.approx(share * whole)


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 1.0), st.floats(0.0, 0.02))
def test_closing_in_part_forces_out_no_more_than_closing_all(market, book_of, seed, target, cost):
    one = random_accounts(seed, count=1)
    for account in one:
        book = book_of(account)
        part = found(market, book, closing=PartialClosing(target, cost))
        assert (np.abs(part.forced_usd) <= np.abs(found(market, book).forced_usd) + 1e-9).all()


# Nobody holds two coins: a move of one forces out nothing of the other, and the loop of all is no
# faster than the fastest of one.
@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_without_accounts_in_two_markets_the_joint_gain_is_the_radius(market, book_of, seed):
    accounts = [
        (model, usdt, 0.0, {n: held[n]})
        for model, usdt, _, held in random_accounts(seed)
        for n in held
        if n in (0, 1, 2)
    ]
    said = found(market, book_of(*accounts))
    assert not said.gain[:, 0, 1].any()
    assert not said.gain[:, 1, 0].any()
    assert said.joint_gain.max(axis=1) == pytest.approx(said.radius, rel=1e-9, abs=1e-12)


def test_more_leverage_forces_out_more(market, book_of):
    gains = [
        found(market, book_of(*[(TIERED, cash, 0.0, {0: (1.0, 60_000)})] * 5), (-0.05,))
        for cash in (12_000.0, 3_200.0)
    ]
    assert gains[0].depth_factor_min == 0.0 < gains[1].depth_factor_min


def test_what_is_closed_against_the_shock_and_who_was_under_before_push_nothing(market, book_of):
    already = book_of((TIERED, -100_000.0, 0.0, {0: (1.0, 60_000)}))
    assert not found(market, already, SHOCKS).forced_usd.any()
    # Long in one contract on a coin and short in the other: margin grows with the price, and breaks
    # the account in a rise, but what is closed is as much bought as sold.
    spread = book_of((TIERED, 3_300.0, 0.0, {0: (1.0, 60_000), 1: (-1.0, 60_000)}))
    assert evaluate_one(*spread.account(0), market.moved_tables(BTC, 1.1)).in_breach
    assert not evaluate_one(*spread.account(0), market.tables).in_breach
    assert found(market, spread, SHOCKS).depth_factor_min == 0.0
    # Short ETH against long BTC: a fall of BTC closes both, and only the sale of BTC goes with it.
    pair = (TIERED, 8_000.0, 0.0, {0: (2.0, 60_000), 2: (-40.0, 3_000)})
    said = found(market, book_of(pair), (-0.1,))
    assert said.forced_usd[0, :, 0].tolist() == pytest.approx([120_000, -120_000])
    assert said.gain[0, 0, 0] > 0.0
    assert said.gain[0, 1, 0] == 0.0


def test_nobody_near_a_breach_means_no_gain(market, book_of):
    calm = book_of((TIERED, 10**7, 0.0, {0: (1.0, 60_000), 2: (-5.0, 3_000)}))
    for book in (calm, book_of()):
        said = found(market, book, SHOCKS)
        assert said.depth_factor_min == 0.0
        assert said.multiplier == 1.0
        assert not said.forced_usd.any()


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 50.0))
def test_depths_times_more_divide_the_gain_and_size_with_depth_changes_nothing(
    market, book_of, seed, times
):
    accounts = list(random_accounts(seed))
    book = book_of(*accounts)
    said = found(market, book)
    deeper = found(market, book, depths=[times * usd for usd in DEPTHS])
    assert deeper.radius == pytest.approx(said.radius / times, rel=1e-9, abs=1e-12)
    assert deeper.depth_factor_min == pytest.approx(said.depth_factor_min / times, rel=1e-9)
    crowd = found(market, book_of(*accounts * 3), depths=[3 * usd for usd in DEPTHS])
    assert crowd.gain == pytest.approx(said.gain, rel=1e-9)
    half = found(market, book, closing=0.5)
    assert half.radius == pytest.approx(said.radius / 2, rel=1e-9, abs=1e-12)


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_the_loop_stays_finite_exactly_above_the_least_depths(market, book_of, seed):
    book = book_of(*random_accounts(seed))
    least = found(market, book).depth_factor_min
    if least > 0.0:
        above = found(market, book, depths=[1.001 * least * usd for usd in DEPTHS])
        below = found(market, book, depths=[0.999 * least * usd for usd in DEPTHS])
        assert above.multiplier > 900.0
        assert below.multiplier is None


@given(st.floats(0.0, 0.95))
def test_the_multiplier_is_the_sum_of_all_rounds(gain):
    assert multiplier(gain) == pytest.approx(sum(gain**n for n in range(2_000)))


def test_threads_and_compilation_change_nothing(market, book_of):
    book = book_of(*random_accounts(7))
    for one, two in zip(found(market, book), found(market, book, threads=2), strict=True):
        assert np.array_equal(one, two)
    rows = book.rows()
    closed = np.arange(rows.count.size) % 3 / 2.0
    asked = closed, rows, market.tables.notional_usd, MARKET_OF, 2
    assert forced_flow(*asked).tolist() == forced_flow.py_func(*asked).tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"depths": (1.0,)}, "depth_usd must be one per market, was 1"),
        ({"depths": (1.0, 0.0)}, "depth_usd of ETH must be finite and > 0, was 0"),
        ({"depths": (float("inf"), 1.0)}, "depth_usd of BTC must be finite and > 0, was inf"),
        ({"shocks": (0.1, 0.0)}, "shocks must be finite, > -1 and not 0, was 0"),
        ({"shocks": (-1.0,)}, "shocks must be finite, > -1 and not 0, was -1"),
        ({"shocks": (float("nan"),)}, "shocks must be finite, > -1 and not 0, was nan"),
        ({"shocks": ()}, r"shocks must be a sequence of one at least, was \(\)"),
        ({"shocks": 0.1}, "shocks must be a sequence of one at least, was 0.1"),
        ({"shocks": "x"}, "shocks must be numbers, was 'x'"),
        ({"closing": 1.5}, r"closing must be in \[0, 1\], was 1.5"),
        ({"closing": PartialClosing(0.0)}, r"closing.target must be in \(0, 1\], was 0"),
        ({"closing": PartialClosing(1.1)}, r"closing.target must be in \(0, 1\], was 1.1"),
        ({"closing": PartialClosing(1.0, -0.1)}, "closing.cost must be finite and >= 0, was -0.1"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_value(market, book_of, change, message):
    with pytest.raises(InvalidInputError, match=message):
        found(market, book_of(), **change)


def test_markets_that_are_twice_there_or_nowhere_are_refused(market, book_of):
    rows = book_of().rows()
    with pytest.raises(InvalidInputError, match="markets must differ, was BTC, BTC"):
        cascade(rows, market.moved_tables, ("BTC", "BTC"), MARKET_OF, DEPTHS)
    with pytest.raises(InvalidInputError, match=r"market_of must be in \[-1, 1\], was 0 to 2"):
        cascade(rows, market.moved_tables, MARKETS, np.array([0, 2]), DEPTHS)
    with pytest.raises(InvalidInputError, match="markets must hold one at least, was empty"):
        cascade(rows, market.moved_tables, (), MARKET_OF, ())


@pytest.mark.parametrize("bad", [-0.1, float("nan")])
def test_a_gain_below_zero_is_none(bad):
    with pytest.raises(InvalidInputError, match=f"gain must be >= 0, was {bad:g}"):
        multiplier(bad)
