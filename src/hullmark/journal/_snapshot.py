"""One snapshot: the facts at one position of a journal, as columns in one hashed file.

The file is: the magic, the length of the header, the header (JSON), the columns one after another
as they lie in memory, the documents, and the BLAKE2b-256 of everything before it. Integers are
little-endian. Reading verifies the hash first; a column is then a view of what was read.
"""

import os
import struct
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from hullmark.errors import JournalError, SnapshotError
from hullmark.journal._batch import HASH_BYTES, Tip
from hullmark.journal._durable import sync_folder

VERSION = 1
_MAGIC = b"HULLSNAP"
_LENGTH = struct.Struct("<I")
_CHUNK_BYTES = 1 << 24  # hashed at once: memory stays small, and the cost of a call does too
_KINDS = frozenset({"<i8", "<i4", "<i2", "|i1", "|u1", "<u8"})


class Snapshot(NamedTuple):
    """The facts at the end of a batch."""

    tip: Tip  # of the journal that led to them
    time_ns: int
    state_hash: str
    columns: Mapping[str, NDArray[Any]]
    documents: Mapping[str, bytes]


class _Header(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    sequence: int
    tip_hash: str
    time_ns: int
    state_hash: str
    columns: list[tuple[str, str, list[int]]]  # name, kind, shape
    documents: list[tuple[str, int]]  # name, bytes


def write_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Write a snapshot whole or not at all, and return when it is durable.

    Raises
    ------
    JournalError
        If the folder cannot be written.
    """
    draft = Path(f"{path}.part")
    try:
        with draft.open("wb") as file:
            digest = blake2b(digest_size=HASH_BYTES)
            for chunk in _chunks(snapshot):
                digest.update(chunk)
                file.write(chunk)
            file.write(digest.digest())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(path.parent)
    except OSError as e:
        draft.unlink(missing_ok=True)
        raise JournalError(f"snapshot {path} must be written, but {e}") from e


def read_snapshot(path: Path) -> Snapshot:
    """Return what a file holds, once its hash was found to be that of its content.

    Raises
    ------
    SnapshotError
        If it is damaged, cut, or no snapshot of this version.
    JournalError
        If it cannot be read.
    """
    try:
        content = memoryview(path.read_bytes())
    except OSError as e:
        raise JournalError(f"snapshot {path} must be readable, but {e}") from e
    if bytes(content[: len(_MAGIC)]) != _MAGIC:
        raise SnapshotError(f"snapshot {path} must begin with {_MAGIC.decode()}")
    body, digest = content[:-HASH_BYTES], bytes(content[-HASH_BYTES:])
    if blake2b(body, digest_size=HASH_BYTES).digest() != digest:
        raise SnapshotError(f"snapshot {path} must have the hash of its content: it is damaged")
    try:
        return _parse(body)
    except (msgspec.MsgspecError, ValueError, struct.error) as e:
        raise SnapshotError(f"snapshot {path} must be of version {VERSION}, but {e}") from e


def _chunks(snapshot: Snapshot) -> Iterator[bytes | memoryview]:
    columns = {name: np.ascontiguousarray(column) for name, column in snapshot.columns.items()}
    header = msgspec.json.encode(
        _Header(
            version=VERSION,
            sequence=snapshot.tip.sequence,
            tip_hash=snapshot.tip.hash.hex(),
            time_ns=snapshot.time_ns,
            state_hash=snapshot.state_hash,
            columns=[(name, c.dtype.str, list(c.shape)) for name, c in columns.items()],
            documents=[(name, len(data)) for name, data in snapshot.documents.items()],
        )
    )
    yield _MAGIC
    yield _LENGTH.pack(len(header))
    yield header
    for name, column in columns.items():
        assert column.dtype.str in _KINDS, f"column {name} is {column.dtype.str}"
        if column.size:
            yield from _pieces(column.reshape(-1).view(np.uint8).data)
    for data in snapshot.documents.values():
        yield from _pieces(memoryview(data))


def _pieces(data: memoryview) -> Iterator[memoryview]:
    for start in range(0, len(data), _CHUNK_BYTES):
        yield data[start : start + _CHUNK_BYTES]


def _parse(body: memoryview) -> Snapshot:
    start = len(_MAGIC) + _LENGTH.size
    (length,) = _LENGTH.unpack(body[len(_MAGIC) : start])
    header = msgspec.json.decode(body[start : start + length], type=_Header)
    if header.version != VERSION:
        raise ValueError(f"it is of version {header.version}")
    at = start + length
    columns: dict[str, NDArray[Any]] = {}
    for name, kind, shape in header.columns:
        if kind not in _KINDS:
            raise ValueError(f"column {name} is of kind {kind}")
        count = int(np.prod(shape, dtype=np.int64))
        columns[name] = np.frombuffer(body, kind, count, at).reshape(shape)
        at += columns[name].nbytes
    documents: dict[str, bytes] = {}
    for name, size in header.documents:
        documents[name] = bytes(body[at : at + size])
        at += size
    if at != len(body):
        raise ValueError(f"it must be {at} bytes long, was {len(body)}")
    tip = Tip(header.sequence, bytes.fromhex(header.tip_hash))
    return Snapshot(tip, header.time_ns, header.state_hash, columns, documents)
