"""A local server that serves zip files as figshare does, with faults on request.

``/api/N`` and ``/files/N`` redirect to ``/storage/N?signature=K``, as figshare does to its signed storage
addresses; those serve byte ranges to GET and refuse HEAD. The server counts requests and bytes.

    with FigshareServer(zip_files(...)) as server:
        FigshareDownloader(folder, sources=server.sources, index=index_of([1, 2]))
        server.play(status(410), at="/storage/0")
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
from core.dataset.perceptual_hash import hash_text
from core.dataset.splits import mask_digest
from tests.published import a_slice, mat_bytes

PID = "ZZ0000017"
"""The made-up patient id in every made-up slice."""


def label_of(number: int) -> int:
    """Return the label of a made-up slice."""
    return 1 + number % 3


def mat_of(number: int, *, side: int = 64) -> bytes:
    """Return the .mat file of a made-up slice."""
    pixels, mask, border = a_slice(number, side=side)
    return mat_bytes(pixels, mask, label=label_of(number), pid=PID, border=border)


def zip_bytes(members: dict[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED, fillers: int = 0) -> bytes:
    """Return a zip file with these members by name, after ``fillers`` empty members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for i in range(fillers):
            archive.writestr(f"filler-{i:04d}.mat", b"")
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def zip_files(parts: Iterable[Iterable[int]], *, side: int = 64, **options: Any) -> list[bytes]:
    """Return zip files of made-up slices, one for each group of numbers."""
    return [zip_bytes({f"{number}.mat": mat_of(number, side=side) for number in part}, **options) for part in parts]


def index_of(numbers: Iterable[int], *, side: int = 64) -> pd.DataFrame:
    """Return the columns of ``core.dataset.splits.index_table`` that downloads need, for made-up slices."""
    return pd.DataFrame(
        [
            {
                "slice": number,
                "class": CLASSES[label_of(number) - 1],
                "mask_digest": mask_digest(a_slice(number, side=side)[1]),
                "perceptual_hash": hash_text(a_slice(number, side=side)[0]),
            }
            for number in numbers
        ]
    )


class Handler(BaseHTTPRequestHandler):
    """One connection. A fault (see ``FigshareServer.play``) is a function of it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # otherwise each response, of headers and body, takes 40 ms
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
            self.close_connection = True  # the client has disconnected

    def do_HEAD(self) -> None:
        owner = self.server.owner
        with owner.lock:
            owner.requests.append(("HEAD", self.path, self.headers.get("Range")))
        self.respond(403, b"")

    @property
    def file(self) -> bytes:
        """The zip file of this request."""
        return self.server.owner.zips[int(urlsplit(self.path).path.rsplit("/", 1)[1])]

    def span(self) -> tuple[int, int]:
        """Return first byte and end of the requested part."""
        match = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers["Range"])
        assert match, self.headers["Range"]
        size = len(self.file)
        if not match[1]:
            return max(0, size - int(match[2])), size
        return int(match[1]), min(size, int(match[2]) + 1)

    def redirect(self) -> None:
        """Redirect to a new signed address."""
        owner = self.server.owner
        with owner.lock:
            owner.signatures += 1
            place = f"/storage/{urlsplit(self.path).path.rsplit('/', 1)[1]}?signature={owner.signatures}"
        self.respond(302, b"moved", Location=owner.url + place)

    def serve(self) -> None:
        """Send the requested part, or refuse an expired signature."""
        signature = int(parse_qs(urlsplit(self.path).query)["signature"][0])
        if signature <= self.server.owner.expired:
            self.respond(403, b"<Error>Request has expired</Error>", Content_Type="application/xml")
        else:
            self.serve_part()

    def serve_part(self, data: bytes | None = None, **headers: str) -> None:
        """Send the requested part, or ``data`` in its place; ``headers`` replace the correct ones."""
        first, end = self.span()
        correct = {"Content_Range": f"bytes {first}-{end - 1}/{len(self.file)}"}
        self.respond(206, self.file[first:end] if data is None else data, **{**correct, **headers})

    def respond(self, status: int, body: bytes, **headers: str) -> None:
        """Send a whole response; header names have underscores for hyphens."""
        self.head(status, **{"Content_Length": str(len(body)), "Content_Type": "application/zip", **headers})
        self.send(body)

    def head(self, status: int, **headers: str) -> None:
        """Send status and headers only."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def send(self, body: bytes) -> None:
        """Send a piece of the body and count its bytes."""
        for start in range(0, len(body), 4096):
            piece = body[start : start + 4096]
            self.wfile.write(piece)
            with self.server.owner.lock:
                self.server.owner.sent += len(piece)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    owner: "FigshareServer"

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        with self.owner.lock:
            self.owner.connections += 1
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a client that has disconnected."""


class FigshareServer:
    """The server; a context manager.

    Attributes:
        zips: the zip files; may be changed while it runs.
        requests: (method, path with query, Range header) of each request.
        sent: bytes of all bodies that were handed to the system.
        connections: number of connections.
        signatures: number of signed addresses handed out.
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
        # A small send buffer, so that ``sent`` is close to the number of received bytes.
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
        """Answer requests whose path starts with ``at`` by a fault; the last matching fault counts."""
        self.faults.append((at, fault))

    def forget(self) -> None:
        """Reset the counts."""
        self.requests.clear()
        self.sent = self.connections = 0


