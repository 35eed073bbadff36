"""Tests of how a history is opened again: whole, from a snapshot, and by a follower."""

from contextlib import closing

import pytest

from hullmark.domain import commands
from hullmark.errors import JournalError
from hullmark.sim._clock import SimulatedClock
from hullmark.sim._soak_openings import Openings
from hullmark.sim._soak_report import HistoryReport
from hullmark.sim._workload import START_NS, Workload

SEEDS = range(5)


class Lived:
    """A short life of a venue: opened, worked, failed and opened again."""

    def __init__(self, seed, path):
        self.report = HistoryReport(seed=seed, store="test")
        self.clock = SimulatedClock(START_NS)
        self.workload = Workload(seed, self.clock)
        self.rivals = []
        self.openings = Openings(
            seed, path, self.clock, self.report, on_takeover=self.rivals.append
        )
        self.venue = self.openings.first()
        for request in self.workload.founding():
            self.submit(request)

    def submit(self, *requests):
        """Submit until it was stored, however often the venue has to be opened for it."""
        while True:
            try:
                return self.venue.submit_all(requests)
            except JournalError:
                self.venue = self.openings.again(self.venue)

    def work(self, steps):
        """Submit whatever the workload asks for."""
        for _ in range(steps):
            self.submit(*self.workload.step(self.venue))


@pytest.fixture
def lives(tmp_path):
    """Return a function that begins lives on disk, or in memory, and ends them with the test."""
    begun = []

    def begin(seed, *, on_disk):
        begun.append(Lived(seed, tmp_path / f"{seed}.db" if on_disk else None))
        return begun[-1]

    yield begin
    for life in begun:
        life.venue.close()
        life.openings.close()


def test_in_memory_a_venue_opens_whole_and_nobody_follows(lives):
    life = lives(1, on_disk=False)
    life.work(60)
    found = life.venue.state_hash()
    life.venue = life.openings.again(life.venue)
    assert life.venue.state_hash() == found
    assert (life.openings.snapshots, life.openings.followed_hash()) == (None, None)
    assert life.openings.hand_over(life.venue) is life.venue
    assert (life.report.restored, life.report.takeovers, life.report.handovers) == (0, 0, 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_however_it_opens_again_the_facts_are_the_same(lives, seed):
    life = lives(seed, on_disk=True)
    life.work(120)
    for _ in range(3):
        found = life.venue.state_hash()
        life.venue = life.openings.again(life.venue)
        assert life.venue.state_hash() == found
        assert life.openings.followed_hash() in {None, found}
        life.work(5)


def test_some_begin_at_a_snapshot_and_some_by_a_follower_that_hands_over(lives):
    reports = []
    for seed in SEEDS:
        life = lives(seed, on_disk=True)
        life.work(80)
        for _ in range(2):
            life.venue = life.openings.again(life.venue)
            assert life.openings.hand_over(life.venue) is life.venue  # it has only begun
            life.work(110)
            life.venue = life.openings.hand_over(life.venue)
        reports.append(life.report)
    assert min(report.recoveries for report in reports) >= 2
    assert sum(report.restored for report in reports) > 1
    assert sum(report.takeovers for report in reports) > 1
    assert sum(report.handovers for report in reports) > 1


def test_a_reader_beside_the_writer_yields_every_unit_once(lives):
    life = lives(3, on_disk=True)
    seen = [unit.sequence for unit in life.openings.units()]
    life.work(10)
    seen += [unit.sequence for unit in life.openings.units()]
    life.venue = life.openings.again(life.venue)
    life.submit(commands.AdvanceTime())
    seen += [unit.sequence for unit in life.openings.units()]
    assert seen == list(range(1, life.venue.tip.sequence + 1))
    assert list(life.openings.units()) == []


def test_what_cannot_be_opened_says_why(tmp_path):
    (tmp_path / "x.db").write_bytes(b"no journal" * 1_000)
    report, clock = HistoryReport(seed=1, store="test"), SimulatedClock(START_NS)
    openings = Openings(1, tmp_path / "x.db", clock, report, on_takeover=print)
    with closing(openings), pytest.raises(JournalError, match="within 20 attempts") as found:
        openings.first()
    assert isinstance(found.value.__cause__, JournalError)
