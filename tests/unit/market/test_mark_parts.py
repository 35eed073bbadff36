"""Marks of three parts: two make them valid, the basis is earned in time, moves are limited."""

import pytest
from hypothesis import given, strategies as st

from hullmark.core import NANO
from hullmark.domain import AcceptedPrice, Print
from hullmark.market import Grade, PricePolicy, accept
from hullmark.market._policy_parts import MarkTerms

SECOND = NANO
SOURCES = ("book", "x", "y", "z")
MARK = {
    "index": "BTC",
    "basis_half_life_ns": 60 * SECOND,
    "book": "book",
    "external": ("x", "y", "z"),
}


def index(usd):
    return {"BTC": AcceptedPrice(factor="BTC", price_nano=usd * NANO, grade=0, accepted_ns=1)}


def policy(**mark):
    return PricePolicy(
        sources=SOURCES,
        sources_min=1,
        staleness_ns_max=60 * SECOND,
        deviation_nano_max=NANO // 10,
        mark=MarkTerms(**MARK | mark),
    )


def marked(at_s, inputs, said, *, last=None, asked=None):
    prints = [
        Print(factor="PERP", source=s, price_nano=usd * NANO, observed_ns=at_s * SECOND)
        for s, usd in said.items()
    ]
    asked = asked or policy()
    return accept("PERP", prints, policy=asked, last=last, now_ns=at_s * SECOND, inputs=inputs)


def told(price):
    return Grade(price.grade).name, price.reason, price.price_nano / NANO


def test_three_parts_give_their_median_and_two_their_mean():
    everything = {"book": 106, "x": 102, "y": 103, "z": 104}
    assert told(marked(100, index(90), everything)) == ("VALID", "", 103)
    last = marked(100, index(100), {"book": 102})
    assert told(last) == ("VALID", "", 101)  # of 100 and 102
    last = marked(160, index(100), {"book": 102}, last=last)
    assert told(last) == ("VALID", "", 101.5)  # of 100 and the basis of 1, and 102
    assert told(marked(161, index(100), {"x": 103}, last=last)) == ("VALID", "", 102)
    assert told(marked(161, {}, {"book": 100, "x": 105}, last=last)) == ("VALID", "", 102.5)


def test_one_part_is_in_doubt_and_none_leaves_the_last():
    last = marked(160, index(100), {"book": 102}, last=marked(100, index(100), {"book": 102}))
    assert told(marked(161, index(110), {}, last=last)) == ("UNCERTAIN", "quorum", 111)
    last = marked(100, index(100), {"book": 102})
    assert told(marked(101, {}, {"book": 90}, last=last)) == ("UNCERTAIN", "quorum", 90)
    assert told(marked(101, {}, {}, last=last)) == ("STALE", "silence", 101)
    assert told(marked(101, {}, {}))[0] == "NONE"


def test_an_external_outlier_is_left_out_and_the_book_is_no_outlier_to_them():
    said = {"book": 150, "x": 100, "y": 101, "z": 300}
    price = marked(100, {}, said)
    assert told(price) == ("VALID", "", 125.25)  # the book, and 100.5 abroad


ABROAD = {"x": 100, "y": 100, "z": 100}


def test_the_book_alone_does_not_make_the_mark_at_its_first_word_nor_at_its_second():
    first = marked(100, index(100), ABROAD | {"book": 50})
    assert told(first) == ("VALID", "", 100)
    again = accept_ns(first, 100 * SECOND + 1, 50)
    assert told(again)[:2] == ("VALID", "")
    assert again.price_nano > 99.9 * NANO


def accept_ns(last, at_ns, book):
    """Accept a word of the book at a nanosecond, beside the others."""
    said = {**ABROAD, "book": book}
    prints = [
        Print(factor="PERP", source=s, price_nano=usd * NANO, observed_ns=at_ns)
        for s, usd in said.items()
    ]
    return accept("PERP", prints, policy=policy(), last=last, now_ns=at_ns, inputs=index(100))


# Whatever it says after a gap, the mark lies between what it was on average and what others say.
@given(st.integers(1, 10**6), st.integers(1, 10**5), st.integers(1, 10**4))
def test_what_the_book_says_now_is_in_no_basis(gap_s, book, before):
    last = marked(100, index(100), {"book": before})
    at_ns = (100 + gap_s) * SECOND
    found, other = accept_ns(last, at_ns, book), accept_ns(last, at_ns, 7)
    assert found.memory.basis_nano == other.memory.basis_nano
    low, high = sorted((100 * NANO, max(100 * NANO + found.memory.basis_nano, 1)))
    assert low <= found.price_nano <= high


def test_the_basis_moves_by_half_in_a_half_life_to_what_was_said_last():
    last = marked(100, index(100), {"book": 104})
    assert (last.memory.basis_nano, last.memory.basis_spot_nano) == (0, 4 * NANO)
    last = marked(160, index(100), {"book": 100}, last=last)
    assert last.memory.basis_nano == 2 * NANO
    assert told(last) == ("VALID", "", 101)  # of 102 and 100
    still = marked(161, index(100), {"x": 100}, last=last)
    assert (still.memory.basis_nano, still.memory.basis_ns) == (2 * NANO, 160 * SECOND)


@pytest.mark.parametrize(("gap_s", "basis_usd"), [(0, 0), (60, 2), (61, 2), (6_000, 2)])
def test_what_was_said_last_counts_no_longer_than_a_print_of_the_book(gap_s, basis_usd):
    last = marked(100, index(100), {"book": 104})
    last = marked(100 + gap_s, index(100), {"book": 104}, last=last)
    assert last.memory.basis_nano == basis_usd * NANO


def test_a_move_is_limited_by_the_minute_and_its_sides_say_where_it_would_be():
    asked = policy(move_nano_max_per_minute=NANO // 100)
    last = marked(100, index(100), {"book": 100}, asked=asked)
    moved = marked(130, index(50), {"book": 50}, last=last, asked=asked)
    assert told(moved) == ("VALID", "", 99.5)
    assert (moved.low_nano, moved.high_nano) == (50 * NANO, None)
    moved = marked(160, index(200), {"book": 200}, last=moved, asked=asked)
    assert told(moved) == ("VALID", "", 99.9975)
    assert (moved.low_nano, moved.high_nano) == (None, 200 * NANO)
