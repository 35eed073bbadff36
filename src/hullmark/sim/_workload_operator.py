"""What the operator of the simulated venue does: rules, listings, funding, interest, expiries."""

from random import Random

from hullmark.core import NANO, SECOND_NS
from hullmark.domain import Command, commands
from hullmark.runtime import Venue
from hullmark.sim._workload_market import CENT_NANO, SimulatedMarket
from hullmark.sim._workload_rules import LISTED_NS, list_anew, spoil, to_text, vary
from hullmark.sim._workload_users import CHILDREN, CROSS, PORTFOLIOS, SimulatedUsers, opening

_CAST = (*CROSS, *PORTFOLIOS, *CHILDREN)
_PERPETUALS = ("BTC-PERP", "ETH-PERP", "BTC-INVERSE")


class SimulatedOperator:
    """What the venue's own people ask for, on schedule and off it.

    Parameters
    ----------
    chance : Random
        Everything is drawn from it.
    market : SimulatedMarket
        What is listed, and the prices at which contracts settle.
    users : SimulatedUsers
        Who can be meant.
    """

    def __init__(self, chance: Random, market: SimulatedMarket, users: SimulatedUsers) -> None:
        self._chance = chance
        self._market = market
        self._users = users

    def due(self, venue: Venue, now_ns: int) -> Command | None:
        """Return what is due, not always at once: settlements of what has expired, then listings.

        Rules that wait for their instant can stand in the way of a listing, so that it comes later.
        """
        nearest = self._market.nearest
        if now_ns < nearest.expiry_ns <= now_ns + LISTED_NS or self._chance.random() < 0.8:
            return None
        if nearest.expiry_ns <= now_ns:
            price_nano = self._market.cents[nearest.underlying] * CENT_NANO
            return commands.SettleExpiry(instrument=nearest.symbol, price_nano=price_nano)
        tree = list_anew(venue.rules, cents=self._market.cents["BTC"], now_ns=now_ns)
        return commands.AdoptRules(rules=to_text(tree))

    def rules(self, venue: Venue, now_ns: int) -> commands.AdoptRules:
        """Return other rules, at once or later; now and then rules that cannot be."""
        chance = self._chance
        if chance.random() < 0.2:
            return commands.AdoptRules(rules=spoil(venue.rules, chance))
        later_ns = now_ns + chance.randrange(-5, 60) * SECOND_NS
        effective_ns = later_ns if chance.random() < 0.6 else None
        text = to_text(vary(venue.rules, chance))
        return commands.AdoptRules(rules=text, effective_ns=effective_ns)

    def funding(self, venue: Venue) -> commands.AccrueFunding:
        """Return a funding payment, either way signed."""
        rate_nano = self._chance.randrange(-2_000_000, 2_000_001)
        return commands.AccrueFunding(
            instrument=self._chance.choice(_PERPETUALS), rate_nano=rate_nano
        )

    def interest(self, venue: Venue) -> commands.ChargeInterest:
        """Return a charge of up to a tenth of a per cent."""
        asset = self._chance.choice(("USDT", "BTC", "ETH"))
        return commands.ChargeInterest(
            asset=asset, rate_nano=self._chance.randrange(1, NANO // 999)
        )

    def expiry(self, venue: Venue) -> commands.SettleExpiry:
        """Return a settlement that is too early, too late, or of what does not expire."""
        instrument = self._chance.choice(venue.state.ledger.instruments)
        return commands.SettleExpiry(instrument=instrument.symbol, price_nano=10**11)

    def open(self, venue: Venue) -> commands.OpenAccount:
        """Return an account to open: one of the cast, whether it is there already or not."""
        closed = [account for account in _CAST if account not in venue.state.modes]
        again = not closed or self._chance.random() < 0.2
        return opening(self._chance.choice(_CAST if again else closed))

    def by_hand(self, venue: Venue) -> Command:
        """Return what nobody has to ask for, since it comes by itself."""
        cure = commands.CureBreach(account=self._users.anyone(venue.state))
        sweep = commands.SweepAccounts()
        match self._chance.randrange(6):
            case 0:
                return commands.ActivateRules()
            case 1:
                return sweep
            case _:
                return cure
