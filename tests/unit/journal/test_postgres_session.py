"""Addresses without their secrets, and what a server must do to be trusted."""

import subprocess
import sys
import traceback

import psycopg
import pytest

from hullmark.errors import JournalError
from hullmark.journal import _postgres_session, open_store
from hullmark.journal._postgres_session import Address
from hullmark.journal.postgres import PostgresStore

WITHOUT_PSYCOPG = """
import sys
sys.modules["psycopg"] = None
from hullmark.errors import JournalError
from hullmark.journal import open_store

try:
    open_store("postgresql://localhost/venue")
except JournalError as e:
    print(e)
"""


def test_without_psycopg_it_says_what_to_install():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PSYCOPG], capture_output=True, text=True, check=True
    )
    assert "must have psycopg, but" in done.stdout
    assert "pip install 'hullmark[postgres]'" in done.stdout


def test_the_library_does_not_import_psycopg_before_it_is_asked_for():
    words = "import sys, hullmark, hullmark.journal; print('psycopg' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://venue:se@cret@localhost/venue",
        "postgresql://venue:se/cret@localhost/venue",
        "postgresql://venue:12/cret@localhost/venue",
        "postgresql://venue:se%cret@localhost/venue",
        "postgresql://venue@localhost/venue?passwd=cret",
        "host=localhost password='cret",
        "cret",
    ],
)
def test_an_address_that_may_show_its_password_is_refused_unseen(dsn):
    with pytest.raises(JournalError, match="dsn must be an address such as postgresql://") as found:
        PostgresStore(dsn)
    assert "cret" not in "".join(traceback.format_exception(found.value))


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://venue:s%40cret@127.0.0.1:1/venue",
        "host=127.0.0.1 port=1 user=venue password=s@cret dbname=venue",
    ],
)
def test_a_server_that_is_not_there_is_named_without_the_password(dsn):
    with pytest.raises(JournalError, match=r"venue at 127\.0\.0\.1 must be reachable") as found:
        open_store(dsn) if "://" in dsn else PostgresStore(dsn)
    assert "start the server, or correct the address" in str(found.value)
    assert "cret" not in "".join(traceback.format_exception(found.value))


def test_an_error_with_the_password_in_it_is_censored():
    address = Address("postgresql://venue:geheim@localhost/venue")
    assert address.censored(psycopg.Error("no geheim\n  here\n")) == "no ***; here"


def test_a_store_names_schema_database_and_server_and_no_password(postgres_journal, schema):
    dsn = postgres_journal.replace("postgres@", "postgres:geheim@")
    with PostgresStore(dsn, read_only=True) as store:
        assert str(store).startswith(f"journal {schema} in database postgres at ")
        assert "geheim" not in str(store) + repr(store)


@pytest.mark.parametrize("name", ["x" * 64, "é" * 32])
def test_a_schema_whose_name_would_be_cut_is_refused(postgres_address, schema, name):
    with pytest.raises(JournalError, match=r"hullmark\.schema must have <= 63 bytes, was"):
        PostgresStore(postgres_address.replace(schema, name))


def test_a_server_that_is_too_old_is_refused(postgres_address, monkeypatch):
    monkeypatch.setattr(_postgres_session, "SERVER_VERSION_MIN", 99)
    with pytest.raises(JournalError, match=r"must be on PostgreSQL >= 99, was 1\d"):
        PostgresStore(postgres_address)


@pytest.mark.parametrize(
    ("asked", "used"), [("off", "on"), ("local", "on"), ("on", "on"), ("remote_apply",) * 2]
)
def test_every_commit_waits_for_the_disk_whatever_the_server_says(postgres_address, asked, used):
    with PostgresStore(f"{postgres_address}%20-c%20synchronous_commit%3D{asked}") as store:
        assert store._connection.execute("SHOW synchronous_commit").fetchone() == (used,)


def test_a_session_outlives_the_limits_of_the_server(postgres_address):
    limits = ("statement_timeout", "idle_session_timeout", "lock_timeout")
    options = "".join(f"%20-c%20{name}%3D5000" for name in limits)
    with PostgresStore(f"{postgres_address}{options}") as store:
        for name in limits:
            assert store._connection.execute(f"SHOW {name}").fetchone() == ("0",)


def test_a_server_that_may_forget_or_hide_is_refused(postgres_server):
    own = f"{postgres_server.dsn}&options=-c%20hullmark.schema%3Dforgetful"
    with pytest.raises(JournalError, match="zero_damaged_pages must be off for a journal, was on"):
        PostgresStore(f"{own}%20-c%20zero_damaged_pages%3Don")
    with psycopg.connect(postgres_server.dsn, autocommit=True) as database:
        database.execute("ALTER SYSTEM SET fsync = off")
        database.execute("SELECT pg_reload_conf()")
        try:
            for _ in range(100):
                if database.execute("SHOW fsync").fetchone() == ("off",):
                    break
            with pytest.raises(JournalError, match="fsync must be on for a journal, was off"):
                PostgresStore(own)
        finally:
            database.execute("ALTER SYSTEM RESET fsync")
            database.execute("SELECT pg_reload_conf()")
