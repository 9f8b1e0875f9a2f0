"""One version of a collection, kept in a local folder, from which any point is read at once.

```
vectors.bin    the components of every vector that was ever read, one after the other
points.bin     of every point: its id as in a record's header, then its payload in CBOR
index.npy      (n, 5): row in vectors.bin, offset and size in points.bin, CRC-32 of either
version.json   dimension, type, and the version: a SHA-256 over all points
```
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _cbor
from ._encoder import encode_id
from ._errors import DamageError, VersionGoneError
from ._listen import Listener
from ._records import VectorId, _read_id


class PinnedVersion:
    """The points of a collection as they were at one moment, in the order they were written."""

    def __init__(self, folder: Path) -> None:
        """Opens a folder that `pin` has made."""
        told = json.loads((folder / "version.json").read_text("utf-8"))
        self.folder = folder
        self.version: str = told["version"]
        self.dtype = np.dtype(told["dtype"])
        self.dimension = int(told["dimension"])
        self._index = np.load(folder / "index.npy", mmap_mode="r")
        rows = os.path.getsize(folder / "vectors.bin") // (self.dimension * self.dtype.itemsize or 1)
        self._vectors: npt.NDArray[Any] = (
            np.memmap(folder / "vectors.bin", self.dtype, "r", shape=(rows, self.dimension))
            if rows
            else np.zeros((0, self.dimension), self.dtype)
        )
        self._points = (
            np.memmap(folder / "points.bin", np.uint8, "r")
            if os.path.getsize(folder / "points.bin")
            else np.zeros(0, np.uint8)
        )

    def __len__(self) -> int:
        return len(self._index)

    def read(self, wanted: npt.NDArray[np.int64]) -> tuple[list[VectorId], npt.NDArray[Any], list[Any]]:
        """Ids, vectors `(n, dimension)` and payloads of points, compared with their checksums.

        Raises DamageError when the folder does not hold what was put there.
        """
        places = self._index[wanted]
        try:
            vectors = self._vectors[places[:, 0]]
        except IndexError as e:
            raise DamageError(f"{self.folder / 'vectors.bin'} is cut: delete the folder, and it is made again") from e
        ids: list[VectorId] = []
        payloads: list[Any] = []
        for vector, (row, offset, size, vector_crc, point_crc) in zip(vectors, places.tolist()):
            point = self._points[offset : offset + size].tobytes()
            if zlib.crc32(vector.data) != vector_crc or len(point) != size or zlib.crc32(point) != point_crc:
                raise DamageError(f"row {row} in {self.folder} is damaged: delete the folder, and it is made again")
            id, end = _read_id(point, 0)
            ids.append(id)
            payloads.append(_cbor.decode(point[end:]) if end < len(point) else None)
        return ids, vectors, payloads


def find(cache: Path, version: str) -> PinnedVersion | None:
    """The version, if it is in the cache."""
    folder = cache / version
    return PinnedVersion(folder) if (folder / "version.json").is_file() else None


def pin(cache: Path, listener: Listener, dtype: np.dtype[Any], dimension: int, wanted: str | None) -> PinnedVersion:
    """Reads a collection to its end, and keeps what is there.

    Raises VersionGoneError when `wanted` is another version than that.
    """
    cache.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="new-", dir=cache))
    try:
        version = _read(folder, listener, dtype, dimension)
        if wanted is not None and version != wanted:
            raise VersionGoneError(
                f"version {wanted[:16]}... is neither in {cache} nor what the collection holds now, {version[:16]}...:"
                " it was changed since; begin again without a state"
            )
        final = cache / version
        try:
            folder.rename(final)
        except OSError:
            # Another process was quicker; the same version has the same files.
            if not (final / "version.json").is_file():
                raise
        return PinnedVersion(final)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _read(folder: Path, listener: Listener, dtype: np.dtype[Any], dimension: int) -> str:
    # By id: row, CRC of the vector, when it expires; and its payload's place.
    live: dict[VectorId, tuple[int, int, int | None]] = {}
    points: dict[VectorId, tuple[int, int, int]] = {}
    rows = end = 0
    now = time.time() * 1000
    with open(folder / "vectors.bin", "wb") as vectors, open(folder / "points.bin", "wb") as texts, listener:
        for record in listener:
            if record.id is None:
                continue
            if record.kind == "delete":
                live.pop(record.id, None)
                points.pop(record.id, None)
                continue
            if record.vector is not None:
                raw = record.vector.tobytes()
                vectors.write(raw)
                # Anew, so that the order is that of the vectors' records.
                live.pop(record.id, None)
                live[record.id] = (rows, zlib.crc32(raw), record.expires_at)
                rows += 1
            text = encode_id(record.id) + record.raw_payload
            texts.write(text)
            points[record.id] = (end, len(text), zlib.crc32(text))
            end += len(text)
    kept = [
        (row, *points[id][:2], crc, points[id][2])
        for id, (row, crc, expires) in live.items()
        if expires is None or expires > now
    ]
    index = np.array(kept, np.int64).reshape(-1, 5)
    np.save(folder / "index.npy", index)
    digest = hashlib.sha256(json.dumps([dtype.name, dimension, len(index)]).encode())
    # Not where it lies, but what there is: so the same points are the same version, wherever they are read.
    digest.update(np.ascontiguousarray(index[:, 2:], "<i8").tobytes())
    version = digest.hexdigest()
    told = json.dumps({"version": version, "dtype": dtype.name, "dimension": dimension})
    (folder / "version.json").write_text(told, "utf-8")
    return version
