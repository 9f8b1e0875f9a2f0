"""Records: what a part's samples say (docs/FORMAT.md), one record at a time and many together."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple, Union

import numpy as np
import numpy.typing as npt

from . import _cbor
from ._errors import MalformedRecordError, UnsupportedRecordError
from ._flac import FrameBatch, FramePlaces, Truncated
from ._xxh64 import xxh64, xxh64_rows

VectorId = Union[int, uuid.UUID, str]
Kind = Literal["upsert", "delete", "payload", "skip"]
Samples = npt.NDArray[Any]

MAX_DIMENSION = 16_384
MAX_PAYLOAD_BYTES = 1 << 20
MAX_PART_SAMPLES = 4608
MIN_BLOCK_SAMPLES = 16
MAX_PARTS = 512
MARKER = 1 << 22
FIRST_PART = 1 << 21
LAST_PART = 1 << 20
SHIFT_AT = 15
#: Milliseconds from 1970 to 2020, from where the times in records count.
FIRST_MILLIS = 1_577_836_800_000

_KINDS: tuple[Kind, ...] = ("skip", "upsert", "delete", "payload", "skip")
_INLINE, _APART, _FIELDS, _BATCH_GOES_ON = 1, 2, 4, 8
_INSERTED_AT, _EXPIRES_AT, _ACKNOWLEDGED_LAG, _VECTOR_LAG, _EXPIRED = 1, 2, 3, 4, 5
_FAR_RANK = 12
_FLOAT, _FLOAT_SHORT, _GRID, _INTEGER, _SPARSE, _NARROW, _FREQUENCY, _PULSE = range(8)
#: How many ranks the tables of many records hold; rarer ones are read one by one.
_NEAR = 64


@dataclass(slots=True, eq=False)
class Record:
    """One change of a collection."""

    kind: Kind
    #: A number, a UUID or any other string; None in a skip.
    id: VectorId | None
    #: Sequence number; of a skip the first one that is skipped.
    seq: int
    #: float32 or float64, exact to the bit; only in an upsert. An array of its own.
    vector: npt.NDArray[np.floating[Any]] | None
    #: The payload in CBOR; empty when there is none.
    raw_payload: bytes
    #: The XXH64 that the record carries, found right.
    hash: int
    #: Milliseconds since 1970, or None when the record does not say.
    inserted_at: int | None = None
    expires_at: int | None = None
    #: How many sequence numbers a skip uses up.
    skip_count: int = 0
    #: Whether a delete is the store's own, because the vector's time was up.
    expired: bool = False

    @property
    def payload(self) -> Any:
        """The payload as JSON has it, decoded on each call; None when there is none."""
        return _cbor.decode(self.raw_payload) if self.raw_payload else None

    @property
    def next_seq(self) -> int:
        """The sequence number behind this record."""
        return self.seq + max(1, self.skip_count)


def samples_of(control: int) -> int:
    """How many samples a control word announces; raises MalformedRecordError when it is none."""
    samples = (control & 0x7FFF) + 1
    if control >> 22 != 1 or samples > MAX_PART_SAMPLES or (control >> SHIFT_AT & 31) > 23:
        raise MalformedRecordError(f"{control & 0xFFFFFF:06x} is no control word")
    return samples


# --- Headers ----------------------------------------------------------------------------------------


class Head(NamedTuple):
    """What stands before a record's vector."""

    kind: Kind
    flags: int
    seq: int
    id: VectorId | None
    skip_count: int
    fields: dict[int, int]
    payload_size: int
    hash: int
    #: The bytes before the hash, as they are hashed.
    hashed: bytes
    #: Where the header goes on: with the payload, if that is inside, else with the vector.
    end: int


def _leb(data: bytes, at: int) -> tuple[int, int]:
    if at < len(data) and data[at] < 0x80:
        return data[at], at + 1
    value = shift = 0
    for place in range(at, at + 9):
        if place >= len(data):
            raise Truncated
        byte = data[place]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if byte == 0 and place > at:
                raise MalformedRecordError(f"number at byte {at} of the header is longer than need be")
            return value, place + 1
        shift += 7
    raise MalformedRecordError(f"number at byte {at} of the header has more than nine bytes")


def _is_number(text: str) -> bool:
    return (
        text.isascii()
        and text.isdigit()
        and (text == "0" or text[0] != "0")
        and len(text) <= 20
        and int(text) < 1 << 64
    )


def _as_uuid(text: str) -> uuid.UUID | None:
    """The UUID that a text spells in one of the usual ways."""
    digits = text
    if len(text) > 2 and text[0] == "{" and text[-1] == "}":
        digits = text[1:-1]
    elif text[:9].lower() == "urn:uuid:":
        digits = text[9:]
    if len(digits) == 36:
        if any(digits[i] != "-" for i in (8, 13, 18, 23)):
            return None
        digits = digits.replace("-", "")
    if len(digits) != 32 or any(c not in "0123456789abcdefABCDEF" for c in digits):
        return None
    return uuid.UUID(hex=digits)


