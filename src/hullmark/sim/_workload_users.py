"""The users of the simulated venue, its market makers, and what all of them ask for."""

from random import Random

from hullmark.clearing import State
from hullmark.domain import (
    Future,
    Instrument,
    Mode,
    Option,
    Perpetual,
    Spot,
    SystemAccount,
    commands,
    pack_column,
)
from hullmark.runtime import Venue
from hullmark.sim._workload_market import SimulatedMarket

MAKER, BOOK = 100, 101  # funded beyond ruin: one for what is tiered, one for options
CROSS = range(102, 118)
PORTFOLIOS = range(118, 124)
CHILDREN = range(124, 130)  # each of the cross account that many places after the first
ORDERS = 60  # numbers of resting orders
DOLLAR, UNITS = 10**6, {"USDT": 10**6, "BTC": 10**6, "ETH": 10**7, "USDX": 10**6, "GOLD": 20}

_STAKES_USD = (20, 50, 100, 200, 400, 800, 1_200, 1_600)
_ALL = (Mode.CROSS, Mode.PORTFOLIO, Mode.ISOLATED)
_CARRIES = {
    Spot: (Mode.CROSS, Mode.PORTFOLIO),
    Perpetual: _ALL,
    Future: _ALL,
    Option: (Mode.PORTFOLIO,),
}


def parent_of(child: int) -> int:
    """Return whose money a child is funded with."""
    return CROSS[child - CHILDREN[0]]


def opening(account: int) -> commands.OpenAccount:
    """Return the command that opens an account of the cast."""
    if account in CHILDREN:
        return commands.OpenAccount(account=account, mode=Mode.ISOLATED, parent=parent_of(account))
    is_portfolio = account in PORTFOLIOS or account == BOOK
    return commands.OpenAccount(
        account=account, mode=Mode.PORTFOLIO if is_portfolio else Mode.CROSS
    )


