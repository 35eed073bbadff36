"""The single writer: stamps the time, runs each command to rest, and makes it durable."""

from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile
from typing import NamedTuple

from hullmark.clearing import ACCOUNTS_MIN, decide, evolve, react, stamp
from hullmark.core import Closing
from hullmark.domain import Command, Event, commands, events
from hullmark.errors import InvalidInputError, JournalError
from hullmark.journal import Journal, Snapshot, Tip, Unit
from hullmark.liquidation import LiquidationEngine, load_engine
from hullmark.runtime._corrections import find_unlike, reversal
from hullmark.runtime._keys import Keyed
from hullmark.runtime._outbox import ExecutionPort, Outbox
from hullmark.runtime._questions import Questions
from hullmark.runtime._reactions import Reactions
from hullmark.runtime._recover import Replica, take_snapshot
from hullmark.runtime._requests import Request, validate
from hullmark.runtime._snapshotting import SnapshotPolicy, Snapshotter

# More reactions than any tick has set off: 11,000 accounts were liquidated in the minute of 10
# October 2025 on one venue. What is beyond runs before the next command.
REACTIONS_MAX = 100_000

FIRST_ENGINE = "partial"  # until rules name one; nobody is in breach before

Refused = events.Refused  # below, `events` is also what an answer holds


class Answer(NamedTuple):
    """What a command led to: its own unit first, then those of its reactions."""

    units: tuple[Unit, ...]

    @property
    def events(self) -> tuple[Event, ...]:
        """What the command itself led to."""
        return self.units[0].events

    @property
    def refusal(self) -> Refused | None:
        """Why the command was refused; ``None`` if it was carried out."""
        first = self.events[0] if self.events else None
        return first if isinstance(first, Refused) else None