def parse_id(value: VectorId) -> VectorId:
    """An id as SoniDB understands it: a string that spells a number or a UUID is one.

    Raises ValueError when it cannot be an id.
    """
    if isinstance(value, bool) or not isinstance(value, (int, str, uuid.UUID)):
        raise ValueError(f"an id is a number, a UUID or a string, was {value!r}")
    if isinstance(value, int):
        if not 0 <= value < 1 << 64:
            raise ValueError(f"a number as an id must be 0 to 2^64 - 1, was {value}")
        return value
    if isinstance(value, uuid.UUID):
        return value
    size = len(value.encode("utf-8"))
    if not 1 <= size <= 512:
        raise ValueError(f"an id must have 1 to 512 bytes, was {size}")
    return int(value) if _is_number(value) else _as_uuid(value) or value


def _read_id(data: bytes, at: int) -> tuple[VectorId, int]:
    tag, start = (data[at], at + 1) if at < len(data) and data[at] < 0x80 else _leb(data, at)
    if tag > 521:
        raise MalformedRecordError(f"id at byte {at} of the header has the tag {tag}")
    end = start + (tag if tag < 9 else 16 if tag == 9 else tag - 9)
    if end > len(data):
        raise Truncated
    raw = data[start:end]
    if tag < 9:
        if tag and raw[0] == 0:
            raise MalformedRecordError("id is a number with a leading zero byte")
        return int.from_bytes(raw, "big"), end
    if tag == 9:
        return uuid.UUID(bytes=raw), end
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError as e:
        raise MalformedRecordError(f"id is no UTF-8: {raw[:40]!r}") from e
    if _is_number(name) or _as_uuid(name):
        raise MalformedRecordError(f"id '{name}' is spelled as a name and is none")
    return name, end


def read_head(data: bytes) -> Head:
    """Reads the header up to the payload. Raises Truncated when `data` ends before."""
    if len(data) < 12:
        raise Truncated
    code = data[0] >> 4
    if code in (0, 8):
        raise MalformedRecordError(f"record kind {code}, which no record has")
    if code > 4:
        raise UnsupportedRecordError(f"record kind {code}: of a newer version")
    kind = _KINDS[code]
    flags = data[0] & 15
    place = flags & (_INLINE | _APART)
    if place == 3 or place and kind not in ("upsert", "payload"):
        raise MalformedRecordError(f"first byte {data[0]:02x} has flags that exclude each other")
    seq, at = _leb(data, 1)
    vector_id: VectorId | None = None
    skip_count = 0
    if kind == "skip":
        skip_count, at = _leb(data, at)
        if not 1 <= skip_count < 1 << 31:
            raise MalformedRecordError(f"skip count {skip_count} is not 1 to 2^31 - 1")
    else:
        vector_id, at = _read_id(data, at)
    fields: dict[int, int] = {}
    if flags & _FIELDS:
        at = _read_fields(data, at, kind, seq, fields)
    payload_size = 0
    if place:
        payload_size, at = _leb(data, at)
        if not 1 <= payload_size <= MAX_PAYLOAD_BYTES:
            raise MalformedRecordError(f"payload size {payload_size} is not 1 to {MAX_PAYLOAD_BYTES}")
    if at + 8 > len(data):
        raise Truncated
    first = data[0] & ~3 | (1 if place else 0)
    return Head(
        kind, flags, seq, vector_id, skip_count, fields, payload_size,
        int.from_bytes(data[at : at + 8], "big"), bytes((first,)) + data[1:at], at + 8,
    )  # fmt: skip


def _read_fields(data: bytes, at: int, kind: Kind, seq: int, into: dict[int, int]) -> int:
    before, goes_on = 0, True
    while goes_on:
        if at >= len(data):
            raise Truncated
        first = data[at]
        tag, end = first >> 3 & 15, at + 1 + (first & 7)
        if end > len(data):
            raise Truncated
        if tag <= before or end > at + 1 and data[at + 1] == 0:
            raise MalformedRecordError(f"optional fields are spelled wrong, from byte {at} of the header")
        value = into[tag] = int.from_bytes(data[at + 1 : end], "big")
        if tag == _ACKNOWLEDGED_LAG and value > seq:
            raise MalformedRecordError(f"acknowledged lag {value} is more than the sequence number")
        if tag == _VECTOR_LAG and (kind != "payload" or not 1 <= value <= seq):
            raise MalformedRecordError(f"vector lag {value} in a record of kind {kind}")
        if tag == _EXPIRED and (kind != "delete" or value != 0):
            raise MalformedRecordError(f'optional field "expired" of {value} in a record of kind {kind}')
        goes_on, before, at = first >= 0x80, tag, end
    return at


@dataclass(slots=True)
class Shape:
    """How a vector is represented, as its header says; and where that ends."""

    representation: int
    end: int = 0
    narrow: int = -1
    #: Sparse: places of the others, dimension, bits of the background.
    places: npt.NDArray[np.int64] | None = None
    dimension: int = 0
    background: int = 0
    #: Float and grid.
    how: int = 0
    reference: int = 0
    far: tuple[int, ...] = ()
    #: Grid and integer: what is multiplied with, or divided by if it is negative.
    scale: float = 1.0
    corrections: npt.NDArray[np.int64] | None = None
    marks: npt.NDArray[np.int64] | None = None
    unfolded: bool = False
    #: Frequency and pulse.
    parameter: int = 0


