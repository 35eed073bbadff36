"""A writer in a process of its own that does not know that it has been replaced."""

import sys

from hullmark.errors import JournalError
from hullmark.runtime import open_venue

from .crash_load import VENUE, Load

LOAD = Load(seed=17, round=0, commands_each=20)


def write_in_two_parts(location: str) -> None:
    """Send half of the load, wait for a line, and print what becomes of the next command."""
    sent = list(LOAD.everything())
    half = len(sent) // 2
    with open_venue(VENUE, journal=location, clock=LOAD.clock()) as venue:
        venue.submit_all(sent[:half])
        print("half is sent", flush=True)
        input()
        for _ in range(2):
            try:
                venue.submit_all([sent[half]])
            except JournalError as e:
                print(f"{type(e).__name__}: {e}", flush=True)


if __name__ == "__main__":
    write_in_two_parts(sys.argv[1])
