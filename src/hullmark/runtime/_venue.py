"""The single writer: stamps the time, runs each command to rest, and makes it durable."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

import msgspec

from hullmark.clearing import (
    Books,
    Rules,
    State,
    Views,
    books,
    decide,
    evolve,
    react,
    stamp,
    state_hash,
)
from hullmark.core import Amount, Closing, FloatArray
from hullmark.domain import Command, Event, commands, events
from hullmark.errors import InvalidInputError, JournalError
from hullmark.journal import Journal, Unit
from hullmark.liquidation import LiquidationEngine, load_engine
from hullmark.margin import Health
from hullmark.monitor import Crossings, LiquidationMap
from hullmark.runtime import _answers
from hullmark.runtime._answers import MOVES, Trade
from hullmark.runtime._reactions import Reactions

# More reactions than any tick has set off: 11,000 accounts were liquidated in the minute of 10
# October 2025 on one venue. What is beyond runs before the next command.
REACTIONS_MAX = 100_000

_ENCODER = msgspec.msgpack.Encoder()
_DECODER: msgspec.msgpack.Decoder[Command] = msgspec.msgpack.Decoder(Command)
FIRST_ENGINE = "partial"  # until rules name one; nobody is in breach before

Refused = events.Refused  # below, `events` is also what an answer holds


class ExecutionPort(Protocol):
    """Where liquidation orders go: the venue's order book, or a paper market."""

    def send(self, order: events.LiquidationOrdered, /) -> None:
        """Take an order that is already durable. Its fill returns as ``ReportFill``."""
        ...


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


