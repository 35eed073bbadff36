"""What is made of a weighed price: each part by example, and what each remembers."""

from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from hullmark.core import NANO
from hullmark.domain import AcceptedPrice, Print
from hullmark.market import Grade, PricePolicy, accept
from hullmark.market._policy_parts import (
    AverageTerms,
    GrowthTerms,
    RedemptionTerms,
    StableTerms,
)
from hullmark.market._refine import POINTS_MAX

SECOND = NANO
BASE = {"ETH": AcceptedPrice(factor="ETH", price_nano=2_000 * NANO, grade=0, accepted_ns=1)}


class Tape:
    """A price of one source, and of another that redeems, as time goes on."""

    def __init__(self, inputs=None, **parts):
        terms = {"sources": ("a", "issuer"), "sources_min": 1, "staleness_ns_max": 10**6 * SECOND}
        self.policy, self.price = PricePolicy(**terms | parts), None
        self.inputs = inputs or {}

    def say(self, at_s, usd, issuer=None):
        """Let the source say a price, and return the one that comes of it."""
        said = {"a": usd} | ({} if issuer is None else {"issuer": issuer})
        prints = [
            Print(
                factor="F",
                source=s,
                price_nano=None if p is None else int(Fraction(p) * NANO),
                observed_ns=int(at_s * SECOND),
            )
            for s, p in said.items()
        ]
        self.price = accept(
            "F",
            prints,
            policy=self.policy,
            last=self.price,
            now_ns=int(at_s * SECOND),
            inputs=self.inputs,
        )
        return self.price.price_nano / NANO

    def sides(self):
        """Return low and high, the price where there is none."""
        price = self.price
        return [(n or price.price_nano) / NANO for n in (price.low_nano, price.high_nano)]