def _double(raw: bytes) -> float:
    (value,) = struct.unpack(">d", raw + bytes(8 - len(raw)))
    if not 0 < value < float("inf"):
        raise MalformedRecordError(f"vector has the scale {value}")
    return float(value)


def _read_places(
    data: bytes, at: int, count: int, limit: int, parameter: int, marked: bool
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], int]:
    """A list of places: count is at most `limit`, and each takes a bit at least."""
    most = at + (count * (parameter + 2) + (limit >> parameter) + 15 >> 3)
    text = bin(int.from_bytes(b"\1" + data[at:most], "big"))[3:]
    if count > len(text):
        raise Truncated
    places, marks = np.zeros(count, np.int64), np.zeros(count, np.int64)
    bit, place = 0, -1
    for i in range(count):
        one = text.find("1", bit)
        end = one + 1 + parameter + marked
        if one < 0 or end > len(text):
            if len(data) >= most or (len(text) if one < 0 else one) - bit > limit >> parameter:
                raise MalformedRecordError("places of components are spelled wrong")
            raise Truncated
        gap = one - bit << parameter | (int(text[one + 1 : one + 1 + parameter], 2) if parameter else 0)
        place += 1 + gap
        if place >= limit:
            raise MalformedRecordError(f"place {place} is not below {limit}")
        places[i] = place
        if marked:
            marks[i] = text[end - 1] == "1"
        bit = end
    if "1" in text[bit : bit + -bit % 8]:
        raise MalformedRecordError("a list of places is not filled with zero bits")
    return places, marks, at + (bit + 7 >> 3)


def read_shape(data: bytes, at: int, single: bool) -> Shape:
    """Reads a vector's header from `at` on. Raises Truncated when `data` ends before."""
    try:
        return _read_shape(data, at, single)
    except IndexError:
        raise Truncated from None


def _read_shape(data: bytes, at: int, single: bool) -> Shape:
    shape = Shape(data[at] >> 5)
    if shape.representation in (_FREQUENCY, _PULSE):
        shape.parameter, shape.end = data[at] & 31, at + 1
        return shape
    if not single and shape.representation == _NARROW:
        shape.narrow = data[at] >> 3 & 3
        if data[at] & 7 or shape.narrow > 2:
            raise UnsupportedRecordError(f"vector representation {data[at]:02x}: of a newer version")
        at += 1
        single = True
    if data[at] >> 5 == _SPARSE:
        size = (4 if single else 8) if data[at] & 16 else 0
        parameter = data[at] & 15
        if at + 1 + size >= len(data):
            raise Truncated
        shape.background = int.from_bytes(data[at + 1 : at + 1 + size], "big")
        shape.dimension, at = _leb(data, at + 1 + size)
        others, at = _leb(data, at)
        if not 1 <= shape.dimension <= MAX_DIMENSION or others > shape.dimension:
            raise MalformedRecordError(f"{others} others of {shape.dimension} components")
        shape.places, _, at = _read_places(data, at, others, shape.dimension, parameter, False)
        if others == 0:
            shape.representation, shape.end = _SPARSE, at
            return shape
    first = data[at]
    shape.representation = first >> 5
    if shape.representation in (_FLOAT, _GRID) or shape.representation == _FLOAT_SHORT and not single:
        if shape.representation == _GRID and not single:
            raise UnsupportedRecordError(f"vector representation {first:02x}: of a newer version")
        at = _read_exponents(data, at, single, shape)
        if shape.representation == _GRID:
            at = _read_grid(data, at, shape)
    elif shape.representation == _INTEGER:
        at = _read_integer(data, at, shape)
    else:
        raise UnsupportedRecordError(f"vector representation {first:02x}: of a newer version")
    shape.end = at
    return shape


def _read_exponents(data: bytes, at: int, single: bool, shape: Shape) -> int:
    size, most = (1, 255) if single else (2, 2047)
    shape.how = data[at]
    if at + 1 + size > len(data):
        raise Truncated
    shape.reference = int.from_bytes(data[at + 1 : at + 1 + size], "big")
    at += 1 + size
    if shape.reference > most:
        raise MalformedRecordError(f"reference exponent {shape.reference} is out of range")
    if shape.how & 1:
        end = at + 1 + data[at] * size
        if end > len(data):
            raise Truncated
        shape.far = tuple(int.from_bytes(data[i : i + size], "big") for i in range(at + 1, end, size))
        if any(exponent > most for exponent in shape.far):
            raise MalformedRecordError(f"a far exponent of {max(shape.far)} is out of range")
        at = end
    return at


