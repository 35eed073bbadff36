"""Judging and weighing sources: flaws by precedence, one voice per origin, a band that stays."""

import itertools

import pytest
from hypothesis import given, strategies as st

from hullmark.core import NANO
from hullmark.domain import Print
from hullmark.market import Flaw, PricePolicy, judge, verdicts
from hullmark.market._policy_parts import SourceTerms
from hullmark.market._weigh import weigh

NOW = 10**12
AGE_MAX = 60 * NANO
SOURCES = ("a", "b", "c", "d", "e")


def said(source, price, age_ns=0, width=None):
    nanos = [None if n is None else int(n * NANO) for n in (price, width)]
    return Print(
        factor="BTC",
        source=source,
        price_nano=nanos[0],
        observed_ns=NOW - age_ns,
        confidence_nano=nanos[1],
    )


def policy(sources=None, **more):
    terms = {name: SourceTerms(**each) for name, each in (sources or {}).items()}
    return PricePolicy(
        **{"sources": SOURCES, "sources_min": 1, "staleness_ns_max": AGE_MAX, "terms": terms} | more
    )


def found(prints, asked):
    return {s: flaw for s, flaw in verdicts(prints, asked, now_ns=NOW).items() if flaw is not None}


def weighed(prints, asked):
    return weigh(prints, verdicts(prints, asked, now_ns=NOW), asked)


# Each spoils one thing about a print at 100; the first of two that hold is given.
STRICT = policy(
    {
        "a": {
            "price_nano_min": 10 * NANO,
            "price_nano_max": 1_000 * NANO,
            "heartbeat_ns": 5 * NANO,
            "confidence_nano_max": NANO // 100,
            "jump_nano_max": NANO // 10,
        }
    },
    price_nano_min=20 * NANO,
    price_nano_max=500 * NANO,
)
SPOILT = {
    Flaw.MISSING: {"price": None},
    Flaw.NOT_POSITIVE: {"price": 0},
    Flaw.CLAMPED: {"price": 10},
    Flaw.BELOW_LIMIT: {"price": 19},
    Flaw.ABOVE_LIMIT: {"price": 501},
    Flaw.FUTURE: {"age_ns": -1},
    Flaw.OUT_OF_ORDER: {"age_ns": 3},
    Flaw.LATE: {"age_ns": 5 * NANO + 1},
    Flaw.UNSURE: {"width": 2},
    Flaw.JUMP: {"price": 120},
}
BEFORE = said("a", 100, 2)
# What is late is out of order too, and what is both is told as the first of them.
FIELDS = [(one, other) for one, other in itertools.combinations(SPOILT, 2)]


def verdict(changed, before=None):
    one = said(**{"source": "a", "price": 100, "width": 1} | changed)
    return judge(one, STRICT, now_ns=NOW, last_nano=100 * NANO, before=before)


def test_a_sound_print_has_no_flaw():
    assert verdict({}, BEFORE) is None
    assert verdict({"price": 110}) is None  # to the very limit of its jump
    assert verdict({"age_ns": 5 * NANO}) is None


@pytest.mark.parametrize("flaw", SPOILT)
def test_each_flaw_is_told(flaw):
    before = BEFORE if flaw is Flaw.OUT_OF_ORDER else None
    assert verdict(SPOILT[flaw], before) is flaw


@pytest.mark.parametrize(("first", "second"), FIELDS)
def test_of_two_flaws_the_first_is_told(first, second):
    both = SPOILT[second] | SPOILT[first]
    before = BEFORE if Flaw.OUT_OF_ORDER in (first, second) else None
    assert verdict(both, before) is first


@pytest.mark.parametrize(("price", "clamped"), [(1_000, True), (1_001, True), (999, False)])
def test_a_print_at_the_bound_of_its_feed_is_a_clamp(price, clamped):
    asked = policy({"a": {"price_nano_max": 1_000 * NANO}})
    assert judge(said("a", price), asked, now_ns=NOW) is (Flaw.CLAMPED if clamped else None)


