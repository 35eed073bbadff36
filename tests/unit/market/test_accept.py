"""Tests of accepted prices: grades by example, then what no source can do."""

import statistics
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from hullmark.core import NANO, SECOND_NS
from hullmark.domain import AcceptedPrice, Print
from hullmark.errors import DocumentError, InvalidInputError
from hullmark.market import Grade, PricePolicy, accept, latest_prints

NOW = 1_000 * SECOND_NS
AGE_MAX = 60 * SECOND_NS
SOURCES = ("a", "b", "c", "d", "e")
TREE = {
    "sources": ["a", "b", "c"],
    "sources_min": 2,
    "staleness_s_max": "60",
    "jump_max": "0.1",
    "price_min": "0.5",
    "price_max": "1000",
}

prices = st.integers(1, 10**6 * NANO)
nonsense = st.one_of(st.none(), st.integers(-(2**63), 0), st.just(2**63 - 1))
ages = st.integers(0, 2 * AGE_MAX)


def said(source, price, age_ns=0):
    nano = None if price is None else int(price * NANO)
    return Print(factor="BTC", source=source, price_nano=nano, observed_ns=NOW - age_ns)


def policy(**terms):
    return PricePolicy(
        **{"sources": SOURCES, "sources_min": 2, "staleness_ns_max": AGE_MAX, **terms}
    )


def accepted(prints, *, last=None, **terms):
    return accept("BTC", prints, policy=policy(**terms), last=last, now_ns=NOW)


def price_of(price, grade=Grade.VALID, age_ns=0):
    return AcceptedPrice(
        factor="BTC", price_nano=int(price * NANO), grade=grade, accepted_ns=NOW - age_ns
    )


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
    assert accepted([said("a", 100)]) == price_of(100, Grade.UNCERTAIN)
    assert accepted([said("a", 100)], sources_min=1) == price_of(100)
    late = said("b", 200, AGE_MAX + 1)
    assert accepted([said("a", 100), late], last=LAST) == price_of(100, Grade.UNCERTAIN)


def test_a_print_is_fresh_to_the_last_nanosecond_and_then_stale():
    assert accepted([said("a", 90, AGE_MAX), said("b", 90)]) == price_of(90)
    late = [said("a", 90, AGE_MAX + 1), said("b", 90, AGE_MAX + 1)]
    assert accepted(late, last=LAST) == price_of(100, Grade.STALE, 10 * SECOND_NS)


def test_silence_leaves_the_last_price_stale_with_its_own_time():
    assert accepted([], last=LAST) == price_of(100, Grade.STALE, 10 * SECOND_NS)


@pytest.mark.parametrize("bad", [None, 0, -1, Fraction(1, 10), 5_000])
def test_nothing_but_nonsense_leaves_the_last_price_absurd(bad):
    limits = {"price_nano_min": NANO, "price_nano_max": 1_000 * NANO}
    found = accepted([said("a", bad), said("b", bad)], last=LAST, **limits)
    assert found == price_of(100, Grade.ABSURD, 10 * SECOND_NS)
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
@pytest.mark.parametrize("prints", [[], [said("a", 0)], [said("a", 90, AGE_MAX + 1)]])
def test_where_there_never_was_a_price_there_is_none(never, prints):
    assert accepted(prints, last=never) == AcceptedPrice(factor="BTC", price_nano=0, grade=4)
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
    assert found == price_of(100, Grade.ABSURD, 10 * SECOND_NS)
    assert accepted([said("a", beyond), said("b", beyond)], last=LAST).grade is Grade.VALID


