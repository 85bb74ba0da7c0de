"""The web server: uploads stay in memory, and what it sends does not wait for the visitor's machine."""

import asyncio
import socket
import sys

import pytest
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartParser
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.session_manager import SessionInfo

import panels.shell  # noqa: F401  (sets the limit that is tested)
from core.config import ROOT
from panels.shared.web_server import release_ended_sessions, run_frame_first, send_without_delay


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


def test_a_fresh_server_takes_no_file_of_a_folder_for_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PagesManager, "uses_pages_directory", None)
    run_frame_first()
    PagesManager(str(ROOT / "frame.py"))
    assert PagesManager.uses_pages_directory is False


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere connections do not inherit the option")
def test_a_connection_made_later_sends_without_delay() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        send_without_delay()
        with socket.create_connection(server.getsockname()), server.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


class Session:
    """A session that notes what becomes of it."""

    id = "visitor"

    def __init__(self) -> None:
        self.ended = False
        self.session_state = {"uploads": "slices"}

    def shutdown(self) -> None:
        self.ended = True


@pytest.mark.parametrize("returns", [False, True])
def test_a_session_that_does_not_return_is_released_with_its_uploads(
    returns: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemorySessionStorage, "save", MemorySessionStorage.save)  # put back after the test
    release_ended_sessions(0.05)
    storage, session = MemorySessionStorage(), Session()

    async def disconnect() -> None:
        storage.save(SessionInfo(client=None, session=session))
        if returns:
            storage.delete(session.id)
        await asyncio.sleep(0.2)

    asyncio.run(disconnect())
    assert session.ended is not returns
    assert bool(session.session_state) is returns
    assert storage.get(session.id) is None
