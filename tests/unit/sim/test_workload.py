"""The workload: determined by its seed, bounded, and never a command that no schema has."""

from random import Random

import msgspec
import pytest

from hullmark.clearing import Rules
from hullmark.domain import Command, commands
from hullmark.errors import InvalidInputError
from hullmark.journal import Journal
from hullmark.journal.memory import MemoryStore
from hullmark.runtime import Keyed, Venue
from hullmark.sim import SimulatedClock, Workload
from hullmark.sim._workload import START_NS
from hullmark.sim._workload_rules import LISTED_NS, founding_tree, list_anew


def played(seed, steps):
    """Return what a workload asked for, its venue, and the clock."""
    clock = SimulatedClock(START_NS)
    workload, venue = Workload(seed, clock), Venue(Journal(MemoryStore()), clock=clock)
    asked = [[request] for request in workload.founding()]
    for requests in asked:
        venue.submit_all(requests)
    for _ in range(steps):
        asked.append(workload.step(venue))
        venue.submit_all(asked[-1])
    return asked, venue, workload


def test_equal_seeds_ask_the_same_and_others_do_not():
    one, other, third = (played(seed, 200)[0] for seed in (1, 1, 2))
    assert one == other != third


def test_the_first_request_is_refused_and_the_second_begins_the_history():
    clock = SimulatedClock(START_NS)
    founding = list(Workload(1, clock).founding())
    venue = Venue(Journal(MemoryStore()), clock=clock)
    answers = venue.submit_all(founding)
    assert isinstance(founding[1], commands.AdoptRules)
    assert [answer.refusal is not None for answer in answers] == [
        True,
        *[False] * (len(answers) - 1),
    ]


def test_every_request_fits_the_schema_and_some_carry_keys():
    asked, venue, _ = played(3, 400)
    requests = [request for step in asked for request in step]
    decode = msgspec.msgpack.Decoder(Command).decode
    for request in requests:
        command = request.command if isinstance(request, Keyed) else request
        assert decode(msgspec.msgpack.encode(command)) == command
    keys = [request.key for request in requests if isinstance(request, Keyed)]
    assert 0 < len(set(keys)) < len(keys) < len(requests)
    assert len(venue.state.modes) <= 30


def test_what_is_malformed_is_turned_away_and_changes_nothing():
    _, venue, workload = played(4, 50)
    before = venue.tip, venue.state_hash()
    for _ in range(100):
        with pytest.raises(InvalidInputError):
            venue.submit_all([commands.AdvanceTime(), workload.malformed(venue)])
    assert (venue.tip, venue.state_hash()) == before


def test_a_new_series_keeps_what_was_listed_and_expires_later():
    first = Rules.parse(founding_tree(Random(1)))
    second = Rules.parse(list_anew(first, cents=12_000, now_ns=START_NS))
    third = Rules.parse(list_anew(second, cents=9_000, now_ns=START_NS + LISTED_NS))
    assert second.takes_away(first) is None
    assert third.takes_away(second) is None
    assert len(third.instruments) == len(first.instruments) + 8
    expiries = [i.expiry_ns for i in third.instruments[len(first.instruments) :]]
    assert expiries == [START_NS + LISTED_NS] * 4 + [START_NS + 2 * LISTED_NS] * 4
