"""The ledger, slowly and obviously: dictionaries of whole quanta, and fractions in between.

Nothing of the package is used. An instrument is a dictionary with ``kind``, ``underlying``,
``settlement``, ``lot`` and, where its kind has them, ``inverse``, ``strike`` and ``call``; sizes,
prices and rates are fractions.
"""

import math
from collections import Counter
from fractions import Fraction

CUSTODY, FUNDING, INTEREST, SETTLEMENT = 1, 4, 5, 6
FIRST_USER = 100


class ReferenceLedger:
    """What every account has, as a dictionary; nothing is stored that could be added up instead."""

    def __init__(self, decimals, instruments):
        self.decimals = decimals  # of each asset
        self.instruments = instruments  # by symbol
        self.payments = {symbol: [] for symbol in instruments}  # of funding, quanta per long lot
        self.accounts = []
        self.cash = Counter()  # (account, asset) -> quanta
        self.held = {}  # (account, symbol) -> (lots, quote, payments already settled)
        self.funding_settlements = Counter()  # by asset, of positions
        self.expiry_settlements = Counter()

    def open(self, account):
        """Open an account."""
        self.accounts.append(account)

    def cost(self, symbol, lots, price):
        """Return what the buyer pays, in quanta, rounded up."""
        return math.ceil(lots * self._lot_quanta(symbol, price))

    def move(self, source, target, asset, quanta):
        """Move cash."""
        self.cash[source, asset] -= quanta
        self.cash[target, asset] += quanta

    def trade(self, buyer, seller, symbol, lots, price):
        """Let one buy lots of the other."""
        terms, cost = self.instruments[symbol], self.cost(symbol, lots, price)
        if terms["kind"] == "spot":
            coins = lots * terms["lot"] * 10 ** self.decimals[terms["underlying"]]
            assert coins.denominator == 1
            self.move(seller, buyer, terms["underlying"], int(coins))
            self.move(buyer, seller, terms["settlement"], cost)
            return
        premium = cost if terms["kind"] == "option" else 0  # paid now; of a future nothing is
        self._fill(buyer, symbol, lots, cost - premium)
        self._fill(seller, symbol, -lots, premium - cost)
        self.move(buyer, seller, terms["settlement"], premium)

    def accrue(self, symbol, quanta_per_lot):
        """Let every long lot owe as much more."""
        self.payments[symbol].append(quanta_per_lot)

    def unsettled(self, account, symbol):
        """Return exactly what a position owes of funding."""
        lots, _, settled = self.held[account, symbol]
        return lots * sum(self.payments[symbol][settled:], Fraction())

    def settle_funding(self, account, symbol):
        """Pay what a position owes of funding, rounded up."""
        if (account, symbol) in self.held:
            asset = self.instruments[symbol]["settlement"]
            self.move(account, FUNDING, asset, math.ceil(self.unsettled(account, symbol)))
            self.funding_settlements[asset] += 1
            lots, quote, _ = self.held[account, symbol]
            self.held[account, symbol] = lots, quote, len(self.payments[symbol])

    def charge_interest(self, asset, rate):
        """Let every user in debt pay a share of the debt, rounded up."""
        for account in self.accounts:
            debt = -self.cash[account, asset]
            if account >= FIRST_USER and debt > 0:
                self.move(account, INTEREST, asset, math.ceil(debt * rate))

    def expire(self, symbol, price):
        """Close all positions at their payoff, rounded down."""
        asset = self.instruments[symbol]["settlement"]
        for account in self.accounts:
            if (account, symbol) in self.held:
                self.settle_funding(account, symbol)
                lots, quote, _ = self.held.pop((account, symbol))
                self.cash[account, asset] += quote
                payoff = math.floor(lots * self._payoff_quanta(symbol, price))
                self.move(SETTLEMENT, account, asset, payoff)
                self.expiry_settlements[asset] += 1

    def total(self, asset):
        """Return the cash and quotes of everyone in an asset."""
        quotes = [q for (_, s), (_, q, _) in self.held.items() if self._settles(s, asset)]
        return sum(v for (_, a), v in self.cash.items() if a == asset) + sum(quotes)

    def funding_residue(self, asset):
        """Return what the funding account would keep if every position settled exactly now."""
        due = [self.unsettled(*key) for key in self.held if self._settles(key[1], asset)]
        return self.cash[FUNDING, asset] + sum(due)

    def facts(self):
        """Return everything that is not zero, by table, account and key."""
        facts = {("cash", *key): (quanta,) for key, quanta in self.cash.items() if quanta}
        for (account, symbol), (lots, quote, settled) in self.held.items():
            paid = 10**6 * sum(self.payments[symbol][:settled])
            facts["position", account, symbol] = (lots, quote, paid)
        indices = {s: 10**6 * sum(payments) for s, payments in self.payments.items()}
        facts |= {("funding", 0, s): (index,) for s, index in indices.items() if index}
        return facts

    def _settles(self, symbol, asset):
        return self.instruments[symbol]["settlement"] == asset

    # The value of one lot in quanta of the settlement asset, at a price.
    def _lot_quanta(self, symbol, price):
        terms = self.instruments[symbol]
        quanta_per_unit = 10 ** self.decimals[terms["settlement"]]
        if terms["kind"] in ("perpetual", "future") and terms["inverse"]:
            return -terms["lot"] / price * quanta_per_unit  # dollars of notional, in coins
        return terms["lot"] * price * quanta_per_unit

    def _payoff_quanta(self, symbol, price):
        terms = self.instruments[symbol]
        if terms["kind"] != "option":
            return self._lot_quanta(symbol, price)
        gain = price - terms["strike"] if terms["call"] else terms["strike"] - price
        usd = terms["lot"] * max(gain, Fraction())
        return (usd / price if terms["inverse"] else usd) * 10 ** self.decimals[terms["settlement"]]

    def _fill(self, account, symbol, lots, cost):
        self.settle_funding(account, symbol)
        held, quote, _ = self.held.pop((account, symbol), (0, 0, 0))
        after = held + lots
        if held == 0 or (held > 0) == (lots > 0):
            exact = Fraction(quote - cost)  # nothing is closed, so nothing is realised
        elif abs(lots) <= abs(held):
            exact = Fraction(quote * after, held)  # what stays open keeps its average cost
        else:
            exact = Fraction(-cost * after, lots)  # what is open was bought by this fill
        kept = math.ceil(exact)
        self.cash[account, self.instruments[symbol]["settlement"]] += quote - cost - kept
        if after:
            self.held[account, symbol] = after, kept, len(self.payments[symbol])
