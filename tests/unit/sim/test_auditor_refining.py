"""Tests of what the auditor makes of a candidate: each part by itself, with numbers by hand."""

from hullmark.sim._auditor_candidates import Candidate
from hullmark.sim._auditor_policies import read_prices
from hullmark.sim._auditor_refining import Memory, refine, told

NANO = SECOND = 10**9
NOW = 1_000 * SECOND
TREE = {"sources": ["a", "d"], "sources_min": 1, "staleness_s_max": "60"}


def refined(price, memory=None, *, low=None, high=None, last=None, said=None, now=NOW, **parts):
    candidate = Candidate(price, low or price, high or price, [now])
    return refine(
        candidate,
        read_prices(TREE | parts),
        memory or Memory(),
        last=last,
        redemption_nano=said,
        inputs=parts.pop("inputs", {"ETH": 50 * NANO}),
        now_ns=now,
    )


def test_without_parts_a_candidate_is_the_price_and_keeps_its_sides():
    assert refined(100, low=90, high=120) == (90, 100, 120, Memory())
    assert refined(100, Memory(average_nano=7, steady=2)) == (100, 100, 100, Memory(steady=2))


def test_the_redemption_counts_within_its_deviation():
    part = {"redemption": {"source": "d", "deviation_max": "0.1"}}
    assert refined(110, said=100, **part) == (100, 100, 110, Memory(spot_nano=110))
    assert refined(111, said=100, **part)[:3] == (111, 111, 111)
    assert refined(111, **part)[:3] == (111, 111, 111)


def test_growth_is_capped_by_the_year():
    cap = {"snapshot": "1", "at": "1970-01-01", "per_year": "0.5"}
    year_ns = 365 * 86_400 * NANO
    assert refined(2 * NANO, now=year_ns, growth_cap=cap)[1] == 1_500_000_000
    assert refined(NANO, now=year_ns, growth_cap=cap)[1] == NANO
    found = refined(90 * NANO, now=year_ns, growth_cap=cap | {"base": "ETH"})
    assert found[1] == 75 * NANO  # of a base of 50
    assert found[3].spot_nano == 90 * NANO


def test_an_arithmetic_average_is_of_what_held():
    part = {"average": {"kind": "arithmetic", "window_s": "64"}}
    points = ((NOW - 100 * SECOND, 7), (NOW - 80 * SECOND, 100), (NOW - 16 * SECOND, 200))
    _, price, _, memory = refined(1_000, Memory(points=points), **part)
    assert price == (100 * 48 + 200 * 16) // 64  # the new one has held for no time yet
    assert memory.points == (*points[1:], (NOW, 1_000))


def test_points_that_are_close_together_become_their_mean():
    part = {"average": {"kind": "arithmetic", "window_s": "64"}}
    points = ((NOW - SECOND, 100), (NOW - SECOND // 2, 201))
    memory = refined(1_000, Memory(points=points), **part)[3]
    assert memory.points == ((NOW - SECOND, 150), (NOW, 1_000))


def test_a_geometric_average_is_in_whole_ticks():
    part = {"average": {"kind": "geometric", "window_s": "60"}}
    _, price, _, memory = refined(NANO, **part)
    assert (price, memory.ticks) == (NANO, ((NOW, 0),))
    ticks = ((NOW - 60 * SECOND, 0), (NOW - 30 * SECOND, 2))
    _, price, _, memory = refined(NANO * 2, Memory(ticks=ticks), **part)
    assert price == 1_000_100_000  # tick 1
    assert memory.ticks[-1] == (NOW, 6_931)
    assert refined(1_000_200_010, **part)[3].ticks == ((NOW, 2),)  # to the last digit


def test_an_exponential_average_remembers_one_number():
    part = {"average": {"kind": "exponential", "window_s": "10"}}
    assert refined(100, **part)[3] == Memory(average_nano=100)
    last = (7, NOW - 10 * SECOND)
    assert refined(200, Memory(average_nano=100), last=last, **part)[1] == 150


def test_a_delayed_price_is_what_was_next():
    part, last = {"delay_s": "10"}, (80, NOW)
    first = refined(100, **part)[3]
    assert first == Memory(next_nano=100, hop_ns=NOW)
    early = refined(120, first, last=last, now=NOW + 9 * SECOND, **part)
    assert (early[1], early[3]) == (80, first._replace(spot_nano=120))
    due = refined(120, first, last=last, now=NOW + 10 * SECOND, **part)
    assert due[1] == 100
    assert due[3] == Memory(next_nano=120, hop_ns=NOW + 10 * SECOND, spot_nano=120)


def test_a_stable_price_moves_no_price_but_its_sides():
    part = {"stable": {"interval_s": "100", "growth_per_s": "0.001"}}
    low, price, high, first = refined(1_000, **part)
    assert (low, price, high) == (1_000, 1_000, 1_000)
    assert first.stable.interval == 10
    low, price, high, memory = refined(2_000, first, now=NOW + 20 * SECOND, **part)
    assert (low, price, high) == (1_020, 2_000, 2_000)
    assert refined(2_000, memory, now=NOW + 29 * SECOND, **part)[3] == memory  # too soon
    # The interval that ended had a mean of 2,000; its price may grow by 6 %.
    later = refined(2_000, memory, now=NOW + 100 * SECOND, **part)[3].stable
    assert later.delay_nano[10] == 1_060
    assert (later.accumulated, later.accumulated_s) == ("0", 0)


def test_an_event_tells_what_is_not_at_its_default():
    assert told(Memory()) == {}
    assert told(Memory(basis_nano=0, steady=0)) == {"basis_nano": 0}
    stable = refined(5, stable={})[3].stable
    assert told(Memory(stable=stable)) == {
        "stable": {
            "stable_nano": 5,
            "updated_s": 1_000,
            "delay_nano": (5,) * 24,
            "accumulated": "0",
        }
    }
