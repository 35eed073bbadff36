"""Tests of accepted prices: grades by example, then what no source can do."""

import statistics
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from hullmark.core import NANO, SECOND_NS
from hullmark.domain import AcceptedPrice, PriceMemory, Print
from hullmark.market import Grade, PricePolicy, accept, latest_prints

NOW = 1_000 * SECOND_NS
AGE_MAX = 60 * SECOND_NS
SOURCES = ("a", "b", "c", "d", "e")
prices = st.integers(1, 10**6 * NANO)
nonsense = st.one_of(st.none(), st.integers(-(2**63), 0), st.just(2**63 - 1))
ages = st.integers(0, 2 * AGE_MAX)
widths = st.one_of(st.none(), st.integers(-1, 5))


def said(source, price, age_ns=0):
    nano = None if price is None else int(price * NANO)
    return Print(factor="BTC", source=source, price_nano=nano, observed_ns=NOW - age_ns)


def policy(**terms):
    return PricePolicy(
        **{"sources": SOURCES, "sources_min": 2, "staleness_ns_max": AGE_MAX, **terms}
    )


def accepted(prints, *, last=None, **terms):
    return accept_at(NOW, prints, last=last, **terms)


def accept_at(now_ns, prints, *, last=None, **terms):
    return accept("BTC", prints, policy=policy(**terms), last=last, now_ns=now_ns)


def price_of(price, grade=Grade.VALID, age_ns=0, **doubt):
    return AcceptedPrice(
        factor="BTC", price_nano=int(price * NANO), grade=grade, accepted_ns=NOW - age_ns, **doubt
    )


def doubted(price, grade, reason, age_ns=0, *, valid=100, since_ns=NOW, **sides):
    """Return a price in doubt; sides and the last valid price in whole units."""
    nanos = {name: int(side * NANO) for name, side in sides.items()}
    memory = None if valid is None else PriceMemory(valid_nano=int(valid * NANO))
    doubt = {"reason": reason, "doubted_ns": since_ns, "memory": memory}
    return price_of(price, grade, age_ns, **nanos, **doubt)


LAST = price_of(100, age_ns=10 * SECOND_NS)


@pytest.mark.parametrize(
    ("spoken", "median"),
    [
        ([100, 103], "101.5"),
        ([103, 100, 104], "103"),
        ([1, 100, 103, 10_000], "101.5"),
        ([104, 1, 100, 10_000, 103], "103"),
    ],
)
def test_the_price_is_the_median_of_the_sources(spoken, median):
    prints = [said(source, price) for source, price in zip(SOURCES, spoken, strict=False)]
    assert accepted(prints) == price_of(Fraction(median))


def test_the_mean_of_two_is_rounded_down():
    prints = [said("a", Fraction(3, NANO)), said("b", Fraction(6, NANO))]
    assert accepted(prints).price_nano == 4


def test_fewer_sources_than_asked_for_make_a_price_uncertain():
    alone = accepted([said("a", 104)])
    assert alone == doubted(104, Grade.UNCERTAIN, "quorum", valid=None)
    assert accepted([said("a", 100)], sources_min=1) == price_of(100)
    late = said("b", 200, AGE_MAX + 1)
    found = accepted([said("a", 104), late], last=LAST)
    assert found == doubted(104, Grade.UNCERTAIN, "quorum", low_nano=100)


def test_a_print_is_fresh_to_the_last_nanosecond_and_then_stale():
    assert accepted([said("a", 90, AGE_MAX), said("b", 90)]) == price_of(90)
    late = [said("a", 90, AGE_MAX + 1), said("b", 90, AGE_MAX + 1)]
    assert accepted(late, last=LAST) == doubted(100, Grade.STALE, "late", 10 * SECOND_NS)


def test_silence_leaves_the_last_price_stale_with_its_own_time():
    assert accepted([], last=LAST) == doubted(100, Grade.STALE, "silence", 10 * SECOND_NS)
    old = price_of(100, age_ns=AGE_MAX + 7)  # in doubt since it grew old, and not since now
    found = accepted([], last=old)
    assert found == doubted(100, Grade.STALE, "silence", AGE_MAX + 7, since_ns=NOW - 7)


NONSENSE = [
    (None, "missing"),
    (0, "not_positive"),
    (-1, "not_positive"),
    (Fraction(1, 10), "below_limit"),
    (5_000, "above_limit"),
]


@pytest.mark.parametrize(("bad", "reason"), NONSENSE)
def test_nothing_but_nonsense_leaves_the_last_price_absurd(bad, reason):
    limits = {"price_nano_min": NANO, "price_nano_max": 1_000 * NANO}
    found = accepted([said("a", bad), said("b", bad)], last=LAST, **limits)
    assert found == doubted(100, Grade.ABSURD, reason, 10 * SECOND_NS)
    mixed = accepted([said("a", bad), said("b", 99), said("c", 101)], last=LAST, **limits)
    assert mixed == price_of(100)


def test_nonsense_beside_a_late_source_is_stale():
    prints = [said("a", 0), said("b", 99, AGE_MAX + 1)]
    assert accepted(prints, last=LAST).grade is Grade.STALE


