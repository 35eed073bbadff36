"""A progress bar for whatever takes over a second, silent where stderr is not a terminal."""

import sys
import time
from types import TracebackType
from typing import Self, TextIO

_WAIT_S = 1.0  # shorter work shows nothing
_STEP_S = 0.1
_WIDTH = 30


class Progress:
    """A bar on stderr, used as a context manager and called with what is done and the total.

    Library functions take it as a plain callable ``(done, total) -> None``.
    """

    def __init__(self, label: str, *, stream: TextIO | None = None) -> None:
        self._label = label
        self._stream = sys.stderr if stream is None else stream
        self._alive = self._stream.isatty()
        self._started_s = time.monotonic()
        self._drawn_s: float | None = None

    def __enter__(self) -> Self:
        return self

    def __call__(self, done: int, total: int) -> None:
        """Show that *done* of *total* steps are behind us, at most ten times a second."""
        now_s = time.monotonic()
        if not self._alive or now_s - self._started_s < _WAIT_S:
            return
        if self._drawn_s is not None and now_s - self._drawn_s < _STEP_S and done < total:
            return
        self._drawn_s = now_s
        share = min(done / total, 1.0) if total else 1.0
        bar = ("#" * round(share * _WIDTH)).ljust(_WIDTH, ".")
        left_s = (now_s - self._started_s) * (1 / share - 1) if share else None
        eta = "" if left_s is None else f"  {left_s:.0f} s left"
        self._stream.write(f"\r\x1b[K{self._label} [{bar}] {share:.0%}{eta}")
        self._stream.flush()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._drawn_s is not None:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
