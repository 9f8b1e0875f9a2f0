"""HTTP to a node, by the standard library."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Union
from urllib.parse import quote, urlsplit

from . import _cbor
from ._errors import SoniDbError, UnexpectedAnswerError, UnreachableError, refusal

_MAX_ANSWER_BYTES = 1 << 30
_MAX_ERROR_BYTES = 1 << 16

Body = Union[bytes, Iterable[bytes]]


@dataclass(frozen=True)
class Address:
    """Where a node is."""

    scheme: str
    host: str
    port: int
    prefix: str
    api_key: str | None
    ssl_context: ssl.SSLContext | None

    @staticmethod
    def of(url: str, api_key: str | None, ssl_context: ssl.SSLContext | None) -> Address:
        """Raises ValueError when it is no http or https address."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"the address of a node is like http://127.0.0.1:7664, was '{url}'")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return Address(parts.scheme, parts.hostname, port, parts.path.rstrip("/"), api_key, ssl_context)

    def connect(self, timeout: float) -> http.client.HTTPConnection:
        """A connection that is not open yet."""
        if self.scheme == "https":
            context = self.ssl_context or ssl.create_default_context()
            return http.client.HTTPSConnection(self.host, self.port, timeout=timeout, context=context)
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)

    def headers(self) -> dict[str, str]:
        """What every request carries."""
        return {"api-key": self.api_key} if self.api_key else {}


def segment(name: object) -> str:
    """A part of a path, in which nothing is special."""
    return quote(str(name), safe="")


def error_of(response: http.client.HTTPResponse) -> SoniDbError:
    """What a status of 400 or more says."""
    text = response.read(_MAX_ERROR_BYTES)
    try:
        message = str(json.loads(text)["status"]["error"])
    except (ValueError, KeyError, TypeError):
        return UnexpectedAnswerError(f"{response.status} without a node's words: {text[:200]!r}")
    return refusal(response.status, message)


class Exchange:
    """Requests and answers in JSON or CBOR, over one connection for each thread."""

    def __init__(self, address: Address, timeout: float) -> None:
        self.address = address
        self.timeout = timeout
        self._local = threading.local()

    def ask(
        self, method: str, path: str, body: Any = None, *, raw: Body | None = None, kind: str = "application/cbor"
    ) -> Any:
        """The `result` of the answer.

        Raises UnreachableError, UnexpectedAnswerError, or what `refusal` makes of the status.
        """
        headers = {**self.address.headers(), "Accept": "application/json"}
        if body is not None:
            raw = _cbor.encode(body)
        if raw is not None:
            headers["Content-Type"] = kind
        reused = getattr(self._local, "connection", None) is not None
        while True:
            connection = self._connection()
            try:
                try:
                    connection.request(method, self.address.prefix + path, raw, headers, encode_chunked=_is_stream(raw))
                except ConnectionError:
                    if not _is_stream(raw):
                        raise
                    # The node may have said why it takes no more.
                response = connection.getresponse()
                answer = response.read(_MAX_ANSWER_BYTES) if response.status < 400 else b""
                error = None if response.status < 400 else error_of(response)
                break
            except (OSError, http.client.HTTPException) as e:
                self.close()
                # A connection that was idle may have been closed: the node has not seen the request.
                if reused and isinstance(e, (http.client.RemoteDisconnected, ConnectionError)) and not _is_stream(raw):
                    reused = False
                    continue
                raise UnreachableError(f"{self.address.host}:{self.address.port}: {e or type(e).__name__}") from e
            except BaseException:
                # Whoever makes the body has failed, in the middle of it.
                self.close()
                raise
        if error is not None:
            self.close()
            raise error
        try:
            return json.loads(answer)["result"]
        except (ValueError, KeyError, TypeError) as e:
            raise UnexpectedAnswerError(f"no node answers so: {answer[:200]!r}") from e

    def _connection(self) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self.address.connect(self.timeout)
            self._local.connection = connection
        return connection

    def close(self) -> None:
        """Closes this thread's connection; the next request opens another."""
        connection = getattr(self._local, "connection", None)
        self._local.connection = None
        if connection is not None:
            connection.close()


def _is_stream(raw: Body | None) -> bool:
    return raw is not None and not isinstance(raw, bytes)


class Download:
    """An answer without end, read by a thread of its own into a bounded buffer.

    So what comes while records are being decoded waits here, and is decoded together; when the
    buffer is full nothing is read, and the node waits.
    """

    _MOST_BYTES = 8 << 20
    _PIECE_BYTES = 1 << 18

    def __init__(self, address: Address, path: str, accept: str, connect_timeout: float) -> None:
        """Raises UnreachableError, UnexpectedAnswerError, or what `refusal` makes of the status."""
        self._connection = address.connect(connect_timeout)
        try:
            self._connection.connect()
            sock = self._connection.sock
            _keep_alive(sock)
            self._connection.request("GET", address.prefix + path, headers={**address.headers(), "Accept": accept})
            self._response = self._connection.getresponse()
            if self._response.status >= 400:
                raise error_of(self._response)
            content = self._response.headers.get_content_type()
            if self._response.status != 200 or content != accept:
                raise UnexpectedAnswerError(f"{self._response.status} and {content}, not {accept}")
            sock.settimeout(None)
            self._socket = sock
        except (OSError, http.client.HTTPException) as e:
            self._connection.close()
            raise UnreachableError(f"{address.host}:{address.port}: {e or type(e).__name__}") from e
        except SoniDbError:
            self._connection.close()
            raise
        self._change = threading.Condition()
        self._pieces: list[bytes] = []
        self._size = 0
        self._ended = False
        self._closed = False
        self._problem: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="sonidb-download", daemon=True)
        self._thread.start()

    def header(self, name: str) -> str | None:
        """A header of the answer."""
        return self._response.headers.get(name)

    def _run(self) -> None:
        try:
            while piece := self._response.read1(self._PIECE_BYTES):
                with self._change:
                    self._pieces.append(piece)
                    self._size += len(piece)
                    self._change.notify_all()
                    self._change.wait_for(lambda: self._size < self._MOST_BYTES or self._closed)
                    if self._closed:
                        return
        except (OSError, ValueError, http.client.HTTPException) as e:
            self._problem = e
        finally:
            with self._change:
                self._ended = True
                self._change.notify_all()

    def take(self, timeout: float | None = None) -> bytes | None:
        """All that has come, as soon as there is anything; empty at the end, None if nothing comes in time.

        Raises UnreachableError when the connection broke.
        """
        with self._change:
            if not self._change.wait_for(lambda: self._pieces or self._ended, timeout):
                return None
            data = b"".join(self._pieces)
            self._pieces.clear()
            self._size = 0
            self._change.notify_all()
        if not data and self._problem is not None:
            raise UnreachableError(f"the stream broke: {self._problem or type(self._problem).__name__}")
        return data

    def close(self) -> None:
        """Ends it, wherever it is."""
        with self._change:
            self._closed = True
            self._change.notify_all()
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it is closed already
        self._thread.join()
        self._response.close()
        self._connection.close()


def _keep_alive(sock: socket.socket) -> None:
    """Has the system notice within a minute that the other end is gone, when nothing is sent."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 20), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
