"""Something between a receiver and a node that does harm: cuts, eats or changes bytes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable


class Proxy:
    """Forwards connections to a port.

    `harm(connection, data)` is given the number of the connection and a piece that the node sent,
    and returns what the receiver gets, or None for the end of the connection.
    """

    def __init__(self, port: int, harm: Callable[[int, bytes], bytes | None]) -> None:
        self._target = port
        self._harm = harm
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            try:
                node = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                client.close()
                continue
            threading.Thread(target=self._serve, args=(client, node, self.connections), daemon=True).start()

    def _serve(self, client: socket.socket, node: socket.socket, connection: int) -> None:
        with client, node:
            back = threading.Thread(target=self._copy, args=(client, node, None), daemon=True)
            back.start()
            self._copy(node, client, connection)
            back.join()

    def _copy(self, source: socket.socket, target: socket.socket, connection: int | None) -> None:
        try:
            while data := source.recv(1 << 16):
                if connection is not None:
                    changed = self._harm(connection, data)
                    if changed is None:
                        break
                    data = changed
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
