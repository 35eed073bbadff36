"""Histories of stages, pools and losses, each true as it is told, and how to forge an event."""

from decimal import Decimal

from hullmark.core import NANO
from hullmark.domain import Mode, SystemAccount, commands

from ..clearing.backed import CAT, DAN, MAKERS, VAULT, backed, joined, left, quoted
from ..clearing.bank import (
    ANN,
    BOB,
    EIGHT,
    MAKER,
    Bank,
    deposit,
    fill,
    opened,
    trade,
    tree,
)
from .told_history import changed, disagreements, told

FUND = SystemAccount.FUND
USDT = 10**6
EVA, FAY = 110, 111
CURVES = {
    "share": {
        "kind": "two-leg", "start": "0.95", "cutoff": "0.7", "fast_s": "900", "slow_s": "3600",
    },
    "lot": {"kind": "stairstep", "step_s": "90", "cut": "0.99"},
}  # fmt: skip
SHARE = {"curve": CURVES["share"], "buffer": "0.15", "tail_s": "4500", "insolvent_s": "600"}
LOT = {
    "curve": CURVES["lot"],
    "buffer": "1.2",
    "tail_s": "3600",
    "cusp": "0.8",
    "tip_usd": "1",
    "chip": "0.001",
    "dust_usd": "20",
    "self_reset": False,
}


def forge(kind, where, change, says, history, *, at=None):
    """Insist that one change to an event is found, at its kind of event or at another."""
    found = disagreements(changed(history, kind, where, change))
    assert [f for f in found if f" {at or kind}, " in f and says in f], found[:5]


def left_out(history, kind, where=None):
    """Return a history without its first event of a kind that has what *where* says."""
    return changed(history, kind, where or {}, {"type": "Refused"})


def true(bank):
    """Return the history of a bank, which the auditor has nothing against."""
    history = told(bank)
    assert disagreements(history) == []
    return history


def more(by):
    """Return what adds to a number."""
    return lambda number: (number or 0) + by


def auctioned(kind, **terms):
    """Return a bank with partial liquidation, and auctions after one round of it."""
    stage = {"stage": "dutch-auction", "kind": kind} | (SHARE if kind == "share" else LOT) | terms
    bank = Bank(tree(chain=[{"stage": "partial"}, stage], rounds_max=1)).found()
    bank.do(deposit(BOB, "5000 USDT"), deposit(FUND, "50 USDT"))
    return bank


def bid(auction, *, share=None, quanta=None, bidder=BOB):
    """Return a bid at any price; *share* of an account."""
    share_nano = None if share is None else int(Decimal(share) * NANO)
    return commands.TakeAuction(
        auction=auction,
        bidder=bidder,
        share_nano=share_nano,
        quanta=quanta,
        pay_quanta_max=10**15,
    )


def sold_in_shares():
    """Return a bank where Ann is sold in parts, and what is left of her is taken for money."""
    bank = auctioned("share", limit_usd="100000")
    bank.do(deposit(ANN, "100 USDT"), trade(ANN, 8, "PERP", "100"))
    bank.pass_time(1, usd="90")
    bank.do(fill(1, 0, "85"), bid(1, share="0.125"))
    bank.pass_time(450, usd="90")
    bank.do(bid(1, share="0.15"))
    bank.pass_time(1, usd="80")  # what she has is worth nothing: auction 2
    bank.pass_time(300, usd="80")
    bank.do(bid(2, share="0.5"), bid(2, share="1"))
    return bank


def sold_as_lots():
    """Return a bank where Ann's gold is sold in parts for a debt, and offered anew in between."""
    bank = auctioned("lot", limit_usd="1000", market_limit_usd="900")
    gold = commands.Deposit(account=ANN, asset="GOLD", quanta=10_000)
    bank.do(gold, trade(ANN, 20, "PERP", "100"))
    bank.pass_time(1, usd="85")
    order = bank.only_order()
    bank.do(fill(order.order, order.lots, "83.5"), bid(1, quanta=1_000))
    bank.pass_time(90 * 23, usd="85")
    bank.do(commands.ResetAuction(auction=1, keeper=MAKER), bid(1, quanta=10_000))
    return bank


def made(**terms):
    """Return a bank where makers are asked, and take most of Ann, and a pool takes the rest."""
    asked = MAKERS | {"request_s": "10", "depth_share": "0.5", "capital_share": "2"} | terms
    bank = backed(asked, VAULT | {"exposure_usd_max": "500"}, depth_usd={"PERP": "2000"})
    bank.do(joined(CAT, 300), joined(DAN, 100), quoted(bank, 1, CAT, 2))
    bank.do(quoted(bank, 2, DAN, 50, 0, loss_quanta_max=5 * USDT, seconds=1_000))
    bank.do(quoted(bank, 3, DAN, -3, seconds=5))
    bank.pass_time(6, usd="90")
    bank.do(quoted(bank, 4, CAT, 1, 0, account=ANN))
    bank.pass_time(10)
    return bank


