"""The journal: everything that has happened, in order, once, and provably unchanged.

A *unit* is a command with the events it led to. Units gather into *batches*; a batch is durable as
a whole or not at all, and carries the hash of the batch before it. So a journal that was cut opens
to a whole batch, and one that was edited is refused, naming the last good sequence.

What it does not do: it decides nothing, knows no rule of the venue and no meaning of an event. That
record 1 adopts rules is checked in :mod:`hullmark.clearing`. A hash chain without a secret shows
damage, not the forger who hashes again: whoever needs that keeps the tip somewhere else.

Sequences are integers from 1 without gaps, instants nanoseconds UTC, hashes BLAKE2b of 32 bytes.

Laws: what was appended is read back equal, on every store; an acknowledged batch survives the death
of the process; two writers cannot both append to one file; a reader yields a verified prefix, and
then ends or raises.
"""

from hullmark.journal._batch import GENESIS, Batch, Tip, Unit
from hullmark.journal._copy import clone, copy, require_free
from hullmark.journal._locations import file_of, open_store
from hullmark.journal._reader import read, read_batches, unit_at
from hullmark.journal._salvage import Salvage, salvage
from hullmark.journal._snapshot import Snapshot, read_snapshot, write_snapshot
from hullmark.journal._snapshots import Snapshots
from hullmark.journal._store import Store
from hullmark.journal._writer import Journal

__all__ = [
    "GENESIS",
    "Batch",
    "Journal",
    "Salvage",
    "Snapshot",
    "Snapshots",
    "Store",
    "Tip",
    "Unit",
    "clone",
    "copy",
    "file_of",
    "open_store",
    "read",
    "read_batches",
    "read_snapshot",
    "require_free",
    "salvage",
    "unit_at",
    "write_snapshot",
]
