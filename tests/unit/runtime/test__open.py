"""Tests of opening: what begins a venue, what continues one, and what is refused at the door."""

import subprocess
import sys

import pytest

import hullmark
from hullmark.domain import commands, events
from hullmark.errors import (
    DamagedJournalError,
    DocumentError,
    LockedJournalError,
    PluginError,
    VenueWarning,
)
from hullmark.journal import Journal, Unit
from hullmark.journal.sqlite import SqliteStore
from hullmark.runtime import open_venue, read_venue_file


def test_the_package_opens_a_venue_and_importing_it_loads_nothing():
    assert hullmark.open is open_venue
    assert hullmark.nano("0.5") == 500_000_000
    assert hullmark.__version__
    with pytest.raises(AttributeError, match="has no attribute 'venue'"):
        hullmark.venue  # noqa: B018
    heavy = "{'numpy', 'numba', 'msgspec', 'apsw'}"
    program = f"import sys, hullmark; print(sorted(set(sys.modules) & {heavy}))"
    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert found.stdout.decode().strip() == "[]"


def test_the_example_venue_is_founded_by_its_rules(example):
    with open_venue(example) as venue:
        assert venue.rules.name == "example"
        assert [i.symbol for i in venue.rules.instruments][:2] == ["BTC-USDT", "BTC-PERP"]
        assert venue.books().broken == ()
        assert venue.liquidation_map().accounts.sum() == 0


def test_a_tree_is_as_good_as_a_file(tree, example):
    with open_venue(tree) as one, open_venue(example) as other:
        assert one.rules == other.rules


def test_a_market_that_no_maker_may_take_anything_of_is_told(tree):
    tree["liquidation"]["chain"] = [{"stage": "backstop", "depth_share": "0.5"}]
    tree["liquidation"]["depth_usd"] = {
        each["symbol"]: "1000000000" for each in tree["instruments"] if each["symbol"] != "ETH-PERP"
    }
    with pytest.warns(VenueWarning, match="ETH-PERP: depth_usd must name it") as told:
        open_venue(tree).close()
    assert len(told) == 1


def test_a_journal_goes_on_without_a_venue_file_and_with_the_same_one(tmp_path, example):
    path = tmp_path / "journal.db"
    with open_venue(example, journal=path, clock=lambda: 5) as venue:
        founded = venue.state_hash()
    for again in (None, example, str(example)):
        with open_venue(again, journal=path, clock=lambda: 9) as venue:
            assert venue.state_hash() == founded


def test_a_venue_file_that_differs_is_refused_by_section(tmp_path, tree, example):
    path = tmp_path / "journal.db"
    open_venue(example, journal=path).close()
    tree["liquidation"] = tree["liquidation"] | {"target": "0.7"}
    with pytest.raises(DocumentError, match="must say what is in force, differs in liquidation"):
        open_venue(tree, journal=path)
    with open_venue(journal=path) as venue:  # the journal has been let go
        assert venue.rules.liquidation.target_nano == 800_000_000


def test_a_journal_is_not_begun_without_rules(tmp_path):
    with pytest.raises(DocumentError, match="venue must be given to begin a journal, was None"):
        open_venue(journal=tmp_path / "journal.db")


def test_a_second_writer_is_refused(tmp_path, example):
    path = tmp_path / "journal.db"
    with (
        open_venue(example, journal=path),
        pytest.raises(LockedJournalError, match=r"journal\.db"),
    ):
        open_venue(example, journal=path)


def test_a_journal_is_let_go_where_no_venue_came_of_it(tmp_path, tree, example):
    path = tmp_path / "journal.db"
    foreign = tree | {"liquidation": tree["liquidation"] | {"engine": "absent"}}
    with pytest.raises(PluginError, match="no liquidation engine 'absent'"):
        open_venue(foreign, journal=path)
    with Journal(SqliteStore(path)) as journal:
        paid = events.Deposited(account=100, asset="USDT", quanta=1)  # to nobody, before any rules
        journal.append(
            [Unit(sequence=1, time_ns=5, command=commands.AdvanceTime(), events=(paid,))]
        )
    for _ in range(2):  # the same error again, and not that of a lock
        with pytest.raises(KeyError):
            open_venue(example, journal=path)


def test_a_file_that_is_no_journal_is_refused(tmp_path, example):
    path = tmp_path / "journal.db"
    path.write_bytes(b"not a journal " * 100)
    with pytest.raises(DamagedJournalError, match=r"journal\.db"):
        open_venue(example, journal=path)


@pytest.mark.parametrize("text", [b"name = ", b"\xff\xfe", None])
def test_a_venue_file_that_cannot_be_read_is_named(tmp_path, text):
    path = tmp_path / "venue.toml"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(DocumentError, match=r"venue\.toml must be readable TOML, but "):
        read_venue_file(path)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"underlying": "DOGE"}, "underlying of option BTC-25DEC26-80000-C must be an asset of"),
        ({"inverse": True}, "settlement of inverse BTC-25DEC26-80000-C must be its underlying"),
    ],
)
def test_an_option_that_could_not_be_valued_is_refused(tree, changed, message):
    tree["instruments"] = [*tree["instruments"][:-1], tree["instruments"][-1] | changed]
    with pytest.raises(DocumentError, match=message):
        open_venue(tree)
