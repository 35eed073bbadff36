"""Units survive their encoding, and the hash covers every field of a batch."""

import re

import msgspec
import pytest
from hypothesis import given, strategies as st

from hullmark.domain import Mode, Reason, commands, events
from hullmark.errors import DamagedJournalError, InvalidInputError
from hullmark.journal import GENESIS, Tip, Unit
from hullmark.journal._batch import find_fault, seal, unseal

PAYLOAD_OF_0_1_0 = (  # before units had keys
    "9195010284a474797065a74465706f736974a76163636f756e7464a56173736574a455534454a67175616e746105"
    "9184a474797065a94465706f7369746564a76163636f756e7464a56173736574a455534454a67175616e746105c0"
)
PAYLOAD = "9196" + PAYLOAD_OF_0_1_0[4:] + "c0"
HASH = "c9a2c3b8a953e4e2767195f68bcb5f2d155b5fbf617a6f48d3f8851251c2b6cd"
INT64 = st.integers(-(2**63), 2**63 - 1)


def unit(sequence=1, command=None, found=()):
    return Unit(
        sequence=sequence, time_ns=0, command=command or commands.AdvanceTime(), events=found
    )


def deposited():
    deposit = commands.Deposit(account=100, asset="USDT", quanta=5)
    credited = events.Deposited(account=100, asset="USDT", quanta=5)
    return Unit(sequence=1, time_ns=2, command=deposit, events=(credited,))


@given(quanta=INT64, account=INT64, asset=st.text(), detail=st.text(), time_ns=INT64)
def test_units_are_read_back_equal(quanta, account, asset, detail, time_ns):
    withdrawal = commands.Withdraw(account=account, asset=asset, quanta=quanta)
    refusal = events.Refused(reason=Reason.CASH_SHORT, detail=detail)
    deferred = events.ReactionsDeferred(commands=(withdrawal, commands.SweepAccounts()))
    opened = events.AccountOpened(account=account, mode=Mode.CROSS)
    units = [
        Unit(
            sequence=1, time_ns=time_ns, command=withdrawal,
            events=(refusal, deferred, opened), cause=None,
        ),
        Unit(sequence=2, time_ns=time_ns, command=commands.SweepAccounts(), events=(), cause=1),
    ]  # fmt: skip
    assert unseal(seal(units, GENESIS)) == units


def test_equal_units_have_equal_bytes_whatever_the_order_of_a_dict():
    a = events.SurfaceAdopted(vol_nano={"A": 1, "B": 2})
    b = events.SurfaceAdopted(vol_nano={"B": 2, "A": 1})
    assert seal([unit(found=(a,))], GENESIS) == seal([unit(found=(b,))], GENESIS)


def test_batches_of_this_version_keep_their_bytes():
    # Made by this module at version 1. If it changes, old journals no longer open.
    batch = seal([deposited()], GENESIS)
    assert batch.payload.hex() == PAYLOAD
    assert batch.hash.hex() == HASH


def test_units_without_a_key_are_read_as_they_were_written():
    old = seal([deposited()], GENESIS)._replace(payload=bytes.fromhex(PAYLOAD_OF_0_1_0))
    assert unseal(old) == [deposited()]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"first": 2}, "must begin at 1, was 2"),
        ({"last": 0}, "must not end before it, was 0"),
        ({"last": 3}, "must have the hash of its content"),
        ({"previous_hash": b"\1" * 32}, "must carry the hash of the one before it"),
        ({"hash": b"\1" * 32}, "must have the hash of its content"),
        ({"payload": b"\x90"}, "must have the hash of its content"),
    ],
)
def test_a_changed_field_is_found(change, rule):
    batch = seal([unit(1), unit(2)], GENESIS)
    assert find_fault(batch, GENESIS) is None
    assert rule in find_fault(batch._replace(**change), GENESIS)


@pytest.mark.parametrize("sequences", [(2,), (1, 3), (1, 1), (0,)])
def test_units_that_do_not_continue_are_refused(sequences):
    with pytest.raises(InvalidInputError, match="sequence must be"):
        seal([unit(s) for s in sequences], GENESIS)


@pytest.mark.parametrize("quanta", [1.5, 2**64, "7", None, object()])
def test_a_unit_that_could_not_be_read_back_is_refused(quanta):
    wrong = commands.Deposit(account=1, asset="USDT", quanta=quanta)
    with pytest.raises(InvalidInputError, match="units 5 to 5 must fit their schema"):
        seal([unit(5, wrong)], Tip(4, b"\0" * 32))


@pytest.mark.parametrize(
    ("payload", "rule"),
    [
        (b"", "must decode"),
        (b"\x93", "must decode"),
        (msgspec.msgpack.encode([[1, 0, {"type": "Rob"}, []]]), "must decode"),
        (msgspec.msgpack.encode([]), "must hold units 1 to 1"),
        (msgspec.msgpack.encode([unit(2)]), "must hold units 1 to 1"),
        (msgspec.msgpack.encode([unit(1), unit(2)]), "must hold units 1 to 1"),
    ],
)
def test_a_payload_that_is_not_its_units_is_refused(payload, rule):
    batch = seal([unit(1)], GENESIS)._replace(payload=payload)
    with pytest.raises(DamagedJournalError, match=re.escape(rule)):
        unseal(batch)


@pytest.mark.parametrize(
    "event",
    [
        {"type": "Deposited", "account": 1, "asset": "USDT", "quanta": 5, "memo": "new"},
        {"type": "Deposited.2", "account": 1, "asset": "USDT", "quanta": 5},
        {"type": "Gifted", "account": 1},
    ],
)
def test_what_only_a_newer_version_knows_is_refused(event):
    (unit_1,) = msgspec.to_builtins([unit(1)])
    payload = msgspec.msgpack.encode([[*unit_1[:3], [event], *unit_1[4:]]])
    with pytest.raises(DamagedJournalError, match="a newer hullmark has written it"):
        unseal(seal([unit(1)], GENESIS)._replace(payload=payload))
