"""The rounds of a crash test: a child under load dies, and nothing that it has said may be lost.

After each death the journal is read and verified, opened with and without its snapshots, and
everything of the round is sent again under its keys; then the next child goes on with it.
"""

import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from hullmark.clearing import state_hash
from hullmark.errors import HullmarkError

from .._postgres import Server
from .crash_deaths import draw_ending, let_die
from .crash_flips import Flips
from .crash_load import Load
from .crash_places import Place, ServedPlace
from .crash_proof import Answer, HistoryLostError, answers_in, compare, require, resend

COMMANDS_EACH = 60
FLIPS_EACH = 10  # in what a death has left
LIFE_ROUNDS = 8  # deaths that one journal lives through
SERVED_EVERY = 4  # one life in so many is on a PostgreSQL server
_OPENING_S = 0.05  # deaths while opening are drawn around what it takes; this is where that begins
BROKEN = (HistoryLostError, RuntimeError, HullmarkError)  # what ends the rounds


@dataclass
class Tally:
    """What the rounds have shown."""

    rounds: Counter[str] = field(default_factory=Counter)  # by the kind of place
    deaths: Counter[str] = field(default_factory=Counter)  # by what was going on
    acknowledged: int = 0
    resent: int = 0  # because nobody had an answer
    durable: int = 0  # of those: carried out before, and only the answer had been lost
    flips: int = 0  # of a byte in what a death has left
    refused: int = 0  # of those: found; after the others, everything was read unchanged
    units: int = 0  # in the journals, at their ends


@dataclass
class Life:
    """One journal, and every answer that was ever given from it, by key."""

    place: Place
    answers: dict[str, Answer] = field(default_factory=dict)
    opening_s: float = _OPENING_S


class Rounds:
    """Rounds that follow from a seed, as far as death lets them.

    Parameters
    ----------
    seed : int
        Of what is sent, and of when and how each child dies.
    folder : path
        Where the journals are.
    """

    def __init__(self, seed: int, folder: Path) -> None:
        self.tally = Tally()
        self.life: Life | None = None
        self._seed, self._folder = seed, folder
        self._server: Server | None = None

    def run(self, number: int) -> None:
        """Let one child live and die, and look at what it left.

        Raises
        ------
        HistoryLostError
            If anything is lost, twice, changed or out of balance.
        """
        if self.life is None or number % LIFE_ROUNDS == 0:
            self.life = self._begin_life(number // LIFE_ROUNDS)
        life, tally, load = self.life, self.tally, Load(self._seed, number, COMMANDS_EACH)
        chance = load.chance("death")
        life.place.sweep()
        begun_s = time.monotonic()
        death = let_die(life.place, load, draw_ending(chance, life.place, load, life.opening_s))
        if death.what == "opening":
            life.opening_s = max(life.opening_s, min(1.0, time.monotonic() - begun_s))
        life.place.recover()
        tally.rounds[life.place.kind] += 1
        tally.deaths[death.what] += 1
        said = {
            load.key(report.thread, report.number): Answer(report.sequence, report.digest)
            for report in death.reports
            if report.thread >= 0
        }
        life.answers |= said
        tally.acknowledged += len(said)
        self._settle(life, load, said, chance)

    def close(self) -> None:
        """Stop the server, if there was one."""
        if self._server is not None:
            self._server.stop()

    def _begin_life(self, number: int) -> Life:
        folder = self._folder / f"journal-{number}"
        folder.mkdir(parents=True)
        if number % SERVED_EVERY != 1:  # the second one, so that few rounds meet it too
            return Life(Place(folder))
        if self._server is None:
            self._server = Server()
        return Life(ServedPlace(folder, self._server, f"journal_{number}"))

    def _settle(self, life: Life, load: Load, said: dict[str, Answer], chance: Random) -> None:
        place, tally = life.place, self.tally
        sent = list(load.everything())
        if place.kind == "sqlite" and place.is_there():
            told = max((answer.sequence for answer in life.answers.values()), default=0)
            flips = Flips(place, self._folder / "flipped", acknowledged=told)
            tally.flips += FLIPS_EACH
            tally.refused += sum(flips.flip(chance) for _ in range(FLIPS_EACH))
        before = answers_in(place.units(), sent)
        compare(life.answers, before)
        whole = place.state_hash()
        with place.open_again(chance, load.clock()) as venue:
            found = state_hash(venue.state)  # by way of a snapshot, where there is one
            require(whole in {None, found}, "a snapshot and its tail must give the facts")
            life.answers |= resend(venue, sent, before, chance)
            end, tip = state_hash(venue.state), venue.tip
        compare(life.answers, answers_in(place.units(), sent))
        require(place.state_hash() == end, "a replay must give the facts that answered")
        proof = place.verify()
        require(proof.holds, f"books and laws must hold, but {proof.broken}")
        require(proof.sequence == tip.sequence, f"the journal must end at {tip.sequence}")
        tally.resent += len(sent) - len(said)
        tally.durable += sum(key in before and key not in said for key, _ in sent)
        tally.units += proof.units if load.round % LIFE_ROUNDS == LIFE_ROUNDS - 1 else 0
