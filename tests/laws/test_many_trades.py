"""Trades in columns: a round of one is a single trade, and a round that is booked is its trades.

Histories are those of the laws of money, in which rounds of up to a dozen trades happen as well.
"""

import pytest
from hypothesis import given, settings, strategies as st
from msgspec.structs import replace

from hullmark.clearing import Views, books, decide, evolve, pack, state_hash, unpack
from hullmark.domain import Reason, commands, events, pack_column, unpack_columns
from hullmark.journal.memory import MemoryStore
from hullmark.journal.sqlite import SqliteStore
from hullmark.liquidation import load_engine
from hullmark.runtime import verify

from .small_venue import ACCOUNTS, CHILD, MAKER, PORTFOLIOS, USERS
from .world import World, histories, long_history, numbers

ENGINE = load_engine("partial")
QUANTA_MAX = (2**63 - 1) // 4
COLUMNS = ("buyer", "seller", "lots", "price_nano", "buyer_fee_quanta", "seller_fee_quanta")
QUIET = ("prices", "trade", "deposit", "funding", "interest", "rest", "cancel", "surface")
ODD = (
    {},
    {"buyer": MAKER, "seller": MAKER},
    {"buyer": 999},
    {"seller": 1},
    {"instrument": "GELD"},
    {"instrument": "GELD", "seller": -5},
    {"instrument": "SPOT", "buyer": CHILD},
    {"instrument": "CALL", "seller": ACCOUNTS[0]},
    {"lots": 0},
    {"lots": QUANTA_MAX},
    {"lots": QUANTA_MAX // 3},
    {"lots": QUANTA_MAX + 1},
    {"price_nano": 0},
    {"price_nano": 2**63 - 1},
    {"price_nano": 2**63 - 1, "lots": QUANTA_MAX},
    {"price_nano": 1, "lots": 10**12},
    {"buyer_fee_quanta": -1},
    {"buyer_fee_quanta": 10**8},
    {"seller_fee_quanta": 10**9},
    {"seller_fee_quanta": QUANTA_MAX + 1},
    {"lots": 40},
)


def in_columns(trades):
    """Return single trades as one command."""
    symbols = list(dict.fromkeys(trade.instrument for trade in trades))
    return commands.ReportTrades(
        symbols=tuple(symbols),
        instrument=pack_column(symbols.index(trade.instrument) for trade in trades),
        **{name: pack_column(getattr(trade, name) for trade in trades) for name in COLUMNS},
    )


def one_by_one(booked):
    """Return the events of the trades that one event says were booked."""
    names = ("instrument", *COLUMNS, "cost_quanta")
    rows = unpack_columns([getattr(booked, name) for name in names]).T.tolist()
    return [
        events.Traded(**dict(zip(names, row, strict=True)) | {"instrument": booked.symbols[row[0]]})
        for row in rows
    ]


def answer(world, command):
    """Return the one event that a command would lead to at once."""
    (event,) = decide(world.state, world.venue.views, ENGINE, command)
    return event


def twin(state):
    """Return another state with the same facts."""
    return unpack(pack(state))


def as_of_one(single):
    """Return what a round of one must answer where a single trade is answered so."""
    if isinstance(single, events.Refused):
        return single.reason, single.detail
    return single


def of_row(event):
    """Return what a round of one answers, as of a single trade."""
    if isinstance(event, events.Refused):
        return event.reason, event.detail.removeprefix("row 0: ")
    (traded,) = one_by_one(event)
    return traded


class Rounds(World):
    """A world in which whole rounds of trades happen, and most have cash for them."""

    def _founding(self):
        yield from super()._founding()
        for account in (*USERS, *PORTFOLIOS):
            yield commands.Deposit(account=account, asset="USDT", quanta=3_000 * 10**6)

    def trade(self, a, b, c):
        """Return a single trade, or a round of some that follow from three numbers."""
        return self.round(a, b, c) if a % 3 else super().trade(a, b, c)

    def round(self, a, b, c):
        """Return a round of up to a dozen trades; many to and fro, some of all that can be."""
        draws = [(a * 7 + k * 31, b * 5 + k * (1 + a % 4), c + k * 17) for k in range(1 + c % 12)]
        trades = [super(Rounds, self).trade(*draw) for draw in draws]
        if a % 4 == 0:
            return in_columns(trades)
        gentle = [t for t in trades if t.instrument in ("PERP", "FUTURE")] or trades[:1]
        return in_columns([replace(t, lots=1 + t.lots % 3) for t in gentle])


@settings(max_examples=60)
@given(histories, st.tuples(numbers, numbers, numbers))
def test_a_round_of_one_trade_is_answered_as_the_trade(history, last):
    world = Rounds(MemoryStore())
    for step in (*history, ("trade", *last)):
        if step[0] in ("trade", "fill", "time"):
            trade = World.trade(world, *step[1:])
            for change in ODD:
                single = replace(trade, **change)
                assert of_row(answer(world, in_columns([single]))) == as_of_one(
                    answer(world, single)
                ), single
        world.do(step)


@settings(max_examples=60)
@given(histories, st.tuples(numbers, numbers, numbers))
def test_a_round_is_booked_as_its_trades_one_by_one_or_changes_nothing(history, last):
    world = Rounds(MemoryStore())
    for step in history:
        world.do(step)
    before = state_hash(world.state)
    event = answer(world, world.round(*last))
    assert state_hash(world.state) == before
    if isinstance(event, events.Refused):
        return
    at_once, slowly = twin(world.state), twin(world.state)
    evolve(at_once, event)
    for traded in one_by_one(event):
        evolve(slowly, traded)
    assert state_hash(at_once) == state_hash(slowly)
    for name, column in at_once.ledger.columns().items():
        assert column.tobytes() == slowly.ledger.columns()[name].tobytes(), name


@settings(max_examples=60)
@given(histories, st.tuples(numbers, numbers, numbers))
def test_who_is_under_initial_margin_after_a_round_has_only_reduced(history, last):
    world = Rounds(MemoryStore())
    for step in history:
        world.do(step)
    event = answer(world, world.round(*last))
    if isinstance(event, events.Refused):
        return
    after, before = twin(world.state), twin(world.state)
    evolve(after, event)
    added = set()
    for traded in one_by_one(event):
        number = before.ledger.instrument_index[traded.instrument]
        for account, lots in ((traded.buyer, traded.lots), (traded.seller, -traded.lots)):
            held = before.ledger.position(account, number).lots
            if not (held * lots < 0 and abs(lots) <= abs(held)):
                added.add(account)
        evolve(before, traded)
    views, was = Views(after), Views(world.state)
    for traded in one_by_one(event):
        for account in (traded.buyer, traded.seller):
            if views.initial_health_usd(account) < 0:
                assert account not in added
                assert views.health(account).health >= was.health(account).health


@pytest.mark.parametrize("seed", [3, 4])
def test_rounds_keep_the_books_and_are_decided_again_without_a_difference(seed, tmp_path):
    path = tmp_path / "journal.db"
    world, answers = Rounds(SqliteStore(path)), []
    with world.venue:
        for step in long_history(seed, length=1_000):
            if step[0] not in QUIET:
                continue
            units = world.do(step)
            answers += [u.events[0] for u in units if type(u.command) is commands.ReportTrades]
            assert books(world.state).broken == ()
            assert world.venue.views.book == Views(world.state).book
        found = world.venue.state_hash()
    verification = verify(path, redecide=True)
    assert (verification.broken, verification.differences) == ((), ())
    assert verification.state_hash == found
    booked = [len(one_by_one(e)) for e in answers if isinstance(e, events.TradesBooked)]
    refused = {e.reason for e in answers if isinstance(e, events.Refused)}
    assert len(booked) > 20
    assert max(booked) > 5
    assert refused >= {Reason.ACCOUNT_MODE, Reason.PRICE_DOUBTFUL, Reason.MARGIN_SHORT}
