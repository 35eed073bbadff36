"""The report of a crash replay, as data: read from the tree of ``report.json``, or refused.

Money stays a decimal string until it is printed, so that no cent is lost on the way. What the
schema does not name is ignored here, and kept in the file that is written.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from hullmark.errors import DocumentError

Usd = Annotated[str, msgspec.Meta(pattern=r"^-?\d+(\.\d+)?$")]
Units = Usd  # of the asset that the record names
Count = Annotated[int, msgspec.Meta(ge=0)]
Some = msgspec.Meta(min_length=1)

_EXPECTED_TEXT = re.compile(r"Expected `str` matching regex .+")
_EXPECTED_GOT = re.compile(r"Expected (.+), got .+")
_EXPECTED = re.compile(r"Expected (.+)")
_MISSING = re.compile(r"Object missing required field `(.+)`")
_LOCATED = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?")
_STEPS = re.compile(r"\.([^.\[]+)|\[(\d+)\]")


class _Record(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the report. Fields are those of ``report.json``."""


class Source(_Record, frozen=True):
    """Where the prices came from: files that a market left, or facts that were published."""

    kind: Literal["recorded", "published facts"]
    text: str
    files: list[str]


class Fund(_Record, frozen=True):
    """The insurance fund over the run: start + penalties in - used = end."""

    start: Usd
    penalties_in: Usd
    used: Usd
    end: Usd


class Causes(_Record, frozen=True):
    """A deficit split by when it arose: at the trigger, on the way, and in the market."""

    gap: Usd
    latency: Usd
    impact: Usd


class InstrumentRow(_Record, frozen=True):
    """What was liquidated in one instrument; slippage is a fraction of the price."""

    instrument: str
    liquidations: Count
    notional: Usd
    penalties: Usd
    deficit: Usd
    worst_slippage: float | None


class TierRow(_Record, frozen=True):
    """Accounts in one margin tier, and how many of them were liquidated."""

    instrument: str
    tier: int
    accounts: Count
    liquidated: Count


class Timeline(_Record, frozen=True):
    """Columns by time; minutes count from the start of the window, a bin is named by its start."""

    minute: Annotated[list[float], Some]
    breaches: list[Count]
    notional: list[float]
    fund: list[float]
    prices: dict[str, list[float]]


class Health(_Record, frozen=True):
    """Accounts by margin ratio: bin k starts at edge k, and the last one is open."""

    edges: Annotated[list[float], Some]
    before: list[Count]
    after: list[Count]


class MapTable(_Record, frozen=True):
    """Notional that would be liquidated if all prices made one relative move."""

    move: Annotated[list[float], Some]
    long: list[float]
    short: list[float]


class Maps(_Record, frozen=True):
    """The liquidation map at the first and at the last instant."""

    before: MapTable
    after: MapTable


class Slowest(_Record, frozen=True):
    """The command that took longest, from submission to rest."""

    command: str
    time: str
    wall_ms: float
    events: Count


class BooksAsset(_Record, frozen=True):
    """Every unit of one asset: what custody holds against what accounts and funds own."""

    asset: str
    sum_quanta: int
    custody: Units
    accounts: Units
    fund: Units
    bad_debt: Units


class Books(_Record, frozen=True):
    """The proof that the books balance: sums over all accounts, each of them zero."""

    balanced: bool
    assets: list[BooksAsset]
    lots: dict[str, int]


class Maker(_Record, frozen=True):
    """The funded market maker that every liquidation traded with."""

    capital: Usd
    equity_end: Usd
    margin_ratio_worst: float


class Run(_Record, frozen=True):
    """One replay: a path through the bars, and two delays."""

    name: str
    order: str
    oracle_delay_s: float
    execution_delay_s: float
    journalled: bool
    state_hash: str
    wall_s: float
    units: Count
    events: Count
    breaches: Count
    liquidations: Count
    orders: Count
    fills: Count
    notional: Usd
    penalties: Usd
    deficit: Usd
    deficits: Count
    fund: Fund
    bad_debt: Usd
    causes: Causes
    parked: dict[str, Count]
    retries: Count
    by_instrument: list[InstrumentRow]
    by_tier: list[TierRow]
    timeline: Timeline
    health: Health
    maps: Maps = msgspec.field(name="map")
    slowest: Slowest
    books: Books
    maker: Maker


class FundPoint(_Record, frozen=True):
    """Bad debt had the fund been of this size; share is a fraction of open interest."""

    share: Usd
    fund: Usd
    bad_debt: Usd


class Sample(_Record, frozen=True):
    """Quantiles of the real accounts, and of those that were drawn."""

    real: list[float]
    drawn: list[float]


class Pair(_Record, frozen=True):
    """One figure of the real accounts, and of those that were drawn."""

    real: float
    drawn: float


class Population(_Record, frozen=True):
    """The drawn accounts against the real ones they were fitted on."""

    quantiles: Annotated[list[float], Some]
    leverage: Sample
    size_usd: Sample
    long_share: Pair
    accounts_by_mode: dict[str, Count]


class Assumption(_Record, frozen=True):
    """A number that nobody measured, and who says so."""

    name: str
    value: str
    source: str


