"""Conversions from whole numbers to floats: the kernel's bits are Python's, whatever the size."""

import numpy as np
from hypothesis import given, strategies as st

from hullmark.clearing._units import Scale
from hullmark.core import Asset
from hullmark.domain import Perpetual
from hullmark.ledger import Ledger, Position

int64 = st.one_of(
    st.integers(-(2**63) + 1, 2**63 - 1),
    st.integers(-(2**54), 2**54),
    st.integers(-(10**6), 10**6),
)
positions = st.lists(st.tuples(st.integers(0, 2), int64, int64, int64), max_size=12)


def scale():
    """Return the scale of a ledger of odd lots, settled in assets of two and of nine decimals."""
    ledger = Ledger()
    ledger.extend(
        [Asset("USDT", 2), Asset("COIN", 9)],
        [
            Perpetual(symbol=f"P{n}", underlying="BTC", settlement=settlement, lot_nano=lot_nano)
            for n, (settlement, lot_nano) in enumerate(
                [("USDT", 1), ("COIN", 333_333_333), ("USDT", 10**15)]
            )
        ],
    )
    return Scale.of(ledger)


@given(positions)
def test_many_positions_have_the_bits_of_each(lines):
    found = scale()
    instrument, *numbers = (np.array([line[c] for line in lines], np.int64) for c in range(4))
    sizes, quotes = found.positions(instrument.astype(np.int32), *numbers)
    each = [found.position(number, Position(*exact)) for number, *exact in lines]
    assert list(zip(sizes.tolist(), quotes.tolist(), strict=True)) == each


@given(st.lists(st.tuples(int64, int64), max_size=12))
def test_many_balances_have_the_bits_of_each(cash):
    found = scale()
    balances = found.balances(np.array(cash, np.int64).reshape(-1, 2))
    assert balances.tolist() == [[usdt / 100, coin / 10**9] for usdt, coin in cash]


def test_a_position_in_round_numbers():
    """Three lots of a third of a coin for two coins, half a coin of funding paid in advance."""
    size, quote = scale().position(1, Position(3, -2 * 10**9, 10**6 * 10**9 // 6))
    assert (size, quote) == (0.999999999, (-2 * 10**9 + 3 * (10**15 // 6) / 10**6) / 10**9)
