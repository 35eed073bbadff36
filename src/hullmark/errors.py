"""Every error that hullmark raises on purpose.

HullmarkError
├── InvalidInputError         the caller broke a documented condition
│   ├── AssetMismatchError    amounts of two assets were combined
│   ├── AmountOverflowError   a quantity does not fit the ledger's 64-bit columns
│   ├── DocumentError         a portfolio document, venue file or scenario breaks its schema
│   └── FeedError             a data file holds something that is not data
├── PluginError               a plug-in name is not provided by exactly one distribution
├── JournalError              the journal cannot be trusted or used
│   ├── DamagedJournalError   its hash chain, order or content is broken
│   ├── LockedJournalError    another process is writing it
│   ├── FencedJournalError    another process has begun to write it since
│   └── SnapshotError         a snapshot is damaged, or is not of this journal
├── InsolventMakerError       a simulation's market maker fell under its own margin
└── WorkerError               a process that worked for this one died

A refused *command* is not an error but an event with a reason, and an impossible *state* is an
``AssertionError``. Nothing in hullmark catches that one, but for what replays a whole journal to
tell of it (``verify``, ``restore``, ``export``): a forged one can hold anything.

`VenueWarning` is a warning, of rules
that are valid and thin; `SnapshotWarning` one of a snapshot that could not be written, which loses
nothing but time at the next opening; `PortWarning` one of an order that the port did not take.
"""


class HullmarkError(Exception):
    """Base of all the errors below."""


class InvalidInputError(HullmarkError, ValueError):
    """The caller broke a documented condition."""


class AssetMismatchError(InvalidInputError):
    """Amounts of two assets were combined."""


class AmountOverflowError(InvalidInputError, OverflowError):
    """A quantity does not fit the ledger's 64-bit columns."""


class DocumentError(InvalidInputError):
    """A portfolio document, venue file or scenario breaks its schema; the message has the path."""


class FeedError(InvalidInputError):
    """A data file holds something that is not data; the message has file, row, column, value."""


class PluginError(HullmarkError, LookupError):
    """A plug-in name is provided by no installed distribution, or by more than one."""


class JournalError(HullmarkError):
    """The journal cannot be trusted or used."""


class DamagedJournalError(JournalError):
    """The hash chain, order or content is broken; the message has the last good sequence."""


class LockedJournalError(JournalError):
    """Another process is writing this journal."""


class FencedJournalError(JournalError):
    """A newer writer has begun: what this one still wants to append comes too late."""


class SnapshotError(JournalError):
    """A snapshot is damaged, or does not belong to the journal it was found beside."""


class InsolventMakerError(HullmarkError):
    """A simulation's market maker fell under its own margin, so its prices prove nothing."""


class WorkerError(HullmarkError):
    """A process that worked for this one died, killed or out of memory."""


class VenueWarning(UserWarning):
    """The rules of a venue are in order and yet cannot keep it solvent on a declared bad day."""


class SnapshotWarning(UserWarning):
    """A snapshot was not written; the journal has everything, and the next one is tried anew."""


class PortWarning(UserWarning):
    """The execution port has not taken an order; it is durable, and at work until its deadline."""
