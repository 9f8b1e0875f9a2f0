"""Listening to a collection: its history, then what is written, as it is written."""

from __future__ import annotations

import json
import random
import ssl
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any
from urllib.parse import quote, urlsplit

from ._errors import BusyError, DamageError, SoniDbError, UnreachableError
from ._http import Address, Download
from ._reader import RecordReader
from ._records import Record

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 10.0
#: So often the same damage may be met before it is told: what is damaged on the way comes right when it is asked for again.
_SAME_DAMAGE = 3


class Listener(Iterator[Record]):
    """Records one after the other; see `listen`. Not for several threads, but for `close`."""

    def __init__(self, address: Address, path: str, from_seq: int, follow: bool, patience: float) -> None:
        self._address = address
        self._path = path
        self._follow = follow
        self._patience = patience
        #: The sequence number of the next record, from which another listener may go on.
        self.next_seq = from_seq
        #: How often the connection was made anew.
        self.reconnects = -1
        self._download: Download | None = None
        self._reader = RecordReader(0)
        self._ready: list[Record] = []
        self._given = 0
        self._closed = threading.Event()
        self._done = False
        self._good_at = time.monotonic()
        self._failures = 0
        self._damages = 0

    def __iter__(self) -> Listener:
        return self

    def __next__(self) -> Record:
        while self._given == len(self._ready):
            if self._done or self._closed.is_set():
                raise StopIteration
            self._more()
        record = self._ready[self._given]
        self._given += 1
        self.next_seq = record.next_seq
        return record

    def batches(self, most: int = 4096) -> Iterator[list[Record]]:
        """The same in lists of what is there, at least one record each."""
        while True:
            try:
                first = next(self)
            except StopIteration:
                return
            end = min(len(self._ready), self._given + most - 1)
            batch = [first, *self._ready[self._given : end]]
            self._given = end
            self.next_seq = batch[-1].next_seq
            yield batch

    def _more(self) -> None:
        """Waits for the next records, over a new connection if need be."""
        try:
            download = self._download or self._connect()
            if self._reader.error is not None:
                raise self._reader.error
            data = download.take()
            if data:
                self._keep(self._reader.feed(data))
                return
            if self._closed.is_set():
                return
            self._reader.finish()
            self._disconnect()
            if self._follow:
                self._pause(UnreachableError("the node ended the stream"))
            else:
                self._done = True
        except (UnreachableError, BusyError) as e:
            self._disconnect()
            if not self._closed.is_set():
                self._pause(e)
        except DamageError as e:
            self._disconnect()
            self._damages += 1
            if self._damages >= _SAME_DAMAGE:
                raise
            self._pause(e)
        except SoniDbError:
            self._disconnect()
            raise

    def _keep(self, records: list[Record]) -> None:
        # After a break the node may send again what was there before.
        first = 0
        while first < len(records) and records[first].next_seq <= self.next_seq:
            first += 1
        self._ready, self._given = records[first:], 0
        if self._ready:
            self._good_at = time.monotonic()
            self._failures = self._damages = 0

    def _connect(self) -> Download:
        separator = "&" if "?" in self._path else "?"
        path = f"{self._path}{separator}from={self.next_seq}&follow={'true' if self._follow else 'false'}"
        self._reader = RecordReader(0)
        download = self._download = Download(self._address, path, "audio/flac", 30.0)
        if self._closed.is_set():
            # Whoever closed this has not seen the new connection.
            download.close()
        self.reconnects += 1
        self._good_at = time.monotonic()
        return download

    def _disconnect(self) -> None:
        if self._download is not None:
            self._download.close()
            self._download = None

    def _pause(self, problem: SoniDbError) -> None:
        if time.monotonic() - self._good_at > self._patience:
            raise problem
        longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**self._failures)
        self._failures = min(self._failures + 1, 10)
        # All listeners of a node that starts again must not come at the same moment.
        self._closed.wait(longest * random.uniform(0.5, 1.0))

    def close(self) -> None:
        """Ends it; an iteration in another thread ends, too."""
        self._closed.set()
        download = self._download
        if download is not None:
            download.close()

    def __enter__(self) -> Listener:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def listen(
    url: str,
    *,
    from_seq: int = 1,
    follow: bool = True,
    shard: tuple[int, int] | None = None,
    filter: dict[str, Any] | None = None,
    api_key: str | None = None,
    patience: float = 60.0,
    ssl_context: ssl.SSLContext | None = None,
) -> Listener:
    """Iterates the records of a collection, each once and in order.

    ```python
    for record in sonidb.listen("http://127.0.0.1:7664/collections/songs", from_seq=1):
        print(record.id, record.seq, record.payload, record.vector)
    ```

    `url` is the collection's. `from_seq` is the first sequence number that is wanted, 1 for all;
    `follow` goes on with what is written from now on; `shard=(0, 4)` are the records of a quarter
    of all ids; `filter` is Qdrant's, and payloads must fulfil it.

    CRCs, places of frames and hashes are checked. When the connection breaks, or something is
    damaged or missing, it asks again from the next sequence number on, with growing pauses; after
    `patience` seconds without a node, or when the same damage comes three times, it raises.

    Raises HistoryGoneError when deletes from there on are not in the history any more,
    NotFoundError when there is no such collection (any more), BadRequestError, KeyRefusedError.
    """
    parts = urlsplit(url)
    base, middle, name = parts.path.rpartition("/collections/")
    name = name.rstrip("/").removesuffix("/audio")
    if not middle or not name or "/" in name:
        raise ValueError(f"the address of a collection is like http://127.0.0.1:7664/collections/songs, was '{url}'")
    if from_seq < 0:
        raise ValueError(f"from_seq must be 0 or more, was {from_seq}")
    query = []
    if shard is not None:
        if not 0 <= shard[0] < shard[1]:
            raise ValueError(f"shard must be like (0, 4), was {shard}")
        query.append(f"shard={shard[0]}/{shard[1]}")
    if filter is not None:
        query.append("filter=" + quote(json.dumps(filter), safe=""))
    path = f"/collections/{name}/audio" + ("?" + "&".join(query) if query else "")
    address = Address.of(f"{parts.scheme}://{parts.netloc}{base}", api_key, ssl_context)
    return Listener(address, path, from_seq, follow, patience)
