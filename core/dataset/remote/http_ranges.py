"""Fetch parts of a published file by HTTP range requests, within a limit of bytes and seconds.

Only GET is sent: a signed storage address is signed for one method and refuses HEAD. Sizes that a server states are not
trusted: a part is read up to the requested length, and any other body is cut off.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import urljoin

import requests
import urllib3

from core.dataset.remote.connections import GuardedAdapter
from core.translation.messages import Message

_READ_BYTES = 16 * 1024
_MAX_REDIRECTS = 5
# An unwanted body is read up to this length, since the connection can be used again once its body has ended.
_UNWANTED_BODY_BYTES = 8 * 1024
# Bytes that may have arrived unread when a longer body is cut off: the system's receive buffer.
_RECEIVE_BUFFER_BYTES = 128 * 1024


class AddressError(Exception):
    """An address did not send the requested part; another may. Its message completes "figshare …"."""


class LimitError(Exception):
    """The limit of bytes or seconds is reached. Its message completes "figshare …"."""


@dataclass(frozen=True)
class FilePart:
    """A part of a file.

    Attributes:
        start: position of its first byte in the file.
        data: its bytes.
        size: bytes of the whole file.
    """

    start: int
    data: bytes
    size: int


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return None, so that ``RangeClient`` follows redirects: requests would read a redirect's body to its end."""


_REQUEST_ERRORS = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError)


def _reason(error: Exception) -> Message:
    """Say why a request failed, to complete "figshare …"."""
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return Message("did not respond in time")
    if isinstance(error, requests.ConnectionError | requests.exceptions.InvalidSchema):
        return Message("could not be reached")
    return Message("broke off or damaged its response")


