"""The shell around the pure core: time, durability, and the one thread that changes anything.

A :class:`Venue` stamps a time that never runs back, runs each command *to rest* (what it sets off
included), and answers once the journal has everything. It can be asked what a client would ask:
health, a what-if, liquidation prices and map, what can be withdrawn. :func:`assess` answers the
same of a portfolio document, without a journal. What a command leads to is
:mod:`hullmark.clearing`'s business, how it is stored :mod:`hullmark.journal`'s.

Units: commands in whole quanta, lots and nanos; answers in USD as floats, amounts exact. Laws:

1. What was answered survives the death of the process; after a failed commit nothing is answered.
2. A journal replayed gives the facts it was written from, bit for bit.
3. Asking changes nothing, and copies nothing but one row.
"""

from hullmark.runtime._answers import Trade
from hullmark.runtime._assess import AccountReport, Assessment, Exposure, assess
from hullmark.runtime._check_snapshots import CheckedSnapshot
from hullmark.runtime._document_venue import DocumentVenue
from hullmark.runtime._feedback import market_depths
from hullmark.runtime._follower import Follower
from hullmark.runtime._ingress import Ingress
from hullmark.runtime._keys import Keyed
from hullmark.runtime._open import open_venue, read_rules, read_venue_file
from hullmark.runtime._outbox import ExecutionPort
from hullmark.runtime._questions import Questions
from hullmark.runtime._recover import Replica, replay, take_snapshot
from hullmark.runtime._redecide import Difference
from hullmark.runtime._restore import Restored, restore, take_in
from hullmark.runtime._snapshotting import SnapshotPolicy
from hullmark.runtime._venue import Answer, Venue
from hullmark.runtime._verify import BrokenLaw, Verification, verify

__all__ = [
    "AccountReport",
    "Answer",
    "Assessment",
    "BrokenLaw",
    "CheckedSnapshot",
    "Difference",
    "DocumentVenue",
    "ExecutionPort",
    "Exposure",
    "Follower",
    "Ingress",
    "Keyed",
    "Questions",
    "Replica",
    "Restored",
    "SnapshotPolicy",
    "Trade",
    "Venue",
    "Verification",
    "assess",
    "market_depths",
    "open_venue",
    "read_rules",
    "read_venue_file",
    "replay",
    "restore",
    "take_in",
    "take_snapshot",
    "verify",
]