def test_the_bounds_of_a_price_are_themselves_sane():
    limits = {"price_nano_min": 90 * NANO, "price_nano_max": 110 * NANO}
    for inside in (90, 110):
        assert accepted([said("a", inside), said("b", inside)], **limits) == price_of(inside)
    for outside in (90 - Fraction(1, NANO), 110 + Fraction(1, NANO)):
        found = accepted([said("a", outside), said("b", outside)], last=LAST, **limits)
        assert found.grade is Grade.ABSURD


@pytest.mark.parametrize("never", [None, AcceptedPrice(factor="BTC", price_nano=0, grade=4)])
@pytest.mark.parametrize(
    ("prints", "reason"),
    [
        ([], "silence"),
        ([said("a", 0)], "not_positive"),
        ([said("a", 90, AGE_MAX + 1)], "late"),
        ([said("a", 90, -1)], "future"),
    ],
)
def test_where_there_never_was_a_price_there_is_none(never, prints, reason):
    none = AcceptedPrice(factor="BTC", price_nano=0, grade=4, reason=reason)
    assert accepted(prints, last=never) == none
    assert accepted([said("a", 90), said("b", 90)], last=never) == price_of(90)


def test_a_source_outside_the_policy_is_not_heard():
    prints = [said("a", 100), said("b", 102), said("stranger", 1_000), said("", 1)]
    assert accepted(prints) == price_of(101)
    assert accepted([said("stranger", 50), said("x", 50)], last=LAST).grade is Grade.STALE


