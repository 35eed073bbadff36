"""Cases and plans of a whole tick: those of every account asked about by itself, to the byte.

The slow reference decides every command with views that have just been built and know of no other.
"""

import random
from collections import deque

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from hullmark.clearing import Views, decide, evolve, react, stamp
from hullmark.clearing._cases import case_of, net_quanta, plan_of
from hullmark.domain import Mode, commands, events
from hullmark.liquidation import load_engine

from .bank import MAKER, Bank, deposit, opened, rest, trade, tree

CROWD = range(200, 212)
ENGINE = load_engine("partial")
THROTTLE = {"burst_usd": "400", "refill_usd_per_s": "1.5"}
SIZES = {
    "share": "0.3",
    "ramp_s": "60",
    "shortage_below_usd": "9",
    "account_max_usd": "400",
    "market_max_usd": "900",
    "block_s": "60",
}
RULES = {
    "closed in full": tree(),
    "closed in part": tree(slippage="0.001", penalty="0.001"),
    "throttled": tree(throttle=THROTTLE),
    "sized": tree(slippage="0.001", penalty="0.001", sizes=SIZES),
    "sliding": tree(limit="sliding", fee="0.001", choice="cheapest", depth_usd={"PERP": "5000"}),
    "on a chain": tree(slippage="0.03", exit="target", sizes=SIZES, chain=[{"stage": "partial"}]),
    "impatient": tree(slippage="0.001", penalty="0.001", throttle=THROTTLE, rounds_max=1),
}


def crowded(seed, rules):
    """Return a bank with a dozen accounts that are near their limits, drawn from a seed."""
    chance, bank = random.Random(seed), Bank(rules).found()
    for account in CROWD:
        mode = chance.choice((Mode.CROSS, Mode.CROSS, Mode.PORTFOLIO))
        bank.do(opened(account, mode), deposit(account, f"{chance.randrange(80, 220)} USDT"))
        for symbol, price, most in (("PERP", "100", 15), ("ETHER", "10", 60)):
            lots = chance.randrange(most // 3, most)
            if chance.random() < 0.7:
                sides = (account, MAKER) if chance.random() < 0.8 else (MAKER, account)
                bank.venue.submit(trade(sides[0], lots, symbol, price, seller=sides[1]))
        if chance.random() < 0.3:
            bank.venue.submit(rest(account, account, 1, "PERP", "80"))
    return bank


def told_slowly(bank, command):
    """Return the events of a command run to rest, each decided on views of its own."""
    state, found, waiting = bank.state, [], deque([command])
    stamp(state, bank.now_ns)
    while waiting:
        for event in decide(state, Views(state), ENGINE, waiting.popleft()):
            evolve(state, event)
            waiting.extend(react(state, event))
            found.append(event)
    return found


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES)
@settings(max_examples=10)
@given(st.integers(0, 10**6), st.sampled_from(["60", "82", "88", "92", "112"]))
def test_a_tick_is_decided_as_if_every_account_were_alone(rules, seed, usd):
    together, alone, again = (crowded(seed, rules) for _ in range(3))
    command = together.said(usd, ETHER="9")
    found = together.do(command)
    assert msgspec.json.encode(found) == msgspec.json.encode(told_slowly(alone, command))
    assert msgspec.json.encode(found) == msgspec.json.encode(again.do(command))
    assert together.facts() == alone.facts()


def test_the_crowd_is_cut_closed_and_parked():
    kinds = set()
    for rules in RULES.values():
        for seed in range(5):
            bank = crowded(seed, rules)
            kinds |= {type(event) for event in bank.do(bank.said("88", ETHER="9"))}
    wanted = {events.LiquidationOrdered, events.LiquidationParked, events.OrderReleased}
    assert kinds >= wanted


@pytest.fixture
def under():
    """Return a bank whose crowd is found in breach, which no command has looked at yet."""
    bank = crowded(7, RULES["closed in part"])
    state, views = bank.state, bank.venue._views
    for command in (bank.said("86", ETHER="9"), commands.SweepAccounts()):
        for event in decide(state, views, ENGINE, command):
            evolve(state, event)
            views.apply(event)
    assert len(event.accounts) > 3
    return bank, event.accounts


def test_all_that_wait_are_worked_out_with_the_first(under):
    bank, accounts = under
    views, state = bank.venue._views, bank.state
    cases = {account: case_of(state, views, account) for account in accounts}
    for account, case in cases.items():
        fresh = Views(state)
        assert case == case_of(state, fresh, account)
        assert case.in_breach
        assert net_quanta(state, views, case, 0) == fresh.net_quanta(account, 0)
        plan = plan_of(state, views, ENGINE, case)
        assert plan == plan_of(state, fresh, ENGINE, case_of(state, fresh, account))


def test_the_engine_is_asked_once_for_all_that_wait(under):
    bank, accounts = under
    asked = []

    class Counted:
        def propose(self, breaches):
            asked.append([breach.account for breach in breaches])
            return ENGINE.propose(breaches)

    engine, views = Counted(), bank.venue._views
    for account in accounts:
        plan_of(bank.state, views, engine, case_of(bank.state, views, account))
    assert asked == [list(accounts)]


def test_a_healthy_account_is_a_case_of_its_own(under):
    bank, _ = under
    case = case_of(bank.state, bank.venue._views, MAKER)
    assert (case.account, case.in_breach) == (MAKER, False)
