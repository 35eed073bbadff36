"""Record the journal that a release leaves behind, for tests/replay to replay ever after.

    python tools/record_release.py 0.2.0

Writes ``tests/replay/VERSION.db.gz`` and its line in ``releases.json``. The history is that of
``tests/laws``, with the limit on reactions so low that some are deferred.
"""

import argparse
import gzip
import importlib
import json
import sys
import tempfile
from pathlib import Path

from hullmark.domain import Event
from hullmark.journal import Journal, copy, read
from hullmark.journal.memory import MemoryStore
from hullmark.runtime import Venue

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "tests" / "replay"
SEED, STEPS, STEPS_FREE = 7, 900, 700
REACTIONS_MAX = 3


def main() -> int:
    """Record one release, and say what is in it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("version", help="of the release, as in pyproject.toml")
    version = parser.parse_args().version
    listed = FOLDER / "releases.json"
    releases = json.loads(listed.read_text(encoding="utf-8"))
    if version in releases:
        print(f"record_release: {version} is recorded, and a record is never changed")
        return 1
    sys.path.insert(0, str(ROOT / "tests"))
    laws = importlib.import_module("laws.world")
    store = MemoryStore()
    world = laws.World(store)
    for number, step in enumerate(laws.long_history(SEED, STEPS)):
        if number == STEPS_FREE:
            world.venue = Venue(
                Journal(store), clock=lambda: world.now_ns, reactions_max=REACTIONS_MAX
            )
        world.do(step)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        tip = copy(store, path)
        names = sorted({type(event).__name__ for unit in read(path) for event in unit.events})
        (FOLDER / f"{version}.db.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    releases[version] = {
        "sequence": tip.sequence,
        "tip_hash": tip.hash.hex(),
        "state_hash": world.venue.state_hash(),
        "events": names,
    }
    listed.write_text(json.dumps(releases, indent=2) + "\n", encoding="utf-8")
    missing = {event.__name__ for event in Event.__args__} - set(names)
    print(f"recorded {version}: {tip.sequence} units; missing: {', '.join(missing) or 'nothing'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
