"""Maker's collateral auctions: start, price, reset, and what each pays; purchases are in `take`.

Names are the contract's: a *sale* has ``lot`` collateral to sell for ``tab`` money, ``tic`` is when
it began and ``top`` the price then; ``chost`` is the least that a purchase may leave to raise.

References
----------
MakerDAO, ``dss``, ``src/clip.sol`` [3f30552], 2021.
"""

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from hullmark.errors import InvalidInputError
from hullmark.rulebooks.maker._abaci import Abacus
from hullmark.rulebooks.maker._fixed import (
    BLN,
    RAY,
    product,
    rdiv_floor,
    rmul_floor,
    wmul_floor,
    word,
)

_CHIP_BITS, _TIP_BITS = 64, 192


class ClipRefusal(StrEnum):
    """Every reason of an auction to revert; the value is the contract's text."""

    STOPPED_INCORRECT = "Clipper/stopped-incorrect"
    INVALID_PRICE = "Clipper/invalid-price"
    ZERO_TAB = "Clipper/zero-tab"
    ZERO_LOT = "Clipper/zero-lot"
    ZERO_USR = "Clipper/zero-usr"
    ZERO_TOP_PRICE = "Clipper/zero-top-price"
    NOT_RUNNING_AUCTION = "Clipper/not-running-auction"
    CANNOT_RESET = "Clipper/cannot-reset"
    NEEDS_RESET = "Clipper/needs-reset"
    TOO_EXPENSIVE = "Clipper/too-expensive"
    NO_PARTIAL_PURCHASE = "Clipper/no-partial-purchase"


class Sale(Struct, frozen=True, kw_only=True):
    """A running auction.

    Parameters
    ----------
    tab : int, rad
    lot : int, wad
    usr : str
        Who gets what is left of the collateral.
    tic : int, seconds since the epoch
    top : int, ray
    """

    tab: int
    lot: int
    usr: str
    tic: int
    top: int


class Clipper(Struct, frozen=True, kw_only=True):
    """The auctions of one kind of collateral: terms, and what runs.

    Parameters
    ----------
    calc : Abacus
        The price curve.
    buf : int, ray
        What the oracle's price is multiplied by at a start.
    tail : int, seconds
        A reset is due when more have passed.
    cusp : int, ray
        A reset is due when the price is below this part of the start's.
    chip : int, wad, 64 bits
        Part of ``tab`` that is paid for a start or a reset.
    tip : int, rad, 192 bits
        What is paid for it besides.
    chost : int, rad
        See `upchost`.
    stopped : int, 0 to 3
        1: no start; 2: no reset either; 3: no purchase either.
    kicks : int
        Auctions so far: the number of the last.
    active : tuple of int
        Numbers of those that run, in the contract's order.
    sales : dict of int to Sale
        Those that run. Never changed in place.
    """

    calc: Abacus
    buf: int = RAY
    tail: int = 0
    cusp: int = 0
    chip: int = 0
    tip: int = 0
    chost: int = 0
    stopped: int = 0
    kicks: int = 0
    active: tuple[int, ...] = ()
    sales: dict[int, Sale] = {}

    def __post_init__(self) -> None:
        for name in ("buf", "tail", "cusp", "chost", "stopped", "kicks"):
            word(name, getattr(self, name))
        word("chip", self.chip, 2**_CHIP_BITS - 1)
        word("tip", self.tip, 2**_TIP_BITS - 1)
        if sorted(self.active) != sorted(self.sales):
            raise InvalidInputError(f"active must name the sales, was {self.active}")


class Status(Struct, frozen=True, kw_only=True):
    """What an auction asks for now; all zero where it does not run.

    Parameters
    ----------
    needs_redo : bool
    price : int, ray
    lot : int, wad
    tab : int, rad
    """

    needs_redo: bool
    price: int
    lot: int
    tab: int


class Kick(Struct, frozen=True, kw_only=True):
    """A start: its number, start price (ray), and what the keeper is paid (rad)."""

    clipper: Clipper
    id: int
    top: int
    coin: int


class Redo(Struct, frozen=True, kw_only=True):
    """A reset: its new start price (ray), and what the keeper is paid (rad)."""

    clipper: Clipper
    top: int
    coin: int


def feed_price(val: int, par: int = RAY) -> int:
    """Return the oracle's price (wad) over ``par`` (ray) as a ray, rounded down.

    >>> feed_price(4 * 10**18) == 4 * RAY
    True
    """
    return rdiv_floor(product(word("val", val), BLN), word("par", par))


def kick(
    clipper: Clipper,
    *,
    tab: int,
    lot: int,
    usr: str | None,
    val: int | None,
    now: int,
    par: int = RAY,
) -> Kick | ClipRefusal:
    """Return the auctions with one more.

    Parameters
    ----------
    clipper : Clipper
    tab : int, rad
    lot : int, wad
    usr : str or None
        Whose collateral it is; ``None`` or empty stands for the address zero.
    val : int or None, wad
        The oracle's price; ``None``: it has none.
    now : int, seconds since the epoch
    par : int, ray
    """
    for holds, refusal in (
        (clipper.stopped >= 1, ClipRefusal.STOPPED_INCORRECT),
        (word("tab", tab) == 0, ClipRefusal.ZERO_TAB),
        (word("lot", lot) == 0, ClipRefusal.ZERO_LOT),
        (not usr, ClipRefusal.ZERO_USR),
    ):
        if holds:
            return refusal
    top = _top(clipper, val, par)
    if isinstance(top, ClipRefusal):
        return top
    number = clipper.kicks + 1
    sale = Sale(tab=tab, lot=lot, usr=usr or "", tic=word("now", now), top=top)
    started = replace(
        clipper,
        kicks=number,
        active=(*clipper.active, number),
        sales={**clipper.sales, number: sale},
    )
    return Kick(clipper=started, id=number, top=top, coin=incentive(clipper, tab))


