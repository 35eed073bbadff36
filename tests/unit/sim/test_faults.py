"""Faults of storage: each ends an opening, and none of them lies about what is stored."""

import math
from collections import Counter
from itertools import pairwise

import pytest

from hullmark.domain import commands, events
from hullmark.errors import FencedJournalError, JournalError, LockedJournalError
from hullmark.journal import Journal, Unit
from hullmark.journal.memory import MemoryStore
from hullmark.sim import Fault, Medium


def unit(sequence):
    time = events.TimeAdvanced(now_ns=sequence)
    return Unit(sequence=sequence, time_ns=sequence, command=commands.AdvanceTime(), events=(time,))


def write(journal, count=1):
    for _ in range(count):
        journal.append([unit(journal.tip.sequence + 1)])


def medium(kept, *, spacing=math.inf, seed=1):
    return Medium(
        lambda: kept, seed=seed, spacing=spacing, on_takeover=lambda store: write(Journal(store))
    )


def attempts(seed, count=300):
    """Return how often each thing happened, where appends go on after every fault."""
    kept, happened = MemoryStore(), []
    place, journal = medium(kept, spacing=3, seed=seed), None
    for _ in range(count):
        try:
            if journal is None:
                journal = Journal(place.open())
            before = kept.tip.sequence
            write(journal)
            happened.append((None, kept.tip.sequence - before))
        except JournalError as e:
            happened.append((type(e), kept.tip.sequence - before if journal else 0))
            journal = None
    return place, happened


def test_a_medium_without_faults_stores_everything():
    kept = MemoryStore()
    write(Journal(medium(kept).open()), 50)
    assert kept.tip.sequence == 50


def test_every_fault_comes_and_is_counted():
    place, happened = attempts(seed=3)
    assert min(place.faults.values()) > 0
    assert set(place.faults) == set(Fault)
    raised = Counter(error for error, _ in happened if error is not None)
    assert raised[FencedJournalError] == place.faults[Fault.FENCED]
    assert raised[LockedJournalError] == place.faults[Fault.LOCKED]
    assert sum(raised.values()) == sum(place.faults.values())


def test_an_append_that_raises_has_stored_all_or_nothing_and_a_rival_one_unit():
    place, happened = attempts(seed=4)
    assert {stored for error, stored in happened if error is None} == {1}
    assert {stored for error, stored in happened if error is FencedJournalError} == {1}
    lost = sum(stored for error, stored in happened if error is JournalError)
    assert lost == place.faults[Fault.UNACKNOWLEDGED]


def test_equal_seeds_have_equal_faults():
    assert attempts(seed=5)[1] == attempts(seed=5)[1] != attempts(seed=6)[1]


def test_an_older_opening_is_fenced_off_by_a_newer_one():
    place = medium(MemoryStore())
    first = Journal(place.open())
    write(first)
    second = None
    while second is None:
        try:
            second = Journal(place.open())
        except JournalError:  # an opening may fail: the one after it does not
            continue
    write(second)
    with pytest.raises(FencedJournalError, match="newest writer"):
        write(first)
    assert second.tip.sequence == 2


def test_two_openings_in_a_row_do_not_both_fail():
    place = medium(MemoryStore())
    write(Journal(place.open()))
    failed = []
    for _ in range(200):
        try:
            Journal(place.open())
            failed.append(False)
        except JournalError:
            failed.append(True)
    assert any(failed)
    assert not any(one and other for one, other in pairwise(failed))
