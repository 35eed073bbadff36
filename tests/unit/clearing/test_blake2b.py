"""Tests of the compiled digest: against the standard library's."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, strategies as st

from hullmark.clearing._blake2b import BLOCK_WORDS, digest_kernel

messages = st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=70)


def padded(message):
    """Return a message in whole blocks."""
    words = np.zeros(len(message) + -len(message) % BLOCK_WORDS, np.uint64)
    words[: len(message)] = message
    return words


@given(messages)
def test_a_digest_is_that_of_the_standard_library(message):
    low, high = map(int, digest_kernel(padded(message), len(message)))
    content = np.array(message, "<u8").tobytes()
    expected = hashlib.blake2b(content, digest_size=16).digest()
    assert (low + (high << 64)).to_bytes(16, "little") == expected


@pytest.mark.parametrize("n", [1, 15, 16, 17, 32, 33])
def test_every_word_and_the_number_of_words_count(n):
    found = {digest_kernel(padded([0] * n), n), digest_kernel(padded([0] * (n + 1)), n + 1)}
    for place in range(n):
        message = [0] * n
        message[place] = 1
        found.add(digest_kernel(padded(message), n))
    assert len(found) == n + 2
