"""The least haircut: positions go at the mark, and the loss is shared by net gains."""

from collections.abc import Sequence
from dataclasses import dataclass

from hullmark.errors import InvalidInputError
from hullmark.waterfall._adl import settle
from hullmark.waterfall._candidates import (
    BY_ACCOUNT,
    Candidate,
    Deleveraging,
    Inventory,
    PriceRule,
    capacities,
    eligible,
)
from hullmark.waterfall._pro_rata import close_pro_rata, shares


@dataclass(frozen=True, slots=True)
class LeastHaircut:
    """Take no more than is missing, from gains alone, and from each by its *net* gain.

    The inventory is closed at the mark, which costs nobody anything. The deficit is divided in
    proportion to net unrealised gains, exactly: the haircuts add up to the deficit, or to all the
    gains where these are less. A hedged account pays on its net; its position is closed only for
    what those who pay do not hold.

    References
    ----------
    Chitra, "Autodeleveraging: Impossibilities and Optimization", arXiv 2512.01112, 2025: choose
    what is missing, take it from positive profits, never from principal.
    """

    def allocate(
        self,
        inventory: Inventory,
        candidates: Sequence[Candidate],
        /,
        *,
        price_rule: PriceRule | None = None,
    ) -> Deleveraging:
        """Return the closures and haircuts for one inventory.

        Raises
        ------
        InvalidInputError
            If the price rule is another than the mark: a loss through the price is shared by lots.
        """
        if price_rule not in (None, PriceRule.MARK):
            said = PriceRule(price_rule).value
            raise InvalidInputError(f"price_rule of least-haircut must be mark, was {said}")
        able = sorted(eligible(inventory, candidates), key=BY_ACCOUNT)
        most = capacities(able)
        paying = [candidate for candidate, quanta in zip(able, most, strict=True) if quanta]
        closures = close_pro_rata(inventory, paying, inventory.mark)
        if left := abs(inventory.lots) - sum(abs(closure.lots) for closure in closures):
            hedged = [candidate for candidate, quanta in zip(able, most, strict=True) if not quanta]
            more = close_pro_rata(inventory, hedged, inventory.mark, left=left, place=2)
            closures = sorted(closures + more)
        haircuts = shares(inventory.deficit_quanta, able, most)
        return settle(inventory, inventory.mark, closures, haircuts)
