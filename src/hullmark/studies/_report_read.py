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
    text: str  # what the path is made of
    files: list[str]


class Fund(_Record, frozen=True):
    """The insurance fund over the run: start + penalties in - used = end."""

    start: Usd
    penalties_in: Usd
    used: Usd
    end: Usd


class Causes(_Record, frozen=True):
    """A deficit split by when it arose: at the trigger, on the way, and in the market."""

    gap: Usd  # missing at the trigger prices already
    latency: Usd  # lost until they arrived, at the venue's own prices
    impact: Usd  # lost until they were filled, penalties and rounding included
    participation: Usd = "0"  # lost until orders were sent; before release 0.2.0 told as latency
    oracle: Usd = "0"  # what the market was worse on arrival; before 0.2.0 told as latency


class InstrumentRow(_Record, frozen=True):
    """What was liquidated in one instrument; slippage is a fraction of the price."""

    instrument: str
    liquidations: Count
    notional: Usd
    penalties: Usd
    deficit: Usd  # of accounts that closed most of their notional in it
    worst_slippage: float | None  # of a fill against its arrival price; null: none filled


class TierRow(_Record, frozen=True):
    """Accounts in one margin tier, and how many of them were liquidated."""

    instrument: str
    tier: int  # at the opening; the lowest is 1
    accounts: Count
    liquidated: Count


class Timeline(_Record, frozen=True):
    """Columns by time; minutes count from the start of the window, a bin is named by its start."""

    minute: Annotated[list[float], Some]
    breaches: list[Count]
    notional: list[float]
    fund: list[float]  # at the end of the bin
    prices: dict[str, list[float]]  # lowest mark of the bin / first mark, by instrument


class Health(_Record, frozen=True):
    """Accounts by margin ratio: bin k starts at edge k, and the last one is open."""

    edges: Annotated[list[float], Some]  # maintenance margin / maintenance equity
    before: list[Count]
    after: list[Count]


class MapTable(_Record, frozen=True):
    """Notional that would be liquidated if all prices made one relative move."""

    move: Annotated[list[float], Some]  # -0.1 is a fall by a tenth
    long: list[float]  # USD
    short: list[float]


class Maps(_Record, frozen=True):
    """The liquidation map at the first and at the last instant."""

    before: MapTable
    after: MapTable


class Slowest(_Record, frozen=True):
    """The command that took longest, from submission to rest."""

    command: str
    time: str  # of the market, ISO 8601
    wall_ms: float
    events: Count


class BooksAsset(_Record, frozen=True):
    """Every unit of one asset: what custody holds against what accounts and funds own."""

    asset: str
    sum_quanta: int  # cash and quotes of all accounts, custody among them
    custody: Units
    accounts: Units  # of everybody but custody, fund and bad debt
    fund: Units
    bad_debt: Units  # below zero: what nobody has paid


class Books(_Record, frozen=True):
    """The proof that the books balance: sums over all accounts, each of them zero."""

    balanced: bool
    assets: list[BooksAsset]
    lots: dict[str, int]  # sum over all accounts, by instrument


class Maker(_Record, frozen=True):
    """The funded market maker that every liquidation traded with."""

    capital: Usd
    equity_end: Usd
    margin_ratio_worst: float  # maintenance margin / maintenance equity


class Run(_Record, frozen=True):
    """One replay: a path through the bars, and two delays."""

    name: str
    order: str  # of the prices inside a bar: O-H-L-C or O-L-H-C
    oracle_delay_s: float
    execution_delay_s: float
    journalled: bool  # whether journal.db is of this run
    state_hash: str
    wall_s: float
    units: Count
    events: Count
    breaches: Count  # liquidations begun: an account can be in breach again
    liquidations: Count  # accounts of which anything was closed
    orders: Count
    fills: Count
    notional: Usd
    penalties: Usd
    deficit: Usd  # before the fund: fund.used + bad_debt
    deficits: Count  # accounts that left one
    fund: Fund
    bad_debt: Usd
    causes: Causes
    parked: dict[str, Count]  # pauses by reason
    retries: Count  # orders after the first in one instrument of one liquidation
    by_instrument: list[InstrumentRow]
    by_tier: list[TierRow]
    timeline: Timeline
    health: Health
    maps: Maps = msgspec.field(name="map")
    slowest: Slowest
    depth_used_usd: float  # of the paper market, by orders of this run
    price_grades: dict[str, Count]  # weighed prices by hullmark.market.Grade
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


class Tail(_Record, frozen=True):
    """The largest equities, as multiples of the equity at which the tail begins."""

    quantiles: list[float]
    real: list[float]
    drawn: list[float]


class Population(_Record, frozen=True):
    """The drawn accounts against the real ones they were fitted on."""

    quantiles: Annotated[list[float], Some]
    leverage: Sample  # after it was cut to the tiers
    size_usd: Sample  # gross notional; the real ones are times size_scale
    size_scale: float  # USD here per USD of the fitted sample
    long_share: Pair
    accounts_by_mode: dict[str, Count]
    tail: Tail
    longs_usd: float
    shorts_usd: float
    positions_by_tier: dict[str, list[Count]]  # by instrument, lowest tier first


class Assumption(_Record, frozen=True):
    """A number that nobody measured, and who says so."""

    name: str
    value: str
    source: str


class Report(_Record, frozen=True):
    """A crash replay: four runs, their bound, and the book they ran on."""

    hullmark: str  # version
    seed: int  # of the book
    window: tuple[str, str]  # ISO 8601, both ends included
    source: Source
    accounts: Count
    open_interest_usd: Usd  # gross: longs plus shorts
    numeraire: str  # the asset that amounts are in
    state_hash: str  # of the journalled run
    bad_debt: Usd  # of the journalled run
    worse: str  # the bar order with the larger deficit at the declared delays
    wall_s: float
    runs: Annotated[list[Run], Some]  # both bar orders, without delay and with it
    upper_bound: Run | None  # the worse order, on a path that jumps
    fund_curve: list[FundPoint]  # of the journalled run
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
