"""The law of the fund: nobody else pays for a loss while the fund may pay for it.

Its parts stand for markets, what no market has stands for all, and in a pool every part does. An
expiry frees the part of its contract before anybody's liquidation can need it. While it can pay all
that is missing, nobody's position is closed either.
"""

import pytest
from hypothesis import given, settings, strategies as st

from hullmark.clearing import State, evolve, stamp
from hullmark.core import nano
from hullmark.domain import commands, events

from ..unit.clearing.bank import (
    ANN,
    BOB,
    FUND,
    MAKER,
    Bank,
    deposit,
    events_of,
    fill,
    opened,
    trade,
    tree,
)

CAT, DAN = 110, 111
USDT = 10**6
POLICIES = ("queue", "pro-rata", "least-haircut")
NOBODY = "nobody"  # is deleveraged
MARKETS = ("PERP", "ETHER", "FUTURE")


class Fund(Bank):
    """The small venue with a fund in parts, and the facts as they were before each unit."""

    def __init__(self, policy, *, pooled, at_once):
        rules = tree(chain=[{"stage": "partial"}], penalty="0", park_s="1")
        rules["waterfall"] = {
            "steps": ["fund", "adl", "bad-debt"],
            "adl": {"policy": policy, "at_once": at_once},
            "fund": {"pooled": pooled},
        }
        if policy == NOBODY:
            rules["waterfall"] = {"steps": ["fund", "bad-debt"], "fund": {"pooled": pooled}}
        self.before, self.pooled, self.unpaid, self.seen = State(), pooled, [], []
        super().__init__(rules)
        self.found()
        self.do(*(opened(account) for account in (CAT, DAN)))

    def do(self, *requests):
        """Carry out commands that may be refused, and return all events."""
        told = []
        for answer in self.venue.submit_all(requests):
            for unit in answer.units:
                self.look(unit.events)
                stamp(self.before, unit.time_ns)
                for event in unit.events:
                    evolve(self.before, event)
                told += unit.events
        return told

    def look(self, found):
        """Note what the fund could have paid besides, where others pay."""
        for event in events_of(found, events.DeficitCovered):
            self.seen.append(event)
            if event.haircut_quanta or event.bad_debt_quanta:
                self.unpaid.append(self.may_pay(event.market) - event.fund_quanta)

    def may_pay(self, market):
        """Return what of the fund stands for a market, before the unit."""
        parts = {m: kept for (m, _), kept in self.before.allocations.items()}
        whole = self.before.ledger.cash(FUND, 0)
        others = sum(kept for other, kept in parts.items() if other != market)
        return whole if self.pooled else whole - others


amounts = st.integers(0, 60)
crash = {
    "parts": st.tuples(amounts, amounts, amounts),
    "free": amounts,
    "long": st.tuples(st.integers(1, 8), st.integers(1, 8)),
    "usd": st.lists(st.sampled_from(["96", "90", "85", "80", "72"]), min_size=1, max_size=3),
    "filled": st.integers(0, 2),
    "expired": st.booleans(),
    "pooled": st.booleans(),
    "at_once": st.booleans(),
}


def allocate(market, usdt):
    return commands.AllocateFund(instrument=market, asset="USDT", quanta=usdt * USDT)


@pytest.mark.parametrize("policy", [*POLICIES, NOBODY])
@settings(max_examples=30)
@given(**crash)
def test_nobody_else_pays_while_the_fund_may(
    policy, parts, free, long, usd, filled, expired, pooled, at_once
):
    bank = Fund(policy, pooled=pooled, at_once=at_once)
    bank.do(deposit(FUND, f"{sum(parts) + free + 1} USDT"))
    bank.do(*(allocate(m, usdt) for m, usdt in zip(MARKETS, parts, strict=True) if usdt))
    if expired:
        bank.pass_time(86_400, usd="100")
        bank.do(commands.SettleExpiry(instrument="FUTURE", price_nano=nano("100")))
        assert ("FUTURE", "USDT") not in bank.state.allocations
    for account, lots, seller in ((ANN, long[0], CAT), (BOB, long[1], DAN)):
        bank.do(deposit(account, f"{lots * 10} USDT"), deposit(seller, "200 USDT"))
        bank.do(trade(account, lots, "PERP", "100", seller=seller))
    for price in usd:
        bank.pass_time(2, usd=price)
        for order in list(bank.state.working.values()) if filled else ():
            limit = f"{order.limit_nano / 10**9:.9f}"
            bank.do(fill(order.order, order.lots // filled, limit, arrival=price))
        bank.check()
    closures = 2  # each rounded up by a quantum at most
    assert [quanta for quanta in bank.unpaid if quanta > closures] == []
    kept = sum(bank.state.allocations.values())
    assert 0 <= kept <= bank.state.ledger.cash(FUND, 0)


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("policy", POLICIES)
def test_nobody_is_closed_as_long_as_the_fund_can_pay_it_all(policy, at_once):
    bank = Fund(policy, pooled=False, at_once=at_once)
    bank.do(deposit(FUND, "500 USDT"), deposit(ANN, "80 USDT"), deposit(CAT, "200 USDT"))
    bank.do(trade(ANN, 8, "PERP", "100", seller=CAT))
    bank.pass_time(1, usd="80")
    order = bank.only_order()
    told = bank.do(fill(order.order, order.lots, "80", counterparty=MAKER))
    assert not events_of(told, events.Deleveraged)
    (covered,) = events_of(told, events.DeficitCovered)
    assert (covered.fund_quanta, covered.haircut_quanta) == (80 * USDT, 0)
    assert bank.held(CAT)[0] == -8
