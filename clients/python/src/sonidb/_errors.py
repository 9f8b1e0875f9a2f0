"""What can go wrong, as types. Everything derives from `SoniDbError`."""

from __future__ import annotations


class SoniDbError(Exception):
    """Something of SoniDB failed."""


class UnreachableError(SoniDbError):
    """The node does not answer, or the connection broke."""


class UnexpectedAnswerError(SoniDbError):
    """Whatever answers is not a SoniDB node, or not one that this client understands."""


class RefusedError(SoniDbError):
    """The node refused the request: `status` is the HTTP status, `message` its words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


class BadRequestError(RefusedError):
    """400, 413, 415 or 422: the request cannot be done as it is."""


class KeyRefusedError(RefusedError):
    """401 or 403: no key, or not one that may do this."""


class NotFoundError(RefusedError):
    """404: no such collection, point or file."""


class AlreadyExistsError(RefusedError):
    """409: the name is taken, or the work is under way."""


class HistoryGoneError(RefusedError):
    """410: deletes from that sequence number on are not in the history any more; read the collection anew."""


class BusyError(RefusedError):
    """429 or 503: too busy, or stopping; the same request may succeed later."""


class DamageError(SoniDbError):
    """Bytes are not what their sender made: a CRC, a hash, a length or a position is wrong."""


class MalformedFlacError(DamageError):
    """No whole, undamaged FLAC frame where one must be."""


class MalformedRecordError(DamageError):
    """The FLAC frames are sound and do not hold a record."""


class UnsupportedRecordError(SoniDbError):
    """A record of a kind or representation that only a newer version knows."""


class StreamGapError(DamageError):
    """Something between two frames of a stream got lost on the way."""


class VersionGoneError(SoniDbError):
    """The version of a collection that a dataset was pinned to is not there any more."""


def refusal(status: int, message: str) -> RefusedError:
    """The error that stands for an HTTP status."""
    kinds: dict[int, type[RefusedError]] = {
        400: BadRequestError,
        401: KeyRefusedError,
        403: KeyRefusedError,
        404: NotFoundError,
        409: AlreadyExistsError,
        410: HistoryGoneError,
        413: BadRequestError,
        415: BadRequestError,
        422: BadRequestError,
        429: BusyError,
        503: BusyError,
    }
    return kinds.get(status, RefusedError)(status, message)