def taken_over():
    """Return a bank where a pool takes Ann over, and members come and go."""
    bank = backed(VAULT | {"exposure_usd_max": "1000"}, notice_s="60")
    bank.do(joined(CAT, 300), joined(DAN, 100))
    bank.pass_time(1, usd="90")
    bank.do(joined(DAN, 50), left(CAT, 100))
    bank.pass_time(60, usd="95")
    bank.do(left(CAT, 100))
    return bank


def deleveraged(policy="queue", usd="80", *, steps=("fund", "adl", "bad-debt"), fund=None, **adl):
    """Return a bank where Ann, long 8, is closed against Bob, Eva and Fay."""
    rules = tree(chain=[{"stage": "partial"}])
    rules["waterfall"] = {"steps": list(steps), "adl": {"policy": policy} | adl}
    bank = Bank(rules).found()
    bank.do(*(opened(account, Mode.CROSS) for account in (EVA, FAY)))
    bank.do(deposit(ANN, "100 USDT"), *(deposit(a, "1000 USDT") for a in (BOB, FAY)))
    bank.do(deposit(EVA, "300 USDT"), *([deposit(FUND, fund)] if fund else []))
    for seller, lots in ((BOB, 4), (EVA, 2), (FAY, 3)):
        bank.do(trade(ANN, lots, "PERP", "100", seller=seller))
    bank.do(trade(MAKER, 1, "PERP", "99", seller=ANN))
    bank.pass_time(1, usd=usd)
    return bank


def lost(*steps, fund=None, allocated=(), buyer=MAKER, **waterfall):
    """Return a bank where Ann is sold at 79, far below what she had; others pay, by *steps*."""
    rules = tree(chain=[{"stage": "partial"}])
    rules["waterfall"] = {"steps": [*steps, "bad-debt"]} | waterfall
    if "backstop" in steps:
        rules["pools"] = {"stakers": {"account": 150, "asset": "USDT"}}
        rules["waterfall"]["backstop"] = "stakers"
    bank = Bank(rules).found()
    bank.do(*(opened(account, Mode.CROSS) for account in (EVA, 150)))
    bank.do(deposit(ANN, "100 USDT"), deposit(BOB, "300 USDT"), deposit(EVA, "100.000001 USDT"))
    bank.do(deposit(150, "5 USDT"), *([deposit(FUND, fund)] if fund else []))
    bank.do(*(commands.AllocateFund(instrument=s, asset="USDT", quanta=n) for s, n in allocated))
    bank.do(trade(ANN, 8, "PERP", "100"))
    bank.pass_time(1, usd="85")
    bank.pass_time(5, usd="82")
    for order in bank.orders():
        bank.do(fill(order.order, order.lots, "83.3", arrival="84", counterparty=buyer))
    bank.pass_time(61, usd="79")
    while bank.orders():
        order = bank.orders()[0]
        limit = str(Decimal(order.limit_nano).scaleb(-9))
        bank.do(fill(order.order, order.lots, limit, arrival="78.9", counterparty=buyer))
    return bank


def soft(account=ANN, *, saviour=None, promised=0):
    """Return the command by which an account opts in; *promised* in USDT."""
    given = {} if saviour is None else {"asset": "USDT", "quanta_max": promised * USDT}
    return commands.SetSoftTerms(account=account, opted_in=True, saviour=saviour, **given)


def softened():
    """Return a bank where Ann is topped up, reduced, and, in breach, left to the market."""
    stage = {"stage": "soft", "level": "0.8", "share_min": "0.1", "share_max": "0.5"}
    bank = Bank(
        tree(chain=[stage, {"stage": "partial"}], rounds_max=1, calls=["0.8", "0.9"])
    ).found()
    bank.do(*EIGHT, deposit(BOB, "100 USDT"), soft(BOB), soft(saviour=BOB, promised=5))
    bank.do(commands.SetSoftTerms(account=BOB, opted_in=False))
    bank.pass_time(1, usd="92.5")
    bank.pass_time(1)
    while bank.orders():
        order = bank.orders()[0]
        bank.do(fill(order.order, order.lots, "92.5"))
    bank.pass_time(1)
    bank.pass_time(1, usd="85")
    bank.pass_time(1)
    bank.do(fill(bank.only_order().order, 0, "85"))
    return bank