def _read_grid(data: bytes, at: int, shape: Shape) -> int:
    first = data[at]
    corrected = first & 4
    if first & 0x80 or not corrected and first >> 3:
        raise UnsupportedRecordError(f"grid {first:02x}: of a newer version")
    end = at + 1 + 2 * ((first & 3) + 1)
    if end > len(data):
        raise Truncated
    shape.scale = _double(data[at + 1 : end])
    if corrected:
        count, end = _leb(data, end)
        if not 1 <= count <= MAX_DIMENSION:
            raise MalformedRecordError(f"grid has {count} corrections")
        shape.corrections, shape.marks, end = _read_places(data, end, count, MAX_DIMENSION, first >> 3 & 15, True)
    return end


def _read_integer(data: bytes, at: int, shape: Shape) -> int:
    first = data[at]
    size, kind = first & 3, first >> 2 & 3
    shape.unfolded = bool(first & 16)
    if kind == 3 or kind != 1 and size:
        raise UnsupportedRecordError(f"integers {first:02x}: of a newer version")
    end = at + 1 + (0 if kind == 0 else 2 * (size + 1) if kind == 1 else 1)
    if end > len(data):
        raise Truncated
    if kind == 1:
        shape.scale = _double(data[at + 1 : end])
    elif kind == 2:
        if not 1 <= data[at + 1] <= 22:
            raise MalformedRecordError(f"integers of {data[at + 1]} decimals")
        shape.scale = -float(10 ** data[at + 1])
    return end


# --- Components -------------------------------------------------------------------------------------

_ORDERS = (
    (-1, 0, -2, -3, -4, 1, -5, -6, -7, -8, -9, -10, -11, -12, -13, 2),
    (0, -1, -2, 1, -3, -4, -5, -6, -7, -8, -9, 2, -10, -11, -12, -13),
    (0, -1, 1, -2, -3, -4, -5, -6, 2, -7, -8, -9, -10, -11, -12, -13),
    (0, 1, -1, -2, -3, -4, 2, -5, -6, -7, -8, -9, -10, -11, -12, -13),
)


@lru_cache(maxsize=256)
def _exponents(how: int, reference: int, single: bool) -> npt.NDArray[np.int64]:
    """Exponent fields by rank; -1 where there is none, -2 where the far ones come in."""
    most = 255 if single else 2047
    offsets = list(_ORDERS[how >> 3 & 3])
    listed = set(offsets)
    for distance in range(most + 1):
        offsets += [offset for offset in ((-distance, distance) if distance else (0,)) if offset not in listed]
    table = [reference + offset for offset in offsets]
    table = [exponent if 0 <= exponent <= most else -1 for exponent in table]
    zero_rank = (how >> 1 & 3) - 1
    if zero_rank >= 0:
        table.insert(zero_rank, 0)
    if how & 1:
        table[_FAR_RANK] = -2
    return np.array(table, np.int64)


def _fold(samples: Samples) -> Samples:
    wide = samples.astype(np.int64)
    return wide << 1 ^ wide >> 63


@lru_cache(maxsize=8)
def _cosines(size: int) -> npt.NDArray[np.float64]:
    """Samples to lines, as a matrix: orthonormal, `[t, k]`."""
    t = np.arange(size)[:, None]
    k = np.arange(size)[None, :]
    # The angle first, as a whole number of parts of a circle, so that large ones lose nothing.
    matrix = np.cos(np.pi * ((2 * t + 1) * k % (4 * size)) / (2 * size)) * np.sqrt(2 / size)
    matrix[:, 0] *= np.sqrt(0.5)
    return np.asarray(matrix, np.float64)


def _hear_tones(samples: Samples, shift: int, spacing: int) -> npt.NDArray[np.uint32]:
    if len(samples) % 4 or spacing == 0:
        raise MalformedRecordError("no component of the vector sounds like these samples")
    tones = (samples.astype(np.int64) >> shift).astype(np.float64)
    words = []
    at = 0
    while at < len(tones):
        left = (len(tones) - at) // 4
        count = 128 if left >= 128 else 1 << left.bit_length() - 1
        blocks = left // 128 if count == 128 else 1
        end = at + 4 * count * blocks
        lines = np.rint(tones[at:end].reshape(blocks, 4 * count) @ _cosines(4 * count) / spacing)
        if lines.min() < -128 or lines.max() > 127:
            raise MalformedRecordError("a tone of the vector is too loud")
        quarters = (lines.astype(np.int64) & 0xFF).reshape(blocks, 4, count)
        joined = quarters[:, 0] << 24 | quarters[:, 1] << 16 | quarters[:, 2] << 8 | quarters[:, 3]
        words.append(joined.reshape(-1).astype(np.uint32))
        at = end
    return np.concatenate(words) if words else np.zeros(0, np.uint32)


def _hear_pulses(samples: Samples, parameter: int) -> npt.NDArray[np.uint32]:
    low = samples < 0
    high = np.flatnonzero(~low)
    low = low[: high[-1] + 1] if len(high) else low[:0]
    if not len(low):
        return np.zeros(0, np.uint32)
    edges = np.flatnonzero(low[1:] != low[:-1]) + 1
    lengths = np.diff(np.concatenate([[0], edges, [len(low)]])) - 1
    if not low[0] or len(lengths) % 16 or lengths.max() > 3:
        raise MalformedRecordError("no component of the vector sounds like these pulses")
    digits = lengths.reshape(-1, 16).astype(np.uint32) << np.arange(30, -1, -2).astype(np.uint32)
    return np.asarray(np.bitwise_or.reduce(digits, axis=1) ^ np.uint32(parameter << 26), np.uint32)


