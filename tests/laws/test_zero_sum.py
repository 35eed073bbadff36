"""The law of a book of perpetuals that sums to zero: who has taken no part in it loses nothing.

Users trade with each other alone, and nobody takes anything out, so what some have lost others have
gained. The waterfall has no fund: what a bankrupt account owes is taken from those who gain by it,
and what is left is bad debt. The law has four parts.

1. Whoever holds no position never pays, and nobody pays but out of a gain on the other side.
2. Bad debt is left only where those who hold the other side have no gain left that they have not
   paid; and all who took part have gained at least that much: the money is there, in other hands.
3. Where all have come in at one price nothing is left at all: no bad debt.
4. Where what is left then is shared by all who have gained (``socialised_by = "gains"``), no bad
   debt is left of any book, and still nobody pays who has not gained.

That the third is not true of every book is shown at the end, one way after another, and that the
fourth is true of each of these.
"""

from collections import Counter

import pytest
from hypothesis import given, settings, strategies as st

from hullmark.clearing import State, evolve, stamp
from hullmark.domain import SystemAccount, events

from ..unit.clearing.bank import Bank, deposit, events_of, fill, opened, trade, tree

BY_GAINS = {"socialised_by": "gains"}
POLICIES = ("queue", "pro-rata", "least-haircut")
USERS = (201, 202, 203, 204, 205, 206)
A, B, C, D, E, _ = USERS
BYSTANDER = 300
USDT = 10**6


class Ring(Bank):
    """A small venue in which only users trade, and a second set of facts that follows the first.

    Before each unit that leaves bad debt it looks at who could have paid for it.
    """

    def __init__(self, policy, *, cash, at_once=True, by_gains=False):
        rules = tree(chain=[{"stage": "partial"}], penalty="0", park_s="1")
        adl = {"policy": policy, "at_once": at_once}
        rules["waterfall"] = {"steps": ["adl", "bad-debt"], "adl": adl}
        if by_gains:
            rules["waterfall"] |= {"steps": ["adl", "socialised", "bad-debt"]} | BY_GAINS
        self.before, self.cash_in, self.left, self.payers, self.sharers = (
            State(),
            Counter(),
            [],
            [],
            [],
        )
        super().__init__(rules)
        self.do(*(opened(account) for account in (*USERS, BYSTANDER)), self.said())
        self.do(deposit(BYSTANDER, "1000 USDT"))
        for user, amount in zip(USERS, cash, strict=True):
            self.do(deposit(user, f"{amount} USDT"))
            self.cash_in[user] = amount * USDT

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
        """Note who pays in a unit, and what is left of what could be taken, if bad debt is."""
        taken = Counter()
        for event in events_of(found, events.HaircutTaken):
            taken[event.payer] += event.quanta
        for event in events_of(found, events.Deleveraged):
            taken[event.counterparty] += event.haircut_quanta
        self.payers += [(user, self.gain(user), self.lots(user)) for user in taken]
        for event in events_of(found, events.LossSocialised):
            for part in event.parts:
                gained = self.net(part.payer) - taken[part.payer] - self.cash_in[part.payer]
                self.sharers.append((part, gained))
        for covered in events_of(found, events.DeficitCovered):
            if covered.bad_debt_quanta:
                self.left.append((covered, self.reachable(covered.account, taken)))

    def lots(self, user):
        """Return what a user holds."""
        return self.before.ledger.position(user, self.perp).lots

    @property
    def perp(self):
        """The number of the perpetual."""
        return self.before.ledger.instrument_index["PERP"]

    def mark(self):
        """Return quanta that a lot is worth."""
        return self.before.prices["PERP"].price_nano // 1_000

    def gain(self, user):
        """Return quanta of unrealised gain."""
        position = self.before.ledger.position(user, self.perp)
        return position.lots * self.mark() + position.quote

    def net(self, user):
        """Return quanta of net value."""
        return self.before.ledger.cash(user, 0) + self.gain(user)

    def reachable(self, account, taken):
        """Return what eligible accounts could pay of a loss of this one, beyond what is taken."""
        held = self.before.courses[account].lots.get("PERP", 0)
        return sum(
            max(min(self.gain(user), self.net(user)) - taken[user], 0)
            for user in USERS
            if user != account and self.lots(user) * held < 0 and user not in self.before.working_of
        )


