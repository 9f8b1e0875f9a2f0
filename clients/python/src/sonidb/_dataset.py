"""Datasets to train on: a collection as it was at one moment, shuffled, shared out and resumable."""

from __future__ import annotations

import os
import queue
import ssl
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from ._client import Client
from ._pinned import PinnedVersion, find, pin
from ._records import VectorId

if TYPE_CHECKING:

    class _Base:
        pass

else:
    try:
        from torch.utils.data import IterableDataset as _Base
    except ImportError:  # it works without; then nothing asks for torch's class

        class _Base:
            pass


class Batch(NamedTuple):
    """Some points: `vectors` is `(n, dimension)`."""

    ids: list[VectorId]
    vectors: npt.NDArray[Any]
    payloads: list[Any]


class Share(NamedTuple):
    """Which of all processes this is."""

    rank: int
    world_size: int


def _share(rank: int | None, world_size: int | None) -> Share:
    """What was given, else what torch.distributed or its environment variables say, else 0 of 1."""
    if (rank is None) != (world_size is None):
        raise ValueError("rank and world_size belong together")
    if rank is None or world_size is None:
        rank, world_size = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    if not 0 <= rank < world_size:
        raise ValueError(f"rank must be 0 to world_size - 1, was {rank} of {world_size}")
    return Share(rank, world_size)


def _worker() -> Share:
    """Which of torch's worker processes this is."""
    try:
        from torch.utils.data import get_worker_info
    except ImportError:
        return Share(0, 1)
    info = get_worker_info()
    return Share(0, 1) if info is None else Share(info.id, info.num_workers)