def _no_password(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


class RangeClient:
    """A client for range requests that share one limit of bytes and seconds; a context manager.

    Args:
        redirects: address -> the address it last redirected to; updated here, and shared by clients. A signed address
            stays valid for a while, which saves a request to the first one.
        limit_bytes: largest number of received bytes, all requests together.
        timeout: seconds, all requests together; a single wait may take a quarter of it.
        progress: called with the bytes received so far.

    Attributes:
        cut_off: whether a response was cut off because its body was too long.
    """

    def __init__(
        self,
        redirects: dict[str, str],
        *,
        limit_bytes: int,
        timeout: float,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self._redirects = redirects
        self._limit = limit_bytes
        self._timeout = timeout
        self._deadline = time.monotonic() + timeout
        self._progress = progress
        self._received = 0
        self.cut_off = False
        self._adapters = {public: GuardedAdapter(seconds=timeout, public_only=public) for public in (True, False)}
        self._session = _Session()
        # No password from the server's .netrc goes anywhere.
        self._session.auth = _no_password
        # A compressed response would not hold the bytes of the requested part.
        self._session.headers.update({"User-Agent": "SliceScope", "Accept-Encoding": "identity"})

    def __enter__(self) -> "RangeClient":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()
        for adapter in self._adapters.values():
            adapter.close()

    def read_end(self, address: str, length: int) -> FilePart:
        """Read the last ``length`` bytes of a file, or all of a shorter one.

        Raises:
            AddressError: this address does not send it.
            LimitError: the limit is reached.
        """
        return self._read(address, None, length, None)

    def read_part(self, address: str, start: int, length: int, size: int) -> FilePart:
        """Read ``length`` bytes from byte ``start`` on of a file of ``size`` bytes.

        Raises:
            AddressError: this address does not send it, or the file has another size.
            LimitError: the limit is reached, or would be.
        """
        return self._read(address, start, length, size)

    def _read(self, address: str, start: int | None, length: int, size: int | None) -> FilePart:
        self._check_limit(length)
        span = f"-{length}" if start is None else f"{start}-{start + length - 1}"
        try:
            response = self._request(address, span)
            with response:
                first, expected, stated_size = self._check_headers(response, start, length)
                if size not in (None, stated_size):
                    raise AddressError(Message("has changed the file"))
                # One byte more than announced, to notice a longer body.
                data = self._read_body(response, expected + 1)
        except _REQUEST_ERRORS as error:
            self._seconds_left()
            raise AddressError(_reason(error)) from error
        if len(data) > expected:
            self._note_cut_off()
            raise AddressError(Message("sent more than it announced"))
        if len(data) < expected:
            raise AddressError(Message("sent less than it announced"))
        self._redirects[address] = str(response.url)
        return FilePart(first, data, stated_size)

    def _request(self, address: str, span: str) -> requests.Response:
        response = self._follow(self._redirects.pop(address, address), span)
        if response.status_code == 403 and response.url != address:
            # A signed address expires; the first address redirects to a new one.
            self._discard(response)
            response = self._follow(address, span)
        return response

    def _follow(self, url: str, span: str) -> requests.Response:
        """Send a request and follow redirects; of an https address to public https addresses only.

        An http address is a test's or a mirror's in the own network: it may lead anywhere.
        """
        is_public = url.startswith("https:")
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, self._adapters[is_public])
        for _ in range(_MAX_REDIRECTS + 1):
            wait = min(self._seconds_left(), self._timeout / 4)
            response = self._session.get(
                url, headers={"Range": f"bytes={span}"}, stream=True, allow_redirects=False, timeout=wait
            )
            if not response.is_redirect:
                return response
            target = urljoin(url, response.headers["location"])
            if not self._discard(response):
                raise AddressError(Message("sends a redirect that is too long"))
            if is_public and not target.startswith("https:"):
                raise AddressError(Message("redirects to an address that is not encrypted"))
            url = target
        raise AddressError(Message("redirects without end"))

    def _check_headers(self, response: requests.Response, start: int | None, length: int) -> tuple[int, int, int]:
        """Check that a response announces the requested part; return its first byte, its length and the file's size.

        Raises:
            AddressError: it announces something else.
        """
        headers = response.headers
        page = "html" in headers.get("Content-Type", "").lower()
        empty = headers.get("Content-Length") == "0"
        if page or empty or response.status_code != 206:
            self._discard(response)
            if response.status_code not in (200, 206):
                raise AddressError(
                    Message("responded with status {status} instead of the file", status=response.status_code)
                )
            if page:
                raise AddressError(Message("sent a web page instead of the file"))
            raise AddressError(
                Message("sent an empty response")
                if empty
                else Message("would have sent the whole file instead of a part")
            )
        content_range = re.fullmatch(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})", headers.get("Content-Range", ""))
        if not content_range:
            raise AddressError(Message("does not state which part of the file it sends"))
        first, last, size = (int(number) for number in content_range.groups())
        requested = max(0, size - length) if start is None else start
        if first != requested or last != min(requested + length, size) - 1 or last < first:
            raise AddressError(Message("sent another part of the file"))
        expected = last - first + 1
        if headers.get("Content-Length", str(expected)) != str(expected):
            raise AddressError(Message("announced a length that does not fit the part"))
        return first, expected, size

    def _read_body(self, response: requests.Response, max_bytes: int) -> bytes:
        """Read the body, or its first ``max_bytes`` bytes."""
        data = bytearray()
        while len(data) < max_bytes:
            self._seconds_left()
            # read1 returns what has arrived; read would wait for all of it, however slow the server.
            chunk = response.raw.read1(min(_READ_BYTES, max_bytes - len(data)), decode_content=False)
            if not chunk:
                break
            data += chunk
            self._count(len(chunk))
        return bytes(data)

    def _discard(self, response: requests.Response) -> bool:
        """Close a response whose body is not wanted; return whether the body was short."""
        with response:
            if len(self._read_body(response, _UNWANTED_BODY_BYTES)) < _UNWANTED_BODY_BYTES:
                return True
        self._note_cut_off()
        return False

    def _note_cut_off(self) -> None:
        self.cut_off = True
        self._count(_RECEIVE_BUFFER_BYTES)

    def _count(self, received: int) -> None:
        self._received += received
        if self._progress:
            self._progress(self._received)

    def _check_limit(self, length: int) -> None:
        if self._received + length > self._limit:
            raise LimitError(Message("would have to send more than {size:g} MB", size=self._limit / 1e6))

    def _seconds_left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise LimitError(Message("took longer than {seconds:g} seconds", seconds=self._timeout))
        return left
