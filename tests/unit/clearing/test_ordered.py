"""What has been ordered in a block of time."""

from hullmark.clearing._ordered import in_block, ordered_with
from hullmark.clearing._stage_facts import Ordered
from hullmark.liquidation import SizeRules

SECOND_NS = 10**9
SIZES = SizeRules.parse({"account_max_usd": "1000", "block_s": "10"})


def test_notional_adds_up_in_a_block():
    first = ordered_with(None, SIZES, 5, 3 * SECOND_NS)
    second = ordered_with(first, SIZES, 7, 10 * SECOND_NS - 1)
    assert second == Ordered(12, 10 * SECOND_NS - 1)


def test_the_next_block_begins_at_nothing():
    last = Ordered(12, 10 * SECOND_NS - 1)
    assert in_block(SIZES, last, 10 * SECOND_NS) == 0
    assert ordered_with(last, SIZES, 7, 10 * SECOND_NS).nano == 7


def test_who_has_ordered_nothing_has_used_nothing():
    assert in_block(SIZES, None, 0) == 0