class SoniDataset(_Base):
    """The points of a collection as they were at one moment, in an order of each epoch's own.

    ```python
    dataset = sonidb.SoniDataset("http://127.0.0.1:7664", "songs", batch_size=256, seed=1)
    for ids, vectors, payloads in dataset:      # one epoch
        ...
    ```

    - **Pinned.** The collection is read once into `cache` (its vectors take their plain size on the
      disk; memory is some hundred bytes for each point while that lasts) and belongs to a `version`
      from then on, whatever is written on the node. Processes that must see the same, give the
      version of the first one to the others.
    - **Order.** A permutation by (seed, epoch), which does not depend on the number of processes.
      In step j all ranks together take the next `world_size * batch_size` points, each its part.
      torch's workers take steps in turns: use `DataLoader(dataset, batch_size=None)`.
    - **Last step.** `remainder="drop"` leaves out points that are too few for a step of all ranks;
      `"pad"` fills it up with the first points of the epoch.
    - **State.** `state_dict()` between two batches, `load_state_dict()` before the next iteration: it
      goes on there, with any number of processes. With torch's workers tell `state_dict` how many
      batches of the epoch were taken, since they are ahead.
    - **Checked.** Each vector and payload is compared with its checksum when it is read.
    - **Memory.** At most `prefetch` batches wait, made by a thread, beside the epoch's permutation.

    It is torch's `IterableDataset` where torch is installed, and works in the same way without.
    """

    def __init__(
        self,
        url: str,
        name: str,
        *,
        batch_size: int,
        seed: int = 0,
        shuffle: bool = True,
        remainder: Literal["drop", "pad"] = "drop",
        rank: int | None = None,
        world_size: int | None = None,
        prefetch: int = 4,
        filter: dict[str, Any] | None = None,
        cache: str | os.PathLike[str] | None = None,
        version: str | None = None,
        api_key: str | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """Reads nothing yet: the first use does. Raises ValueError if an argument makes no sense."""
        if batch_size < 1 or prefetch < 1:
            raise ValueError(f"batch_size and prefetch must be 1 or more, were {batch_size} and {prefetch}")
        if remainder not in ("drop", "pad"):
            raise ValueError(f"remainder must be drop or pad, was {remainder!r}")
        self._url = url
        self._name = name
        self._batch_size = batch_size
        self._seed = seed
        self._shuffle = shuffle
        self._remainder = remainder
        self._given_share = (rank, world_size)
        _share(rank, world_size)
        self._prefetch = prefetch
        self._filter = filter
        base = (
            Path(cache)
            if cache is not None
            else Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "sonidb"
        )
        self._cache = base
        self._version = version
        self._api_key = api_key
        self._ssl_context = ssl_context
        self._pinned: PinnedVersion | None = None
        self._epoch = 0
        self._position = 0
        self._begun = 0

    def __getstate__(self) -> dict[str, Any]:
        # Maps of files stay here; another process opens its own.
        return {**self.__dict__, "_pinned": None, "_version": self._version}

    @property
    def share(self) -> Share:
        """This process's rank, and how many there are."""
        return _share(*self._given_share)

    @property
    def pinned(self) -> PinnedVersion:
        """The version that this is about; the first use reads the collection.

        Raises VersionGoneError if a version was asked for and is not there any more.
        """
        if self._pinned is None:
            known = find(self._cache, self._version) if self._version is not None else None
            self._pinned = known if known is not None else self._pin()
            self._version = self._pinned.version
        return self._pinned

    def _pin(self) -> PinnedVersion:
        with Client(self._url, api_key=self._api_key, ssl_context=self._ssl_context) as client:
            dtype = client.dtype(self._name)
            size = int(client.collection(self._name)["config"]["params"]["vectors"]["size"])
            listener = client.listen(self._name, follow=False, filter=self._filter)
            return pin(self._cache, listener, dtype, size, self._version)

    @property
    def version(self) -> str:
        """What names this version of the collection."""
        return self.pinned.version

    @property
    def epoch(self) -> int:
        """The epoch that is iterated next, or goes on."""
        return self._epoch

    def set_epoch(self, epoch: int) -> None:
        """Goes to the beginning of an epoch."""
        if epoch < 0:
            raise ValueError(f"epoch must be 0 or more, was {epoch}")
        self._epoch, self._position = epoch, 0

    def __len__(self) -> int:
        """How many batches of this rank an epoch has."""
        return self._steps(0)

    def _steps(self, start: int) -> int:
        left, size = len(self.pinned) - start, self.share.world_size * self._batch_size
        return max(0, left // size if self._remainder == "drop" else -(-left // size))

    def order(self, epoch: int) -> npt.NDArray[np.int64]:
        """The order of an epoch: numbers of points, by when they were written."""
        count = len(self.pinned)
        if not self._shuffle:
            return np.arange(count)
        # A generator whose streams numpy promises to keep.
        return np.random.Generator(np.random.PCG64([self._seed, epoch])).permutation(count)

    def state_dict(self, batches: int | None = None) -> dict[str, Any]:
        """Where the iteration is: plain numbers and strings.

        `batches`: how many batches of this rank were taken since the iteration began; None counts itself.
        """
        position = self._position
        if batches is not None:
            position = self._begun + batches * self.share.world_size * self._batch_size
        return {"version": self.version, "seed": self._seed, "epoch": self._epoch, "position": position}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes to where `state_dict` was made.

        Raises ValueError if it is the state of another order, VersionGoneError if its version of the
        collection is neither in the cache nor on the node.
        """
        if state["seed"] != self._seed:
            raise ValueError(f"the state is of seed {state['seed']}, this is seed {self._seed}")
        if self._pinned is None or self._pinned.version != state["version"]:
            self._pinned, self._version = None, str(state["version"])
            _ = self.pinned
        self._epoch, self._position = int(state["epoch"]), int(state["position"])

    def __iter__(self) -> Iterator[Batch]:
        """What is left of the epoch; then the next one is the next."""
        share, worker = self.share, _worker()
        start = self._begun = self._position
        epoch = self._epoch
        steps = self._steps(start)
        order = self.order(epoch)
        size = share.world_size * self._batch_size
        ready: queue.Queue[Batch | BaseException | None] = queue.Queue(self._prefetch)
        stop = threading.Event()

        def fill() -> None:
            try:
                for step in range(worker.rank, steps, worker.world_size):
                    first = start + step * size + share.rank * self._batch_size
                    wanted = np.arange(first, first + self._batch_size) % len(order)
                    if not self._offer(ready, Batch(*self.pinned.read(order[wanted])), stop):
                        return
                self._offer(ready, None, stop)
            except Exception as e:  # told where it is iterated
                self._offer(ready, e, stop)

        thread = threading.Thread(target=fill, name="sonidb-prefetch", daemon=True)
        thread.start()
        try:
            while (item := ready.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                self._position += size * worker.world_size
                yield item
            self._epoch, self._position = epoch + 1, 0
        finally:
            stop.set()
            thread.join()

    @staticmethod
    def _offer(into: queue.Queue[Any], item: object, stop: threading.Event) -> bool:
        while not stop.is_set():
            try:
                into.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False


class MixedDataset(_Base):
    """Batches of several datasets, drawn by weights: the same draws on every rank.

    A dataset that is through begins its next epoch, so the iteration does not end by itself: `steps`
    ends it. torch's workers are not for it; each dataset has a thread that prefetches.
    """

    _BLOCK = 4096

    def __init__(
        self, datasets: Sequence[SoniDataset], weights: Sequence[float], *, seed: int = 0, steps: int | None = None
    ) -> None:
        """Raises ValueError if there is not one weight, of 0 or more, for each dataset."""
        if not datasets or len(datasets) != len(weights) or min(weights) < 0 or sum(weights) <= 0:
            raise ValueError(f"{len(datasets)} datasets need as many weights of 0 or more, were {list(weights)}")
        self._datasets = list(datasets)
        self._weights = np.array(weights, np.float64) / sum(weights)
        self._seed = seed
        self._steps = steps
        self._step = 0

    def _choices(self, block: int) -> npt.NDArray[np.int64]:
        generator = np.random.Generator(np.random.PCG64([self._seed, block]))
        return generator.choice(len(self._datasets), self._BLOCK, p=self._weights)

    def state_dict(self) -> dict[str, Any]:
        """Where the iteration is."""
        return {"step": self._step, "seed": self._seed, "datasets": [d.state_dict() for d in self._datasets]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes to where `state_dict` was made. Raises as SoniDataset does."""
        if state["seed"] != self._seed or len(state["datasets"]) != len(self._datasets):
            raise ValueError("the state is of another mixture")
        for dataset, part in zip(self._datasets, state["datasets"]):
            dataset.load_state_dict(part)
        self._step = int(state["step"])

    def __iter__(self) -> Iterator[tuple[int, Batch]]:
        """Which dataset, and its batch."""
        if _worker().world_size > 1:
            raise RuntimeError("a mixture is iterated without torch's workers: num_workers=0")
        sources: dict[int, Iterator[Batch]] = {}
        block, choices = -1, np.zeros(0, np.int64)
        while self._steps is None or self._step < self._steps:
            if self._step // self._BLOCK != block:
                block = self._step // self._BLOCK
                choices = self._choices(block)
            chosen = int(choices[self._step % self._BLOCK])
            batch = next(sources[chosen], None) if chosen in sources else None
            for _ in range(2):
                # Twice, since what was resumed may have been at the very end of its epoch.
                if batch is None:
                    sources[chosen] = iter(self._datasets[chosen])
                    batch = next(sources[chosen], None)
            if batch is None:
                raise ValueError(f"dataset {chosen} has too few points for a batch")
            self._step += 1
            yield chosen, batch


__all__ = ["Batch", "MixedDataset", "Share", "SoniDataset"]
