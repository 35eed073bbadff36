"""A sweep beside ticks: an index built anew on a thread, while the old one goes on answering."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from hullmark.book import Rows
from hullmark.core import FloatArray, IntArray
from hullmark.margin import RiskTables, Slopes
from hullmark.monitor._trigger_index import TriggerIndex


class Rebase:
    """New bands for all rows, taken at the prices of its making.

    The thread reads the columns as they are; what is written meanwhile it may read half. So
    whoever writes a row notes it, and `switch` gives those rows their bands once more, and looks
    which bands the prices have left since. The tables are copied, since a tick may move them.

    Parameters
    ----------
    rows, tables, prices
        As `TriggerIndex` takes them.
    slopes_at : callable
        As `TriggerIndex` takes it; of a market that stays as it is.
    """

    def __init__(
        self,
        rows: Rows,
        tables: RiskTables,
        slopes_at: Callable[[Sequence[float]], Slopes],
        prices: FloatArray,
    ) -> None:
        kept: dict[str, Any] = {
            name: column.copy()
            for name, column in tables._asdict().items()
            if isinstance(column, np.ndarray)
        }
        frozen = tables._replace(**kept)
        self._touched: list[IntArray] = []
        self._pool = ThreadPoolExecutor(1)
        self._built: Future[TriggerIndex] = self._pool.submit(
            TriggerIndex, rows, frozen, slopes_at, prices
        )
        self._pool.shutdown(wait=False)

    @property
    def is_ready(self) -> bool:
        """Whether the thread has ended."""
        return self._built.done()

    def note(self, rows: IntArray) -> None:
        """Note rows that have been written since."""
        if rows.size:
            self._touched.append(rows)

    def switch(
        self, prices: FloatArray, slopes_at: Callable[[Sequence[float]], Slopes]
    ) -> tuple[TriggerIndex, IntArray, IntArray]:
        """Return the new index, the rows that have left its bands, and those that were written.

        Both are to be given to its `check`. It waits for the thread.

        Parameters
        ----------
        prices : ndarray of float64, shape (F,)
            Of every factor, now.
        slopes_at : callable
            That the new index asks from now on.
        """
        index = self._built.result()
        index.ask_slopes(slopes_at)
        crossed = index.crossed(np.arange(prices.size), prices)
        none = np.zeros(0, np.int64)
        return index, crossed, np.unique(np.concatenate([none, *self._touched]))
