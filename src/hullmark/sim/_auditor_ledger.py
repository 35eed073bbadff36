"""The ledger as the auditor keeps it: dicts of whole numbers.

Sources: ``docs/concepts/ledger.md`` and the docstrings of the events. Every posting has two sides,
in one method; what an account has touched is told to whoever compares.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import NamedTuple

from hullmark.sim._auditor_terms import InstrumentTerms

MICRO = 10**6  # funding is counted in millionths of a quantum
CUSTODY, FUND, FEES, FUNDING, INTEREST, SETTLEMENT, BAD_DEBT = range(1, 8)
FIRST_ACCOUNT = 100


def ceiling(numerator: int, denominator: int) -> int:
    """Return a quotient, rounded up."""
    return -(-numerator // denominator)


@dataclass(slots=True)
class Position:
    """Lots, their quote, and the funding index at which they last settled."""

    lots: int = 0
    quote: int = 0
    index_micro: int = 0


class Holding(NamedTuple):
    """What an account had, and what trying something with it touches."""

    account: int
    cash: dict[str, int]
    positions: dict[str, Position]
    funding: dict[str, int]
    touched: set[int]


class AuditorLedger:
    """Who has what. ``touched`` gathers the accounts that changed, until somebody empties it."""

    def __init__(self) -> None:
        self.cash: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self.positions: dict[int, dict[str, Position]] = defaultdict(dict)
        self.index_micro: dict[str, int] = defaultdict(int)
        self.touched: set[int] = set()
        self._restated: set[int] = set()

    def take_restated(self) -> set[int]:
        """Return the accounts that changed since this was last asked."""
        if self._restated:
            found, self._restated = self._restated, set()
            return found
        return self._restated

    def holding(self, account: int) -> "Holding":
        """Return what an account has, so that it can be put back."""
        held = {symbol: replace(position) for symbol, position in self.positions[account].items()}
        funding = dict(self.cash[FUNDING])
        return Holding(account, dict(self.cash[account]), held, funding, set(self.touched))

    def put_back(self, holding: "Holding") -> None:
        """Undo what was tried between an account and nobody, whose number is 0."""
        account = holding.account
        for number, cash in ((account, holding.cash), (FUNDING, holding.funding)):
            self.cash[number] = defaultdict(int, cash)
        self.positions[account] = holding.positions
        self.cash.pop(0, None)
        self.positions.pop(0, None)
        self._restated.add(account)
        self.touched = holding.touched

    def realise(self, account: int, symbol: str, asset: str, quanta: int) -> None:
        """Turn a part of a position's gain into cash of its account."""
        self.positions[account][symbol].quote -= quanta
        self.cash[account][asset] += quanta
        self._touch(account, account)

    def move(self, source: int, target: int, asset: str, quanta: int) -> None:
        """Move cash between two accounts; below zero it moves back."""
        self.cash[source][asset] -= quanta
        self.cash[target][asset] += quanta
        self._touch(source, target)

    def owed_micro(self, account: int, symbol: str) -> int:
        """Return the funding that a position owes, in millionths of a quantum."""
        position = self.positions[account][symbol]
        return position.lots * (self.index_micro[symbol] - position.index_micro)

    def due(self, account: int, symbol: str) -> int:
        """Return what settling takes: rounded up if the position pays, down if it receives."""
        return ceiling(self.owed_micro(account, symbol), MICRO)

    def settle_funding(self, account: int, terms: InstrumentTerms) -> None:
        """Pay what a position owes since it was last touched."""
        position = self.positions[account].get(terms.symbol)
        if position is None:
            return
        if owed := self.due(account, terms.symbol):
            self.move(account, FUNDING, terms.settlement, owed)
        position.index_micro = self.index_micro[terms.symbol]
        self._touch(account)

    def settle_all_funding(self, account: int, instruments: dict[str, InstrumentTerms]) -> None:
        """Pay what all positions of an account owe."""
        for symbol in self.positions[account]:
            self.settle_funding(account, instruments[symbol])

    def exchange(
        self, terms: InstrumentTerms, buyer: int, seller: int, lots: int, cost: int, quanta: int
    ) -> None:
        """Carry out a fill.

        *cost* is what the buyer's quote falls by, or its cash for options and spot; *quanta* is
        what a spot's lots are in quanta of the underlying.
        """
        if terms.kind == "spot":
            self.move(buyer, seller, terms.settlement, cost)
            self.move(seller, buyer, terms.underlying, quanta)
            return
        if terms.carries_quote:
            self._fill(terms, buyer, lots, -cost)
            self._fill(terms, seller, -lots, cost)
            return
        self.move(buyer, seller, terms.settlement, cost)
        for account, change in ((buyer, lots), (seller, -lots)):
            self._keep(account, terms.symbol, self._held(account, terms.symbol).lots + change, 0)

    def expire(self, terms: InstrumentTerms, value: tuple[int, int]) -> None:
        """Close every position at the value of one lot, in settlement quanta: a fraction."""
        numerator, denominator = value
        for account in list(self.positions):
            if terms.symbol not in self.positions[account]:
                continue
            self.settle_funding(account, terms)
            position = self.positions[account].pop(terms.symbol)
            payoff = position.lots * numerator // denominator
            self.move(SETTLEMENT, account, terms.settlement, payoff)
            self.cash[account][terms.settlement] += position.quote

    def charge(self, asset: str, rate_nano: int, nano: int) -> None:
        """Charge interest on every user's negative balance, rounded up."""
        for account in [a for a in self.cash if a >= FIRST_ACCOUNT]:
            owed = -self.cash[account][asset]
            if owed > 0:
                self.move(account, INTEREST, asset, ceiling(owed * rate_nano, nano))

    def sums(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return cash and quote per settlement asset, and lots per instrument, of all accounts."""
        cash: dict[str, int] = defaultdict(int)
        for held in self.cash.values():
            for asset, quanta in held.items():
                cash[asset] += quanta
        lots: dict[str, int] = defaultdict(int)
        for positions in self.positions.values():
            for symbol, position in positions.items():
                lots[symbol] += position.lots
        return cash, lots

    def quotes(self) -> dict[str, int]:
        """Return the sum of quotes per instrument."""
        found: dict[str, int] = defaultdict(int)
        for positions in self.positions.values():
            for symbol, position in positions.items():
                found[symbol] += position.quote
        return found

    def _touch(self, *accounts: int) -> None:
        self.touched.update(accounts)
        self._restated.update(accounts)

    def _held(self, account: int, symbol: str) -> Position:
        return self.positions[account].get(symbol) or Position()

    # One side of a fill: what is open keeps its quote, rounded up, and the rest becomes cash.
    def _fill(self, terms: InstrumentTerms, account: int, lots: int, quote: int) -> None:
        self.settle_funding(account, terms)
        held = self._held(account, terms.symbol)
        after = held.lots + lots
        whole = held.quote + quote
        if held.lots * lots >= 0:  # opened or enlarged
            kept = whole
        elif after * held.lots >= 0:  # reduced: the average cost of what remains
            kept = ceiling(held.quote * after, held.lots)
        else:  # turned over: the cost of what is open now, at this price
            kept = ceiling(quote * after, lots)
        self.cash[account][terms.settlement] += whole - kept
        self._keep(account, terms.symbol, after, kept)

    def _keep(self, account: int, symbol: str, lots: int, quote: int) -> None:
        self._touch(account)
        if lots == 0:
            self.positions[account].pop(symbol, None)
            return
        self.positions[account][symbol] = Position(lots, quote, self.index_micro[symbol])