def status(code: int, body: bytes = b"", **headers: str) -> Callable[[Handler], None]:
    """Return a fault: a response with this status."""
    return lambda handler: handler.respond(code, body, **headers)


def challenge(handler: Handler) -> None:
    """Send what figshare's firewall sends to suspected robots: an empty 202."""
    handler.respond(202, b"", Content_Type="text/html", x_amzn_waf_action="challenge")


def web_page(handler: Handler) -> None:
    """Send a web page in place of the file."""
    handler.respond(200, b"<!DOCTYPE html><html><body>Sign in</body></html>", Content_Type="text/html; charset=utf-8")


def web_page_as_part(handler: Handler) -> None:
    """Send a web page in place of the part, with the part's length and headers."""
    first, end = handler.span()
    handler.serve_part(b"<html>".ljust(end - first))


def range_ignored(handler: Handler) -> None:
    """Send the whole file, which has 200 MB."""
    handler.head(200, Content_Type="application/zip", Content_Length=str(200_000_000))
    _pour(handler)


def endless(code: int, **headers: str) -> Callable[[Handler], None]:
    """Return a fault: a response with this status and an endless body."""

    def pour(handler: Handler) -> None:
        handler.head(code, Connection="close", **headers)
        _pour(handler)

    return pour


def endless_part(handler: Handler) -> None:
    """Send the part's headers without a length, and an endless body."""
    first, end = handler.span()
    handler.head(206, Connection="close", Content_Range=f"bytes {first}-{end - 1}/{len(handler.file)}")
    _pour(handler)


def _pour(handler: Handler) -> None:
    handler.close_connection = True
    while not handler.server.owner.stopping.is_set():
        handler.send(bytes(4096))


def silent(handler: Handler) -> None:
    """Send nothing."""
    handler.server.owner.stopping.wait(30)
    handler.close_connection = True


def dripping(handler: Handler) -> None:
    """Send a correct response, one byte every twentieth of a second."""
    first, end = handler.span()
    size = len(handler.file)
    handler.head(206, Content_Range=f"bytes {first}-{end - 1}/{size}", Content_Length=str(end - first))
    for byte in handler.file[first : min(end, first + 100)]:
        if handler.server.owner.stopping.wait(0.05):
            break
        handler.send(bytes([byte]))


def dripping_headers(handler: Handler) -> None:
    """Send headers without end, a byte every fiftieth of a second."""
    for byte in b"HTTP/1.1 206 Partial Content\r\n" + b"X-A: b\r\n" * 1000:
        if handler.server.owner.stopping.wait(0.02):
            break
        handler.send(bytes([byte]))
    handler.close_connection = True


def cut(handler: Handler) -> None:
    """Send half the part, then close the connection."""
    first, end = handler.span()
    size = len(handler.file)
    handler.head(206, Content_Range=f"bytes {first}-{end - 1}/{size}", Content_Length=str(end - first))
    handler.send(handler.file[first : (first + end) // 2])
    handler.close_connection = True


def cut_without_length(handler: Handler) -> None:
    """Send half the part without a Content-Length, then close the connection."""
    first, end = handler.span()
    handler.head(206, Content_Range=f"bytes {first}-{end - 1}/{len(handler.file)}", Connection="close")
    handler.send(handler.file[first : (first + end) // 2])
    handler.close_connection = True


def another_part(handler: Handler) -> None:
    """Send another part of the requested length, with its true position."""
    first, end = handler.span()
    handler.serve_part(
        handler.file[first - 10 : end - 10], Content_Range=f"bytes {first - 10}-{end - 11}/{len(handler.file)}"
    )


def chunked(handler: Handler) -> None:
    """Send a correct response in chunks, without a length."""
    first, end = handler.span()
    handler.head(206, Content_Range=f"bytes {first}-{end - 1}/{len(handler.file)}", Transfer_Encoding="chunked")
    for start in range(first, end, 1000):
        piece = handler.file[start : min(start + 1000, end)]
        handler.send(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
    handler.send(b"0\r\n\r\n")


def part_with(**headers: str) -> Callable[[Handler], None]:
    """Return a fault: the correct part with these headers."""
    return lambda handler: handler.serve_part(**headers)
