"""FLAC (RFC 9639): stream heads, frames one by one, and many frames together.

One frame is read by plain Python over a string of its bits, which is quick enough for what comes
one at a time. What comes in bulk is read by numpy, step by step through the Rice codes of all
frames at once: each code must wait for the one before it, but the frames need not wait for each
other. Both give the same samples; what the second does not know it leaves to the first.

Nothing that is read is trusted: a frame of more than `MAX_FRAME_BYTES` is refused, and no memory is
taken for a length that was only announced.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ._errors import MalformedFlacError

MAX_FRAME_BYTES = 1 << 17
_MAX_HEAD_BYTES = 1 << 24

#: Bytes that must follow the last one of a buffer that `windows` is made of.
PADDING = 8

Ints = npt.NDArray[np.int64]


class Truncated(Exception):
    """What has come ends in the middle of something; with more it may be whole."""


def _crc_tables() -> tuple[list[int], npt.NDArray[np.uint16]]:
    eight = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc << 1 ^ (0x07 if crc & 0x80 else 0)) & 0xFF
        eight.append(crc)
    # Row j: a 16-bit remainder times x^(16 * 2^j), of all remainders; each row is the one above, twice.
    basis = np.zeros(16, np.uint16)
    for bit in range(16):
        crc = 1 << bit
        for _ in range(16):
            crc = (crc << 1 ^ (0x8005 if crc & 0x8000 else 0)) & 0xFFFF
        basis[bit] = crc
    row = np.zeros(1, np.uint16)
    for bit in range(16):
        row = np.concatenate([row, row ^ basis[bit]])
    rows = [row]
    while len(rows) < 17:
        rows.append(rows[-1][rows[-1]])
    return eight, np.stack(rows)


_CRC8, _TIMES = _crc_tables()
_CRC8_NP = np.array(_CRC8, np.uint8)
_CLZ16 = np.array([16] + [16 - n.bit_length() for n in range(1, 1 << 16)], np.uint8)


def crc8(data: bytes | bytearray | memoryview) -> int:
    """The CRC-8 of a frame's header; 0 over a header with its CRC."""
    crc = 0
    for byte in data:
        crc = _CRC8[crc ^ byte]
    return crc


def crc16_rows(rows: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint16]:
    """The CRC-16 of each row of an even number of bytes; zeros in front make no difference.

    Neighbours are joined, then neighbours of those: so a row takes as many steps as the logarithm
    of its length, each for all rows at once.
    """
    words = rows.view(np.uint16).byteswap()
    level = 0
    while words.shape[1] > 1:
        if words.shape[1] % 2:
            words = np.concatenate([np.zeros((len(words), 1), np.uint16), words], axis=1)
        words = np.take(_TIMES[level], words[:, ::2]) ^ words[:, 1::2]
        level += 1
    # What was joined is the message's remainder; a CRC is that of the message with 16 zero bits behind it.
    return np.asarray(_TIMES[0])[words[:, 0]]


def crc16(data: bytes) -> int:
    """The CRC-16 of a frame; 0 over a frame with its CRC."""
    even = np.frombuffer(data if len(data) % 2 == 0 else b"\0" + data, np.uint8)
    return int(crc16_rows(even.reshape(1, -1))[0]) if len(data) else 0


class StreamInfo(NamedTuple):
    """What a FLAC stream's STREAMINFO says."""

    sample_rate: int
    channels: int
    bits_per_sample: int
    total_samples: int


@dataclass(frozen=True, slots=True)
class StreamHead:
    """What stands before the frames of a FLAC stream."""

    info: StreamInfo
    tags: dict[str, str]
    size: int


