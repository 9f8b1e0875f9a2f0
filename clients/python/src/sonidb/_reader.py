"""Records out of the bytes of a FLAC stream, as they come."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from types import ModuleType
from typing import BinaryIO

import numpy as np

from ._errors import MalformedFlacError, MalformedRecordError, SoniDbError, StreamGapError
from ._flac import (
    MAX_FRAME_BYTES,
    PADDING,
    FramePlaces,
    StreamHead,
    Truncated,
    find_frames,
    read_frame,
    read_frames,
    read_head,
)
from ._records import Assembler, Record, assemble, make_upsert, near_exponents

_speed: ModuleType | None
try:
    # In C, and not there where nobody could build it.
    from . import _speed
except ImportError:
    _speed = None

#: So much must have come for frames to be read together: below, one by one is quicker.
_BATCH_FROM_BYTES = 24 << 10
_BATCH_BYTES = 3 << 20
_BATCH_SAMPLES = 1 << 20
_BATCH_FRAMES = 2048
_FEW = 8
#: So much is read by one call of C, which nobody can interrupt.
_QUICK_BYTES = 1 << 20


class RecordReader:
    """Takes a FLAC stream's bytes in pieces of any size and gives its records, checked.

    CRC-8 and CRC-16 of each frame, the places of the frames (each begins with the sample behind the
    last one) and the hash of each record must be right. Memory is bounded: what has come and is no
    whole frame yet, and one batch.
    """

    def __init__(self, first_sample: int | None = None) -> None:
        """`first_sample`: number that the first frame must have; None if it may have any."""
        #: What the stream's head says, as soon as it has come.
        self.head: StreamHead | None = None
        #: Why nothing more can be read, if that is so.
        self.error: SoniDbError | None = None
        self._sample = first_sample
        self._buffer = bytearray()
        self._single = False
        self._assembler = Assembler(True)

    def feed(self, data: bytes) -> list[Record]:
        """The records that these bytes complete.

        After damage come the records before it, and `error` is set; the next call raises it.
        """
        if self.error is not None:
            raise self.error
        self._buffer += data
        records: list[Record] = []
        try:
            self._read(records)
        except SoniDbError as e:
            self.error = e
            if not records:
                raise
        return records

    def finish(self) -> None:
        """The stream has ended. Raises if that was in the middle of something."""
        if self.error is not None:
            raise self.error
        if self.head is None or self._buffer or not self._assembler.is_between:
            raise MalformedFlacError("the stream ends in the middle of a record")

    def _read(self, records: list[Record]) -> None:
        at = 0
        alone = False  # whether C, which has read what was before, most likely reads what is behind the next record
        try:
            if self.head is None:
                self.head = read_head(self._buffer)
                channels = self.head.info.channels
                if channels not in (2, 3) or self.head.info.bits_per_sample != 24:
                    raise MalformedRecordError(
                        f"the stream has {channels} channels of {self.head.info.bits_per_sample} bits;"
                        " records have 2 (float32) or 3 (float64) of 24"
                    )
                self._single = channels == 2
                self._assembler = Assembler(self._single)
                at = self.head.size
            while at < len(self._buffer):
                quick = self._read_quick(at, records)
                if quick:
                    at, alone = at + quick, True
                    continue
                together = 0
                if not alone and len(self._buffer) - at >= _BATCH_FROM_BYTES:
                    together = self._read_batch(at, records)
                at += together or self._read_one(at, records)
                alone = False
        except Truncated:
            pass
        finally:
            del self._buffer[:at]

    def _read_quick(self, at: int, records: list[Record]) -> int:
        """Reads records by C as far as it knows them; returns how many bytes, 0 for none.

        Raises Truncated when a frame begins there whose end has not come.
        """
        if _speed is None or not self._single or not self._assembler.is_between:
            return 0
        sample = -1 if self._sample is None else self._sample
        made, components, end, sample, is_cut_off, missing = _speed.read(self._buffer, at, sample, _QUICK_BYTES)
        if made:
            numbers = np.frombuffer(components, "<f4")
            place = 0
            for id, seq, dimension, payload, hash, inserted, expires in made:
                vector = numbers[place : place + dimension].copy()
                place += dimension
                records.append(make_upsert(id, seq, vector, payload, hash, inserted, expires))
            self._sample = sample
        if missing >= 0:
            _speed.learn(missing, near_exponents(missing >> 8, missing & 0xFF))
            return int(end - at) or self._read_quick(at, records)
        if is_cut_off and end == at:
            raise Truncated
        return int(end - at)

    def _read_one(self, at: int, records: list[Record]) -> int:
        assert self.head is not None
        frame = read_frame(self._buffer, at, len(self._buffer))
        header = frame.header
        channels = self.head.info.channels
        if not header.variable or header.bits_per_sample != 24 or header.channels != channels or header.stereo:
            raise MalformedRecordError(f"no part of a record is a frame like {header}")
        if self._sample is not None and header.number != self._sample:
            raise StreamGapError(
                f"a frame begins with sample {header.number}, not {self._sample}: something before it got lost"
            )
        record = self._assembler.add(frame.channels, header.block_size)
        self._sample = header.number + header.block_size
        if record is not None:
            records.append(record)
        return frame.size

    def _read_batch(self, at: int, records: list[Record]) -> int:
        """Reads as many whole frames together as there are; returns how many bytes, 0 for none."""
        assert self.head is not None
        size = min(_BATCH_BYTES, len(self._buffer) - at)
        buffer = np.zeros(size + PADDING + 4, np.uint8)
        buffer[:size] = np.frombuffer(memoryview(self._buffer)[at : at + size], np.uint8)
        found = find_frames(buffer, 0, size, self.head.info.channels)
        chain = self._chain(found)
        if len(chain) < _FEW:
            return 0
        frames = np.array(chain[:-1])
        ends = found.start[np.array(chain[1:])]
        order = np.argsort(-found.block_size[frames], kind="stable")
        frames = frames[order]
        places = FramePlaces(
            found.start[frames], ends[order], found.header[frames], found.block_size[frames], found.number[frames]
        )
        batch = read_frames(buffer, places, self.head.info.channels)
        made: list[Record | None] = [None] * len(frames)
        if self.head.info.channels == 2:
            made = assemble(buffer, places, batch)
        sorted_at = np.empty(len(order), np.int64)
        sorted_at[order] = np.arange(len(order))
        done = 0
        for row in sorted_at.tolist():
            record = made[row]
            block_size = int(places.block_size[row])
            if record is not None and self._assembler.is_between:
                records.append(record)
            elif batch.good[row]:
                record = self._assembler.add([channel[row, :block_size] for channel in batch.channels], block_size)
                if record is not None:
                    records.append(record)
            else:
                length = self._read_one(at + done, records)
                if done + length != places.end[row]:
                    # What looked like the next frame was inside of this one.
                    return done + length
            self._sample = int(places.number[row]) + block_size
            done = int(places.end[row])
        return done

    def _chain(self, found: FramePlaces) -> list[int]:
        """Which of the places are frames one behind the other, the last one just to end the one before."""
        starts, numbers, sizes = found.start.tolist(), found.number.tolist(), found.block_size.tolist()
        if not starts or starts[0] != 0 or self._sample is not None and numbers[0] != self._sample:
            return []
        chain = [0]
        wanted = numbers[0] + sizes[0]
        longest = sizes[0]
        for i in range(1, len(starts)):
            if numbers[i] != wanted or starts[i] - starts[chain[-1]] > MAX_FRAME_BYTES:
                continue
            chain.append(i)
            longest = max(longest, sizes[i])
            if len(chain) > _BATCH_FRAMES or longest * len(chain) > _BATCH_SAMPLES:
                break
            wanted += sizes[i]
        return chain


def read_records(source: str | os.PathLike[str] | BinaryIO | bytes) -> Iterator[Record]:
    """The records in a FLAC file or stream of SoniDB: a path, an open file, or the bytes.

    Raises MalformedFlacError, MalformedRecordError or StreamGapError (all DamageError) at the first
    thing that is wrong, after the records before it.
    """
    if isinstance(source, bytes):
        yield from _read_all(io.BytesIO(source))
    elif isinstance(source, (str, os.PathLike)):
        with open(source, "rb") as file:
            yield from _read_all(file)
    else:
        yield from _read_all(source)


def _read_all(file: BinaryIO) -> Iterator[Record]:
    reader = RecordReader()
    while data := file.read(1 << 20):
        yield from reader.feed(data)
        if reader.error is not None:
            raise reader.error
    reader.finish()
