"""The laws of stages, pools and losses: what an event must be, at the facts before or after it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from hullmark.clearing import State, Views
from hullmark.domain import AuctionPhase, Stage, SystemAccount, events


class Followed(Protocol):
    """Facts and views that follow a journal."""

    state: State
    views: Views


def _socialised(laws: Followed, event: events.LossSocialised) -> Iterator[str]:
    state = laws.state
    asset, rules = state.ledger.asset_index[event.asset], state.in_force
    apart = {event.account}
    if rules.waterfall.backstop is not None:
        pool = rules.pools[rules.waterfall.backstop]
        apart |= {pool.account} if pool.asset == event.asset else set()
    cash = [state.ledger.cash(account, asset) for account in state.modes if account not in apart]
    held = [quanta for quanta in cash if quanta > 0] if not event.parts else []
    paid = event.quanta if not event.parts else sum(part.quanta for part in event.parts)
    if {part.payer for part in event.parts} & apart or paid != event.quanta:
        yield f"parts of a shared loss must add up, and be of others, was {event}"
    if sum(held) > event.base_quanta or event.quanta > event.base_quanta:
        yield f"base must be >= {sum(held)}, what users hold, and >= the loss, was {event}"


def _allocated(laws: Followed, event: events.FundAllocated) -> Iterator[str]:
    state, asset = laws.state, laws.state.ledger.asset_index[event.asset]
    parts = [kept for (_, of), kept in state.allocations.items() if of == event.asset]
    fund = state.ledger.cash(SystemAccount.FUND, asset)
    if min(parts, default=0) < 0 or sum(parts) > fund:
        yield f"parts must be >= 0 and add up to <= {fund}, what the fund has, was {parts}"


def _pooled(laws: Followed, event: events.PoolJoined | events.PoolLeft) -> Iterator[str]:
    pool, members = laws.state.pools[event.pool], laws.state.stakes.items()
    stakes = sum(pool.worth(member.stake) for (name, _), member in members if name == event.pool)
    if stakes > pool.cash:
        yield f"stakes in {event.pool} must add up to <= {pool.cash}, its worth, was {stakes}"


# What turns into the other phase was let in before, and keeps its room.
def _started(laws: Followed, event: events.AuctionStarted) -> Iterator[str]:
    state = laws.state
    place = state.in_force.liquidation.place_of(Stage.DUTCH_AUCTION)
    rules = None if place is None else state.in_force.liquidation.chain[place].auction
    if rules is None:
        yield f"auction {event.auction} must be of a stage of the chain"
        return
    every = state.auctions.values()
    open_nano = sum(auction.notional_nano for auction in every)
    alike = sum(auction.notional_nano for auction in every if auction.lot_asset == event.lot_asset)
    if event.phase is AuctionPhase.INSOLVENT:
        return
    if rules.limit_usd_nano is not None and open_nano > rules.limit_usd_nano:
        yield f"open auctions must be <= {rules.limit_usd_nano} nano-USD, was {open_nano}"
    if event.lot_asset and rules.market_usd_nano is not None and alike > rules.market_usd_nano:
        limit = f"<= {rules.market_usd_nano} nano-USD"
        yield f"auctions of {event.lot_asset} must be {limit}, was {alike}"


def _taken(laws: Followed, event: events.AuctionTaken) -> Iterator[str]:
    left = laws.state.auctions[event.auction]
    least = min(left.lot_quanta, left.debt_quanta, left.tab_quanta - left.debt_quanta)
    if min(least, left.notional_nano, event.penalty_quanta) < 0:
        yield f"what is left of auction {event.auction} must be >= 0, was {left}"


def _backed(laws: Followed, event: events.BackstopFilled) -> Iterator[str]:
    state, quote = laws.state, laws.state.quotes.get(event.quote)
    if quote is None or quote.maker != event.maker or quote.expires_ns <= state.now_ns:
        yield f"quote {event.quote} must stand, and be of {event.maker}, was {quote}"
    elif event.lots * quote.lots >= 0 or abs(event.lots) > abs(quote.lots):
        yield f"quote {event.quote} must be for the {quote.lots} lots it has, was {event.lots}"


def _deleveraged(laws: Followed, event: events.Deleveraged) -> Iterator[str]:
    ledger = laws.state.ledger
    number = ledger.instrument_index[event.instrument]
    held, other = (
        ledger.position(account, number).lots for account in (event.account, event.counterparty)
    )
    if event.lots * held >= 0 or abs(event.lots) > abs(held):
        yield f"account {event.account} must close within its {held} lots, was {event.lots}"
    if event.lots * other <= 0 or abs(event.lots) > abs(other):
        yield f"account {event.counterparty} must close within its {other} lots, was {event.lots}"


def _entered(laws: Followed, event: events.StageEntered) -> Iterator[str]:
    chain = laws.state.in_force.liquidation.chain
    if event.account not in laws.state.episodes:
        yield f"account {event.account} must be under liquidation to enter a stage"
    if not event.place < len(chain) or chain[event.place].stage is not event.stage:
        yield f"stage must be the one at place {event.place} of the chain, was {event.stage}"


BEFORE: Mapping[type, Callable[[Any, Any], Iterator[str]]] = {
    events.LossSocialised: _socialised,
    events.BackstopFilled: _backed,
    events.Deleveraged: _deleveraged,
    events.StageEntered: _entered,
}
AFTER: Mapping[type, Callable[[Any, Any], Iterator[str]]] = {
    events.FundAllocated: _allocated,
    events.PoolJoined: _pooled,
    events.PoolLeft: _pooled,
    events.AuctionStarted: _started,
    events.AuctionTaken: _taken,
}
