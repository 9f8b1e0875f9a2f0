"""The decoder and the encoder, without a node."""

from __future__ import annotations

import importlib.util
import os
import random
import shutil
import subprocess
import sysconfig
import tempfile
import tracemalloc
import unittest
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np

import sonidb
from sonidb import _cbor, _flac, _reader
from sonidb._xxh64 import xxh64, xxh64_rows

SEED = int(os.environ.get("SONIDB_SEED", random.randrange(1 << 30)))

#: docs/FORMAT.md, Example.
EXAMPLE = bytes.fromhex(
    "ff f9 6a 1c 00 0f 61 02 15 ac 02 01 2a 0d 1c 71 7e 80 00 04 7b 75 f5 a1 2c aa 8c 4d a1 61 61 01 18 7d 00 00 00 00"
    "80 00 00 20 00 00 63 8e 39 00 00 00 00 00 00 00 00 00 40 70 00 0c 00 00 0f f0 29 1e f0 5c"
)


def stream(count: int, dimension: int = 24, dtype: type = np.float32) -> tuple[bytes, np.ndarray]:
    generator = np.random.default_rng(SEED)
    vectors = generator.standard_normal((count, dimension)).astype(dtype)
    return b"".join(sonidb.encode(range(count), vectors, ({"n": i} for i in range(count)))), vectors


