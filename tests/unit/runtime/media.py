"""Stores that fail as media do."""

from hullmark.errors import JournalError
from hullmark.journal.memory import MemoryStore


class FullStore(MemoryStore):
    """A store whose medium is full after some batches."""

    def __init__(self, room):
        super().__init__()
        self.room = room

    def append(self, batch, /):
        """Store a batch, or fail as a disk does."""
        if self.room == 0:
            raise JournalError("disk is full")
        self.room -= 1
        super().append(batch)
