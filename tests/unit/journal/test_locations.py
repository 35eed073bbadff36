"""Where a journal is: nowhere, in a file, in a database."""

import pytest

from hullmark.errors import InvalidInputError, JournalError, PluginError
from hullmark.journal import Journal, file_of, open_store, read
from hullmark.journal.memory import MemoryStore
from hullmark.journal.sqlite import SqliteStore

MY_STORE = """
from hullmark.journal.memory import MemoryStore

class MyStore(MemoryStore):
    def __init__(self, address, *, read_only=False):
        super().__init__()
        self.place = f"journal at {address}, for reading: {read_only}"

    def __str__(self):
        return self.place
"""


def test_no_location_is_memory_and_a_path_is_a_file(tmp_path, make_units):
    assert isinstance(open_store(None), MemoryStore)
    path = tmp_path / "a.db"
    with Journal(open_store(path)) as journal:
        journal.append(make_units(1, 3))
    with open_store(str(path), read_only=True) as store:
        assert isinstance(store, SqliteStore)
        assert store.tip.sequence == 3
        assert store.token == 0


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_an_address_of_a_database_goes_to_its_store(scheme):
    with pytest.raises(JournalError, match="127"):
        open_store(f"{scheme}://nobody:secret@127.0.0.1:1/none?connect_timeout=2")


def test_a_password_is_in_no_error():
    with pytest.raises(JournalError) as found:
        open_store("postgresql://nobody:secret@127.0.0.1:1/none?connect_timeout=2")
    assert "secret" not in str(found.value)


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install a distribution with a store for ``mystore://``."""
    (tmp_path / "my_store.py").write_text(MY_STORE, encoding="utf-8")
    about = tmp_path / "my_store-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: my-store\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[hullmark.event_stores]\nmystore = my_store:MyStore\n")
    monkeypatch.syspath_prepend(tmp_path)


def test_the_store_of_any_scheme_is_found_among_what_is_installed(installed, make_units):
    with open_store("mystore://here/there") as store:
        assert str(store) == "journal at mystore://here/there, for reading: False"
        Journal(store).append(make_units(1, 3))
        assert list(read(store)) == make_units(1, 3)
    assert str(open_store("MYSTORE://here", read_only=True)).endswith("for reading: True")
    assert file_of("mystore://here/there") is None


def test_a_scheme_that_nothing_is_installed_for_is_refused_with_what_is():
    rule = "no event store 'mysql'; installed: memory, postgres, postgresql, sqlite"
    with pytest.raises(PluginError, match=rule) as found:
        open_store("mysql://nobody:secret@127.0.0.1/none")
    assert "secret" not in str(found.value)


@pytest.mark.parametrize("scheme", ["sqlite", "memory"])
def test_a_store_without_addresses_has_no_scheme(scheme):
    with pytest.raises(InvalidInputError, match=f"must be a path .* of the scheme {scheme}"):
        open_store(f"{scheme}:///tmp/venue.db")
