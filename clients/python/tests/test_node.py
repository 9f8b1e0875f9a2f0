"""Client, receiver and datasets against a node."""

from __future__ import annotations

import os
import random
import shutil
import socket
import tempfile
import threading
import time
import unittest
import uuid
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import numpy as np

import sonidb
from sonidb._dataset import Batch
from tests.node import node
from tests.proxy import Proxy

SEED = int(os.environ.get("SONIDB_SEED", random.randrange(1 << 30)))


def setUpModule() -> None:
    print(f"SONIDB_SEED={SEED}")
    node()


@lru_cache(maxsize=1)
def shared() -> sonidb.Client:
    client = sonidb.Client(node().url)
    unittest.addModuleCleanup(client.close)
    return client


def fresh(name: str, size: int, count: int = 0, **sonidb_options: object) -> tuple[sonidb.Client, np.ndarray]:
    client = shared()
    client.delete_collection(name)
    client.create_collection(name, size, "Euclid", **sonidb_options)
    vectors = np.random.default_rng(SEED).standard_normal((count, size)).astype(client.dtype(name))
    for at in range(0, count, 2000):
        end = min(count, at + 2000)
        client.upsert(name, range(at, end), vectors[at:end], [{"n": i} for i in range(at, end)])
    return client, vectors


class ClientTest(unittest.TestCase):
    def test_tells_what_is_wrong(self) -> None:
        client, _ = fresh("wrong", 3)
        with self.assertRaises(sonidb.NotFoundError):
            client.count("nowhere")
        with self.assertRaises(sonidb.AlreadyExistsError):
            client.create_collection("wrong", 3)
        with self.assertRaises(sonidb.BadRequestError):
            client.upsert("wrong", [1], [[1, 2, 3, 4]])
        with self.assertRaises(ValueError):
            client.upsert("wrong", [1, 2], [[1, 2, 3]])
        with self.assertRaises(ValueError):
            client.upsert_audio("wrong", [1, 2], [[1, 2, 3], [1, 2]])
        with self.assertRaises(ValueError):
            sonidb.Client("127.0.0.1:7664")
        closed = socket.create_server(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        closed.close()
        with self.assertRaises(sonidb.UnreachableError):
            sonidb.Client(f"http://127.0.0.1:{port}").collections()

    def test_puts_gets_searches_and_deletes(self) -> None:
        client, _ = fresh("points", 4)
        ids = [1, uuid.UUID(int=7), "a/b c?é"]
        vectors = np.array([[1, 0, 0, -0.0], [0.1, 0.2, 0.3, 0.4], [5, 6, 7, 1e-42]], np.float32)
        client.upsert("points", ids, vectors, [{"k": "x", "n": [1, 2.5, None]}, None, {"k": "y"}])
        self.assertIn("points", client.collections())
        self.assertEqual(client.count("points"), 3)
        self.assertEqual(client.count("points", filter={"must": [{"key": "k", "match": {"value": "x"}}]}), 1)
        found = {point.id: point for point in client.get("points", [*ids, 99], with_vector=True)}
        self.assertEqual(set(found), set(ids))
        for id, vector in zip(ids, vectors):
            got = found[id].vector
            assert got is not None
            self.assertEqual(got.tobytes(), vector.tobytes())
        self.assertEqual(found[1].payload, {"k": "x", "n": [1, 2.5, None]})
        hits = client.query("points", vectors[1], limit=2)
        self.assertEqual((hits[0].id, hits[0].score), (ids[1], 0.0))
        self.assertEqual(client.query("points", 1, limit=1)[0].id, ids[1])
        page, following = client.scroll("points", limit=2)
        rest, end = client.scroll("points", limit=2, offset=following)
        self.assertEqual([point.id for point in [*page, *rest]], ids)
        self.assertIsNone(end)
        client.delete("points", [1])
        client.delete("points", filter={"must": [{"key": "k", "match": {"value": "y"}}]})
        self.assertEqual([point.id for point in client.scroll("points")[0]], [ids[1]])
        self.assertTrue(client.delete_collection("points"))
        self.assertFalse(client.delete_collection("points"))


def kinds() -> Iterator[tuple[str, np.ndarray, dict[str, object]]]:
    """Vectors for every representation that the format has."""
    generator = np.random.default_rng(SEED)
    n = 40
    normal = generator.standard_normal((n, 70))
    sparse = np.zeros((n, 150))
    sparse[np.arange(n)[:, None], generator.integers(0, 150, (n, 9))] = generator.standard_normal((n, 9))
    sparse[1] = 0.1
    half = normal.astype(np.float16).astype(np.float32)
    bits = generator.integers(0, 0x7F80_0000, (n, 60)).astype(np.uint32) | generator.integers(0, 2, (n, 60)).astype(np.uint32) << 31
    printed = np.array([[float(str(x)) for x in row] for row in normal.astype(np.float32)])
    halves = np.array([[float(str(x)) for x in row] for row in normal.astype(np.float16)])
    yield "floats", normal.astype(np.float32), {}
    yield "wild", bits.astype(np.uint32).view(np.float32), {}
    yield "integers", generator.integers(-128, 128, (n, 64)).astype(np.float32), {}
    yield "bytes", generator.integers(0, 256, (n, 64)).astype(np.float32), {}
    yield "decimals", np.round(normal, 3).astype(np.float32), {}
    yield "grid", half / np.linalg.norm(half, axis=1, keepdims=True).astype(np.float32), {}
    yield "sparse", sparse.astype(np.float32), {}
    yield "frequency", normal.astype(np.float32), {"sonification": "frequency"}
    yield "pulse", normal.astype(np.float32), {"sonification": "pulse"}
    yield "doubles", normal, {"element": "float64"}
    yield "narrow", normal.astype(np.float32).astype(np.float64), {"element": "float64"}
    yield "printed", printed, {"element": "float64"}
    yield "halves", halves, {"element": "float64"}
    yield "sparse64", sparse, {"element": "float64"}
    yield "integers64", generator.integers(-(2**40), 2**40, (n, 30)).astype(np.float64), {"element": "float64"}
    yield "frequency64", normal, {"element": "float64", "sonification": "frequency"}
    yield "pulse64", normal, {"element": "float64", "sonification": "pulse"}
    yield "long", generator.standard_normal((3, 6000)).astype(np.float32), {}


class ListenTest(unittest.TestCase):
    def test_tells_what_is_wrong(self) -> None:
        client, _ = fresh("short", 3, 2)
        with self.assertRaises(sonidb.NotFoundError):
            next(sonidb.listen(node().url + "/collections/nowhere"))
        with self.assertRaises(sonidb.BadRequestError):
            next(client.listen("short", from_seq=1000))
        with self.assertRaises(sonidb.BadRequestError):
            next(client.listen("short", filter={"must": "nonsense"}))
        for url, options in (
            (node().url, {}),
            (node().url + "/collections/a/b", {}),
            (node().url + "/collections/short", {"shard": (3, 3)}),
            (node().url + "/collections/short", {"from_seq": -1}),
        ):
            with self.assertRaises(ValueError):
                sonidb.listen(url, **options)

    def test_gives_garbage_up(self) -> None:
        answers = [
            b"HTTP/1.1 200 OK\r\nContent-Type: audio/flac\r\nConnection: close\r\n\r\n" + random.Random(SEED).randbytes(70_000),
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi",
            b"nonsense\r\n\r\n",
            b"HTTP/1.1 500 Broken\r\nContent-Length: 3\r\n\r\nbad",
        ]
        for answer, error in zip(answers, (sonidb.DamageError, sonidb.UnexpectedAnswerError, sonidb.UnreachableError, sonidb.SoniDbError)):
            proxy = Proxy(node().port, lambda connection, data, answer=answer: answer)
            with self.assertRaises(error):
                next(sonidb.listen(f"http://127.0.0.1:{proxy.port}/collections/short", patience=0.3))
            proxy.close()

    def test_gives_every_representation_to_the_bit(self) -> None:
        for name, vectors, options in kinds():
            with self.subTest(name):
                client, _ = fresh("kind", vectors.shape[1], **options)
                client.upsert("kind", range(len(vectors)), vectors)
                records = list(client.listen("kind", follow=False))
                self.assertEqual([record.id for record in records], list(range(len(vectors))))
                for record, vector in zip(records, vectors):
                    assert record.vector is not None
                    self.assertEqual(record.vector.dtype, vectors.dtype)
                    self.assertEqual(record.vector.tobytes(), vector.tobytes(), f"{name} {record.id} SONIDB_SEED={SEED}")

    def test_hears_a_quantised_collection_as_it_is_kept(self) -> None:
        client, _ = fresh("rounded", 96, 700, quantize=5)
        kept = {}
        offset: object = None
        while True:
            page, offset = client.scroll("rounded", limit=500, offset=offset, with_vector=True)
            kept.update({point.id: point.vector for point in page})
            if offset is None:
                break
        records = list(client.listen("rounded", follow=False))
        self.assertEqual(len(records), 700)
        for record in records:
            assert record.vector is not None
            self.assertEqual(record.vector.tobytes(), kept[record.id].tobytes())

    def test_hears_what_is_written_as_it_is_written(self) -> None:
        client, vectors = fresh("live", 8, 5)
        with client.listen("live") as listener:
            self.assertEqual([next(listener).id for _ in range(5)], list(range(5)))
            client.upsert("live", ["late"], vectors[:1], [{"text": "x" * 400_000}])
            client.delete("live", [3])
            record = next(listener)
            self.assertEqual((record.kind, record.id, record.seq), ("upsert", "late", 6))
            self.assertEqual(len(record.payload["text"]), 400_000)
            record = next(listener)
            self.assertEqual((record.kind, record.id, record.vector), ("delete", 3, None))
            self.assertEqual(listener.next_seq, 8)

    def test_keeps_little_of_what_nobody_takes(self) -> None:
        client, _ = fresh("large", 3)
        for i in range(0, 32, 8):
            client.upsert("large", range(i, i + 8), np.ones((8, 3)), [{"text": "x" * 900_000}] * 8)
        with client.listen("large", follow=False) as listener:
            first = next(listener)
            download = listener._download
            assert download is not None
            before = -1
            while download._size != before:
                before = download._size
                time.sleep(0.2)
            self.assertLess(before, 9 << 20)
            self.assertEqual([first.id, *(record.id for record in listener)], list(range(32)))

    def test_ends_in_another_thread(self) -> None:
        client, _ = fresh("idle", 3, 1)
        listener = client.listen("idle")
        next(listener)
        threading.Timer(0.2, listener.close).start()
        self.assertEqual(list(listener), [])

    def test_shares_records_out(self) -> None:
        client, _ = fresh("shared", 3, 100)
        parts = [[record.id for record in client.listen("shared", follow=False, shard=(i, 3))] for i in range(3)]
        self.assertEqual(sorted(sum(parts, [])), list(range(100)))
        self.assertTrue(all(parts))
        wanted = {"must": [{"key": "n", "range": {"gte": 90}}]}
        self.assertEqual([record.id for record in client.listen("shared", follow=False, filter=wanted)], list(range(90, 100)))

    def hears_all_through(self, harm: Callable[[int, bytes], bytes | None], name: str, vectors: np.ndarray) -> sonidb.Listener:
        proxy = Proxy(node().port, harm)
        with sonidb.listen(f"http://127.0.0.1:{proxy.port}/collections/{name}") as listener:
            records = list(islice(listener, len(vectors)))
        proxy.close()
        self.assertEqual([record.id for record in records], list(range(len(vectors))), f"SONIDB_SEED={SEED}")
        heard = np.stack([record.vector for record in records if record.vector is not None])
        self.assertEqual(heard.tobytes(), vectors.tobytes())
        return listener

    def test_mends_what_is_lost_cut_or_changed_on_the_way(self) -> None:
        _, vectors = fresh("mended", 64, 1500)
        source = random.Random(SEED)

        def flip(connection: int, data: bytes) -> bytes:
            if connection > 2 or len(data) < 2000:
                return data
            at = source.randrange(1500, len(data))
            return data[:at] + bytes((data[at] ^ 1 << source.randrange(8),)) + data[at + 1 :]

        def cut(connection: int, data: bytes) -> bytes | None:
            return data if connection > 3 or len(data) < 3000 else data[: source.randrange(2000)] if source.random() < 0.7 else None

        def eat(connection: int, data: bytes) -> bytes:
            return data if connection > 2 or len(data) < 9000 else data[:4000] + data[4000 + source.randrange(1, 3000) :]

        for harm in (flip, cut, eat):
            with self.subTest(harm.__name__):
                self.assertGreater(self.hears_all_through(harm, "mended", vectors).reconnects, 0)

    def test_goes_on_when_the_node_was_restarted(self) -> None:
        client, vectors = fresh("restarted", 16, 50)
        with client.listen("restarted") as listener:
            before = list(islice(listener, 50))
            node().stop()
            node().start()
            client.upsert("restarted", range(50, 60), vectors[:10])
            after = list(islice(listener, 10))
        self.assertEqual([record.seq for record in [*before, *after]], list(range(1, 61)))

    def test_tells_damage_that_does_not_go_away(self) -> None:
        fresh("hopeless", 64, 30)
        proxy = Proxy(node().port, lambda connection, data: data[:-90] + bytes(20) + data[-70:] if len(data) > 200 else data)
        with self.assertRaises(sonidb.DamageError):
            list(sonidb.listen(f"http://127.0.0.1:{proxy.port}/collections/hopeless", follow=False))
        proxy.close()

    def test_sends_vectors_as_sound(self) -> None:
        client, _ = fresh("sent", 5)
        vectors = np.random.default_rng(SEED).integers(0, 2**32, (500, 5), np.uint32).view(np.float32)
        many = np.zeros((3000, 200), np.float32)
        with self.assertRaises(sonidb.BadRequestError):
            client.upsert_audio("sent", range(3000), many)
        report = client.upsert_audio("sent", range(500), vectors, ({"n": i} for i in range(500)))
        self.assertEqual(report["inserted"], 500)
        records = list(client.listen("sent", follow=False))
        heard = np.stack([record.vector for record in records if record.vector is not None])
        self.assertEqual(heard.tobytes(), vectors.tobytes(), f"SONIDB_SEED={SEED}")
        self.assertEqual([record.payload for record in records], [{"n": i} for i in range(500)])


class DatasetTest(unittest.TestCase):
    def setUp(self) -> None:
        self.cache = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.cache, ignore_errors=True)

    def dataset(self, name: str = "train", **options: object) -> sonidb.SoniDataset:
        return sonidb.SoniDataset(node().url, name, **{"batch_size": 10, "seed": 5, "cache": self.cache, **options})

    @staticmethod
    def ids(batches: Iterator[Batch]) -> list[object]:
        return [id for batch in batches for id in batch.ids]

    def test_refuses_what_makes_no_sense(self) -> None:
        for options in ({"batch_size": 0}, {"rank": 2, "world_size": 2}, {"rank": 0}, {"remainder": "keep"}, {"prefetch": 0}):
            with self.assertRaises(ValueError):
                self.dataset(**options)
        with self.assertRaises(sonidb.NotFoundError):
            len(self.dataset("nowhere"))

    def test_resumes_where_it_was_or_says_why_not(self) -> None:
        client, _ = fresh("train", 6, 105)
        whole = self.ids(self.dataset())
        begun = self.dataset()
        taken = self.ids(islice(begun, 4))
        state = begun.state_dict()
        client.upsert("train", [0], np.zeros((1, 6)))
        again = self.dataset()
        again.load_state_dict(state)
        self.assertEqual(taken + self.ids(again), whole)
        # Two processes go on with what one began.
        pair = [self.dataset(rank=rank, world_size=2, batch_size=5) for rank in range(2)]
        for dataset in pair:
            dataset.load_state_dict(state)
        rest = [id for steps in zip(*pair, strict=True) for batch in steps for id in batch.ids]
        self.assertEqual(taken + rest, whole)
        with self.assertRaises(ValueError):
            self.dataset(seed=6).load_state_dict(state)
        shutil.rmtree(self.cache)
        with self.assertRaises(sonidb.VersionGoneError):
            self.dataset().load_state_dict(state)

    def test_notices_a_damaged_cache(self) -> None:
        fresh("train", 6, 30)
        dataset = self.dataset()
        _ = dataset.version
        file = Path(self.cache, dataset.version, "vectors.bin")
        raw = bytearray(file.read_bytes())
        raw[333] ^= 4
        file.write_bytes(raw)
        with self.assertRaises(sonidb.DamageError):
            list(self.dataset(version=dataset.version))

    def test_gives_each_point_once_in_an_order_of_each_epoch(self) -> None:
        client, vectors = fresh("train", 6, 105)
        client.delete("train", [7])
        client.upsert("train", [3], vectors[:1], [{"new": True}])
        dataset = self.dataset()
        self.assertEqual(len(dataset), 10)
        first, second = self.ids(dataset), self.ids(dataset)
        self.assertEqual(dataset.epoch, 2)
        self.assertEqual((len(first), len(set(first))), (100, 100))
        self.assertNotEqual(first, second)
        self.assertNotIn(7, first)
        padded = self.dataset(remainder="pad")
        self.assertEqual(self.ids(padded)[:100], first)
        padded.set_epoch(0)
        everything = self.ids(padded)
        self.assertEqual((len(everything), len(set(everything))), (110, 104))
        shares = [list(self.dataset(rank=rank, world_size=2, batch_size=5)) for rank in range(2)]
        self.assertEqual([id for pair in zip(*shares, strict=True) for batch in pair for id in batch.ids], first)
        for batch in self.dataset():
            for id, vector, payload in zip(*batch):
                self.assertEqual(vector.tobytes(), vectors[0 if id == 3 else id].tobytes())
                self.assertEqual(payload, {"new": True} if id == 3 else {"n": id})

    def test_mixes_by_weights_and_resumes(self) -> None:
        fresh("train", 6, 40)
        fresh("other", 6, 60)

        def mixture(steps: int) -> sonidb.MixedDataset:
            return sonidb.MixedDataset([self.dataset(), self.dataset("other")], [1, 3], seed=SEED, steps=steps)

        whole = [(which, batch.ids) for which, batch in mixture(60)]
        # At a step of which a dataset has come to the end of its epoch, and at others.
        ends = [i + 1 for i in range(60) if whole[i][0] == 0][3:4]
        for steps in (*ends, 25, 26):
            begun = mixture(steps)
            taken = [(which, batch.ids) for which, batch in begun]
            again = mixture(60)
            again.load_state_dict(begun.state_dict())
            self.assertEqual(taken + [(which, batch.ids) for which, batch in again], whole, f"SONIDB_SEED={SEED}")
        self.assertGreater(sum(which for which, _ in whole), 30)

    @unittest.skipUnless(find_spec("torch"), "needs torch")
    def test_is_a_dataset_of_torch(self) -> None:
        import torch
        from torch.utils.data import DataLoader, IterableDataset

        fresh("train", 6, 105)
        dataset = self.dataset()
        self.assertIsInstance(dataset, IterableDataset)
        whole = list(self.dataset())
        for workers in (0, 2):
            loaded = list(DataLoader(self.dataset(), batch_size=None, num_workers=workers))
            self.assertEqual([batch[0] for batch in loaded], [batch.ids for batch in whole])
            for tensors, batch in zip(loaded, whole):
                self.assertTrue(torch.equal(tensors[1], torch.from_numpy(batch.vectors)))
        loader = DataLoader(dataset, batch_size=None, num_workers=2)
        taken = [batch[0] for batch in islice(loader, 4)]
        again = self.dataset()
        again.load_state_dict(dataset.state_dict(batches=4))
        self.assertEqual(taken + [batch.ids for batch in again], [batch.ids for batch in whole])

    def test_keeps_no_more_batches_than_it_may(self) -> None:
        fresh("train", 6, 105)
        dataset = self.dataset(prefetch=2, batch_size=1)
        reads = []
        pinned = dataset.pinned
        original = pinned.read
        pinned.read = lambda wanted: reads.append(1) or original(wanted)  # type: ignore[method-assign]
        batches = iter(dataset)
        next(batches)
        time.sleep(0.2)
        self.assertLessEqual(len(reads), 4)
        batches.close()  # type: ignore[attr-defined]


if __name__ == "__main__":
    unittest.main()
