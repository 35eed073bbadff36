"""Every fact is packed and comes back; what is no state is refused."""

import gzip
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from hullmark.clearing import Facts, State, _facts, books, pack, state_hash, unpack
from hullmark.errors import InvalidInputError
from hullmark.journal import read
from hullmark.runtime import replay

from .staged import after_stages

JOURNAL = Path(__file__).parents[2] / "replay" / "0.1.0.db.gz"  # has every kind of fact
FOLLOWS = {"resting_of", "working_of", "auction_of"}  # from other facts
IN_COLUMNS = {"ledger", "modes", "parents"}


@pytest.fixture(scope="module")
def units(tmp_path_factory):
    path = tmp_path_factory.mktemp("facts") / "journal.db"
    path.write_bytes(gzip.decompress(JOURNAL.read_bytes()))
    return list(read(path))


@pytest.fixture
def facts(units):
    state = State()
    for unit in units[:900]:
        replay(state, unit)
    return pack(state)


def test_every_field_of_a_state_is_packed():
    named = {field.name for field in fields(State)}
    packed = {*_facts._Document.__struct_fields__, *_facts._Stages.__struct_fields__} - {"stages"}
    assert named - FOLLOWS - IN_COLUMNS == packed


def test_the_facts_of_stages_come_back():
    state = after_stages()
    restored = unpack(pack(state))
    assert state_hash(restored) == state_hash(state)
    assert restored.auction_of == state.auction_of != {}
    for name in _facts._Stages.__struct_fields__:
        assert getattr(restored, name) == getattr(state, name) not in ({}, 0, None)


def test_a_state_goes_on_from_where_it_was_packed_as_if_it_had_not_been(units):
    state, packed = State(), 0
    for place, unit in enumerate(units):
        if place % 45 == 0:
            restored = unpack(pack(state))
            assert state_hash(restored) == state_hash(state)
            assert (restored.resting_of, restored.working_of) == (
                state.resting_of, state.working_of,
            )  # fmt: skip
            state, packed = restored, packed + 1
        replay(state, unit)
    whole = State()
    for unit in units:
        replay(whole, unit)
    assert packed > 30
    assert state_hash(state) == state_hash(whole)
    assert books(state) == books(whole)


def test_what_was_packed_does_not_change_with_the_state(units):
    state = State()
    for unit in units[:900]:
        replay(state, unit)
    packed, before = pack(state), state_hash(state)
    for unit in units[900:]:
        replay(state, unit)
    assert state_hash(state) != before
    assert state_hash(unpack(packed)) == before


def test_an_empty_state_is_packed_too():
    assert state_hash(unpack(pack(State()))) == state_hash(State())


@pytest.mark.parametrize("document", [b"", b"\x80", b"\xc0", b"abc"])
def test_a_document_that_is_none_is_refused(facts, document):
    with pytest.raises(InvalidInputError, match="document of a state must fit its schema"):
        unpack(facts._replace(document=document))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("modes", lambda c: c[:-1]),
        ("modes", lambda c: c + 3),
        ("ledger.cash", lambda c: c[:, :-1]),
        ("ledger.held", lambda c: -c),
        ("children", lambda c: np.append(c, 7)),
        ("ledger.instrument", lambda c: c + 90),
    ],
)
def test_columns_of_no_state_are_refused(facts, name, change):
    columns = dict(facts.columns) | {name: change(facts.columns[name])}
    with pytest.raises(InvalidInputError):
        unpack(Facts(columns, facts.document))
