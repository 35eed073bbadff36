"""Writers follow one another under load: nothing is lost, nothing twice, and never two at once."""

import subprocess
import sys
import threading
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from hullmark.clearing import state_hash
from hullmark.errors import JournalError, LockedJournalError
from hullmark.runtime import Follower, Ingress

from .crash_load import THREADS, Load
from .crash_places import Place, ServedPlace
from .crash_proof import Answer, answers_in, compare, resend
from .crash_writer import LOAD as HALVES

ROOT = Path(__file__).resolve().parents[2]
LOAD = Load(seed=19, round=0, commands_each=60)
HANDOVERS = 4
WAIT_S_MAX = 60


@pytest.fixture(params=["sqlite", "postgres"])
def place(request, tmp_path):
    """Return a place for a journal, in a file and on a server."""
    if request.param == "sqlite":
        yield Place(tmp_path)
    else:
        place = ServedPlace(tmp_path, request.getfixturevalue("postgres_server"), "failover")
        yield place
        place.remove()


class Door:
    """Where submitters find the venue, whichever process has it just now."""

    def __init__(self):
        self._changed = threading.Condition()
        self._ingress = None
        self.answers = {}

    def lead_to(self, ingress):
        """Let those who wait, and all others, send to a new one."""
        with self._changed:
            self._ingress = ingress
            self._changed.notify_all()

    def submit_all(self, requests):
        """Send each until there is an answer, wherever that comes from."""
        ingress = self._next(None)
        for key, command in requests:
            while key not in self.answers:
                try:
                    self.answers[key] = Answer.of(ingress.submit(command, key=key).units)
                except JournalError:
                    ingress = self._next(ingress)

    def _next(self, ingress):
        with self._changed:
            assert self._changed.wait_for(lambda: self._ingress is not ingress, WAIT_S_MAX)
            return self._ingress


def test_writers_hand_over_under_load_and_nothing_is_lost_or_twice(place):
    door = Door()
    senders = [
        threading.Thread(target=door.submit_all, args=[LOAD.sent_by(t)], daemon=True)
        for t in range(THREADS)
    ]
    clock = LOAD.clock()
    venue = place.open(clock)
    for sender in senders:
        sender.start()
    for number in range(1, HANDOVERS + 1):
        follower = Follower(place.location, snapshots=place.snapshots)
        with pytest.raises(LockedJournalError):
            follower.take_over(clock=clock)
        with Ingress(venue) as ingress:
            door.lead_to(ingress)
            while len(door.answers) < number * LOAD.total // (HANDOVERS + 1):
                follower.wait(1)
                follower.catch_up()
        venue.close()
        venue = follower.take_over(clock=clock)
    with venue:
        with Ingress(venue) as ingress:
            door.lead_to(ingress)
            for sender in senders:
                sender.join(WAIT_S_MAX)
        found, tip = state_hash(venue.state), venue.tip
    assert len(door.answers) == LOAD.total
    compare(door.answers, answers_in(place.units(), LOAD.everything()))
    assert place.state_hash() == found
    proof = place.verify()
    assert proof.holds
    assert proof.sequence == tip.sequence


@contextmanager
def other_writer(place):
    """Run a writer that has sent half of its load; calling the value lets it try to send more."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.simulation.crash_writer", place.location],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdout.readline() == "half is sent\n"
        yield partial(process.communicate, "go on\n", WAIT_S_MAX)


def test_a_writer_that_was_replaced_cannot_append(place):
    sent = list(HALVES.everything())
    half = len(sent) // 2
    with other_writer(place) as go_on:
        with pytest.raises(LockedJournalError):
            place.open(HALVES.clock())
        take_lock_away(place)
        with place.open(HALVES.clock()) as venue:
            first, second = go_on()[0].splitlines()
            tip = venue.tip
            found = answers_in(place.units(), sent)
            answers = resend(venue, sent, found, HALVES.chance("again"))
    if place.kind == "sqlite":
        assert first.startswith("FencedJournalError: journal")
        assert "was fenced off at token 1" in first
    else:
        assert "has lost its connection" in first
    assert "a commit has failed: open the journal again" in second
    assert found.keys() == {key for key, _ in sent[:half]}
    assert tip.sequence == max(answer.sequence for answer in found.values())
    assert answers_in(place.units(), sent) == answers
    assert place.verify().holds


def take_lock_away(place):
    if place.kind == "sqlite":
        Path(f"{place.location}.lock").unlink()
    else:
        assert place.end_sessions() == 1
