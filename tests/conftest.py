"""Settings shared by all tests."""

import os
from itertools import count

import pytest
from hypothesis import settings

from ._postgres import Server

# No deadline: the first call of a kernel compiles it. On a branch the search is reproducible; at
# night it is random and long, and what it finds comes back as an explicit example.
settings.register_profile("branch", deadline=None, derandomize=True)
settings.register_profile("night", deadline=None, max_examples=5_000)
settings.load_profile(os.environ.get("HULLMARK_TESTS", "branch"))

_NUMBERS = count()


@pytest.fixture(scope="session")
def postgres_server():
    """Return a PostgreSQL server of our own, which may be killed and started again."""
    with Server() as server:
        yield server


@pytest.fixture
def postgres_address(request):
    """Return the address of a journal that is not there yet.

    On the server of ``HULLMARK_TEST_POSTGRES`` where that is set, as ``postgresql://...`` without
    ``options``; otherwise on one that starts here, or the test fails and says why it does not.
    """
    import psycopg  # noqa: PLC0415 - tests of anything else need none

    dsn = os.environ.get("HULLMARK_TEST_POSTGRES")
    if dsn is None:
        dsn = request.getfixturevalue("postgres_server").dsn
    schema = f"hullmark_test_{os.getpid()}_{next(_NUMBERS)}"
    yield f"{dsn}{'&' if '?' in dsn else '?'}options=-c%20hullmark.schema%3D{schema}"
    with psycopg.connect(dsn, autocommit=True) as db:
        db.execute("SET lock_timeout = '10s'")
        db.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
