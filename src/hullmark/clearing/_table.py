"""Tables of facts that tell which of their rows have changed."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NoReturn, TypeVar
from weakref import ref

if TYPE_CHECKING:
    from _typeshed import SupportsKeysAndGetItem

Key = TypeVar("Key")
Fact = TypeVar("Fact")


class Changes(dict[Key, Fact | None]):
    """The rows of a table that have changed, with what they were; ``None``: there was no row."""


class Table(dict[Key, Fact]):
    """A dictionary of facts, which are replaced and never changed in place.

    So every change is one of the table, by ``table[key] = fact``, ``del table[key]`` or `update`.
    """

    __slots__ = ("_watchers",)

    def __init__(self) -> None:
        super().__init__()
        self._watchers: list[ref[Changes[Key, Fact]]] = []

    def watch(self) -> Changes[Key, Fact]:
        """Return changes of the caller's own, in which every row is noted that changes from now.

        The caller empties them. The table forgets them with the caller.
        """
        changes = Changes[Key, Fact]()
        self._watchers = [kept for kept in self._watchers if kept() is not None]
        self._watchers.append(ref(changes))
        return changes

    def __setitem__(self, key: Key, fact: Fact) -> None:
        if self._watchers:
            self._note(key)
        super().__setitem__(key, fact)

    def __delitem__(self, key: Key) -> None:
        if self._watchers:
            self._note(key)
        super().__delitem__(key)
        for watcher in self._watchers:  # what came and went again since the last look never was
            changes = watcher()
            if changes is not None and changes[key] is None:
                del changes[key]

    def update(
        self, facts: "SupportsKeysAndGetItem[Key, Fact] | Iterable[tuple[Key, Fact]]" = (), /
    ) -> None:
        """Set many rows."""
        if self._watchers:
            facts = dict(facts)
            for key in facts:
                self._note(key)
        super().update(facts)

    def _note(self, key: Key) -> None:
        for watcher in self._watchers:
            changes = watcher()
            if changes is not None and key not in changes:
                changes[key] = self.get(key)

    # What nobody needs, and what would change rows behind the back of those who watch.
    def _unwatched(self, *_: object) -> NoReturn:
        raise TypeError("a table must be changed by item, by del or by update")

    __ior__ = clear = pop = popitem = setdefault = _unwatched
