"""A fresh server and a headless Chromium for the journeys."""

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from core.config import ROOT

START = 60.0
"""Seconds a server may take to answer."""
PATIENCE = 90_000
"""Milliseconds a page may take; the first prediction of a server waits for TensorFlow."""
expect.set_options(timeout=PATIENCE)


@contextmanager
def running_app() -> Iterator[str]:
    """Run a server of its own; yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "app.py",
        "--server.headless=true",
        "--server.fileWatcherType=none",
    ]
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen([*command, f"--server.port={port}", "--server.address=127.0.0.1"], cwd=ROOT) as server:
        try:
            _wait_until_healthy(f"{address}/_stcore/health")
            yield address
        finally:
            server.terminate()


def _wait_until_healthy(address: str) -> None:
    end = time.monotonic() + START
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


@pytest.fixture(scope="session")
def app_address() -> Iterator[str]:
    """The address of a server that all journeys share."""
    with running_app() as address:
        yield address


@pytest.fixture
def fresh_address() -> Iterator[str]:
    """The address of a server without any request so far."""
    with running_app() as address:
        yield address


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The installed Chromium."""
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=arguments)
        yield browser
        browser.close()


def find_chromium() -> str:
    """Return the path of the installed Chromium."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        raise RuntimeError("No Chromium is installed; the browser tests need one.")
    return path


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Open an address in a window of its own: visit(address, width=1440, height=900)."""
    pages: list[Page] = []

    def open_page(address: str, *, width: int = 1440, height: int = 900) -> Page:
        page = chromium.new_page(viewport={"width": width, "height": height}, accept_downloads=True)
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
