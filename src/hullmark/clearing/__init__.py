"""The pure core: from commands to events, and from events to facts.

Three functions carry a venue. :func:`decide` says what a command leads to and changes nothing;
:func:`evolve` applies one event to the facts and decides nothing; :func:`react` names the commands
that an event asks for. There is no clock, no chance and no I/O here: the runtime brings the time,
runs each command to rest, and makes it durable.

Facts are :class:`State`; what merely follows from them is :class:`Views`. Laws, checked by
:func:`books` and by ``hullmark verify``:

1. Per asset, cash and quote over all accounts, custody among them, sum to zero after every event.
2. Per instrument, lots sum to zero. Custody and fund are never negative.
3. Replaying the events gives the facts, bit for bit: :func:`state_hash` is the same.
"""

from hullmark.clearing._auction_terms import ShareOffer, share_offer
from hullmark.clearing._causes import Causes, split_causes
from hullmark.clearing._cushion import thin_tiers
from hullmark.clearing._decide import decide
from hullmark.clearing._decide_cash import withdrawable_quanta
from hullmark.clearing._decide_pools import PoolStanding, pool_standing
from hullmark.clearing._dry_run import newly_under
from hullmark.clearing._evolve import evolve, stamp
from hullmark.clearing._facts import Facts, pack, unpack
from hullmark.clearing._fills import Fill, fill_at
from hullmark.clearing._laws import Books, books
from hullmark.clearing._loss_answers import fund_in_hand, queue_of
from hullmark.clearing._margin_rules import MarginRules
from hullmark.clearing._react import react
from hullmark.clearing._refusals import REFUSALS
from hullmark.clearing._rules import Rules
from hullmark.clearing._running_books import RunningBooks
from hullmark.clearing._running_hash import RunningHash
from hullmark.clearing._running_index import ACCOUNTS_MIN
from hullmark.clearing._shallow_markets import markets_without_depth
from hullmark.clearing._stage_facts import Auction, Course, Membership, Quote
from hullmark.clearing._state import Episode, State
from hullmark.clearing._state_hash import STATE_HASH_VERSION, state_hash
from hullmark.clearing._views import Views

__all__ = [
    "ACCOUNTS_MIN",
    "REFUSALS",
    "STATE_HASH_VERSION",
    "Auction",
    "Books",
    "Causes",
    "Course",
    "Episode",
    "Facts",
    "Fill",
    "MarginRules",
    "Membership",
    "PoolStanding",
    "Quote",
    "Rules",
    "RunningBooks",
    "RunningHash",
    "ShareOffer",
    "State",
    "Views",
    "books",
    "decide",
    "evolve",
    "fill_at",
    "fund_in_hand",
    "markets_without_depth",
    "newly_under",
    "pack",
    "pool_standing",
    "queue_of",
    "react",
    "share_offer",
    "split_causes",
    "stamp",
    "state_hash",
    "thin_tiers",
    "unpack",
    "withdrawable_quanta",
]
