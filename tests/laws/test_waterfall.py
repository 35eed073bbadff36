"""The laws of deleveraging, for every installed policy, and what they come to in a whole book."""

from fractions import Fraction
from importlib.metadata import entry_points

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.waterfall import (
    Candidate,
    Inventory,
    LotPrice,
    PriceRule,
    by_gains,
    eligible,
    haircut_at,
    load_policy,
    published_queue,
    socialise,
    still_valid,
)

from ..reference import waterfall as reference

NAMES = sorted(entry_points(group="hullmark.deleveraging").names)
POLICIES = {name: load_policy(name) for name in NAMES}
AT = {PriceRule.BANKRUPTCY: "bankruptcy", PriceRule.MARK: "mark", PriceRule.PREVIOUS_MARK: "last"}


def closes_at(policy, rule):
    """Return whether a policy takes a price rule: it says so before it looks at anybody."""
    probe = Inventory(
        instrument="P", lots=1, mark=LotPrice(1), deficit_quanta=0, previous_mark=LotPrice(1)
    )
    try:
        policy.allocate(probe, [], price_rule=rule)
    except InvalidInputError:
        return False
    return True


CASES = [(name, rule) for name in NAMES for rule in AT if closes_at(POLICIES[name], rule)]
on_every_policy = pytest.mark.parametrize(
    ("name", "rule"), CASES, ids=[f"{name}-{AT[rule]}" for name, rule in CASES]
)

sizes = st.integers(1, 12)
prices = st.builds(LotPrice, st.integers(1, 60), st.integers(1, 3))


inventories = st.builds(
    Inventory,
    instrument=st.just("P"),
    lots=st.integers(-12, 12).filter(bool),
    mark=prices,
    deficit_quanta=st.integers(0, 200),
    previous_mark=prices,
)
crowds = st.lists(  # on both sides, some of them hedged, some bankrupt, in any order
    st.builds(
        Candidate,
        st.integers(100, 120),
        st.integers(-12, 12),
        st.integers(-400, 400),
        st.integers(-20, 150),
        st.integers(-50, 150),
    ),
    unique_by=lambda candidate: candidate.account,
    max_size=9,
)


def test_there_are_policies_to_hold_to_their_word():
    assert {"least-haircut", "pro-rata", "queue"} <= set(NAMES)
    assert {rule for _, rule in CASES} == set(PriceRule)


@on_every_policy
@given(inventories, crowds, st.randoms(use_true_random=False))
def test_the_order_in_which_accounts_stand_changes_nothing(name, rule, inventory, crowd, chance):
    mixed = list(crowd)
    chance.shuffle(mixed)
    policy = POLICIES[name]
    assert policy.allocate(inventory, mixed, price_rule=rule) == policy.allocate(
        inventory, crowd, price_rule=rule
    )


@on_every_policy
@given(inventories, crowds)
def test_positions_closed_are_at_most_the_inventory_and_on_its_other_side(
    name, rule, inventory, crowd
):
    books = POLICIES[name].allocate(inventory, crowd, price_rule=rule)
    held = {candidate.account: candidate for candidate in eligible(inventory, crowd)}
    for closure in books.closures:
        assert closure.lots * inventory.lots < 0
        assert 0 < abs(closure.lots) <= abs(held[closure.account].lots)
        assert still_valid(closure, held[closure.account], inventory, books.price)
    assert books.left_lots == inventory.lots + sum(closure.lots for closure in books.closures)
    assert books.left_lots * inventory.lots >= 0
    assert books.closed_lots + abs(books.left_lots) == abs(inventory.lots)


@on_every_policy
@given(inventories, crowds)
def test_a_haircut_is_net_value_before_less_after_and_leaves_everybody_solvent(
    name, rule, inventory, crowd
):
    books = POLICIES[name].allocate(inventory, crowd, price_rule=rule)
    held = {candidate.account: candidate for candidate in eligible(inventory, crowd)}
    for closure in books.closures:
        assert closure.haircut_quanta == haircut_at(closure.lots, inventory.mark, books.price)
    assert all(haircut.quanta > 0 for haircut in books.haircuts)
    for account, lost in books.losses().items():  # nobody else is named
        assert lost <= held[account].net_quanta


@on_every_policy
@given(inventories, crowds)
def test_the_deficit_is_paid_or_told_and_gains_that_are_enough_pay_it(name, rule, inventory, crowd):
    books = POLICIES[name].allocate(inventory, crowd, price_rule=rule)
    assert books.uncovered_quanta == max(0, inventory.deficit_quanta - books.haircut_quanta)
    gains = sum(candidate.capacity_quanta for candidate in eligible(inventory, crowd))
    if gains >= inventory.deficit_quanta:
        assert books.uncovered_quanta == 0


@given(inventories, crowds)
def test_the_least_haircut_overshoots_by_nothing_and_takes_net_gains_alone(inventory, crowd):
    books = POLICIES["least-haircut"].allocate(inventory, crowd)
    assert books.haircut_quanta + books.uncovered_quanta == inventory.deficit_quanta
    held = {candidate.account: candidate for candidate in eligible(inventory, crowd)}
    gains = sum(candidate.capacity_quanta for candidate in held.values())
    for account, lost in books.losses().items():
        own = held[account].capacity_quanta
        assert 0 <= lost <= own
        if own:
            share = Fraction(min(inventory.deficit_quanta, gains) * own, gains)
            assert abs(lost - share) < 1


@pytest.mark.parametrize("name", ["queue", "pro-rata"])
@given(inventories, crowds)
def test_at_bankruptcy_more_than_the_deficit_is_rounding_alone(name, inventory, crowd):
    books = POLICIES[name].allocate(inventory, crowd, price_rule=PriceRule.BANKRUPTCY)
    assert books.haircut_quanta <= inventory.deficit_quanta + len(books.closures)


