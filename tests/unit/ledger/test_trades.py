"""Many trades at once are the same trades one by one, or none of them."""

import pytest
from hypothesis import given, settings, strategies as st

from hullmark.core import INT64_MAX
from hullmark.domain import SystemAccount
from hullmark.errors import AmountOverflowError, InvalidInputError
from hullmark.ledger import MICRO, fill
from hullmark.ledger._position import Position
from hullmark.ledger._trades import fill_kernel

from .contracts import ASSETS, INSTRUMENTS, NUMBER, USDC, USERS, opened, table

COLUMNS = ("buyers", "sellers", "instruments", "lots", "costs", "buyer_fees", "seller_fees")
LEAST = -(2**63)

users = st.sampled_from((*USERS, SystemAccount.FUND, SystemAccount.FUNDING, SystemAccount.FEES))
numbers = st.integers(0, len(INSTRUMENTS) - 1)
small, large = st.integers(-5, 5), st.integers(-(10**12), 10**12)
extreme = st.sampled_from([LEAST, LEAST + 1, -(2**62), 2**62, INT64_MAX])
anything = st.one_of(small, large, extreme)


def trades_of(lots, costs, fees):
    """Return lists of trades of such sizes."""
    return st.lists(st.tuples(users, users, numbers, lots, costs, fees, fees), max_size=30)


def at_once(ledger, trades):
    """Carry out trades in one call."""
    columns = zip(*trades, strict=True) if trades else [[]] * len(COLUMNS)
    ledger.trade_many(**dict(zip(COLUMNS, map(list, columns), strict=True)))


def one_by_one(ledger, trades):
    """Carry out trades in integers of any width, without a kernel."""
    for buyer, seller, number, lots, cost, *fees in trades:
        ledger._trade(buyer, seller, number, lots, cost)
        for payer, fee in zip((buyer, seller), fees, strict=True):
            if fee:
                ledger.move(payer, SystemAccount.FEES, ledger.settlement(number), fee)


def everything(ledger):
    """Return the facts and what follows from the columns: sums, lists and holders."""
    sums = [ledger.cash_total(a) for a in range(len(ASSETS))]
    holders = [ledger.holders(i) for i in range(len(INSTRUMENTS))]
    held = [ledger.positions(account) for account in ledger.accounts]
    packed = {name: column.tolist() for name, column in ledger.columns().items()}
    return table(ledger), sums, ledger.lots_totals(), holders, held, packed


def with_history(history, steps_micro):
    """Return a ledger after some trades and funding."""
    ledger = opened()
    one_by_one(ledger, history)
    for number, step_micro in enumerate(steps_micro):
        ledger.accrue_funding(number, step_micro)
    return ledger


fundings = st.lists(st.integers(-(10**9), 10**9), max_size=3)


@given(trades_of(small, large, small), fundings, trades_of(small, large, small))
def test_trades_at_once_are_trades_one_by_one(history, steps_micro, trades):
    ledger, other = (with_history(history, steps_micro) for _ in range(2))
    seen, seen_other = ledger.watch(), other.watch()
    at_once(ledger, trades)
    one_by_one(other, trades)
    assert everything(ledger) == everything(other)
    assert seen >= seen_other


@settings(max_examples=300)
@given(
    trades_of(small, large, small),
    fundings,
    st.lists(st.tuples(users, users, numbers, anything, anything, anything, small), max_size=8),
)
def test_trades_at_once_that_do_not_fit_are_refused_as_one_by_one_and_change_nothing(
    history, steps_micro, trades
):
    ledger, other = (with_history(history, steps_micro) for _ in range(2))
    before, seen, told = everything(ledger), ledger.watch(), None
    try:
        one_by_one(other, trades)
    except AmountOverflowError as e:
        told = str(e)
    if told is None:
        at_once(ledger, trades)
        assert everything(ledger) == everything(other)
        return
    with pytest.raises(AmountOverflowError) as caught:
        at_once(ledger, trades)
    assert str(caught.value) == f"trades must fit in 64 bits, but {told}"
    assert everything(ledger) == before
    assert not seen


@settings(max_examples=300)
@given(
    trades_of(small, large, small),
    fundings,
    st.lists(st.tuples(users, users, numbers, anything, anything, anything, small), max_size=8),
)
def test_a_trade_in_a_kernel_is_the_trade_in_integers_of_any_width(history, steps_micro, trades):
    ledger, other = (with_history(history, steps_micro) for _ in range(2))
    seen, seen_other, told = ledger.watch(), other.watch(), []
    for trade in trades:
        *sides, lots, cost, buyer_fee, seller_fee = trade
        fees = {"buyer_fee": buyer_fee, "seller_fee": seller_fee}
        for carry_out in (
            lambda lots=lots, cost=cost, fees=fees, sides=sides: ledger.trade(
                *sides, lots=lots, cost=cost, **fees
            ),
            lambda trade=trade: one_by_one(other, [trade]),
        ):
            try:
                carry_out()
            except AmountOverflowError as e:
                told.append(str(e))
        assert everything(ledger) == everything(other)
        assert seen == seen_other
        if told:
            assert len(told) == 2
            assert told[0] == told[1]
            break


