"""What is asked of a simulated venue with a chain: bids, quotes, stakes, terms, halts."""

from collections.abc import Callable
from random import Random

from hullmark.core import NANO, SECOND_NS
from hullmark.domain import AuctionKind, Command, Future, Option, Spot, SystemAccount, commands
from hullmark.runtime import Venue
from hullmark.sim._workload_chain import POOLS
from hullmark.sim._workload_market import CENT_NANO, SimulatedMarket
from hullmark.sim._workload_users import DOLLAR, MAKER, SimulatedUsers

_SIGNED = (("Ann", "Bob"), ("Cleo", "Bob"))
_QUOTES = 40  # numbers of quotes
_PERMILLE = NANO // 1_000


class SimulatedStages:
    """What bidders, keepers, makers, members of pools and the operator ask for.

    Parameters
    ----------
    chance : Random
        Everything is drawn from it.
    market : SimulatedMarket
        What can be quoted, and at which prices contracts settle.
    users : SimulatedUsers
        Who can be meant.
    """

    def __init__(self, chance: Random, market: SimulatedMarket, users: SimulatedUsers) -> None:
        self._chance = chance
        self._market = market
        self._users = users

    def kinds(self) -> dict[Callable[[Venue], Command], float]:
        """Return what can be asked for, and how often."""
        return {
            self.soft_terms: 3,
            self.bid: 6,
            self.reset: 2,
            self.quote: 5,
            self.join: 3,
            self.leave: 3,
            self.breaker: 0.6,
            self.halt: 0.5,
            self.resume: 2,
            self.allocate: 1,
            self.repay: 1,
            self.delist: 0.2,
        }

    def soft_terms(self, venue: Venue) -> commands.SetSoftTerms:
        """Return terms for a soft liquidation, mostly with a saviour; or the end of them."""
        chance, account = self._chance, self._users.anyone(venue.state)
        if chance.random() < 0.2:
            return commands.SetSoftTerms(account=account, opted_in=False)
        if chance.random() < 0.3:
            return commands.SetSoftTerms(account=account, opted_in=True)
        saviour = MAKER if chance.random() < 0.5 else self._users.anyone(venue.state)
        most = chance.randrange(60) * DOLLAR
        return commands.SetSoftTerms(
            account=account, opted_in=True, saviour=saviour, asset="USDT", quanta_max=most
        )

    def bid(self, venue: Venue) -> commands.TakeAuction:
        """Return a bid on an auction that is open, mostly of the form that it asks for."""
        chance, number = self._chance, self._auction(venue)
        auction = venue.state.auctions.get(number)
        bidder = MAKER if chance.random() < 0.6 else self._users.anyone(venue.state)
        most = 10**15 if chance.random() < 0.9 else chance.randrange(-DOLLAR, DOLLAR)
        by_share = auction is None or auction.kind is AuctionKind.SHARE
        if chance.random() < 0.05:
            by_share = not by_share
        share_nano = NANO // chance.randrange(1, 12)
        quanta = max(auction.lot_quanta if auction else 1, 1) // chance.randrange(1, 6) or 1
        return commands.TakeAuction(
            auction=number,
            bidder=bidder,
            quanta=None if by_share else quanta,
            share_nano=share_nano if by_share else None,
            pay_quanta_max=most,
        )

    def reset(self, venue: Venue) -> commands.ResetAuction:
        """Return the reset of an auction, whether it is due or not."""
        keeper = self._users.anyone(venue.state)
        return commands.ResetAuction(auction=self._auction(venue), keeper=keeper)

    def quote(self, venue: Venue) -> commands.PostQuote:
        """Return a quote, for everybody or in answer to a request, mostly of the maker."""
        chance, state = self._chance, venue.state
        instrument = chance.choice(self._market.open)
        asked = list(state.requests)
        lots = self._market.lots_for(instrument, chance.choice((50, 200, 1_000)))
        return commands.PostQuote(
            quote=chance.randrange(1, _QUOTES),
            maker=MAKER if chance.random() < 0.7 else self._users.anyone(state),
            instrument=instrument.symbol,
            lots=lots if chance.random() < 0.5 else -lots,
            offset_nano=chance.randrange(40) * _PERMILLE,
            expires_ns=state.now_ns + chance.randrange(5, 200) * SECOND_NS,
            account=chance.choice(asked) if asked and chance.random() < 0.5 else None,
            loss_quanta_max=chance.randrange(1, 5) * DOLLAR if chance.random() < 0.3 else None,
        )

    def join(self, venue: Venue) -> commands.JoinPool:
        """Return a payment into a pool."""
        chance = self._chance
        account = MAKER if chance.random() < 0.4 else self._users.anyone(venue.state)
        quanta = chance.randrange(1, 100) * DOLLAR
        return commands.JoinPool(pool=self._pool(), account=account, quanta=quanta)

    def leave(self, venue: Venue) -> commands.LeavePool:
        """Return a notice to a pool, or what takes money out of it; mostly of a member."""
        chance, stakes = self._chance, list(venue.state.stakes)
        pool, account = self._pool(), self._users.anyone(venue.state)
        if stakes and chance.random() < 0.8:
            pool, account = chance.choice(stakes)
        quanta = chance.randrange(1, 60) * DOLLAR
        return commands.LeavePool(pool=pool, account=account, quanta=quanta)

    def breaker(self, venue: Venue) -> commands.SetBreaker:
        """Return a level, mostly none, for some seconds or for ever, mostly signed by two."""
        chance = self._chance
        level = chance.choice((0, 0, 0, 1, 2, 3))
        until_ns = venue.state.now_ns + chance.randrange(1, 30) * SECOND_NS
        return commands.SetBreaker(
            level=level,
            until_ns=until_ns if level and chance.random() < 0.8 else None,
            authorisers=chance.choice(_SIGNED) if chance.random() < 0.9 else None,
        )

    def halt(self, venue: Venue) -> commands.HaltInstrument:
        """Return a halt; of a future now and then one for ever."""
        instrument = self._chance.choice(self._market.open)
        delisting = isinstance(instrument, Future) and self._chance.random() < 0.3
        return commands.HaltInstrument(instrument=instrument.symbol, delisting=delisting)

    def resume(self, venue: Venue) -> commands.ResumeInstrument:
        """Return the end of a halt, mostly of one that is there."""
        chance, halted = self._chance, list(venue.state.halted)
        if halted and chance.random() < 0.9:
            return commands.ResumeInstrument(instrument=chance.choice(halted))
        return commands.ResumeInstrument(instrument=chance.choice(self._market.open).symbol)

    def delist(self, venue: Venue) -> Command:
        """Return the settlement of what is being delisted, or the halt before one."""
        for symbol, halt in venue.state.halted.items():
            if halt.delisting and symbol not in venue.state.expired:
                price_nano = self._market.cents["BTC"] * CENT_NANO
                return commands.SettleExpiry(instrument=symbol, price_nano=price_nano)
        dated = [i for i in self._market.open if not isinstance(i, Spot | Option)]
        symbol = dated[-1].symbol
        # A perpetual is left alone: a history without one would soon meet nothing any more.
        delisting = isinstance(dated[-1], Future)
        return commands.HaltInstrument(instrument=symbol, delisting=delisting)

    def allocate(self, venue: Venue) -> Command:
        """Return money for the fund, for one market of it, or back from there."""
        chance = self._chance
        if chance.random() < 0.3:
            quanta = chance.randrange(1, 30) * DOLLAR
            return commands.Deposit(account=SystemAccount.FUND, asset="USDT", quanta=quanta)
        instrument = chance.choice(self._market.open)
        quanta = chance.randrange(-10, 30) * DOLLAR // 2
        return commands.AllocateFund(instrument=instrument.symbol, asset="USDT", quanta=quanta)

    def repay(self, venue: Venue) -> commands.RepayLosses:
        """Return what pays recorded losses back: some, all that can be, or more than that."""
        losses, ledger = venue.state.losses.items(), venue.state.ledger
        asset = self._chance.choice([of for (_, of), _ in losses] or ["USDT"])
        lost = sum(quanta for (_, of), quanta in losses if of == asset)
        free = max(ledger.cash(SystemAccount.FUND, ledger.asset_index[asset]), 0)
        quanta = max(min(lost, free) * self._chance.randrange(1, 6) // 4, 1)
        return commands.RepayLosses(asset=asset, quanta=quanta)

    def _auction(self, venue: Venue) -> int:
        numbers, last = list(venue.state.auctions), venue.state.auction_last
        if numbers and self._chance.random() < 0.95:
            return self._chance.choice(numbers)
        return last + self._chance.randrange(2)

    def _pool(self) -> str:
        return self._chance.choice((*POOLS, *POOLS, *POOLS, "nowhere"))