class Report(_Record, frozen=True):
    """A crash replay: four runs, their bound, and the book they ran on."""

    hullmark: str
    seed: int
    window: tuple[str, str]
    source: Source
    accounts: Count
    open_interest_usd: Usd
    numeraire: str
    state_hash: str
    bad_debt: Usd
    worse: str
    wall_s: float
    runs: Annotated[list[Run], Some]
    upper_bound: Run | None
    fund_curve: list[FundPoint]
    population: Population
    assumptions: list[Assumption]
    warnings: list[str]

    @property
    def journalled(self) -> Run:
        """The run that the journal, the state hash and every picture over time belong to."""
        return next(run for run in self.runs if run.journalled)

    @property
    def all_runs(self) -> list[Run]:
        """The runs, then the upper bound where there is one."""
        return self.runs if self.upper_bound is None else [*self.runs, self.upper_bound]


def plain_tree(report: Mapping[str, object]) -> dict[str, object]:
    """Return *report* as JSON values only, or raise :class:`DocumentError` naming the first other.

    Infinity and NaN are refused: JSON has no word for them.
    """
    tree = _plain(report, "report")
    assert isinstance(tree, dict)
    return tree


def read_report(report: Mapping[str, object]) -> Report:
    """Check the tree of a ``report.json``, and return it with types.

    Raises
    ------
    DocumentError
        If a key is missing, of the wrong kind, or contradicts another. The message names the path
        of the key, the rule and the value.
    """
    tree = plain_tree(report)
    try:
        read = msgspec.convert(tree, Report)
    except msgspec.ValidationError as e:
        raise DocumentError(_explain(str(e), tree)) from e
    for path, rule, holds, was in _cross_checks(read):
        if not holds:
            raise DocumentError(f"{path} must {rule}, was {was}")
    return read


def _plain(value: object, path: str) -> object:
    match value:
        case None | bool() | str():
            return value
        case int():
            return int(value)
        case float() if math.isfinite(value):
            return float(value)
        case Mapping():
            for key in value:
                if not isinstance(key, str):
                    raise DocumentError(f"keys of {path} must be strings, one was {key!r}")
            return {key: _plain(item, f"{path}.{key}") for key, item in value.items()}
        case list() | tuple():
            return [_plain(item, f"{path}[{k}]") for k, item in enumerate(value)]
    raise DocumentError(f"{path} must be a finite JSON value, was {value!r}")


# Turns "Expected `int`, got `str` - at `$.runs[0].breaches`" into a sentence of ours.
def _explain(message: str, tree: object) -> str:
    located = _LOCATED.fullmatch(message)
    assert located is not None
    what, path = located["what"], located["path"] or ""
    if missing := _MISSING.fullmatch(what):
        return f"report{path}.{missing[1]} must be present, was missing"
    expected = _EXPECTED_GOT.fullmatch(what) or _EXPECTED.fullmatch(what)
    rule = expected[1] if expected else what
    if _EXPECTED_TEXT.fullmatch(what):
        rule = "a decimal string such as '-12.50'"
    for key, index in _STEPS.findall(path):
        match tree:
            case dict() if key in tree:
                tree = tree[key]
            case list() if index:
                tree = tree[int(index)]
    was = repr(tree)
    shown = was if len(was) <= 60 else f"{was[:57]}..."
    return f"report{path} must be {rule}, was {shown}"


_Check = tuple[str, str, bool, object]


def _cross_checks(report: Report) -> Iterator[_Check]:
    journalled = [run for run in report.runs if run.journalled]
    yield "report.runs", "hold one journalled run", len(journalled) == 1, len(journalled)
    mine = journalled[0]
    hashes = report.state_hash == mine.state_hash
    yield "report.state_hash", f"be {mine.state_hash} as in its run", hashes, report.state_hash
    debts = Decimal(report.bad_debt) == Decimal(mine.bad_debt)
    yield "report.bad_debt", f"be {mine.bad_debt} as in its run", debts, report.bad_debt
    population = report.population
    for name in ("leverage", "size_usd"):
        sample: Sample = getattr(population, name)
        for kind, column in (("real", sample.real), ("drawn", sample.drawn)):
            yield _length(f"report.population.{name}.{kind}", column, population.quantiles)
    for k, run in enumerate(report.runs):
        yield from _run_checks(f"report.runs[{k}]", run)
    if report.upper_bound is not None:
        yield from _run_checks("report.upper_bound", report.upper_bound)


def _run_checks(path: str, run: Run) -> Iterator[_Check]:
    line = run.timeline
    columns: dict[str, Sequence[float]] = {
        "breaches": line.breaches,
        "notional": line.notional,
        "fund": line.fund,
    }
    columns |= {f"prices.{name}": column for name, column in line.prices.items()}
    for name, column in columns.items():
        yield _length(f"{path}.timeline.{name}", column, line.minute)
    yield _length(f"{path}.health.before", run.health.before, run.health.edges)
    yield _length(f"{path}.health.after", run.health.after, run.health.edges)
    for when, table in (("before", run.maps.before), ("after", run.maps.after)):
        yield _length(f"{path}.map.{when}.long", table.long, table.move)
        yield _length(f"{path}.map.{when}.short", table.short, table.move)


def _length(path: str, column: Sequence[float], axis: Sequence[float]) -> _Check:
    return path, f"have {len(axis)} values as its axis has", len(column) == len(axis), len(column)