def live(ring, steps, *, one_price):
    """Let users trade and prices move, fill some orders, and yield what was told each time."""
    price, opening = 100, steps[: len(steps) // 2]
    for number, (buyer, seller, lots, move, part) in enumerate(steps):
        told = []
        if buyer != seller and (number < len(opening) or not one_price):
            told += ring.do(trade(buyer, lots, "PERP", str(price), seller=seller))
        if number >= len(opening) or not one_price:
            price = max(20, min(400, price + move))
        told += ring.pass_time(2, usd=str(price))
        orders = list(ring.state.working.values())
        for order in orders if part and not one_price else ():
            other = USERS[(USERS.index(order.account) + part) % len(USERS)]
            some, limit = order.lots * part // 10, f"{order.limit_nano / 10**9:.9f}"
            told += ring.do(fill(order.order, some, limit, arrival=str(price), counterparty=other))
        ring.check()
        yield told


steps = st.lists(
    st.tuples(
        st.sampled_from(USERS),
        st.sampled_from(USERS),
        st.integers(1, 8),
        st.integers(-25, 25),
        st.integers(0, 10),
    ),
    min_size=6,
    max_size=24,
)
wallets = st.lists(st.integers(20, 300), min_size=len(USERS), max_size=len(USERS))


@pytest.mark.parametrize("policy", POLICIES)
@settings(max_examples=30)
@given(steps=steps, cash=wallets, at_once=st.booleans())
def test_who_takes_no_part_never_pays_and_bad_debt_is_left_only_where_no_gain_is(
    policy, steps, cash, at_once
):
    ring = Ring(policy, cash=cash, at_once=at_once)
    for told in live(ring, steps, one_price=False):
        assert ring.cash(BYSTANDER) == "1000"
        assert ring.cash(SystemAccount.FUND) == "0"
        for event in told:
            if isinstance(event, events.DeficitCovered):
                assert event.fund_quanta == event.socialised_quanta == 0
    assert all(gain > 0 and lots for _, gain, lots in ring.payers)
    assert [(told, rest) for told, rest in ring.left if rest] == []
    owed = sum(told.bad_debt_quanta for told, _ in ring.left)
    worth = sum(ring.net(user) for user in USERS)
    assert worth == sum(ring.cash_in.values()) + owed


@pytest.mark.parametrize("policy", POLICIES)
@settings(max_examples=30)
@given(steps=steps, cash=wallets, at_once=st.booleans())
def test_where_all_came_in_at_one_price_there_is_no_bad_debt(policy, steps, cash, at_once):
    ring = Ring(policy, cash=cash, at_once=at_once)
    for _ in live(ring, steps, one_price=True):
        assert ring.cash(BYSTANDER) == "1000"
        assert all(ring.net(user) >= 0 for user in USERS if user not in ring.state.working_of)
    assert ring.left == []
    assert ring.venue.books().bad_debt["USDT"] == 0
    assert sum(ring.net(user) for user in USERS) == sum(ring.cash_in.values())


@pytest.mark.parametrize("policy", POLICIES)
@settings(max_examples=40)
@given(steps=steps, cash=wallets, at_once=st.booleans())
def test_where_gains_share_what_is_left_no_book_leaves_bad_debt(policy, steps, cash, at_once):
    """Prices here are whole quanta a lot: nothing is rounded, and what is missing is to be had."""
    ring = Ring(policy, cash=cash, at_once=at_once, by_gains=True)
    for told in live(ring, steps, one_price=False):
        assert ring.cash(BYSTANDER) == "1000"
        for event in told:
            if isinstance(event, events.DeficitCovered):
                assert event.bad_debt_quanta == 0
    assert all(0 < part.quanta <= gained for part, gained in ring.sharers)
    assert ring.venue.books().bad_debt["USDT"] == 0
    assert sum(ring.net(user) for user in USERS) == sum(ring.cash_in.values())


# From here on: books in which what is missing is somebody's gain, and cannot be reached.


def missing_usdt(ring):
    """Return bad debt, and what accounts owe that nobody can be closed against yet."""
    worth = [ring.venue.views.net_quanta(user, 0) for user in USERS]
    owed = sum(-quanta for quanta in worth if quanta < 0)
    return (ring.venue.books().bad_debt["USDT"] + owed) / USDT


def at(ring, usd, **other):
    return ring.pass_time(1, usd=usd, **other)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_winner_on_its_own_side_is_not_reached(policy):
    """C is long since 70; of B, who sold to both, one trade pays for the other. A owes 16."""
    ring = Ring(policy, cash=[80, 1000, 1000, 0, 0, 0])
    at(ring, "70")
    ring.do(trade(C, 8, "PERP", "70", seller=B))
    at(ring, "100")
    ring.do(trade(A, 8, "PERP", "100", seller=B))
    found = at(ring, "88")
    assert missing_usdt(ring) == 16
    assert not events_of(found, events.HaircutTaken)
    assert (ring.gain(B), ring.gain(C)) == (-48 * USDT, 144 * USDT)
    ring.check()


@pytest.mark.parametrize("policy", POLICIES)
def test_a_gain_that_has_been_realised_is_not_reached(policy):
    """While A's order lies, B buys back from C: the gain is cash now, and stays where it is."""
    ring = Ring(policy, cash=[80, 1000, 1000, 0, 0, 0], at_once=False)
    ring.do(trade(A, 8, "PERP", "100", seller=B))
    at(ring, "80")
    ring.do(trade(B, 8, "PERP", "80", seller=C))
    assert ring.cash(B) == "1160"
    (order,) = ring.orders()
    ring.do(fill(order.order, order.lots, "80", counterparty=C))
    assert missing_usdt(ring) == 80
    assert (ring.cash(A), ring.cash(B), ring.cash(C)) == ("0", "1160", "1000")
    ring.check()


@pytest.mark.parametrize(("policy", "left"), [("queue", 0), ("pro-rata", 0), ("least-haircut", 16)])
def test_who_is_hedged_has_no_net_gain_and_only_a_price_takes_from_it(policy, left):
    """B gains 96 on its short and loses 96 on ether; D has that, and holds no bitcoin.

    At the bankruptcy price B pays from what it has paid in; its net gain is nothing.
    """
    ring = Ring(policy, cash=[80, 1000, 1000, 1000, 0, 0])
    ring.do(trade(A, 8, "PERP", "100", seller=B), trade(B, 80, "ETHER", "10", seller=D))
    at(ring, "88", ETHER="8.8")
    assert missing_usdt(ring) == left
    worth = ring.venue.views.net_quanta(B, 0) / USDT
    assert worth == 1000 - (16 - left)
    ring.check()


@pytest.mark.parametrize("policy", POLICIES)
def test_a_winner_whose_own_order_is_at_work_is_left_alone(policy):
    """B fell under its margin by its ether; its lots may be filled at any time."""
    ring = Ring(policy, cash=[80, 170, 1000, 1000, 0, 0])
    ring.do(trade(A, 8, "PERP", "100", seller=B), trade(B, 80, "ETHER", "10", seller=D))
    at(ring, "100", ETHER="8.8")
    assert B in ring.state.working_of
    at(ring, "88", ETHER="8.8")
    assert missing_usdt(ring) == 16
    assert ring.venue.views.net_quanta(B, 0) == 170 * USDT
    ring.check()


def same_side(ring):
    at(ring, "70")
    ring.do(trade(C, 8, "PERP", "70", seller=B))
    at(ring, "100")
    ring.do(trade(A, 8, "PERP", "100", seller=B))
    at(ring, "88")


def realised(ring):
    ring.do(trade(A, 8, "PERP", "100", seller=B))
    at(ring, "80")
    ring.do(trade(B, 8, "PERP", "80", seller=C))


def hedged(ring):
    ring.do(trade(A, 8, "PERP", "100", seller=B), trade(B, 80, "ETHER", "10", seller=D))
    at(ring, "88", ETHER="8.8")


def at_work(ring):
    ring.do(trade(A, 8, "PERP", "100", seller=B), trade(B, 80, "ETHER", "10", seller=D))
    at(ring, "100", ETHER="8.8")
    at(ring, "88", ETHER="8.8")


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(
    ("story", "wallet", "payers"),
    [(same_side, 1000, {C}), (realised, 1000, {B}), (hedged, 1000, {B, D}), (at_work, 170, {B, D})],
)
def test_gains_that_deleveraging_does_not_reach_share_what_is_left(policy, story, wallet, payers):
    """A is sold out at its limit to E, and owes; the others had more than that of it."""
    ring = Ring(policy, cash=[80, wallet, 1000, 1000, 1000, 0], at_once=False, by_gains=True)
    story(ring)
    for order in [order for order in ring.orders() if order.account == A]:
        limit = f"{order.limit_nano / 10**9:.9f}"
        ring.do(fill(order.order, order.lots, limit, counterparty=E))
    assert ring.lots(A) == 0
    assert ring.cash(A) == "0"
    assert ring.venue.books().bad_debt["USDT"] == 0
    paid = {part.payer for part, _ in ring.sharers} | {user for user, *_ in ring.payers}
    assert paid
    assert paid <= payers | {E}  # which has bought below the mark
    assert ring.cash(BYSTANDER) == "1000"
    ring.check()
