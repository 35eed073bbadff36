"""A venue that is killed loses nothing that it has said; and if it did, that would be found."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from hullmark.domain import commands

from .crash_load import Load
from .crash_places import Place
from .crash_proof import HistoryLostError, answers_in, compare, resend

ROOT = Path(__file__).resolve().parents[2]
LOAD = Load(seed=7, round=0, commands_each=20)


def run(*arguments):
    program = [sys.executable, ROOT / "tools" / "crash.py"]
    return subprocess.run(
        [*program, *arguments], check=False, capture_output=True, text=True, cwd=ROOT
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Return a place whose journal has the whole load."""
    place = Place(tmp_path_factory.mktemp("place"))
    with place.open(LOAD.clock()) as venue:
        venue.submit_all(LOAD.everything())
    return place


@pytest.fixture
def units(place):
    return place.units()


@pytest.fixture
def said(units):
    return answers_in(units, LOAD.everything())


def test_24_deaths_on_files_and_on_a_server_lose_nothing():
    found = run("--seed", "1", "--rounds", "24")
    assert found.returncode == 0, found.stdout + found.stderr
    lines = [line.strip().rsplit(maxsplit=1) for line in found.stdout.splitlines()]
    shown = {name.strip(): int(value.replace(",", "")) for name, value in lines}
    assert (shown["rounds"], shown["on sqlite"], shown["on postgres"]) == (24, 16, 8)
    assert shown["acknowledged"] > 500
    assert shown["lost"] == shown["found twice"] == 0


def test_the_load_has_answers_of_several_units_and_refusals(units, said):
    assert len(said) == len(list(LOAD.everything()))
    assert any(unit.cause is not None for unit in units)
    assert any(type(event).__name__ == "Refused" for unit in units for event in unit.events)


def test_a_command_that_was_acknowledged_and_is_not_there_is_found(units, said):
    del units[20]
    with pytest.raises(HistoryLostError, match="must be in the journal, it was acknowledged"):
        compare(said, answers_in(units, ()))


def test_a_command_that_was_carried_out_twice_is_found(units):
    with pytest.raises(HistoryLostError, match="must be carried out once, was twice"):
        answers_in([*units, units[20]], ())


def test_an_answer_that_has_changed_is_found(units, said):
    units[20] = msgspec.structs.replace(units[20], time_ns=units[20].time_ns + 1)
    with pytest.raises(HistoryLostError, match="as it was answered"):
        compare(said, answers_in(units, ()))


def test_a_key_with_another_command_is_found(units):
    units[20] = msgspec.structs.replace(units[20], command=commands.AdvanceTime())
    with pytest.raises(HistoryLostError, match=r"must be .*, was AdvanceTime"):
        answers_in(units, LOAD.everything())


def test_sending_everything_again_changes_nothing(place, said):
    with place.open(LOAD.clock()) as venue:
        tip = venue.tip
        assert resend(venue, list(LOAD.everything()), said, LOAD.chance("again")) == said
        assert venue.tip == tip


def test_a_second_answer_that_differs_is_found(place, said):
    key = next(iter(said))
    wrong = said | {key: said[key]._replace(digest=bytes(16))}
    with (
        place.open(LOAD.clock()) as venue,
        pytest.raises(HistoryLostError, match="as it was answered"),
    ):
        resend(venue, list(LOAD.everything()), wrong, LOAD.chance("again"))