def test_a_trade_that_the_ledger_cannot_carry_out_is_an_error_and_changes_nothing():
    ledger, few = opened(), opened(USERS)
    before = everything(ledger)
    for number in (len(INSTRUMENTS), 10**6, -len(INSTRUMENTS) - 1):
        with pytest.raises(IndexError):
            ledger.trade(100, 101, number, lots=1, cost=1)
    with pytest.raises(KeyError):
        ledger.trade(100, 99, 0, lots=1, cost=1)
    assert everything(ledger) == before
    few.trade(100, 101, 0, lots=1, cost=5)
    with pytest.raises(KeyError):  # nobody takes the fee
        few.trade(100, 101, 0, lots=1, cost=5, buyer_fee=1)


positions = st.tuples(anything.filter(lambda n: n not in {0, LEAST}), anything)


@settings(max_examples=500)
@given(st.one_of(st.just((0, 0)), positions), anything, anything)
def test_a_fill_in_a_kernel_is_a_fill_or_says_that_it_does_not_fit(before, size, cost):
    *found, fits = fill_kernel(*before, size, cost)
    try:
        after, realised = fill(Position(*before, 0), size, cost)
    except AmountOverflowError:
        assert not fits
        return
    inside = all(LEAST <= n <= INT64_MAX for n in (before[1] - cost, realised))
    assert fits == inside
    assert not fits or tuple(found) == (after.lots, after.quote, realised)


# 100 buys 10 lots for 1 000 from 101 and pays 7 in fees; it sells 4 at 480 to 102: 80 of profit.
def test_fees_and_profits_are_as_by_hand():
    ledger, perp = opened(), NUMBER["PERP"]
    at_once(ledger, [(100, 101, perp, 10, 1_000, 7, -2), (102, 100, perp, 4, 480, 0, 3)])
    assert ledger.position(100, perp) == (6, -600, 0)
    assert ledger.position(102, perp) == (4, -480, 0)
    assert ledger.cash(100, USDC) == 80 - 7 - 3
    assert ledger.cash(101, USDC) == 2
    assert ledger.cash(SystemAccount.FEES, USDC) == 8


# The steps of the index since the position was opened take 65 bits, what is owed for them does not.
def test_what_a_kernel_cannot_count_on_the_way_is_counted_all_the_same():
    ledger, other = opened(), opened()
    perp, trades = NUMBER["PERP"], [(100, 101, NUMBER["PERP"], 1, 2, 0, 0)]
    for each in (ledger, other):
        each.accrue_funding(perp, INT64_MAX)
        each.trade(100, 101, perp, lots=4, cost=0)
        each.accrue_funding(perp, -INT64_MAX)
        each.accrue_funding(perp, -INT64_MAX)
    at_once(ledger, trades)
    one_by_one(other, trades)
    assert ledger.cash(100, USDC) == 4 * 2 * INT64_MAX // MICRO
    assert everything(ledger) == everything(other)


def test_a_market_maker_with_every_contract_is_counted_right():
    ledger, other = opened(), opened()
    trades = [(100 + k % 3, 103, k * 7 % 9, 1 + k % 5, k * 1_000, 1, 2) for k in range(300)] + [
        (103, 100 + k % 3, k * 5 % 9, 1 + k % 5, k * 900, 1, 2) for k in range(300)
    ]
    at_once(ledger, trades)
    one_by_one(other, trades)
    assert everything(ledger) == everything(other)


@pytest.mark.parametrize(
    ("column", "values", "told"),
    [
        ("sellers", [101, 7_000], r"sellers\[1\] must be an open account, was 7000"),
        ("buyers", [99, 100], r"buyers\[0\] must be an open account, was 99"),
        ("instruments", [0, 10], r"instruments\[1\] must be in \[0, 10\), was 10"),
        ("instruments", [-1, 0], r"instruments\[0\] must be in \[0, 10\), was -1"),
        ("lots", [1], r"lots must be \(2,\), was \(1,\)"),
        ("costs", [[1, 2]], r"costs must be \(2,\), was \(1, 2\)"),
        ("buyer_fees", [1.0, 2.0], "buyer_fees must be 64-bit integers, was float64"),
        ("seller_fees", [2**63, 2**63], "seller_fees must be 64-bit integers, was uint64"),
    ],
)
def test_what_no_trade_can_be_is_refused_and_changes_nothing(column, values, told):
    ledger = opened()
    good = {"buyers": [100, 101], "sellers": [101, 102], "instruments": [0, 1], "lots": [1, 2]}
    good |= {name: [3, 4] for name in ("costs", "buyer_fees", "seller_fees")}
    before = everything(ledger)
    with pytest.raises(InvalidInputError, match=told):
        ledger.trade_many(**good | {column: values})
    assert everything(ledger) == before
