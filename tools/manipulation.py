"""Draw ``docs/concepts/manipulation.png``: ``python tools/manipulation.py``, or ``make pictures``.

The open interest at which moving a price pays nothing, at two incidents of 2022. The facts and
their sources are those of ``docs/concepts/manipulation.md``.
"""

from decimal import Decimal
from pathlib import Path

from hullmark.market import manipulation_report, oi_cap
from hullmark.studies import MarketManipulation, draw_manipulation

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "concepts" / "manipulation.png"
SIZES = [Decimal(f"{1.05**n / 400:.4f}") for n in range(91)]  # 0.25 % to 20 %
MOVES = [*SIZES, *(-size for size in SIZES)]
FALLS = [Decimal(n) / 100 for n in range(-99, -20)]
TERMS = {"fee": "0.001", "position_fee": "0.002"}
RISES = [Decimal(n) / 100 for n in range(25, 2_300, 5)]
MANGO = [*MOVES, *FALLS, *RISES]


def main() -> None:
    """Write the picture."""
    cases = {
        "AVAX at GMX, 18 September 2022": (Decimal(1_716_000), Decimal(10_000_000), MOVES),
        "MNGO at Mango, 11 October 2022": (Decimal("141.1"), Decimal(18_450_600), MANGO),
    }
    markets = {}
    for name, (depth, held, moves) in cases.items():
        least = oi_cap(manipulation_report(depth, held, **TERMS))
        assert least is not None, "some move pays at any open interest that is large enough"
        points = manipulation_report(depth, held, [*moves, least.move, -least.move], **TERMS)
        markets[name] = MarketManipulation(depth, held, points)
    PICTURE.write_bytes(draw_manipulation(markets))
    print(PICTURE)


if __name__ == "__main__":
    main()
