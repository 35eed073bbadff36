"""The path of a market through a replay's window, second by second.

A bar does not say in which order its high and low came, nor how the price went between them, so the
path is a *reconstruction*: from the open to the high, the low and the close (or to the low first),
straight in log price, at 0, 100, 200 and 300 seconds, the same order for every symbol. A replay
runs both orders. The *jump* path stands still between those four points and so makes every gap as
large as the bar allows: an upper bound.

Every price is rounded to the nearest tick of its series, as printed prices are. That also makes the
path the same on machines whose exponential differs in the last bit.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from hullmark.core import SECOND_NS, FloatArray, IntArray, format_instant, kernel
from hullmark.errors import FeedError, InvalidInputError
from hullmark.feeds import (
    Candles,
    Funding,
    ReplaySettings,
    Scenario,
    nearest_nano,
    read_candles,
    read_funding,
    read_marks,
    read_scenario,
    read_table,
)

BarOrder = Literal["OHLC", "OLHC"]
SYMBOLS = ("BTC", "ETH", "SOL", "XRP", "BNB", "DOGE", "HYPE")

_BAR_S, _LEG_S, _HOUR_S = 300, 100, 3_600
_BAR_NS = _BAR_S * SECOND_NS
_FOLDER = "binance_perp_5m_2025_2026"
_OWN_FILE = ("BTC", "ETH")  # the others share one


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingPayment:
    """One payment of one perpetual: longs pay shorts a fraction of notional, or get it."""

    time_ns: int
    symbol: str
    rate_nano: int
    interval_ns: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarketPath:
    """Prices of several perpetuals at each second of a window, both of its ends included.

    Attributes
    ----------
    symbols : tuple of str
        The coins, in the order of the columns.
    start_ns : int, ns UTC
        The instant of row 0; row ``i`` is ``i`` seconds later.
    trade : ndarray of float64, shape (seconds + 1, n_symbols), USD
        The last trade. Where a bar meets the next, the next one's open holds.
    mark : ndarray of float64, shape (seconds + 1, n_symbols), USD
        The trade path clamped into the recorded mark range of its hour, a reconstruction. Equal to
        the trade path where no mark was recorded.
    notional : ndarray of float64, shape (seconds + 1, n_symbols), USD
        Traded in the 300 seconds before. A bar's volume is spread evenly over its seconds and
        valued at the trade path.
    depth_factor : ndarray of float64, shape (seconds + 1,)
        The published share of normal depth; 1 where none is declared.
    observations : ndarray of int64
        The rows at which prices are observed: the first, the last, and whenever a trade or mark
        has moved by the threshold or the time has run since the one before.
    funding : tuple of FundingPayment
        The payments of the window, both ends included, by time and symbol.
    kind : "recorded" or "scenario"
    text : str
        What the path is made of, for a report.
    files : tuple of Path
    """

    symbols: tuple[str, ...]
    start_ns: int
    trade: FloatArray
    mark: FloatArray
    notional: FloatArray
    depth_factor: FloatArray
    observations: IntArray
    funding: tuple[FundingPayment, ...]
    kind: Literal["recorded", "scenario"]
    text: str
    files: tuple[Path, ...]

    @classmethod
    def from_recorded(
        cls,
        data_dir: Path | str,
        *,
        order: BarOrder,
        jump: bool = False,
        replay: ReplaySettings | None = None,
    ) -> "MarketPath":
        """Build the path from recorded bars, marks and funding below *data_dir*.

        Without *replay*, the day of 10 October 2025 and undiminished depth; a scenario file gives
        the published depth: ``replay=read_scenario(path).replay``.

        Raises
        ------
        FeedError
            If a file is missing, or does not hold the whole window in good order.
        InvalidInputError
            If the window does not begin on a whole hour.
        """
        replay = replay or ReplaySettings()
        if replay.start_ns % (_HOUR_S * SECOND_NS):
            raise InvalidInputError(
                "replay.start must be on a whole hour, as recorded marks are, "
                f"was {format_instant(replay.start_ns)}"
            )
        folder = Path(data_dir) / _FOLDER
        bars = _recorded_bars(folder, replay)
        window = {"start_ns": replay.start_ns, "stop_ns": replay.stop_ns}
        marks = read_table(folder / "mark_price_1h.parquet")
        rates = read_table(folder / "funding_8h.parquet")
        hours = {s: read_marks(marks, symbol=f"{s}USDT", **window) for s in SYMBOLS}
        funding = {s: read_funding(rates, symbol=f"{s}USDT", **window) for s in SYMBOLS}
        text = (
            f"recorded 5-minute bars of {len(SYMBOLS)} perpetuals; the path inside a bar is "
            f"{_path_text(order, jump)}; the mark is that path clamped into the recorded low and "
            f"high of the hour's mark price"
        )
        files = dict.fromkeys([*(b.path for b in bars.values()), marks.path, rates.path])
        return _build(
            bars, hours, _payments(funding), replay, order=order, jump=jump, text=text,
            kind="recorded", files=tuple(files),
        )  # fmt: skip

    @classmethod
    def from_scenario(
        cls, toml_path: Path | str, *, order: BarOrder, jump: bool = False
    ) -> "MarketPath":
        """Build the path from a scenario file of published facts.

        Raises
        ------
        DocumentError
            If the file is not a scenario.
        """
        scenario = read_scenario(toml_path)
        bars = {s.symbol: scenario.candles(s, step_ns=_BAR_NS, lead=1) for s in scenario.symbols}
        text = (
            f"{scenario.title}: published facts, no recorded prices; between published points the "
            f"price is straight in its log, inside a bar {_path_text(order, jump)}; the mark is "
            f"the trade path"
        )
        return _build(
            bars, {}, _scheduled(scenario), scenario.replay, order=order, jump=jump, text=text,
            kind="scenario", files=(scenario.path,),
        )  # fmt: skip

    @property
    def seconds(self) -> int:
        """The length of the window."""
        return int(self.trade.shape[0]) - 1

    def time_ns(self, row: int) -> int:
        """Return the instant of a row."""
        return self.start_ns + row * SECOND_NS

    def row(self, time_ns: int) -> int:
        """Return the row at or just before an instant; after the window it is the last one.

        Raises
        ------
        InvalidInputError
            If the instant is before the window.
        """
        if time_ns < self.start_ns:
            raise InvalidInputError(
                f"time_ns must be >= {self.start_ns}, where the path begins, was {time_ns}"
            )
        return min((time_ns - self.start_ns) // SECOND_NS, self.seconds)

    def mark_nano(self, row: int) -> IntArray:
        """Return the marks of a row in nanos, to the nearest."""
        return nearest_nano(self.mark[row])

    def traded_usd(self) -> FloatArray:
        """Return the notional traded in the whole window, per symbol."""
        total = self.notional[_BAR_S::_BAR_S].sum(axis=0)
        return np.asarray(total, dtype=np.float64)


def bar_path(bars: Candles, *, order: BarOrder, jump: bool) -> FloatArray:
    """Return the trade path through 5-minute *bars*, one price a second, the last close included.

    Parameters
    ----------
    bars : Candles
        With a step of 300 s and without a gap.
    order : "OHLC" or "OLHC"
        Which extreme is reached first.
    jump : bool
        Stand still between the points instead of going straight in log price.

    Returns
    -------
    ndarray of float64, shape (300 * n_bars + 1,), USD

    Raises
    ------
    InvalidInputError
        If the order or the step is another.
    """
    if order not in ("OHLC", "OLHC"):
        raise InvalidInputError(f"order must be OHLC or OLHC, was {order!r}")
    if bars.step_ns != _BAR_NS:
        raise InvalidInputError(f"bars must be of {_BAR_S} s, was {bars.step_ns // SECOND_NS} s")
    first, second = (bars.high, bars.low) if order == "OHLC" else (bars.low, bars.high)
    points = np.stack([bars.open, first, second, bars.close], axis=1)
    if jump:
        legs = np.repeat(points[:, :3], _LEG_S, axis=1)
    else:
        logs, share = np.log(points), np.arange(_LEG_S) / _LEG_S
        line = logs[:, :3, None] + np.diff(logs, axis=1)[:, :, None] * share
        scale = 10.0 ** _decimals(points)
        legs = np.rint(np.exp(line) * scale) / scale
        legs[:, :, 0] = points[:, :3]
    return np.append(legs.reshape(-1), bars.close[-1])


def trailing_notional(trade: FloatArray, volume: FloatArray) -> FloatArray:
    """Return what was traded in the 300 s before each second of a path, in USD.

    Second ``t`` counts the seconds from ``t - 300`` up to but excluding ``t``, each with a 300th of
    its bar's volume at the price of its beginning. The first bar only leads in: the result begins
    with the second bar and is 300 shorter than *trade*.
    """
    flow = np.repeat(volume / _BAR_S, _BAR_S) * trade[:-1]
    total = np.concatenate([[0.0], np.cumsum(flow)])
    return np.asarray(total[_BAR_S:] - total[:-_BAR_S], dtype=np.float64)


@kernel
def observations_kernel(
    trade: FloatArray, mark: FloatArray, move: float, seconds_max: int
) -> IntArray:
    """Return the rows to observe, trusting every input. See :class:`MarketPath`."""
    rows = np.empty(trade.shape[0], dtype=np.int64)
    rows[0], count, last, end = 0, 1, 0, trade.shape[0] - 1
    for i in range(1, end + 1):
        due = i == end or i - last >= seconds_max
        for k in range(trade.shape[1]):
            if due:
                break
            due = (
                abs(trade[i, k] - trade[last, k]) >= move * trade[last, k]
                or abs(mark[i, k] - mark[last, k]) >= move * mark[last, k]
            )
        if due:
            rows[count], count, last = i, count + 1, i
    return rows[:count].copy()


def _build(
    bars: Mapping[str, Candles],
    hours: Mapping[str, Candles],
    funding: tuple[FundingPayment, ...],
    replay: ReplaySettings,
    *,
    order: BarOrder,
    jump: bool,
    text: str,
    kind: Literal["recorded", "scenario"],
    files: tuple[Path, ...],
) -> MarketPath:
    paths, notional, marks = [], [], []
    for symbol, candles in bars.items():
        path = bar_path(candles, order=order, jump=jump)
        if candles.volume is None:
            raise FeedError(f"{candles.path}: bars of {symbol} must have a volume")
        notional.append(trailing_notional(path, candles.volume))
        paths.append(path[_BAR_S:])
        marks.append(_clamped(paths[-1], hours[symbol]) if symbol in hours else paths[-1])
    trade, mark = np.stack(paths, axis=1), np.stack(marks, axis=1)
    rows = observations_kernel(trade, mark, replay.observe_move, replay.observe_s)
    columns = (trade, mark, np.stack(notional, axis=1), replay.depth_factor(), rows)
    for column in columns:
        column.setflags(write=False)
    return MarketPath(
        symbols=tuple(bars), start_ns=replay.start_ns, trade=trade, mark=mark,
        notional=columns[2], depth_factor=columns[3], observations=rows, funding=funding,
        kind=kind, text=text, files=files,
    )  # fmt: skip


def _recorded_bars(folder: Path, replay: ReplaySettings) -> dict[str, Candles]:
    shared = read_table(folder / "alts_5m_crash_windows.parquet")
    bars = {}
    for symbol in SYMBOLS:
        own = symbol in _OWN_FILE
        bars[symbol] = read_candles(
            read_table(folder / f"{symbol}USDT_5m.parquet") if own else shared,
            step_ns=_BAR_NS,
            symbol=None if own else f"{symbol}USDT",
            start_ns=replay.start_ns - _BAR_NS,  # one bar to lead in the trailing notional
            stop_ns=replay.stop_ns,
        )
    return bars


# The last second belongs to the hour it ends.
def _clamped(trade: FloatArray, hours: Candles) -> FloatArray:
    hour = np.minimum(np.arange(trade.size) // _HOUR_S, hours.low.size - 1)
    return np.clip(trade, hours.low[hour], hours.high[hour])


# The fewest decimals that write every price exactly: the tick, as far as the record shows it.
def _decimals(prices: FloatArray) -> int:
    for decimals in range(9):
        scale = 10.0**decimals
        if np.array_equal(np.rint(prices * scale) / scale, prices):
            return decimals
    return 9


def _payments(funding: Mapping[str, Funding]) -> tuple[FundingPayment, ...]:
    return _sorted(
        FundingPayment(
            time_ns=int(time_ns), symbol=symbol, rate_nano=int(rate), interval_ns=f.interval_ns
        )
        for symbol, f in funding.items()
        for time_ns, rate in zip(f.time_ns, f.rate_nano, strict=True)
    )


# Stamps on the funding grid of the UTC day that fall into the window, both ends included.
def _scheduled(scenario: Scenario) -> tuple[FundingPayment, ...]:
    replay = scenario.replay
    return _sorted(
        FundingPayment(
            time_ns=time_ns,
            symbol=s.symbol,
            rate_nano=s.funding_rate_nano,
            interval_ns=s.funding_interval_ns,
        )
        for s in scenario.symbols
        for time_ns in range(
            -(-replay.start_ns // s.funding_interval_ns) * s.funding_interval_ns,
            replay.stop_ns + 1,
            s.funding_interval_ns,
        )
    )


def _sorted(payments: Iterable[FundingPayment]) -> tuple[FundingPayment, ...]:
    return tuple(sorted(payments, key=lambda p: (p.time_ns, p.symbol)))


def _path_text(order: BarOrder, jump: bool) -> str:
    how = "jumping between" if jump else "straight in log price between"
    return f"{how} its prices in the order {'-'.join(order)}"
