"""Trades that can surely be carried: both sides looked at by one kernel.

The kernel says yes, or that it does not know. Then the checks are made one by one, in whole numbers
of any width, and find out what stands in the way, if anything does.
"""

from hullmark.clearing._checks import QUANTA_MAX
from hullmark.clearing._units import cash_units, position_units
from hullmark.core import Bundle, kernel
from hullmark.ledger import fill_kernel
from hullmark.margin import spare_kernel

_HALF_MAX = QUANTA_MAX // 2  # two of them add up to what there is room for


@kernel
def both_carry(
    books: Bundle,
    number: int,
    asset: int,
    system_rows: int,
    size: int,
    cost: int,
    buyer: int,
    seller: int,
    buyer_fee: int,
    seller_fee: int,
) -> bool:
    """Return whether a trade of a contract surely has room in the ledger and margin on both sides.

    The content of *books* is `WhatIf.bundle`, `Ledger.bundle` and `LedgerBook.scale`; then come the
    instrument, its settlement asset, how many rows of the ledger are before those of the book, and
    the trade, with the rows of its sides in the book.
    """
    what_if, ledger, (lot, settled) = books.content
    cash, slots, funding = ledger.content[:3]
    head, following, _, instruments, lots, quotes, paid = slots
    for side in range(2):
        place, sign, fee = (buyer, 1, buyer_fee) if side == 0 else (seller, -1, seller_fee)
        row = place + system_rows
        slot = head[row]
        while slot >= 0 and instruments[slot] < number:
            slot = following[slot]
        held = quote = 0
        if slot >= 0 and instruments[slot] == number:
            held, quote = lots[slot], quotes[slot]
            if paid[slot] != funding[number]:
                return False  # funding is due
        after, kept, realised, fits = fill_kernel(held, quote, sign * size, sign * cost)
        have = cash[row, asset]
        if not fits or max(abs(after), abs(kept)) > QUANTA_MAX:
            return False
        if max(abs(have), abs(realised), fee) > _HALF_MAX:
            return False
        units, cash_exact = cash_units(have + realised - fee, settled[number])
        new_size, new_quote, exact = position_units(
            after, kept, funding[number], lot[number], settled[number]
        )
        if not (cash_exact and exact):
            return False
        spare_usd = spare_kernel(
            what_if, place, False, number, new_size, new_quote, asset, units
        )  # fmt: skip
        if not spare_usd >= 0.0:
            return False
    return True
