"""BLAKE2b of words, compiled: for facts of which there are millions.

A message is a number of words of 64 bits, little-endian; 16 of them are a block, and cost one
compression. The digest has 16 bytes, as that of ``hashlib.blake2b(message, digest_size=16)``.

References
----------
.. RFC 7693, The BLAKE2 Cryptographic Hash and Message Authentication Code, sections 2.5 to 3.2.
"""

import numpy as np

from hullmark.core import kernel

_IV = np.array(
    [
        0x6A09E667F3BCC908,
        0xBB67AE8584CAA73B,
        0x3C6EF372FE94F82B,
        0xA54FF53A5F1D36F1,
        0x510E527FADE682D1,
        0x9B05688C2B3E6C1F,
        0x1F83D9ABFB41BD6B,
        0x5BE0CD19137E2179,
    ],
    np.uint64,
)
_FIRST = np.uint64(0x6A09E667F3BCC908 ^ 0x01010010)  # no key, 16 bytes of digest
_ONES = np.uint64(2**64 - 1)
BLOCK_WORDS = 16
_WORD_BYTES = 8
_SIGMA = np.array(
    [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
        [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
        [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
        [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
        [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
        [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
        [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
        [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
        [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    ],
    np.uint8,
)
_32, _24, _16, _63 = (np.uint64(n) for n in (32, 24, 16, 63))
_40, _48, _1 = (np.uint64(n) for n in (40, 48, 1))

Word = np.uint64
State = tuple[Word, Word, Word, Word, Word, Word, Word, Word]


@kernel
def digest_kernel(words: np.ndarray, n: int) -> tuple[Word, Word]:
    """Return the digest of the first *n* words, at least one, as two words, the lower one first.

    The words behind them, up to a whole block, must be there and be zero.
    """
    h = _FIRST, _IV[1], _IV[2], _IV[3], _IV[4], _IV[5], _IV[6], _IV[7]
    at = 0
    while at + BLOCK_WORDS < n:
        h = _compress(h, words, at, np.uint64(_WORD_BYTES * (at + BLOCK_WORDS)), np.uint64(0))
        at += BLOCK_WORDS
    h = _compress(h, words, at, np.uint64(_WORD_BYTES * n), _ONES)
    return h[0], h[1]


@kernel
def _compress(h: State, words: np.ndarray, at: int, length: Word, last: Word) -> State:
    v0, v1, v2, v3, v4, v5, v6, v7 = h
    v8, v9, va, vb = _IV[0], _IV[1], _IV[2], _IV[3]
    vc, vd, ve, vf = _IV[4] ^ length, _IV[5], _IV[6] ^ last, _IV[7]
    for r in range(12):
        s = _SIGMA[r]
        v0, v4, v8, vc = _mix(v0, v4, v8, vc, words[at + s[0]], words[at + s[1]])
        v1, v5, v9, vd = _mix(v1, v5, v9, vd, words[at + s[2]], words[at + s[3]])
        v2, v6, va, ve = _mix(v2, v6, va, ve, words[at + s[4]], words[at + s[5]])
        v3, v7, vb, vf = _mix(v3, v7, vb, vf, words[at + s[6]], words[at + s[7]])
        v0, v5, va, vf = _mix(v0, v5, va, vf, words[at + s[8]], words[at + s[9]])
        v1, v6, vb, vc = _mix(v1, v6, vb, vc, words[at + s[10]], words[at + s[11]])
        v2, v7, v8, vd = _mix(v2, v7, v8, vd, words[at + s[12]], words[at + s[13]])
        v3, v4, v9, ve = _mix(v3, v4, v9, ve, words[at + s[14]], words[at + s[15]])
    return (
        h[0] ^ v0 ^ v8, h[1] ^ v1 ^ v9, h[2] ^ v2 ^ va, h[3] ^ v3 ^ vb,
        h[4] ^ v4 ^ vc, h[5] ^ v5 ^ vd, h[6] ^ v6 ^ ve, h[7] ^ v7 ^ vf,
    )  # fmt: skip


@kernel
def _mix(a: Word, b: Word, c: Word, d: Word, x: Word, y: Word) -> tuple[Word, Word, Word, Word]:
    a = a + b + x
    d ^= a
    d = (d >> _32) | (d << _32)
    c += d
    b ^= c
    b = (b >> _24) | (b << _40)
    a = a + b + y
    d ^= a
    d = (d >> _16) | (d << _48)
    c += d
    b ^= c
    b = (b >> _63) | (b << _1)
    return a, b, c, d
