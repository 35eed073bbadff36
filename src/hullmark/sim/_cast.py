"""The cast of a chain: keepers, makers and members of pools, and what each of them does.

Nobody here learns, and nobody sees more than the venue tells everybody: a keeper bids when the
price of an auction has fallen far enough for what it is worth at the marks, a maker keeps firm
quotes on both sides of every market, and members have paid in before the window opens. All hold
what they have bought to the end of the window. Everything follows from the plan and the seed.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from hullmark.clearing import Rules, share_offer
from hullmark.core import NANO, SECOND_NS, Asset, mul_div_ceil
from hullmark.domain import AuctionKind, Command, Mode, commands
from hullmark.runtime import Venue
from hullmark.sim._chain_plan import CastTerms, Keepers, Makers
from hullmark.sim._population import Population

KEEPER_FIRST = 10_000_000  # of the accounts of the cast: far above those of a drawn book
MAKER_FIRST = 10_001_000
MEMBER_FIRST = 10_002_000
_POOL_STEP = 1_000  # account numbers for the members of one pool
_SPARE_NANO = 950_000_000  # of what a keeper can margin, that one bid may take
_SHARE_MIN_NANO = 10_000_000  # of an account, under which a keeper does not bid


class Offer(NamedTuple):
    """What everybody can see of an open auction of a share."""

    auction: int
    price_quanta: int  # for the whole account; below 0: the bidder is paid
    net_quanta: int  # what the whole account is worth at the marks
    largest_nano: int
    notional_usd: float
    initial_usd: float  # initial margin of the whole account


def bid_on(
    offer: Offer, *, keeper: int, spare_usd: float, margin: float, quanta_per_usd: int
) -> commands.TakeAuction | None:
    """Return what a keeper bids, or nothing.

    It bids as soon as what it gains at the marks is *margin* of the notional, for as much as its
    spare initial margin carries.
    """
    gain_usd = (offer.net_quanta - offer.price_quanta) / quanta_per_usd
    if gain_usd < margin * offer.notional_usd:
        return None
    needed_usd = max(offer.initial_usd - gain_usd, 0.0)
    share = min(spare_usd / needed_usd, 1.0) if needed_usd > 0 else 1.0
    share_nano = NANO if share >= 1.0 else int(share * _SPARE_NANO)
    share_nano = min(share_nano, offer.largest_nano)
    if share_nano < min(_SHARE_MIN_NANO, offer.largest_nano) or share_nano <= 0:
        return None
    return commands.TakeAuction(
        auction=offer.auction,
        bidder=keeper,
        share_nano=share_nano,
        pay_quanta_max=mul_div_ceil(offer.price_quanta, share_nano, NANO),
    )


def prelude(
    cast: CastTerms, rules: Rules, population: Population, *, asset: Asset, seed: int, first: int
) -> Iterator[Command]:
    """Yield what brings the cast to a venue whose book stands already: rules, accounts, stakes.

    *first* is the account number of the population's first.
    """
    unit, symbol = asset.quanta_per_unit, asset.symbol
    yield commands.AdoptRules(rules=rules.text)
    for pool in rules.pools.values():
        yield commands.OpenAccount(account=pool.account, mode=Mode.CROSS)
    for begin, group in ((KEEPER_FIRST, cast.keepers), (MAKER_FIRST, cast.makers)):
        if group is not None:
            yield from _opened(begin, group.count, symbol, group.capital_usd * unit)
    for place, members in enumerate(cast.members):
        begin, quanta = MEMBER_FIRST + place * _POOL_STEP, members.capital_usd * unit
        yield from _opened(begin, members.count, symbol, quanta)
        for account in range(begin, begin + members.count):
            yield commands.JoinPool(pool=members.pool, account=account, quanta=quanta)
    for account in _opted_in(cast, population, seed):
        yield commands.SetSoftTerms(account=first + account, opted_in=True)


def cast_accounts(cast: CastTerms, rules: Rules) -> dict[str, tuple[int, ...]]:
    """Return the accounts whose gains are the cast's: keepers, makers, and each pool's own."""
    found: dict[str, tuple[int, ...]] = {}
    for name, begin, group in (
        ("keepers", KEEPER_FIRST, cast.keepers),
        ("makers", MAKER_FIRST, cast.makers),
    ):
        if group is not None:
            found[name] = tuple(range(begin, begin + group.count))
    return found | {name: (pool.account,) for name, pool in rules.pools.items()}


class Agents:
    """The keepers and makers of one run, asked again and again what they do now."""

    def __init__(self, cast: CastTerms, *, asset: Asset) -> None:
        self._keepers, self._makers, self._asset = cast.keepers, cast.makers, asset
        self._quote_last = 0
        self._posted_ns: int | None = None

    def next_ns(self, venue: Venue, now_ns: int) -> int | None:
        """Return when they look again; ``None``: there is nothing to look at."""
        state, due = venue.state, []
        if self._keepers is not None and state.auctions:
            due.append(now_ns + self._keepers.reaction_s * SECOND_NS)
        due += [asked.until_ns for asked in state.requests.values()]
        if self._makers is not None:
            posted_ns, hold_ns = self._posted_ns, self._makers.hold_s * SECOND_NS
            due.append(now_ns if posted_ns is None else posted_ns + hold_ns)
        return max(min(due), now_ns) if due else None

    def act(self, venue: Venue, now_ns: int) -> Sequence[Command]:
        """Return what they do now, in the order in which they do it."""
        state = venue.state
        told: list[Command] = []
        if state.auctions or state.requests:
            told.append(commands.AdvanceTime())
        if self._makers is not None and self._stale(now_ns, self._makers):
            self._posted_ns = now_ns
            told.extend(self._quotes(venue, self._makers, now_ns))
        if self._keepers is not None and state.auctions:
            told.extend(_bids(venue, self._keepers, self._asset))
        return told

    def _stale(self, now_ns: int, makers: Makers) -> bool:
        posted_ns = self._posted_ns
        return posted_ns is None or now_ns >= posted_ns + makers.hold_s * SECOND_NS

    def _quotes(self, venue: Venue, makers: Makers, now_ns: int) -> Iterator[commands.PostQuote]:
        offset_nano, share = int(makers.offset * NANO), float(makers.depth_share)
        depths = venue.state.in_force.liquidation.depth_usd
        sizes = {s: max(int(usd * share / _lot_usd(venue, s)), 1) for s, usd in depths.items()}
        for account in range(MAKER_FIRST, MAKER_FIRST + makers.count):
            for symbol, lots in sizes.items():
                for side in (1, -1):
                    self._quote_last += 1
                    yield commands.PostQuote(
                        quote=self._quote_last,
                        maker=account,
                        instrument=symbol,
                        lots=side * lots,
                        offset_nano=offset_nano,
                        expires_ns=now_ns + makers.hold_s * SECOND_NS,
                    )


def _lot_usd(venue: Venue, symbol: str) -> float:
    ledger = venue.state.ledger
    number = ledger.instrument_index[symbol]
    mark_nano = venue.views.mark_nano(number)
    return ledger.instruments[number].lot_nano / NANO * mark_nano / NANO


def _bids(venue: Venue, keepers: Keepers, asset: Asset) -> Iterator[commands.TakeAuction]:
    margin, unit = float(keepers.margin), asset.quanta_per_unit
    spare = {
        account: venue.health(account).spare_initial
        for account in range(KEEPER_FIRST, KEEPER_FIRST + keepers.count)
    }
    for offer in _offers(venue):
        # The richest first: each takes what it can carry, and the next look sees what is left.
        keeper = max(spare, key=lambda account: (spare[account], -account))
        bid = bid_on(
            offer, keeper=keeper, spare_usd=spare[keeper], margin=margin, quanta_per_usd=unit
        )
        if bid is not None:
            assert bid.share_nano is not None, "an auction of a share is bid for by shares"
            spare[keeper] -= offer.initial_usd * bid.share_nano / NANO
            yield bid


def _offers(venue: Venue) -> Iterator[Offer]:
    state, views = venue.state, venue.views
    for number, auction in sorted(state.auctions.items()):
        if auction.kind is not AuctionKind.SHARE:
            continue
        seen, health = share_offer(state, views, auction), views.health(auction.account)
        yield Offer(
            auction=number,
            price_quanta=seen.price_quanta,
            net_quanta=seen.net_quanta,
            largest_nano=seen.largest_nano,
            notional_usd=health.gross_notional,
            initial_usd=health.initial,
        )


def _opened(begin: int, count: int, symbol: str, quanta: int) -> Iterator[Command]:
    for account in range(begin, begin + count):
        yield commands.OpenAccount(account=account, mode=Mode.CROSS)
        yield commands.Deposit(account=account, asset=symbol, quanta=quanta)


def _opted_in(cast: CastTerms, population: Population, seed: int) -> list[int]:
    accounts = population.start.size - 1
    count = round(accounts * float(cast.opted_in))
    rng = np.random.default_rng((seed, accounts))
    return sorted(rng.permutation(accounts)[:count].tolist())
