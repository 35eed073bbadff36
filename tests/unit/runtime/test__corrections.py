"""A correction reverses what the journal recorded, or is not taken in."""

import msgspec
import pytest

from hullmark.domain import commands, events, pack_column
from hullmark.errors import InvalidInputError

SIGNED = {"authorisers": ("ann", "bob"), "reason": "fat finger"}


@pytest.fixture
def traded(market):
    """Return a market after one trade, and the sequence of the trade."""
    (answer,) = market.do(market.trade("BTC-PERP", "0.1", "60000"))
    return market, answer.units[0].sequence


def test_a_trade_is_reversed_to_the_quantum(traded, names):
    market, sequence = traded
    before = {a: market.venue.health(a).net_value for a in (names.trader, names.maker)}
    bust = market.venue.reversal(sequence, **SIGNED)
    assert isinstance(bust, commands.BustTrade)
    (answer,) = market.do(bust)
    assert isinstance(answer.events[0], events.TradeBusted)
    assert market.venue.state.ledger.positions(names.trader) == []
    after = {a: market.venue.health(a).net_value for a in (names.trader, names.maker)}
    gain = 64_000 * 0.1 - 60_000 * 0.1
    assert after[names.trader] == pytest.approx(before[names.trader] - gain)
    assert after[names.maker] == pytest.approx(before[names.maker] + gain)
    assert market.venue.books().broken == ()


def test_a_trade_is_reversed_once(traded):
    market, sequence = traded
    market.do(market.venue.reversal(sequence, **SIGNED))
    again = market.venue.submit(market.venue.reversal(sequence, **SIGNED))
    assert again.refusal is not None


@pytest.mark.parametrize(
    ("field", "value"),
    [("lots", 101), ("cost_quanta", 1), ("buyer", 100), ("price_nano", 5), ("buyer_fee_quanta", 9)],
)
def test_a_bust_that_is_not_what_was_recorded_is_refused_at_the_door(traded, field, value):
    market, sequence = traded
    bust = market.venue.reversal(sequence, **SIGNED)
    wrong = msgspec.structs.replace(bust, **{field: value})
    before = market.venue.state_hash()
    with pytest.raises(InvalidInputError, match=f"{field} must be as unit {sequence} recorded it"):
        market.venue.submit(wrong)
    assert market.venue.state_hash() == before


def test_an_adjustment_is_undone_by_its_mirror(market, names):
    moved = commands.AdjustCash(
        source=names.trader, target=names.maker, asset="USDT", quanta=5, **SIGNED
    )
    cash = market.venue.cash(names.trader, "USDT")
    (answer,) = market.do(moved)
    undo = market.venue.reversal(answer.units[0].sequence, **SIGNED)
    assert (undo.source, undo.target) == (names.maker, names.trader)
    assert undo.reverses == answer.units[0].sequence
    with pytest.raises(InvalidInputError, match="quanta must be as unit"):
        market.venue.submit(msgspec.structs.replace(undo, quanta=6))
    market.do(undo)
    assert market.venue.cash(names.trader, "USDT") == cash
    assert market.venue.submit(undo).refusal is not None


@pytest.mark.parametrize("sequence", [-1, 0, 1, 10**9])
def test_only_trades_and_adjustments_are_reversed(traded, sequence):
    market, trade = traded
    with pytest.raises(InvalidInputError, match="must be that of a trade or an adjustment, was"):
        market.venue.reversal(sequence, **SIGNED)
    bust = msgspec.structs.replace(market.venue.reversal(trade, **SIGNED), sequence=sequence)
    with pytest.raises(InvalidInputError, match="must be that of a trade or an adjustment, was"):
        market.venue.submit(bust)


def test_a_trade_of_a_round_is_reversed_by_its_row(market, names):
    before = market.venue.state.ledger.positions(names.trader)
    trades = {
        "instrument": [0, 0],
        "buyer": [names.trader, names.trader],
        "seller": [names.maker, names.maker],
        "lots": [10, 20],
        "price_nano": [64_000 * 10**9, 64_000 * 10**9],
        "buyer_fee_quanta": [3, 4],
        "seller_fee_quanta": [0, 0],
    }
    columns = {name: pack_column(numbers) for name, numbers in trades.items()}
    (answer,) = market.do(commands.ReportTrades(symbols=("BTC-PERP",), **columns))
    sequence = answer.units[0].sequence
    for row in (1, 0):
        bust = market.venue.reversal(sequence, row=row, **SIGNED)
        assert (bust.lots, bust.buyer_fee_quanta) == (trades["lots"][row], row + 3)
        market.do(bust)
        assert market.venue.submit(bust).refusal.detail.startswith(f"row {row} of unit {sequence}")
    assert market.venue.state.ledger.positions(names.trader) == before
    assert market.venue.books().broken == ()
    for wrong in (None, -1, 2):
        with pytest.raises(InvalidInputError, match=rf"row must be in \[0, 2\) of .* was {wrong}"):
            market.venue.reversal(sequence, row=wrong, **SIGNED)


def test_a_trade_of_its_own_has_no_row(traded):
    market, sequence = traded
    with pytest.raises(InvalidInputError, match=r"row must be None, unit .* is no round, was 0"):
        market.venue.reversal(sequence, row=0, **SIGNED)