def test_near_redemption_the_issuers_price_stands_and_far_from_it_the_markets():
    tape = Tape(redemption=RedemptionTerms(source="issuer", deviation_nano_max=NANO // 100))
    assert (tape.say(1, "0.995", issuer=1), tape.sides()) == (1, [0.995, 1])
    assert (tape.say(2, "0.989", issuer=1), tape.sides()) == (0.989, [0.989, 0.989])
    assert tape.say(3, "0.995") == 0.995  # the issuer is silent
    assert tape.say(4, "0.995", issuer=0) == 0.995  # or speaks nonsense


GROWTH = {"snapshot_nano": NANO, "at_ns": 0, "per_year_nano": NANO // 10}


def test_a_rate_grows_no_faster_than_its_cap():
    tape = Tape(growth_cap=GrowthTerms(**GROWTH))
    half_s = 365 * 86_400 // 2
    assert tape.say(half_s, "1.04") == 1.04
    assert tape.say(half_s, "1.06") == 1.05
    assert Grade(tape.price.grade) is Grade.VALID
    assert tape.price.memory.spot_nano == 1_060_000_000


def test_a_cap_in_units_of_another_moves_with_that_one_and_needs_it():
    tape = Tape(BASE, growth_cap=GrowthTerms(**GROWTH, base="ETH"))
    assert tape.say(1, "2600") == pytest.approx(2_000)
    tape.inputs = {}
    tape.say(2, "1900")
    assert (Grade(tape.price.grade), tape.price.reason) == (Grade.STALE, "input")


def test_an_arithmetic_average_is_of_what_held_in_the_window():
    tape = Tape(average=AverageTerms(kind="arithmetic", window_ns=100 * SECOND))
    assert tape.say(1_000, 10) == 10
    assert tape.say(1_050, 20) == 10  # 20 has held for no time
    assert tape.say(1_100, 20) == 15
    assert tape.say(1_125, 20) == 17.5
    assert tape.say(1_300, 50) == 20


def test_a_spike_moves_a_geometric_average_little():
    """Ten times the price for 12 of 1,800 seconds: 10 ** (12 / 1800), 1.55 %."""
    tape = Tape(average=AverageTerms(kind="geometric", window_ns=1_800 * SECOND))
    tape.say(0, 100)
    for at_s, usd in ((1_000, 1_000), (1_012, 100)):
        tape.say(at_s, usd)
    assert tape.say(1_800, 100) == pytest.approx(100 * 10 ** (12 / 1_800), rel=2e-4)


def test_an_exponential_average_goes_half_the_way_in_a_half_life():
    tape = Tape(average=AverageTerms(kind="exponential", window_ns=60 * SECOND))
    assert tape.say(0, 100) == 100
    assert tape.say(60, 200) == 150
    assert tape.say(180, 200) == 187.5
    assert tape.price.memory.average_nano == tape.price.price_nano


@given(
    st.sampled_from(["arithmetic", "geometric", "exponential"]),
    st.lists(st.tuples(st.integers(0, 90), st.integers(1, 10**5)), min_size=1, max_size=120),
)
def test_an_average_stays_within_what_was_said_and_remembers_little(kind, steps):
    tape, at_s, seen = Tape(average=AverageTerms(kind=kind, window_ns=600 * SECOND)), 0, []
    for wait_s, usd in steps:
        at_s += wait_s
        seen.append(usd)
        found = tape.say(at_s, usd)
        # A tick down, and a nano, are lost to rounding.
        assert min(seen) * (1 - 1.1e-4) <= found <= max(seen)
        memory = tape.price.memory
        assert memory is None or len(memory.points + memory.ticks) <= 2 * POINTS_MAX + 3


def slow_mean(said, now_s, window_s):
    """Return the mean of what held in each second of the window."""
    held = []
    for second in range(max(now_s - window_s, said[0][0]), now_s):
        held.append([usd for at_s, usd in said if at_s <= second][-1])
    return sum(held) / len(held) if held else said[-1][1]


@given(st.lists(st.tuples(st.integers(4, 40), st.integers(1, 10**5)), min_size=2, max_size=20))
def test_an_arithmetic_average_is_that_of_every_second(steps):
    window_s = 100  # whose 32nd part is shorter than any step: nothing is put together
    tape, at_s, said = (
        Tape(average=AverageTerms(kind="arithmetic", window_ns=window_s * NANO)),
        0,
        [],
    )
    for wait_s, usd in steps:
        at_s += wait_s
        said.append((at_s, usd))
        assert tape.say(at_s, usd) == pytest.approx(slow_mean(said, at_s, window_s), abs=1e-8)


def test_a_delayed_price_is_what_was_next():
    tape = Tape(delay_ns=3_600 * SECOND)
    said = [(0, 100), (1_800, 110), (3_600, 120), (3_700, 130), (7_200, 140), (10_800, 150)]
    assert [tape.say(*each) for each in said] == [100, 100, 100, 100, 120, 140]
    assert tape.price.memory.next_nano == 150 * NANO


def test_a_stable_price_widens_the_sides_and_moves_no_price():
    tape = Tape(stable=StableTerms())
    assert (tape.say(0, 100), tape.sides()) == (100, [100, 100])
    assert tape.say(60, 200) == 200
    low, high = tape.sides()
    assert (round(low, 6), high) == (101.8, 200)  # 0.03 % a second, for a minute
    tape.say(120, 50)
    assert tape.sides() == [50, pytest.approx(100, abs=0.1)]


def test_what_rules_no_longer_ask_for_is_forgotten():
    tape = Tape(stable=StableTerms(), delay_ns=10 * SECOND)
    tape.say(0, 100)
    tape.say(5, 101)
    assert tape.price.memory.stable is not None
    tape.policy = PricePolicy(sources=("a", "issuer"), sources_min=1, staleness_ns_max=60 * SECOND)
    tape.say(6, 102)
    assert tape.price == AcceptedPrice(
        factor="F", price_nano=102 * NANO, grade=0, accepted_ns=6 * SECOND
    )


def test_a_doubt_moves_no_memory_and_none_is_lost():
    tape = Tape(average=AverageTerms(kind="arithmetic", window_ns=100 * SECOND))
    tape.say(0, 100)
    tape.say(50, 200)
    before = tape.price.memory
    tape.say(60, None)
    assert tape.price.memory.points == before.points
    assert tape.say(100, 200) == 150
