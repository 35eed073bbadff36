"""Deribit's incremental liquidation: trigger and stop, order, hedges, and a whole liquidation."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.rulebooks.deribit import (
    ContractKind,
    DeltaHedge,
    Exposure,
    Halt,
    RoundTrade,
    falls_due,
    hedge_size,
    is_cured,
    next_round,
    order_portfolio,
    order_standard,
)

FUTURE, OPTION = ContractKind.FUTURE, ContractKind.OPTION
DUE = {"maintenance": 101, "balance": 100}

sizes = st.integers(-(10**6), 10**6).filter(bool).map(lambda n: Decimal(n) / 100)
books = st.lists(
    st.builds(
        lambda kind, size, delta, step, margin: Exposure(
            "", kind, size, size * delta, step, margin
        ),
        st.sampled_from(ContractKind),
        sizes,
        st.decimals(-1, 1, places=2),
        st.integers(1, 1_000).map(lambda n: Decimal(n) / 10),
        st.decimals(-100, 100, places=2),
    ),
    max_size=6,
).map(lambda found: [p._replace(symbol=f"S{i}") for i, p in enumerate(found)])


def held(symbol, kind, size, *, delta=None, step=1, margin=0):
    delta = size if delta is None else delta
    return Exposure(symbol, kind, *map(Decimal, (size, delta, step, margin)))


def symbols(order):
    return [p.symbol for p in order]


# support.deribit.com, article 25944769313309: once maintenance margin is higher than 100%, until it
# is below 100%.
def test_liquidation_starts_above_the_balance_and_stops_below_it():
    assert not falls_due(100, 100)
    assert falls_due("100.01", 100)
    assert not is_cured(100, 100)
    assert is_cured("99.99", 100)
    assert falls_due(1, -1)
    book = [held("PERP", FUTURE, 5)]
    even = {"maintenance": 100, "balance": 100, "portfolio": False}
    assert next_round(book, **even) is Halt.NOT_DUE
    assert next_round(book, **even, running=True) == RoundTrade("PERP", -1, hedge=False)
    below = even | {"maintenance": 99}
    assert next_round(book, **below, running=True) is Halt.CURED


# www.deribit.com, docs/auto-liquidation: futures first, towards a delta of nothing; options first
# where theirs are bigger and of the opposite sign of all others.
def test_a_standard_account_closes_futures_before_options():
    book = [held("CALL", OPTION, 1, delta="0.4"), held("SEP", FUTURE, 2), held("PERP", FUTURE, 5)]
    assert symbols(order_standard(book)) == ["PERP", "SEP", "CALL"]


def test_options_go_first_where_the_futures_hedge_them():
    book = [held("HEDGE", FUTURE, 3), held("CALLS", OPTION, -10, delta=-6)]
    assert symbols(order_standard(book)) == ["CALLS", "HEDGE"]


def test_a_standard_account_without_delta_closes_futures_first():
    book = [held("B", OPTION, 1, delta=1), held("A", FUTURE, -1), held("C", FUTURE, -1, delta=0)]
    assert symbols(order_standard(book)) == ["A", "C", "B"]


# support.deribit.com, article 25944825289245, 1 August 2023.
def test_a_portfolio_account_closes_first_what_adds_most_to_its_margin():
    book = [
        held("PERP", FUTURE, 5, margin=3),
        held("CALL", OPTION, -1, margin=9),
        held("PUT", OPTION, 1, margin=-2),
        held("ALSO", FUTURE, 1, margin=3),
        held("NONE", FUTURE, 1, margin=0),
    ]
    assert symbols(order_portfolio(book)) == ["CALL", "ALSO", "PERP"]
    case = {**DUE, "portfolio": True}
    assert next_round(book, **case).symbol == "CALL"
    assert next_round(book, **case, untraded={"CALL"}).symbol == "ALSO"
    assert next_round(book, **case, untraded={"CALL", "ALSO"}).symbol == "PERP"
    none = {"CALL", "ALSO", "PERP"}
    assert next_round(book, **case, untraded=none) is Halt.NOTHING_TRADES


def test_a_hedge_comes_last_and_only_if_it_lowers_the_margin():
    book = [held("CALL", OPTION, -1, margin=9)]
    case = {**DUE, "portfolio": True}
    good = DeltaHedge("PERP", Decimal(2), Decimal(100))
    assert next_round(book, **case, hedge=good) == RoundTrade("CALL", 1, hedge=False)
    last = next_round(book, **case, untraded=("CALL",), hedge=good)
    assert last == RoundTrade("PERP", 2, hedge=True)
    for useless in (good._replace(maintenance=Decimal(101)), good._replace(size=Decimal(0))):
        found = next_round(book, **case, untraded=("CALL",), hedge=useless)
        assert found is Halt.NOTHING_TRADES


def test_a_hedge_is_cut_to_a_round():
    assert hedge_size("0.5", most=1) == Decimal("-0.5")
    assert hedge_size("-0.5", most="0.1") == Decimal("0.1")
    assert hedge_size("0.5", most=2_000, price=60_000) == -2_000
    assert hedge_size(0, most=1) == 0


def test_an_account_without_positions_is_left_to_the_fund():
    assert next_round([], maintenance=0, balance=-5, portfolio=False) is Halt.FLAT
    assert next_round([], maintenance=0, balance=-5, portfolio=True) is Halt.FLAT
    assert next_round([], maintenance=0, balance=5, portfolio=True) is Halt.NOT_DUE


@given(books, st.booleans())
def test_a_round_shrinks_one_position_and_never_turns_it_over(book, portfolio):
    trade = next_round(book, **DUE, portfolio=portfolio)
    if isinstance(trade, Halt):
        assert not book if trade is Halt.FLAT else not any(p.margin > 0 for p in book)
        return
    (position,) = (p for p in book if p.symbol == trade.symbol)
    assert trade.size * position.size < 0
    assert abs(trade.size) == min(abs(position.size), position.round_size)


@given(books)
def test_a_standard_order_has_everything_once_and_ends_with_what_would_unhedge(book):
    order = order_standard(book)
    assert sorted(symbols(order)) == sorted(symbols(book))
    net = sum(p.delta for p in book)
    sides = [p.delta * net > 0 for p in order]
    assert sides == sorted(sides, reverse=True)


@given(books, st.booleans(), st.decimals("0.1", 10, places=1))
def test_a_liquidation_comes_to_an_end_and_a_cured_account_is_left_alone(book, portfolio, rate):
    balance = rate * sum(abs(p.size) for p in book) / 2
    traded = 0
    for _ in range(2 * 6 + 1):  # two rounds a position, as sizes of a round grow here
        maintenance = rate * sum(abs(p.size) for p in book)
        trade = next_round(
            book, maintenance=maintenance, balance=balance, portfolio=portfolio, running=traded > 0
        )
        if isinstance(trade, Halt):
            break
        book = [
            p._replace(size=p.size + trade.size, round_size=abs(p.size))
            if p.symbol == trade.symbol
            else p
            for p in book
        ]
        book = [p for p in book if p.size]
        traded += 1
    else:
        pytest.fail("rounds must end")
    assert trade is not Halt.CURED or maintenance < balance
    assert trade is not Halt.NOT_DUE or not traded


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda: order_standard([held("A", FUTURE, 1), held("A", OPTION, 1)]),
            "symbol must be of one position, was 'A' twice",
        ),
        (
            lambda: order_portfolio([held("A", FUTURE, 0)]),
            "size must be other than 0, was 0 of 'A'",
        ),
        (
            lambda: order_standard([held("A", FUTURE, 1, step=0)]),
            "round_size must be > 0, was 0",
        ),
        (
            lambda: next_round(
                [], **DUE, portfolio=False, hedge=DeltaHedge("P", Decimal(1), Decimal(0))
            ),
            "hedge must be None under standard margin, was 'P'",
        ),
        (lambda: hedge_size(1, most=0), "most must be > 0, was 0"),
        (lambda: hedge_size(1, most=1, price=0), "price must be > 0, was 0"),
        (lambda: falls_due(1.5, 1), "maintenance must be a Decimal, an int or text, was 1.5"),
    ],
)
def test_a_number_out_of_range_is_named(call, said):
    with pytest.raises(InvalidInputError) as refused:
        call()
    assert str(refused.value) == said


@pytest.mark.parametrize("size", ["1.23456789", "-1.23456789"])
def test_no_context_of_the_caller_changes_a_size(size):
    held = Exposure("A", FUTURE, Decimal(size), Decimal(1), Decimal("1.23456788"))
    with localcontext(prec=3):
        closed = next_round([held], **DUE, portfolio=False)
        hedged = hedge_size("-0.123456789", most=1)
    assert abs(closed.size) == held.round_size
    assert closed.size * held.size < 0
    assert hedged == Decimal("0.123456789")


def test_no_context_of_the_caller_makes_two_margins_alike():
    margins = {"A": "1.0001", "B": "1.0002"}
    held = [
        Exposure(symbol, FUTURE, Decimal(1), Decimal(1), Decimal(1), Decimal(margin))
        for symbol, margin in margins.items()
    ]
    with localcontext(prec=3):
        assert [each.symbol for each in order_portfolio(held)] == ["B", "A"]
