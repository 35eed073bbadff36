"""Purchases in Maker's collateral auctions: any part of the lot, but no dust left to raise.

References
----------
MakerDAO, ``dss``, ``src/clip.sol`` [3f30552], function ``take``, 2021.
"""

from msgspec import Struct
from msgspec.structs import replace

from hullmark.rulebooks.maker._clip import Clipper, ClipRefusal, removed, sale_price
from hullmark.rulebooks.maker._fixed import product, word

_STOPPED = 3  # the level of the breaker from which nobody may buy


class Take(Struct, frozen=True, kw_only=True):
    """A purchase, and what it leaves.

    Parameters
    ----------
    clipper : Clipper
    price : int, ray
    slice : int, wad
        Collateral that the buyer gets.
    owe : int, rad
        What the buyer pays.
    tab, lot : int, rad and wad
        What is left, as the contract's event says it.
    digs : int, rad
        What the limits get back: see `hullmark.rulebooks.maker.digs`.
    returned : int, wad
        Collateral that goes back to ``usr``.
    ended : bool
    """

    clipper: Clipper
    price: int
    slice: int
    owe: int
    tab: int
    lot: int
    digs: int
    returned: int
    ended: bool


def slice_and_owe(
    *, tab: int, lot: int, price: int, amt: int, chost: int
) -> tuple[int, int] | ClipRefusal:
    """Return how much a buyer gets (wad) and pays (rad), or that he must take all or nothing.

    Parameters
    ----------
    tab : int, rad
    lot : int, wad
    price : int, ray
    amt : int, wad
        The most that the buyer takes.
    chost : int, rad
    """
    part = min(lot, amt)
    owe = product(part, price)
    if owe > tab:
        return tab // price, tab
    if owe < tab and part < lot and tab - owe < chost:
        if tab <= chost:
            return ClipRefusal.NO_PARTIAL_PURCHASE
        owe = tab - chost
        return owe // price, owe
    return part, owe


def take(
    clipper: Clipper,
    id: int,  # noqa: A002
    *,
    amt: int,
    price_max: int,
    now: int,
) -> Take | ClipRefusal:
    """Return a purchase of up to ``amt`` collateral, and what it leaves.

    Parameters
    ----------
    clipper : Clipper
    id : int
    amt : int, wad
        The most that the buyer takes.
    price_max : int, ray
        The most that the buyer pays for one; the contract's ``max``.
    now : int, seconds since the epoch
    """
    if clipper.stopped >= _STOPPED:
        return ClipRefusal.STOPPED_INCORRECT
    sale = clipper.sales.get(id)
    if sale is None:
        return ClipRefusal.NOT_RUNNING_AUCTION
    done, price = sale_price(clipper, sale, now)
    if done:
        return ClipRefusal.NEEDS_RESET
    if word("price_max", price_max) < price:
        return ClipRefusal.TOO_EXPENSIVE
    found = slice_and_owe(
        tab=sale.tab, lot=sale.lot, price=price, amt=word("amt", amt), chost=clipper.chost
    )
    if isinstance(found, ClipRefusal):
        return found
    part, owe = found
    tab, lot = sale.tab - owe, sale.lot - part
    ended = lot == 0 or tab == 0
    sales = {**clipper.sales, id: replace(sale, tab=tab, lot=lot)}
    return Take(
        clipper=removed(clipper, id) if ended else replace(clipper, sales=sales),
        price=price,
        slice=part,
        owe=owe,
        tab=tab,
        lot=lot,
        digs=tab + owe if lot == 0 else owe,
        returned=lot if tab == 0 else 0,
        ended=ended,
    )
