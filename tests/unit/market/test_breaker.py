"""The breaker: what opens it, what counts towards closing it, and that a row cannot be walked."""

import pytest

from hullmark.core import NANO
from hullmark.domain import AcceptedPrice, Print
from hullmark.market import Grade, PricePolicy, accept
from hullmark.market._policy_parts import ReopenTerms

SECOND = NANO
TERMS = {
    "sources": ("a", "b", "c"),
    "sources_min": 2,
    "staleness_ns_max": 60 * SECOND,
    "jump_nano_max": NANO // 10,
}
REOPEN = ReopenTerms(prints=3, sources=2)
FIRST = AcceptedPrice(factor="BTC", price_nano=100 * NANO, grade=0, accepted_ns=100 * SECOND)


class Tape:
    """A price, told what sources say as time goes on."""

    def __init__(self, *, reopen=REOPEN, **more):
        self.policy = PricePolicy(**TERMS, reopen=reopen, **more)
        self.price = FIRST

    def say(self, at_s, usd, sources="ab", observed_s=None):
        """Let sources say a price, and return grade, reason and price."""
        seen = (at_s if observed_s is None else observed_s) * SECOND
        nano = None if usd is None else int(usd * NANO)
        prints = [Print(factor="BTC", source=s, price_nano=nano, observed_ns=seen) for s in sources]
        self.price = accept(
            "BTC", prints, policy=self.policy, last=self.price, now_ns=at_s * SECOND
        )
        return Grade(self.price.grade).name, self.price.reason, self.price.price_nano / NANO


@pytest.mark.parametrize(
    ("usd", "reason"), [(None, "missing"), (0, "not_positive"), (50, "jump"), (150, "jump")]
)
def test_it_opens_on_what_is_absurd_and_closes_after_prints_in_a_row(usd, reason):
    tape = Tape()
    assert tape.say(101, usd) == ("ABSURD", reason, 100)
    for at_s in (102, 103):
        assert tape.say(at_s, 95) == ("ABSURD", "halted", 100)
    assert tape.say(104, 95) == ("VALID", "", 95)
    assert tape.price.memory is None
    assert tape.price.doubted_ns is None


def test_without_one_a_price_recovers_at_once():
    tape = Tape(reopen=None)
    tape.say(101, 50)
    assert tape.say(102, 95) == ("VALID", "", 95)


def test_it_stays_open_long_after_the_last_price_has_grown_old():
    tape = Tape()
    tape.say(101, 50)
    assert tape.say(1_000, 50) == ("ABSURD", "halted", 100)
    assert (tape.price.low_nano, tape.price.high_nano) == (50 * NANO, None)
    assert tape.price.doubted_ns == 101 * SECOND
    tape.say(1_001, 50)
    assert tape.say(1_002, 50) == ("VALID", "", 50)


def test_an_old_price_halts_on_a_jump_too():
    tape = Tape()
    assert tape.say(161, 50) == ("ABSURD", "jump", 100)
    assert tape.say(162, 50) == ("ABSURD", "halted", 100)


def test_silence_and_uncertainty_open_nothing():
    tape = Tape()
    assert tape.say(101, 100, sources="a")[:2] == ("UNCERTAIN", "quorum")
    assert tape.say(162, 100, observed_s=100)[:2] == ("STALE", "late")
    assert tape.say(163, 100)[:2] == ("VALID", "")


def test_only_new_words_of_enough_sources_count():
    tape = Tape()
    tape.say(101, 50)
    for at_s in (102, 103, 104, 105):
        assert tape.say(at_s, 90, observed_s=101)[1] == "halted"  # from before the halt, or of it
    for at_s in (106, 107, 108):
        assert tape.say(at_s, 90, sources="a")[1] == "halted"  # one alone
    for at_s in (109, 110):
        assert tape.say(at_s, 90, sources="bc")[1] == "halted"
        assert tape.say(at_s, 90, sources="bc")[1] == "halted"  # said before
    assert tape.say(111, 90) == ("VALID", "", 90)


@pytest.mark.parametrize("between", [50, None])
def test_a_row_that_is_broken_begins_again(between):
    tape = Tape()
    tape.say(101, 50)
    tape.say(102, 90)
    tape.say(103, 90)
    assert tape.say(104, between)[1] == "halted"
    for at_s in (105, 106):
        assert tape.say(at_s, 90)[1] == "halted"
    assert tape.say(107, 90) == ("VALID", "", 90)


def test_a_row_cannot_be_walked():
    tape, usd = Tape(), 90.0
    tape.say(101, 50)
    for at_s in range(102, 130):
        assert tape.say(at_s, usd)[1] == "halted"
        usd *= 0.92  # each within 10 % of the one before, not of the first of its row


def test_what_has_been_left_open_by_rules_before_closes_under_those_without_a_breaker():
    tape = Tape()
    tape.say(101, 50)
    tape.policy = PricePolicy(**TERMS)
    assert tape.say(102, 50, sources="a") == ("ABSURD", "halted", 100)
    assert tape.say(103, 50) == ("VALID", "", 50)


def test_agreement_is_within_the_deviation_where_there_is_one():
    tape = Tape(deviation_nano_max=NANO // 100)
    tape.say(101, 50)
    tape.say(102, 90)
    tape.say(103, 92)  # 2 % away
    assert tape.say(104, 92)[1] == "halted"
    assert tape.say(105, 92) == ("VALID", "", 92)
