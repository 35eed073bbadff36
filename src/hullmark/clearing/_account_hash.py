"""Hashes of what there may be millions of: accounts, with all that they hold.

The row of an account is a message of words of 64 bits: the number of its table, the account, two
words for its mode, its parent, how many balances follow; then each balance that is not zero, two
words for its asset and the quanta; then each position, two words for its instrument, lots, quote
and the funding index it has settled. Assets and instruments are in the venue's order. Two words
stand for a name by its BLAKE2b digest of 16 bytes. What has no mode and holds nothing has no row.
"""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from struct import pack
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hullmark.clearing._blake2b import BLOCK_WORDS, digest_kernel
from hullmark.clearing._state import State
from hullmark.core import IntArray, kernel
from hullmark.domain import Mode
from hullmark.ledger import Ledger

Words = NDArray[np.uint64]
Sums = tuple[Words, Words]

_ACCOUNT, _FUNDING = 1, 2  # the numbers of tables
_HEAD, _BALANCE, _POSITION = 6, 3, 5  # words
_MODES = tuple(Mode)
_CODES = {mode: code for code, mode in enumerate(_MODES, start=1)}  # 0: it has none
_CHUNK = 1 << 15  # rows that a thread takes at a time
_THREADS = 2


class Names(NamedTuple):
    """The words that stand for the names of a ledger's assets and instruments, and for modes."""

    modes: Words  # (n + 1, 2): by code
    assets: Words  # (n, 2)
    instruments: Words  # (n, 2)

    @classmethod
    def of(cls, ledger: Ledger) -> "Names":
        """Return those of all that the ledger knows."""
        modes = _words([mode.value for mode in _MODES])
        return cls(
            np.concatenate([np.zeros((1, 2), np.uint64), modes]),
            _words([asset.symbol for asset in ledger.assets]),
            _words([instrument.symbol for instrument in ledger.instruments]),
        )


def digest(message: bytes) -> bytes:
    """Return the BLAKE2b digest of 16 bytes."""
    return blake2b(message, digest_size=16).digest()


def funding_hash(symbol: str, index_micro: int) -> int:
    """Return the hash of what has accrued on an instrument; 0 if nothing has."""
    if not index_micro:
        return 0
    message = pack("<q16sq", _FUNDING, digest(symbol.encode()), index_micro)
    return int.from_bytes(digest(message), "little")


def all_accounts(state: State, names: Names) -> Sums:
    """Return the hash of each row of the ledger: low and high words."""
    ledger, n = state.ledger, len(state.ledger.accounts)
    code, parent = np.zeros(n, np.int64), np.zeros(n, np.int64)
    first = n - len(state.modes)  # the venue's own come first, and have none
    code[first:] = np.fromiter(map(_CODES.__getitem__, state.modes.values()), np.int64, n - first)
    if state.parents:
        children = np.fromiter(map(ledger.row_of.__getitem__, state.parents), np.int64)
        parent[children] = np.fromiter(state.parents.values(), np.int64)

    def hashes(part: slice) -> Sums:
        rows = np.arange(part.start, part.stop)
        return _hashes(ledger, rows, code[part], parent[part], names)

    parts = _in_chunks(n, hashes)
    return np.concatenate([low for low, _ in parts]), np.concatenate([high for _, high in parts])


def some_accounts(state: State, rows: IntArray, names: Names) -> Sums:
    """Return the hash of some rows of the ledger, as `all_accounts` does."""
    accounts = [state.ledger.accounts[row] for row in rows.tolist()]
    modes = [state.modes.get(account) for account in accounts]
    code = np.array([0 if mode is None else _CODES[mode] for mode in modes], np.int64)
    parent = np.array([state.parents.get(account, 0) for account in accounts], np.int64)
    return _hashes(state.ledger, rows, code, parent, names)


def total_of(low: Words, high: Words) -> int:
    """Return the sum of numbers of two words each, modulo 2**128."""
    first, second = sum_of_words(low, high)
    return int(first) + (int(second) << 64)


@kernel
def account_hashes(
    account: IntArray,
    code: IntArray,
    parent: IntArray,
    cash: IntArray,
    held: IntArray,
    instrument: NDArray[np.int32],
    lots: IntArray,
    quote: IntArray,
    paid: IntArray,
    modes: Words,
    assets: Words,
    instruments: Words,
    message: Words,
    low: Words,
    high: Words,
) -> None:
    """Write the hash of each row; *message* has room for the longest one, and whole blocks."""
    position = 0
    for row in range(account.size):
        n = _HEAD
        balances = 0
        for asset in range(cash.shape[1]):
            if cash[row, asset] != 0:
                message[n], message[n + 1] = assets[asset]
                message[n + 2] = cash[row, asset]
                n += _BALANCE
                balances += 1
        for _ in range(held[row]):
            message[n], message[n + 1] = instruments[instrument[position]]
            message[n + 2] = lots[position]
            message[n + 3], message[n + 4] = quote[position], paid[position]
            n += _POSITION
            position += 1
        low[row] = high[row] = 0
        if n > _HEAD or code[row] != 0:
            message[0], message[1] = _ACCOUNT, account[row]
            message[2], message[3] = modes[code[row]]
            message[4], message[5] = parent[row], balances
            message[n : n + (-n) % BLOCK_WORDS] = 0
            low[row], high[row] = digest_kernel(message, n)


@kernel
def sum_of_words(low: Words, high: Words) -> tuple[np.uint64, np.uint64]:
    """Return the sum of numbers of two words each, without what carries out of the second."""
    first = second = np.uint64(0)
    for k in range(low.size):
        first += low[k]
        second += high[k]
        if first < low[k]:
            second += np.uint64(1)
    return first, second


def _hashes(ledger: Ledger, rows: IntArray, code: IntArray, parent: IntArray, names: Names) -> Sums:
    lines = ledger.lines(rows)
    longest = int(lines.held.max(initial=0))
    words = _HEAD + _BALANCE * lines.cash.shape[1] + _POSITION * longest
    message = np.zeros(words + (-words) % BLOCK_WORDS, np.uint64)
    low, high = np.empty((2, rows.size), np.uint64)
    account = ledger.account_numbers[rows]
    account_hashes(account, code, parent, *lines, *names, message, low, high)
    return low, high


def _words(names: list[str]) -> Words:
    digests = b"".join(digest(name.encode()) for name in names)
    return np.frombuffer(digests, "<u8").astype(np.uint64).reshape(-1, 2)


def _in_chunks(n: int, work: Callable[[slice], Sums]) -> list[Sums]:
    edges = [*range(0, n, _CHUNK), n]
    parts = [slice(a, b) for a, b in itertools.pairwise(edges)]
    if len(parts) <= 1:
        return [work(part) for part in parts]
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(work, parts))
