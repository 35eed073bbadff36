"""What a price remembers from one observation to the next, as whole numbers in the event.

A rule that looks back keeps nothing of its own: what it needs next time stands beside the price
that it made. A part that the policy of a price does not use is absent.
"""

from msgspec import Struct


class _Part(
    Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, forbid_unknown_fields=True
):
    pass


class StableMemory(_Part, frozen=True, kw_only=True, gc=False):
    """A stable price between two moves, and the averages that its growth is held to."""

    stable_nano: int
    updated_s: int
    delay_nano: tuple[int, ...]  # a price per interval of the last day or so, in a ring
    interval: int = 0  # which of them is written next
    accumulated: str  # billionths times seconds in the interval that runs, a whole number
    accumulated_s: int = 0


class PriceMemory(_Part, frozen=True, kw_only=True, gc=False):
    """The parts that a policy may ask for. Prices in nanos of the quote unit."""

    valid_nano: int | None = None  # in doubt: the last price that was VALID
    halted: bool = False  # the breaker is open
    steady: int = 0  # prints in a row that agreed since the breaker opened
    steady_nano: int | None = None  # the price of the first of them, which the others agree with
    steady_ns: int | None = None  # only what is observed later counts: since the jump, or the last
    spot_nano: int | None = None  # what the sources said, before averages, delay and caps
    basis_nano: int | None = None  # average of book less index; negative: at a discount
    basis_spot_nano: int | None = None  # book less index as last said, which counts from then on
    basis_ns: int | None = None  # when that was
    points: tuple[tuple[int, int], ...] = ()  # of a window: instant, and the price from then on
    ticks: tuple[tuple[int, int], ...] = ()  # the same in ticks, powers of 1.0001
    average_nano: int | None = None  # the exponential average
    next_nano: int | None = None  # delayed: what becomes the price when the delay is over
    hop_ns: int | None = None  # delayed: when the next became the next
    stable: StableMemory | None = None
