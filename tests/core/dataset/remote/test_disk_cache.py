"""The cache on disk keeps what it can; on a full or read-only disk it keeps nothing and says nothing."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from core.dataset.remote.disk_cache import ArrayCache


def fill_up(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path, limit_bytes=10**6)
    cache.save("a", pixels=np.arange(4))
    loaded = cache.load("a")
    assert loaded is not None and loaded["pixels"].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("call", ["numpy.savez_compressed", "os.replace", "os.fsync", "os.open"])
def test_a_full_disk_is_no_error_and_leaves_nothing_behind(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = ArrayCache(tmp_path, limit_bytes=10**6)
    with monkeypatch.context() as patch:
        patch.setattr(call, fill_up)
        cache.save("a", pixels=np.arange(4))
    assert cache.load("a") is None
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = ArrayCache(tmp_path / "file" / "cache", limit_bytes=10**6)
    cache.save("a", pixels=np.arange(4))
    cache.remove("a")
    assert cache.load("a") is None
