"""Damage in the log of a SQLite file, which SQLite itself takes for the end of what was committed.

After a crash it reads the log up to the first frame whose checksum is wrong, and drops the rest: it
cannot tell a commit that was cut off from one that was durable and damaged since. What was written
after it tells. The writer opens the file with ``psow=0``, so that SQLite fills each commit up to a
whole sector by repeating its last frame, synchronises in the midst of that, and then writes what is
left of the repetition. So a frame that is whole and follows a commit was written after the commit
had become durable; whatever is wrong before it was right once.

The layout of the file is that of sqlite.org/fileformat2.html, section 4.
"""

import os
import struct
from pathlib import Path
from typing import BinaryIO, NamedTuple

_HEADER = struct.Struct(">8I")  # magic, version, page size, number, two salts, two checksums
_FRAME = struct.Struct(">6I")  # page, pages after a commit or 0, two salts, two checksums
_MAGIC = 0x377F0682  # the last bit apart: it says whether checksums are of big-endian words
_SUMMED_BYTES = 24, 8  # of the header of the log, and of a frame's
_SECTOR_BYTES = 4_096  # as SQLite assumes where nothing is known of the disk
_WORD_MAX = 0xFFFF_FFFF

_Sum = tuple[int, int]


class _Frame(NamedTuple):
    """What a frame says of itself, and what its checksum is of."""

    page: int
    is_commit: bool
    salts: tuple[int, int]
    checksum: _Sum
    summed: bytes


class _Log(NamedTuple):
    """A log whose header is whole."""

    file: BinaryIO
    order: str  # of the words that are summed
    page_bytes: int
    salts: tuple[int, int]
    checksum: _Sum  # of the header
    frames: int  # that fit into the file

    def read(self, place: int) -> _Frame:
        """Return the frame at a place, from 0."""
        self.file.seek(_HEADER.size + place * (_FRAME.size + self.page_bytes))
        content = self.file.read(_FRAME.size + self.page_bytes)
        if len(content) < _FRAME.size + self.page_bytes:  # a writer has cut it meanwhile
            return _Frame(0, False, (0, 0), (0, 0), b"")
        page, pages, *rest = _FRAME.unpack(content[: _FRAME.size])
        summed = content[: _SUMMED_BYTES[1]] + content[_FRAME.size :]
        return _Frame(page, pages > 0, (rest[0], rest[1]), (rest[2], rest[3]), summed)

    def sum(self, summed: bytes, before: _Sum) -> _Sum:
        """Return the checksum of what follows something with the checksum *before*."""
        return _sum(self.order, summed, before)


def holds_frames(path: Path) -> bool:
    """Return whether there is a log at *path*, and more of it than a header."""
    try:
        return path.stat().st_size > _HEADER.size
    except FileNotFoundError:
        return False


def find_log_fault(path: Path, frames_read: int) -> str | None:
    """Return what is wrong with the log at *path*, of which SQLite reads so many frames."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return None
    with file:
        header, size = file.read(_HEADER.size), os.fstat(file.fileno()).st_size
        if len(header) < _HEADER.size or size <= _HEADER.size:
            return None  # no commit has begun, or a writer has emptied it meanwhile
        magic, _, page_bytes, _, *rest = _HEADER.unpack(header)
        order, checksum = ">" if magic & 1 else "<", (rest[2], rest[3])
        if magic | 1 != _MAGIC | 1 or _sum(order, header[: _SUMMED_BYTES[0]], (0, 0)) != checksum:
            return "the log's header must have its checksum"
        frames = (size - _HEADER.size) // (_FRAME.size + page_bytes)
        log = _Log(file, order, page_bytes, (rest[0], rest[1]), checksum, frames)
        return _find_fault(log, frames_read)


# The first frame that was not read and is wrong, if it was right once.
def _find_fault(log: _Log, frames_read: int) -> str | None:
    checksum = log.checksum if frames_read == 0 else log.read(frames_read - 1).checksum
    for place in range(frames_read, log.frames):
        frame = log.read(place)
        found = log.sum(frame.summed, checksum)
        if frame.salts != log.salts or frame.checksum != found:
            if _goes_on(log, place, {frame.checksum, found}):
                return f"the log's frame {place + 1} must have its checksum"
            return None
        checksum = found
    return None


# Whether a commit that ends at the wrong frame, or after it, is followed by a frame that is whole.
def _goes_on(log: _Log, wrong: int, checksums: set[_Sum]) -> bool:
    before, is_repetition = log.read(wrong), _is_repetition(log, wrong)
    for place in range(wrong + 1, log.frames):
        frame = log.read(place)
        follows_a_commit = before.is_commit or before.page == frame.page  # then it is repeated
        if (
            frame.salts == log.salts  # others are left of an earlier round of the log
            and follows_a_commit
            and not is_repetition
            and frame.checksum in {log.sum(frame.summed, checksum) for checksum in checksums}
        ):
            return True
        before, checksums, is_repetition = frame, {frame.checksum}, False
    return False


# Its end is durable with the next commit only: alone it may be wrong because the power has failed.
def _is_repetition(log: _Log, place: int) -> bool:
    if place == 0:
        return False
    frame, before = log.read(place), log.read(place - 1)
    starts = _HEADER.size + place * (_FRAME.size + log.page_bytes)
    sure = max(-starts % _SECTOR_BYTES - _FRAME.size, 0) + _SUMMED_BYTES[1]
    return before.is_commit and frame.summed[:sure] == before.summed[:sure]


def _sum(order: str, summed: bytes, before: _Sum) -> _Sum:
    first, second = before
    words = struct.unpack(f"{order}{len(summed) // 4}I", summed)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & _WORD_MAX
        second = (second + odd + first) & _WORD_MAX
    return first, second
