"""Units to journal, and journals to damage."""

import apsw
import psycopg
import pytest

from hullmark.domain import commands, events
from hullmark.journal import Journal, Unit
from hullmark.journal._batch import seal
from hullmark.journal.memory import MemoryStore
from hullmark.journal.postgres import PostgresStore
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


class Tampered(MemoryStore):
    """A store that tells other batches than were appended to it: some changed, some left out."""

    def __init__(self, store, changed):
        super().__init__()
        self._told = [changed.get(b.first, b) for b in store.batches()]
        self._told = [batch for batch in self._told if batch is not None]

    @property
    def tip(self):
        """Where what it tells ends."""
        return self._told[-1].tip

    def batches(self, first=1):
        """Yield what it tells."""
        yield from (batch for batch in self._told if batch.last >= first)


@pytest.fixture
def make_units():
    return units_between


@pytest.fixture
def tamper():
    """Return a function from a store to one with other batches, by the sequences they begin at."""
    return Tampered


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


@pytest.fixture
def postgres_journal(postgres_address):
    """Return the address of the same ten batches in PostgreSQL, closed."""
    with Journal(PostgresStore(postgres_address)) as journal:
        for first in range(1, 101, 10):
            journal.append(units_between(first, first + 9))
    return postgres_address


@pytest.fixture
def schema(postgres_address):
    return postgres_address.rpartition("%3D")[2]


@pytest.fixture
def run(postgres_address, schema):
    """Return a function that runs SQL on it behind its back, and returns the last rows."""

    def statements(*texts):
        with psycopg.connect(postgres_address, autocommit=True) as database:
            database.execute(f"SET search_path = {schema}")
            for text in texts:
                cursor = database.execute(text)
            return cursor.fetchall() if cursor.description else []

    return statements


@pytest.fixture
def following():
    """Return a function to the batch of five units that a store would take next."""

    def batch_of(store):
        last = store.tip.sequence
        return seal(units_between(last + 1, last + 5), store.tip)

    return batch_of


@pytest.fixture
def superuser(postgres_server):
    """Return a session with our own server that may do anything."""
    with psycopg.connect(postgres_server.dsn, autocommit=True) as database:
        yield database


@pytest.fixture
def own_address(postgres_server, request):
    """Return the address of a journal on our own server, which is not there yet."""
    schema = "own_" + "".join(c if c.isalnum() else "_" for c in request.node.name)[-50:]
    return f"{postgres_server.dsn}&options=-c%20hullmark.schema%3D{schema.lower()}"
