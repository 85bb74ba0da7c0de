"""A server whose disks are full or read-only answers on: uploads and samples are analysed and explained."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.config import ROOT
from scripts.measure.servers import Server, running_server
from scripts.measure.slices import expected_texts, new_slices
from scripts.measure.visitor import Visitor

_FOLDERS = "/tmp /var/tmp"
_PROJECT = f'mount --bind "{ROOT}" "{ROOT}" && mount -o remount,bind,ro "{ROOT}"'
FULL = (
    f"for f in {_FOLDERS}; do mount -t tmpfs -o size=16k none $f; head -c 1M /dev/zero > $f/filled; done 2> /dev/null"
)
READ_ONLY = f"for f in {_FOLDERS}; do mount -t tmpfs -o ro none $f; done"
DISKS = {"full": f"{FULL}; {_PROJECT}", "read-only": f"{READ_ONLY}; {_PROJECT}"}
"""What mounts such disks where the app might write; Linux alone lets a process have mounts of its own."""


def in_own_mounts(mounts: str) -> tuple[str, ...]:
    """The beginning of a command that runs with these mounts, which no other process sees."""
    return "unshare", "--mount", "sh", "-c", f'{mounts}; exec "$@"', "sh"


def can_mount() -> bool:
    try:
        return sys.platform == "linux" and not subprocess.run((*in_own_mounts(DISKS["full"]), "true")).returncode
    except OSError:
        return False


needs_mounts = pytest.mark.skipif(not can_mount(), reason="only root may mount")


@pytest.fixture(params=DISKS)
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("SLICESCOPE_DATA", "/tmp/data")
    monkeypatch.setenv("HOME", "/tmp")
    monkeypatch.setenv("TMPDIR", "/tmp")
    with running_server(within=in_own_mounts(DISKS[request.param])) as running:
        yield running


@needs_mounts
@pytest.mark.parametrize("folder", ["/tmp", str(ROOT)])
@pytest.mark.parametrize("disk", DISKS)
def test_these_disks_take_nothing(disk: str, folder: str) -> None:
    write = ("sh", "-c", f"echo taken > {folder}/taken && sync {folder}/taken && grep taken {folder}/taken")
    assert subprocess.run(in_own_mounts(DISKS[disk]) + write, capture_output=True).returncode
    assert not (Path(folder) / "taken").exists()


@needs_mounts
def test_uploads_are_analysed_and_samples_explained(server: Server) -> None:
    slice_ = new_slices(1, confident=True)[0]
    visitor = Visitor(server.address)
    visitor.open()
    visitor.upload(slice_.name, slice_.data)
    assert expected_texts(slice_) <= set(visitor.texts)
    # It computes in a process of its own, and draws a sentence where that fails, which the visitor raises.
    visitor.open("explain", sample="glioma-axial-1")
    assert any("Glioma" in text or "confidence" in text for text in visitor.texts)
    visitor.close()
