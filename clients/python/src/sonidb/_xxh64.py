"""XXH64, one message at a time and many of one size together.

https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
"""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt

_P1 = 0x9E3779B185EBCA87
_P2 = 0xC2B2AE3D27D4EB4F
_P3 = 0x165667B19E3779F9
_P4 = 0x85EBCA77C2B2AE63
_P5 = 0x27D4EB2F165667C5
_MASK = 0xFFFFFFFFFFFFFFFF
_N1, _N2, _N3, _N4, _N5 = (np.uint64(p) for p in (_P1, _P2, _P3, _P4, _P5))


def xxh64(data: bytes | bytearray | memoryview, seed: int = 0) -> int:
    """The XXH64 of some bytes."""
    size = len(data)
    at = 0
    if size >= 32:
        a, b, c, d = (seed + _P1 + _P2) & _MASK, (seed + _P2) & _MASK, seed, (seed - _P1) & _MASK
        at = size & ~31
        for w, x, y, z in struct.iter_unpack("<QQQQ", data[:at]):
            a = a + w * _P2 & _MASK
            a = (a << 31 | a >> 33) * _P1 & _MASK
            b = b + x * _P2 & _MASK
            b = (b << 31 | b >> 33) * _P1 & _MASK
            c = c + y * _P2 & _MASK
            c = (c << 31 | c >> 33) * _P1 & _MASK
            d = d + z * _P2 & _MASK
            d = (d << 31 | d >> 33) * _P1 & _MASK
        h = (a << 1 | a >> 63) + (b << 7 | b >> 57) + (c << 12 | c >> 52) + (d << 18 | d >> 46) & _MASK
        for lane in (a, b, c, d):
            lane = lane * _P2 & _MASK
            h = ((h ^ (lane << 31 | lane >> 33) * _P1 & _MASK) * _P1 + _P4) & _MASK
    else:
        h = seed + _P5 & _MASK
    h = h + size & _MASK
    while at + 8 <= size:
        lane = int.from_bytes(data[at : at + 8], "little") * _P2 & _MASK
        h ^= (lane << 31 | lane >> 33) * _P1 & _MASK
        h = ((h << 27 | h >> 37) * _P1 + _P4) & _MASK
        at += 8
    if at + 4 <= size:
        h ^= int.from_bytes(data[at : at + 4], "little") * _P1 & _MASK
        h = ((h << 23 | h >> 41) * _P2 + _P3) & _MASK
        at += 4
    for byte in data[at:]:
        h ^= byte * _P5 & _MASK
        h = (h << 11 | h >> 53) * _P1 & _MASK
    h ^= h >> 33
    h = h * _P2 & _MASK
    h ^= h >> 29
    h = h * _P3 & _MASK
    return h ^ h >> 32


def _rotate(x: npt.NDArray[np.uint64], bits: int) -> npt.NDArray[np.uint64]:
    return x << np.uint64(bits) | x >> np.uint64(64 - bits)


def _round(lane: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    return _rotate(lane * _N2, 31) * _N1


def xxh64_rows(rows: npt.NDArray[np.uint8], seeds: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The XXH64 of each row of bytes, `(n, size)`, under its own seed, `(n,)`."""
    count, size = rows.shape
    at = 0
    with np.errstate(over="ignore"):
        if size >= 32:
            at = size & ~31
            # Stripe by stripe, lane by lane, so that a step reads and writes what lies together.
            stripes = np.ascontiguousarray(rows[:, :at]).view("<u8").astype(np.uint64, copy=False)
            # Multiplying makes a copy, always: the rows are somebody else's.
            stripes = np.ascontiguousarray(stripes.reshape(count, at // 32, 4).transpose(1, 2, 0)) * _N2
            lanes = np.empty((4, count), np.uint64)
            lanes[0] = seeds + (_N1 + _N2)
            lanes[1] = seeds + _N2
            lanes[2] = seeds
            lanes[3] = seeds - _N1
            low = np.empty_like(lanes)
            for stripe in stripes:
                lanes += stripe
                np.right_shift(lanes, np.uint64(33), out=low)
                lanes <<= np.uint64(31)
                lanes |= low
                lanes *= _N1
            h = _rotate(lanes[0], 1) + _rotate(lanes[1], 7) + _rotate(lanes[2], 12) + _rotate(lanes[3], 18)
            for lane in lanes:
                h = (h ^ _round(lane)) * _N1 + _N4
        else:
            h = seeds + _N5
        h = h + np.uint64(size)
        while at + 8 <= size:
            lane = np.ascontiguousarray(rows[:, at : at + 8]).view("<u8")[:, 0].astype(np.uint64)
            h = _rotate(h ^ _round(lane), 27) * _N1 + _N4
            at += 8
        if at + 4 <= size:
            lane = np.ascontiguousarray(rows[:, at : at + 4]).view("<u4")[:, 0].astype(np.uint64)
            h = _rotate(h ^ lane * _N1, 23) * _N2 + _N3
            at += 4
        for i in range(at, size):
            h = _rotate(h ^ rows[:, i].astype(np.uint64) * _N5, 11) * _N1
        h ^= h >> np.uint64(33)
        h = h * _N2
        h ^= h >> np.uint64(29)
        h = h * _N3
        return h ^ h >> np.uint64(32)
