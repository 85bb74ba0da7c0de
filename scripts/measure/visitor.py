"""A visitor without a browser: speaks Streamlit's websocket protocol, so that only the server's work is measured."""

import json
import struct
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import requests
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

_PATIENCE = 120.0
"""Seconds a message may take."""
_XSRF = "_streamlit_xsrf"
_UPLOADER = "analyse_files"


class Visitor:
    """A session of the app."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._drawn: dict[tuple[int, ...], Any] = {}
        self._known: dict[str, ForwardMsg] = {}
        self._session = self._page = self._uploader = ""
        self._http = requests.Session()
        self._http.get(f"{address}/_stcore/health", timeout=_PATIENCE).raise_for_status()
        self._socket = connect(
            f"{address.replace('http', 'ws', 1)}/_stcore/stream",
            origin=address,  # type: ignore[arg-type]
            subprotocols=["streamlit"],  # type: ignore[list-item]
            max_size=None,
            open_timeout=_PATIENCE,
        )

    @property
    def texts(self) -> list[str]:
        """Every text and heading on the page."""
        kinds = ("markdown", "heading")
        return [getattr(e, kind).body for e in self._drawn.values() if (kind := e.WhichOneof("type")) in kinds]

    @property
    def captions(self) -> list[str]:
        """What stands below the picture of every viewer on the page."""
        drawn = (element.bidi_component.bytes for element in self._drawn.values())
        return [_viewer_header(data)["caption"] for data in drawn if data]

    def close(self) -> None:
        """End the session."""
        self._socket.close()
        self._http.close()

    def open(self, page: str = "", **query: str) -> None:
        """Open a page by its address; return once it is drawn and its images have been fetched.

        Raises:
            RuntimeError: the app reports an error.
        """
        message = BackMsg()
        message.rerun_script.page_name = page
        message.rerun_script.query_string = urlencode(query)
        self._run(message)

    def upload(self, name: str, data: bytes) -> None:
        """Upload a file on Analyse, in place of those before; return once its answer is drawn and fetched."""
        ask = BackMsg()
        ask.file_urls_request.request_id = name
        ask.file_urls_request.file_names.append(name)
        ask.file_urls_request.session_id = self._session
        self._send(ask)
        urls = next(m for m in self._messages() if m.WhichOneof("type") == "file_urls_response")
        place = urls.file_urls_response.file_urls[0]
        self._http.put(
            self._address + place.upload_url,
            files={"file": (name, data, "application/octet-stream")},
            headers={"X-Xsrftoken": self._http.cookies.get(_XSRF, "")},
            timeout=_PATIENCE,
        ).raise_for_status()
        message = BackMsg()
        message.rerun_script.page_script_hash = self._page
        state = message.rerun_script.widget_states.widgets.add(id=self._uploader)
        file = state.file_uploader_state_value.uploaded_file_info.add(name=name, size=len(data), file_id=place.file_id)
        file.file_urls.CopyFrom(place)
        self._run(message)

    def _run(self, message: BackMsg) -> None:
        """Have the script run; read what it draws until it has finished, then fetch the images."""
        self._send(message)
        for received in self._messages():
            kind = received.WhichOneof("type")
            if kind == "new_session":
                self._session = received.new_session.initialize.session_id
                self._page = received.new_session.page_script_hash
                self._drawn = {}
            elif kind == "delta":
                self._draw(tuple(received.metadata.delta_path), received.delta)
            elif kind == "script_finished" and received.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                break
        for element in self._drawn.values():
            for image in element.imgs.imgs:
                if image.url.startswith("/media"):
                    self._http.get(self._address + image.url, timeout=_PATIENCE).raise_for_status()

    def _draw(self, path: tuple[int, ...], delta: Any) -> None:
        """Put an element or a block in its place, instead of what stood there."""
        for former in [former for former in self._drawn if former[: len(path)] == path]:
            del self._drawn[former]
        element = delta.new_element
        kind = element.WhichOneof("type")
        if kind is None:
            return
        if kind == "exception":
            raise RuntimeError(element.exception.message)
        if kind == "alert" and element.alert.format == element.alert.ERROR:
            raise RuntimeError(element.alert.body)
        if kind == "file_uploader" and element.file_uploader.id.endswith(_UPLOADER):
            self._uploader = element.file_uploader.id
        self._drawn[path] = element

    def _send(self, message: BackMsg) -> None:
        if message.WhichOneof("type") == "rerun_script":
            message.rerun_script.cached_message_hashes.extend(self._known)
        self._socket.send(message.SerializeToString())

    def _messages(self) -> Iterator[ForwardMsg]:
        """Receive messages; one that the server knows to be here already is taken from those kept."""
        while True:
            data = self._socket.recv(timeout=_PATIENCE)
            message = ForwardMsg()
            message.ParseFromString(data if isinstance(data, bytes) else data.encode())
            if message.WhichOneof("type") == "ref_hash":
                message = self._known[message.ref_hash]
            elif message.metadata.cacheable:
                self._known[message.hash] = message
            yield message


def _viewer_header(data: bytes) -> dict[str, Any]:
    """Return the header of what ``panels.shared.viewer.viewer.packed_picture`` makes."""
    (length,) = struct.unpack_from("<I", data)
    header: dict[str, Any] = json.loads(data[4 : 4 + length])
    return header
