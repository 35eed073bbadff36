"""A venue whose server or connection fails stops; the next one carries everything out once."""

import tempfile
from pathlib import Path

import pytest

from hullmark.errors import JournalError
from hullmark.runtime import open_venue

from .crash_load import VENUE, Load
from .crash_places import ServedPlace
from .crash_proof import answers_in, resend
from .crash_wire import Wire

LOAD = Load(seed=13, round=0, commands_each=10)


@pytest.fixture
def place(tmp_path, postgres_server):
    place = ServedPlace(tmp_path, postgres_server, "crash")
    yield place
    place.recover()
    place.remove()


@pytest.mark.parametrize(("lost", "is_durable"), [("request", False), ("answer", True)])
def test_a_commit_that_is_lost_on_the_way_or_on_the_way_back_is_carried_out_once(
    place, postgres_server, lost, is_durable
):
    *before, (key, command), after = LOAD.everything()
    with (
        tempfile.TemporaryDirectory(prefix="hullmark-wire-") as folder,
        Wire(Path(folder), postgres_server.folder) as wire,
        open_venue(VENUE, journal=wire.through(place.location), clock=LOAD.clock()) as venue,
    ):
        venue.submit_all(before)
        wire.lose(lost)
        with pytest.raises(JournalError, match=r"has lost its connection: .* was stored, or was"):
            venue.submit(command, key=key)
        with pytest.raises(JournalError, match="a commit has failed: open the journal again"):
            venue.submit_all([after])
    found = answers_in(place.units(), LOAD.everything())
    assert found.keys() == {key for key, _ in before} | ({key} if is_durable else set())
    with place.open(LOAD.clock()) as venue:
        answers = resend(venue, list(LOAD.everything()), found, LOAD.chance("again"))
    assert answers_in(place.units(), LOAD.everything()) == answers
    assert place.verify().holds


def test_a_venue_without_its_server_stops_says_so_and_goes_on_when_it_is_back(place):
    first, second, *rest = LOAD.everything()
    with place.open(LOAD.clock()) as venue:
        venue.submit_all([first])
        place.kill_server()
        with pytest.raises(JournalError, match="has lost its connection"):
            venue.submit_all([second])
        with pytest.raises(JournalError, match="a commit has failed: open the journal again"):
            venue.submit_all(rest)
    with pytest.raises(JournalError, match=r"must be reachable, but .*: start the server"):
        place.open(LOAD.clock())
    place.recover()
    found = answers_in(place.units(), LOAD.everything())
    assert found.keys() == {first.key}
    with place.open(LOAD.clock()) as venue:
        answers = resend(venue, list(LOAD.everything()), found, LOAD.chance("again"))
    assert answers_in(place.units(), LOAD.everything()) == answers
    assert place.verify().holds
