"""A ledger with one contract of every kind, and nothing in it, for the tests of its parts."""

from hullmark.core import NANO, Asset
from hullmark.domain import Future, Option, Perpetual, Spot, SystemAccount
from hullmark.ledger import Ledger

ASSETS = (Asset("USDC", 6), Asset("BTC", 8))
USDC, BTC = range(2)
LINEAR = {"underlying": "BTC", "settlement": "USDC"}
INVERSE = {"underlying": "BTC", "settlement": "BTC", "inverse": True}
EXPIRING = {"expiry_ns": 1}
STRIKE = {"expiry_ns": 1, "lot_nano": NANO // 10, "strike_nano": 60_000 * NANO}
INSTRUMENTS = (
    Perpetual(symbol="PERP", lot_nano=10**6, **LINEAR),
    Perpetual(symbol="DUST", lot_nano=7, **LINEAR),  # a lot is worth a fraction of a quantum
    Perpetual(symbol="INVERSE", lot_nano=10 * NANO, **INVERSE),
    Future(symbol="FUTURE", lot_nano=10**6, **EXPIRING, **LINEAR),
    Future(symbol="FUTURE-INVERSE", lot_nano=10 * NANO, **EXPIRING, **INVERSE),
    Option(symbol="CALL", call=True, **STRIKE, **LINEAR),
    Option(symbol="PUT", call=False, **STRIKE, **LINEAR),
    Option(symbol="CALL-INVERSE", call=True, **STRIKE, **INVERSE),
    Option(symbol="PUT-INVERSE", call=False, **STRIKE, **INVERSE),
    Spot(symbol="SPOT", lot_nano=10**5, **LINEAR),
)
NUMBER = {instrument.symbol: i for i, instrument in enumerate(INSTRUMENTS)}
USERS = (100, 101, 102, 103)
EVERYONE = (*SystemAccount, *USERS)


def opened(accounts=EVERYONE):
    """Return a ledger with all accounts, assets and instruments, and nothing in them."""
    ledger = Ledger()
    ledger.extend(ASSETS, INSTRUMENTS)
    for account in accounts:
        ledger.open(account)
    return ledger


def table(ledger):
    """Return the facts as a dictionary."""
    facts = list(ledger.facts())
    found = {tuple(key): numbers for *key, numbers in facts}
    assert len(found) == len(facts)
    return found