class RecordsTest(unittest.TestCase):
    def setUp(self) -> None:
        self._message = f"SONIDB_SEED={SEED}"
        self._speed_before = _reader._speed
        _reader._speed = None

    def tearDown(self) -> None:
        _reader._speed = self._speed_before

    def assert_damage(self, data: bytes, vectors: np.ndarray, what: str) -> None:
        """Reading ends with a DamageError, and every record before that is right."""
        count = 0
        try:
            for record in sonidb.read_records(data):
                assert record.vector is not None
                self.assertEqual(record.vector.tobytes(), vectors[record.id].tobytes(), f"{what} {self._message}")
                count += 1
        except (sonidb.DamageError, sonidb.UnsupportedRecordError):
            return
        self.fail(f"{what} was not noticed, {count} records, {self._message}")

    def test_refuses_what_is_no_flac(self) -> None:
        for garbage in (b"RIFF" + bytes(100), b"<html>", random.Random(SEED).randbytes(5000)):
            with self.assertRaises(sonidb.MalformedFlacError):
                list(sonidb.read_records(garbage))

    def test_notices_every_flipped_bit(self) -> None:
        data, vectors = stream(3)
        head = _flac.read_head(data).size
        for bit in range(8 * head, 8 * len(data)):
            damaged = bytearray(data)
            damaged[bit >> 3] ^= 0x80 >> (bit & 7)
            self.assert_damage(bytes(damaged), vectors, f"bit {bit}")

    def test_notices_changes_that_the_checksums_of_frames_were_made_for(self) -> None:
        data, vectors = stream(3)
        whole = [(r.id, r.seq, r.payload) for r in sonidb.read_records(data)]
        first = _flac.read_head(data).size
        frame = _flac.read_frame(data, first, len(data))
        end = first + frame.size - 2
        source = random.Random(SEED)
        for _ in range(150):
            bit = source.randrange(8 * (first + frame.header.size), 8 * end)
            damaged = bytearray(data)
            damaged[bit >> 3] ^= 0x80 >> (bit & 7)
            damaged[end : end + 2] = _flac.crc16(bytes(damaged[first:end])).to_bytes(2, "big")
            try:
                records = list(sonidb.read_records(bytes(damaged)))
            except (sonidb.DamageError, sonidb.UnsupportedRecordError):
                continue
            # A bit that says nothing: behind the header, in its last sample.
            self.assertEqual([(r.id, r.seq, r.payload) for r in records], whole, self._message)
            for record, vector in zip(records, vectors):
                assert record.vector is not None
                self.assertEqual(record.vector.tobytes(), vector.tobytes(), f"bit {bit} {self._message}")

    def test_notices_flipped_bits_among_many_frames(self) -> None:
        data, vectors = stream(1200)
        source = random.Random(SEED)
        for _ in range(12):
            bit = source.randrange(8 * 400, 8 * len(data))
            damaged = bytearray(data)
            damaged[bit >> 3] ^= 0x80 >> (bit & 7)
            self.assert_damage(bytes(damaged), vectors, f"bit {bit}")

    def test_notices_where_a_stream_is_cut(self) -> None:
        data, vectors = stream(3)
        ends = {len(data)}
        at = _flac.read_head(data).size
        while at < len(data):
            ends.add(at)
            at += _flac.read_frame(data, at, len(data)).size
        for end in range(len(data)):
            if end not in ends:
                self.assert_damage(data[:end], vectors, f"cut at {end}")

    def test_notices_a_frame_that_is_missing(self) -> None:
        for count in (4, 900):
            data, vectors = stream(count)
            at = _flac.read_head(data).size
            first = _flac.read_frame(data, at, len(data))
            second = _flac.read_frame(data, at + first.size, len(data))
            cut = data[: at + first.size] + data[at + first.size + second.size :]
            with self.assertRaises(sonidb.StreamGapError):
                list(sonidb.read_records(cut))
            reader = sonidb.RecordReader(0)
            with self.assertRaises(sonidb.StreamGapError):
                reader.feed(data[:at] + data[at + first.size :])

    def test_takes_no_memory_for_what_is_only_announced(self) -> None:
        data, _ = stream(1)
        head = data[: _flac.read_head(data).size]
        endless = bytes.fromhex("fff97a1c00ffff")
        endless += bytes((_flac.crc8(endless),)) + b"\x10\x40" + bytes(1 << 18)
        payload = bytes.fromhex("80")
        for what in (
            b"fLaC\x00\xff\xff\xff" + bytes(64),
            head + endless,
            head + bytes.fromhex("ff") * (1 << 18),
            head + payload * (1 << 18),
        ):
            tracemalloc.start()
            try:
                with self.assertRaises(sonidb.DamageError):
                    list(sonidb.read_records(what))
                self.assertLess(tracemalloc.get_traced_memory()[1], 24 << 20)
            finally:
                tracemalloc.stop()

    def test_survives_random_changes(self) -> None:
        data, vectors = stream(200)
        source = random.Random(SEED)
        head = _flac.read_head(data).size
        for _ in range(40):
            damaged = bytearray(data)
            for _ in range(source.randrange(1, 20)):
                at = source.randrange(head, len(damaged) - 40)
                what = source.randrange(4)
                if what == 0:
                    damaged[at] = source.randrange(256)
                elif what == 1:
                    del damaged[at : at + source.randrange(1, 30)]
                elif what == 2:
                    damaged[at:at] = source.randbytes(source.randrange(1, 30))
                else:
                    damaged[at : at + 20] = damaged[at - 20 : at]
            if bytes(damaged) != data:
                self.assert_damage(bytes(damaged), vectors, "a change")

    def test_refuses_payloads_that_are_no_json(self) -> None:
        for raw in ("", "ff", "a1", "9b7fffffffffffffff", "bbffffffffffffffff", "7affffffff", "a10102", "1c", "81" * 200 + "00"):
            with self.assertRaises(sonidb.MalformedRecordError):
                _cbor.decode(bytes.fromhex(raw))
        for value in (1 << 64, {1: 2}, b"bytes", float):
            with self.assertRaises(ValueError):
                _cbor.encode(value)

    def test_refuses_to_encode_what_is_no_point(self) -> None:
        encoder = sonidb.FlacEncoder(2)
        for id, vector, payload in (
            (-1, [1, 2], None),
            (1 << 64, [1, 2], None),
            ("", [1, 2], None),
            ("x" * 513, [1, 2], None),
            (1, [1, 2, 3], None),
            (1, [1, 2], "text"),
            (1, [1, 2], {"a": "x" * (1 << 20)}),
        ):
            with self.assertRaises(ValueError):
                encoder.upsert(id, vector, payload)
        for dimension, dtype in ((0, np.float32), (16_385, np.float32), (3, np.int32)):
            with self.assertRaises(ValueError):
                sonidb.FlacEncoder(dimension, dtype)

    def test_reads_the_example_of_the_format(self) -> None:
        data, _ = stream(1)
        head = data[: _flac.read_head(data).size]
        (record,) = sonidb.read_records(head + EXAMPLE)
        self.assertEqual((record.id, record.seq, record.payload), (42, 300, {"a": 1}))
        self.assertEqual(record.inserted_at, 1_700_000_000_000)
        expected = np.array([1, -0.5, 0.15625, 0.11111111], np.float32)
        assert record.vector is not None
        self.assertEqual(record.vector.tobytes(), expected.tobytes())

    def test_gives_every_bit_of_every_vector_back(self) -> None:
        generator = np.random.default_rng(SEED)
        ids = [0, 2**64 - 1, uuid.UUID(int=SEED), "a name", "x" * 512, "0123456789abcdef0123456789ABCDEF"]
        payloads = [None, {"a": [1, -2, 1.5, None, True, "é"]}, {"t": "x" * 5000}, {"t": "y" * 1_000_000}, {}, {"d": {"e": []}}]
        for dtype, bits in ((np.float32, np.uint32), (np.float64, np.uint64)):
            for dimension in (1, 384, 4601, 16_384):
                whole = generator.integers(0, np.iinfo(bits).max, (len(ids), dimension), bits, endpoint=True)
                vectors = whole.view(dtype)
                vectors[1] = generator.standard_normal(dimension)
                records = list(sonidb.read_records(b"".join(sonidb.encode(ids, vectors, payloads, dtype))))
                self.assertEqual([record.seq for record in records], list(range(1, len(ids) + 1)))
                for record, id, vector, payload in zip(records, ids, vectors, payloads):
                    self.assertEqual(record.id, uuid.UUID(id) if len(str(id)) == 32 else id)
                    self.assertEqual(record.payload, payload or None)
                    assert record.vector is not None
                    self.assertEqual(record.vector.dtype, dtype)
                    self.assertEqual(record.vector.tobytes(), vector.tobytes(), self._message)

    def test_reads_the_same_in_pieces_of_any_size(self) -> None:
        data, vectors = stream(300)
        source = random.Random(SEED)
        reader = sonidb.RecordReader(0)
        records = []
        at = 0
        while at < len(data):
            size = source.choice((1, 7, 300, 50_000))
            records += reader.feed(data[at : at + size])
            at += size
        reader.finish()
        self.assertEqual(len(records), 300)
        self.assertEqual(np.stack([record.vector for record in records]).tobytes(), vectors.tobytes())

    def test_hashes_as_others_do(self) -> None:
        self.assertEqual(xxh64(b""), 0xEF46DB3751D8E999)
        self.assertEqual(xxh64(b"abc"), 0x44BC2CF5AD770999)
        generator = np.random.default_rng(SEED)
        for size in (0, 3, 7, 12, 31, 32, 65, 1536):
            for count in (1, 5):
                rows = generator.integers(0, 256, (count, size), np.uint8)
                seeds = generator.integers(0, 2**63, count).astype(np.uint64)
                before = rows.copy()
                expected = [xxh64(row.tobytes(), int(seed)) for row, seed in zip(rows, seeds)]
                self.assertEqual(xxh64_rows(rows, seeds).tolist(), expected, self._message)
                self.assertEqual(rows.tobytes(), before.tobytes())

    @unittest.skipUnless(shutil.which("flac"), "needs the program flac")
    def test_reads_frames_of_other_encoders(self) -> None:
        generator = np.random.default_rng(SEED)
        t = np.arange(30_000)
        tone = (4e6 * np.sin(t / 30) + 3e6 * np.sin(t / 7.3)).astype(np.int64)
        noise = generator.integers(-1000, 1000, len(t))
        for pcm in (np.stack([tone + noise, tone - noise]), np.stack([noise * 16, noise * 0 + 5]), np.stack([tone, tone * 0])):
            with tempfile.TemporaryDirectory() as folder:
                raw = (pcm.T & 0xFFFFFF).astype("<u4")
                Path(folder, "x.raw").write_bytes(np.ascontiguousarray(raw).view(np.uint8).reshape(-1, 4)[:, :3].tobytes())
                for level in ("-8", "-3", "-0"):
                    command = ["flac", "-s", "-f", level, "--force-raw-format", "--endian=little", "--sign=signed"]
                    command += ["--channels=2", "--bps=24", "--sample-rate=48000", f"{folder}/x.raw", "-o", f"{folder}/x.flac"]
                    subprocess.run(command, check=True)
                    data = Path(folder, "x.flac").read_bytes()
                    at, heard = _flac.read_head(data).size, []
                    while at < len(data):
                        frame = _flac.read_frame(data, at, len(data))
                        heard.append(np.stack(frame.channels))
                        at += frame.size
                    self.assertTrue((np.concatenate(heard, axis=1) == pcm).all(), f"{level} {self._message}")


