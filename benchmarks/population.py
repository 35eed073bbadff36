"""Drawing the accounts of a crash: 20,000 of them, with the fitted distributions.

Budget: 2 s on one core, so that a replay spends its minute on the crash and not on its crowd.
"""

import time

from _harness import Row

from hullmark.sim import Listing, draw, load_parameters

ACCOUNTS, OPEN_INTEREST_USD, REPEATS = 20_000, 1e9, 3
TIERS = ((0.0, 0.01), (50_000.0, 0.02), (800_000.0, 0.05), (5e6, 0.25))
LISTINGS = (
    Listing(symbol="BTC-PERP", weight=0.6, price_usd=121e3, lot_nano=10**6, tiers=TIERS),
    Listing(symbol="ETH-PERP", weight=0.3, price_usd=4350.0, lot_nano=10**7, tiers=TIERS),
    Listing(symbol="DOGE-PERP", weight=0.1, price_usd=0.25, lot_nano=10**9, tiers=TIERS),
)


def drawn_seconds() -> float:
    """Draw the book, and return the seconds it takes."""
    parameters = load_parameters()
    start = time.perf_counter()
    draw(
        parameters,
        LISTINGS,
        seed=7,
        accounts=ACCOUNTS,
        open_interest_usd=OPEN_INTEREST_USD,
        settlement_decimals=6,
    )
    return time.perf_counter() - start


def rows(large: bool) -> list[Row]:
    """Return the row; *large* changes nothing."""
    seconds = min(drawn_seconds() for _ in range(REPEATS))
    return [Row.alone("a drawn book, 20,000 accounts", "s", ours=seconds, bar="< 2")]
