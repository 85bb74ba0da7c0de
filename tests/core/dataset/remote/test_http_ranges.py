"""Range requests: where they may lead, and what they tell a server."""

from pathlib import Path
from typing import Any

import pytest
import requests

from core.dataset.remote.connections import GuardedAdapter
from core.dataset.remote.http_ranges import AddressError, RangeClient
from tests.figshare_server import FigshareServer, zip_files


@pytest.mark.parametrize("target", ["http://elsewhere.example/file", "file:///etc/passwd", "ftp://elsewhere.example/"])
def test_an_encrypted_address_leads_to_encrypted_ones_only(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def redirect(session: requests.Session, url: str, **options: Any) -> requests.Response:
        asked.append(url)
        response = requests.Response()
        response.status_code, response.headers["location"], response.url = 302, target, url
        response.raw = type("Empty", (), {"read1": lambda *_, **__: b"", "close": lambda _: None})()
        return response

    monkeypatch.setattr(requests.Session, "get", redirect)
    with (
        RangeClient({}, limit_bytes=1000, timeout=5.0) as client,
        pytest.raises(AddressError, match="not encrypted"),
    ):
        client.read_end("https://figshare.example/file", 10)
    assert asked == ["https://figshare.example/file"]


def test_an_address_that_is_not_public_gets_no_request() -> None:
    with FigshareServer(zip_files([[1]])) as server:
        session, adapter = requests.Session(), GuardedAdapter(seconds=5.0, public_only=True)
        session.mount("http://", adapter)
        with pytest.raises(requests.ConnectionError, match="no public address"):
            session.get(server.url, timeout=5.0)
        adapter.close()
        assert server.requests == []


def test_no_password_of_a_netrc_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    sent: list[str | None] = []
    send = requests.Session.send

    def watched(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        sent.append(request.headers.get("Authorization"))
        return send(session, request, **options)

    monkeypatch.setattr(requests.Session, "send", watched)
    with FigshareServer(zip_files([[1]])) as server:
        requests.get(server.url, timeout=5.0, allow_redirects=False)
        assert sent.pop(), "negative control: requests alone sends it"
        with RangeClient({}, limit_bytes=10_000, timeout=5.0) as client:
            client.read_end(server.sources[0][0], 10)
    assert sent and set(sent) == {None}