def build_speed(folder: str) -> ModuleType | None:
    """The module in C, built from its source; None where no compiler is."""
    compiler = shutil.which("cc")
    include = sysconfig.get_paths()["include"]
    if compiler is None or not Path(include, "Python.h").exists():
        return None
    source = Path(_reader.__file__).with_name("_speed.c")
    library = str(Path(folder, "_speed.so"))
    warnings = ["-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers", "-Wno-cast-function-type"]
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", *warnings, "-I", include, str(source), "-o", library], check=True)
    spec = importlib.util.spec_from_file_location("sonidb._speed", library)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class QuickTest(RecordsTest):
    """All of the same by way of C; and that it reads as Python does."""

    _speed: ModuleType | None

    @classmethod
    def setUpClass(cls) -> None:
        with tempfile.TemporaryDirectory() as folder:
            cls._speed = build_speed(folder)
        if cls._speed is None:
            raise unittest.SkipTest("needs a compiler and Python.h")

    def setUp(self) -> None:
        super().setUp()
        _reader._speed = self._speed

    def read(self, data: bytes, quick: bool, piece: int) -> list[tuple[object, ...]]:
        """What is read, and what is said last."""
        speed = _reader._speed
        _reader._speed = speed if quick else None
        out: list[tuple[object, ...]] = []
        reader = sonidb.RecordReader(0)
        try:
            for at in range(0, len(data), piece):
                for r in reader.feed(data[at : at + piece]):
                    vector = None if r.vector is None else (r.vector.dtype, r.vector.tobytes())
                    out.append((r.kind, r.id, r.seq, vector, r.raw_payload, r.hash, r.inserted_at, r.expires_at))
            reader.finish()
            out.append(("the end",))
        except sonidb.SoniDbError as e:
            out.append((type(e), str(e)))
        finally:
            _reader._speed = speed
        return out

    def test_reads_as_python_does(self) -> None:
        source = random.Random(SEED)
        for data in self.streams(source):
            expected = self.read(data, False, len(data))
            self.assertEqual(expected[-1], ("the end",), self._message)
            for piece in (len(data), 70_000, source.randrange(1, 5000)):
                self.assertTrue(self.read(data, True, piece) == expected, self._message)

    def test_finds_the_same_damage_as_python(self) -> None:
        source = random.Random(SEED)
        for data in self.streams(source):
            head = _flac.read_head(data).size
            for _ in range(25):
                damaged = bytearray(data[: source.randrange(head + 20_000, head + 60_000)])
                at = source.randrange(head, len(damaged) - 40)
                if source.randrange(3):
                    damaged[at] ^= 1 << source.randrange(8)
                else:
                    del damaged[at : at + source.randrange(1, 2000)]
                piece = source.choice((len(damaged), source.randrange(100, 5000)))
                self.assertTrue(
                    self.read(bytes(damaged), True, piece) == self.read(bytes(damaged), False, piece), self._message
                )

    def streams(self, source: random.Random) -> Iterator[bytes]:
        """Records of all kinds; verbatim, and coded as a node does it."""
        generator = np.random.default_rng(SEED)
        ids = [*range(200), *(uuid.UUID(int=n) for n in range(50)), *(f"name {n}" for n in range(50))]
        source.shuffle(ids)
        vectors = generator.standard_normal((300, 90)).astype(np.float32)
        vectors[generator.random(vectors.shape) < 0.02] *= np.float32(1e-12)
        vectors[generator.random(vectors.shape) < 0.02] = 0
        vectors[7] = generator.integers(0, 1 << 32, 90, np.uint32).view(np.float32)
        payloads = [source.choice((None, {"n": n}, {"t": "x" * source.randrange(9000)})) for n in range(300)]
        plain = b"".join(sonidb.encode(ids, vectors, payloads))
        yield plain
        yield code_markers(plain)


