"""Tests of the auditor on seasons: what may leave while losses are open; one forgery."""

from ..clearing.bank import ANN, BOB, EIGHT, MAKER, Bank, deposit, trade, tree, withdraw
from .told_stages import forge, left_out, true


def seasoned():
    """Return a bank where Bob has won 40 and takes out 20, while nobody lacks anything."""
    rules = tree()
    rules["waterfall"] = {"steps": ["fund", "bad-debt"], "season_s": "3600"}
    bank = Bank(rules).found()
    bank.do(deposit(BOB, "100 USDT"), *EIGHT)
    bank.do(trade(BOB, 4, "PERP", "100", seller=MAKER), trade(MAKER, 4, "PERP", "110", seller=BOB))
    bank.do(withdraw(BOB, "120 USDT"))
    return bank


def test_what_was_paid_in_leaves_first_and_then_the_gain():
    bank = seasoned()
    assert true(bank)
    assert bank.cash(BOB) == "20"


def test_a_young_gain_does_not_leave_while_a_loss_is_open():
    """Ann is 36 under at 83: of the 40 that Bob has won four are covered, and no more."""
    history = true(seasoned())
    place = next(n for n, (event, *_) in enumerate(history) if event["type"] == "Withdrawn")
    started = {"type": "LiquidationStarted", "account": ANN, "asset": "USDT", "net_quanta": 1}
    lost = {"type": "CashAdjusted", "source": ANN, "target": MAKER, "asset": "USDT"}
    lost |= {"quanta": 10**9, "authorisers": ("Ada", "Grace"), "reason": "x"}
    told = [({**e, **more}, *history[place][1:]) for e, more in (
        (lost, {}), (started, {"trigger_nano": {}, "lots": {}}),
    )]  # fmt: skip
    opened = [*history[:place], *told, *history[place:]]
    forge("Withdrawn", {}, {}, "quanta paid in or covered must be <=", opened)
    assert left_out(history, "Withdrawn")
