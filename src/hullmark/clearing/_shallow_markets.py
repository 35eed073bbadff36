"""Markets whose depth is asked for and not declared, so that no market maker may take a lot."""

from hullmark.clearing._rules import Rules
from hullmark.domain import Spot, Stage


def markets_without_depth(rules: Rules) -> tuple[str, ...]:
    """Return a sentence for each instrument that ``depth_share`` closes to the backstop.

    A maker may hold that share of the declared depth: nothing, where none is declared. Spot markets
    are left out, since nobody holds a position in them.
    """
    place = rules.liquidation.place_of(Stage.BACKSTOP)
    terms = None if place is None else rules.liquidation.chain[place].backstop
    if terms is None or not terms.depth_share_nano:
        return ()
    return tuple(
        f"{instrument.symbol}: depth_usd must name it, or no maker takes any of it under the "
        "depth_share of the backstop, was left out"
        for instrument in rules.instruments
        if not isinstance(instrument, Spot) and instrument.symbol not in rules.liquidation.depth_usd
    )
