"""Draw ``docs/concepts/margin-map.png``: ``python tools/margin_map.py``, or ``make pictures``.

Maintenance margin of a short call by time to expiry and moneyness, under each installed rule book.
"""

from pathlib import Path

from hullmark.rulebooks import rulebook_names
from hullmark.studies import draw_margin_maps

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "concepts" / "margin-map.png"


def main() -> None:
    """Write the picture."""
    PICTURE.write_bytes(draw_margin_maps(rulebook_names()))
    print(PICTURE)


if __name__ == "__main__":
    main()
