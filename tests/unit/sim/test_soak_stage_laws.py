"""The laws of stages, pools and losses: true histories keep them, and forged ones are found out."""

import msgspec
import pytest

from hullmark.domain import Stage, events
from hullmark.journal import read
from hullmark.sim._soak_laws import SoakLaws

from .told_stages import (
    USDT,
    deleveraged,
    lost,
    made,
    softened,
    sold_as_lots,
    sold_in_shares,
    taken_over,
)

PARTS = (("PERP", 2 * USDT), ("ETHER", 3 * USDT))
BANKS = {
    "lots": sold_as_lots,
    "shares": sold_in_shares,
    "made": made,
    "pools": taken_over,
    "queue": deleveraged,
    "soft": softened,
    "shared": lambda: lost("fund", "socialised", fund="3 USDT"),
    "parts": lambda: lost("fund", fund="8 USDT", allocated=PARTS),
}


@pytest.fixture(scope="module")
def banks():
    return {name: make() for name, make in BANKS.items()}


def told(units):
    """Return the first laws that units break."""
    laws = SoakLaws(audited=False)
    for unit in units:
        if broken := laws.take(unit):
            return broken
    return []


def forged(bank, kind, change):
    """Return the units of a bank with the first event of a kind changed."""
    units = list(read(bank.store))
    for place, unit in enumerate(units):
        for at, event in enumerate(unit.events):
            if isinstance(event, kind):
                changed = list(unit.events)
                changed[at] = msgspec.structs.replace(event, **change)
                units[place] = msgspec.structs.replace(unit, events=tuple(changed))
                return units
    raise AssertionError(f"there must be a {kind.__name__}")


@pytest.mark.parametrize("name", BANKS)
def test_a_true_history_keeps_them(banks, name):
    bank = banks[name]
    laws = SoakLaws(audited=True)
    assert [law for unit in read(bank.store) for law in laws.take(unit)] == []
    assert laws.differences(bank.venue) == []


@pytest.mark.parametrize(
    ("name", "kind", "change", "says"),
    [
        ("shared", events.LossSocialised, {"base_quanta": 1}, "base must be >="),
        ("parts", events.FundAllocated, {"quanta": 9 * USDT}, "add up to <= 8000000"),
        ("lots", events.AuctionStarted, {"notional_nano": 10**13}, "open auctions must be <="),
        ("lots", events.AuctionTaken, {"lot_quanta": 10_001}, "what is left of auction 1 must"),
        ("made", events.BackstopFilled, {"maker": 101}, "quote 2 must stand, and be of 101"),
        ("made", events.BackstopFilled, {"lots": -51}, "quote 2 must be for the 50 lots"),
        ("queue", events.Deleveraged, {"lots": -9}, "must close within its 8 lots, was -9"),
        ("queue", events.Deleveraged, {"lots": -5}, "must close within its -2 lots, was -5"),
        ("shares", events.StageEntered, {"place": 0}, "stage must be the one at place 0"),
        ("shares", events.StageEntered, {"account": 102}, "must be under liquidation to enter"),
        ("shares", events.StageEntered, {"stage": Stage.TAKEOVER}, "stage must be the one at"),
    ],
)
def test_a_forged_event_is_found_out(banks, name, kind, change, says):
    broken = told(forged(banks[name], kind, change))
    assert [law for law in broken if says in law], broken


def test_more_of_one_collateral_than_the_limit_is_found_out(banks):
    """Of gold 900 USD may be on sale, and 1,000 of all."""
    broken = told(forged(banks["lots"], events.AuctionStarted, {"notional_nano": 950 * 10**9}))
    assert [law for law in broken if "auctions of GOLD must be <= 900" in law], broken
