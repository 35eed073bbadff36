"""A power failure takes nothing that was acknowledged: it was on the disk before."""

from random import Random

from hullmark.domain import commands, events
from hullmark.journal import Journal, Unit, read
from hullmark.journal.sqlite import SqliteStore

from .crash_power import Recorder, write_what_is_left

BATCHES, UNITS = 12, 40
TRIALS = 6  # at each moment


def units_between(first, last):
    return [
        Unit(
            sequence=i,
            time_ns=i,
            command=commands.Deposit(account=100, asset="USDT", quanta=i),
            events=(events.Deposited(account=100, asset="USDT", quanta=i),),
        )
        for i in range(first, last + 1)
    ]


def record(path, *, synchronous="full"):
    """Return a file, what is done to it and its log, and how much is acknowledged after what."""
    SqliteStore(path).close()
    before, acknowledged = {path.name: path.read_bytes()}, {0: 0}
    with Recorder() as recorder:
        for end in (BATCHES // 2, BATCHES):  # closed in between, which folds the log into the file
            store = SqliteStore(path)
            store._connection.pragma("synchronous", synchronous)
            with Journal(store) as journal:
                while journal.tip.sequence < end * UNITS:
                    first = journal.tip.sequence + 1
                    journal.append(units_between(first, first + UNITS - 1))
                    acknowledged[len(recorder.steps)] = journal.tip.sequence
    return before, recorder.steps, acknowledged


def left_behind(folder, before, steps, acknowledged):
    """Yield what is read after the power has failed at each moment, and what was acknowledged."""
    folder.mkdir()
    chance, told = Random(20251010), 0
    for moment in range(len(steps) + 1):
        told = acknowledged.get(moment, told)
        for _ in range(TRIALS):
            write_what_is_left(folder, before, steps[:moment], chance)
            yield list(read(folder / "journal.db")), told


def test_whatever_was_not_synchronised_was_not_acknowledged(tmp_path):
    history = record(tmp_path / "journal.db")
    whole, found = units_between(1, BATCHES * UNITS), set()
    for units, told in left_behind(tmp_path / "left", *history):
        assert told <= len(units) <= told + UNITS
        assert units == whole[: len(units)]
        found.add(len(units))
    assert found == set(range(0, BATCHES * UNITS + 1, UNITS))


def test_a_store_that_synchronises_less_often_would_lose_what_it_has_acknowledged(tmp_path):
    history = record(tmp_path / "journal.db", synchronous="normal")
    assert any(len(units) < told for units, told in left_behind(tmp_path / "left", *history))
