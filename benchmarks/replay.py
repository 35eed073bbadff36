"""The crash replay end to end, as ``make run`` calls it, and the verification of its journal.

Budget: under 60 s on two cores once the kernels are compiled, all five runs, report and journal
included. On recorded prices where there are any, else on published facts.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _harness import Row

from hullmark.runtime import verify

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("DATA", ROOT.parent / "shared" / "data"))
RECORDED = (DATA / "binance_perp_5m_2025_2026").is_dir()


def replay(out: Path, *more: str) -> float:
    """Replay in an interpreter of its own, and return the seconds it takes."""
    code = "import sys; from hullmark.cli import main; sys.exit(main(sys.argv[1:]))"
    data = ["--data", str(DATA)] if RECORDED else []
    words = [sys.executable, "-c", code, "replay", *data, "--out", str(out), *more]
    start = time.perf_counter()
    subprocess.run(words, check=True, capture_output=True, cwd=ROOT)
    return time.perf_counter() - start


def rows(large: bool) -> list[Row]:
    """Return the rows; *large* changes nothing."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        replay(out, "--accounts", "500", "--open-interest", "25000000")  # compiles what is missing
        seconds = min(replay(out) for _ in range(2))
        journal = out / "journal.db"
        start = time.perf_counter()
        found = verify(journal)
        verified = time.perf_counter() - start
        assert found.holds, "a figure is of a journal that holds"
    kind = "recorded prices" if RECORDED else "published facts"
    return [
        Row.alone(f"hullmark replay, {kind}", "s", ours=seconds, bar="<= 60"),
        Row.alone("verify", "units/s", ours=found.units / verified, bar=">= 20000"),
    ]
