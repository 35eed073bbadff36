"""Opening a venue: from a venue file and a journal to something that takes commands."""

import json
import time
import tomllib
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hullmark.clearing import Rules, markets_without_depth, thin_tiers
from hullmark.domain import commands
from hullmark.errors import DocumentError, VenueWarning
from hullmark.journal import Journal, open_store
from hullmark.runtime._outbox import ExecutionPort
from hullmark.runtime._recover import begin, begun_with
from hullmark.runtime._snapshotting import SnapshotPolicy
from hullmark.runtime._venue import Venue


def read_venue_file(path: str | Path) -> Mapping[str, Any]:
    """Return the venue tree that a TOML file holds.

    Raises
    ------
    DocumentError
        If the file cannot be read or is not TOML; the message names it.
    """
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as e:
        raise DocumentError(f"venue file {path} must be readable TOML, but {e}") from e


def read_rules(path: str | Path) -> Rules:
    """Return the rules that a venue file declares.

    Raises
    ------
    DocumentError
        If the file cannot be read, is not TOML, or breaks the schema; the message names it.
    """
    tree = read_venue_file(path)
    try:
        return Rules.parse(tree)
    except DocumentError as e:
        raise DocumentError(f"venue file {path}: {e}") from e


def open_venue(
    venue: str | Path | Mapping[str, Any] | None = None,
    *,
    journal: str | Path | None = None,
    clock: Callable[[], int] = time.time_ns,
    port: ExecutionPort | None = None,
    snapshots: str | Path | SnapshotPolicy | None = None,
) -> Venue:
    """Open a venue: recover what its journal holds, or found it on a venue file.

    Parameters
    ----------
    venue : path or mapping, optional
        The venue file (TOML), or its tree. A new journal needs it; for one that has been begun it
        may be left out, and must otherwise say what is in force: rules change by `AdoptRules`.
    journal : location, optional
        The journal to continue or begin: a SQLite file, or the address of a PostgreSQL database,
        ``postgresql://...``. Without one, events are kept in memory only.
    clock : callable
        Returns nanoseconds since 1970 UTC.
    port : ExecutionPort, optional
        Where liquidation orders go.
    snapshots : path or SnapshotPolicy, optional
        A folder of snapshots: the newest is where the venue begins, and new ones are taken as the
        policy says; of a path, as its defaults say. Without one the whole journal is read.

    Returns
    -------
    Venue
        To be closed, or used in a ``with`` statement.

    Raises
    ------
    DocumentError
        If the venue file breaks the schema, is missing, or differs from the rules in force.
    DamagedJournalError, LockedJournalError, JournalError
        If the journal cannot be trusted, another process writes it, or it cannot be written.
    SnapshotError
        If the newest snapshot is damaged, or is not of this journal.
    PluginError
        If the liquidation engine that the rules name is not installed.

    Warns
    -----
    VenueWarning
        For each margin tier whose maintenance margin is under penalty, impact and declared gap; and
        for each instrument without a declared depth, where makers may take a share of the depth.
    """
    rules = None
    if isinstance(venue, str | Path):
        rules = read_rules(venue)
    elif venue is not None:
        rules = Rules.parse(venue)
    policy = SnapshotPolicy(folder=snapshots) if isinstance(snapshots, str | Path) else snapshots
    snapshot, start = begin(None if policy is None else policy.folder)
    with begun_with(snapshot):
        kept = Journal(open_store(journal), since=start.tip)
    opened = Venue(kept, clock=clock, port=port, start=start, snapshots=policy)
    try:
        _settle_rules(opened, rules)
        for told in (*thin_tiers(opened.rules), *markets_without_depth(opened.rules)):
            warnings.warn(told, VenueWarning, stacklevel=2)
    except BaseException:
        opened.close()
        raise
    return opened


# Either the journal has no rules and takes these, or these are the ones it has.
def _settle_rules(opened: Venue, rules: Rules | None) -> None:
    in_force = opened.state.rules
    if in_force is None:
        if rules is None:
            raise DocumentError("venue must be given to begin a journal, was None")
        opened.submit(commands.AdoptRules(rules=rules.text))
    elif rules is not None and rules.text != in_force.text:
        wanted, found = json.loads(rules.text), json.loads(in_force.text)
        differing = [section for section in wanted if wanted[section] != found.get(section)]
        raise DocumentError(
            f"venue file must say what is in force, differs in {', '.join(differing) or 'order'}: "
            "submit AdoptRules to change rules"
        )