@pytest.mark.parametrize("to", [90, 110])
def test_a_move_up_to_the_limit_is_no_jump(to):
    jump = {"jump_nano_max": NANO // 10}
    assert accepted([said("a", to), said("b", to)], last=LAST, **jump) == price_of(to)
    beyond = to + Fraction(1 if to > 100 else -1, NANO)
    found = accepted([said("a", beyond), said("b", beyond)], last=LAST, **jump)
    side = {"high_nano" if beyond > 100 else "low_nano": beyond}
    assert found == doubted(100, Grade.ABSURD, "jump", 10 * SECOND_NS, **side)
    assert accepted([said("a", beyond), said("b", beyond)], last=LAST).grade is Grade.VALID


def test_a_jump_from_a_price_that_is_out_of_date_starts_again_with_care():
    jump, prints = {"jump_nano_max": NANO // 10}, [said("a", 50), said("b", 50)]
    held = accepted(prints, last=price_of(100, age_ns=AGE_MAX), **jump)
    assert held == doubted(100, Grade.ABSURD, "jump", AGE_MAX, low_nano=50)
    again = accepted(prints, last=price_of(100, age_ns=AGE_MAX + 1), **jump)
    assert (again.price_nano, again.grade, again.reason) == (50 * NANO, Grade.UNCERTAIN, "jump")
    assert (again.low_nano, again.high_nano) == (None, 100 * NANO)  # who is short, who is long
    assert again.doubted_ns == NOW - 1


def test_a_jump_that_was_taken_over_stays_in_doubt_until_enough_sources_have_spoken_since():
    jump, prints = {"jump_nano_max": NANO // 10}, [said("a", 50), said("b", 50)]
    again = accepted(prints, last=price_of(100, age_ns=AGE_MAX + 1), **jump)
    for same in (prints, [said("a", 50, -5), said("b", 50)]):  # the same words are no second ones
        still = accept_at(NOW + 5, same, last=again, **jump)
        assert (still.grade, still.reason) == (Grade.UNCERTAIN, "jump")
        assert (still.high_nano, still.doubted_ns) == (again.high_nano, again.doubted_ns)
    both = [said("a", 50, -5), said("b", 51, -1)]
    for before in (again, still):
        sure = accept_at(NOW + 5, both, last=before, **jump)
        assert sure == price_of(Fraction(101, 2), age_ns=-5)


def test_an_unconfirmed_jump_is_over_when_the_price_is_back():
    jump = {"jump_nano_max": NANO // 10}
    away = [said("a", 50), said("b", 50)]
    again = accepted(away, last=price_of(100, age_ns=AGE_MAX + 1), **jump)
    back = [said("a", 109), said("b", 109)]
    assert accepted(back, last=again, **jump) == price_of(109)
    elsewhere = [said("a", 111), said("b", 111)]
    found = accepted(elsewhere, last=again, **jump)
    assert (found.grade, found.reason, found.price_nano) == (Grade.ABSURD, "jump", 50 * NANO)


def test_a_doubt_of_a_past_release_goes_on_without_what_it_did_not_record():
    old = price_of(100, Grade.UNCERTAIN, 10)
    assert accepted([], last=old) == doubted(100, Grade.STALE, "silence", 10, valid=None)


def test_the_newest_print_of_each_source_counts_whenever_it_arrives():
    old, new, other = said("b", 1, 9), said("b", 2, 5), said("a", 3, 7)
    assert latest_prints((), (new, old, other)) == (other, new)
    assert latest_prints((new,), (old,)) == (new,)
    assert latest_prints((old,), (new, new)) == (new,)
    assert latest_prints((), ()) == ()


def test_a_print_from_the_future_does_not_silence_its_source():
    old, ahead = said("a", 1), said("a", 2, -5)
    for known, new in (((old,), (ahead,)), ((old,), (ahead, old)), ((), (old, ahead))):
        assert latest_prints(known, new, NOW) == (old,)
        assert latest_prints(known, new, NOW + 5) == (ahead,)


def test_a_source_that_speaks_of_one_instant_twice_is_taken_at_its_last_word():
    first, second = said("a", 1), said("a", 2)
    assert latest_prints((first,), (second,)) == (second,)
    assert latest_prints((), (second, first)) == (first,)


def test_a_newer_word_of_nonsense_silences_a_source():
    prints = latest_prints((said("a", 100, 5), said("b", 104)), (said("a", None),))
    assert accepted(prints) == doubted(104, Grade.UNCERTAIN, "quorum", valid=None)


@given(st.dictionaries(st.sampled_from(SOURCES), prices, min_size=1), st.data())
def test_the_price_is_the_median_as_statistics_knows_it(spoken, data):
    prints = [said(s, Fraction(nano, NANO)) for s, nano in spoken.items()]
    found = accepted(data.draw(st.permutations(prints)))
    assert found.price_nano == statistics.median(map(Fraction, spoken.values())) // 1


@given(
    st.lists(prices, min_size=2, max_size=4),
    st.one_of(prices, nonsense),
    ages,
    st.one_of(st.none(), prices),
)
def test_one_bad_source_moves_a_price_within_the_spread_of_the_others(honest, bad, age, last):
    prints = [said(s, Fraction(nano, NANO)) for s, nano in zip(SOURCES[1:], honest, strict=False)]
    lie = Print(factor="BTC", source="a", price_nano=bad, observed_ns=NOW - age)
    last = None if last is None else price_of(Fraction(last, NANO))
    without, with_ = (accepted(p, last=last) for p in (prints, [lie, *prints]))
    for found in (without, with_):
        assert min(honest) <= found.price_nano <= max(honest)
        assert found.grade is Grade.VALID
    if bad is None or bad <= 0 or age > AGE_MAX:  # what is no price, or late, moves nothing
        assert with_ == without


# Of two sources nobody can say which is bad, so the law above needs two others: a venue that wants
# it has three sources or more.
def test_of_two_sources_a_bad_one_takes_the_price_half_of_its_way():
    assert accepted([said("a", 100), said("b", 300)]) == price_of(200)


@given(
    st.lists(
        st.tuples(st.sampled_from(SOURCES), st.one_of(prices, nonsense), ages),
        unique_by=lambda spoken: (spoken[0], spoken[2]),
    ),
    st.data(),
)
def test_equal_prints_give_equal_prices_in_whatever_order(spoken, data):
    prints = [
        Print(factor="BTC", source=s, price_nano=nano, observed_ns=NOW - age)
        for s, nano, age in spoken
    ]
    shuffled = data.draw(st.permutations(prints))
    cut = data.draw(st.integers(0, len(prints)))
    at_once = latest_prints((), prints)
    assert latest_prints(latest_prints((), shuffled[:cut]), shuffled[cut:]) == at_once
    terms = {"last": LAST, "jump_nano_max": NANO}
    assert accepted(at_once[::-1], **terms) == accepted(at_once, **terms)


@given(st.lists(st.tuples(st.sampled_from(SOURCES), st.one_of(prices, nonsense), ages)), prices)
def test_whatever_is_heard_a_price_comes_out_and_a_doubt_leaves_the_last(spoken, last):
    prints = [
        Print(factor="BTC", source=s, price_nano=nano, observed_ns=NOW - age)
        for s, nano, age in spoken
    ]
    before = price_of(Fraction(last, NANO), age_ns=1)
    found = accepted(latest_prints((), prints), last=before, jump_nano_max=NANO // 20)
    assert found.price_nano > 0
    if found.grade in (Grade.STALE, Grade.ABSURD):
        assert (found.price_nano, found.accepted_ns) == (before.price_nano, before.accepted_ns)
    else:
        assert found.accepted_ns == NOW
        assert abs(found.price_nano - last) * 20 <= last


@given(
    st.lists(st.tuples(st.sampled_from(SOURCES), st.one_of(prices, nonsense), ages, widths)),
    st.one_of(st.none(), prices),
    ages,
    st.sampled_from([None, NANO // 20, NANO]),
)
def test_the_short_way_and_the_long_way_lead_to_the_same_price(spoken, last, age, jump):
    prints = latest_prints(
        (),
        [
            Print(
                factor="BTC",
                source=s,
                price_nano=nano,
                observed_ns=NOW - age_,
                confidence_nano=width,
            )
            for s, nano, age_, width in spoken
        ],
    )
    before = None if last is None else price_of(Fraction(last, NANO), age_ns=age)
    terms = {"last": before, "jump_nano_max": jump}
    long_way = accepted(prints, weight_min=1, **terms)  # which a plain policy does not have
    assert accepted(prints, **terms) == long_way
