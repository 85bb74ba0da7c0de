"""Connections that end at a deadline and lead to public addresses only, as an adapter for requests.

A timeout of requests bounds each wait, not all of them: a server that sends a byte at a time is never late. Here a
watch shuts the connections down at the deadline, whatever they wait for.
"""

import contextlib
import ipaddress
import os
import socket
import threading
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError


class GuardedAdapter(HTTPAdapter):
    """Opens connections of its own kind.

    Args:
        seconds: after these, from now, all connections are shut down.
        public_only: whether an address that is not of the public Internet is refused.
    """

    def __init__(self, *, seconds: float, public_only: bool) -> None:
        self._public_only = public_only
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self._ended = False
        self._watch = threading.Timer(seconds, self._end)
        self._watch.daemon = True
        self._watch.start()
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make the pools whose connections are guarded."""
        super().init_poolmanager(*arguments, **options)
        kinds = {"http": (HTTPConnectionPool, HTTPConnection), "https": (HTTPSConnectionPool, HTTPSConnection)}
        self.poolmanager.pool_classes_by_scheme = {
            scheme: type("Pool", (pool,), {"ConnectionCls": self._guarded(connection)})
            for scheme, (pool, connection) in kinds.items()
        }

    def _guarded(self, connection: type[HTTPConnection]) -> type:
        return type("Connection", (_Guarded, connection), {"guard": staticmethod(self.guard)})

    def guard(self, connection: HTTPConnection, opened: socket.socket) -> socket.socket:
        """Check a connection that has been opened, before anything is sent, and watch it.

        Raises:
            NewConnectionError: it leads to an address that is not public, or the time is up.
        """
        address = opened.getpeername()[0]
        if self._public_only and not ipaddress.ip_address(address.partition("%")[0]).is_global:
            opened.close()
            raise NewConnectionError(connection, f"{address} is no public address")
        with self._lock:
            if self._ended:
                opened.close()
                raise NewConnectionError(connection, "the time is up")
            # A handle of its own: TLS takes the socket over, and hides it until its handshake is done.
            self._open.append(socket.socket(fileno=os.dup(opened.fileno())))
        return opened

    def close(self) -> None:
        """Close all connections and end the watch."""
        self._watch.cancel()
        super().close()
        self._end()

    def _end(self) -> None:
        with self._lock:
            self._ended = True
            for handle in self._open:
                with contextlib.suppress(OSError):  # closed by the other side
                    handle.shutdown(socket.SHUT_RDWR)
                handle.close()
            self._open.clear()


class _Guarded:
    """A connection that ``guard`` sees once it is open."""

    guard: Any

    def _new_conn(self) -> socket.socket:
        opened: socket.socket = self.guard(self, super()._new_conn())  # type: ignore[misc]
        return opened
