"""The waterfall: who pays a deficit, in the order that the venue file declares.

A step takes what it can of what is left. The last one, bad debt, takes everything: it is not money
but the record that money is missing, and it never counts as a fund. Laws:

1. The declared order is kept, and a later step is used only where all before it are empty.
2. The shares add up to the deficit, to the quantum; none is negative.
"""

from hullmark.waterfall._steps import Share, allocate, parse_steps

__all__ = ["Share", "allocate", "parse_steps"]
