"""Scenario files: an incident as published facts, and the settings of its replay.

A scenario holds no recorded data. Per symbol it states *points*, a price at an instant, each with
the report it was read in; between two points nothing is known, and the path there is a straight
line in log price. :meth:`Scenario.candles` turns that line into the same bars a recording has.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hullmark.core import (
    DAY_NS,
    NANO,
    SECOND_NS,
    FloatArray,
    IntArray,
    format_instant,
    parse_instant,
    parse_nano,
)
from hullmark.errors import DocumentError, InvalidInputError
from hullmark.feeds._candles import Candles
from hullmark.feeds._table import HOUR_NS, frozen

_BAR_NS = 300 * SECOND_NS
_WINDOW_DAYS_MAX = 7  # the grid has a row a second
_TOP = ("title", "text", "source", "replay", "symbols")
_TOP_OPTIONAL = ("activity", "depth")
_REPLAY_WHOLE = (
    "observe_s",
    "oracle_delay_s",
    "execution_delay_s",
    "impact_half_life_s",
    "open_interest_usd",
    "accounts",
    "maker_capital_usd",
)
_REPLAY = ("start", "stop", "observe_move", "depth_share", "fund_share", *_REPLAY_WHOLE)
_SYMBOL = ("decimals", "notional_usd", "funding_interval_h", "funding_rate", "points")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a fact was published."""

    key: str
    publisher: str
    date: str  # ISO 8601
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A published value at an instant: a price in USD, or a share of normal depth."""

    time_ns: int
    value: float
    source: str  # the key of a source


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaySettings:
    """How a market is replayed, recorded or not. What is an assumption is named so in the file.

    Raises
    ------
    DocumentError
        If the window is not of whole bars, or too long, or a time is zero.
    """

    start_ns: int = parse_instant("start", "2025-10-10T00:00:00Z")
    stop_ns: int = parse_instant("stop", "2025-10-11T00:00:00Z")  # inclusive: funding is due then
    observe_move: float = 0.0025  # relative move of any perpetual that makes an observation
    observe_s: int = 60  # and the time after which there is one in any case
    oracle_delay_s: int = 3  # from a price to the check that uses it
    execution_delay_s: int = 2  # from an order to its fill
    depth_share: float = 0.1  # of trailing 5-minute notional that a liquidation can meet
    impact_half_life_s: int = 60  # in which half of the impact of past orders is forgotten
    open_interest_usd: int = 1_000_000_000  # gross: longs plus shorts
    accounts: int = 20_000
    fund_share: float = 0.01  # of gross open interest
    maker_capital_usd: int = 500_000_000  # of the account that takes the other side
    depth: tuple[Point, ...] = ()  # normal depth where there is no point

    def __post_init__(self) -> None:
        length_ns = self.stop_ns - self.start_ns
        if self.start_ns % _BAR_NS or length_ns % _BAR_NS:
            raise DocumentError(
                "replay.start and replay.stop must be on whole 5 minutes, "
                f"was {format_instant(self.start_ns)} and {format_instant(self.stop_ns)}"
            )
        if not 0 < length_ns <= _WINDOW_DAYS_MAX * DAY_NS:
            raise DocumentError(
                f"replay.stop must be at most {_WINDOW_DAYS_MAX} days after replay.start, "
                f"was {length_ns / DAY_NS:g}"
            )
        for name in ("observe_s", "impact_half_life_s"):
            if getattr(self, name) < 1:
                raise DocumentError(f"replay.{name} must be > 0, was {getattr(self, name)}")

    @property
    def seconds(self) -> int:
        """The length of the window; its grid has one instant more."""
        return (self.stop_ns - self.start_ns) // SECOND_NS

    def depth_factor(self) -> FloatArray:
        """Return the share of normal depth at each second of the window, straight in its log."""
        grid = self.start_ns + SECOND_NS * np.arange(self.seconds + 1, dtype=np.int64)
        return _along(self.depth, grid) if self.depth else np.ones(grid.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolScenario:
    """What was published of one perpetual."""

    symbol: str
    decimals: int  # of its tick
    notional_usd: float  # traded in five minutes of an ordinary day
    funding_interval_ns: int
    funding_rate_nano: int  # per interval, at every stamp of the window
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """An incident made of published facts."""

    path: Path
    title: str
    text: str
    sources: tuple[Source, ...]
    replay: ReplaySettings
    activity: tuple[Point, ...]  # traded notional, as a multiple of the ordinary
    symbols: tuple[SymbolScenario, ...]

    def candles(self, symbol: SymbolScenario, *, step_ns: int, lead: int = 0) -> Candles:
        """Return bars of the window, and *lead* flat ones before it.

        A bar opens and closes on the line through the points, and its high and low are the extremes
        of the line and of the points inside. A point on the edge of two bars belongs to both.
        Opens, highs, lows and closes are rounded to the nearest tick.
        """
        bars = (self.replay.stop_ns - self.replay.start_ns) // step_ns + lead
        edges = self.replay.start_ns + step_ns * np.arange(-lead, bars - lead + 1, dtype=np.int64)
        line = _along(symbol.points, edges)
        open_, close = line[:-1], line[1:]
        high, low = np.maximum(open_, close), np.minimum(open_, close)
        for point in symbol.points:
            i = int(np.searchsorted(edges, point.time_ns, side="right")) - 1
            if 0 <= i < bars:
                high[i], low[i] = max(high[i], point.value), min(low[i], point.value)
        scale = 10.0**symbol.decimals
        prices = {"open": open_, "high": high, "low": low, "close": close}
        rounded = {name: np.rint(price * scale) / scale for name, price in prices.items()}
        middle = edges[:-1] + step_ns // 2
        activity = _along(self.activity, middle) if self.activity else np.ones(bars)
        notional = symbol.notional_usd * (step_ns / _BAR_NS) * activity
        return Candles(
            symbol=symbol.symbol,
            path=self.path,
            step_ns=step_ns,
            time_ns=frozen(edges[:-1]),
            volume=frozen(notional / np.sqrt(rounded["high"] * rounded["low"])),
            **{name: frozen(price) for name, price in rounded.items()},
        )


def read_scenario(path: Path | str) -> Scenario:
    """Read a scenario file.

    Raises
    ------
    DocumentError
        If the file is missing or no TOML, a key is missing or unknown, a number is no decimal
        string, points are not in order of time, or a fact cites a source that is not listed.
    """
    path = Path(path)
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, tomllib.TOMLDecodeError) as e:
        raise DocumentError(f"{path} is no scenario file: {e}") from e
    try:
        return _Reader(path, tree).scenario()
    except InvalidInputError as e:
        raise DocumentError(f"{path}: {e}") from e


class _Reader:
    """Walks one tree, checking keys, numbers and the sources that facts cite."""

    def __init__(self, path: Path, tree: Mapping[str, Any]) -> None:
        self.path, self.tree = path, tree
        rows = _tables("source", _table("scenario", tree, _TOP, optional=_TOP_OPTIONAL)["source"])
        fields = ("key", "publisher", "date", "title")
        self.sources = tuple(
            Source(**{name: str(_table(at, row, fields)[name]) for name in fields})
            for at, row in rows
        )
        self.keys = frozenset(source.key for source in self.sources)

    def scenario(self) -> Scenario:
        symbols = self.tree["symbols"]
        if not isinstance(symbols, dict) or not symbols:
            raise DocumentError(f"symbols must hold a table per symbol, was {symbols!r:.60}")
        return Scenario(
            path=self.path,
            title=str(self.tree["title"]),
            text=str(self.tree["text"]),
            sources=self.sources,
            replay=self._replay(),
            activity=self._points("activity", self.tree.get("activity", []), "factor"),
            symbols=tuple(self._symbol(name, row) for name, row in symbols.items()),
        )

    def _replay(self) -> ReplaySettings:
        row = _table("replay", self.tree["replay"], _REPLAY)
        numbers = {k: _number(f"replay.{k}", row[k]) for k in _REPLAY if k not in ("start", "stop")}
        whole = {k: _whole(f"replay.{k}", numbers.pop(k)) for k in _REPLAY_WHOLE}
        for name in ("observe_move", "depth_share", "fund_share"):
            if not 0 < numbers[name] <= 1:
                raise DocumentError(f"replay.{name} must be in (0, 1], was {row[name]!r}")
        return ReplaySettings(
            start_ns=parse_instant("replay.start", row["start"]),
            stop_ns=parse_instant("replay.stop", row["stop"]),
            observe_move=numbers["observe_move"],
            depth_share=numbers["depth_share"],
            fund_share=numbers["fund_share"],
            depth=self._points("depth", self.tree.get("depth", []), "factor"),
            **whole,
        )

    def _symbol(self, name: str, tree: object) -> SymbolScenario:
        at = f"symbols.{name}"
        row = _table(at, tree, _SYMBOL)
        decimals = _whole(f"{at}.decimals", _number(f"{at}.decimals", row["decimals"]))
        if decimals > 9:
            raise DocumentError(f"{at}.decimals must be at most 9, was {decimals}")
        hours = _whole(f"{at}.funding_interval_h", _number(at, row["funding_interval_h"]))
        if not 1 <= hours <= 24:
            raise DocumentError(f"{at}.funding_interval_h must be in [1, 24], was {hours}")
        points = self._points(f"{at}.points", row["points"], "price")
        if not points:
            raise DocumentError(f"{at}.points must hold a price, was []")
        return SymbolScenario(
            symbol=name,
            decimals=decimals,
            notional_usd=_positive(f"{at}.notional_usd", row["notional_usd"]),
            funding_interval_ns=hours * HOUR_NS,
            funding_rate_nano=parse_nano(f"{at}.funding_rate", row["funding_rate"]),
            points=points,
        )

    def _points(self, at: str, rows: object, value: str) -> tuple[Point, ...]:
        points = []
        for where, row in _tables(at, rows):
            _table(where, row, ("at", value, "source"))
            if str(row["source"]) not in self.keys:
                raise DocumentError(f"{where}.source must be a listed key, was {row['source']!r}")
            points.append(
                Point(
                    time_ns=parse_instant(f"{where}.at", row["at"]),
                    value=_positive(f"{where}.{value}", row[value]),
                    source=str(row["source"]),
                )
            )
            if len(points) > 1 and points[-1].time_ns <= points[-2].time_ns:
                raise DocumentError(
                    f"{where}.at must be later than the point before, was {row['at']!r}"
                )
        return tuple(points)


def _table(
    at: str, tree: object, required: Sequence[str], *, optional: Sequence[str] = ()
) -> Mapping[str, Any]:
    if not isinstance(tree, dict):
        raise DocumentError(f"{at} must be a table, was {tree!r}")
    if missing := [key for key in required if key not in tree]:
        raise DocumentError(f"{at} must have {missing[0]!r}")
    if unknown := sorted(set(tree) - {*required, *optional}):
        raise DocumentError(f"{at} has an unknown key {unknown[0]!r}")
    return tree


def _tables(at: str, rows: object) -> list[tuple[str, Any]]:
    if not isinstance(rows, list):
        raise DocumentError(f"{at} must be an array of tables, was {rows!r}")
    return [(f"{at}[{i}]", row) for i, row in enumerate(rows)]


def _number(at: str, text: object) -> float:
    if not isinstance(text, str):
        raise DocumentError(f"{at} must be a decimal string, was {text!r}")
    return parse_nano(at, text) / NANO


def _positive(at: str, text: object) -> float:
    number = _number(at, text)
    if number <= 0:
        raise DocumentError(f"{at} must be > 0, was {text!r}")
    return number


def _whole(at: str, number: float) -> int:
    if number != int(number) or number < 0:
        raise DocumentError(f"{at} must be a whole number >= 0, was {number:g}")
    return int(number)


# Straight in the log of the value between two points, flat before the first and after the last.
def _along(points: Sequence[Point], time_ns: IntArray) -> FloatArray:
    start = points[0].time_ns  # distances in float64 are exact, instants are not
    at = np.array([(p.time_ns - start) / SECOND_NS for p in points])
    values = np.array([p.value for p in points])
    line = np.exp(np.interp((time_ns - start) / SECOND_NS, at, np.log(values)))
    return np.asarray(line, dtype=np.float64)
