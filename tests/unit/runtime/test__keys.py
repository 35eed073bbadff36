"""A command under a key is carried out once, and answered as often as it is sent."""

import pytest

from hullmark.domain import Mode, commands
from hullmark.errors import InvalidInputError
from hullmark.journal import read
from hullmark.runtime import Keyed, open_venue
from hullmark.runtime._keys import Keys


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


@pytest.fixture
def kept(opened, path):
    """Return a market whose journal is a file."""
    return opened(journal=path).found()


def count(path):
    return len(list(read(path)))


def test_a_command_sent_twice_is_carried_out_once_and_answered_alike(kept, names, path):
    deposit = kept.deposit(names.trader, "USDT", "10")
    first = kept.venue.submit(deposit, key="a")
    cash, units = kept.venue.cash(names.trader, "USDT"), count(path)
    assert kept.venue.submit(deposit, key="a") == first
    assert kept.venue.cash(names.trader, "USDT") == cash
    assert count(path) == units
    assert first.units[0].key == "a"


def test_an_answer_comes_back_with_its_reactions(kept, names):
    kept.do(kept.trade("BTC-PERP", "1", "64000"))
    kept.now_ns += 10**9
    fall = kept.bitcoin("60000")
    first = kept.venue.submit(fall, key="fall")
    assert len(first.units) > 2
    kept.venue.submit(commands.AdvanceTime())
    assert kept.venue.submit(fall, key="fall") == first


def test_a_key_is_known_after_a_restart(kept, names, path):
    deposit = kept.deposit(names.trader, "USDT", "10")
    first = kept.venue.submit(deposit, key="a")
    kept.venue.close()
    with open_venue(journal=path) as venue:
        assert venue.submit(deposit, key="a") == first
        assert venue.cash(names.trader, "USDT") == kept.venue.cash(names.trader, "USDT")


def test_a_refusal_is_given_again_though_it_would_be_none_today(kept, names):
    many = commands.Withdraw(account=names.trader, asset="USDT", quanta=6_000 * 10**6)
    refused = kept.venue.submit(many, key="w").refusal
    assert refused is not None
    kept.do(kept.deposit(names.trader, "USDT", "10000"))
    assert kept.venue.submit(many, key="w").refusal == refused
    assert kept.venue.submit(many, key="w2").refusal is None


def test_a_key_that_stands_for_another_command_is_refused_before_anything_is_done(kept, names):
    ten, eleven = (kept.deposit(names.trader, "USDT", n) for n in ("10", "11"))
    kept.venue.submit(ten, key="a")
    before = kept.venue.state_hash()
    for batch in ([Keyed("b", ten), Keyed("a", eleven)], [Keyed("c", ten), Keyed("c", eleven)]):
        with pytest.raises(InvalidInputError, match="must stand for one command, Deposit"):
            kept.venue.submit_all(batch)
        assert kept.venue.state_hash() == before
    kept.do(ten)  # the venue goes on


def test_a_key_twice_in_one_batch_is_one_command(kept, names, path):
    deposit, units = kept.deposit(names.trader, "USDT", "10"), count(path)
    one, other, free = kept.venue.submit_all([Keyed("a", deposit), Keyed("a", deposit), deposit])
    assert one is other
    assert free != one
    assert count(path) == units + 2


@pytest.mark.parametrize("key", ["", "x" * 201, 5, b"a", "\ud800", type("Key", (str,), {})("a")])
def test_a_key_is_a_short_text(kept, names, key):
    with pytest.raises(InvalidInputError, match="key must be a text of 1 to 200 characters"):
        kept.venue.submit(kept.deposit(names.trader, "USDT", "10"), key=key)
    kept.do(kept.deposit(names.trader, "USDT", "10"))  # the venue goes on


def test_what_is_refused_before_record_1_leaves_its_key_free(opened, names):
    venue = opened().venue  # founded by its rules
    assert venue.submit(commands.OpenAccount(account=200, mode=Mode.CROSS), key="a").refusal is None


def test_the_oldest_keys_are_forgotten_first():
    keys = Keys([("a", 1), ("b", 2)], most=3)
    for number, key in enumerate("cde", start=3):
        keys.add(key, number)
    assert list(keys.items()) == [("c", 3), ("d", 4), ("e", 5)]
    assert keys.find("a") is None
    assert keys.find("e") == 5
    assert len(keys) == 3
