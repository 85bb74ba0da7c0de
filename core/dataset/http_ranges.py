"""Parts of a published file by HTTP range requests, within a number of bytes and seconds.

Only GET is sent: a signed storage address is signed for one method and refuses HEAD. Nothing a server says
about sizes is believed: a part is read up to the length asked for, and a body nobody asked for is cut off.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import urljoin

import requests
import urllib3

_PIECE = 16 * 1024
_MOST_REDIRECTS = 5
# A body nobody asked for is read so far, since the connection serves again once its body has ended.
_SHORT = 8 * 1024
# What may have arrived unread when a longer body is cut off: the system takes in so much before anyone reads.
_UNDER_WAY = 128 * 1024


class AddressError(Exception):
    """An address did not give what was asked; another may. The text completes "figshare …"."""


class LimitError(Exception):
    """The bytes or the seconds allowed are used up. The text completes "figshare …"."""


@dataclass(frozen=True)
class Part:
    """A part of a file.

    Attributes:
        start: its first byte's place in the file.
        data: its bytes.
        size: bytes of the whole file.
    """

    start: int
    data: bytes
    size: int


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """None, so that redirects are left to us: requests would read a redirect's body to its end."""


class RangeClient:
    """Range requests that share an allowance; a context manager.

    Args:
        known: address -> where it last led; kept up to date, and shared by visits. A signed address serves
            for a while, which saves asking the first one each time.
        limit_bytes: bytes of answers, all requests together.
        timeout: seconds, all requests together; a single wait may take a quarter of it.
        progress: is told the bytes received so far.

    Attributes:
        flooded: whether an answer had to be cut off because it went on and on.
    """

    def __init__(
        self,
        known: dict[str, str],
        *,
        limit_bytes: int,
        timeout: float,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self._known = known
        self._limit = limit_bytes
        self._timeout = timeout
        self._deadline = time.monotonic() + timeout
        self._progress = progress
        self._received = 0
        self.flooded = False
        self._session = _Session()
        # Compressed on the way, the bytes would not be those of the part asked for.
        self._session.headers.update({"User-Agent": "SliceScope", "Accept-Encoding": "identity"})

    def __enter__(self) -> "RangeClient":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def end(self, address: str, length: int) -> Part:
        """The last ``length`` bytes of a file, or all of a shorter one.

        Raises:
            Refusal: this address does not give it.
            Exhausted: nothing more may be asked.
        """
        return self._part(address, None, length, None)

    def part(self, address: str, start: int, length: int, size: int) -> Part:
        """``length`` bytes from byte ``start`` on of a file of ``size`` bytes.

        Raises:
            Refusal: this address does not give it, or the file has another size.
            Exhausted: nothing more may be asked, or not so much.
        """
        return self._part(address, start, length, size)

    def _part(self, address: str, start: int | None, length: int, size: int | None) -> Part:
        self._allow(length)
        span = f"-{length}" if start is None else f"{start}-{start + length - 1}"
        try:
            response = self._answer(address, span)
            with response:
                first, expected, found_size = self._announced(response, start, length)
                if size not in (None, found_size):
                    raise AddressError("has changed the file")
                # One byte more than announced, to notice a body that goes on.
                data = self._body(response, expected + 1)
        except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
            raise AddressError("did not answer in time") from error
        except (requests.ConnectionError, requests.exceptions.InvalidSchema) as error:
            raise AddressError("could not be reached") from error
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise AddressError("broke off its answer or garbled it") from error
        if len(data) > expected:
            self._flood()
            raise AddressError("sent more than it announced")
        if len(data) < expected:
            raise AddressError("sent less than it announced")
        self._known[address] = str(response.url)
        return Part(first, data, found_size)

    def _answer(self, address: str, span: str) -> requests.Response:
        response = self._follow(self._known.pop(address, address), span)
        if response.status_code == 403 and response.url != address:
            # A signed address expires; the first one gives a new one.
            self._leave(response)
            response = self._follow(address, span)
        return response

    def _follow(self, url: str, span: str) -> requests.Response:
        for _ in range(_MOST_REDIRECTS + 1):
            wait = min(self._seconds_left(), self._timeout / 4)
            response = self._session.get(
                url, headers={"Range": f"bytes={span}"}, stream=True, allow_redirects=False, timeout=wait
            )
            if not response.is_redirect:
                return response
            target = urljoin(url, response.headers["location"])
            if not self._leave(response):
                raise AddressError("redirects in very many words")
            url = target
        raise AddressError("redirects from one address to the next without end")

    def _announced(self, response: requests.Response, start: int | None, length: int) -> tuple[int, int, int]:
        """First byte, number of bytes and size of the file as the headers have them, if they are what was asked for."""
        headers = response.headers
        page = "html" in headers.get("Content-Type", "").lower()
        empty = headers.get("Content-Length") == "0"
        if page or empty or response.status_code != 206:
            self._leave(response)
            if response.status_code not in (200, 206):
                raise AddressError(f"answered with status {response.status_code} instead of the file")
            if page:
                raise AddressError("answered with a web page instead of the file")
            raise AddressError("answered with nothing" if empty else "would have sent the whole file instead of a part")
        found = re.fullmatch(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})", headers.get("Content-Range", ""))
        if not found:
            raise AddressError("does not say which part of the file it sends")
        first, last, size = (int(number) for number in found.groups())
        wanted = max(0, size - length) if start is None else start
        if first != wanted or last != min(wanted + length, size) - 1 or last < first:
            raise AddressError("sent another part of the file than was asked for")
        expected = last - first + 1
        if headers.get("Content-Length", str(expected)) != str(expected):
            raise AddressError("announced a length that does not fit the part")
        return first, expected, size

    def _body(self, response: requests.Response, longest: int) -> bytes:
        """The body, or its first ``longest`` bytes."""
        data = bytearray()
        while len(data) < longest:
            self._seconds_left()
            # read1 gives what has come; read would wait for all of it, however slowly it drips.
            piece = response.raw.read1(min(_PIECE, longest - len(data)), decode_content=False)
            if not piece:
                break
            data += piece
            self._count(len(piece))
        return bytes(data)

    def _leave(self, response: requests.Response) -> bool:
        """Be done with an answer whose body is not wanted; returns whether it ended soon."""
        with response:
            if len(self._body(response, _SHORT)) < _SHORT:
                return True
        self._flood()
        return False

    def _flood(self) -> None:
        self.flooded = True
        self._count(_UNDER_WAY)

    def _count(self, received: int) -> None:
        self._received += received
        if self._progress:
            self._progress(self._received)

    def _allow(self, length: int) -> None:
        if self._received + length > self._limit:
            raise LimitError(f"would have to send more than {self._limit / 1e6:g} MB")

    def _seconds_left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise LimitError(f"took longer than {self._timeout:g} seconds")
        return left
