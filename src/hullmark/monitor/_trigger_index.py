"""The trigger index: which accounts a price can bring under, without looking at the others."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from hullmark.book import Rows
from hullmark.core import FloatArray, IntArray
from hullmark.errors import InvalidInputError
from hullmark.margin import Evaluation, RiskTables, Scratch, Slopes, evaluate, scratch_for
from hullmark.monitor._bands import (
    Places,
    crossed_rows,
    holding,
    largest_of,
    leaving_rows,
    link_rows,
    place_rows,
)
from hullmark.monitor._shelves import COLUMNS, SLOTS, Shelves

# Radii of the boxes that slopes are taken over, widest first. In a wide one the slopes of options
# are loose, and a narrow one ends soon; of each account the better counts.
RADII = (0.5, 0.1, 0.02)
_CHUNKS = 16  # slices of a build


Number = TypeVar("Number", bound=np.generic)


class Checked(NamedTuple):
    """How one question was answered: every account is accounted for."""

    accounts: int  # all of them: each was evaluated, or is surely healthy
    evaluated: int  # of which this many anew
    crossed: int  # of which this many for a price that left a band
    watched: int  # and this many since they are near or in a breach
    at_ns: int = 0  # of which tick: the time of the facts; 0 where nobody tells it


class Found(NamedTuple):
    """The accounts that were evaluated, by row, and what came out; the others are healthy."""

    rows: IntArray
    evaluation: Evaluation

    @property
    def in_breach(self) -> IntArray:
        """The rows in breach, in no order."""
        return self.rows[self.evaluation.in_breach]


_NOBODY, _NOTHING = np.zeros(0, np.int64), np.zeros(0)
_NONE = Found(
    _NOBODY,
    Evaluation(
        *(_NOTHING, _NOTHING, _NOTHING, _NOTHING, _NOTHING, _NOTHING),
        *(_NOBODY, _NOTHING, np.zeros(0, np.bool_)),
    ),
)


def rows_holding(rows: Rows, instruments: NDArray[np.bool_]) -> IntArray:
    """Return the rows that hold one of the *instruments*, a mask of shape (I,)."""
    return np.flatnonzero(holding(rows, instruments))


class TriggerIndex:
    """Bands of all accounts of a book, at one market and under terms that only prices change.

    Between two questions any factor's price may move, and any row may change. Law: `check` finds
    the breaches that evaluating every row would find. Whatever else a margin rests on (volatility,
    time to expiry, funding, rules) must stay: after a change of it the rows that it touches are
    given to `check` as *touched*, with `rebased` called before, or the index is built anew.

    Parameters
    ----------
    rows, tables : Rows, RiskTables
        The book and the venue at the market of the prices.
    slopes_at : callable
        Returns the slopes in boxes of some radii around the market as it is now.
    prices : ndarray of float64, shape (F,)
        Of each factor, as `margin.factor_prices` orders them.
    threads : int
        Threads that build.

    Raises
    ------
    InvalidInputError
        If *threads* is below 1.
    """

    def __init__(
        self,
        rows: Rows,
        tables: RiskTables,
        slopes_at: Callable[[Sequence[float]], Slopes],
        prices: FloatArray,
        *,
        threads: int = 1,
    ) -> None:
        if threads < 1:
            raise InvalidInputError(f"threads must be >= 1, was {threads}")
        self._slopes_at = slopes_at
        self._price = prices.copy()
        self._slopes = self._fresh()
        n, moving = rows.start.size, self._slopes.high[0] > self._slopes.low[0]
        room = rows.count + self._most_assets
        first = np.cumsum(room) - room
        lanes = int(moving.sum())
        self._shelves = Shelves(
            entry=np.empty((int(room.sum()), COLUMNS), np.int32),
            bound=np.empty((int(room.sum()), 2)),
            head=np.full((2 * lanes, SLOTS), -1, np.int32),
            edge=np.tile([-np.inf, np.inf], (lanes, 1)),
            lane=np.where(moving, np.cumsum(moving) - 1, -1).astype(np.int32),
            first=first,
            count=np.zeros(n, np.int64),
            room=room,
        )
        used = np.array([room.sum(), 0], np.int64)
        self._places = Places(np.full(n, -1.0), np.empty(n, np.int64), np.full(n, -1), used)
        self._build(rows, tables, threads)
        self._seen, self._found = np.zeros(n, np.bool_), np.empty(n, np.int64)
        self.checked = Checked(n, n, 0, int(used[1]))

    def __len__(self) -> int:
        return self._shelves.first.size

    @property
    def reach(self) -> FloatArray:
        """Per row how far all prices together may move, as a share of them, from its last band.

        0: it may be in breach now; infinite: no price harms it, as far as its box goes; -1: it
        holds nothing that could be.
        """
        reach: FloatArray = self._places.reach[: len(self)]
        return reach

    @property
    def watched(self) -> IntArray:
        """The rows that are evaluated at every question, in no order."""
        watched: IntArray = self._places.watch[: self._places.used[1]]
        return watched

    def crossed(self, factors: IntArray, prices: FloatArray) -> IntArray:
        """Move *factors* to their new *prices*, and return the rows that have left a band.

        They are to be given to `check`, with no other move in between.
        """
        n = crossed_rows(factors, prices, self._price, self._shelves, self._seen, self._found)
        return self._found[:n].copy()

    def check(
        self,
        rows: Rows,
        tables: Callable[[], RiskTables],
        crossed: IntArray,
        touched: IntArray,
    ) -> Found:
        """Evaluate the rows that may be in breach, and give them new bands.

        Parameters
        ----------
        rows : Rows
            The book now; rows may have been added.
        tables : callable
            Returns the venue now; called only if a row has to be evaluated.
        crossed : ndarray of int64
            What `crossed` has returned since the last check.
        touched : ndarray of int64
            The rows that hold something else than at the last check.
        """
        self._grow(rows.start.size)
        watched = int(self._places.used[1])
        if not (crossed.size or touched.size or watched):  # nearly always
            self.checked = Checked(len(self), 0, 0, 0)
            return _NONE
        which = np.unique(np.concatenate([crossed, touched, self.watched]))  # in order of memory
        self.checked = Checked(len(self), which.size, crossed.size, watched)
        at = tables()
        found = Found(which, evaluate(rows, at, which=which))
        self._recentre()
        self._place(which, rows, at)
        return found

    def at_risk_at(self, factors: IntArray, prices: FloatArray) -> IntArray:
        """Return the rows that may be in breach if *factors* went to *prices*; nothing moves."""
        n = leaving_rows(factors, prices, self._shelves, self._seen, self._found)
        return np.unique(np.concatenate([self._found[:n], self.watched]))

    @property
    def prices(self) -> FloatArray:
        """The price of each factor, as the index has it."""
        return self._price

    def ask_slopes(self, slopes_at: Callable[[Sequence[float]], Slopes]) -> None:
        """Ask another for slopes from now on, which are those of the same terms."""
        self._slopes_at = slopes_at

    def rebased(self) -> None:
        """Forget the slopes: something else than prices has changed."""
        self._slopes = self._fresh()

    def nearest(self, count: int, vol: FloatArray | None = None) -> tuple[IntArray, FloatArray]:
        """Return the *count* rows nearest to a breach, nearest first, and how near each is.

        Parameters
        ----------
        count : int
            How many rows at most; rows that no price can harm are left out.
        vol : ndarray of float64, shape (F,), optional
            Of each factor, a fraction per square root of a time. Without it nearness is the reach:
            a lower bound of the way to a breach, all prices at once and each in the direction that
            harms. With it, the time until the way is one standard deviation of the liveliest price
            that the row is exposed to, ``(reach / vol)**2``. Rows equally near come in their order.
        """
        near = self.reach.copy()
        if vol is not None:
            liveliest = largest_of(vol, self._shelves)
            with np.errstate(divide="ignore", invalid="ignore"):
                near = np.where(near > 0.0, (near / liveliest) ** 2, near)
        able = np.flatnonzero((near >= 0.0) & np.isfinite(near))
        rows: IntArray = able[np.argsort(near[able], kind="stable")[:count]]
        return rows, near[rows]

    # How many entries assets can add to those of the positions.
    @property
    def _most_assets(self) -> int:
        return int(self._slopes.moves[0].sum())

    def _fresh(self) -> Slopes:
        slopes = self._slopes_at(RADII[:1])
        return slopes if _is_straight(slopes) else self._slopes_at(RADII)

    # A level whose prices have left the inner half of its box is taken around where they are.
    def _recentre(self) -> None:
        for level, radius in enumerate(self._radii.tolist()):
            away = np.abs(self._price / self._slopes.centre[level] - 1.0)
            if (away > 0.5 * radius).any():
                taken = self._slopes_at((radius,))
                for name in Slopes._fields:
                    getattr(self._slopes, name)[level] = getattr(taken, name)[0]

    def _build(self, rows: Rows, tables: RiskTables, threads: int) -> None:
        n = rows.start.size
        edges = np.linspace(0, n, _CHUNKS + 1 if threads > 1 else 2).astype(int).tolist()
        which, at = np.arange(n), self._market(rows, tables)

        def band(lo: int, hi: int) -> None:
            work = self._scratch(tables, int(rows.count[lo:hi].max(initial=0)))
            place_rows(lo, hi, which, *at, work, *self._kept, False)

        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(band, edges[:-1], edges[1:]):
                pass
        link_rows(*self._kept)

    def _place(self, which: IntArray, rows: Rows, tables: RiskTables) -> None:
        work = self._scratch(tables, int(rows.count[which].max()))
        at, done = self._market(rows, tables), 0
        while True:
            done = place_rows(done, which.size, which, *at, work, *self._kept, True)
            if done == which.size:
                return
            need = int(rows.count[which[done:]].sum()) + self._most_assets * (which.size - done)
            more = max(need, len(self._shelves.entry))
            self._shelves = self._shelves._replace(
                entry=_longer(self._shelves.entry, more), bound=_longer(self._shelves.bound, more)
            )

    # Bands are at the prices between: sides only ever spare who would be in breach there.
    def _market(
        self, rows: Rows, tables: RiskTables
    ) -> tuple[Rows, RiskTables, Slopes, FloatArray, FloatArray]:
        return rows, tables._replace(sides=None), self._slopes, self._radii, self._price

    @property
    def _kept(self) -> tuple[Shelves, Places]:
        return self._shelves, self._places

    @property
    def _radii(self) -> FloatArray:
        return np.array(RADII[: len(self._slopes.centre)])

    def _scratch(self, tables: RiskTables, held: int) -> Scratch:
        return scratch_for(tables, held + tables.cap_usd.size)

    def _grow(self, n: int) -> None:
        more = n - len(self)
        if more <= 0:
            return
        shelves, places = self._shelves, self._places
        zeros = np.zeros(more, np.int64)
        self._shelves = shelves._replace(
            first=np.concatenate([shelves.first, zeros]),
            count=np.concatenate([shelves.count, zeros]),
            room=np.concatenate([shelves.room, zeros]),
        )
        self._places = places._replace(
            reach=np.concatenate([places.reach, np.full(more, -1.0)]),
            watch=np.concatenate([places.watch, zeros]),
            watched_at=np.concatenate([places.watched_at, zeros - 1]),
        )
        self._seen, self._found = np.zeros(n, np.bool_), np.empty(n, np.int64)


# Whether slopes hardly depend on the box: every price that moves is that of one contract alone.
def _is_straight(slopes: Slopes) -> bool:
    n_assets = slopes.moves.shape[1]
    return bool((slopes.own >= n_assets).all() and not slopes.moves.any())


def _longer(column: NDArray[Number], more: int) -> NDArray[Number]:
    return np.concatenate([column, np.empty((more, *column.shape[1:]), column.dtype)])