_POWERS = tuple(float(10**n) for n in range(23))


def _print(numbers: npt.NDArray[np.float32], half: bool) -> npt.NDArray[np.float64]:
    """Each number as it is printed with the fewest decimals that lead back to it."""
    result = numbers.astype(np.float64)
    magnitude = np.abs(numbers)
    todo = np.isfinite(magnitude)
    narrow = magnitude.astype(np.float16) if half else magnitude
    if half:
        todo &= narrow.astype(np.float32) == magnitude
    for power in _POWERS:
        if not todo.any():
            break
        printed = np.rint(magnitude.astype(np.float64) * power) / power
        back = printed.astype(np.float32)
        found = todo & ((back.astype(np.float16) if half else back) == narrow)
        result[found] = np.copysign(printed[found], numbers[found])
        todo &= ~found
    return result


class _VectorReader:
    """Puts one vector together from its parts' samples."""

    def __init__(self, shape: Shape, single: bool) -> None:
        self.shape = shape
        self.single = single
        self.single_values = single or shape.narrow >= 0
        self.pieces: list[Samples] = []
        self.count = 0
        self.far_used = 0

    def add(self, channels: Sequence[Samples], start: int, used: int, shift: int) -> None:
        shape = self.shape
        if start > used:
            raise MalformedRecordError("header goes on beyond its part")
        data = [channel[start:used] for channel in channels[:-1]]
        marker = channels[-1][start:used]
        if shape.representation in (_FREQUENCY, _PULSE):
            heard = [
                _hear_tones(channel, shift, shape.parameter)
                if shape.representation == _FREQUENCY
                else _hear_pulses(channel, shape.parameter)
                for channel in data
            ]
            if len({len(words) for words in heard}) > 1:
                raise MalformedRecordError("data channels have different numbers of components")
            piece = heard[0] if self.single else heard[0].astype(np.uint64) << np.uint64(32) | heard[1]
        elif self.count + used - start > (MAX_DIMENSION if shape.places is None else len(shape.places)):
            raise MalformedRecordError(f"vector has {self.count + used - start} components")
        elif shape.representation == _INTEGER:
            piece = self._integers(data, marker, 24 * len(data) - shift * len(data))
        else:
            piece = self._floats(data, _fold(marker))
        self.count += len(piece)
        if self.count > MAX_DIMENSION:
            raise MalformedRecordError(f"vector has {self.count} components")
        self.pieces.append(piece)

    def _integers(self, data: list[Samples], marker: Samples, width: int) -> Samples:
        if marker.any():
            raise MalformedRecordError("marker channel is not 0 where numbers are")
        word = data[0].astype(np.int64)
        if len(data) == 2:
            word = word << 24 | data[1].astype(np.int64) & 0xFFFFFF
        word >>= 24 * len(data) - width
        if self.shape.unfolded:
            word = word << 1 ^ word >> 63
        scale = self.shape.scale
        with np.errstate(over="ignore"):
            values = word.astype(np.float64) * scale if scale > 0 else word.astype(np.float64) / -scale
            return values.astype(np.float32).view(np.uint32) if self.single_values else values.view(np.uint64)

    def _floats(self, data: list[Samples], codes: Samples) -> Samples:
        shape = self.shape
        low_bits = 0 if self.single_values or shape.representation == _FLOAT_SHORT else 5
        table = _exponents(shape.how, shape.reference, self.single_values)
        ranks = codes >> low_bits
        exponents = np.where(ranks < len(table), table[np.minimum(ranks, len(table) - 1)], -1)
        far = np.flatnonzero(exponents == -2)
        if len(far):
            told = shape.far[self.far_used : self.far_used + len(far)]
            if len(told) < len(far):
                raise MalformedRecordError("vector has more far exponents than are listed")
            exponents[far] = told
            self.far_used += len(far)
        if len(exponents) and exponents.min() < 0:
            raise MalformedRecordError("marker channel holds what is no exponent's rank")
        if self.single_values:
            sign_and_mantissa = data[0].astype(np.int64) & 0x807FFFFF
            return (sign_and_mantissa | exponents << 23).astype(np.uint32)
        high, low = (channel.astype(np.int64) for channel in data)
        bits = (high & 0x800000).astype(np.uint64) << np.uint64(40) | exponents.astype(np.uint64) << np.uint64(52)
        bits |= ((high & 0x7FFFFF) << 29 | (low & 0xFFFFFF) << 5 | codes & (1 << low_bits) - 1).astype(np.uint64)
        return bits

    def finish(self) -> Samples:
        """The components' bits."""
        shape = self.shape
        if self.far_used < len(shape.far):
            raise MalformedRecordError(f"vector does not have the {len(shape.far)} far exponents listed")
        wanted = None if shape.places is None else len(shape.places)
        if self.count == 0 and wanted is None or wanted is not None and self.count != wanted:
            raise MalformedRecordError(f"vector has {self.count} components")
        kind = np.uint32 if self.single_values else np.uint64
        bits = np.concatenate(self.pieces) if self.pieces else np.zeros(0, kind)
        if shape.representation in (_FREQUENCY, _PULSE):
            return bits
        if shape.representation == _GRID:
            with np.errstate(over="ignore", invalid="ignore"):
                bits = (bits.view(np.float32).astype(np.float64) * shape.scale).astype(np.float32).view(np.uint32)
            if shape.corrections is not None and shape.marks is not None:
                if shape.corrections[-1] >= len(bits):
                    raise MalformedRecordError("a correction is of no component")
                bits[shape.corrections] = bits[shape.corrections] + (1 - 2 * shape.marks).astype(np.uint32)
        if shape.places is not None:
            whole = np.full(shape.dimension, shape.background, kind)
            whole[shape.places] = bits
            bits = whole
        if shape.narrow >= 0:
            numbers = bits.view(np.float32)
            with np.errstate(over="ignore", invalid="ignore"):
                wide = numbers.astype(np.float64) if shape.narrow == 0 else _print(numbers, shape.narrow == 2)
            bits = wide.view(np.uint64)
        return bits


