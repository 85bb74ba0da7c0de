"""What the web server does otherwise for this app than Streamlit lets it do."""

import asyncio
import contextlib
import os
import socket
import stat
from pathlib import Path

from starlette.formparsers import MultiPartParser
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.session_manager import SessionInfo

from core.config import MAX_VOLUME_BYTES

RETURN_SECONDS = 115.0
"""How long a session whose connection has ended is kept for its return; Streamlit finds it for 120 s."""
_DESCRIPTORS = Path("/proc/self/fd")


def keep_uploads_in_memory() -> None:
    """Keep uploads off the disk; by default the web server moves those above 1 MB to a temporary file."""
    MultiPartParser.spool_max_size = MAX_VOLUME_BYTES + 2**20


def run_frame_first() -> None:
    """Have the server run frame.py from its first request on; call it before the server starts.

    Until ``st.navigation`` has run once, Streamlit takes the files of pages/ for the app's pages, and would tell a
    former address "Page not found".
    """
    PagesManager.uses_pages_directory = False


def release_ended_sessions(seconds: float = RETURN_SECONDS) -> None:
    """Have the server let go of a session's uploads and slices once it has not returned in time.

    Streamlit forgets such a session only when others end after it, and frees what it held when garbage is collected.
    """
    save = MemorySessionStorage.save

    def save_for_a_time(self: MemorySessionStorage, info: SessionInfo) -> None:
        save(self, info)
        asyncio.get_running_loop().call_later(seconds, release, self, info)

    def release(storage: MemorySessionStorage, info: SessionInfo) -> None:
        if storage.get(info.session.id) is info:  # else it has returned, and may have gone again
            storage.delete(info.session.id)
            info.session.shutdown()
            info.session.session_state.clear()

    MemorySessionStorage.save = save_for_a_time  # type: ignore[assignment,method-assign]


def send_without_delay() -> None:
    """Have the server send every message at once; on Linux, where it would not.

    Streamlit binds the socket itself, so that asyncio does not set TCP_NODELAY: a picture's last bytes wait up to
    40 ms until the visitor's machine has confirmed the bytes before (https://github.com/Kludex/uvicorn/issues/3149).
    Connections inherit the option from the socket that listens, so setting it once is enough.
    """
    for descriptor in _DESCRIPTORS.glob("[0-9]*"):
        # It may have been closed since, or be no TCP socket.
        with contextlib.suppress(OSError):
            if stat.S_ISSOCK(os.fstat(int(descriptor.name)).st_mode):
                with socket.socket(fileno=os.dup(int(descriptor.name))) as connection:
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
