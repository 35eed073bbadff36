"""What a market raises keeps no answer back, and no other order."""

import pytest

from hullmark.domain import events
from hullmark.errors import InvalidInputError, PortWarning
from hullmark.journal import Unit
from hullmark.runtime import Ingress
from hullmark.runtime._outbox import Outbox


class Deaf:
    """A market that takes every second order."""

    def __init__(self):
        self.sent = []

    def send(self, order):
        """Take an order, or raise what a caller could take for its own mistake."""
        self.sent.append(order.order)
        if order.order % 2:
            raise InvalidInputError("the line is busy")


def ordered(number):
    return events.LiquidationOrdered(
        order=number, account=100 + number, instrument="P", lots=1, limit_nano=1, deadline_ns=1,
        notional_nano=1,
    )  # fmt: skip


def test_every_order_is_sent_and_those_not_taken_are_told_once():
    port = Deaf()
    outbox = Outbox(port)
    outbox.send([Unit(sequence=1, time_ns=1, command=None, events=tuple(map(ordered, (1, 2, 3))))])
    assert port.sent == [1, 2, 3]
    with pytest.warns(PortWarning) as told:
        outbox.tell()
    assert [str(w.message).partition(" was not taken")[0] for w in told] == [
        "order 1 of account 101", "order 3 of account 103",
    ]  # fmt: skip
    outbox.tell()


def test_an_answer_is_given_though_its_order_was_not_taken(opened, names):
    market = opened(port=Deaf()).found()
    market.do(market.trade("BTC-PERP", "1", "64000"))
    market.now_ns += 10**9
    deposit = market.deposit(names.maker, "USDT", "1")
    before = market.venue.cash(names.maker, "USDT").quanta
    with Ingress(market.venue, delay_ms_max=100) as ingress:
        promised = [ingress.post(deposit), ingress.post(market.bitcoin("60400"))]
    assert [promise.result().refusal for promise in promised] == [None, None]
    assert len(market.venue.state.working) == 1
    assert market.venue.cash(names.maker, "USDT").quanta == before + 10**6  # once
    with pytest.warns(PortWarning, match="order 1 of account .* InvalidInputError: the line is"):
        market.venue.submit(deposit)
