"""Units to journal, and journals to damage."""

import apsw
import pytest

from hullmark.domain import commands, events
from hullmark.journal import Journal, Unit
from hullmark.journal.sqlite import SqliteStore


def units_between(first, last):
    return [
        Unit(
            sequence=i,
            time_ns=1_760_130_900_000_000_000 + i,
            command=commands.Deposit(account=100 + i, asset="USDT", quanta=7 * i),
            events=(events.Deposited(account=100 + i, asset="USDT", quanta=7 * i),),
            cause=i - 1 if i % 3 == 0 else None,
        )
        for i in range(first, last + 1)
    ]


@pytest.fixture
def make_units():
    return units_between


@pytest.fixture
def journal_file(tmp_path):
    """Return a file of ten batches with ten units each, closed."""
    path = tmp_path / "journal.db"
    with Journal(SqliteStore(path)) as journal:
        for first in range(1, 101, 10):
            journal.append(units_between(first, first + 9))
    return path


@pytest.fixture
def edit():
    """Return a function that runs SQL on a journal behind its back."""

    def run(path, *statements):
        database = apsw.Connection(str(path))
        for statement in statements:
            database.execute(statement)
        database.close()

    return run
