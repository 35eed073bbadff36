"""The breaker of one price: what opens it keeps the price where it was until enough prints agree.

Prints that agree are counted anew from the first that does not, and all are held to the first of
their row, so that a row cannot be walked anywhere.
"""

import msgspec

from hullmark.domain import PriceMemory
from hullmark.market._policy import PricePolicy
from hullmark.market._policy_parts import ReopenTerms
from hullmark.market._weigh import Weighed, jumps


def halt(memory: PriceMemory, now_ns: int) -> PriceMemory:
    """Open the breaker: only what is observed from now on can close it."""
    return msgspec.structs.replace(
        memory, halted=True, steady=0, steady_nano=None, steady_ns=now_ns
    )


def unsteadied(memory: PriceMemory) -> PriceMemory:
    """Begin the row again: nothing that counts was heard."""
    return msgspec.structs.replace(memory, steady=0, steady_nano=None)


def steadied(
    memory: PriceMemory, weighed: Weighed, policy: PricePolicy, now_ns: int
) -> PriceMemory:
    """Count a price towards the row, and close the breaker when the row is complete.

    It counts only if enough origins have spoken since the one before it.
    """
    # Rules that have come since may ask for no breaker; what is open closes all the same.
    reopen = policy.reopen or ReopenTerms(prints=1, sources=policy.sources_min)
    if _newer(memory, weighed) < reopen.sources:
        return memory
    band_nano = policy.deviation_nano_max or policy.jump_nano_max
    goes_on = memory.steady > 0 and not jumps(weighed.price_nano, memory.steady_nano, band_nano)
    steady = memory.steady + 1 if goes_on else 1
    if steady >= reopen.prints:
        return msgspec.structs.replace(
            memory, halted=False, steady=0, steady_nano=None, steady_ns=None
        )
    first_nano = memory.steady_nano if goes_on else weighed.price_nano
    return msgspec.structs.replace(memory, steady=steady, steady_nano=first_nano, steady_ns=now_ns)


def confirmed(memory: PriceMemory, weighed: Weighed, policy: PricePolicy) -> bool:
    """Whether as many origins as a price needs have spoken since a jump was taken over."""
    return _newer(memory, weighed) >= policy.sources_min


def _newer(memory: PriceMemory, weighed: Weighed) -> int:
    since_ns = memory.steady_ns or 0
    return sum(said.observed_ns > since_ns for said in weighed.agreed)