class Venue(Questions, Closing):
    """A venue in one process: facts, views and journal, behind one door.

    Parameters
    ----------
    journal : Journal
        What it recovers from and appends to. The venue closes it, also where it cannot recover.
    clock : callable
        Returns nanoseconds since 1970 UTC; a clock that steps back is held at its last reading.
    port : ExecutionPort, optional
        Where liquidation orders go once they are durable; without one they wait for `ReportFill`.
    start : Replica, optional
        The facts that the units of the journal go on from: a snapshot's; by default none.
    snapshots : SnapshotPolicy, optional
        Where and how often snapshots are taken; without one they are not.
    reactions_max : int
        The most units that one command may lead to; what is beyond runs before the next command.
    indexed_from : int
        How many accounts there must be for breaches to be looked for through a trigger index; with
        fewer all are evaluated. What is found is the same.

    Raises
    ------
    InvalidInputError
        If *reactions_max* is below 2, which would put everything off for ever.
    DamagedJournalError
        If the journal's chain is broken.
    PluginError
        If the liquidation engine that the rules name is not installed.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        clock: Callable[[], int],
        port: ExecutionPort | None = None,
        start: Replica | None = None,
        snapshots: SnapshotPolicy | None = None,
        reactions_max: int = REACTIONS_MAX,
        indexed_from: int = ACCOUNTS_MIN,
    ) -> None:
        self._journal = journal
        self._reactions_max = reactions_max
        self._clock = clock
        self._outbox = Outbox(port)
        self._failed = self._closed = False
        self._reactions = Reactions()  # empty between two commands
        self._snapshotter: Snapshotter | None = None
        replica = Replica() if start is None else start
        try:
            if reactions_max < 2:
                raise InvalidInputError(f"reactions_max must be >= 2, was {reactions_max}")
            began = replica.tip.sequence, replica.state.now_ns or clock()
            for unit in journal.units():
                replica.take(unit)
            replica.tip = journal.tip
            super().__init__(replica, indexed_from=indexed_from)
            rules = self._state.rules
            name = FIRST_ENGINE if rules is None else rules.liquidation.order_engine
            self._engine: LiquidationEngine = load_engine(name)
            if snapshots is not None:
                self._snapshotter = Snapshotter(snapshots, sequence=began[0], time_ns=began[1])
        except BaseException:
            journal.close()
            raise

    def close(self) -> None:
        """Release the journal. After this another process may write it: a planned handover."""
        self._closed = True
        self._journal.close()
        if self._snapshotter is not None:
            self._snapshotter.close()
        self._outbox.tell()

    @property
    def tip(self) -> Tip:
        """Where the journal ends: a sequence and a hash, to be kept elsewhere."""
        return self._journal.tip

    @property
    def failed(self) -> bool:
        """Whether a commit has failed, or is under way: of use between two calls."""
        return self._failed

    def snapshot(self) -> Snapshot:
        """Return the facts as they are now, at the tip of the journal.

        Raises
        ------
        JournalError
            If a commit has failed.
        """
        self._need_sound()
        return take_snapshot(self._replica)

    def submit(self, command: Command, *, key: str | None = None) -> Answer:
        """Carry out one command, or refuse it; durable when this returns.

        A refusal is an answer, not an error.

        Parameters
        ----------
        command : Command
            What to do.
        key : str, optional
            An idempotency key of the submitter's. A command that was carried out under it, in this
            process or before a crash, is not carried out again: its answer is given once more.

        Raises
        ------
        InvalidInputError
            If the command does not fit its schema or is the runtime's own, or the key stands for
            another command.
        PluginError
            If it would adopt rules whose engine is not installed, now or later.
        JournalError
            If the journal cannot store it. What is in memory is then ahead of the journal.
        """
        return self.submit_all((command if key is None else Keyed(key, command),))[0]

    def submit_all(self, requests: Iterable[Command | Keyed]) -> list[Answer]:
        """Carry out commands one after another, and commit them together.

        Parameters
        ----------
        requests : iterable of Command or Keyed
            Commands, or commands under an idempotency key.

        Raises
        ------
        InvalidInputError, PluginError, JournalError
            As for `submit`; of the first two, before any command is carried out.

        Warns
        -----
        PortWarning, SnapshotWarning
            If the port has not taken an order, or a snapshot was not written, since the last call;
            before any command is carried out.
        """
        self._need_sound()
        self._outbox.tell()
        if self._snapshotter is not None:
            self._snapshotter.tell()
        wanted = validate(requests)
        for command, _ in wanted:
            if unlike := find_unlike(self._journal.unit_at, command):
                raise InvalidInputError(unlike)
        before = self._find_answered(wanted)
        self._failed = True  # until the journal has everything
        units: list[Unit] = []
        answers: list[Answer] = []
        for place, request in enumerate(wanted):
            if place in before:
                answers.append(_again(before[place], answers))
                continue
            while self._state.deferred:  # each time some are done: all of them before the next
                units += self._run_to_rest(commands.ResumeReactions())
            answers.append(Answer(self._run_to_rest(request.command, request.key)))
            if self._state.rules is not None:
                units += answers[-1].units
        self._journal.append(units)
        self._replica.tip = self._journal.tip
        self._failed = False
        for unit in units:
            if unit.key is not None:
                self._replica.keys.add(unit.key, unit.sequence)
        self._outbox.send(units)
        if self._snapshotter is not None:
            self._snapshotter.take_due(self._replica)
        return answers

    def reversal(
        self,
        sequence: int,
        *,
        authorisers: tuple[str, str],
        reason: str,
        row: int | None = None,
    ) -> Command:
        """Return the command that reverses what a unit recorded: a trade, or an adjustment.

        It is built from the journal, to be submitted like any other command.

        Parameters
        ----------
        sequence : int
            The unit; its first event is what is reversed.
        authorisers : tuple of str
            The names of the two people who answer for it.
        reason : str
            Why, for whoever reads the journal.
        row : int, optional
            Of a round, `TradesBooked`: which of its trades, from 0.

        Raises
        ------
        InvalidInputError
            If the unit is not there, or records neither.
        """
        return reversal(
            self._journal.unit_at, sequence, authorisers=authorisers, reason=reason, row=row
        )

    def _need_sound(self) -> None:
        if self._failed:
            raise commit_failed()
        if self._closed:
            raise JournalError("venue must be open to take commands, was closed")

    # By place, of each request whose key is known: its answer, or the place of an earlier request.
    def _find_answered(self, wanted: Sequence[Request]) -> dict[int, Answer | int]:
        found: dict[int, Answer | int] = {}
        place_of: dict[str, int] = {}
        for place, (command, key) in enumerate(wanted):
            if key is None:
                continue
            if key in place_of:
                _need_same(key, wanted[place_of[key]].command, command)
                found[place] = place_of[key]
            elif (sequence := self._replica.keys.find(key)) is not None:
                answer = _answer_at(self._journal, sequence)
                _need_same(key, answer.units[0].command, command)
                found[place] = answer
            else:
                place_of[key] = place
        return found

    def _run_to_rest(self, command: Command, key: str | None = None) -> tuple[Unit, ...]:
        stamp(self._state, max(self._clock(), self._state.now_ns))
        reactions = self._reactions
        units = [self._run(command, None, key)]
        while reactions:
            if len(units) >= self._reactions_max:
                rest = commands.DeferReactions(commands=reactions.take_all())
                units.append(self._run(rest, units[-1].sequence))
                break
            units.append(self._run(*reactions.take()))
        if self._state.rules is None:  # refused before record 1, and so no part of the history
            self._replica.sequence -= len(units)
        return tuple(units)

    def _run(self, command: Command, cause: int | None, key: str | None = None) -> Unit:
        state, views, replica = self._state, self._views, self._replica
        replica.sequence = sequence = replica.sequence + 1
        found = decide(state, views, self._engine, command)
        for event in found:
            evolve(state, event)
            views.apply(event)
            if type(event) is events.RulesAdopted:
                self._engine = load_engine(state.in_force.liquidation.order_engine)
            if asked := react(state, event):
                self._reactions.ask(asked, sequence)
        return Unit(
            sequence=sequence,
            time_ns=state.now_ns,
            command=command,
            events=tuple(found),
            cause=cause,
            key=key,
        )


def commit_failed() -> JournalError:
    """Return the error of a venue that takes nothing any more."""
    return JournalError("a commit has failed: open the journal again, memory is ahead of it")


# The unit of a key with the reactions that it set off: they follow it, and each names a cause.
def _answer_at(journal: Journal, sequence: int) -> Answer:
    units = journal.units_from(sequence)
    first = next(units)
    return Answer((first, *takewhile(lambda unit: unit.cause is not None, units)))


def _again(found: Answer | int, answers: Sequence[Answer]) -> Answer:
    return answers[found] if isinstance(found, int) else found


def _need_same(key: str, first: Command, second: Command) -> None:
    if first != second:
        raise InvalidInputError(
            f"key {key!r} must stand for one command, {first!r:.200}, was sent with {second!r:.200}"
        )