def test_a_jump_from_a_price_that_is_out_of_date_starts_again_with_care():
    jump, prints = {"jump_nano_max": NANO // 10}, [said("a", 50), said("b", 50)]
    held = price_of(100, Grade.ABSURD, AGE_MAX)
    assert accepted(prints, last=held, **jump) == price_of(100, Grade.ABSURD, AGE_MAX)
    old = price_of(100, Grade.ABSURD, AGE_MAX + 1)
    again = accepted(prints, last=old, **jump)
    assert again == price_of(50, Grade.UNCERTAIN)
    assert accepted(prints, last=again, **jump) == price_of(50)


def test_the_newest_print_of_each_source_counts_whenever_it_arrives():
    old, new, other = said("b", 1, 9), said("b", 2, 5), said("a", 3, 7)
    assert latest_prints((), (new, old, other)) == (other, new)
    assert latest_prints((new,), (old,)) == (new,)
    assert latest_prints((old,), (new, new)) == (new,)
    assert latest_prints((), ()) == ()


def test_a_source_that_speaks_of_one_instant_twice_is_taken_at_its_last_word():
    first, second = said("a", 1), said("a", 2)
    assert latest_prints((first,), (second,)) == (second,)
    assert latest_prints((), (second, first)) == (first,)


def test_a_newer_word_of_nonsense_silences_a_source():
    prints = latest_prints((said("a", 100, 5), said("b", 104)), (said("a", None),))
    assert accepted(prints) == price_of(104, Grade.UNCERTAIN)


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
    assert accepted(shuffled[::-1], **terms) == accepted(shuffled, **terms)


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


def test_a_policy_is_read_exactly():
    assert PricePolicy.parse(TREE) == PricePolicy(
        sources=("a", "b", "c"),
        sources_min=2,
        staleness_ns_max=AGE_MAX,
        jump_nano_max=NANO // 10,
        price_nano_min=NANO // 2,
        price_nano_max=1_000 * NANO,
    )
    least = {"sources": ["a"], "sources_min": 1, "staleness_s_max": "0.000000001"}
    assert PricePolicy.parse(least) == PricePolicy(
        sources=("a",), sources_min=1, staleness_ns_max=1
    )


BAD_VALUES = [
    ("sources", [], "sources_min must be in [1, 0], was 2"),
    ("sources", ["a", "a"], "sources must be distinct, was ('a', 'a')"),
    ("sources", "abc", "sources must be a list of names, was 'abc'"),
    ("sources", ["a", 1], "sources must be a list of names, was ['a', 1]"),
    ("sources", ["a", ""], "sources must be a list of names, was ['a', '']"),
    ("sources", None, "sources must be a list of names, was None"),
    ("sources_min", 0, "sources_min must be in [1, 3], was 0"),
    ("sources_min", 4, "sources_min must be in [1, 3], was 4"),
    ("sources_min", "2", "sources_min must be a whole number, was '2'"),
    ("sources_min", 2.0, "sources_min must be a whole number, was 2.0"),
    ("sources_min", True, "sources_min must be a whole number, was True"),
    ("staleness_s_max", "0", "staleness_s_max must be > 0, was 0"),
    ("staleness_s_max", "-1.5", "staleness_s_max must be > 0, was -1.5"),
    ("staleness_s_max", 60.0, "staleness_s_max must be a decimal string, was 60.0"),
    ("jump_max", "0", "jump_max must be > 0, was 0; leave it out for none"),
    ("jump_max", "-0.1", "jump_max must be > 0, was -0.1; leave it out for none"),
    ("jump_max", "inf", "jump_max must be a finite decimal of at most 9 decimals, was 'inf'"),
    ("price_min", "0", "price_min must be > 0, was 0"),
    ("price_min", "1001", "price_max must be >= price_min (1001), was 1000"),
    ("price_max", "0.4", "price_max must be >= price_min (0.5), was 0.4"),
    ("price_max", "NaN", "price_max must be a finite decimal of at most 9 decimals, was 'NaN'"),
]


@pytest.mark.parametrize(("key", "value", "message"), BAD_VALUES)
def test_a_bad_value_is_refused_by_key_rule_and_value(key, value, message):
    with pytest.raises(InvalidInputError) as refused:
        PricePolicy.parse({**TREE, key: value})
    assert str(refused.value) == message


@pytest.mark.parametrize("key", ["sources", "sources_min", "staleness_s_max"])
def test_a_missing_key_is_named(key):
    with pytest.raises(DocumentError, match=f"key '{key}' is missing"):
        PricePolicy.parse({k: v for k, v in TREE.items() if k != key})


def test_an_unknown_key_is_named_with_those_that_are_known():
    with pytest.raises(DocumentError, match=r"unknown key 'jump'; known: jump_max, price_max, "):
        PricePolicy.parse({**TREE, "jump": "0.1"})


@pytest.mark.parametrize("bad", [None, [], "sources", 3])
def test_a_policy_that_is_no_table_is_refused(bad):
    with pytest.raises(DocumentError, match="a price policy must be a table, was "):
        PricePolicy.parse(bad)
