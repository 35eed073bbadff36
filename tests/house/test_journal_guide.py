"""The guide of the journal: its commands are run in their order, on a journal that takes harm."""

import re
import shlex

import apsw
import pytest

from hullmark.cli import main
from hullmark.domain import Mode, commands
from hullmark.journal import read
from hullmark.runtime import open_venue

from .conftest import ROOT

GUIDE = (ROOT / "docs/guides/keep-a-journal.md").read_text(encoding="utf-8")
CALLS = re.findall(r"^ *\$ hullmark (.*)$", GUIDE, re.MULTILINE)
ADDRESS = "postgresql://venue@db.example/venue"


@pytest.fixture
def venue_file(tmp_path, monkeypatch):
    """Leave a journal where the guide has one, and go there."""
    monkeypatch.chdir(tmp_path)
    with open_venue(ROOT / "examples/venue.toml", journal="venue.db", clock=lambda: 5) as venue:
        for account in (100, 101):
            venue.submit(commands.OpenAccount(account=account, mode=Mode.CROSS))
            venue.submit(commands.Deposit(account=account, asset="USDT", quanta=7))
    return tmp_path / "venue.db"


def damage(path):
    database = apsw.Connection(str(path))
    last = "(SELECT max(first) FROM batch)"
    database.execute(f"UPDATE batch SET payload = x'90' WHERE first = {last}")
    database.close()


def test_the_commands_of_the_guide_run_as_written(venue_file, postgres_address, capsys):
    assert len(CALLS) > 10
    assert {call.split()[0] for call in CALLS} == {"export", "restore", "snapshot", "verify"}
    whole = list(read(venue_file))
    for call in sorted(CALLS, key=lambda call: "saved.db" in call):
        if "--salvage" in call:
            damage(venue_file)
        status = main([word.replace(ADDRESS, postgres_address) for word in shlex.split(call)])
        printed = capsys.readouterr()
        assert status == ("--salvage" in call), f"{call}: {printed.err}"
        assert printed.out
    assert list(read("saved.db")) == whole[:-1]
    assert list(read("back.db")) == whole
