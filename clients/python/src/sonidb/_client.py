"""A node's collections, over its HTTP API."""

from __future__ import annotations

import ssl
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from ._encoder import encode
from ._errors import NotFoundError, UnexpectedAnswerError
from ._http import Address, Exchange, segment
from ._listen import Listener, listen
from ._records import VectorId, parse_id

Vector = npt.NDArray[np.floating[Any]]
Filter = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """A vector with its id and payload; what was not asked for is None."""

    id: VectorId
    vector: Vector | None = None
    payload: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ScoredPoint(Point):
    """A hit of a query."""

    score: float = 0.0


class Client:
    """A SoniDB node. Methods have the names and take the words of the HTTP API.

    ```python
    with sonidb.Client("http://127.0.0.1:7664") as client:
        client.create_collection("songs", 384)
        client.upsert("songs", ids=[1, 2], vectors=vectors, payloads=[{"artist": "a"}, None])
        hits = client.query("songs", vectors[0], limit=10)
    ```

    Requests raise UnreachableError, UnexpectedAnswerError, or a RefusedError: NotFoundError,
    AlreadyExistsError, BadRequestError, KeyRefusedError, BusyError, HistoryGoneError. Threads may
    share a client: each has a connection of its own.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:7664",
        *,
        api_key: str | None = None,
        timeout: float = 60.0,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """Does not connect yet. Raises ValueError when `url` is no address."""
        self._url = url.rstrip("/")
        self._api_key = api_key
        self._ssl_context = ssl_context
        self._exchange = Exchange(Address.of(url, api_key, ssl_context), timeout)
        self._dtypes: dict[str, np.dtype[Any]] = {}

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection of this thread."""
        self._exchange.close()

    # Collections

    def collections(self) -> list[str]:
        """The names of all collections."""
        return [entry["name"] for entry in self._exchange.ask("GET", "/collections")["collections"]]

    def collection_exists(self, name: str) -> bool:
        """Whether there is a collection of that name."""
        return bool(self._exchange.ask("GET", _path(name) + "/exists")["exists"])

    def create_collection(self, name: str, size: int, distance: str = "Cosine", **sonidb: Any) -> None:
        """Makes a collection of vectors of `size` components.

        `distance` is Cosine, Dot, Euclid or Manhattan. `sonidb` is what SoniDB knows beyond Qdrant:
        `element="float64"`, `sonification`, `quantize`, `durability`, `time_to_live_seconds`...
        """
        body: dict[str, Any] = {"vectors": {"size": size, "distance": distance}}
        if sonidb:
            body["sonidb"] = sonidb
        self._exchange.ask("PUT", _path(name), body)
        self._dtypes.pop(name, None)

    def collection(self, name: str) -> dict[str, Any]:
        """What the node tells of a collection: `points_count`, `config`, `sonidb`..."""
        return dict(self._exchange.ask("GET", _path(name)))

    def delete_collection(self, name: str) -> bool:
        """Drops a collection; returns whether it was there."""
        self._dtypes.pop(name, None)
        try:
            return bool(self._exchange.ask("DELETE", _path(name)))
        except NotFoundError:
            return False

    def dtype(self, name: str) -> np.dtype[Any]:
        """The type of a collection's components: float32 or float64."""
        if name not in self._dtypes:
            told = self.collection(name).get("sonidb", {}).get("element", "float32")
            if told not in ("float32", "float64"):
                raise UnexpectedAnswerError(f"components of the type {told!r}")
            self._dtypes[name] = np.dtype(told)
        return self._dtypes[name]

    # Points

    def upsert(
        self,
        name: str,
        ids: Sequence[VectorId],
        vectors: npt.ArrayLike,
        payloads: Sequence[dict[str, Any] | None] | None = None,
    ) -> None:
        """Puts vectors under ids, all or none of them; durable when it returns.

        `vectors` is `(n, dimension)`, of which each bit is kept. Raises ValueError when there are not
        as many of everything.
        """
        matrix = np.asarray(vectors, self.dtype(name))
        if matrix.ndim != 2 or len(matrix) != len(ids) or payloads is not None and len(payloads) != len(ids):
            raise ValueError(f"{len(ids)} ids need as many vectors and payloads; vectors have the shape {matrix.shape}")
        points: list[dict[str, Any]] = []
        for i, (id, vector) in enumerate(zip(ids, matrix)):
            point: dict[str, Any] = {"id": _json_id(id), "vector": vector}
            if payloads is not None and payloads[i]:
                point["payload"] = payloads[i]
            points.append(point)
        self._exchange.ask("PUT", _path(name) + "/points?wait=true", {"points": points})

    def upsert_audio(
        self,
        name: str,
        ids: Iterable[VectorId],
        vectors: Iterable[npt.ArrayLike],
        payloads: Iterable[dict[str, Any] | None] | None = None,
    ) -> dict[str, Any]:
        """Sends vectors as a FLAC stream of records, of any length, as they are made.

        What came before a broken connection is in. Returns the node's report: `inserted`,
        `last_sequence`, `damaged`...
        """
        pieces = _joined(encode(ids, vectors, payloads, self.dtype(name)))
        return dict(self._exchange.ask("POST", _path(name) + "/audio", raw=pieces, kind="audio/flac"))

    def get(
        self, name: str, ids: Sequence[VectorId], *, with_payload: bool = True, with_vector: bool = False
    ) -> list[Point]:
        """The points of these ids, without those that are not there."""
        body = {"ids": [_json_id(id) for id in ids], "with_payload": with_payload, "with_vector": with_vector}
        dtype = self.dtype(name) if with_vector else None
        return [_point(entry, dtype) for entry in self._exchange.ask("POST", _path(name) + "/points", body)]

    def delete(self, name: str, ids: Sequence[VectorId] | None = None, *, filter: Filter | None = None) -> None:
        """Deletes points by id, or all that fulfil a filter."""
        if (ids is None) == (filter is None):
            raise ValueError("delete needs ids or a filter")
        body = {"points": [_json_id(id) for id in ids]} if ids is not None else {"filter": filter}
        self._exchange.ask("POST", _path(name) + "/points/delete?wait=true", body)

    def query(
        self,
        name: str,
        query: npt.ArrayLike | VectorId | dict[str, Any] | None,
        *,
        limit: int = 10,
        filter: Filter | None = None,
        with_payload: bool = True,
        with_vector: bool = False,
        score_threshold: float | None = None,
        params: dict[str, Any] | None = None,
        offset: int = 0,
    ) -> list[ScoredPoint]:
        """The points nearest to a vector or to the vector of an id; or what a query object says."""
        body: dict[str, Any] = {"limit": limit, "with_payload": with_payload, "with_vector": with_vector}
        if isinstance(query, (int, str, uuid.UUID)):
            body["query"] = _json_id(query)
        elif isinstance(query, dict):
            body["query"] = query
        elif query is not None:
            body["query"] = np.ascontiguousarray(query, self.dtype(name))
        for key, value in (("filter", filter), ("score_threshold", score_threshold), ("params", params)):
            if value is not None:
                body[key] = value
        if offset:
            body["offset"] = offset
        dtype = self.dtype(name) if with_vector else None
        result = self._exchange.ask("POST", _path(name) + "/points/query", body)
        hits = []
        for entry in result["points"]:
            point = _point(entry, dtype)
            hits.append(ScoredPoint(point.id, point.vector, point.payload, float(entry["score"])))
        return hits

    def scroll(
        self,
        name: str,
        *,
        limit: int = 10,
        offset: VectorId | None = None,
        filter: Filter | None = None,
        with_payload: bool = True,
        with_vector: bool = False,
    ) -> tuple[list[Point], VectorId | None]:
        """A page of points in the order of their ids, and the offset of the next page, None at the end."""
        body: dict[str, Any] = {"limit": limit, "with_payload": with_payload, "with_vector": with_vector}
        if offset is not None:
            body["offset"] = _json_id(offset)
        if filter is not None:
            body["filter"] = filter
        dtype = self.dtype(name) if with_vector else None
        result = self._exchange.ask("POST", _path(name) + "/points/scroll", body)
        following = result.get("next_page_offset")
        points = [_point(entry, dtype) for entry in result["points"]]
        return points, None if following is None else parse_id(following)

    def count(self, name: str, *, filter: Filter | None = None) -> int:
        """How many points there are, or how many fulfil a filter; exact."""
        body: dict[str, Any] = {"exact": True}
        if filter is not None:
            body["filter"] = filter
        return int(self._exchange.ask("POST", _path(name) + "/points/count", body)["count"])

    # Sound

    def listen(self, name: str, **options: Any) -> Listener:
        """The collection's records, history and then live; options are those of `sonidb.listen`."""
        return listen(
            f"{self._url}/collections/{segment(name)}",
            api_key=self._api_key,
            ssl_context=self._ssl_context,
            **options,
        )


def _path(name: str) -> str:
    return "/collections/" + segment(name)


def _json_id(id: VectorId) -> int | str:
    known = parse_id(id)
    return str(known) if isinstance(known, uuid.UUID) else known


def _point(entry: dict[str, Any], dtype: np.dtype[Any] | None) -> Point:
    vector = entry.get("vector") if dtype is not None else None
    components = None
    if vector is not None:
        # NaN and the infinities come as strings.
        components = np.array([float(component) for component in vector], np.float64).astype(dtype or np.float64)
    return Point(parse_id(entry["id"]), components, entry.get("payload"))


def _joined(pieces: Iterator[bytes], size: int = 1 << 16) -> Iterator[bytes]:
    """The same bytes in pieces that are worth a chunk each."""
    buffer = bytearray()
    for piece in pieces:
        buffer += piece
        if len(buffer) >= size:
            yield bytes(buffer)
            buffer.clear()
    if buffer:
        yield bytes(buffer)
