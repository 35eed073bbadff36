"""What must be true of a journal after a death: every answer is in it, unchanged and once."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from random import Random
from typing import NamedTuple

from hullmark.journal import Unit
from hullmark.runtime import Keyed, Venue

from .crash_load import digest_of

_TOGETHER_MAX = 40  # commands that are sent again in one commit


class HistoryLostError(AssertionError):
    """What was answered is not what is in the journal."""


class Answer(NamedTuple):
    """Where a command is in the journal, and what it led to."""

    sequence: int
    digest: bytes

    @classmethod
    def of(cls, units: Sequence[Unit]) -> "Answer":
        """Return what identifies an answer."""
        return cls(units[0].sequence, digest_of(units))


def require(holds: bool, what: str) -> None:
    """Raise if what must hold does not."""
    if not holds:
        raise HistoryLostError(what)


def answers_in(units: Sequence[Unit], sent: Iterable[Keyed]) -> dict[str, Answer]:
    """Return the answer to each key of a journal: its unit, and those that it set off.

    Raises
    ------
    HistoryLostError
        If a key was carried out twice, or stands for another command than the one that was sent.
    """
    found: dict[str, Answer] = {}
    commands = dict(sent)
    for place, unit in enumerate(units):
        if unit.key is None:
            continue
        require(unit.key not in found, f"{unit.key} must be carried out once, was twice")
        require(
            commands.get(unit.key, unit.command) == unit.command,
            f"{unit.key} must be {commands.get(unit.key)}, was {unit.command}",
        )
        following = takewhile(lambda one: one.cause is not None, units[place + 1 :])
        found[unit.key] = Answer.of((unit, *following))
    return found


def compare(said: Mapping[str, Answer], found: Mapping[str, Answer]) -> None:
    """Raise unless everything that was said is found, as it was said."""
    for key, answer in said.items():
        require(key in found, f"{key} must be in the journal, it was acknowledged")
        require(
            found[key] == answer,
            f"{key} must be at {answer.sequence} as it was answered, is at {found[key].sequence}",
        )


def resend(
    venue: Venue, sent: Sequence[Keyed], before: Mapping[str, Answer], chance: Random
) -> dict[str, Answer]:
    """Send everything again in another order, and return all answers.

    Raises
    ------
    HistoryLostError
        If something that the journal has is answered otherwise than it is there.
    """
    answers: dict[str, Answer] = {}
    waiting = chance.sample(sent, len(sent))
    while waiting:
        some = [waiting.pop() for _ in range(min(len(waiting), chance.randint(1, _TOGETHER_MAX)))]
        for request, answer in zip(some, venue.submit_all(some), strict=True):
            answers[request.key] = Answer.of(answer.units)
    compare({key: answer for key, answer in before.items() if key in answers}, answers)
    return answers
