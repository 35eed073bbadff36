"""All facts as columns and one document, and back: what a snapshot of a venue holds.

What there may be millions of, accounts with their balances and positions, lies in columns; the rest
is one MessagePack document. What merely follows from a fact is left out and built again.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from hullmark.clearing._rules import Rules
from hullmark.clearing._stage_facts import Auction, Course, Membership, Ordered, Quote, Season
from hullmark.clearing._state import Episode, State, Throttle
from hullmark.domain import AcceptedPrice, Command, Mode, Print, SystemAccount, events
from hullmark.errors import InvalidInputError
from hullmark.ledger import Ledger
from hullmark.liquidation import Pool

_MODES = tuple(Mode)
_CODES = {mode: code for code, mode in enumerate(_MODES)}


class Facts(NamedTuple):
    """The facts of a venue, ready to be stored."""

    columns: Mapping[str, NDArray[Any]]
    document: bytes


# What the stages of liquidations and the waterfall have added since release 0.1.0.
class _Stages(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    courses: list[tuple[int, Course]] = []
    ordered: dict[str, Ordered] = {}
    soft: list[events.SoftTermsSet] = []
    calls: list[tuple[int, int]] = []
    auctions: list[tuple[int, Auction]] = []
    auction_last: int = 0
    quotes: list[tuple[int, Quote]] = []
    requests: list[events.QuotesRequested] = []
    pools: dict[str, Pool] = {}
    stakes: list[tuple[tuple[str, int], Membership]] = []
    halted: list[events.InstrumentHalted] = []
    breaker: events.BreakerSet | None = None
    allocations: list[tuple[tuple[str, str], int]] = []
    losses: list[tuple[tuple[int, str], int]] = []
    seasons: list[tuple[tuple[int, str], Season]] = []
    season_ns: int = 0


class _Document(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    rules: str | None
    now_ns: int
    valuation_ns: int
    scheduled: list[events.RulesScheduled]
    prints: dict[str, tuple[Print, ...]]
    prices: dict[str, AcceptedPrice]
    vols_nano: dict[str, int]
    expired: list[str]
    corrected: list[tuple[int, int]]
    resting: list[events.OrderRested]
    working: list[events.LiquidationOrdered]
    unfilled: list[tuple[int, int]]
    order_last: int
    episodes: list[tuple[int, Episode]]
    parked: list[events.LiquidationParked]
    throttles: dict[str, Throttle]
    deferred: tuple[Command, ...]
    stages: _Stages = msgspec.field(default_factory=_Stages)


_ENCODER = msgspec.msgpack.Encoder(order="deterministic")
_DECODER = msgspec.msgpack.Decoder(_Document)


def pack(state: State) -> Facts:
    """Return the facts as columns and a document; the state may change afterwards."""
    modes = np.fromiter(map(_CODES.__getitem__, state.modes.values()), np.uint8, len(state.modes))
    children = np.fromiter(state.parents, np.int64, len(state.parents))
    parents = np.fromiter(state.parents.values(), np.int64, len(state.parents))
    document = _Document(
        rules=None if state.rules is None else state.rules.text,
        now_ns=state.now_ns,
        valuation_ns=state.valuation_ns,
        scheduled=state.scheduled,
        prints=state.prints,
        prices=state.prices,
        vols_nano=state.vols_nano,
        expired=sorted(state.expired),
        corrected=sorted(state.corrected),
        resting=list(state.resting.values()),
        working=list(state.working.values()),
        unfilled=list(state.unfilled.items()),
        order_last=state.order_last,
        episodes=list(state.episodes.items()),
        parked=list(state.parked.values()),
        throttles=state.throttles,
        deferred=state.deferred,
        stages=_pack_stages(state),
    )
    columns = {f"ledger.{name}": column for name, column in state.ledger.columns().items()}
    columns |= {"modes": modes, "children": children, "parents": parents}
    return Facts(columns, _ENCODER.encode(document))


def unpack(facts: Facts) -> State:
    """Return the state that was packed.

    Raises
    ------
    InvalidInputError
        If the columns and the document are those of no state.
    """
    try:
        document = _DECODER.decode(facts.document)
    except msgspec.MsgspecError as e:
        raise InvalidInputError(f"document of a state must fit its schema, but {e}") from e
    rules = None if document.rules is None else Rules.parse_text(document.rules)
    state = State(ledger=_ledger(facts, rules), rules=rules)
    state.now_ns, state.valuation_ns = document.now_ns, document.valuation_ns
    state.scheduled = document.scheduled
    state.prints.update(document.prints)
    state.prices.update(document.prices)
    state.vols_nano.update(document.vols_nano)
    state.expired.update(document.expired)
    state.corrected.update(document.corrected)
    state.order_last, state.deferred = document.order_last, document.deferred
    state.unfilled.update(document.unfilled)
    state.episodes.update(document.episodes)
    state.parked.update({pause.account: pause for pause in document.parked})
    state.throttles.update(document.throttles)
    _take_stages(state, document.stages)
    _take_accounts(state, facts.columns)
    for order in document.resting:
        state.resting[order.order] = order
        state.resting_of.setdefault(order.account, set()).add(order.order)
    for sent in document.working:
        state.working[sent.order] = sent
        state.working_of.setdefault(sent.account, set()).add(sent.order)
    return state


def _pack_stages(state: State) -> _Stages:
    return _Stages(
        courses=list(state.courses.items()),
        ordered=state.ordered,
        soft=list(state.soft.values()),
        calls=list(state.calls.items()),
        auctions=list(state.auctions.items()),
        auction_last=state.auction_last,
        quotes=list(state.quotes.items()),
        requests=list(state.requests.values()),
        pools=state.pools,
        stakes=list(state.stakes.items()),
        halted=list(state.halted.values()),
        breaker=state.breaker,
        allocations=list(state.allocations.items()),
        losses=list(state.losses.items()),
        seasons=list(state.seasons.items()),
        season_ns=state.season_ns,
    )


def _take_stages(state: State, stages: _Stages) -> None:
    state.courses.update(stages.courses)
    state.ordered.update(stages.ordered)
    state.soft.update({terms.account: terms for terms in stages.soft})
    state.calls.update(stages.calls)
    state.auctions.update(stages.auctions)
    state.auction_of.update({a.account: number for number, a in stages.auctions})
    state.auction_last, state.breaker = stages.auction_last, stages.breaker
    state.quotes.update(stages.quotes)
    state.requests.update({asked.account: asked for asked in stages.requests})
    state.pools.update(stages.pools)
    state.stakes.update(stages.stakes)
    state.halted.update({halt.instrument: halt for halt in stages.halted})
    state.allocations.update(stages.allocations)
    state.losses.update(stages.losses)
    state.seasons.update(stages.seasons)
    state.season_ns = stages.season_ns


def _ledger(facts: Facts, rules: Rules | None) -> Ledger:
    prefix = "ledger."
    columns = {
        name.removeprefix(prefix): column
        for name, column in facts.columns.items()
        if name.startswith(prefix)
    }
    assets, instruments = ((), ()) if rules is None else (rules.assets, rules.instruments)
    return Ledger.from_columns(columns, assets, instruments)


def _take_accounts(state: State, columns: Mapping[str, NDArray[Any]]) -> None:
    users = state.ledger.accounts[len(SystemAccount) :]
    codes = columns["modes"].tolist()
    if len(users) != len(codes) or (codes and max(codes) >= len(_MODES)):
        raise InvalidInputError(
            f"modes must be one of {len(_MODES)} codes per account, {len(users)}, was {len(codes)}"
        )
    state.modes.update(zip(users, map(_MODES.__getitem__, codes), strict=True))
    children, parents = columns["children"].tolist(), columns["parents"].tolist()
    if len(children) != len(parents) or not state.modes.keys() >= {*children, *parents}:
        raise InvalidInputError(
            f"children must be open and have a parent each, was {children!r:.80}"
        )
    state.parents.update(zip(children, parents, strict=True))
