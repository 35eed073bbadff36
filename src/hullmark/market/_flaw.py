"""Flaws: why one observation, or a whole price, is not to be believed."""

from enum import IntEnum


class Flaw(IntEnum):
    """What is wrong, in order of precedence: of several that hold, the first is given.

    An observation has at most one. What is wrong with a price that is not VALID is the flaw that
    decided its grade, in lower case in ``AcceptedPrice.reason``.
    """

    MISSING = 1  # no number was given, or not a number
    NOT_POSITIVE = 2  # zero or less
    CLAMPED = 3  # at or beyond the bound that the feed declares itself
    BELOW_LIMIT = 4  # under the venue's price_min
    ABOVE_LIMIT = 5  # over the venue's price_max
    FUTURE = 6  # observed after it arrived
    OUT_OF_ORDER = 7  # older than what the source has said before
    LATE = 8  # older than the source's heartbeat allows
    UNSURE = 9  # the source's own confidence is too wide
    JUMP = 10  # too far from the last price
    COPY = 11  # says what another source of the same origin says
    OUTLIER = 12  # too far from the weighted median of all
    # Of a price as a whole:
    SILENCE = 13  # no source that counts has spoken
    QUORUM = 14  # too few sound origins, or too little weight
    DISSENT = 15  # too much weight disagrees
    HALTED = 16  # the breaker is open until enough prints agree
    INPUT = 17  # a price that this one is made from is missing or in doubt


# Nobody could mean these; where nothing else was heard the price is ABSURD.
ABSURD_FLAWS = frozenset({
    Flaw.MISSING, Flaw.NOT_POSITIVE, Flaw.CLAMPED, Flaw.BELOW_LIMIT, Flaw.ABOVE_LIMIT, Flaw.FUTURE,
    Flaw.JUMP,
})  # fmt: skip
