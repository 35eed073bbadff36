"""What units have asked for and has not run yet: first in, first out, and each once."""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from hullmark.domain import Command


class Reaction(NamedTuple):
    """A command that an event asked for, and the unit of that event."""

    command: Command
    cause: int


class Reactions:
    """The reactions of one command, in the order in which they run.

    A command that waits already is not asked for twice: one sweep serves every event that asks for
    one.
    """

    def __init__(self) -> None:
        self._queue: deque[Reaction] = deque()
        self._waiting: set[Command] = set()

    def __bool__(self) -> bool:
        return bool(self._queue)

    def ask(self, commands: Sequence[Command], cause: int) -> None:
        """Queue what a unit asks for."""
        for command in commands:
            if command not in self._waiting:
                self._waiting.add(command)
                self._queue.append(Reaction(command, cause))

    def take(self) -> Reaction:
        """Return the next one, which does not wait any more."""
        reaction = self._queue.popleft()
        self._waiting.discard(reaction.command)
        return reaction

    def take_all(self) -> tuple[Command, ...]:
        """Return the commands of all of them; none waits any more."""
        rest = tuple(reaction.command for reaction in self._queue)
        self._queue.clear()
        self._waiting.clear()
        return rest
