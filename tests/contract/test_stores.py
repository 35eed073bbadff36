"""What every store of the group ``hullmark.event_stores`` must do, whichever it is."""

from importlib.metadata import entry_points

import pytest

from hullmark.domain import commands, events
from hullmark.errors import JournalError
from hullmark.journal import GENESIS, Journal, Store, Tip, Unit, copy, read

INSTALLED = {point.name: point for point in entry_points(group="hullmark.event_stores")}
NEEDS_PATH = {"sqlite"}


def units_between(first, last):
    opened = events.TimeAdvanced(now_ns=9)
    return [
        Unit(sequence=i, time_ns=9, command=commands.AdvanceTime(), events=(opened,) * (i % 3))
        for i in range(first, last + 1)
    ]


@pytest.fixture(params=sorted(INSTALLED))
def reopen(request, tmp_path):
    """Return a function that opens one and the same store, after closing it."""
    build = INSTALLED[request.param].load()
    if request.param in NEEDS_PATH:
        opened = []

        def again() -> Store:
            for store in opened:
                store.close()
            opened.append(build(tmp_path / "journal"))
            return opened[-1]

        yield again
        opened[-1].close()
    else:
        only = build()
        yield lambda: only


def test_ours_are_installed():
    assert set(INSTALLED) >= {"memory", "sqlite"}


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


def test_stores_agree_to_the_byte(tmp_path):
    batches = []
    for name, point in sorted(INSTALLED.items()):
        with point.load()(*([tmp_path / "journal"] if name in NEEDS_PATH else [])) as store:
            journal = Journal(store)
            journal.append(units_between(1, 50))
            journal.append(units_between(51, 60))
            batches.append(list(store.batches()))
            copy(store, tmp_path / f"copy of {name}")
            assert list(read(tmp_path / f"copy of {name}")) == units_between(1, 60)
    assert all(found == batches[0] for found in batches)