def test_a_width_that_is_asked_for_must_be_there_and_none_is_below_zero():
    asked = policy({"a": {"confidence_nano_max": NANO // 100}})
    assert judge(said("a", 100), asked, now_ns=NOW) is Flaw.UNSURE
    assert judge(said("a", 100, width=1), asked, now_ns=NOW) is None
    assert judge(said("b", 100, width=-1), asked, now_ns=NOW) is Flaw.UNSURE
    assert judge(said("b", 100, width=99), asked, now_ns=NOW) is None


def test_of_one_origin_the_heaviest_counts_then_the_newest_then_the_first():
    venue = {"origin": "thin venue"}
    same = policy({"a": venue, "b": venue, "c": venue})
    prints = [said("a", 1, 3), said("b", 1, 2), said("c", 1, 2), said("d", 100, 2)]
    assert found(prints, same) == {"a": Flaw.COPY, "c": Flaw.COPY}
    heavy = policy({"a": venue | {"weight": 2}, "b": venue, "c": venue})
    assert found(prints, heavy) == {"b": Flaw.COPY, "c": Flaw.COPY}
    assert found([said("a", 0), *prints[1:]], heavy)["a"] is Flaw.NOT_POSITIVE  # then the next
    assert found([said("a", 0), *prints[1:]], heavy)["c"] is Flaw.COPY


def test_copies_of_a_thin_venue_do_not_outvote_two_others():
    venue = {"origin": "thin venue"}
    prints = [said("a", 300), said("b", 300), said("c", 300), said("d", 100), said("e", 101)]
    assert weighed(prints, policy()).price_nano == 300 * NANO
    asked = policy(dict.fromkeys("abc", venue))
    assert weighed(prints, asked).price_nano == 101 * NANO


def test_the_same_price_at_the_same_instant_is_a_copy_where_that_is_asked():
    prints = [said("a", 100), said("b", 100), said("c", 100, 1)]
    assert found(prints, policy()) == {}
    assert found(prints, policy(distinct=True)) == {"b": Flaw.COPY}


def test_outliers_are_drawn_once_around_all():
    prints = [said("a", 100), said("b", 101), said("c", 109), said("d", 117), said("e", 102)]
    asked = policy(deviation_nano_max=7 * NANO // 100)  # around 102: 94.86 to 109.14
    assert found(prints, asked) == {"d": Flaw.OUTLIER}
    assert weighed(prints, asked).price_nano == (101 + 102) * NANO // 2


def test_where_everybody_is_an_outlier_the_median_of_all_stands_in_doubt():
    prints = [said("a", 100), said("b", 300)]
    asked = policy(deviation_nano_max=NANO // 10)
    assert found(prints, asked) == dict.fromkeys("ab", Flaw.OUTLIER)
    assert weighed(prints, asked)[0::4] == (200 * NANO, Flaw.DISSENT)


@pytest.mark.parametrize(
    ("terms", "flaw"),
    [
        ({}, None),
        ({"sources_min": 4}, Flaw.QUORUM),
        ({"weight_min": 5}, Flaw.QUORUM),
        ({"weight_min": 4}, None),
        ({"dissent_nano_max": 2 * NANO // 6 - 1}, Flaw.DISSENT),  # d: 2 of 6
        ({"dissent_nano_max": 2 * NANO // 6 + 1}, None),
        ({"dissent_nano_max": 0, "sources_min": 4}, Flaw.QUORUM),
    ],
)
def test_too_few_voices_and_too_many_that_differ_are_doubts(terms, flaw):
    prints = [said("a", 100), said("b", 100), said("c", 101), said("d", 150)]
    asked = policy({"a": {"weight": 2}, "d": {"weight": 2}}, deviation_nano_max=NANO // 10, **terms)
    assert weighed(prints, asked).flaw is flaw


def test_sides_are_the_medians_of_the_sides():
    prints = [said("a", 100, width=1), said("b", 102), said("c", 104, width=3)]
    asked = policy(confidence_multiple_nano=2 * NANO)
    assert weighed(prints, asked)[:3] == (102 * NANO, 98 * NANO, 102 * NANO)
    wide = [said("a", 100, width=80), said("b", 102, width=80), said("c", 104, width=3)]
    assert weighed(wide, asked)[:3] == (102 * NANO, 1, 260 * NANO)


def test_nothing_sound_is_nothing():
    assert weighed([], policy()) is None
    assert weighed([said("a", 0), said("stranger", 1)], policy()) is None


prices = st.integers(1, 10**6 * NANO)
weights = st.integers(1, 5)


@given(
    st.lists(st.tuples(prices, weights), min_size=5, max_size=5),
    st.lists(prices, min_size=2, max_size=2),
    st.one_of(st.none(), st.integers(1, NANO)),
)
def test_bad_sources_of_less_than_half_the_weight_stay_within_the_others(spoken, lies, deviation):
    terms = {s: {"weight": w} for s, (_, w) in zip(SOURCES, spoken, strict=True)}
    good = dict(zip(SOURCES, (price for price, _ in spoken), strict=True))
    total, bad = sum(w for _, w in spoken), {}
    for source, lie in zip("ab", lies, strict=True):
        weight = terms[source]["weight"] + sum(terms[s]["weight"] for s in bad)
        if 2 * weight < total:
            bad[source] = lie
    honest = [price for source, price in good.items() if source not in bad]
    prints = [
        Print(factor="BTC", source=s, price_nano=p, observed_ns=NOW)
        for s, p in (good | bad).items()
    ]
    asked = policy(terms, deviation_nano_max=deviation)
    answer = weighed(prints, asked)
    assert min(honest) <= answer.price_nano <= max(honest)
    assert answer.low_nano <= answer.price_nano <= answer.high_nano


def slow_weighted_median(prints, terms):
    """Return the median of a list in which everybody stands as often as he weighs."""
    listed = sorted(p for s, p in prints.items() for _ in range(terms[s]["weight"]))
    return (listed[(len(listed) - 1) // 2] + listed[len(listed) // 2]) // 2


@given(st.lists(st.tuples(prices, weights), min_size=1, max_size=5))
def test_a_weight_is_as_many_sources(spoken):
    names = SOURCES[: len(spoken)]
    terms = {s: {"weight": w} for s, (_, w) in zip(names, spoken, strict=True)}
    by_source = {s: p for s, (p, _) in zip(names, spoken, strict=True)}
    prints = [
        Print(factor="BTC", source=s, price_nano=p, observed_ns=NOW) for s, p in by_source.items()
    ]
    answer = weighed(prints, policy(terms)).price_nano
    assert answer == slow_weighted_median(by_source, terms)
