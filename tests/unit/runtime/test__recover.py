"""A venue that begins at a snapshot is the one that read everything; a wrong one is refused."""

import numpy as np
import pytest

from hullmark.clearing import pack
from hullmark.domain import commands
from hullmark.errors import SnapshotError
from hullmark.journal import Snapshots, read_snapshot, write_snapshot
from hullmark.journal.sqlite import SqliteStore
from hullmark.runtime import Follower, open_venue, restore, take_snapshot, verify

from .forgery import Day

OPENINGS = (
    open_venue,
    lambda journal, snapshots: Follower(journal, snapshots=snapshots),
    lambda journal, snapshots: restore(journal, snapshots=snapshots),
)


def deposit(quanta):
    return commands.Deposit(account=102, asset="USDT", quanta=quanta)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "snapshots"


@pytest.fixture
def halfway(tmp_path, folder):
    """Return a day that went on after its snapshot, its journal closed."""
    running = Day(tmp_path / "journal.db")
    with running.venue:
        running.begin()
        running.venue.submit(deposit(3), key="before")
        Snapshots(folder).write(running.venue.snapshot())
        running.crash()
        running.venue.submit(deposit(4), key="after")
    return running


@pytest.fixture
def path(tmp_path, halfway):
    return tmp_path / "journal.db"


def test_snapshot_and_tail_give_the_facts_of_the_whole_journal(path, folder, halfway):
    with open_venue(journal=path) as whole:
        wanted, tip = whole.state_hash(), whole.tip
    with open_venue(journal=path, snapshots=folder) as restored:
        assert restored.state_hash() == wanted == verify(path).state_hash
        assert restored.tip == tip
        assert restored.books().broken == ()
        one, other = pack(restored.state), pack(whole.state)
        assert one.document == other.document
        assert all(np.array_equal(one.columns[n], other.columns[n]) for n in one.columns)


def test_keys_from_before_and_after_the_snapshot_are_known(path, folder, halfway):
    with open_venue(journal=path, snapshots=folder) as restored:
        before = restored.state_hash()
        assert restored.submit(deposit(3), key="before").refusal is None
        assert restored.submit(deposit(4), key="after").refusal is None
        assert restored.state_hash() == before


def test_a_snapshot_of_another_journal_is_refused(tmp_path, folder, halfway):
    other = Day(tmp_path / "other.db")
    with other.venue:
        other.begin()
        other.crash()
    rule = r"hull must be of its journal, but .*other\.db must have .* at \d+.* move the snapshot"
    for opens in OPENINGS:
        with pytest.raises(SnapshotError, match=rule):
            opens(journal=tmp_path / "other.db", snapshots=folder)


def test_a_damaged_snapshot_is_refused_with_what_to_do(path, folder):
    (file,) = Snapshots(folder).paths()
    file.write_bytes(file.read_bytes()[:-1])
    for opens in OPENINGS:
        with pytest.raises(
            SnapshotError, match=r"it is damaged; the journal has everything: .* move"
        ):
            opens(journal=path, snapshots=folder)


def test_a_replica_stands_at_the_end_of_a_batch_however_it_came_there(path, folder, halfway):
    with Follower(path) as whole, Follower(path, snapshots=folder) as begun:
        assert whole.tip == begun.tip == halfway.venue.tip
    for snapshots in (None, folder):
        replica = restore(path, snapshots=snapshots).replica
        assert (replica.tip, replica.sequence) == (halfway.venue.tip, halfway.venue.tip.sequence)
        assert take_snapshot(replica).state_hash == halfway.venue.state_hash()


def test_a_snapshot_newer_than_its_journal_is_refused(tmp_path, path, folder):
    with SqliteStore(path, read_only=True) as store, SqliteStore(tmp_path / "s.db") as cut:
        cut.append(next(store.batches()))
    with pytest.raises(SnapshotError, match=r"s\.db must have a batch that ends at \d+, has none"):
        open_venue(journal=tmp_path / "s.db", snapshots=folder)


def test_facts_that_were_changed_are_refused_though_the_file_is_sound(path, folder):
    (file,) = Snapshots(folder).paths()
    sound = read_snapshot(file)
    quote = sound.columns["ledger.paid"].copy()
    quote[0] += 1
    write_snapshot(file, sound._replace(columns={**sound.columns, "ledger.paid": quote}))
    with pytest.raises(SnapshotError, match=r"must have the state hash 2:[0-9a-f]+, was 2:"):
        open_venue(journal=path, snapshots=folder)


@pytest.mark.parametrize("part", ["columns", "documents"])
def test_a_snapshot_that_lacks_a_part_is_refused(path, folder, part):
    (file,) = Snapshots(folder).paths()
    sound = read_snapshot(file)
    for name in getattr(sound, part):
        less = {key: value for key, value in getattr(sound, part).items() if key != name}
        write_snapshot(file, sound._replace(**{part: less}))
        with pytest.raises(SnapshotError, match="must hold the facts of a venue, but"):
            open_venue(journal=path, snapshots=folder)