def read_head(data: bytes | bytearray) -> StreamHead:
    """Reads `fLaC` and the metadata blocks.

    Raises Truncated when there is more to come, MalformedFlacError when there is no FLAC.
    """
    if data[:4] != b"fLaC"[: len(data[:4])]:
        raise MalformedFlacError(f"what came is no FLAC stream: it begins with {bytes(data[:16])!r}")
    at, last, info, tags = 4, False, None, {}
    while not last:
        if len(data) < at + 4:
            raise Truncated
        last, kind = data[at] >= 0x80, data[at] & 0x7F
        size = int.from_bytes(data[at + 1 : at + 4], "big")
        at += 4
        if at + size > _MAX_HEAD_BYTES:
            raise MalformedFlacError(f"metadata of more than {_MAX_HEAD_BYTES} bytes")
        if len(data) < at + size:
            raise Truncated
        block = bytes(data[at : at + size])
        if (kind == 0) != (info is None):
            raise MalformedFlacError("STREAMINFO must be the first metadata block, and the only one")
        if kind == 0:
            if size != 34:
                raise MalformedFlacError(f"STREAMINFO of {size} bytes, not 34")
            bits = int.from_bytes(block[10:18], "big")
            info = StreamInfo(bits >> 44, (bits >> 41 & 7) + 1, (bits >> 36 & 31) + 1, bits & (1 << 36) - 1)
        elif kind == 4:
            tags = _tags(block)
        elif kind == 127:
            raise MalformedFlacError("metadata block of the forbidden type 127")
        at += size
    assert info is not None
    return StreamHead(info, tags, at)


def _tags(block: bytes) -> dict[str, str]:
    """The tags of a VORBIS_COMMENT; none of them is needed, so what is malformed is left out."""
    tags: dict[str, str] = {}
    at = 4 + int.from_bytes(block[:4], "little")
    count = int.from_bytes(block[at : at + 4], "little")
    at += 4
    while count > 0 and at + 4 <= len(block):
        size = int.from_bytes(block[at : at + 4], "little")
        name, _, value = block[at + 4 : at + 4 + size].decode("utf-8", "replace").partition("=")
        tags[name.upper()] = value
        at += 4 + size
        count -= 1
    return tags


class FrameHeader(NamedTuple):
    """The header of a frame."""

    variable: bool
    block_size: int
    #: In Hz; 0 when the header leaves it to STREAMINFO.
    sample_rate: int
    #: 1 to 8, or 2 when `stereo` says how two channels were made one of the other.
    channels: int
    #: 0 independent, 1 left and side, 2 side and right, 3 mid and side.
    stereo: int
    #: 0 when the header leaves it to STREAMINFO.
    bits_per_sample: int
    #: First sample (variable) or number of the frame.
    number: int
    size: int


_BLOCK_SIZES = [0, 192, 576, 1152, 2304, 4608, -1, -2] + [256 << n for n in range(8)]
_RATES = [0, 88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000, -1, -2, -3, 0]
_DEPTHS = [0, 8, 12, -1, 16, 20, 24, 32]


def read_header(data: bytes | bytearray | memoryview, at: int, end: int) -> FrameHeader:
    """Reads the header of the frame at `at`, and checks its CRC-8.

    Raises Truncated when it ends behind `end`, MalformedFlacError when there is none.
    """
    if end - at < 2:
        raise Truncated
    if data[at] != 0xFF or data[at + 1] & 0xFE != 0xF8:
        raise MalformedFlacError(f"no frame begins with {data[at]:02x} {data[at + 1]:02x}")
    if end - at < 5:
        raise Truncated
    second, third = data[at + 2], data[at + 3]
    block_size, rate = _BLOCK_SIZES[second >> 4], _RATES[second & 15]
    assignment, depth = third >> 4, _DEPTHS[third >> 1 & 7]
    if second >> 4 == 0 or second & 15 == 15 or assignment > 10 or depth < 0 or third & 1:
        raise MalformedFlacError(f"frame header {second:02x}{third:02x} has a reserved value")
    lead = data[at + 4]
    more = 0 if lead < 0x80 else 8 - (lead ^ 0xFF).bit_length() - 1
    if more < 0 or lead == 0xFF or lead >= 0x80 and more == 0:
        raise MalformedFlacError(f"coded number begins with {lead:02x}")
    tail = (1 if block_size == -1 else 2 if block_size == -2 else 0) + (1 if rate == -1 else 2 if rate < 0 else 0)
    size = 5 + more + tail + 1
    if end - at < size:
        raise Truncated
    number = lead & 0x7F >> (more + 1 if more else 0)
    for byte in data[at + 5 : at + 5 + more]:
        if byte & 0xC0 != 0x80:
            raise MalformedFlacError(f"coded number goes on with {byte:02x}")
        number = number << 6 | byte & 0x3F
    place = at + 5 + more
    if block_size < 0:
        length = -block_size
        block_size = int.from_bytes(data[place : place + length], "big") + 1
        place += length
    if rate < 0:
        length = 1 if rate == -1 else 2
        rate = int.from_bytes(data[place : place + length], "big") * {-1: 1000, -2: 1, -3: 10}[rate]
    if crc8(data[at : at + size]):
        raise MalformedFlacError("CRC-8 of a frame header is wrong")
    channels, stereo = (assignment + 1, 0) if assignment < 8 else (2, assignment - 7)
    return FrameHeader(data[at + 1] == 0xF9, block_size, rate, channels, stereo, depth, number, size)


