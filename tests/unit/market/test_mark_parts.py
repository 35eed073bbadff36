"""Marks of three parts: two make them valid, the basis is remembered, moves are limited."""

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
    assert told(marked(100, index(90), everything)) == ("VALID", "", 106)  # 90 and the basis of 16
    last = marked(100, index(100), {"book": 101})
    assert told(last) == ("VALID", "", 101)
    assert told(marked(101, index(100), {"x": 103}, last=last)) == ("VALID", "", 102)
    assert told(marked(101, {}, {"book": 100, "x": 105}, last=last)) == ("VALID", "", 102.5)


def test_one_part_is_in_doubt_and_none_leaves_the_last():
    last = marked(100, index(100), {"book": 101})
    assert told(marked(101, index(110), {}, last=last)) == ("UNCERTAIN", "quorum", 111)
    assert told(marked(101, {}, {"book": 90}, last=last)) == ("UNCERTAIN", "quorum", 90)
    assert told(marked(101, {}, {}, last=last)) == ("STALE", "silence", 101)
    assert told(marked(101, {}, {}))[0] == "NONE"


def test_an_external_outlier_is_left_out_and_the_book_is_no_outlier_to_them():
    said = {"book": 150, "x": 100, "y": 101, "z": 300}
    price = marked(100, {}, said)
    assert told(price) == ("VALID", "", 125.25)  # the book, and 100.5 abroad


def test_the_basis_forgets_by_half_in_a_half_life():
    last = marked(100, index(100), {"book": 104})
    assert last.memory.basis_nano == 4 * NANO
    last = marked(160, index(100), {"book": 100}, last=last)
    assert last.memory.basis_nano == 2 * NANO
    assert told(last) == ("VALID", "", 101)  # of 102 and 100
    still = marked(161, index(100), {"x": 100}, last=last)
    assert (still.memory.basis_nano, still.memory.basis_ns) == (2 * NANO, 160 * SECOND)


def test_a_move_is_limited_by_the_minute_and_its_sides_say_where_it_would_be():
    asked = policy(move_nano_max_per_minute=NANO // 100)
    last = marked(100, index(100), {"book": 100}, asked=asked)
    moved = marked(130, index(50), {"book": 50}, last=last, asked=asked)
    assert told(moved) == ("VALID", "", 99.5)
    assert (moved.low_nano, moved.high_nano) == (50 * NANO, None)
    moved = marked(160, index(200), {"book": 200}, last=moved, asked=asked)
    assert told(moved) == ("VALID", "", 99.9975)
    assert (moved.low_nano, moved.high_nano) == (None, 200 * NANO)