class SimulatedUsers:
    """What accounts ask for; most of it can be granted, much of it is refused.

    Parameters
    ----------
    chance : Random
        Everything is drawn from it.
    market : SimulatedMarket
        What can be traded, and at which prices.
    """

    def __init__(self, chance: Random, market: SimulatedMarket) -> None:
        self._chance = chance
        self._market = market
        self._users: list[int] = []

    def anyone(self, state: State) -> int:
        """Return an account that is open, makers left out."""
        if len(self._users) != len(state.modes) - 2:
            self._users = [a for a in state.modes if a not in (MAKER, BOOK)]
        return self._chance.choice(self._users)

    def trade(self, venue: Venue) -> commands.ReportTrade:
        """Return a trade with a maker, or of any two; often one that closes what is held."""
        state, chance = venue.state, self._chance
        one = self.anyone(state)
        held = state.ledger.positions(one)
        if held and chance.random() < 0.4:
            number, position = chance.choice(held)
            instrument = state.ledger.instruments[number]
            share = chance.choice((1, 1, 2, 3))
            lots = -(position.lots // share) or -position.lots
        else:
            instrument = self._wanted(state, one)
            lots = self._market.lots_for(instrument, chance.choice(_STAKES_USD))
            lots = lots if chance.random() < 0.5 else -lots
        other = BOOK if isinstance(instrument, Option) else MAKER
        if chance.random() < 0.08:
            other = self.anyone(state)
        buyer, seller = (one, other) if lots > 0 else (other, one)
        return commands.ReportTrade(
            instrument=instrument.symbol,
            buyer=buyer,
            seller=seller,
            lots=abs(lots),
            price_nano=self._market.near_nano(instrument),
            buyer_fee_quanta=chance.randrange(4),
            seller_fee_quanta=chance.randrange(4),
        )

    def matching_round(self, venue: Venue) -> commands.ReportTrades:
        """Return several such trades in one command; what one cannot carry, none is."""
        trades = [self.trade(venue) for _ in range(self._chance.randrange(1, 7))]
        symbols = tuple(dict.fromkeys(trade.instrument for trade in trades))
        return commands.ReportTrades(
            symbols=symbols,
            instrument=pack_column(symbols.index(trade.instrument) for trade in trades),
            buyer=pack_column(trade.buyer for trade in trades),
            seller=pack_column(trade.seller for trade in trades),
            lots=pack_column(trade.lots for trade in trades),
            price_nano=pack_column(trade.price_nano for trade in trades),
            buyer_fee_quanta=pack_column(trade.buyer_fee_quanta for trade in trades),
            seller_fee_quanta=pack_column(trade.seller_fee_quanta for trade in trades),
        )

    def fill(self, venue: Venue) -> commands.ReportFill:
        """Return an answer to an order at work: all, a part, nothing, or what is not allowed."""
        state, chance = venue.state, self._chance
        order = chance.choice(list(state.working.values()))
        left = state.unfilled[order.order]
        lots, worse, odd = left, 0, chance.random()
        if odd < 0.05:
            lots = chance.choice((left * 2, -left, 0))
        elif odd < 0.25:
            lots = left // chance.choice((2, 3))
        elif odd < 0.30:
            worse = 5 * 10**8 if left > 0 else -5 * 10**8
        option = isinstance(_terms(state, order.instrument), Option)
        counterparty = BOOK if option else MAKER
        if chance.random() < 0.05:
            counterparty = self.anyone(state)
        spread = order.limit_nano // 1_000 * chance.randrange(15)
        better = spread if left < 0 else -spread
        return commands.ReportFill(
            order=order.order,
            counterparty=counterparty,
            lots=lots,
            price_nano=max(order.limit_nano + (worse or better), 1),
            arrival_nano=max(order.limit_nano + better + spread // 2, 1),
            final=chance.random() < 0.8,
        )

    def deposit(self, venue: Venue) -> commands.Deposit | commands.Transfer:
        """Return money for whoever of three has least, or for the fund; a child's comes from home.

        So whoever was wiped out comes back.
        """
        state, chance = venue.state, self._chance
        if chance.random() < 0.06:
            quanta = chance.randrange(1, 40) * DOLLAR
            return commands.Deposit(account=SystemAccount.FUND, asset="USDT", quanta=quanta)
        some = [self.anyone(state) for _ in range(3)]
        poorest = min(some, key=lambda account: state.ledger.cash(account, 0))
        quanta = chance.randrange(1, 150) * DOLLAR + chance.randrange(100)
        if poorest in state.parents and chance.random() < 0.9:
            home = state.parents[poorest]
            return commands.Transfer(source=home, target=poorest, asset="USDT", quanta=quanta)
        asset = chance.choice(("USDT", "USDT", "USDT", *UNITS))
        if asset != "USDT":
            quanta = chance.randrange(100) * UNITS[asset] + chance.randrange(100)
        return commands.Deposit(account=poorest, asset=asset, quanta=quanta)

    def withdraw(self, venue: Venue) -> commands.Withdraw:
        """Return a withdrawal of a share of the cash; now and then of all that can be, or more."""
        state, chance = venue.state, self._chance
        account = self.anyone(state)
        asset, cash = self._some_cash(state, account)
        quanta = max(cash * chance.randrange(1, 12) // 10, 1)
        if chance.random() < 0.1:
            quanta = venue.withdrawable(account, asset).quanta + chance.randrange(2)
        return commands.Withdraw(account=account, asset=asset, quanta=quanta)

    def transfer(self, venue: Venue) -> commands.Transfer:
        """Return a transfer between a parent and its child, or between any two."""
        state, chance = venue.state, self._chance
        source, target = self.anyone(state), self.anyone(state)
        if state.parents and chance.random() < 0.7:
            child, parent = chance.choice(list(state.parents.items()))
            source, target = (child, parent) if chance.random() < 0.5 else (parent, child)
        asset, cash = self._some_cash(state, source)
        quanta = max(cash * chance.randrange(1, 12) // 20, 1)
        return commands.Transfer(source=source, target=target, asset=asset, quanta=quanta)

    def rest(self, venue: Venue) -> commands.RestOrder:
        """Return an order near the market."""
        chance, account = self._chance, self.anyone(venue.state)
        instrument = self._wanted(venue.state, account)
        lots = self._market.lots_for(instrument, chance.choice(_STAKES_USD))
        return commands.RestOrder(
            order=chance.randrange(1, ORDERS),
            account=account,
            instrument=instrument.symbol,
            lots=lots if chance.random() < 0.5 else -lots,
            limit_nano=self._market.near_nano(instrument),
        )

    def cancel(self, venue: Venue) -> commands.CancelOrder:
        """Return a cancellation, mostly of an order that rests."""
        resting, chance = venue.state.resting, self._chance
        if resting and chance.random() < 0.8:
            return commands.CancelOrder(order=chance.choice(list(resting)))
        return commands.CancelOrder(order=chance.randrange(ORDERS * 2))

    # Mostly what the account's margin can carry.
    def _wanted(self, state: State, account: int) -> Instrument:
        for _ in range(3):
            instrument = self._chance.choice(self._market.open)
            if state.modes[account] in _CARRIES[type(instrument)]:
                break
        return instrument

    # Of an asset that the account has, if it has any.
    def _some_cash(self, state: State, account: int) -> tuple[str, int]:
        ledger = state.ledger
        first = self._chance.randrange(len(ledger.assets)) if self._chance.random() < 0.5 else 0
        for index in (first, 0):
            if ledger.cash(account, index) > 0:
                break
        return ledger.assets[index].symbol, ledger.cash(account, index)


def _terms(state: State, symbol: str) -> Instrument:
    return state.ledger.instruments[state.ledger.instrument_index[symbol]]
