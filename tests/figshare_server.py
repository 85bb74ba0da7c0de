"""Figshare on this machine: a server that hands out zip files as figshare does, and misbehaves when told to.

``/api/N`` and ``/files/N`` redirect to ``/storage/N?signature=K``, as figshare does to its signed storage
addresses; those serve byte ranges to GET and refuse HEAD. Every request and every byte is counted.

    with FigshareServer(zip_files(...)) as server:
        Figshare(folder, sources=server.sources, index=index_of([1, 2]))
        server.play(gone, at="/storage/0")
"""

import io
import re
import socket
import threading
import zipfile
from collections.abc import Callable, Iterable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pandas as pd

from core.config import CLASSES
from core.dataset.splits import mask_digest
from tests.published import a_slice, mat_bytes

PID = "ZZ0000017"
"""The made-up patient id inside every made-up slice."""


def label_of(number: int) -> int:
    """The label of a made-up slice."""
    return 1 + number % 3


def mat_of(number: int, *, side: int = 64) -> bytes:
    """The file of a made-up slice."""
    pixels, mask, border = a_slice(number, side=side)
    return mat_bytes(pixels, mask, label=label_of(number), pid=PID, border=border)


def zip_bytes(members: dict[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED, fillers: int = 0) -> bytes:
    """A zip file of these members by name, after so many members of other names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for i in range(fillers):
            archive.writestr(f"filler-{i:04d}.mat", b"")
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def zip_files(parts: Iterable[Iterable[int]], *, side: int = 64, **options: Any) -> list[bytes]:
    """Zip files of made-up slices, one for each group of numbers."""
    return [zip_bytes({f"{number}.mat": mat_of(number, side=side) for number in part}, **options) for part in parts]


def index_of(numbers: Iterable[int], *, side: int = 64) -> pd.DataFrame:
    """What ``core.dataset.splits.index_table`` says of each slice, for made-up ones."""
    return pd.DataFrame(
        [
            {
                "slice": number,
                "class": CLASSES[label_of(number) - 1],
                "mask_digest": mask_digest(a_slice(number, side=side)[1]),
            }
            for number in numbers
        ]
    )


class Handler(BaseHTTPRequestHandler):
    """One connection. A fault (see ``FigshareServer.play``) is a function of it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer, of headers and body, takes 40 ms
    server: "_Server"

    def do_GET(self) -> None:
        owner = self.server.owner
        with owner.lock:
            owner.requests.append(("GET", self.path, self.headers.get("Range")))
        fault = next((fault for at, fault in reversed(owner.faults) if self.path.startswith(at)), None)
        try:
            if fault:
                fault(self)
            elif self.path.startswith("/storage/"):
                self.serve()
            else:
                self.redirect()
        except OSError:
            self.close_connection = True  # whoever asked has left

    def do_HEAD(self) -> None:
        owner = self.server.owner
        with owner.lock:
            owner.requests.append(("HEAD", self.path, self.headers.get("Range")))
        self.answer(403, b"")

    @property
    def file(self) -> bytes:
        """The zip file this request is about."""
        return self.server.owner.zips[int(urlsplit(self.path).path.rsplit("/", 1)[1])]

    def span(self) -> tuple[int, int]:
        """First byte and end of the part asked for."""
        found = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers["Range"])
        assert found, self.headers["Range"]
        size = len(self.file)
        if not found[1]:
            return max(0, size - int(found[2])), size
        return int(found[1]), min(size, int(found[2]) + 1)

    def redirect(self) -> None:
        """To a signed address of its own for each request."""
        owner = self.server.owner
        with owner.lock:
            owner.signatures += 1
            place = f"/storage/{urlsplit(self.path).path.rsplit('/', 1)[1]}?signature={owner.signatures}"
        self.answer(302, b"moved", Location=owner.url + place)

    def serve(self) -> None:
        """The part asked for, while the signature is good."""
        signature = int(parse_qs(urlsplit(self.path).query)["signature"][0])
        if signature <= self.server.owner.expired:
            self.answer(403, b"<Error>Request has expired</Error>", Content_Type="application/xml")
        else:
            self.serve_part()

    def serve_part(self, data: bytes | None = None, **headers: str) -> None:
        """The part asked for, or ``data`` in its place, with headers of one's own."""
        first, end = self.span()
        proper = {"Content_Range": f"bytes {first}-{end - 1}/{len(self.file)}"}
        self.answer(206, self.file[first:end] if data is None else data, **{**proper, **headers})

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        """A whole answer; headers are written with underscores."""
        self.head(status, **{"Content_Length": str(len(body)), "Content_Type": "application/zip", **headers})
        self.send(body)

    def head(self, status: int, **headers: str) -> None:
        """Status and headers only."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def send(self, body: bytes) -> None:
        """A piece of body, counted as it is taken from us."""
        for start in range(0, len(body), 4096):
            piece = body[start : start + 4096]
            self.wfile.write(piece)
            with self.server.owner.lock:
                self.server.owner.sent += len(piece)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    owner: "FigshareServer"

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        with self.owner.lock:
            self.owner.connections += 1
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked has left."""


