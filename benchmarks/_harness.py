"""What a benchmark is: a module in this folder with ``rows(large) -> list[Row]``.

``tools/bench.py`` imports every module here whose name has no leading underscore, calls ``rows``
and prints and stores what it returns. A module times itself with :func:`best_seconds`, which
interleaves the contestants, so that a slow minute of the machine falls on all of them::

    def rows(large: bool) -> list[Row]:
        ours, theirs = best_seconds(mine, peer)
        return [Row.time("mine", "s", ours=ours, peer="SciPy", theirs=theirs, bar=">= 5")]

``large`` asks for the full-size form, where a module has one. Contestants must do the same work:
say so by comparing their results before timing them. Peers get their best form.
"""

import gc
import operator
import os
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

REPEATS_MIN = 5
_COMPARISONS = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure with its bar: a comparison on the ratio, or on ``ours`` where there is no peer."""

    name: str
    unit: str
    ours: float
    peer: str | None
    theirs: float | None
    ratio: float | None  # above 1 is better: theirs / ours of times, ours / theirs of rates
    bar: str | None  # such as ">= 3.5"; None where the figure is for information

    @classmethod
    def time(
        cls, name: str, unit: str, *, ours: float, peer: str, theirs: float, bar: str | None
    ) -> Self:
        """Return the row of a time, the smaller the better."""
        ratio = theirs / ours
        return cls(name=name, unit=unit, ours=ours, peer=peer, theirs=theirs, ratio=ratio, bar=bar)

    @classmethod
    def rate(
        cls, name: str, unit: str, *, ours: float, peer: str, theirs: float, bar: str | None
    ) -> Self:
        """Return the row of a rate, the larger the better."""
        ratio = ours / theirs
        return cls(name=name, unit=unit, ours=ours, peer=peer, theirs=theirs, ratio=ratio, bar=bar)

    @classmethod
    def alone(cls, name: str, unit: str, *, ours: float, bar: str | None) -> Self:
        """Return the row of a figure that is held to a limit and not to a peer."""
        return cls(name=name, unit=unit, ours=ours, peer=None, theirs=None, ratio=None, bar=bar)

    @property
    def holds(self) -> bool:
        """Whether the bar is met; a row without one always holds."""
        if self.bar is None:
            return True
        comparison, limit = self.bar.split()
        figure = self.ours if self.ratio is None else self.ratio
        return bool(_COMPARISONS[comparison](figure, float(limit)))

    def record(self) -> dict[str, Any]:
        """Return the row as it is stored in ``results/latest.json``."""
        return asdict(self) | {"holds": self.holds, "machine": machine()}


def best_seconds(*contestants: Callable[[], object], repeats: int = 7) -> list[float]:
    """Return the least time of each contestant over interleaved repeats, after one warm-up."""
    if repeats < REPEATS_MIN:
        raise ValueError(f"repeats must be >= {REPEATS_MIN}, was {repeats}")
    best = [float("inf")] * len(contestants)
    for contestant in contestants:
        contestant()
    collects = gc.isenabled()
    gc.disable()
    try:
        for _ in range(repeats):
            for i, contestant in enumerate(contestants):
                start = time.perf_counter()
                contestant()
                best[i] = min(best[i], time.perf_counter() - start)
    finally:
        if collects:
            gc.enable()
    return best


@cache
def machine() -> str:
    """Return the processor and its count of cores, in words."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"
