"""Payloads: the part of CBOR (RFC 8949) that JSON values need."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from ._errors import MalformedRecordError

_MAX_DEPTH = 128


def encode(value: Any) -> bytes:
    """A JSON value as CBOR; a vector of float32 or float64 may stand for an array."""
    out = bytearray()
    _encode(value, out, 0)
    return bytes(out)


def _head(major: int, number: int, out: bytearray) -> None:
    if number < 24:
        out.append(major << 5 | number)
        return
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * size:
            out.append(major << 5 | code)
            out += number.to_bytes(size, "big")
            return
    raise ValueError(f"a whole number in a payload must have 64 bits, was {number}")


def _encode(value: Any, out: bytearray, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise ValueError(f"a payload is nested {_MAX_DEPTH} deep at most")
    if value is None:
        out.append(0xF6)
    elif value is True or value is False:
        out.append(0xF5 if value else 0xF4)
    elif isinstance(value, int):
        _head(0, value, out) if value >= 0 else _head(1, -1 - value, out)
    elif isinstance(value, float):
        out.append(0xFB)
        out += struct.pack(">d", value)
    elif isinstance(value, str):
        text = value.encode("utf-8")
        _head(3, len(text), out)
        out += text
    elif isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype in (np.float32, np.float64):
        _head(4, len(value), out)
        items = np.zeros(len(value), [("head", np.uint8), ("number", value.dtype.newbyteorder(">"))])
        items["head"] = 0xFA if value.dtype == np.float32 else 0xFB
        # As whole numbers, so that no NaN is quietened.
        whole = np.uint32 if value.dtype == np.float32 else np.uint64
        items["number"].view(np.dtype(whole).newbyteorder(">"))[:] = np.ascontiguousarray(value).view(whole)
        out += items.tobytes()
    elif isinstance(value, (list, tuple)):
        _head(4, len(value), out)
        for item in value:
            _encode(item, out, depth + 1)
    elif isinstance(value, dict):
        _head(5, len(value), out)
        for key, item in value.items():
            if not isinstance(key, str):
                raise ValueError(f"keys of a payload are strings, was {key!r}")
            _encode(key, out, depth + 1)
            _encode(item, out, depth + 1)
    else:
        raise ValueError(f"a payload holds what JSON can say, not {type(value).__name__}")


def decode(data: bytes) -> Any:
    """The value that some CBOR holds.

    Raises MalformedRecordError when it is not CBOR, or of a kind that JSON has no word for.
    """
    try:
        value, end = _decode(data, 0, 0)
    except (IndexError, struct.error, UnicodeDecodeError) as e:
        raise MalformedRecordError(f"payload is not CBOR: {e}") from e
    if end != len(data):
        raise MalformedRecordError(f"payload goes on behind its value, at byte {end}")
    return value


def _decode(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    if depth > _MAX_DEPTH:
        raise MalformedRecordError(f"payload is nested more than {_MAX_DEPTH} deep")
    major, low = data[at] >> 5, data[at] & 31
    at += 1
    if major == 7:
        return _simple(data, at, low)
    number, endless = low, False
    if low == 31 and major in (2, 3, 4, 5):
        endless = True
    elif low >= 28:
        raise MalformedRecordError(f"payload has the malformed byte {data[at - 1]:02x}")
    elif low >= 24:
        size = 1 << low - 24
        if at + size > len(data):
            raise MalformedRecordError("payload is cut")
        number = int.from_bytes(data[at : at + size], "big")
        at += size
    if major == 0:
        return number, at
    if major == 1:
        return -1 - number, at
    if major == 6:
        return _decode(data, at, depth + 1)
    if major in (2, 3):
        return _string(data, at, major, number, endless, depth)
    # Each item has a byte at least, so a count beyond that is a lie, and nothing is made for it.
    if not endless and number > len(data) - at:
        raise MalformedRecordError(f"payload is cut: it announces {number} items")
    items: list[Any] = []
    wanted = number * (2 if major == 5 else 1)
    while endless and data[at] != 0xFF or not endless and len(items) < wanted:
        item, at = _decode(data, at, depth + 1)
        items.append(item)
    at += 1 if endless else 0
    if major == 4:
        return items, at
    if len(items) % 2:
        raise MalformedRecordError("payload has a key without a value")
    keys = items[::2]
    if not all(isinstance(key, str) for key in keys):
        raise MalformedRecordError("payload has a key that is no string")
    return dict(zip(keys, items[1::2])), at


def _simple(data: bytes, at: int, low: int) -> tuple[Any, int]:
    if low in (20, 21):
        return low == 21, at
    if low in (22, 23):
        return None, at
    formats = {25: (">e", 2), 26: (">f", 4), 27: (">d", 8)}
    if low not in formats:
        raise MalformedRecordError(f"payload has the simple value {low}")
    code, size = formats[low]
    return struct.unpack(code, data[at : at + size])[0], at + size


def _string(data: bytes, at: int, major: int, number: int, endless: bool, depth: int) -> tuple[Any, int]:
    if endless:
        pieces: list[Any] = []
        while data[at] != 0xFF:
            if data[at] >> 5 != major or data[at] & 31 == 31:
                raise MalformedRecordError("payload has a string made of other things")
            piece, at = _decode(data, at, depth + 1)
            pieces.append(piece)
        return (b"" if major == 2 else "").join(pieces), at + 1
    if number > len(data) - at:
        raise MalformedRecordError(f"payload is cut: it announces a string of {number} bytes")
    raw = data[at : at + number]
    return (raw if major == 2 else raw.decode("utf-8")), at + number
