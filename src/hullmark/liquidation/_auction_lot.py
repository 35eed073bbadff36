"""A lot of collateral that is sold for a debt, at a falling price: Maker's kind of auction.

A sale has a *target*, the money to raise, and a *quantity* of collateral to raise it with. Any
number of buyers take a part each, at the price of the moment. It ends when either is used up: the
rest of the collateral goes back to its owner, the rest of the target is bad debt.

References
----------
MakerDAO, ``dss``, ``src/clip.sol`` [3f30552], 2021. In their own integers:
`hullmark.rulebooks.maker`.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from hullmark.core import Number, exactly, not_negative, positive, share
from hullmark.errors import InvalidInputError
from hullmark.liquidation._curves import PriceCurve
from hullmark.liquidation._seizure import floored_quotient


class SaleRefusal(StrEnum):
    """Every reason to refuse a reset or a purchase, in order of precedence."""

    RESET_NOT_DUE = "the price still stands"
    RESET_DUE = "the price has fallen too far or too long, and must be set anew"
    TOO_EXPENSIVE = "the price is above the buyer's limit"
    NO_PARTIAL_PURCHASE = "what is left to raise is dust: the whole lot, or nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleTerms:
    """How collateral of one kind is sold.

    Attributes
    ----------
    curve : PriceCurve
        How the price falls from its start.
    buffer : number > 0
        What the oracle's price is multiplied by at the start; 1.2 is 20 % above it.
    tail_s : number >= 0, seconds
        How long a start price stands; beyond it a reset is due.
    cusp : number in [0, 1]
        Share of the start price below which a reset is due.
    target_min : number >= 0, quote units
        Dust: the least that a purchase may leave to raise, unless it leaves nothing.
    price_quantum, quantity_quantum : number > 0, optional
        Prices and quantities are rounded down to multiples of these; without, they have 60 digits.
    """

    curve: PriceCurve
    buffer: Number
    tail_s: Number
    cusp: Number
    target_min: Number = Decimal(0)
    price_quantum: Number | None = None
    quantity_quantum: Number | None = None

    def __post_init__(self) -> None:
        positive("buffer", self.buffer)
        not_negative("tail_s", self.tail_s)
        share("cusp", self.cusp)
        not_negative("target_min", self.target_min)
        for name in ("price_quantum", "quantity_quantum"):
            if getattr(self, name) is not None:
                positive(name, getattr(self, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class CollateralSale:
    """A running auction of collateral.

    Attributes
    ----------
    target : Decimal > 0, quote units
        What is left to raise: debt and penalty.
    quantity : Decimal > 0, coins
        What is left to sell.
    top : Decimal > 0, quote units a coin
        The start price.
    started_s : Decimal, seconds
        When that price was set.
    """

    target: Decimal
    quantity: Decimal
    top: Decimal
    started_s: Decimal


class SaleStatus(NamedTuple):
    """What a sale asks for now.

    ``reset_due``: no purchase is possible until the price is set anew.
    """

    price: Decimal
    elapsed_s: Decimal
    reset_due: bool


class Slice(NamedTuple):
    """A part of the lot and what it costs; ``shrunk``: less than was asked, so as to leave no dust.

    ``quantity`` may cost less than is paid, by the rounding of the quantity.
    """

    quantity: Decimal
    paid: Decimal
    shrunk: bool


class Purchase(NamedTuple):
    """A purchase and what it leaves.

    Attributes
    ----------
    price : Decimal, quote units a coin
    quantity, paid : Decimal, coins and quote units
        What the buyer gets and pays.
    sale : CollateralSale or None
        What goes on; ``None``: the auction has ended.
    released : Decimal, quote units
        What the throttle gets back: what was paid, and all of the target where the lot is sold out.
    returned : Decimal, coins
        What the owner gets back.
    bad_debt : Decimal, quote units
        Target that the whole lot has not raised.
    """

    price: Decimal
    quantity: Decimal
    paid: Decimal
    sale: CollateralSale | None
    released: Decimal
    returned: Decimal
    bad_debt: Decimal


def start_price(
    oracle: Number, buffer: Number, *, par: Number = 1, quantum: Number | None = None
) -> Decimal:
    """Return ``oracle / par * buffer``.

    Parameters
    ----------
    oracle : number > 0, USD a coin
    buffer : number > 0
    par : number > 0, USD a quote unit
    quantum : number > 0, optional
        The price is rounded down to a multiple of it.

    >>> start_price(2800, "1.2")
    Decimal('3360.0')
    """
    usd, factor, unit = positive("oracle", oracle), positive("buffer", buffer), positive("par", par)
    with exactly(200):
        return floored_quotient(usd * factor, unit, quantum)


def reset_due(
    top: Number, price: Number, elapsed_s: Number, *, tail_s: Number, cusp: Number
) -> bool:
    """Return whether a sale must be reset: too long after its start, or too far below its top.

    At exactly ``tail_s``, and at exactly ``cusp`` times the top, it still stands.

    Parameters
    ----------
    top, price : number, quote units a coin, the first > 0, the second >= 0
    elapsed_s, tail_s : number >= 0, seconds
    cusp : number in [0, 1]

    >>> reset_due(5, "2.5", 1800, tail_s=3600, cusp="0.5")
    False
    >>> reset_due(5, "2.5", 3601, tail_s=3600, cusp="0.5")
    True
    """
    begun, now = positive("top", top), not_negative("price", price)
    passed_s, longest_s = not_negative("elapsed_s", elapsed_s), not_negative("tail_s", tail_s)
    least = share("cusp", cusp)
    with exactly(200):
        return passed_s > longest_s or now < least * begun


def slice_for(
    target: Number,
    quantity: Number,
    *,
    price: Number,
    wanted: Number,
    target_min: Number,
    quantum: Number | None = None,
) -> Slice | SaleRefusal:
    """Return how much a buyer gets of a lot, and what it costs.

    No more than the lot, no more than the target costs; and where some of the target would be left
    but less than ``target_min``, so much less that exactly ``target_min`` is left. Where the target
    is not above that, the buyer takes all or nothing. The whole lot may leave any rest.

    Parameters
    ----------
    target, quantity : number > 0, quote units and coins
    price : number >= 0, quote units a coin
    wanted : number >= 0, coins
    target_min : number >= 0, quote units
    quantum : number > 0, optional
        A quantity that is worked out from money is rounded down to a multiple of it; the money
        stands.

    References
    ----------
    MakerDAO, ``dss``, ``src/clip.sol`` [3f30552], function ``take``.

    >>> slice_for(110, 40, price=5, wanted=25, target_min=22)
    Slice(quantity=Decimal('22'), paid=Decimal('110'), shrunk=True)
    >>> slice_for(110, 40, price=5, wanted=18, target_min=22)
    Slice(quantity=Decimal('17.6'), paid=Decimal('88'), shrunk=True)
    >>> slice_for(22, "22.4", price=5, wanted=1, target_min=22).name
    'NO_PARTIAL_PURCHASE'
    """
    asked, lot = positive("target", target), positive("quantity", quantity)
    least, now = not_negative("target_min", target_min), not_negative("price", price)
    with exactly(200):
        part = min(lot, not_negative("wanted", wanted))
        paid = part * now
        if paid > asked:
            return Slice(floored_quotient(asked, now, quantum), asked, True)
        if paid < asked and part < lot and asked - paid < least:
            if asked <= least:
                return SaleRefusal.NO_PARTIAL_PURCHASE
            paid = asked - least
            return Slice(floored_quotient(paid, now, quantum), paid, True)
        return Slice(part, paid, False)


def open_sale(
    target: Number,
    quantity: Number,
    *,
    terms: SaleTerms,
    oracle: Number,
    now_s: Number,
    par: Number = 1,
) -> CollateralSale:
    """Return a sale that begins now, at the oracle's price times the buffer.

    Parameters
    ----------
    target, quantity : number > 0, quote units and coins
        Such as of a `Seizure`.
    terms : SaleTerms
    oracle : number > 0, USD a coin
    now_s : number, seconds
    par : number > 0, USD a quote unit
    """
    top = start_price(oracle, terms.buffer, par=par, quantum=terms.price_quantum)
    return CollateralSale(
        target=positive("target", target),
        quantity=positive("quantity", quantity),
        top=positive("top", top),
        started_s=not_negative("now_s", now_s),
    )


def sale_status(sale: CollateralSale, terms: SaleTerms, now_s: Number) -> SaleStatus:
    """Return what a sale asks for now, and whether its price must be set anew."""
    now = not_negative("now_s", now_s)
    if now < sale.started_s:
        raise InvalidInputError(f"now_s must be >= {sale.started_s}, the start, was {now}")
    with exactly(200):
        elapsed_s = now - sale.started_s
    price = terms.curve.price(sale.top, elapsed_s, quantum=terms.price_quantum)
    due = reset_due(sale.top, price, elapsed_s, tail_s=terms.tail_s, cusp=terms.cusp)
    return SaleStatus(price, elapsed_s, due)


def purchase(
    sale: CollateralSale,
    terms: SaleTerms,
    *,
    now_s: Number,
    wanted: Number,
    price_max: Number | None = None,
) -> Purchase | SaleRefusal:
    """Return what a buyer gets at the price of the moment, and what it leaves of the sale.

    Parameters
    ----------
    sale : CollateralSale
    terms : SaleTerms
    now_s : number, seconds, not before the sale's start
    wanted : number >= 0, coins
        The most that the buyer takes.
    price_max : number >= 0, quote units a coin, optional
        The most that the buyer pays; without one, any price.

    Returns
    -------
    Purchase or SaleRefusal
        While a reset is due no purchase is possible, whatever its price.
    """
    status = sale_status(sale, terms, now_s)
    if status.reset_due:
        return SaleRefusal.RESET_DUE
    if price_max is not None and not_negative("price_max", price_max) < status.price:
        return SaleRefusal.TOO_EXPENSIVE
    part = slice_for(
        sale.target,
        sale.quantity,
        price=status.price,
        wanted=wanted,
        target_min=terms.target_min,
        quantum=terms.quantity_quantum,
    )
    return part if isinstance(part, SaleRefusal) else _settled(sale, status.price, part)


def reset_sale(
    sale: CollateralSale,
    terms: SaleTerms,
    *,
    oracle: Number,
    now_s: Number,
    par: Number = 1,
) -> CollateralSale | SaleRefusal:
    """Return the sale with its price set anew from the oracle's of now, if that is due.

    Target and quantity stay as they are; time begins again.
    """
    if not sale_status(sale, terms, now_s).reset_due:
        return SaleRefusal.RESET_NOT_DUE
    top = start_price(oracle, terms.buffer, par=par, quantum=terms.price_quantum)
    return replace(sale, top=positive("top", top), started_s=not_negative("now_s", now_s))


# The lot sold out ends it whatever is left to raise; the target raised ends it with a rest.
def _settled(sale: CollateralSale, price: Decimal, part: Slice) -> Purchase:
    none = Decimal(0)
    with exactly(200):
        target, quantity = sale.target - part.paid, sale.quantity - part.quantity
    if quantity == 0:
        return Purchase(price, part.quantity, part.paid, None, sale.target, none, target)
    if target == 0:
        return Purchase(price, part.quantity, part.paid, None, part.paid, quantity, none)
    left = replace(sale, target=target, quantity=quantity)
    return Purchase(price, part.quantity, part.paid, left, part.paid, none, none)