# The start price from the oracle's.
def _top(clipper: Clipper, val: int | None, par: int) -> int | ClipRefusal:
    if val is None:
        return ClipRefusal.INVALID_PRICE
    top = rmul_floor(feed_price(val, par), clipper.buf)
    return top if top > 0 else ClipRefusal.ZERO_TOP_PRICE


def incentive(clipper: Clipper, tab: int) -> int:
    """Return ``tip + tab * chip`` (rad), the product rounded down."""
    return word("coin", clipper.tip + wmul_floor(word("tab", tab), clipper.chip))


def get_status(clipper: Clipper, id: int, *, now: int) -> Status:  # noqa: A002 (the contract's)
    """Return what an auction asks for now, and whether it needs a reset."""
    sale = clipper.sales.get(id)
    if sale is None:
        return Status(needs_redo=False, price=0, lot=0, tab=0)
    done, price = sale_price(clipper, sale, now)
    return Status(needs_redo=done, price=price, lot=sale.lot, tab=sale.tab)


def sale_price(clipper: Clipper, sale: Sale, now: int) -> tuple[bool, int]:
    """Return whether a sale needs a reset, and its price (ray).

    Raises
    ------
    InvalidInputError
        If the time is before the start.
    """
    if now < sale.tic:
        raise InvalidInputError(f"now must be >= {sale.tic}, the start, was {now}")
    price = clipper.calc.price(sale.top, now - sale.tic)
    done = now - sale.tic > clipper.tail or rdiv_floor(price, sale.top) < clipper.cusp
    return done, price


def redo(
    clipper: Clipper,
    id: int,  # noqa: A002
    *,
    val: int | None,
    now: int,
    par: int = RAY,
) -> Redo | ClipRefusal:
    """Return the auctions with one that begins anew, at the oracle's price of now.

    The keeper is paid unless the sale is dust: less than ``chost`` to raise, or a lot worth less
    than that at the oracle's price, without ``buf``.

    Parameters
    ----------
    clipper : Clipper
    id : int
    val : int or None, wad
        The oracle's price; ``None``: it has none.
    now : int, seconds since the epoch
    par : int, ray
    """
    if clipper.stopped >= 2:
        return ClipRefusal.STOPPED_INCORRECT
    sale = clipper.sales.get(id)
    if sale is None:
        return ClipRefusal.NOT_RUNNING_AUCTION
    if not sale_price(clipper, sale, now)[0]:
        return ClipRefusal.CANNOT_RESET
    top = _top(clipper, val, par)
    if isinstance(top, ClipRefusal):
        return top
    assert val is not None, "there is no price without one"
    coin = 0
    if (clipper.tip > 0 or clipper.chip > 0) and sale.tab >= clipper.chost:
        worth = product(sale.lot, feed_price(val, par))
        coin = incentive(clipper, sale.tab) if worth >= clipper.chost else 0
    sales = {**clipper.sales, id: replace(sale, tic=now, top=top)}
    return Redo(clipper=replace(clipper, sales=sales), top=top, coin=coin)


def removed(clipper: Clipper, id: int) -> Clipper:  # noqa: A002
    """Return the auctions without one; the last takes its place in the list."""
    *rest, last = clipper.active
    active = tuple(last if number == id else number for number in rest)
    sales = {number: sale for number, sale in clipper.sales.items() if number != id}
    return replace(clipper, active=active, sales=sales)


def upchost(clipper: Clipper, *, dust: int, chop: int) -> Clipper:
    """Return the auctions with ``chost`` as it is now: ``dust`` (rad) times ``chop`` (wad)."""
    return replace(clipper, chost=wmul_floor(word("dust", dust), word("chop", chop)))


def yank(clipper: Clipper, id: int) -> tuple[Clipper, Sale] | ClipRefusal:  # noqa: A002
    """Return the auctions without one that is called off, and that one.

    Its ``tab`` goes back to the limits, its ``lot`` to whoever called it off.
    """
    sale = clipper.sales.get(id)
    return ClipRefusal.NOT_RUNNING_AUCTION if sale is None else (removed(clipper, id), sale)


def filed(clipper: Clipper, what: str, data: int) -> Clipper:
    """Return the auctions with a parameter set as governance sets it.

    ``chip`` and ``tip`` lose the bits that do not fit, as they do in the contract.

    Raises
    ------
    InvalidInputError
        If there is no such parameter.
    """
    if what not in ("buf", "tail", "cusp", "chip", "tip", "stopped"):
        rule = "buf, tail, cusp, chip, tip or stopped"
        raise InvalidInputError(f"Clipper/file-unrecognized-param: must be {rule}, was {what!r}")
    kept = {"chip": 2**_CHIP_BITS, "tip": 2**_TIP_BITS}.get(what)
    return replace(clipper, **{what: data if kept is None else data % kept})
