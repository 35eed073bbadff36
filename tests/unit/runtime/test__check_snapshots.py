"""A snapshot that is not what its name, its journal or its replay says is told by its file."""

import msgspec
import numpy as np
import pytest

from hullmark.errors import JournalError
from hullmark.journal import Journal, Snapshots, read_snapshot, write_snapshot
from hullmark.journal.sqlite import SqliteStore
from hullmark.runtime import restore, verify

from .forgery import after, deposited


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "snapshots"


@pytest.fixture
def taken(journal, folder):
    """Return the snapshot of the journal at its tip."""
    return restore(journal).save(folder)


def only(found):
    (checked,) = found.snapshots
    return checked


def test_snapshots_of_this_journal_hold(journal, folder, taken):
    with Journal(SqliteStore(journal)) as writer:
        writer.append([after(list(writer.units())[-1], place=1)])
    second = restore(journal, snapshots=folder).save(folder)
    found = verify(journal, snapshots=folder)
    assert found.holds
    assert found.snapshots == ((taken, 20, None), (second, 21, None))


def test_without_a_folder_none_are_looked_for(journal, folder, taken):
    assert verify(journal).snapshots is None


def test_an_empty_folder_holds_and_none_at_all_is_refused(journal, folder):
    with pytest.raises(JournalError, match=r"snapshots in .* must be in a folder"):
        verify(journal, snapshots=folder)
    folder.mkdir()
    assert verify(journal, snapshots=folder).snapshots == ()


def test_a_damaged_snapshot_is_told_and_the_others_are_compared(journal, folder, taken):
    content = bytearray(taken.read_bytes())
    content[len(content) // 2] ^= 1
    broken = Snapshots(folder).path(7)
    broken.write_bytes(content)
    found = verify(journal, snapshots=folder)
    assert not found.holds
    assert [s.sequence for s in found.snapshots] == [None, 20]
    assert "must have the hash of its content: it is damaged" in found.snapshots[0].fault


def test_a_snapshot_under_another_name_is_told(journal, folder, taken):
    taken.rename(Snapshots(folder).path(7))
    found = verify(journal, snapshots=folder)
    assert only(found).fault == "its name must have its sequence, 20"


def test_a_snapshot_of_another_journal_is_told(journal, folder, taken, forge):
    def shorten(units):
        return [*units[:-1], after(units[-2])]

    found = verify(forge(change=shorten), snapshots=folder)
    assert only(found).sequence == 20
    assert only(found).fault.startswith("the batch there must have the hash ")


def test_a_snapshot_inside_a_batch_is_told(journal, folder, taken, forge):
    found = verify(forge(after(forge.last)), snapshots=folder)
    assert only(found).fault == "a batch must end there, and none does"


def test_a_snapshot_beyond_the_end_is_told(journal, folder, taken, forge):
    found = verify(forge(change=lambda units: units[:12]), snapshots=folder)
    assert only(found).fault == "the journal must reach its sequence, ends at 12"


def test_a_snapshot_of_facts_that_nothing_led_to_is_told(journal, folder, taken):
    position = restore(journal)
    position.state.ledger.move(2, 3, 0, 1)
    position.save(folder)  # with a state hash of its own, and every hash in it right
    found = verify(journal, snapshots=folder)
    assert not found.holds
    assert only(found).fault.startswith("the replay must have the state hash 2:")


def test_a_snapshot_whose_facts_are_not_its_state_hash_is_told(journal, folder, taken):
    snapshot = read_snapshot(taken)
    Snapshots(folder).write(snapshot._replace(state_hash="2:" + "0" * 32))
    found = verify(journal, snapshots=folder)
    assert "must have the state hash 2:000" in only(found).fault


def test_a_snapshot_without_facts_is_told(journal, folder, taken):
    snapshot = read_snapshot(taken)
    Snapshots(folder).write(
        snapshot._replace(documents={**snapshot.documents, "facts": msgspec.msgpack.encode(1)})
    )
    assert "must hold the facts of a venue" in only(verify(journal, snapshots=folder)).fault


def test_a_snapshot_behind_a_unit_that_cannot_be_replayed_is_told(journal, folder, forge):
    bad = after(forge.last, deposited(5, account=999))
    path = forge(bad)
    with Journal(SqliteStore(path)) as writer:
        writer.append([after(bad)])
        tip = writer.tip
    snapshot = read_snapshot(restore(journal).save(folder))
    Snapshots(folder).path(20).unlink()
    Snapshots(folder).write(snapshot._replace(tip=tip))
    found = verify(path, snapshots=folder)
    assert only(found).fault == "units before it must be replayed, and one could not be"


@pytest.mark.parametrize("keys", [[], ["a", "b"], ["b"]])
def test_a_snapshot_that_forgot_a_key_or_knows_another_is_told(journal, folder, keys):
    with Journal(SqliteStore(journal)) as writer:
        keyed = msgspec.structs.replace(after(list(writer.units())[-1], deposited(1)), key="a")
        writer.append([keyed])
    path = restore(journal).save(folder)
    assert verify(journal, snapshots=folder).holds
    sound = read_snapshot(path)
    sequences = np.full(len(keys), keyed.sequence)
    changed = sound._replace(
        columns={**sound.columns, "keys.sequence": sequences},
        documents={**sound.documents, "keys": msgspec.msgpack.encode(keys)},
    )
    write_snapshot(path, changed)
    fault = only(verify(journal, snapshots=folder)).fault
    assert "it must have the keys of the 1 commands sent with one" in fault