def windows(buffer: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """64 bits from every fourth byte on; the buffer has `PADDING` bytes to spare."""
    words = buffer[: len(buffer) & ~3].view(np.uint32).byteswap().astype(np.uint64)
    return words[:-1] << np.uint64(32) | words[1:]


def bits_from(wide: npt.NDArray[np.uint64], first: Ints) -> npt.NDArray[np.uint64]:
    """The bits from each given one on: 33 of them, then what happens to be there."""
    words = wide.take(first >> 5, mode="clip")
    words <<= (first & 31).view(np.uint64)
    return words


def read_fields(wide: npt.NDArray[np.uint64], first: Ints, width: Ints) -> Ints:
    """Signed fields of 1 to 33 bits that begin at the given bits."""
    return bits_from(wide, first).view(np.int64) >> 64 - width


class _Bits:
    """The bits of a frame as a string of 0 and 1, in which the next 1 is found at the speed of C."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.text = bin(int.from_bytes(b"\1" + data, "big"))[3:]
        self.at = 0

    def take(self, count: int) -> int:
        end = self.at + count
        if end > len(self.text):
            raise Truncated
        value = int(self.text[self.at : end], 2) if count else 0
        self.at = end
        return value

    def signed(self, count: int) -> int:
        value = self.take(count)
        return value - (1 << count) if count and value >> count - 1 else value

    def unary(self) -> int:
        one = self.text.find("1", self.at)
        if one < 0:
            raise Truncated
        count = one - self.at
        self.at = one + 1
        return count

    def rice(self, parameter: int, count: int, into: list[int]) -> None:
        text, at, find = self.text, self.at, self.text.find
        if parameter == 0:
            for _ in range(count):
                one = find("1", at)
                if one < 0:
                    raise Truncated
                into.append(one - at)
                at = one + 1
        else:
            for _ in range(count):
                one = find("1", at)
                end = one + 1 + parameter
                if one < 0 or end > len(text):
                    raise Truncated
                into.append(one - at << parameter | int(text[one + 1 : end], 2))
                at = end
        self.at = at

    def fields(self, count: int, width: int) -> Ints:
        end = self.at + count * width
        if end > len(self.text):
            raise Truncated
        start = self.at >> 3
        raw = np.frombuffer(self.data[start : (end >> 3) + 1] + bytes(PADDING), np.uint8)
        places = (self.at & 7) + width * np.arange(count)
        self.at = end
        return read_fields(windows(raw), places, np.full(1, width, np.int64))


@dataclass(slots=True)
class Frame:
    """A frame: its header, its size in bytes, and a row of samples for each channel."""

    header: FrameHeader
    size: int
    channels: list[Ints]


def read_frame(data: bytes | bytearray, at: int, end: int, depth: int = 24) -> Frame:
    """Reads and checks the frame at `at`.

    `depth` is STREAMINFO's, for headers that leave it out. Raises Truncated when the frame goes on
    behind `end`, MalformedFlacError when there is no whole, undamaged frame.
    """
    header = read_header(data, at, end)
    bits = header.bits_per_sample or depth
    # A sane frame is not larger than its samples; so mostly no more than that is looked at.
    sane = header.size + header.channels * (header.block_size * (bits + 1) // 8 + 64) + 2
    for limit in (min(sane, MAX_FRAME_BYTES), MAX_FRAME_BYTES):
        try:
            return _read_frame(data, at, min(end, at + limit), header, bits)
        except Truncated:
            if end - at <= limit:
                raise
    raise MalformedFlacError(f"no frame ends within {MAX_FRAME_BYTES} bytes")


def _read_frame(data: bytes | bytearray, at: int, end: int, header: FrameHeader, bits: int) -> Frame:
    stream = _Bits(bytes(data[at + header.size : end]))
    channels = []
    for channel in range(header.channels):
        side = header.stereo == 2 and channel == 0 or header.stereo in (1, 3) and channel == 1
        channels.append(_read_subframe(stream, header.block_size, bits + side))
    if stream.take(-stream.at % 8):
        raise MalformedFlacError("a frame is not filled with zero bits")
    size = header.size + stream.at // 8 + 2
    if at + size > end:
        raise Truncated
    if crc16(bytes(data[at : at + size])):
        raise MalformedFlacError("CRC-16 of a frame is wrong")
    return Frame(header, size, _join(channels, header.stereo))


def _join(channels: list[Ints], stereo: int) -> list[Ints]:
    if stereo == 0:
        return channels
    first, second = channels
    if stereo == 1:
        return [first, first - second]
    if stereo == 2:
        return [first + second, second]
    total = (first << 1) | (second & 1)
    return [(total + second) >> 1, (total - second) >> 1]


def _read_subframe(stream: _Bits, count: int, bits: int) -> Ints:
    head = stream.take(8)
    if head >= 0x80:
        raise MalformedFlacError("a subframe begins with a one")
    kind, wasted = head >> 1, stream.unary() + 1 if head & 1 else 0
    width = bits - wasted
    if width < 1:
        raise MalformedFlacError(f"a subframe wastes {wasted} of {bits} bits")
    if kind == 0:
        samples = np.full(count, stream.signed(width), np.int64)
    elif kind == 1:
        samples = stream.fields(count, width)
    elif 8 <= kind <= 12:
        samples = _read_fixed(stream, count, width, kind - 8)
    elif kind >= 32:
        samples = _read_lpc(stream, count, width, kind - 31)
    else:
        raise MalformedFlacError(f"a subframe has the reserved type {kind}")
    if len(samples) and not (-1 << width - 1 <= samples.min() and samples.max() < 1 << width - 1):
        raise MalformedFlacError(f"a sample has more than {width} bits")
    return samples << wasted


def _read_fixed(stream: _Bits, count: int, width: int, order: int) -> Ints:
    if order > count:
        raise MalformedFlacError(f"predictor of order {order} in a block of {count}")
    first = [stream.signed(width) for _ in range(order)]
    samples = _read_residual(stream, count, order)
    # A predictor of order n is n times the difference of neighbours; so n sums undo it.
    starts = []
    for _ in range(order):
        starts.append(first[-1])
        first = [b - a for a, b in zip(first, first[1:])]
    for start in reversed(starts):
        samples = np.cumsum(samples) + start
    if order == 0:
        return samples
    return np.concatenate([_first_samples(starts, order), samples])


def _first_samples(starts: list[int], order: int) -> Ints:
    """The first samples again, from the last of each row of differences."""
    rows = list(starts)
    samples = [rows[0]]
    for _ in range(order - 1):
        # Going back by one sample takes the differences' last values away, row by row.
        for level in range(len(rows) - 1):
            rows[level] -= rows[level + 1]
        rows.pop()
        samples.append(rows[0])
    return np.array(samples[::-1], np.int64)


def _read_lpc(stream: _Bits, count: int, width: int, order: int) -> Ints:
    if order > count:
        raise MalformedFlacError(f"predictor of order {order} in a block of {count}")
    samples = [stream.signed(width) for _ in range(order)]
    precision = stream.take(4) + 1
    if precision == 16:
        raise MalformedFlacError("predictor of the reserved precision")
    shift = stream.signed(5)
    if shift < 0:
        raise MalformedFlacError("predictor of a negative shift")
    weights = [stream.signed(precision) for _ in range(order)]
    residual = _read_residual(stream, count, order)
    if not any(weights):
        return np.concatenate([np.array(samples, np.int64), residual])
    most = 1 << width
    for rest in residual.tolist():
        total = 0
        for weight, sample in zip(weights, reversed(samples[-order:])):
            total += weight * sample
        value = (total >> shift) + rest
        if not -most <= value < most:
            raise MalformedFlacError(f"a sample has more than {width} bits")
        samples.append(value)
    return np.array(samples, np.int64)


def _read_residual(stream: _Bits, count: int, order: int) -> Ints:
    method, partitions = stream.take(2), 1 << stream.take(4)
    if method > 1:
        raise MalformedFlacError(f"residual of the reserved coding method {method}")
    if count % partitions or count // partitions < order:
        raise MalformedFlacError(f"{partitions} partitions do not fit a block of {count}")
    folded: list[int] = []
    pieces: list[Ints] = []
    for partition in range(partitions):
        size = count // partitions - (order if partition == 0 else 0)
        parameter = stream.take(4 + method)
        if parameter == (31 if method else 15):
            width = stream.take(5)
            pieces += [_unfold(folded), stream.fields(size, width) if width else np.zeros(size, np.int64)]
            folded = []
        else:
            stream.rice(parameter, size, folded)
    pieces.append(_unfold(folded))
    return np.concatenate(pieces)


def _unfold(folded: list[int]) -> Ints:
    try:
        codes = np.array(folded, np.int64)
    except OverflowError as e:
        raise MalformedFlacError("a residual has more than 63 bits") from e
    if len(codes) and codes.max() >= 1 << 33:
        raise MalformedFlacError("a residual has more than 32 bits")
    return codes >> 1 ^ -(codes & 1)


# --- Many frames together ---------------------------------------------------------------------------


class FramePlaces(NamedTuple):
    """Frames that seem to lie one behind the other, of one number of channels, 24 bits deep."""

    start: Ints
    end: Ints
    header: Ints
    block_size: Ints
    number: Ints


_BS = np.array([0, 192, 576, 1152, 2304, 4608, 0, 0] + [256 << n for n in range(8)], np.int64)
_BS_TAIL = np.array([0, 0, 0, 0, 0, 0, 1, 2] + [0] * 8, np.int64)
_LEAD_MORE = np.array(
    [0] * 0x80 + [-1] * 0x40 + [1] * 0x20 + [2] * 0x10 + [3] * 8 + [4] * 4 + [5] * 2 + [6, -1], np.int64
)


def find_frames(buffer: npt.NDArray[np.uint8], at: int, end: int, channels: int) -> FramePlaces:
    """Where headers of frames of variable block size, 24 bits and 48 kHz are.

    They may be false ones: some bytes of a frame may look like a header, CRC-8 included.
    """
    nothing = np.zeros(0, np.int64)
    first = buffer[at : max(at, end - 16)]
    starts = np.flatnonzero((first == 0xFF) & (buffer[at + 1 : at + 1 + len(first)] == 0xF9)).astype(np.int64) + at
    second, third = buffer[starts + 2], buffer[starts + 3]
    fits = (second & 15 == 10) & (second >> 4 > 0) & (third == (channels - 1 << 4 | 12))
    starts, second = starts[fits], second[fits]
    lead = buffer[starts + 4]
    more = _LEAD_MORE[lead]
    starts, second, lead, more = (x[more >= 0] for x in (starts, second, lead, more))
    if not len(starts):
        return FramePlaces(nothing, nothing, nothing, nothing, nothing)
    number = (lead & np.where(more > 0, 0x7F >> (more + 1), 0x7F)).astype(np.int64)
    for i in range(6):
        goes_on = more > i
        number = np.where(goes_on, number << 6 | buffer[starts + 5 + i] & 0x3F, number)
    code = second >> 4
    tail = _BS_TAIL[code]
    place = starts + 5 + more
    told = np.where(tail == 1, buffer[place], buffer[place].astype(np.int64) << 8 | buffer[place + 1]) + 1
    block_size = np.where(tail > 0, told, _BS[code])
    size = 5 + more + tail + 1
    crc = np.zeros(len(starts), np.uint8)
    for i in range(int(size.max())):
        crc = np.where(i < size, _CRC8_NP[crc ^ buffer[starts + i]], crc)
    good = crc == 0
    return FramePlaces(starts[good], nothing, size[good], block_size[good], number[good])


@dataclass(slots=True)
class FrameBatch:
    """Samples of many frames: `channels[c][f, t]`; `good[f]` says whether frame f could be read."""

    good: npt.NDArray[np.bool_]
    channels: list[npt.NDArray[np.int32]]


def read_frames(buffer: npt.NDArray[np.uint8], places: FramePlaces, channels: int) -> FrameBatch:
    """Reads frames, of descending block size, of independent channels, 24 bits deep.

    Those that are not exactly as long as `places` says, whose CRC-16 is wrong, or that are packed
    in a way that is not known here, are not good; nothing is said about what is wrong with them.
    """
    wide = windows(buffer)
    count = len(places.start)
    longest = int(places.block_size[0])
    at = (places.start + places.header) * 8
    good = np.ones(count, np.bool_)
    samples = []
    for _ in range(channels):
        channel = np.zeros((count, longest), np.int32)
        at = _read_subframes(wide, at, places.block_size, channel, good)
        samples.append(channel)
    good &= (at + 7 >> 3) + 2 == places.end
    padding = bits_from(wide, at)
    good &= (padding >> (np.uint64(63) - (-at & 7).astype(np.uint64)) >> np.uint64(1)) == 0
    # The last frame could read what lies behind it; its own bytes alone make its CRC.
    sizes = places.end - places.start
    width = int(sizes.max()) + 1 & ~1
    rows = np.zeros((count, width), np.uint8)
    for row, start, end in zip(rows, places.start.tolist(), places.end.tolist()):
        row[width - (end - start) :] = buffer[start:end]
    good &= crc16_rows(rows) == 0
    return FrameBatch(good, samples)


def _read_subframes(
    wide: npt.NDArray[np.uint64], at: Ints, sizes: Ints, into: npt.NDArray[np.int32], good: npt.NDArray[np.bool_]
) -> Ints:
    """Reads one subframe of each frame; returns where they end."""
    heads = bits_from(wide, at)
    head = (heads >> np.uint64(56)).astype(np.int64)
    kind = head >> 1
    wastes = head & 1 == 1
    zeros = _CLZ16[(heads >> np.uint64(40) & np.uint64(0xFFFF)).astype(np.int64)].astype(np.int64)
    more = _CLZ16[(heads >> np.uint64(24) & np.uint64(0xFFFF)).astype(np.int64)].astype(np.int64)
    wasted = np.where(wastes, zeros + 1 + np.where(zeros == 16, more, 0), 0)
    good &= wasted < 24
    wasted = np.minimum(wasted, 23)
    width = 24 - wasted
    at = at + 8 + wasted
    ends = at.copy()

    def rows(mask: npt.NDArray[np.bool_]) -> Ints:
        return np.flatnonzero(mask)

    chosen = rows(kind == 0)
    if len(chosen):
        value = read_fields(wide, at[chosen], width[chosen])
        into[chosen] = value[:, None]
        ends[chosen] += width[chosen]
    chosen = rows(kind == 1)
    if len(chosen):
        longest = int(sizes[chosen[0]])
        step = width[chosen][:, None]
        bits = np.asarray(at[chosen][:, None] + step * np.arange(longest), np.int64)
        into[chosen, :longest] = read_fields(wide, bits, step)
        ends[chosen] += width[chosen] * sizes[chosen]
    # A predictor of order 1 whose weight is 0 predicts nothing: its first sample stands by itself.
    chosen = rows((kind == 32) | (kind == 8))
    if len(chosen):
        order = np.where(kind[chosen] == 32, 1, 0)
        place = at[chosen]
        first = read_fields(wide, place, width[chosen])
        place += order * width[chosen]
        fields = bits_from(wide, place)
        # Four bits of precision, five of shift, one weight.
        precision = (fields >> np.uint64(60)).astype(np.int64) + 1
        weights = np.where(
            order == 1, (fields << np.uint64(4) & ~np.uint64(0)) >> (np.uint64(59) - precision.astype(np.uint64)), 0
        )
        good[chosen] &= (weights == 0) & ((order == 0) | (precision < 16))
        place += order * (9 + precision)
        fields = bits_from(wide, place)
        good[chosen] &= fields >> np.uint64(58) == 0
        parameter = (fields >> np.uint64(54) & np.uint64(15)).astype(np.int64)
        place += 10
        escaped = np.flatnonzero(parameter == 15)
        counts = sizes[chosen] - order
        codes, ends[chosen] = _read_rice(
            wide, place, parameter, np.where(parameter == 15, 0, counts), good, chosen, int(counts.max())
        )
        if len(escaped):
            plain = (fields[escaped] >> np.uint64(49) & np.uint64(31)).astype(np.int64)
            ends[chosen[escaped]] += 5 + plain * counts[escaped]
            some = escaped[plain > 0]
            step = plain[plain > 0][:, None]
            longest = int(counts.max())
            codes[some] = read_fields(wide, place[some][:, None] + 5 + step * np.arange(longest), step)
            codes[some] *= np.arange(longest) < counts[some][:, None]
        shift = wasted[chosen].astype(np.int32)[:, None]
        if order.all():
            into[chosen, 1 : 1 + codes.shape[1]] = codes
            into[chosen, 0] = first
        elif not order.any():
            into[chosen, : codes.shape[1]] = codes
        else:
            for lead in (0, 1):
                some = np.flatnonzero(order == lead)
                longest = int(sizes[chosen[some[0]]]) - lead
                into[chosen[some], lead : lead + longest] = codes[some, :longest]
            some = np.flatnonzero(order == 1)
            into[chosen[some], 0] = first[some]
        # What does not fit its width is no sample.
        values = into[chosen]
        bound = (1 << width[chosen] - 1).astype(np.int32)[:, None]
        good[chosen] &= ((values >= -bound) & (values < bound)).all(axis=1)
    good &= (kind == 0) | (kind == 1) | (kind == 32) | (kind == 8)
    if wasted.any():
        into <<= wasted.astype(np.int32)[:, None]
    return ends


def _read_rice(
    wide: npt.NDArray[np.uint64],
    at: Ints,
    parameter: Ints,
    counts: Ints,
    good: npt.NDArray[np.bool_],
    chosen: Ints,
    width: int,
) -> tuple[npt.NDArray[np.int32], Ints]:
    """Reads residuals of one partition each, all of them side by side, into rows of one width."""
    longest = int(counts.max())
    folded = np.zeros((width, len(at)), np.uint32)
    order = np.argsort(-counts, kind="stable")
    place, tails = at[order], parameter[order].astype(np.uint64)
    active = np.searchsorted(-counts[order], -np.arange(longest), side="left")
    long_code = np.zeros(len(at), np.bool_)
    one = np.uint64(1)
    rests = np.uint64(64) - tails
    lengths = (tails + one).astype(np.int64)
    for step in range(longest):
        live = int(active[step])
        here = place[:live]
        words = wide.take(here >> 5, mode="clip")
        words <<= (here & 31).view(np.uint64)
        zeros = _CLZ16.take((words >> np.uint64(48)).view(np.int64)).astype(np.uint64)
        long_code[:live] |= zeros == 16
        words <<= zeros
        words <<= one
        words >>= rests[:live]
        words |= zeros << tails[:live]
        folded[step, :live] = words
        here += zeros.view(np.int64)
        here += lengths[:live]
    good[chosen[order[long_code]]] = False
    signed = folded.view(np.int32)
    samples = signed >> 1 & 0x7FFFFFFF ^ -(signed & 1)
    unordered = np.empty((len(at), width), np.int32)
    unordered[order] = samples.T
    ends = np.empty_like(place)
    ends[order] = place
    return unordered, ends
