"""The door for many threads: commands queue, and one thread commits them in groups.

While one group is on its way to the disk the next gathers, so that the disk is never idle and
nobody waits for more than two commits. A single submitter pays for its own commit and nothing else.
"""

import queue
import threading
import time
from concurrent.futures import Future
from typing import NamedTuple

from hullmark.core import Closing
from hullmark.domain import Command
from hullmark.errors import InvalidInputError, JournalError, PluginError
from hullmark.runtime._keys import Keyed
from hullmark.runtime._venue import Answer, Venue, commit_failed

_QUEUE_MAX = 100_000  # commands that wait; beyond it submitters do
_DELAY_MS_MAX = 60_000


class _Waiting(NamedTuple):
    request: Command | Keyed
    answer: "Future[Answer]"


class Ingress(Closing):
    """Takes commands from any thread, in the order in which they come, and commits them in groups.

    Only its own thread touches the venue: ask a `Follower` while it is open. Closing it carries out
    what waits, and leaves the venue open.

    Parameters
    ----------
    venue : Venue
        Where the commands go.
    batch_max : int
        The most commands in one commit.
    delay_ms_max : float
        How long the first command of a group may wait for others. 0: a group is what has gathered
        while the one before it was committed.

    Raises
    ------
    InvalidInputError
        If *batch_max* is below 1, or *delay_ms_max* not between 0 and a minute.
    """

    def __init__(self, venue: Venue, *, batch_max: int = 1_000, delay_ms_max: float = 0.0) -> None:
        if batch_max < 1:
            raise InvalidInputError(f"batch_max must be >= 1, was {batch_max}")
        if not 0 <= delay_ms_max <= _DELAY_MS_MAX:
            raise InvalidInputError(
                f"delay_ms_max must be in [0, {_DELAY_MS_MAX}], was {delay_ms_max}"
            )
        self._venue = venue
        self._batch_max = batch_max
        self._delay_s = delay_ms_max / 1_000
        self._queue: queue.Queue[_Waiting | None] = queue.Queue(_QUEUE_MAX)
        self._gate = threading.Lock()  # between the last command and the end of the queue
        self._open, self._failed = True, False
        self._thread = threading.Thread(target=self._run, name="ingress")
        self._thread.start()

    def submit(self, command: Command, *, key: str | None = None) -> Answer:
        """Carry out one command, and return when it is durable.

        Raises
        ------
        InvalidInputError, PluginError, JournalError
            As for `Venue.submit` and `post`.
        """
        if threading.current_thread() is self._thread:
            raise JournalError("ingress must not be waited for by its own thread: post instead")
        return self.post(command, key=key).result()

    def post(self, command: Command, *, key: str | None = None) -> "Future[Answer]":
        """Queue one command, and return at once with the promise of its answer.

        Raises
        ------
        JournalError
            If this is closed, or a commit has failed.
        """
        waiting = _Waiting(command if key is None else Keyed(key, command), Future())
        with self._gate:
            if self._failed:
                raise commit_failed()
            if not self._open:
                raise JournalError("ingress must be open to take commands, was closed")
            self._queue.put(waiting)
        return waiting.answer

    def close(self) -> None:
        """Carry out what waits, and take nothing more; a second call does nothing."""
        with self._gate:
            if self._open:
                self._open = False
                self._queue.put(None)
        if threading.current_thread() is not self._thread:  # which ends by itself
            self._thread.join()

    def _run(self) -> None:
        more = True
        while more:
            group, more = self._gather()
            if group:
                self._commit(group)

    # What waits, and whether more may come: `None` in the queue is its end.
    def _gather(self) -> tuple[list[_Waiting], bool]:
        group: list[_Waiting] = []
        one, until_s = self._queue.get(), time.monotonic() + self._delay_s
        while one is not None:
            if one.answer.set_running_or_notify_cancel():  # else nobody waits for it any more
                group.append(one)
            if len(group) >= self._batch_max:
                return group, True
            left_s = until_s - time.monotonic()
            try:
                one = self._queue.get(timeout=left_s) if left_s > 0 else self._queue.get_nowait()
            except queue.Empty:
                return group, True
        return group, False

    # A command that does not fit its schema takes no other down with it: then each goes alone.
    def _commit(self, group: list[_Waiting]) -> None:
        try:
            answers = self._venue.submit_all([waiting.request for waiting in group])
        except (InvalidInputError, PluginError) as e:
            if len(group) == 1:
                group[0].answer.set_exception(e)
                return
            for waiting in group:
                self._commit([waiting])
        except BaseException as e:  # whoever waits is told, and what waits behind them will be
            self._failed = self._venue.failed
            for waiting in group:
                waiting.answer.set_exception(e)
        else:
            for waiting, answer in zip(group, answers, strict=True):
                waiting.answer.set_result(answer)
