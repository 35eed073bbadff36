"""Snapshots are taken by count and by age, kept in number, and stop nothing."""

import time
from itertools import pairwise

import pytest

from hullmark.domain import commands
from hullmark.errors import InvalidInputError, SnapshotWarning
from hullmark.journal import Snapshots
from hullmark.runtime import SnapshotPolicy, open_venue


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "snapshots"


def pass_time(market, seconds, times=1):
    for _ in range(times):
        market.now_ns += int(seconds * 10**9)
        market.do(commands.AdvanceTime())


def written(folder, sequence):
    """Return once the snapshot at a sequence is there, which another thread writes."""
    until_s = time.monotonic() + 60
    while sequence not in sequences(folder):
        assert time.monotonic() < until_s, f"no snapshot at {sequence}"
        time.sleep(0.01)


def sequences(folder):
    return [int(path.name[9:29]) for path in Snapshots(folder).paths()]


def test_one_is_due_after_so_many_units_and_the_newest_are_kept(opened, path, folder):
    policy = SnapshotPolicy(folder=folder, every_units=10, every_s=None, keep=2)
    market = opened(journal=path, snapshots=policy).found()
    newest = [0]
    while len(newest) < 6:  # none is taken while the one before is being written
        market.do(market.observe())
        newest += [taken for taken in sequences(folder)[-1:] if taken > newest[-1]]
    market.venue.close()
    assert all(later - sooner >= 10 for sooner, later in pairwise(newest))
    assert len(sequences(folder)) == 2
    with open_venue(journal=path, snapshots=policy) as again:
        assert again.state_hash() == market.venue.state_hash()


def test_one_is_due_at_an_age(opened, path, folder):
    policy = SnapshotPolicy(folder=folder, every_units=10**9, every_s=60)
    market = opened(journal=path, snapshots=policy).found()
    pass_time(market, 59)
    assert sequences(folder) == []
    pass_time(market, 2)
    market.venue.close()
    assert sequences(folder) == [market.venue.tip.sequence]


def test_nothing_new_is_no_snapshot(opened, path, folder):
    policy = SnapshotPolicy(folder=folder, every_units=10**9, every_s=1)
    market = opened(journal=path, snapshots=policy).found()
    pass_time(market, 2)
    written(folder, market.venue.tip.sequence)
    (file,) = Snapshots(folder).paths()
    before = file.stat().st_mtime_ns
    market.now_ns += 10**10
    assert market.venue.submit_all([]) == []
    market.venue.close()
    assert [found.stat().st_mtime_ns for found in Snapshots(folder).paths()] == [before]


def test_a_snapshot_that_cannot_be_written_is_warned_of_and_stops_nothing(opened, path, folder):
    folder.write_text("a file is in the way")
    policy = SnapshotPolicy(folder=folder, every_units=5, every_s=None)
    folder_of_start = opened(journal=path).found()  # founded without snapshots
    folder_of_start.venue.close()
    folder.unlink()
    market = opened(journal=path, venue=None, snapshots=policy)
    folder.write_text("a file is in the way")
    market.do(*(market.observe() for _ in range(40)))
    with pytest.warns(SnapshotWarning, match=r"was not written: snapshots in .* must be writable"):
        market.venue.close()


def test_a_warning_of_one_comes_before_anything_is_carried_out_and_never_instead_of_an_answer(
    opened, path, folder, names
):
    policy = SnapshotPolicy(folder=folder, every_units=10**9, every_s=60)
    market = opened(journal=path, snapshots=policy).found()
    folder.write_text("a file is in the way")
    pass_time(market, 61)  # due, and answered
    deposit = market.deposit(names.trader, "USDT", "1")
    tip, told = market.venue.tip.sequence, False
    until_s = time.monotonic() + 60
    while not told:  # as soon as the writing has failed; here a warning is an error
        assert time.monotonic() < until_s
        try:
            tip = market.do(deposit)[0].units[-1].sequence
        except SnapshotWarning:
            told = True
    assert market.venue.tip.sequence == tip
    assert not market.venue.failed
    folder.unlink()
    market.do(deposit)
    pass_time(market, 61)
    market.venue.close()
    assert sequences(folder) == [market.venue.tip.sequence]


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ({"every_units": 0}, "every_units must be >= 1"),
        ({"every_s": 0}, "every_s must be > 0"),
        ({"every_s": float("nan")}, "every_s must be > 0"),
        ({"keep": 0}, "keep must be >= 1"),
    ],
)
def test_a_policy_has_limits(folder, rule, what):
    with pytest.raises(InvalidInputError, match=what):
        SnapshotPolicy(folder=folder, **rule)
