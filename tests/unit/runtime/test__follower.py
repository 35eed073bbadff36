"""A follower sees what is durable, answers as the writer does, and takes over from it."""

import time

import pytest

from hullmark.domain import commands
from hullmark.errors import FencedJournalError, JournalError, LockedJournalError, SnapshotError
from hullmark.journal import Snapshots
from hullmark.runtime import Follower, verify


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


@pytest.fixture
def writer(opened, path):
    return opened(journal=path).found()


@pytest.fixture
def follower(writer, path):
    with Follower(path) as following:
        yield following


def test_it_begins_at_the_tip_and_catches_up_with_what_came_since(writer, follower, names):
    assert follower.state_hash() == writer.venue.state_hash()
    assert follower.catch_up() == 0
    writer.do(writer.trade("BTC-PERP", "0.1", "64000"), writer.deposit(names.trader, "USDT", "1"))
    assert follower.state_hash() != writer.venue.state_hash()
    assert follower.catch_up() == 2
    assert follower.state_hash() == writer.venue.state_hash()
    assert follower.tip == writer.venue.tip


def test_it_answers_as_the_writer_does(writer, follower, names):
    writer.do(writer.trade("BTC-PERP", "0.1", "64000"), writer.bitcoin("63000"))
    follower.catch_up()
    assert follower.health(names.trader) == writer.venue.health(names.trader)
    assert follower.liquidation_price(names.trader) == writer.venue.liquidation_price(names.trader)
    assert follower.withdrawable(names.trader, "USDT") == writer.venue.withdrawable(
        names.trader, "USDT"
    )
    assert follower.books() == writer.venue.books()


def test_it_waits_for_what_comes(writer, follower, names):
    started = time.monotonic()
    assert not follower.wait(0.05)
    assert time.monotonic() - started >= 0.05
    writer.do(writer.deposit(names.trader, "USDT", "1"))
    assert follower.wait(5)
    assert follower.catch_up() == 1


def test_it_begins_at_a_snapshot(writer, path, tmp_path, names):
    Snapshots(tmp_path / "s").write(writer.venue.snapshot())
    writer.do(writer.deposit(names.trader, "USDT", "1"))
    with Follower(path, snapshots=tmp_path / "s") as following:
        assert following.state_hash() == writer.venue.state_hash()


def test_it_takes_over_once_the_writer_has_let_go(writer, follower, names, path):
    with pytest.raises(LockedJournalError):
        follower.take_over()
    deposit = writer.deposit(names.trader, "USDT", "1")
    writer.venue.submit(deposit, key="last")
    follower.catch_up()  # it went on following
    writer.venue.close()
    with follower.take_over(clock=lambda: names.start) as venue:
        assert venue.state_hash() == writer.venue.state_hash()
        before = venue.cash(names.trader, "USDT")
        venue.submit(deposit, key="last")  # its answer was lost on the way
        assert venue.cash(names.trader, "USDT") == before
        assert venue.submit(deposit).refusal is None
    assert verify(path).broken == ()


def test_a_writer_that_was_replaced_is_fenced_off(writer, follower, names, path):
    (path.parent / f"{path.name}.lock").unlink()  # as if its machine had been lost
    with follower.take_over(clock=lambda: names.start) as venue:
        with pytest.raises(FencedJournalError, match="was fenced off at token 1: another process"):
            writer.do(writer.deposit(names.trader, "USDT", "1"))
        assert venue.submit(commands.AdvanceTime()).refusal is None
    with pytest.raises(JournalError, match="a commit has failed"):
        writer.do(writer.deposit(names.trader, "USDT", "1"))
    assert verify(path).broken == ()


def test_a_journal_that_was_replaced_under_it_is_noticed(writer, follower, path, opened):
    writer.venue.close()
    for name in (path, path.parent / f"{path.name}-wal", path.parent / f"{path.name}-shm"):
        name.unlink(missing_ok=True)
    other = opened(journal=path)
    other.do(*(commands.AdvanceTime() for _ in range(30)))
    with pytest.raises(LockedJournalError):
        follower.take_over()
    other.venue.close()
    with pytest.raises(SnapshotError, match=f"journal.db must have .* {follower.tip.sequence}"):
        follower.take_over()


def test_a_closed_one_says_so(follower):
    follower.close()
    follower.close()
    with pytest.raises(JournalError, match="must be open, was closed"):
        follower.catch_up()
