"""Tests of the progress bar, on a clock of their own."""

import io

import pytest

from hullmark.cli import _progress
from hullmark.cli._progress import Progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        """Return that it is one."""
        return True


@pytest.fixture
def clock(monkeypatch):
    """Return the time, in seconds: the test sets it."""
    now = [100.0]
    monkeypatch.setattr(_progress.time, "monotonic", lambda: now[0])
    return now


def test_nothing_is_shown_where_there_is_no_terminal(clock):
    stream = io.StringIO()
    with Progress("working", stream=stream) as progress:
        clock[0] += 60
        progress(1, 2)
    assert stream.getvalue() == ""


def test_nothing_is_shown_for_work_of_under_a_second(clock):
    stream = Terminal()
    with Progress("working", stream=stream) as progress:
        clock[0] += 0.9
        progress(1, 2)
    assert stream.getvalue() == ""


def test_a_bar_tells_share_and_time_left_and_is_wiped(clock):
    stream = Terminal()
    with Progress("working", stream=stream) as progress:
        clock[0] += 3
        progress(1, 4)
        clock[0] += 0.01
        progress(2, 4)  # too soon after the last
    assert stream.getvalue() == (
        "\r\x1b[Kworking [########......................] 25%  9 s left\r\x1b[K"
    )
