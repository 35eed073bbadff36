"""Tests of hashes of accounts: what is at its default adds nothing, and sums are exact."""

import numpy as np
from hypothesis import given, strategies as st

from hullmark.clearing import State
from hullmark.clearing._account_hash import (
    Names,
    all_accounts,
    funding_hash,
    sum_of_words,
    total_of,
)

words = st.integers(0, 2**64 - 1)
MODULUS = 2**128


@given(st.lists(st.tuples(words, words)))
def test_a_sum_is_exact_modulo_2_to_the_128(numbers):
    low, high = np.array(numbers, np.uint64).reshape(-1, 2).T
    exact = sum(first + (second << 64) for first, second in numbers) % MODULUS
    assert total_of(low, high) == exact
    assert sum_of_words(low, high) == (exact % 2**64, exact >> 64)


def test_what_is_at_its_default_adds_nothing():
    state = State()
    assert total_of(*all_accounts(state, Names.of(state.ledger))) == 0
    assert funding_hash("PERP", 0) == 0
    assert len({funding_hash("PERP", 1), funding_hash("PERP", -1), funding_hash("P", 1)}) == 3
