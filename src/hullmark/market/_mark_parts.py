"""A mark from its three parts: index and basis, the own book, and contracts elsewhere.

The median of the parts that are there; of two their mean. Two of three make it VALID, so that
neither the venue's own book nor the index alone can say what everybody is liquidated at. For the
same reason what the book says now is not in the basis yet: else it would be two parts of three
wherever the basis is new, or has not moved for long.
"""

from collections.abc import Mapping, Sequence

import msgspec

from hullmark.core import INT64_MAX
from hullmark.domain import AcceptedPrice, PriceMemory, Print
from hullmark.market._flaw import Flaw
from hullmark.market._nano_rules import ema_nano, limited_nano
from hullmark.market._policy import PricePolicy
from hullmark.market._policy_parts import MarkTerms
from hullmark.market._weigh import Weighed, spot_of, weighted_median_nano

BASIS = ("basis_nano", "basis_spot_nano", "basis_ns")  # what a mark remembers


def marked(
    prints: Sequence[Print],
    found: Mapping[str, Flaw | None],
    policy: PricePolicy,
    memory: PriceMemory,
    inputs: Mapping[str, AcceptedPrice],
    last: AcceptedPrice | None,
    now_ns: int,
) -> tuple[Weighed | None, PriceMemory]:
    """Return the mark, or ``None`` where no part is there, and the basis to be remembered."""
    terms = policy.mark
    assert terms is not None, "asked of marks only"
    said = {s.source: s for s in prints if s.source in policy.voices and found[s.source] is None}
    index = inputs.get(terms.index)
    book = said.get(terms.book or "")
    abroad = [said[source] for source in terms.external if source in said]
    if index is not None and book is not None:
        spot_nano = (book.price_nano or 0) - index.price_nano
        heartbeat_ns = policy.terms_of(book.source).heartbeat_ns or policy.staleness_ns_max
        memory = _moved_basis(memory, terms, spot_nano, heartbeat_ns, now_ns)
    parts: list[int] = []
    if index is not None:
        parts.append(min(max(index.price_nano + (memory.basis_nano or 0), 1), INT64_MAX))
    if book is not None:
        parts.append(book.price_nano or 0)
    if abroad:
        weights = [policy.terms_of(one.source).weight for one in abroad]
        parts.append(weighted_median_nano([one.price_nano or 0 for one in abroad], weights))
    if not parts:
        return None, memory
    wanted_nano = weighted_median_nano(parts, [1] * len(parts))
    price_nano = _limited(wanted_nano, terms, last, now_ns)
    low_nano, high_nano = min(price_nano, wanted_nano), max(price_nano, wanted_nano)
    agreed = tuple(said.values())
    flaw = Flaw.QUORUM if len(parts) < 2 or len(agreed) < policy.sources_min else None
    return Weighed(price_nano, low_nano, high_nano, agreed, flaw), memory


# What was said last has held since then, but for no longer than a print of the book counts: what
# came after that nobody knows. What is said now has held for no time yet.
def _moved_basis(
    memory: PriceMemory, terms: MarkTerms, spot_nano: int, heartbeat_ns: int, now_ns: int
) -> PriceMemory:
    basis_nano = memory.basis_nano or 0
    if memory.basis_spot_nano is not None and memory.basis_ns is not None:
        basis_nano = ema_nano(
            basis_nano,
            memory.basis_spot_nano,
            elapsed_ns=min(now_ns - memory.basis_ns, heartbeat_ns),
            half_life_ns=terms.basis_half_life_ns,
        )
    return msgspec.structs.replace(
        memory, basis_nano=basis_nano, basis_spot_nano=spot_nano, basis_ns=now_ns
    )


def _limited(wanted_nano: int, terms: MarkTerms, last: AcceptedPrice | None, now_ns: int) -> int:
    last_nano = spot_of(last)
    if terms.move_nano_max_per_minute is None or last is None or last_nano is None:
        return wanted_nano
    return limited_nano(
        last_nano,
        wanted_nano,
        share_nano_max_per_minute=terms.move_nano_max_per_minute,
        elapsed_ns=now_ns - last.accepted_ns,
    )
