"""SoniDB for Python: a node's API, its live stream of vectors, and datasets to train on."""

from ._client import Client, Point, ScoredPoint
from ._dataset import MixedDataset, SoniDataset
from ._encoder import FlacEncoder, encode
from ._errors import (
    AlreadyExistsError,
    BadRequestError,
    BusyError,
    DamageError,
    HistoryGoneError,
    KeyRefusedError,
    MalformedFlacError,
    MalformedRecordError,
    NotFoundError,
    RefusedError,
    SoniDbError,
    StreamGapError,
    UnexpectedAnswerError,
    UnreachableError,
    UnsupportedRecordError,
    VersionGoneError,
)
from ._listen import Listener, listen
from ._reader import RecordReader, read_records
from ._records import Record, VectorId

__all__ = [
    "AlreadyExistsError",
    "BadRequestError",
    "BusyError",
    "Client",
    "DamageError",
    "FlacEncoder",
    "HistoryGoneError",
    "KeyRefusedError",
    "Listener",
    "MalformedFlacError",
    "MalformedRecordError",
    "MixedDataset",
    "NotFoundError",
    "Point",
    "Record",
    "RecordReader",
    "RefusedError",
    "ScoredPoint",
    "SoniDataset",
    "SoniDbError",
    "StreamGapError",
    "UnexpectedAnswerError",
    "UnreachableError",
    "UnsupportedRecordError",
    "VectorId",
    "VersionGoneError",
    "encode",
    "listen",
    "read_records",
]
