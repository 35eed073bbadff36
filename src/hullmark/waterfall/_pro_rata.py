"""Pro rata: everybody on the opposite side closes the same share."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat

from hullmark.waterfall._adl import rest_of, settle
from hullmark.waterfall._apportion import apportion
from hullmark.waterfall._candidates import (
    BY_ACCOUNT,
    Candidate,
    Closure,
    Deleveraging,
    Haircut,
    Inventory,
    LotPrice,
    PriceRule,
    bearable,
    closed,
    eligible,
)


@dataclass(frozen=True, slots=True)
class ProRata:
    """Close the inventory in proportion to the opposite positions, in whole lots.

    Lots are divided by the largest remainder, equal ones by account. A position counts only as far
    as its account can close it and stay solvent. What the price does not bring is shared in
    proportion to what is left of net gains.
    """

    price_rule: PriceRule = PriceRule.BANKRUPTCY

    def allocate(
        self,
        inventory: Inventory,
        candidates: Sequence[Candidate],
        /,
        *,
        price_rule: PriceRule | None = None,
    ) -> Deleveraging:
        """Return the closures and haircuts for one inventory."""
        price = inventory.price(price_rule or self.price_rule)
        able = sorted(eligible(inventory, candidates), key=BY_ACCOUNT)
        closures = close_pro_rata(inventory, able, price)
        rest, most = rest_of(inventory, closures, able)
        return settle(inventory, price, closures, shares(rest, able, most))


def close_pro_rata(
    inventory: Inventory,
    candidates: Sequence[Candidate],
    price: LotPrice,
    *,
    left: int | None = None,
    place: int = 1,
) -> list[Closure]:
    """Return closures of so many lots, without sign, in proportion to what each can close."""
    most = bearable(candidates, inventory.mark, price)
    wanted = min(abs(inventory.lots) if left is None else left, sum(most))
    sizes = apportion(wanted, most)
    return closed(candidates, sizes, repeat(place), mark=inventory.mark, price=price)


def shares(quanta: int, candidates: Sequence[Candidate], most: Sequence[int]) -> list[Haircut]:
    """Return a loss shared in proportion to what each can pay at most, as far as that goes."""
    parts = apportion(min(quanta, sum(most)), most)
    return [
        Haircut(candidate.account, part)
        for candidate, part in zip(candidates, parts, strict=True)
        if part
    ]
