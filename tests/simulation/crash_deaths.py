"""One child, and how it ends: killed, or robbed of its server.

The parent has one thread and no open journal whenever it forks: a death costs no start of Python.
"""

import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from .crash_load import FAILED, OPENED, REPORT_BYTES, THREADS, Child, Load, Report, parse
from .crash_places import Place, ServedPlace

CHILD_S_MAX = 120.0
_POLL_S = 0.0005
_FAILED, _UNFORESEEN = 1, 70  # exit status: the journal failed, or something else did


class Ending(NamedTuple):
    """When a round ends, and how."""

    is_due: Callable[[float, int], bool]  # seconds since the fork, reports since then
    act: Callable[[int], object]  # on the process
    is_outage: bool  # of the server: the child is to notice, and to stop


class Death(NamedTuple):
    """How a child has ended."""

    reports: list[Report]
    what: str  # was going on


def draw_ending(chance: Random, place: Place, load: Load, opening_s: float) -> Ending:
    """Draw an end: while opening, some moment after some answers, or in a snapshot after them."""
    opening_after_s = chance.uniform(0, 1.2 * opening_s)
    answers = chance.randint(1, load.total)
    pause_s = chance.choice((0.0, 0.0003, 0.002, 0.02)) * chance.random()
    late = load.total - THREADS * 3

    def in_snapshot(_: float, reports: int) -> bool:
        return reports > answers and (place.is_writing_snapshot() or reports > late)

    kinds: dict[str, tuple[int, Callable[[float, int], bool]]] = {
        "opening": (3, lambda s, _: s >= opening_after_s),
        "answers": (6, lambda _, reports: reports > answers),
        "snapshot": (3, in_snapshot),
    }
    (name,) = chance.choices(tuple(kinds), [weight for weight, _ in kinds.values()])
    is_due = kinds[name][1]
    (outage,) = chance.choices(("none", "session", "server"), (5, 3, 2))
    if isinstance(place, ServedPlace) and name == "answers":
        if outage == "session":
            return Ending(is_due, lambda _: place.end_sessions(), is_outage=True)
        if outage == "server":
            return Ending(is_due, lambda _: place.kill_server(), is_outage=True)

    def kill(process: int) -> None:
        time.sleep(pause_s)
        os.kill(process, signal.SIGKILL)

    return Ending(is_due, kill, is_outage=False)


def let_die(place: Place, load: Load, ending: Ending) -> Death:
    """Let a child carry the load until the ending.

    Raises
    ------
    RuntimeError
        If it ends in another way than that, or by itself at the end of its load.
    """
    process, reports_of = _fork(place, load)
    content, has_acted = _watch(process, reports_of, ending)
    _, status = os.waitpid(process, 0)
    code = os.waitstatus_to_exitcode(status)
    killed = code == -signal.SIGKILL and has_acted and not ending.is_outage
    stopped = code == _FAILED and has_acted and ending.is_outage
    if len(content) % REPORT_BYTES or not (code == 0 or killed or stopped):
        log = (place.folder / "child.log").read_text()[-3_000:]
        raise RuntimeError(f"the child must end as it was meant to, was {code}: {log}")
    reports = parse(content)
    return Death(reports, _what_was_going_on(place, load, reports, killed=killed))


def _what_was_going_on(place: Place, load: Load, reports: list[Report], *, killed: bool) -> str:
    threads = {report.thread for report in reports}
    if FAILED in threads:
        return "connection lost"
    if not killed:
        return "by itself"
    if OPENED not in threads:
        return "opening"
    if len(reports) > load.total:
        return "closing"
    return "snapshot" if place.is_writing_snapshot() else "commit"


def _fork(place: Place, load: Load) -> tuple[int, int]:
    reading, writing = os.pipe()
    sys.stdout.flush()
    process = os.fork()
    if process:
        os.close(writing)
        return process, reading
    status = _UNFORESEEN
    try:
        os.close(reading)
        os.dup2(os.open(place.folder / "child.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
        status = 0 if Child(place.open, load, writing).run() else _FAILED
    except BaseException:
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(status)


def _watch(process: int, reports_of: int, ending: Ending) -> tuple[bytes, bool]:
    begun_s = time.monotonic()
    content, has_acted = b"", False
    with open(reports_of, "rb", buffering=0) as pipe:
        while True:
            ready, _, _ = select.select([pipe], [], [], _POLL_S)
            if ready:
                chunk = pipe.read(1 << 16)
                if not chunk:
                    return content, has_acted
                content += chunk
            passed_s = time.monotonic() - begun_s
            if not has_acted and ending.is_due(passed_s, len(content) // REPORT_BYTES):
                has_acted = True
                ending.act(process)
            if passed_s > CHILD_S_MAX:
                os.kill(process, signal.SIGKILL)