class Venue(Closing):
    """A venue in one process: facts, views and journal, behind one door.

    Parameters
    ----------
    journal : Journal
        What it recovers from and appends to. The venue closes it, also where it cannot recover.
    clock : callable
        Returns nanoseconds since 1970 UTC; a clock that steps back is held at its last reading.
    port : ExecutionPort, optional
        Where liquidation orders go once they are durable; without one they wait for `ReportFill`.

    Raises
    ------
    DamagedJournalError
        If the journal's chain is broken.
    PluginError
        If the liquidation engine that the rules name is not installed.
    """

    def __init__(
        self, journal: Journal, *, clock: Callable[[], int], port: ExecutionPort | None = None
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._port = port
        self._state = State()
        self._failed = False
        self._sequence = 0
        try:
            for unit in journal.units():
                self._sequence = unit.sequence
                replay(self._state, unit)
            rules = self._state.rules
            name = FIRST_ENGINE if rules is None else rules.liquidation.engine
            self._engine: LiquidationEngine = load_engine(name)
        except BaseException:
            journal.close()
            raise
        self._views = Views(self._state)

    def close(self) -> None:
        """Release the journal."""
        self._journal.close()

    @property
    def state(self) -> State:
        """The facts. To read; only events change them."""
        return self._state

    @property
    def views(self) -> Views:
        """What follows from the facts."""
        return self._views

    @property
    def rules(self) -> Rules:
        """The rules in force."""
        return self._state.in_force

    def submit(self, command: Command) -> Answer:
        """Carry out one command, or refuse it; durable when this returns.

        A refusal is an answer, not an error.

        Raises
        ------
        InvalidInputError
            If the command does not fit its schema.
        PluginError
            If it would adopt rules whose engine is not installed, now or later.
        JournalError
            If the journal cannot store it. What is in memory is then ahead of the journal.
        """
        return self.submit_all((command,))[0]

    def submit_all(self, requests: Iterable[Command]) -> list[Answer]:
        """Carry out commands one after another, and commit them together.

        Raises
        ------
        InvalidInputError, PluginError, JournalError
            As for `submit`; of the first two, before any command is carried out.
        """
        if self._failed:
            raise JournalError("a commit has failed: open the journal again, memory is ahead of it")
        requests = [_valid(request) for request in requests]
        self._failed = True  # until the journal has everything
        units: list[Unit] = []
        answers = []
        for request in requests:
            if self._state.deferred:
                units += self._run_to_rest(commands.ResumeReactions())
            answers.append(Answer(self._run_to_rest(request)))
            if self._state.rules is not None:
                units += answers[-1].units
        self._journal.append(units)
        self._failed = False
        if self._port is not None:
            _send(units, self._port)
        return answers

    def health(self, account: int) -> Health:
        """Return the margin of an account at the last accepted prices, whatever their grade.

        Raises
        ------
        InvalidInputError
            If the account is not open, or something it holds has never had a price.
        """
        return _answers.health(self._state, self._views, account)

    def what_if(self, account: int, *trades: Trade) -> Health:
        """Return the margin that an account would have after some trades, fees left out.

        Nothing is traded, and nothing but margin is checked: neither cash nor grades of prices.

        Raises
        ------
        InvalidInputError
            As for `health`; or if an instrument is unknown, past its expiry or not margined for
            the account, or a size or price is none.
        """
        return _answers.what_if(self._state, self._views, account, trades)

    def liquidation_price(self, account: int, underlying: str | None = None) -> Crossings:
        """Return the nearest prices, below and above, at which an account's health is zero.

        Parameters
        ----------
        account : int
            Resting orders are left out.
        underlying : str, optional
            What moves, all else staying; it may be left out if the account is exposed to one only.

        Returns
        -------
        Crossings
            USD per unit of the underlying, by its index; by the mark of the contract where it is
            no asset of the venue. ``None``: not between a hundredth and the hundredfold.

        Raises
        ------
        InvalidInputError
            As for `health`; or if the underlying is unknown, or left out and not obvious.
        """
        return _answers.liquidation_price(self._state, self._views, account, underlying)

    def liquidation_move(self, account: int, underlying: str | None = None) -> Crossings:
        """Return the same as relative moves, -0.1 a fall by a tenth: by default of all at once.

        Raises
        ------
        InvalidInputError
            As for `liquidation_price`.
        """
        return _answers.liquidation_move(self._state, self._views, account, underlying)

    def liquidation_map(
        self, underlying: str | None = None, moves: Sequence[float] | FloatArray = MOVES
    ) -> LiquidationMap:
        """Return what would be under maintenance margin after a move of an underlying, or of all.

        Parameters
        ----------
        underlying : str, optional
            What moves; by default everything that is not meant to be stable, at once.
        moves : sequence of float
            Relative moves; by default from half down to half up in steps of 2 %.

        Raises
        ------
        InvalidInputError
            If the underlying is unknown, or a move is not above -1.
        """
        return _answers.map_liquidations(self._views, underlying, moves)

    def withdrawable(self, account: int, asset: str) -> Amount:
        """Return the most that `Withdraw` would pay out now, one quantum more being refused.

        Of an isolated account it is what `Transfer` would give back to the parent.

        Raises
        ------
        InvalidInputError
            If the account is not open to users, or the asset is unknown.
        """
        return _answers.withdrawable(self._state, self._views, account, asset)

    def cash(self, account: int, asset: str) -> Amount:
        """Return an account's settled cash, the venue's own accounts included.

        Raises
        ------
        InvalidInputError
            If the account or the asset is unknown.
        """
        return _answers.cash(self._state, account, asset)

    def quanta(self, asset: str, amount: str) -> int:
        """Return a decimal amount of an asset in quanta, as commands take it.

        Raises
        ------
        InvalidInputError
            If the asset is unknown, or the amount no whole number of quanta.
        """
        return Amount.parse(amount, _answers.find_asset(self._state, asset)).quanta

    def lots(self, instrument: str, size: str) -> int:
        """Return a decimal size of an instrument in lots, as commands take it.

        Raises
        ------
        InvalidInputError
            If the instrument is unknown, or the size no whole number of lots.
        """
        return _answers.count_lots(self._state, instrument, size)

    def state_hash(self) -> str:
        """Return the hash of the facts."""
        return state_hash(self._state)

    def books(self) -> Books:
        """Add up the ledger: the proof that the books balance."""
        return books(self._state)

    def _run_to_rest(self, command: Command) -> tuple[Unit, ...]:
        stamp(self._state, max(self._clock(), self._state.now_ns))
        reactions = Reactions()
        units = [self._run(command, None, reactions)]
        while reactions:
            if len(units) == REACTIONS_MAX:
                rest = commands.DeferReactions(commands=reactions.take_all())
                units.append(self._run(rest, units[-1].sequence, reactions))
                break
            units.append(self._run(*reactions.take(), reactions))
        if self._state.rules is None:  # refused before record 1, and so no part of the history
            self._sequence -= len(units)
        return tuple(units)

    def _run(self, command: Command, cause: int | None, reactions: Reactions) -> Unit:
        self._sequence += 1
        found = decide(self._state, self._views, self._engine, command)
        for event in found:
            evolve(self._state, event)
            self._views.apply(event)
            if isinstance(event, events.RulesAdopted):
                self._engine = load_engine(self._state.in_force.liquidation.engine)
            reactions.ask(react(self._state, event), self._sequence)
        return Unit(
            sequence=self._sequence,
            time_ns=self._state.now_ns,
            command=command,
            events=tuple(found),
            cause=cause,
        )


# Structs do not check the types of what they are built from; a float must not reach the ledger.
def _valid(request: Command) -> Command:
    try:
        valid: Command = _DECODER.decode(_ENCODER.encode(request))
    except (msgspec.MsgspecError, TypeError, OverflowError) as e:
        raise InvalidInputError(f"command must fit its schema, but {e}: {request!r:.200}") from e
    if isinstance(valid, commands.AdoptRules):
        _need_engine(valid)
    return valid


# Found out now and not when they come into force, which would stop the venue for good.
def _need_engine(command: commands.AdoptRules) -> None:
    try:
        rules = Rules.parse_text(command.rules)
    except InvalidInputError:
        return  # an answer says what is wrong with them
    load_engine(rules.liquidation.engine)


def _send(units: Sequence[Unit], port: ExecutionPort) -> None:
    for unit in units:
        for event in unit.events:
            if isinstance(event, events.LiquidationOrdered):
                port.send(event)


def replay(state: State, unit: Unit, *, on_event: Callable[[Event], None] | None = None) -> None:
    """Apply a unit of the journal to the facts: nothing is decided again.

    *on_event* is called after each event, the facts being as it left them.
    """
    stamp(state, unit.time_ns)
    for event in unit.events:
        evolve(state, event)
        if on_event is not None:
            on_event(event)
