"""The load of a crash test, and the process that carries it until something ends it.

What a thread sends follows from the seed, the round and the thread, so that anyone can send it
again. How the threads interleave, and where death finds them, does not follow from anything.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from random import Random
from struct import Struct
from typing import NamedTuple

import msgspec

from hullmark.core import SECOND_NS
from hullmark.domain import Command, Mode, SystemAccount, commands
from hullmark.errors import JournalError
from hullmark.journal import Unit
from hullmark.runtime import Ingress, Keyed, Venue

THREADS = 4
START_NS = 1_760_130_900 * SECOND_NS  # 10 October 2025
VENUE = {
    "name": "crash",
    "assets": {"USDT": {"decimals": 6, "peg": "1"}},
    "instruments": [
        {
            "kind": "perpetual",
            "symbol": "PERP",
            "underlying": "BTC",
            "settlement": "USDT",
            "lot": "0.001",
        }
    ],
    "margin": {
        "cross": "tiered",
        "tiered": {
            "PERP": {"tiers": [{"floor_usd": "0", "initial": "0.05", "maintenance": "0.025"}]}
        },
    },
    "prices": {"PERP": {"sources": ["mark"], "sources_min": 1, "staleness_s_max": "3600"}},
    "liquidation": {},
}

DOLLAR = 10**6  # quanta
ACCOUNTS = tuple(range(100, 100 + THREADS))
MAKER = ACCOUNTS[0]

OPENED, FAILED = -1, -2  # in the place of a thread
_REPORT = Struct(">iiq16s")  # far below PIPE_BUF: written whole or not at all
_ENCODER = msgspec.msgpack.Encoder(order="deterministic")


class Report(NamedTuple):
    """A line from the child: an answer that a thread has received, or how the child fares."""

    thread: int
    number: int
    sequence: int
    digest: bytes


class Load(NamedTuple):
    """What the threads of one round send, each command under a key of its own."""

    seed: int
    round: int
    commands_each: int

    @property
    def now_ns(self) -> int:
        """When the round begins: a second after the one before."""
        return START_NS + self.round * SECOND_NS

    @property
    def total(self) -> int:
        """How many commands are sent."""
        return THREADS * self.commands_each

    def clock(self) -> Callable[[], int]:
        """Return a clock that advances by a microsecond whenever it is read."""
        readings = iter(range(self.now_ns, self.now_ns + SECOND_NS, 1_000))
        return lambda: next(readings)

    def chance(self, what: object) -> Random:
        """Return chance of its own for one purpose."""
        return Random(f"{self.seed} {self.round} {what}")

    def sent_by(self, thread: int) -> list[Keyed]:
        """Return what one thread sends, in its order."""
        chance = self.chance(thread)
        wanted = [
            commands.OpenAccount(account=ACCOUNTS[thread], mode=Mode.CROSS),
            _deposit(chance, ACCOUNTS[thread], 100_000 if ACCOUNTS[thread] == MAKER else 1_000),
        ]
        while len(wanted) < self.commands_each:
            (kind,) = chance.choices((_cash, _trade, self._price, _other), (45, 30, 15, 10))
            wanted.append(kind(chance, ACCOUNTS[thread]))
        return [Keyed(self.key(thread, number), command) for number, command in enumerate(wanted)]

    def key(self, thread: int, number: int) -> str:
        """Return the key of one command."""
        return f"round {self.round} thread {thread} command {number}"

    def everything(self) -> Iterator[Keyed]:
        """Yield what all threads send, one thread after the other."""
        for thread in range(THREADS):
            yield from self.sent_by(thread)

    # Far apart, so that accounts are liquidated and commands set off others.
    def _price(self, chance: Random, account: int) -> Command:
        price_nano = chance.randrange(55_000, 73_000) * 10**9
        return commands.ObservePrices(
            prints=(
                commands.Print(
                    factor="PERP", source="mark", price_nano=price_nano, observed_ns=self.now_ns
                ),
            )
        )


def _deposit(chance: Random, account: int, usd: int) -> Command:
    return commands.Deposit(account=account, asset="USDT", quanta=chance.randrange(1, usd * DOLLAR))


def _cash(chance: Random, account: int) -> Command:
    match chance.randrange(4):
        case 0:
            return _deposit(chance, SystemAccount.FUND, 10)
        case 1:
            return commands.Withdraw(
                account=account, asset="USDT", quanta=chance.randrange(1, 500 * DOLLAR)
            )
        case 2:
            return commands.Transfer(
                source=account,
                target=chance.choice(ACCOUNTS),
                asset="USDT",
                quanta=chance.randrange(1, 100 * DOLLAR),
            )
    return _deposit(chance, account, 1_000)


def _trade(chance: Random, account: int) -> Command:
    buyer, seller = chance.sample((account, chance.choice(ACCOUNTS[1:]), MAKER), 2)
    return commands.ReportTrade(
        instrument="PERP",
        buyer=buyer,
        seller=seller,
        lots=chance.randrange(1, 300),
        price_nano=chance.randrange(60_000, 68_000) * 10**9,
        buyer_fee_quanta=chance.randrange(DOLLAR),
    )


def _other(chance: Random, account: int) -> Command:
    if chance.random() < 0.5:
        return commands.AdvanceTime()
    return commands.AccrueFunding(instrument="PERP", rate_nano=chance.randrange(-(10**5), 10**5))


def digest_of(units: Sequence[Unit]) -> bytes:
    """Return what two answers must have in common to be the same."""
    return blake2b(_ENCODER.encode(units), digest_size=16).digest()


def parse(reports: bytes) -> list[Report]:
    """Return the reports in what a pipe has held; it holds whole ones."""
    return [Report(*fields) for fields in _REPORT.iter_unpack(reports)]


REPORT_BYTES = _REPORT.size


class Child:
    """A process of the venue's own: it opens it, lets threads send, and reports what they are told.

    Parameters
    ----------
    open_venue : callable
        Opens the venue on a clock.
    load : Load
        What is sent.
    reports : int
        The writing end of a pipe.
    """

    def __init__(
        self, open_venue: Callable[[Callable[[], int]], Venue], load: Load, reports: int
    ) -> None:
        self._open_venue, self._load, self._reports = open_venue, load, reports
        self._failed = threading.Event()

    def run(self) -> bool:
        """Carry the load, and return whether to its end: the journal may fail before."""
        try:
            venue = self._open_venue(self._load.clock())
        except JournalError as e:
            self._fail(e)
            return False
        with venue:
            self._tell(OPENED, 0)
            with Ingress(venue) as ingress:
                senders = [
                    threading.Thread(target=self._send, args=(thread, ingress))
                    for thread in range(THREADS)
                ]
                for sender in senders:
                    sender.start()
                for sender in senders:
                    sender.join()
        return not self._failed.is_set()

    # The first thread waits for each answer, the others are up to three commands ahead of theirs.
    def _send(self, thread: int, ingress: Ingress) -> None:
        ahead = deque(maxlen=thread + 1)
        for number, (key, command) in enumerate(self._load.sent_by(thread)):
            if len(ahead) > thread:
                self._receive(thread, *ahead.popleft())
            if self._failed.is_set():
                return
            ahead.append((number, ingress.post(command, key=key)))
        for place in ahead:
            self._receive(thread, *place)

    def _receive(self, thread: int, number: int, promise) -> None:
        try:
            units = promise.result().units
        except JournalError as e:
            self._fail(e)
        else:
            self._tell(thread, number, units[0].sequence, digest_of(units))

    def _fail(self, error: JournalError) -> None:
        self._failed.set()
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
        self._tell(FAILED, 0)

    def _tell(self, thread: int, number: int, sequence: int = 0, digest: bytes = bytes(16)) -> None:
        os.write(self._reports, _REPORT.pack(thread, number, sequence, digest))
