"""Deciding a journal again: every command on the facts that it met, and what it sets off."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from hullmark.clearing import State, Views, decide, react, stamp
from hullmark.domain import Event, commands, events
from hullmark.journal import Unit
from hullmark.liquidation import LiquidationEngine, load_engine
from hullmark.runtime._reactions import Reactions
from hullmark.runtime._venue import FIRST_ENGINE

TEXT_MAX = 160  # of an event; a longer one is told around the place where it differs
_TEXT_BEFORE = 40  # that place, where it is not near the beginning


class Difference(NamedTuple):
    """A command that leads to something else than what was recorded: the first event in which."""

    sequence: int
    command: str
    recorded: str
    decided: str


class Redecider:
    """Decides every command once more, on the facts that it met."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._views = Views(state)
        self._engine: LiquidationEngine = load_engine(FIRST_ENGINE)
        self._reactions = Reactions()
        self._sequence = 0

    def compare(self, unit: Unit) -> list[Difference]:
        """Decide the command of a unit that the facts have not taken in yet."""
        stamp(self._state, unit.time_ns)
        found = [*self._out_of_turn(unit)]
        self._sequence = unit.sequence
        name = type(unit.command).__name__
        try:
            decided = tuple(decide(self._state, self._views, self._engine, unit.command))
        except Exception as e:  # on facts that no decision has led to
            recorded = text_of(unit.events[0] if unit.events else None)[:TEXT_MAX]
            other = f"{type(e).__name__}: {e}"[:TEXT_MAX]
            return [*found, Difference(unit.sequence, name, recorded, other)]
        if decided != unit.events:
            found.append(Difference(unit.sequence, name, *_first_difference(unit.events, decided)))
        return found

    def hear(self, event: Event) -> None:
        """Note what an event asks for, the facts being as it left them."""
        self._reactions.ask(react(self._state, event), self._sequence)

    def missing(self, sequence: int) -> list[Difference]:
        """Return what was asked for and has not run, at a point where all should have."""
        return [
            Difference(sequence, type(command).__name__, "nothing", f"{command!r:.{TEXT_MAX}}")
            for command in self._reactions.take_all()
        ]

    # Reactions run in the order in which they were asked for, before anything else is submitted.
    def _out_of_turn(self, unit: Unit) -> Iterator[Difference]:
        name, recorded = type(unit.command).__name__, f"{unit.command!r:.{TEXT_MAX}}"
        if unit.cause is None:
            yield from self.missing(unit.sequence)
            if self._state.deferred and not isinstance(unit.command, commands.ResumeReactions):
                yield Difference(unit.sequence, name, recorded, "ResumeReactions()")
        elif isinstance(unit.command, commands.DeferReactions):
            rest = self._reactions.take_all()
            if rest != unit.command.commands:
                yield Difference(unit.sequence, name, recorded, f"{rest!r:.{TEXT_MAX}}")
        elif not self._reactions:
            yield Difference(unit.sequence, name, recorded, "nothing was asked for")
        elif (wanted := self._reactions.take()) != (unit.command, unit.cause):
            yield Difference(unit.sequence, name, recorded, f"{wanted!r:.{TEXT_MAX}}")

    def follow(self, unit: Unit) -> None:
        """Let the views take note of a unit that the facts have taken in."""
        for event in unit.events:
            self._views.apply(event)
            if isinstance(event, events.RulesAdopted):
                self._engine = load_engine(self._state.in_force.liquidation.order_engine)


def _first_difference(recorded: Sequence[Event], decided: Sequence[Event]) -> tuple[str, str]:
    pairs = zip_longest(recorded, decided)
    a, b = map(text_of, next((r, d) for r, d in pairs if r != d))
    places = zip(a, b, strict=False)
    same = next((k for k, (x, y) in enumerate(places) if x != y), min(len(a), len(b)))
    start = same - _TEXT_BEFORE if same > TEXT_MAX // 2 else 0
    return _cut(a, start), _cut(b, start)


def text_of(event: Event | None) -> str:
    """Write an event out, or that there is none."""
    return "nothing" if event is None else repr(event)


def _cut(text: str, start: int) -> str:
    before, after = "... " if start else "", " ..." if start + TEXT_MAX < len(text) else ""
    return f"{before}{text[start : start + TEXT_MAX]}{after}"
