"""The books of a journal, as commands show them: a row per asset, in its units."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hullmark.cli._table import Column, table

if TYPE_CHECKING:
    from hullmark.clearing import Books
    from hullmark.core import Asset

_NAMES = ("custody", "accounts", "fund", "bad debt")


def books_table(books: "Books", assets: "Sequence[Asset]") -> str:
    """Lay the books out for a reader."""
    columns = [Column("asset", left=True), *(Column(name, _grouped) for name in _NAMES)]
    keys = ("asset", *map(_key, _NAMES))
    return table(columns, [tuple(row[k] for k in keys) for row in books_rows(books, assets)])


def books_rows(books: "Books", assets: "Sequence[Asset]") -> list[dict[str, Any]]:
    """Return the books for a program. The sum is in quanta, and zero."""
    from hullmark.core import format_scaled

    columns = {_key(name): getattr(books, _key(name)) for name in _NAMES}
    return [
        {"asset": asset.symbol, "sum_quanta": books.asset_sums[asset.symbol]}
        | {k: format_scaled(held[asset.symbol], asset.decimals) for k, held in columns.items()}
        for asset in assets
    ]


def _grouped(decimal: str) -> str:
    return f"{Decimal(decimal):,f}"


def _key(name: str) -> str:
    return name.replace(" ", "_")