def code_markers(data: bytes) -> bytes:
    """The same frames, with the last channel in Rice codes where that is possible."""
    at = _flac.read_head(data).size
    out = bytearray(data[:at])
    while at < len(data):
        frame = _flac.read_frame(data, at, len(data))
        header, last = data[at : at + frame.header.size], frame.channels[-1]
        plain = data[at + len(header) : at + len(header) + 1 + 3 * frame.header.block_size]
        folded = [int(n) << 1 if n >= 0 else (-int(n) << 1) - 1 for n in last[1:]]
        if max(folded) < 1 << 9:
            parameter = 2 if max(folded) < 1 << 6 else 5
            bits = f"{32 << 1:08b}{int(last[0]) & 0xFFFFFF:024b}{0:04b}{0:05b}{0:01b}{0:02b}{0:04b}{parameter:04b}"
            bits += "".join("0" * (n >> parameter) + "1" + f"{n & (1 << parameter) - 1:0{parameter}b}" for n in folded)
            bits += "0" * (-len(bits) % 8)
            whole = header + plain + int(bits, 2).to_bytes(len(bits) // 8, "big")
            out += whole + _flac.crc16(whole).to_bytes(2, "big")
        else:
            out += data[at : at + frame.size]
        at += frame.size
    return bytes(out)


class TogetherTest(unittest.TestCase):
    def test_reads_many_frames_as_it_reads_each(self) -> None:
        data, _ = stream(500, 100)
        together = list(sonidb.read_records(data))
        threshold = _reader._BATCH_FROM_BYTES
        _reader._BATCH_FROM_BYTES = 1 << 40
        try:
            each = list(sonidb.read_records(data))
        finally:
            _reader._BATCH_FROM_BYTES = threshold
        for one, other in zip(together, each, strict=True):
            self.assertEqual((one.id, one.seq, one.raw_payload, one.hash), (other.id, other.seq, other.raw_payload, other.hash))
            assert one.vector is not None and other.vector is not None
            self.assertEqual(one.vector.tobytes(), other.vector.tobytes())


if __name__ == "__main__":
    unittest.main()