def plain(candidate):
    account, lots, quote, net, gain = candidate
    return {"account": account, "lots": lots, "quote": quote, "net": net, "gain": gain}


@on_every_policy
@given(inventories, crowds)
def test_a_policy_agrees_with_its_slow_reference(name, rule, inventory, crowd):
    people, mark = [plain(candidate) for candidate in crowd], Fraction(*inventory.mark)
    lots, deficit = inventory.lots, inventory.deficit_quanta
    price = {
        PriceRule.MARK: mark,
        PriceRule.BANKRUPTCY: reference.bankruptcy(lots, mark, deficit),
        PriceRule.PREVIOUS_MARK: Fraction(*inventory.previous_mark),
    }[rule]
    books = POLICIES[name].allocate(inventory, crowd, price_rule=rule)
    closed = {closure.account: closure.lots for closure in books.closures}
    lost = {closure.account: closure.haircut_quanta for closure in books.closures}
    shared = dict(books.haircuts)
    assert Fraction(*books.price) == price
    if name == "queue":
        assert (closed, lost, shared) == reference.queue(lots, mark, price, deficit, people)
    elif name == "pro-rata":
        assert (closed, lost, shared) == reference.pro_rata(lots, mark, price, deficit, people)
    elif name == "least-haircut":  # of others there is no reference here
        assert (closed, shared) == reference.least_haircut(lots, mark, deficit, people)


@given(inventories, crowds)
def test_the_queue_that_is_published_is_the_one_that_is_used(inventory, crowd):
    rows = published_queue(inventory, crowd)
    exposed = [row.account for row in rows if row.exposed]
    closures = POLICIES["queue"].allocate(inventory, crowd).closures
    used = [closure.account for closure in closures]
    assert [account for account in exposed if account in used] == used
    assert all(exposed[closure.place - 1] == closure.account for closure in closures)
    assert [row.place for row in rows] == list(range(1, len(rows) + 1))
    assert sorted((row.lights for row in rows), reverse=True) == [row.lights for row in rows]


class Book:
    """A perpetual that was only ever traded among its accounts, with nothing withdrawn."""

    def __init__(self, mark, cash, trades):
        self.mark = mark
        self.cash = dict(enumerate(cash))
        self.lots = dict.fromkeys(self.cash, 0)
        self.quote = dict.fromkeys(self.cash, 0)
        for buyer, seller, lots, price in trades:
            if max(buyer, seller) < len(cash):
                self.move(buyer, lots, -lots * price)
                self.move(seller, -lots, lots * price)

    def move(self, account, lots, quote):
        """Trade, or with no lots, pay."""
        self.lots[account] += lots
        self.quote[account] += quote

    def gain(self, account):
        """Return an unrealised profit at the mark."""
        return self.lots[account] * self.mark + self.quote[account]

    def net(self, account):
        """Return a net value at the mark."""
        return self.cash[account] + self.gain(account)

    def bankrupt(self):
        """Return who owes more than it has."""
        return [account for account in self.cash if self.net(account) < 0]

    def candidates(self):
        """Return everybody as a policy sees them."""
        return [
            Candidate(a, self.lots[a], self.quote[a], self.net(a), self.gain(a)) for a in self.cash
        ]


books_of_trades = st.builds(
    Book,
    st.integers(1, 40),
    st.lists(st.integers(0, 60), min_size=3, max_size=7),
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 6), sizes, st.integers(1, 40)), max_size=12
    ),
)


@pytest.mark.parametrize(
    ("name", "rule"), [case for case in CASES if case[1] is not PriceRule.PREVIOUS_MARK]
)
@given(books_of_trades)
def test_in_a_zero_sum_book_those_without_a_gain_lose_nothing(name, rule, book):
    for broke in book.bankrupt():
        before = {account: book.net(account) for account in book.cash}
        gains = {account: max(0, book.gain(account)) for account in book.cash}
        if book.net(broke) >= 0:
            continue
        missing, paid = -book.net(broke), {}
        if book.lots[broke]:
            stated = Inventory(
                instrument="P",
                lots=book.lots[broke],
                mark=LotPrice(book.mark),
                deficit_quanta=missing,
            )
            others = [c for c in book.candidates() if c.account != broke]
            answer = POLICIES[name].allocate(stated, others, price_rule=rule)
            for account, lots, lost, _ in answer.closures:
                book.move(account, -lots, lots * book.mark - lost)
                book.move(broke, lots, lost - lots * book.mark)
            for account, lost in answer.haircuts:
                book.move(account, 0, -lost)
                book.move(broke, 0, lost)
            missing, paid = answer.uncovered_quanta, answer.losses()
            if sum(c.capacity_quanta for c in eligible(stated, others)) >= stated.deficit_quanta:
                assert missing == 0
        # Winners on its own side, and those whose gain is closed: all gains are as much as losses.
        records, left = socialise(
            missing, by_gains([(a, book.gain(a)) for a in book.cash if a != broke])
        )
        assert left == 0
        for record in records:
            book.move(record.account, 0, -record.quanta)
            book.move(broke, 0, record.quanta)
            paid[record.account] = paid.get(record.account, 0) + record.quanta
        assert book.net(broke) >= 0
        assert sum(book.lots.values()) == sum(book.quote.values()) == 0
        assert sum(book.net(a) for a in book.cash) == sum(before.values())
        for account in before.keys() - {broke}:
            assert book.net(account) == before[account] - paid.get(account, 0)
            if not gains[account]:
                assert book.net(account) == before[account]
            if name == "least-haircut":
                assert paid.get(account, 0) <= gains[account]  # principal is untouched
    assert not book.bankrupt()
