"""FLAC records, for those who send: verbatim frames, which need next to no computing."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _cbor
from ._flac import crc8, crc16
from ._records import (
    _ORDERS,
    FIRST_PART,
    LAST_PART,
    MARKER,
    MAX_DIMENSION,
    MAX_PART_SAMPLES,
    MAX_PAYLOAD_BYTES,
    MIN_BLOCK_SAMPLES,
    VectorId,
    parse_id,
)
from ._xxh64 import xxh64

#: Payloads up to this many bytes lie in the header of their record.
_MOST_INLINE = 4096
_SAMPLE_LIMIT = 1 << 35


def _leb(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def encode_id(value: VectorId) -> bytes:
    """An id as it lies in a record's header."""
    known = parse_id(value)
    if isinstance(known, int):
        raw = known.to_bytes((known.bit_length() + 7) // 8, "big")
        return bytes((len(raw),)) + raw
    if isinstance(known, str):
        raw = known.encode("utf-8")
        return _leb(9 + len(raw)) + raw
    return b"\x09" + known.bytes


class FlacEncoder:
    """Makes one FLAC stream of records: `head()`, then what `upsert` and `delete` give, in order.

    Sequence numbers count from `first_seq`; a node that takes the stream in gives its own.
    """

    def __init__(self, dimension: int, dtype: npt.DTypeLike = np.float32, first_seq: int = 1) -> None:
        """Raises ValueError if the dimension is not 1 to 16,384, or the type not float32 or float64."""
        if not 1 <= dimension <= MAX_DIMENSION:
            raise ValueError(f"dimension must be 1 to {MAX_DIMENSION}, was {dimension}")
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
            raise ValueError(f"components are float32 or float64, not {self.dtype}")
        self.dimension = dimension
        self._data_channels = 1 if self.dtype == np.dtype(np.float32) else 2
        self._seq = first_seq
        self._sample = 0

    def head(self) -> bytes:
        """What the stream begins with."""
        channels = self._data_channels + 1
        fields = 48_000 << 44 | channels - 1 << 41 | 23 << 36
        info = (
            struct.pack(">HH", MIN_BLOCK_SAMPLES, MAX_PART_SAMPLES) + bytes(6) + struct.pack(">Q", fields) + bytes(16)
        )
        tags = [b"DIMENSION=%d" % self.dimension, b"ELEMENT=" + self.dtype.name.encode(), b"SONIDB_FORMAT=2"]
        vendor = b"sonidb (Python)"
        comment = struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", len(tags))
        comment += b"".join(struct.pack("<I", len(tag)) + tag for tag in tags)
        return b"fLaC" + struct.pack(">I", 34) + info + struct.pack(">I", 0x84 << 24 | len(comment)) + comment

    def upsert(self, id: VectorId, vector: npt.ArrayLike, payload: Any = None) -> bytes:
        """The frames of a record that puts a vector under an id.

        Raises ValueError if the vector has another dimension, or the payload is too large or no JSON.
        """
        components = np.ascontiguousarray(vector)
        if components.dtype != self.dtype:
            components = components.astype(self.dtype)
        if components.shape != (self.dimension,):
            raise ValueError(f"vector must have {self.dimension} components, had the shape {components.shape}")
        raw_payload = b"" if payload is None or payload == {} else _cbor.encode(payload)
        if raw_payload and not isinstance(payload, dict):
            raise ValueError(f"a payload is a JSON object, was {payload!r}")
        if len(raw_payload) > MAX_PAYLOAD_BYTES:
            raise ValueError(f"a payload has at most {MAX_PAYLOAD_BYTES} bytes, had {len(raw_payload)}")
        apart = len(raw_payload) > _MOST_INLINE
        bits = components.view(np.uint32 if self._data_channels == 1 else np.uint64)
        hashed = self._start(1, 1 if raw_payload else 0, id)
        if raw_payload:
            hashed += _leb(len(raw_payload))
        # Little-endian, whatever this machine is.
        of_vector = bits.astype(bits.dtype.newbyteorder("<"), copy=False).tobytes()
        digest = xxh64(of_vector, xxh64(raw_payload, xxh64(hashed)))
        first = hashed[0] & ~3 | (2 if apart else 1 if raw_payload else 0)
        header = bytes((first,)) + hashed[1:] + digest.to_bytes(8, "big") + (b"" if apart else raw_payload)
        how, table = self._exponents(bits)
        return self._frames(header + how, self._samples(bits, table), raw_payload if apart else b"")

    def delete(self, id: VectorId) -> bytes:
        """The frames of a record that removes an id."""
        hashed = self._start(2, 0, id)
        digest = xxh64(b"", xxh64(b"", xxh64(hashed)))
        nothing = np.zeros((self._data_channels + 1, 0), np.int64)
        return self._frames(hashed + digest.to_bytes(8, "big"), nothing, b"")

    def _start(self, kind: int, flags: int, id: VectorId) -> bytes:
        start = bytes((kind << 4 | flags,)) + _leb(self._seq) + encode_id(id)
        self._seq += 1
        return start

    def _exponents(self, bits: npt.NDArray[Any]) -> tuple[bytes, npt.NDArray[np.int64]]:
        """The vector's header, and the rank of each exponent field."""
        single = self._data_channels == 1
        most = 255 if single else 2047
        fields = (bits >> bits.dtype.type(23 if single else 52)).astype(np.int64) & most
        reference = int(np.bincount(fields).argmax())
        vector_head = bytes((2 << 3,)) + reference.to_bytes(1 if single else 2, "big")
        return vector_head, _ranks(reference, most)[fields]

    def _samples(self, bits: npt.NDArray[Any], ranks: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """All channels: sign and mantissa, and codes unfolded."""
        wide = bits.astype(np.uint64)
        if self._data_channels == 1:
            data = [(wide >> np.uint64(8) & np.uint64(0x800000) | wide & np.uint64(0x7FFFFF)).astype(np.int64)]
            codes = ranks
        else:
            high = wide >> np.uint64(40) & np.uint64(0x800000) | wide >> np.uint64(29) & np.uint64(0x7FFFFF)
            data = [high.astype(np.int64), (wide >> np.uint64(5) & np.uint64(0xFFFFFF)).astype(np.int64)]
            codes = ranks << 5 | (wide & np.uint64(31)).astype(np.int64)
        return np.stack([*data, codes >> 1 ^ -(codes & 1)])

    def _frames(self, header: bytes, samples: npt.NDArray[np.int64], payload: bytes) -> bytes:
        """Cuts a record into parts, and makes a frame of each."""
        width = 3 * self._data_channels
        parts: list[tuple[bytes, npt.NDArray[np.int64]]] = []
        at = 0
        while not parts or at < samples.shape[1]:
            start = header if not parts else b"\x80"
            room = MAX_PART_SAMPLES - -(-len(start) // width)
            parts.append((start, samples[:, at : at + room]))
            at += room
        most = MAX_PART_SAMPLES * width - 1
        nothing = samples[:, :0]
        parts += [(b"\x81" + payload[i : i + most], nothing) for i in range(0, len(payload), most)]
        out = []
        for i, (start, values) in enumerate(parts):
            control = MARKER | (FIRST_PART if i == 0 else 0) | (LAST_PART if i == len(parts) - 1 else 0)
            out.append(self._frame(start, values, control))
        return b"".join(out)

    def _frame(self, start: bytes, values: npt.NDArray[np.int64], control: int) -> bytes:
        width = 3 * self._data_channels
        lead = -(-len(start) // width)
        used = lead + values.shape[1]
        block_size = max(used, MIN_BLOCK_SAMPLES)
        words = np.frombuffer(start.ljust(lead * width, b"\0"), np.uint8).reshape(lead, self._data_channels, 3)
        samples = np.zeros((self._data_channels + 1, block_size, 3), np.uint8)
        samples[:-1, :lead] = words.transpose(1, 0, 2)
        for byte in range(3):
            samples[:, lead:used, byte] = values >> 16 - 8 * byte & 0xFF
        samples[-1, 0] = tuple((control | used - 1).to_bytes(3, "big"))
        head = bytes((0xFF, 0xF9, 7 << 4 | 10, self._data_channels << 4 | 12)) + _coded(self._sample)
        head += (block_size - 1).to_bytes(2, "big")
        head += bytes((crc8(head),))
        body: bytes = head + b"".join([b"\x02" + channel.tobytes() for channel in samples])
        self._sample += block_size
        if self._sample >= _SAMPLE_LIMIT:
            raise ValueError("a stream ends before its 2^35th sample: begin another one")
        return body + crc16(body).to_bytes(2, "big")


@lru_cache(maxsize=256)
def _ranks(reference: int, most: int) -> npt.NDArray[np.int64]:
    """The rank of each exponent field in the order 2."""
    offsets = list(_ORDERS[2])
    listed = set(offsets)
    for distance in range(most + 1):
        offsets += [o for o in ((-distance, distance) if distance else (0,)) if o not in listed]
    ranks = np.zeros(most + 1, np.int64)
    for rank, offset in enumerate(offsets):
        if 0 <= reference + offset <= most:
            ranks[reference + offset] = rank
    return ranks


def _coded(number: int) -> bytes:
    """A number as FLAC codes it, in the manner of UTF-8, up to 36 bits."""
    if number < 0x80:
        return bytes((number,))
    tail = 1
    while number >> 6 * tail >= 1 << 6 - tail:
        tail += 1
    lead = (0xFF << 7 - tail & 0xFF) | number >> 6 * tail
    return bytes((lead, *(0x80 | number >> 6 * i & 0x3F for i in range(tail - 1, -1, -1))))


def encode(
    ids: Iterable[VectorId],
    vectors: Iterable[npt.ArrayLike],
    payloads: Iterable[Any] | None = None,
    dtype: npt.DTypeLike | None = None,
) -> Iterator[bytes]:
    """Vectors as the pieces of a FLAC stream, one record each.

    `dtype` is float32 or float64; None takes float64 for such vectors and float32 for all others.
    """
    encoder: FlacEncoder | None = None
    given = iter(payloads) if payloads is not None else None
    for id, vector in zip(ids, vectors):
        components = np.asarray(vector)
        if encoder is None:
            kind = dtype or (np.float64 if components.dtype == np.float64 else np.float32)
            encoder = FlacEncoder(len(components), kind)
            yield encoder.head()
        yield encoder.upsert(id, components, next(given) if given is not None else None)
