"""The web server: uploads stay in memory, and what it sends does not wait for the visitor's machine."""

import asyncio
import socket
import sys

import pytest
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartParser

import panels.shell  # noqa: F401  (sets the limit that is tested)
from panels.shared.web_server import send_without_delay


def test_an_upload_of_megabytes_stays_off_the_disk() -> None:
    boundary = "b"
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'.encode()
        + bytes(5 * 2**20)
        + f"\r\n--{boundary}--\r\n".encode()
    )

    async def stream():
        yield body

    async def parse():
        headers = Headers({"content-type": f"multipart/form-data; boundary={boundary}"})
        form = await MultiPartParser(headers, stream()).parse()
        return form["file"].file._rolled  # True once a temporary file is opened

    assert asyncio.run(parse()) is False


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere connections do not inherit the option")
def test_a_connection_made_later_sends_without_delay() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        send_without_delay()
        with socket.create_connection(server.getsockname()), server.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
