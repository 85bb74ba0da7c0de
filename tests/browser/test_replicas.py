"""Two replicas behind the nginx of deploy/: a visitor stays with one, and goes on with the other when it dies."""

import os
import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from core.config import ROOT
from core.readers.samples import find_sample
from scripts.measure.servers import Server, end, free_port, running_server, wait_until_healthy
from tests.browser.conftest import PATIENCE

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("nginx") is None, reason="no nginx is installed"),
]
SAMPLE = find_sample("meningioma-axial-1")


@pytest.fixture
def replicas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[Server]]]:
    """The address of nginx, and the two replicas behind it."""
    monkeypatch.setenv("STREAMLIT_SERVER_COOKIE_SECRET", "the same for both")
    with ExitStack() as running:
        servers = [running.enter_context(running_server()) for _ in range(2)]
        port = free_port()
        text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8").replace("listen 8080", f"listen {port}")
        for number, server in enumerate(servers, 1):
            text = text.replace(f"replica{number}:8501", server.address.removeprefix("http://"))
        (tmp_path / "nginx.conf").write_text(text, encoding="utf-8")
        (tmp_path / "logs").mkdir()
        command = ["nginx", "-p", str(tmp_path), "-c", "nginx.conf", "-g", "daemon off;"]
        with subprocess.Popen(command) as proxy:
            try:
                wait_until_healthy(f"http://127.0.0.1:{port}/_stcore/health")
                yield f"http://127.0.0.1:{port}", servers
            finally:
                end(proxy)


def connected_replica(servers: list[Server]) -> Server:
    """Return the replica that has a visitor."""
    (connected,) = [server for server in servers if _sessions(server)]
    return connected


def _sessions(server: Server) -> int:
    with urllib.request.urlopen(f"{server.address}/_stcore/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return sum(int(float(line.split()[-1])) for line in lines if line.startswith("active_sessions"))


def test_a_visitor_goes_on_when_a_replica_is_killed(replicas: tuple[str, list[Server]], chromium: Browser) -> None:
    address, servers = replicas
    visitor = chromium.new_context()
    visitor.set_default_timeout(PATIENCE)
    page = visitor.new_page()
    page.goto(address)
    page.locator("input[type=file]").first.set_input_files(SAMPLE.path)
    expect(page.get_by_text("Predicted area")).to_be_visible()
    first = connected_replica(servers)
    other = visitor.new_page()
    other.goto(address)
    expect(other.get_by_role("heading", level=1)).to_be_visible()
    assert connected_replica(servers) == first, "a visitor stays with one replica"
    other.close()

    os.kill(first.process, signal.SIGKILL)
    survivor = next(server for server in servers if server != first)
    page.wait_for_function("document.querySelector('[data-testid=stApp]').dataset.testConnectionState !== 'CONNECTED'")
    expect(page.locator("[data-testid=stApp][data-test-connection-state=CONNECTED]")).to_be_visible()
    assert _sessions(survivor) == 1
    page.keyboard.press("r")  # runs the page, as the visitor's next act does
    gone = page.get_by_test_id("stAlert").filter(has_text="upload")
    expect(gone.first).to_be_visible()
    expect(page.get_by_text("This app has encountered an error")).to_have_count(0)
    page.locator("input[type=file]").first.set_input_files(SAMPLE.path)
    expect(page.get_by_text("Predicted area")).to_be_visible()
    visitor.close()


def test_the_replicas_headers_come_through(replicas: tuple[str, list[Server]]) -> None:
    address, _ = replicas
    with urllib.request.urlopen(address, timeout=30) as answer:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "slicescope_replica=" in answer.headers["Set-Cookie"] and "HttpOnly" in answer.headers["Set-Cookie"]
        assert "nginx/" not in answer.headers["Server"]
