"""Tests of what is printed of an address, and of where snapshots are looked for."""

from argparse import ArgumentParser

import pytest

from hullmark.cli import ExitStatus, main
from hullmark.cli._location import add_journal, add_snapshots, shown, snapshots_folder
from hullmark.errors import JournalError


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("out/journal.db", "out/journal.db"),
        ("postgresql://db.example/hullmark", "postgresql://db.example/hullmark"),
        ("postgresql://venue@db.example/hullmark", "postgresql://***@db.example/hullmark"),
        ("postgresql://u:se:c/r?e@t@db:5/h", "postgresql://***@db:5/h"),
        ("postgres://db/h?password=a@b&user=u", "postgres://db/h?password=***&user=u"),
        ("postgres://db/h?sslpassword=abc", "postgres://db/h?sslpassword=***"),
        ("mystore://u:p@db/h", "mystore://***@db/h"),
        ("a line on postgresql://u:p@h/d ends", "a line on postgresql://***@h/d ends"),
    ],
)
def test_no_password_is_shown(text, printed):
    assert shown(text) == printed


@pytest.mark.parametrize(
    "words",
    [
        ["verify", "a.db", "postgresql://venue:secret@db/h"],
        ["restore", "a.db", "--snapshot", "postgresql://venue:secret@db/h"],
    ],
)
def test_misuse_repeats_no_password(words, capsys):
    with pytest.raises(SystemExit):
        main(words)
    printed = capsys.readouterr().err
    assert "postgresql://***@db/h" in printed
    assert "secret" not in printed


def test_a_failure_repeats_no_password(capsys):
    address = "postgresql://venue:secret@127.0.0.1:1/h?connect_timeout=2"
    for words in (["verify", address], ["restore", "none.db", "--to", address]):
        assert main(words) == ExitStatus.FAILURE
        printed = capsys.readouterr()
        assert "secret" not in printed.err + printed.out
        assert "must be reachable" in printed.err


def test_the_folder_is_beside_a_file(tmp_path):
    journal, folder = str(tmp_path / "a.db"), tmp_path / "a.db.snapshots"
    assert snapshots_folder(journal, None) is None
    assert snapshots_folder(journal, None, make=True) == folder
    folder.mkdir()
    assert snapshots_folder(journal, None) == folder


def test_a_database_has_no_folder_of_its_own(tmp_path):
    address = "postgresql://db/h"
    assert snapshots_folder(address, None) is None
    assert snapshots_folder(address, tmp_path) == tmp_path
    with pytest.raises(JournalError, match="must be given for a journal in a database, was none"):
        snapshots_folder(address, None, make=True)


def test_a_folder_that_is_given_is_there_or_is_made(tmp_path):
    given = tmp_path / "folder"
    assert snapshots_folder("a.db", given, make=True) == given
    with pytest.raises(JournalError, match="--snapshots must be a folder, was"):
        snapshots_folder("a.db", given)


def test_an_address_is_kept_as_it_was_given():
    parser = ArgumentParser()
    add_journal(parser)
    add_snapshots(parser, "folder")
    assert parser.parse_args(["postgresql://db/h"]).journal == "postgresql://db/h"
