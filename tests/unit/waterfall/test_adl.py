"""Policies are found by name, and what they said is looked at again."""

import pytest

from hullmark.errors import PluginError
from hullmark.waterfall import (
    Candidate,
    Closure,
    Inventory,
    LeastHaircut,
    LotPrice,
    ProRata,
    Queue,
    load_policy,
    still_valid,
)

MARK, PRICE = LotPrice(100), LotPrice(105)
STATED = Inventory(instrument="P", lots=10, mark=MARK, deficit_quanta=50)
NOW = Candidate(7, -8, 8 * 120, 1_000, 160)
SAID = Closure(7, -6, 30, 1)


@pytest.mark.parametrize(
    ("name", "policy"),
    [("queue", Queue), ("pro-rata", ProRata), ("least-haircut", LeastHaircut)],
)
def test_our_policies_are_found_like_any_other(name, policy):
    assert isinstance(load_policy(name), policy)


def test_an_unknown_policy_is_refused():
    with pytest.raises(PluginError, match="no deleveraging 'lottery'"):
        load_policy("lottery")


@pytest.mark.parametrize(
    ("now", "inventory", "valid"),
    [
        (NOW, STATED, True),
        (NOW._replace(lots=-6, quote_quanta=720), STATED, True),
        (NOW._replace(lots=-5, quote_quanta=600), STATED, False),  # it has fewer by now
        (NOW._replace(lots=8, quote_quanta=-640), STATED, False),  # it has turned
        (NOW._replace(quote_quanta=8 * 99), STATED, False),  # its gain is gone
        (NOW._replace(net_quanta=30), STATED, True),
        (NOW._replace(net_quanta=29), STATED, False),  # it would be the next bankrupt
        (NOW._replace(account=8), STATED, False),
        (
            NOW,
            Inventory(instrument="P", lots=5, mark=MARK, deficit_quanta=50),
            False,  # others have closed the rest
        ),
    ],
)
def test_a_closure_is_checked_again_when_it_is_carried_out(now, inventory, valid):
    assert still_valid(SAID, now, inventory, PRICE) is valid


def test_a_closure_of_nothing_or_of_the_other_side_is_not_valid():
    assert not still_valid(SAID._replace(lots=0), NOW, STATED, PRICE)
    assert not still_valid(SAID._replace(lots=6), NOW, STATED, PRICE)
