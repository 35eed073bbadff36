"""A history in which everything happens once, and how to tell it to an auditor, true or changed."""

from decimal import Decimal

import msgspec

from hullmark.core import nano
from hullmark.domain import Mode, SystemAccount, commands
from hullmark.journal import read
from hullmark.sim._auditor import Auditor

from ..clearing.bank import (
    ANN,
    BOB,
    CHILD,
    MAKER,
    PORT,
    Bank,
    adjust,
    adopt,
    bust,
    deposit,
    fill,
    opened,
    rest,
    trade,
    transfer,
    tree,
    withdraw,
)

FUND = SystemAccount.FUND
OTHER, CAROL, DAN = 105, 106, 107  # a second portfolio account, and two that fail
THROTTLE = {"burst_usd": "2000", "refill_usd_per_s": "1"}


def _found(bank):
    bank.do(
        *(opened(account) for account in (CAROL, DAN)),
        opened(OTHER, Mode.PORTFOLIO),
        deposit(FUND, "5 USDT"),
        *(deposit(account, "100 USDT") for account in (ANN, BOB, CAROL)),
        *(deposit(account, "900 USDT") for account in (PORT, OTHER)),
        deposit(DAN, "2.2 BTC"),
    )


def _trade(bank):
    bank.do(
        trade(ANN, 8, "PERP", "100.0000001", fees=(1_000, 2_000)),
        trade(BOB, 2, "FUTURE", "100"),
        trade(CAROL, 8, "PERP", "100"),
        trade(PORT, 2, "SPOT", "100"),
        trade(PORT, 1, "LOAN", "100"),  # on credit
        trade(PORT, 3, "CALL", "0.5", seller=OTHER),
        trade(OTHER, 50, "INVERSE", "100"),
        trade(DAN, 700, "INVERSE", "100"),
        rest(1, BOB, 2, "PERP", "99"),
        commands.CancelOrder(order=1),
        rest(2, ANN, -2, "PERP", "101"),
    )
    (unit,) = bank.venue.submit(trade(BOB, 3, "PERP", "101", fees=(500, 0))).units
    bank.do(bust(unit), adjust(MAKER, BOB, "1 USDT"))


def _let_time_pass(bank):
    bank.do(adopt(tree(throttle=THROTTLE), bank.now_ns + 1))
    bank.pass_time(1)
    bank.pass_time(1, usd="101", PERP="101.5")
    bank.do(
        commands.AccrueFunding(instrument="PERP", rate_nano=nano("0.0001")),
        commands.AccrueFunding(instrument="INVERSE", rate_nano=-nano("0.0003")),
        commands.ChargeInterest(asset="USDC", rate_nano=nano("0.00012345")),
        trade(MAKER, 3, "PERP", "101", seller=ANN),
        transfer(ANN, CHILD, "1.5 USDT"),
        withdraw(BOB, "20 USDT"),
        deposit(CAROL, "0.2 GOLD"),
    )


def _fill_all(bank, arrival):
    while bank.orders():
        order = bank.orders()[0]
        limit = str(Decimal(order.limit_nano).scaleb(-9))
        bank.do(fill(order.order, order.lots, limit, arrival=arrival))


def _crash(bank):
    bank.pass_time(1, usd="91")  # Carol is in breach
    bank.do(fill(bank.only_order().order, -1, "90.5", arrival="90.8", final=False))
    bank.pass_time(31)  # the rest of her order is late, prices are still believed
    bank.pass_time(1, usd="80")
    _fill_all(bank, "79.5")
    bank.pass_time(61, usd="65")  # Dan's coins are worth less than he has lost
    _fill_all(bank, "64.5")
    bank.pass_time(61, usd="65")


def live():
    """Return the bank after its history."""
    bank = Bank().found()
    _found(bank)
    _trade(bank)
    _let_time_pass(bank)
    _crash(bank)
    bank.pass_time(86_400, usd="65")
    for symbol in ("FUTURE", "CALL"):
        bank.do(commands.SettleExpiry(instrument=symbol, price_nano=nano("120")))
    return bank


def told(bank):
    """Return the events of a journal as builtins, each with time and sequence of its unit."""
    return [
        (msgspec.to_builtins(event), unit.time_ns, unit.sequence)
        for unit in read(bank.store)
        for event in unit.events
    ]


def changed(history, kind, where, change):
    """Return the history with its first event of a kind changed that has what *where* says."""
    for place, (event, time_ns, sequence) in enumerate(history):
        if event["type"] == kind and all(event[name] == value for name, value in where.items()):
            new = {name: c(event.get(name)) if callable(c) else c for name, c in change.items()}
            return [*history[:place], ({**event, **new}, time_ns, sequence), *history[place + 1 :]]
    raise AssertionError(f"no {kind} has {where}")


def disagreements(history):
    """Return what an auditor says of a history."""
    auditor = Auditor()
    for event, time_ns, sequence in history:
        auditor.take(event, time_ns, sequence)
    auditor.check_sums()
    return auditor.disagreements