# --- Records, one at a time -------------------------------------------------------------------------


def _header_bytes(channels: Sequence[Samples], width: int, size: int) -> bytes:
    """The first `size` bytes of a part's header, which its samples hold."""
    count = -(-8 * size // width)
    if width == 24 * (len(channels) - 1):
        # Nothing is left out: the bytes of the samples, less their highest one, are the string.
        plain = [channel[:count].astype(">i4").view(np.uint8).reshape(-1, 4)[:, 1:] for channel in channels[:-1]]
        return np.concatenate(plain, axis=1).tobytes()[:size]
    if len(channels) == 2:
        words = (channels[0][:count].astype(np.int64) & 0xFFFFFF) >> 24 - width
    else:
        words = (channels[0][:count].astype(np.int64) & 0xFFFFFF) << 24 | channels[1][:count].astype(
            np.int64
        ) & 0xFFFFFF
        words >>= 48 - width
    bits = words[:, None] >> np.arange(width - 1, -1, -1) & 1
    return np.packbits(bits.astype(np.uint8).reshape(-1)).tobytes()[:size]


class Assembler:
    """Puts records together from parts, one after the other, and checks all of it."""

    def __init__(self, single: bool) -> None:
        self._single = single
        self._head: Head | None = None
        self._parts = 0
        self._payload = bytearray()
        self._vector: _VectorReader | None = None

    @property
    def is_between(self) -> bool:
        """Whether no record is begun and not finished."""
        return self._head is None

    def add(self, channels: Sequence[Samples], block_size: int) -> Record | None:
        """Adds a part; returns the record that it is the last part of.

        Raises MalformedRecordError or UnsupportedRecordError; what was begun is then forgotten.
        """
        try:
            record = self._add(channels, block_size)
        except Exception:
            self._head = None
            raise
        if record is not None:
            self._head = None
        return record

    def _add(self, channels: Sequence[Samples], block_size: int) -> Record | None:
        control = int(channels[-1][0])
        used, shift = samples_of(control), control >> SHIFT_AT & 31
        if block_size != max(used, MIN_BLOCK_SAMPLES):
            raise MalformedRecordError(f"frame of {block_size} samples does not fit its control word")
        if bool(control & FIRST_PART) != (self._head is None):
            raise MalformedRecordError(
                "record is cut off by another's first part" if self._head else "record begins with a later part"
            )
        width = (24 - shift) * (len(channels) - 1)
        if self._head is None:
            self._first(channels, width, used, shift)
        else:
            self._later(channels, width, used, shift)
        self._parts += 1
        return self._finish() if control & LAST_PART else None

    def _first(self, channels: Sequence[Samples], width: int, used: int, shift: int) -> None:
        capacity = used * width // 8
        size = min(capacity, 64)
        shape = None
        while True:
            data = _header_bytes(channels, width, size)
            try:
                head = read_head(data)
                at = head.end
                if head.flags & _INLINE:
                    at += head.payload_size
                    if at > size:
                        raise Truncated
                if head.kind == "upsert":
                    if at >= size:
                        raise Truncated
                    shape = read_shape(data, at, self._single)
                    at = shape.end
                break
            except Truncated:
                if size == capacity:
                    raise MalformedRecordError(f"header goes on beyond the part's {capacity} bytes") from None
                size = min(capacity, 4 * size)
        self._head, self._parts, self._vector = head, 0, None
        self._payload = bytearray(data[head.end : head.end + head.payload_size] if head.flags & _INLINE else b"")
        start = -(-8 * at // width)
        if shape is None or shape.representation == _SPARSE:
            if start != used:
                raise MalformedRecordError(f"header ends before the part's sample {used}")
        if shape is not None:
            self._vector = _VectorReader(shape, self._single)
            if shape.representation != _SPARSE:
                self._vector.add(channels, start, used, shift)

    def _later(self, channels: Sequence[Samples], width: int, used: int, shift: int) -> None:
        head = self._head
        assert head is not None
        capacity = used * width // 8
        if capacity < 1 or self._parts == MAX_PARTS:
            raise MalformedRecordError(f"part {self._parts} of a record is empty or too many")
        what = _header_bytes(channels, width, 1)[0]
        if what == 0x80:
            if self._vector is None or head.flags & _APART and self._payload:
                raise MalformedRecordError("vector goes on where there is none to go on")
            if self._vector.shape.representation == _SPARSE:
                raise MalformedRecordError("vector goes on that has no samples")
            self._vector.add(channels, -(-8 // width), used, shift)
        elif what == 0x81:
            count = min(head.payload_size - len(self._payload), capacity - 1)
            if count < 1:
                raise MalformedRecordError("payload goes on where there is none to go on")
            self._payload += _header_bytes(channels, width, 1 + count)[1:]
        else:
            raise MalformedRecordError(f"later part begins with byte {what:02x}, neither 80 nor 81")

    def _finish(self) -> Record:
        head = self._head
        assert head is not None
        if len(self._payload) < head.payload_size:
            raise MalformedRecordError(f"record ends before byte {head.payload_size} of its payload")
        bits = self._vector.finish() if self._vector is not None else None
        payload = bytes(self._payload)
        found = xxh64(b"" if bits is None else bits.astype(bits.dtype.newbyteorder("<"), copy=False).tobytes(),
                      xxh64(payload, xxh64(head.hashed)))  # fmt: skip
        if found != head.hash:
            raise MalformedRecordError(f"hash is {found:016x}, not the {head.hash:016x} in the record")
        vector = None if bits is None else bits.view(np.float32 if self._single else np.float64)
        return _record(head, payload, vector)


def _record(head: Head, payload: bytes, vector: npt.NDArray[Any] | None) -> Record:
    record = Record(head.kind, head.id, head.seq, vector, payload, head.hash)
    if head.fields:
        inserted, expires = head.fields.get(_INSERTED_AT), head.fields.get(_EXPIRES_AT)
        record.inserted_at = None if inserted is None else FIRST_MILLIS + inserted
        record.expires_at = None if expires is None else FIRST_MILLIS + expires
        record.expired = _EXPIRED in head.fields
    record.skip_count = head.skip_count
    return record


def make_upsert(
    id: int | bytes,
    seq: int,
    vector: npt.NDArray[Any],
    payload: bytes,
    hash: int,
    inserted: int | None,
    expires: int | None,
) -> Record:
    """A record out of what C has read: an id that is no number as in its header, times since 2020."""
    return Record(
        "upsert",
        _read_id(id, 0)[0] if isinstance(id, bytes) else id,
        seq,
        vector,
        payload,
        hash,
        None if inserted is None else FIRST_MILLIS + inserted,
        None if expires is None else FIRST_MILLIS + expires,
    )


def near_exponents(how: int, reference: int) -> bytes:
    """The exponents of float32 by rank as C wants them: int32 in their place, or what stands for none and for far."""
    near = _exponents(how, reference, True)[:_NEAR]
    return np.where(near < 0, -(1 << 31) + (near == -2), near << 23).astype(np.int32).tobytes()


# --- Records, many together -------------------------------------------------------------------------


def assemble(buffer: npt.NDArray[np.uint8], places: FramePlaces, batch: FrameBatch) -> list[Record | None]:
    """Makes records of float32 frames that hold a whole upsert each.

    None stands for each frame that does not, or that must be looked at more closely.
    """
    count = len(places.start)
    records: list[Record | None] = [None] * count
    data, marker = batch.channels
    control = marker[:, 0]
    used = (control & 0x7FFF) + 1
    shift = control >> SHIFT_AT & 31
    whole = batch.good & (control >> 20 == 7) & (used <= MAX_PART_SAMPLES) & (shift <= 23)
    whole &= places.block_size == np.maximum(used, MIN_BLOCK_SAMPLES)
    headers = _headers(buffer, places, data, used, shift, np.flatnonzero(whole))
    groups: dict[tuple[int, int, int], list[tuple[int, Head, bytes, Shape]]] = {}
    shapes_of_floats: dict[tuple[int, int, int], Shape] = {}
    lengths, shifts = used.tolist(), shift.tolist()
    for frame, header in headers:
        try:
            head = read_head(header)
            if head.kind != "upsert" or head.flags & _APART:
                continue
            at = head.end + head.payload_size
            if at + 1 >= len(header):
                continue
            # What floats need is the same for most records of a batch.
            key = (at, header[at], header[at + 1])
            known = shapes_of_floats.get(key)
            shape = known or read_shape(header, at, True)
            if known is None and header[at] < 1 << 5 and not header[at] & 1:
                shapes_of_floats[key] = shape
        except (Truncated, MalformedRecordError, UnsupportedRecordError):
            continue  # told by whoever looks more closely
        if shape.places is not None or shape.far or shape.corrections is not None or shape.representation > _INTEGER:
            continue
        start = -(-8 * shape.end // (24 - shifts[frame]))
        dimension = lengths[frame] - start
        if not 1 <= dimension <= MAX_DIMENSION:
            continue
        groups.setdefault((shape.representation, start, dimension), []).append(
            (frame, head, header[head.end : at], shape)
        )
    for (representation, start, dimension), members in groups.items():
        rows = np.array([member[0] for member in members])
        samples = data[rows, start : start + dimension]
        codes = marker[rows, start : start + dimension]
        shapes = [member[3] for member in members]
        if representation == _INTEGER:
            bits, good = _join_integers(samples, codes, shift[rows], shapes)
        else:
            bits, good = _join_floats(samples, codes, shapes)
        stored = np.array([member[1].hash for member in members], np.uint64)
        seeds = _hash_all(
            [m[2] for m in members], _hash_all([m[1].hashed for m in members], np.zeros(len(rows), np.uint64))
        )
        good &= xxh64_rows(bits.astype("<u4", copy=False).view(np.uint8), seeds) == stored
        vectors = bits.view(np.float32)
        for row, ((frame, head, payload, _), right) in enumerate(zip(members, good.tolist())):
            if right:
                records[frame] = _record(head, payload, vectors[row].copy())
    return records


def _headers(
    buffer: npt.NDArray[np.uint8],
    places: FramePlaces,
    data: npt.NDArray[np.int32],
    used: npt.NDArray[np.int32],
    shift: npt.NDArray[np.int32],
    frames: npt.NDArray[np.intp],
) -> list[tuple[int, bytes]]:
    """The header strings of frames: all of it where samples lie as they are, else enough for most."""
    first = places.start + places.header
    plain = (buffer[first[frames]] == 2) & (shift[frames] == 0)
    out = []
    for frame in frames[plain].tolist():
        start = int(first[frame]) + 1
        out.append((frame, buffer[start : start + 3 * int(used[frame])].tobytes()))
    others = frames[~plain]
    for amount in np.unique(shift[others]).tolist():
        width = 24 - amount
        some = others[shift[others] == amount]
        count = min(data.shape[1], -(-8 * 96 // width))
        words = data[some, :count] >> amount
        bits = (words[:, :, None] >> np.arange(width - 1, -1, -1, dtype=np.int32) & 1).astype(np.uint8)
        strings = np.packbits(bits.reshape(len(some), -1), axis=1)
        for frame, string in zip(some.tolist(), strings):
            out.append((frame, string[: int(used[frame]) * width // 8].tobytes()))
    return out


def _hash_all(strings: list[bytes], seeds: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The XXH64 of each string under its seed; those of one length together."""
    hashes = np.empty(len(strings), np.uint64)
    by_size: dict[int, list[int]] = {}
    for i, string in enumerate(strings):
        by_size.setdefault(len(string), []).append(i)
    for size, members in by_size.items():
        if len(members) < 8:
            for i in members:
                hashes[i] = xxh64(strings[i], int(seeds[i]))
        else:
            rows = np.frombuffer(b"".join([strings[i] for i in members]), np.uint8).reshape(len(members), size)
            hashes[members] = xxh64_rows(rows, seeds[members])
    return hashes


def _join_floats(
    samples: npt.NDArray[np.int32], codes: npt.NDArray[np.int32], shapes: list[Shape]
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.bool_]]:
    kinds: dict[tuple[int, int], int] = {}
    of_row = [kinds.setdefault((shape.how, shape.reference), len(kinds)) for shape in shapes]
    near = np.stack([_exponents(how, reference, True)[:_NEAR] for how, reference in kinds])
    table = np.where(near < 0, -1, near << 23).astype(np.int32).reshape(-1)
    ranks = codes << 1 ^ codes >> 31
    good = ranks.max(axis=1) < _NEAR
    ranks += (np.array(of_row, np.int32) * _NEAR)[:, None]
    exponents = table.take(ranks, mode="clip")
    good &= exponents.min(axis=1) >= 0
    bits = (samples & np.int32(-0x7F800001) | exponents).view(np.uint32)
    if shapes[0].representation == _GRID:
        scales = np.array([shape.scale for shape in shapes])[:, None]
        with np.errstate(over="ignore", invalid="ignore"):
            bits = (bits.view(np.float32).astype(np.float64) * scales).astype(np.float32).view(np.uint32)
    return bits, good


def _join_integers(
    samples: npt.NDArray[np.int32], codes: npt.NDArray[np.int32], shift: npt.NDArray[np.int32], shapes: list[Shape]
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.bool_]]:
    good = np.asarray(codes.any(axis=1) == 0)
    numbers = samples >> shift[:, None]
    unfolded = np.array([shape.unfolded for shape in shapes])
    numbers[unfolded] = numbers[unfolded] << 1 ^ numbers[unfolded] >> 31
    scales = np.array([shape.scale for shape in shapes])[:, None]
    values = numbers.astype(np.float64)
    with np.errstate(over="ignore"):
        values = np.where(scales > 0, values * np.abs(scales), values / np.abs(scales))
        return values.astype(np.float32).view(np.uint32), good
