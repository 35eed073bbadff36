"""Tables for a terminal: plain, aligned, and the same for every command."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

ABSENT = "-"


class Column(NamedTuple):
    """A heading, and how its cells are written."""

    heading: str
    write: Callable[..., str] = str
    left: bool = False  # names to the left, numbers to the right


def table(columns: Sequence[Column], rows: Sequence[Sequence[object]]) -> str:
    """Lay rows out under their headings; a cell that is ``None`` is shown as a dash.

    >>> columns = [Column("coin", left=True), Column("USD", usd)]
    >>> print(table(columns, [["BTC", 1234.4], ["ETH", None]]))
    coin    USD
    ----  -----
    BTC   1,234
    ETH       -
    """
    cells = [
        [
            ABSENT if cell is None else column.write(cell)
            for column, cell in zip(columns, row, strict=True)
        ]
        for row in rows
    ]
    widths = [
        max(len(column.heading), *(len(row[k]) for row in cells), 0)
        for k, column in enumerate(columns)
    ]
    lines = [[c.heading for c in columns], ["-" * width for width in widths], *cells]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column.left else cell.rjust(width)
            for cell, width, column in zip(line, widths, columns, strict=True)
        ).rstrip()
        for line in lines
    )


def usd(value: float) -> str:
    """Write dollars, whole: 1,234. A loss that rounds to nothing is 0, not -0."""
    return _signless_zero(f"{value:,.0f}")


def price(value: float) -> str:
    """Write a price with as many decimals as its size asks for: 63,858 and 1,873.9 and 0.1712."""
    if value == 0:
        return f"{value:g}"
    decimals = max(0, 4 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(decimals, 9)}f}"


def percent(ratio: float) -> str:
    """Write a ratio in percent: 12.3%."""
    return f"{ratio:.1%}"


def writer(currency: str) -> Callable[[float], str]:
    """Return how amounts of a currency are written: dollars with two decimals, coins with six."""
    decimals = 2 if "USD" in currency else 6
    return lambda value: _signless_zero(f"{value:,.{decimals}f}")


def coins(value: float) -> str:
    """Write an amount of coins or a greek: four decimals."""
    return _signless_zero(f"{value:,.4f}")


def small(value: float) -> str:
    """Write a small number to three significant digits; what is left of a sum to zero is 0."""
    return "0" if abs(value) < 1e-12 else f"{value:.2e}"


def _signless_zero(text: str) -> str:
    return text.lstrip("-") if not text.strip("-0.,") else text
