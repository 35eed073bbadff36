"""Who holds what, as float columns: the form in which the margin kernels read every account.

A *row* is one account; its positions lie contiguously, in instrument order, with spare room behind
them, so that a fill patches one row and moves no other. The columns follow from the ledger: they
are written from its integers, one conversion each, and never accumulated. The package values
nothing, requires nothing and knows no instrument but by its number.

Units: sizes in contract units, signed, positive when long; quotes and balances in whole units of
their asset (not quanta). Law: a book patched by any sequence equals, bit for bit, the book built at
once from the content it ended with; spare room and the place of a row in memory do not count.
"""

from hullmark.book._book import Book
from hullmark.book._holdings import PositionRows, position_rows, sizes
from hullmark.book._rows import AccountRow, Rows

__all__ = ["AccountRow", "Book", "PositionRows", "Rows", "position_rows", "sizes"]
