"""What has been ordered in a block of time, by an account or in a market."""

from hullmark.clearing._stage_facts import Ordered
from hullmark.liquidation import SizeRules


def ordered_with(before: Ordered | None, sizes: SizeRules, nano: int, now_ns: int) -> Ordered:
    """Return what has been ordered in the block of now once *nano* more are."""
    return Ordered(in_block(sizes, before, now_ns) + nano, now_ns)


def in_block(sizes: SizeRules, ordered: Ordered | None, now_ns: int) -> int:
    """Return the notional that has been ordered in the block of now, in nanos of USD."""
    if ordered is None or sizes.block(ordered.at_ns) != sizes.block(now_ns):
        return 0
    return ordered.nano
