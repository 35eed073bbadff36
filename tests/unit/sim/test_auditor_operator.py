"""Tests of the auditor on what an operator says: the breaker, halts and delistings; forgeries."""

import pytest

from hullmark.core import nano
from hullmark.domain import commands

from ..clearing.bank import EIGHT, SECOND_NS, Bank, taken_in_hand
from .told_stages import forge, left_out, true


def halted():
    """Return a bank at which Ann's contract is halted with orders in it, resumed, and delisted."""
    bank = taken_in_hand()
    bank.do(commands.HaltInstrument(instrument="PERP"))
    bank.pass_time(1)
    bank.do(commands.ResumeInstrument(instrument="PERP"))
    bank.pass_time(61, usd="90")
    bank.do(commands.HaltInstrument(instrument="PERP"))
    bank.do(commands.HaltInstrument(instrument="PERP", delisting=True))
    bank.do(commands.SettleExpiry(instrument="PERP", price_nano=nano("91")))
    bank.do(
        commands.SetBreaker(level=2, until_ns=bank.now_ns + 50 * SECOND_NS),
        commands.SetBreaker(level=0, authorisers=("Ada", "Grace")),
    )
    return bank


@pytest.fixture(scope="module")
def history():
    return true(halted())


@pytest.mark.parametrize(
    ("kind", "where", "change", "says"),
    [
        (
            "InstrumentHalted",
            {},
            {"instrument": "MOON"},
            "instrument must be one that is not settled",
        ),
        ("InstrumentHalted", {}, {"instrument": "CALL", "delisting": True}, "must be a perpetual"),
        ("InstrumentResumed", {}, {"instrument": "ETHER"}, "instrument must be halted"),
        ("BreakerSet", {}, {"level": 4}, "level must be in [0, 3]"),
        ("BreakerSet", {}, {"until_ns": 5}, "until_ns must be >"),
        ("LiquidationParked", {}, {"account": 102}, "account must be in a liquidation"),
        ("ExpirySettled", {}, {"instrument": "ETHER"}, "expiry must be <="),
    ],
)
def test_stops_are_held_to_what_is_documented(history, kind, where, change, says):
    forge(kind, where, change, says, history)


def test_a_halt_is_told_once(history):
    without = left_out(history, "InstrumentResumed")
    forge("InstrumentHalted", {}, {}, "instrument must be not halted, was halted", without)


def test_orders_end_before_a_halt_and_not_without_one(history):
    without = left_out(history, "OrderExpired")
    forge("InstrumentHalted", {}, {}, "orders must be ended before the halt", without)
    alone = left_out(history, "InstrumentHalted")
    forge("OrderExpired", {}, {}, "an order in PERP must be at work", alone, at="Refused")


def test_nothing_trades_in_a_halt():
    bank = Bank().found()
    bank.do(*EIGHT)
    history = true(bank)
    place = next(n for n, (event, *_) in enumerate(history) if event["type"] == "Traded")
    told = {"type": "InstrumentHalted", "instrument": "PERP"}
    stopped = [*history[:place], (told, *history[place][1:]), *history[place:]]
    forge("Traded", {}, {}, "instrument must be neither halted nor settled", stopped)
