"""What every store of the group ``hullmark.event_stores`` must do, whichever it is."""

import threading
import time
from contextlib import ExitStack
from importlib.metadata import entry_points

import pytest

from hullmark.domain import commands, events
from hullmark.errors import JournalError, LockedJournalError
from hullmark.journal import GENESIS, Journal, Store, Tip, Unit, copy, read

# By the first of its names: a store may have one for each scheme of its addresses.
INSTALLED = {
    min(names): point
    for point in entry_points(group="hullmark.event_stores")
    if (names := [p.name for p in entry_points(group=point.group) if p.value == point.value])
}
LASTING = ("postgres", "sqlite")  # what outlives its object, and has a place


def units_between(first, last):
    opened = events.TimeAdvanced(now_ns=9)
    return [
        Unit(sequence=i, time_ns=9, command=commands.AdvanceTime(), events=(opened,) * (i % 3))
        for i in range(first, last + 1)
    ]


@pytest.fixture
def place_of(request, tmp_path):
    """Return a function from the name of a store to where one may be, if it has a place at all."""

    def find(name):
        if name == "postgres":
            return request.getfixturevalue("postgres_address")
        return tmp_path / "journal" if name in LASTING else None

    return find


@pytest.fixture(params=sorted(INSTALLED))
def reopen(request, place_of):
    """Return a function that opens one and the same store, after closing it."""
    build, place = INSTALLED[request.param].load(), place_of(request.param)
    if place is None:
        only = build()
        yield lambda: only
        return
    opened = []

    def again() -> Store:
        for store in opened:
            store.close()
        opened.append(build(place))
        return opened[-1]

    yield again
    for store in opened:
        store.close()


@pytest.fixture(params=LASTING)
def opening(request, place_of):
    """Return a function that opens a store in one place, beside what is open there already."""
    build, place = INSTALLED[request.param].load(), place_of(request.param)
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(build(place, **options))


def test_ours_are_installed():
    assert set(INSTALLED) >= {"memory", *LASTING}


def test_a_new_store_is_empty(reopen):
    store = reopen()
    assert store.tip == GENESIS == Tip(0, bytes(32))
    assert list(store.batches()) == []
    store.check()


def test_batches_come_back_as_they_were_appended_also_after_opening_again(reopen):
    store = reopen()
    journal = Journal(store)
    for first in range(1, 31, 3):
        journal.append(units_between(first, first + 2))
    before = list(store.batches())
    store = reopen()
    assert list(store.batches()) == before
    assert store.tip == before[-1].tip == Tip(30, before[-1].hash)
    assert list(read(store)) == units_between(1, 30)


def test_a_store_is_continued_where_it_ended(reopen):
    Journal(reopen()).append(units_between(1, 5))
    Journal(reopen()).append(units_between(6, 9))
    assert list(Journal(reopen()).units()) == units_between(1, 9)


@pytest.mark.parametrize(
    ("first", "begins"), [(-1, 1), (1, 1), (3, 1), (4, 4), (6, 4), (7, 7), (9, 7), (99, 7)]
)
def test_batches_begin_with_the_one_that_holds_a_sequence(reopen, first, begins):
    store = reopen()
    journal = Journal(store)
    for sequence in (1, 4, 7):
        journal.append(units_between(sequence, sequence + 2))
    assert next(store.batches(first)).first == begins
    assert [b.last for b in store.batches(first)][-1] == 9


@pytest.mark.parametrize("change", [{"first": 2}, {"first": 9}, {"previous_hash": b"\7" * 32}])
def test_a_batch_that_does_not_continue_the_tip_is_refused(reopen, change):
    store = reopen()
    Journal(store).append(units_between(1, 3))
    (appended,) = store.batches()
    following = appended._replace(first=4, last=6, previous_hash=appended.hash)
    for wrong in (appended, following._replace(**change)):
        with pytest.raises(JournalError, match="batch must continue sequence 3, began at"):
            store.append(wrong)
    assert list(store.batches()) == [appended]
    store.append(following)


def test_a_store_closes_at_the_end_of_a_with_and_again_without_complaint(reopen):
    with reopen() as store:
        Journal(store).append(units_between(1, 2))
    store.close()
    assert reopen().tip.sequence == 2


def test_a_second_writer_is_refused_until_the_first_has_closed(opening):
    writer = opening()
    with pytest.raises(LockedJournalError, match="must have one writer"):
        opening()
    Journal(writer).append(units_between(1, 2))
    writer.close()
    assert opening().tip.sequence == 2


def test_each_opening_for_writing_takes_the_next_token(opening):
    tokens = []
    for _ in range(3):
        with opening() as writer:
            tokens.append(writer.token)
            with opening(read_only=True) as reader:
                assert reader.token == 0
    assert tokens == [1, 2, 3]


def test_a_reader_sees_what_is_appended_beside_it_and_appends_nothing(opening):
    writer = opening()
    reader = opening(read_only=True)
    assert reader.tip == GENESIS
    for first in (1, 4):
        Journal(writer).append(units_between(first, first + 2))
        assert reader.tip == writer.tip
        assert list(read(reader)) == units_between(1, first + 2)
    last = next(writer.batches(6))
    following = last._replace(first=7, last=9, previous_hash=last.hash)
    with pytest.raises(JournalError, match="must be open for writing, was read-only"):
        reader.append(following)


def test_a_place_without_a_journal_is_not_one_to_be_read(opening):
    with pytest.raises(JournalError):
        opening(read_only=True)
    assert opening().tip == GENESIS


def test_a_wait_ends_with_the_batch_that_was_waited_for_or_with_its_time(opening):
    writer = opening()
    reader = opening(read_only=True)
    assert not reader.wait(0, 0)
    assert not reader.wait(0, 0.05)
    Journal(writer).append(units_between(1, 3))
    for store in (reader, writer):
        assert store.wait(0, 0)
        assert store.wait(2, 60)
        assert not store.wait(3, 0.05)


def test_a_wait_is_over_when_another_thread_appends(opening):
    writer = opening()
    reader = opening(read_only=True)
    journal = Journal(writer)
    for first in (1, 2, 3):
        late = threading.Timer(0.1, journal.append, [units_between(first, first)])
        late.start()
        begun_s = time.monotonic()
        assert reader.wait(first - 1, 60)
        assert time.monotonic() - begun_s < 30
        assert reader.tip.sequence == first
        late.join()


def test_a_loop_over_batches_may_append(opening):
    writer = opening()
    journal = Journal(writer)
    journal.append(units_between(1, 3))
    for batch in writer.batches():
        if batch.last < 30:
            journal.append(units_between(writer.tip.sequence + 1, writer.tip.sequence + 3))
    assert writer.tip.sequence >= 6
    assert list(read(writer)) == units_between(1, writer.tip.sequence)


def test_stores_agree_to_the_byte(tmp_path, place_of):
    batches = []
    for name, point in sorted(INSTALLED.items()):
        place = place_of(name)
        with point.load()(*([] if place is None else [place])) as store:
            journal = Journal(store)
            journal.append(units_between(1, 50))
            journal.append(units_between(51, 60))
            batches.append(list(store.batches()))
            copy(store, tmp_path / f"copy of {name}")
            assert list(read(tmp_path / f"copy of {name}")) == units_between(1, 60)
    assert all(found == batches[0] for found in batches)
