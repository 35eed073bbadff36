"""What a soak left, as data: per history, and added up."""

from collections import Counter
from dataclasses import dataclass, field
from hashlib import blake2b

from hullmark.domain import Parked, Reason, events
from hullmark.journal import Unit
from hullmark.sim._faults import Fault

_NUMBERS = (
    "units", "recoveries", "restored", "takeovers", "handovers", "resent", "repeated",
    "turned_away", "wall_s",
)  # fmt: skip
_COUNTERS = ("events", "commands", "refusals", "parked", "doubts", "faults")


@dataclass(frozen=True, slots=True)
class SoakFailure:
    """A law that broke, and how to see it break again."""

    seed: int
    events: int  # as many as have to be asked for
    unit: int  # the sequence at which it broke
    law: str

    def __str__(self) -> str:
        said = " ".join(self.law.split())
        return f"make soak SEED={self.seed} EVENTS={self.events}   # unit {self.unit}: {said}"


@dataclass(slots=True)
class HistoryReport:
    """What one history met."""

    seed: int
    store: str
    units: int = 0
    events: Counter[str] = field(default_factory=Counter)  # by type
    commands: Counter[str] = field(default_factory=Counter)  # by type, reactions included
    refusals: Counter[Reason] = field(default_factory=Counter)
    parked: Counter[Parked] = field(default_factory=Counter)
    doubts: Counter[str] = field(default_factory=Counter)  # of prices, by reason
    faults: Counter[Fault] = field(default_factory=Counter)
    recoveries: int = 0
    restored: int = 0  # of all openings, those that began at a snapshot
    takeovers: int = 0  # by a follower, in the place of a venue that had failed
    handovers: int = 0  # by a follower that had taken over, as planned
    resent: int = 0  # commands whose answer a fault took away, and that were sent again
    repeated: int = 0  # commands that were sent twice, and answered from the journal
    turned_away: int = 0  # what was no command
    tip_hash: str = ""  # of the journal
    state_hash: str = ""
    wall_s: float = 0.0
    failure: SoakFailure | None = None

    @property
    def total(self) -> int:
        """How many events there were."""
        return self.events.total()

    def count(self, unit: Unit) -> None:
        """Count a unit of the journal."""
        self.units += 1
        self.commands[type(unit.command).__name__] += 1
        for event in unit.events:
            self.events[type(event).__name__] += 1
            if isinstance(event, events.Refused):
                self.refusals[event.reason] += 1
            elif isinstance(event, events.LiquidationParked):
                self.parked[event.reason] += 1
            elif isinstance(event, events.PricesAccepted):
                self.doubts.update(price.reason for price in event.prices if price.reason)


@dataclass(frozen=True, slots=True)
class SoakReport:
    """All histories of a soak, in the order of their seeds."""

    histories: tuple[HistoryReport, ...]
    wall_s: float

    @property
    def failure(self) -> SoakFailure | None:
        """The first law that broke; ``None`` if all held."""
        return next((h.failure for h in self.histories if h.failure is not None), None)

    @property
    def fingerprint(self) -> str:
        """One hash over how every history ended: its journal and its facts."""
        ends = "\n".join(f"{h.seed} {h.tip_hash} {h.state_hash}" for h in self.histories)
        return blake2b(ends.encode(), digest_size=16).hexdigest()

    def added_up(self) -> HistoryReport:
        """Return all histories as one; its hashes are empty."""
        total = HistoryReport(seed=self.histories[0].seed, store="all")
        for history in self.histories:
            for name in _NUMBERS:
                setattr(total, name, getattr(total, name) + getattr(history, name))
            for name in _COUNTERS:
                getattr(total, name).update(getattr(history, name))
        return total


def soak_table(report: SoakReport) -> str:
    """Lay a report out for a reader: totals, then what was met how often."""
    total = report.added_up()
    rate = total.total / max(report.wall_s, 1e-9)
    lines = [
        f"{total.total:>14,} events in {total.units:,} units of {len(report.histories)} histories",
        f"{rate:>14,.0f} events a second, {report.wall_s:,.1f} s in all",
        f"{total.recoveries:>14,} recoveries, {total.resent:,} commands sent again",
        f"{total.restored:>14,} openings from a snapshot",
        f"{total.takeovers:>14,} followers took over, {total.handovers:,} handed over as planned",
        f"{total.repeated:>14,} repetitions answered from the journal",
        f"{total.turned_away:>14,} requests turned away that were no commands",
    ]
    for title, counts in (
        ("events", total.events),
        ("commands", total.commands),
        ("refusals", {reason.name: n for reason, n in total.refusals.items()}),
        ("parked", {reason.name: n for reason, n in total.parked.items()}),
        ("doubts", total.doubts),
        ("faults", {fault.name: n for fault, n in total.faults.items()}),
    ):
        lines += [title, *(f"{n:>14,} {name}" for name, n in sorted(counts.items()))]
    lines.append(f"{report.fingerprint}  fingerprint of all journals and facts")
    return "\n".join(lines)
