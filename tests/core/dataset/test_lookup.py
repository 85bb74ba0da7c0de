"""The local copy is described: the store, and what was fetched."""

from pathlib import Path

import h5py
import numpy as np

from core.dataset.lookup import CacheState, StoreState, cache_state, store_state
from core.dataset.remote.download import FigshareDownloader
from tests.core import tiny
from tests.figshare_server import FigshareServer, index_of, zip_files


def test_no_store(tmp_path: Path) -> None:
    assert store_state(tmp_path / "figshare.h5") == StoreState(exists=False)


def test_a_whole_store_and_part_of_one(tmp_path: Path) -> None:
    path = tiny.data_set(9).write(tmp_path / "figshare.h5")
    state = store_state(path)
    assert (state.exists, state.slices, state.whole, state.problem) == (True, 9, True, None)
    assert state.megabytes == path.stat().st_size / 1e6
    with h5py.File(path, "r+") as file:
        file.attrs["whole"] = False
    assert not store_state(path).whole


def test_a_file_that_is_no_store_is_described_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "figshare.h5"
    path.write_bytes(b"nothing")
    state = store_state(path)
    assert state.exists and not state.slices
    assert str(path) in str(state.problem)


def test_fetched_slices_are_counted_and_directories_are_not(tmp_path: Path) -> None:
    assert cache_state(tmp_path / "none") == CacheState(0, 0.0)
    with FigshareServer(zip_files([[1, 2, 3]])) as server:
        remote = FigshareDownloader(tmp_path, sources=server.sources, index=index_of([1, 2, 3]))
        for number in (1, 3):
            remote.slice(number)
    np.savez(tmp_path / "slice-2.0af3.npz", pixels=np.zeros(2))  # being written just now
    state = cache_state(tmp_path)
    assert state.slices == 2
    assert state.megabytes == sum(path.stat().st_size for path in tmp_path.iterdir()) / 1e6
