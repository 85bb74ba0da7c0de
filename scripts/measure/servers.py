"""Start the app, or Streamlit's own demonstration, on a free port, and find Chromium."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.config import ROOT

_START_SECONDS = 60.0
_END_SECONDS = 30.0
"""How long a server may take to end once it is asked to; whoever waits on without end holds up all that follows."""
APP = ("run", "app.py")
"""What ``make run`` has Streamlit do."""
HELLO = ("hello",)
"""Streamlit's own demonstration."""


@dataclass(frozen=True)
class Server:
    """A running server: its address and its process."""

    address: str
    process: int


@contextmanager
def running_server(
    command: tuple[str, ...] = APP, *, folder: Path = ROOT, port: int | None = None, within: tuple[str, ...] = ()
) -> Iterator[Server]:
    """Run a server of its own, which has had no request for a page yet.

    Args:
        command: of Streamlit.
        folder: it runs there, with the settings that lie there.
        port: of 127.0.0.1; a free one if None.
        within: the beginning of the command, such as another program that becomes the server.
    """
    port = port or free_port()
    options = ["--server.headless=true", f"--server.port={port}", "--server.address=127.0.0.1"]
    options.append("--browser.gatherUsageStats=false")
    started = [*within, sys.executable, "-m", "streamlit", *command, *options]
    # What is measured does not depend on figshare.com, unless the caller says so.
    environment = {"SLICESCOPE_FIGSHARE": "0"} | os.environ
    with subprocess.Popen(started, cwd=folder, env=environment) as server:
        try:
            address = f"http://127.0.0.1:{port}"
            wait_until_healthy(f"{address}/_stcore/health")
            yield Server(address, server.pid)
        finally:
            end(server)


def end(process: "subprocess.Popen[bytes]") -> None:
    """Ask a process to end, and end it where it does not; that is told on the standard error."""
    process.terminate()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        print(f"{process.args} did not end within {_END_SECONDS:g} s and was killed.", file=sys.stderr)
        process.kill()


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_until_healthy(address: str) -> None:
    """Wait until an address answers.

    Raises:
        OSError: it does not in time.
    """
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def find_chromium() -> str:
    """Return the path of the installed Chromium."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        raise RuntimeError("No Chromium is installed; what drives a browser needs one.")
    return path
