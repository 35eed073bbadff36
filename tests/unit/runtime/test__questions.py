"""Tests of asking a venue that has no rules yet."""

import pytest

from hullmark.errors import InvalidInputError
from hullmark.journal import Journal
from hullmark.journal.memory import MemoryStore
from hullmark.monitor import Checked
from hullmark.runtime import Trade, Venue


@pytest.fixture
def bare():
    """Return a venue before its first command."""
    return Venue(Journal(MemoryStore()), clock=lambda: 10**18)


@pytest.mark.parametrize(
    "ask",
    [
        lambda venue: venue.rules,
        lambda venue: venue.dry_run({}),
        lambda venue: venue.health(101),
        lambda venue: venue.what_if(101, [Trade("BTC-PERP", 1)]),
        lambda venue: venue.liquidation_price(101, "BTC"),
        lambda venue: venue.liquidation_move(101),
        lambda venue: venue.liquidation_map(),
        lambda venue: venue.withdrawable(101, "USDT"),
        lambda venue: venue.cascade(),
        lambda venue: venue.manipulation(),
        lambda venue: venue.open_interest(),
    ],
)
def test_what_rests_on_rules_is_refused_in_words_where_there_are_none(bare, ask):
    with pytest.raises(InvalidInputError, match="must have rules"):
        ask(bare)


def test_what_does_not_is_answered(bare):
    assert bare.nearest() == ()
    assert bare.checked == Checked(0, 0, 0, 0)
    assert bare.books().broken == ()