class FigshareServer:
    """The server; a context manager.

    Attributes:
        zips: the zip files; may be changed while it runs.
        requests: (method, path with query, Range header) of each request.
        sent: bytes of bodies that the system took from us.
        connections: how often someone connected.
        signatures: how many signed addresses were given out.
        expired: signed addresses up to this one are refused.
    """

    def __init__(self, zips: Sequence[bytes]) -> None:
        self.zips = list(zips)
        self.requests: list[tuple[str, str, str | None]] = []
        self.sent = 0
        self.connections = 0
        self.signatures = 0
        self.expired = 0
        self.faults: list[tuple[str, Callable[[Handler], None]]] = []
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self._server = _Server(("127.0.0.1", 0), Handler)
        # Little room for bytes on their way, so that ``sent`` is near to what was received.
        self._server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16 * 1024)
        self._server.owner = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "FigshareServer":
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Refuse every further connection."""
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def sources(self) -> list[tuple[str, str]]:
        """The two addresses of each zip file."""
        return [(f"{self.url}/api/{i}", f"{self.url}/files/{i}") for i in range(len(self.zips))]

    def play(self, fault: Callable[[Handler], None], *, at: str = "/") -> None:
        """Let requests whose path starts with ``at`` meet a fault; the last fault that fits counts."""
        self.faults.append((at, fault))

    def forget(self) -> None:
        """Count from zero."""
        self.requests.clear()
        self.sent = self.connections = 0


def status(code: int, body: bytes = b"", **headers: str) -> Callable[[Handler], None]:
    """An answer of this status."""
    return lambda handler: handler.answer(code, body, **headers)


def challenge(handler: Handler) -> None:
    """What figshare's firewall sends those it takes for robots: an empty 202."""
    handler.answer(202, b"", Content_Type="text/html", x_amzn_waf_action="challenge")


def web_page(handler: Handler) -> None:
    """A page in place of the file."""
    handler.answer(200, b"<!DOCTYPE html><html><body>Sign in</body></html>", Content_Type="text/html; charset=utf-8")


def web_page_as_part(handler: Handler) -> None:
    """A page in place of the part, of its length and under its name."""
    first, end = handler.span()
    handler.serve_part(b"<html>".ljust(end - first))


def range_ignored(handler: Handler) -> None:
    """The whole file, 200 MB of it."""
    handler.head(200, Content_Type="application/zip", Content_Length=str(200_000_000))
    _pour(handler)


def endless(code: int, **headers: str) -> Callable[[Handler], None]:
    """An answer of this status without end."""

    def pour(handler: Handler) -> None:
        handler.head(code, Connection="close", **headers)
        _pour(handler)

    return pour


def endless_part(handler: Handler) -> None:
    """The part's headers without a length, and a body without end."""
    first, end = handler.span()
    handler.head(206, Connection="close", Content_Range=f"bytes {first}-{end - 1}/{len(handler.file)}")
    _pour(handler)


def _pour(handler: Handler) -> None:
    handler.close_connection = True
    while not handler.server.owner.stopping.is_set():
        handler.send(bytes(4096))


def silent(handler: Handler) -> None:
    """No answer at all."""
    handler.server.owner.stopping.wait(30)
    handler.close_connection = True


def dripping(handler: Handler) -> None:
    """A sound answer, a byte every twentieth of a second."""
    first, end = handler.span()
    size = len(handler.file)
    handler.head(206, Content_Range=f"bytes {first}-{end - 1}/{size}", Content_Length=str(end - first))
    for byte in handler.file[first : min(end, first + 100)]:
        if handler.server.owner.stopping.wait(0.05):
            break
        handler.send(bytes([byte]))


def cut(handler: Handler) -> None:
    """Half the part, then a closed connection."""
    first, end = handler.span()
    size = len(handler.file)
    handler.head(206, Content_Range=f"bytes {first}-{end - 1}/{size}", Content_Length=str(end - first))
    handler.send(handler.file[first : (first + end) // 2])
    handler.close_connection = True


def cut_without_length(handler: Handler) -> None:
    """Half the part, then a closed connection, with no length announced but the part's."""
    first, end = handler.span()
    handler.head(206, Content_Range=f"bytes {first}-{end - 1}/{len(handler.file)}", Connection="close")
    handler.send(handler.file[first : (first + end) // 2])
    handler.close_connection = True


def another_part(handler: Handler) -> None:
    """A part of the length asked for, from another place, and called so."""
    first, end = handler.span()
    handler.serve_part(
        handler.file[first - 10 : end - 10], Content_Range=f"bytes {first - 10}-{end - 11}/{len(handler.file)}"
    )


def chunked(handler: Handler) -> None:
    """A sound answer in chunks, without a length."""
    first, end = handler.span()
    handler.head(206, Content_Range=f"bytes {first}-{end - 1}/{len(handler.file)}", Transfer_Encoding="chunked")
    for start in range(first, end, 1000):
        piece = handler.file[start : min(start + 1000, end)]
        handler.send(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
    handler.send(b"0\r\n\r\n")


def part_with(**headers: str) -> Callable[[Handler], None]:
    """A sound part under these headers."""
    return lambda handler: handler.serve_part(**headers)
