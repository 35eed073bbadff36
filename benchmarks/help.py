"""``hullmark --help`` as the shell sees it, and a document of 50 accounts on the real chain."""

import contextlib
import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from _harness import Row, best_seconds

from hullmark.cli import main

DATA = Path(os.environ.get("DATA", Path(__file__).parents[2] / "shared" / "data"))
CHAIN = DATA / "deribit_option_chains_2026" / "chain_6h_2026-01-28_2026-02-10.parquet"
HELP = "import sys; from hullmark.cli import main; sys.exit(main(['--help']))"


def python(code: str) -> None:
    """Run a program in an interpreter of its own."""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def margin(document: Path) -> None:
    """Assess a document, with all its liquidation prices, and throw the tables away."""
    with contextlib.redirect_stdout(io.StringIO()):
        main(["margin", str(document)])


def rows(large: bool) -> list[Row]:
    """Return the rows; *large* changes nothing. The document needs the real chain."""
    ours, bare = best_seconds(lambda: python(HELP), lambda: python("pass"))
    found = [
        Row.alone("hullmark --help", "s", ours=ours, bar="<= 0.1"),
        Row.alone("hullmark --help, bare interpreter", "s", ours=bare, bar=None),
    ]
    if CHAIN.is_file():
        with tempfile.TemporaryDirectory() as folder:
            document = Path(folder) / "example.json"
            main(["example", "--market", f"{CHAIN}@2026-02-06", "--output", str(document)])
            (seconds,) = best_seconds(lambda: margin(document), repeats=5)
        found.append(Row.alone("hullmark margin, 50 accounts", "s", ours=seconds, bar=None))
    return found
