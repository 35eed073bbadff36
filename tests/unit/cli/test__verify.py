"""Tests of ``hullmark verify``: the proof on stdout, one line on stderr where it fails."""

import json

import apsw
import pytest

from hullmark.cli import ExitStatus, main
from hullmark.domain import Mode, commands, events
from hullmark.journal import Journal, Unit
from hullmark.journal.sqlite import SqliteStore
from hullmark.runtime import open_venue

VENUE = {
    "name": "test",
    "assets": {"USDT": {"decimals": 6, "peg": "1"}},
    "instruments": [],
    "margin": {"cross": "tiered", "tiered": {}},
    "prices": {},
}


def deposit(quanta):
    return commands.Deposit(account=100, asset="USDT", quanta=quanta)


@pytest.fixture
def journal(tmp_path):
    """Return a journal in which an account was opened and funded."""
    path = tmp_path / "journal.db"
    with open_venue(VENUE, journal=path, clock=lambda: 5) as venue:
        venue.submit(commands.OpenAccount(account=100, mode=Mode.CROSS))
        venue.submit_all([deposit(1_234_500_000), deposit(-1)])
    return path


@pytest.fixture
def forge(journal):
    """Return a function that appends units that nothing decided."""

    def append(*recorded):
        with Journal(SqliteStore(journal)) as writer:
            first = writer.tip.sequence + 1
            writer.append(
                [
                    Unit(sequence=k, time_ns=5, command=deposit(7), events=(event,))
                    for k, event in enumerate(recorded, first)
                ]
            )
        return journal

    return append


def deposited(quanta, account=100):
    return events.Deposited(account=account, asset="USDT", quanta=quanta)


def test_a_sound_journal_leaves_0_and_its_books(journal, capsys):
    with open_venue(journal=journal) as venue:
        state_hash = venue.state_hash()
    assert main(["verify", str(journal), "--redecide"]) == ExitStatus.FINE
    printed = capsys.readouterr()
    assert printed.err == ""
    lines = printed.out.splitlines()
    assert lines[:3] == [f"journal     {journal}", "units       4 in 3 batches", "events      4"]
    assert lines[3].startswith("chain tip   4 ")
    assert lines[4:] == [
        f"state hash  {state_hash}",
        "",
        "asset  custody  accounts  fund  bad debt",
        "-----  -------  --------  ----  --------",
        "USDT   1,234.5   1,234.5     0         0",
        "",
        "The laws hold after every unit.",
        "",
        "Decided again, every command leads to the events recorded.",
    ]


def test_a_broken_law_leaves_1_and_names_the_unit(forge, capsys):
    path = forge(deposited(-2_000_000_000))
    assert main(["verify", str(path)]) == ExitStatus.FAILURE
    printed = capsys.readouterr()
    law = "custody of USDT must be >= 0, was -765500000"
    assert printed.out.endswith(f"Broken laws\n  unit 5: {law}\n")
    assert printed.err == f"hullmark: {path} breaks 1 law\n"


def test_a_decision_that_differs_leaves_1_only_if_it_is_asked_for(forge, capsys):
    path = forge(*[deposited(8)] * 25)
    assert main(["verify", str(path)]) == ExitStatus.FINE
    assert main(["verify", str(path), "--redecide"]) == ExitStatus.FAILURE
    printed = capsys.readouterr()
    assert printed.err == f"hullmark: {path} differs in 25 decisions\n"
    assert printed.out.endswith("  and 5 more: --json has them all\n")
    told = f"    recorded {deposited(8)}\n    decided  {deposited(7)}"
    assert f"  unit 5, Deposit:\n{told}\n  unit 6, Deposit:" in printed.out


def test_a_unit_that_cannot_be_replayed_leaves_no_state_hash(forge, capsys):
    path = forge(deposited(8, account=999), deposited(7))
    assert main(["verify", str(path), "--redecide"]) == ExitStatus.FAILURE
    printed = capsys.readouterr()
    assert "state hash  none: a unit could not be replayed\n\nBroken laws\n" in printed.out
    assert "unit 5: events must apply to the facts, but KeyError: 999" in printed.out
    assert printed.err == f"hullmark: {path} breaks 1 law and differs in 1 decision\n"
    assert main(["verify", str(path), "--json"]) == ExitStatus.FAILURE
    tree = json.loads(capsys.readouterr().out)
    assert (tree["holds"], tree["state_hash"], tree["books"]) == (False, None, None)


def test_json_tells_the_same_to_a_program(journal, capsys):
    with Journal(SqliteStore(journal)) as writer:
        tip = writer.tip
    assert main(["verify", str(journal), "--json"]) == ExitStatus.FINE
    tree = json.loads(capsys.readouterr().out)
    assert tree.pop("state_hash").startswith("2:")
    assert tree == {
        "version": 1,
        "journal": str(journal),
        "holds": True,
        "sequence": 4,
        "batches": 3,
        "units": 4,
        "events": 4,
        "tip_hash": tip.hash.hex(),
        "books": [
            {
                "asset": "USDT",
                "sum_quanta": 0,
                "custody": "1234.5",
                "accounts": "1234.5",
                "fund": "0",
                "bad_debt": "0",
            }
        ],
        "broken": [],
        "differences": None,
        "snapshots": None,
    }


@pytest.mark.parametrize("damage", ["edited", "cut", "absent"])
def test_a_journal_that_cannot_be_trusted_leaves_1_and_one_line(journal, capsys, damage):
    if damage == "edited":
        database = apsw.Connection(str(journal))
        database.execute("DELETE FROM batch WHERE first = 2")
        database.close()
    elif damage == "cut":
        journal.write_bytes(journal.read_bytes()[:5000])
    else:
        journal.unlink()
    assert main(["verify", str(journal)]) == ExitStatus.FAILURE
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"hullmark: journal {journal} ")
    assert len(printed.err.splitlines()) == 1
    good = {"edited": "last good sequence 1\n", "cut": "last good sequence 0\n"}
    assert printed.err.endswith(good.get(damage, "\n"))


def test_snapshots_are_compared_where_that_is_asked_for(journal, tmp_path, capsys):
    folder = tmp_path / "journal.db.snapshots"
    main(["snapshot", str(journal)])
    (path,) = folder.iterdir()
    capsys.readouterr()
    assert main(["verify", str(journal), "--snapshots", str(folder)]) == ExitStatus.FINE
    assert capsys.readouterr().out.endswith(f"Snapshots\n  {path.name}  is of this journal\n")
    path.write_bytes(b"damaged")
    assert main(["verify", str(journal), "--snapshots", str(folder)]) == ExitStatus.FAILURE
    printed = capsys.readouterr()
    assert printed.out.endswith(f"  snapshot {path} must begin with HULLSNAP\n")
    assert printed.err == f"hullmark: {journal} is not what 1 snapshot says\n"
    assert main(["verify", str(journal), "--snapshots", str(folder), "--json"]) == 1
    (told,) = json.loads(capsys.readouterr().out)["snapshots"]
    assert (told["path"], told["sequence"]) == (str(path), None)
    path.unlink()
    assert main(["verify", str(journal), "--snapshots", str(folder)]) == ExitStatus.FINE
    assert capsys.readouterr().out.endswith("There are no snapshots.\n")


def test_a_journal_in_a_database_is_verified_and_its_address_not_told(
    journal, postgres_address, capsys
):
    main(["restore", str(journal), "--to", postgres_address])
    capsys.readouterr()
    assert main(["verify", postgres_address, "--redecide"]) == ExitStatus.FINE
    assert "units       4 in 3 batches" in capsys.readouterr().out
