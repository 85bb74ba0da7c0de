"""Find a slice in the store or at figshare, and describe the local copy."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from core.dataset.download import FigshareDownloader
from core.dataset.lookup import CacheState, StoreState, cache_state, find_slice, store_state
from core.errors import DatasetError
from tests.core import tiny
from tests.figshare_server import FigshareServer, index_of, zip_files


@pytest.fixture
def server():
    with FigshareServer(zip_files([[1, 500]])) as server:
        yield server


@pytest.fixture
def remote(server, tmp_path):
    return FigshareDownloader(tmp_path, sources=server.sources, index=index_of([1, 500]))


def test_the_store_comes_first(tiny_store, remote, server):
    slice_ = find_slice(1, store=tiny_store, remote=remote)
    np.testing.assert_array_equal(slice_.pixels, tiny_store.pixels(1))
    np.testing.assert_array_equal(slice_.mask, tiny_store.mask(1))
    assert slice_.class_name == "meningioma"
    assert not server.requests


def test_a_slice_that_the_store_lacks_is_downloaded(tiny_store, remote, server):
    progress = []
    assert find_slice(500, store=tiny_store, remote=remote, progress=progress.append).number == 500
    assert progress and server.requests


def test_without_a_store_a_slice_is_downloaded(remote):
    assert find_slice(1, store=None, remote=remote).number == 1


@pytest.mark.parametrize("with_store", [False, True])
def test_without_store_and_download_the_message_states_the_number_and_how_to_get_the_data(tiny_store, with_store):
    with pytest.raises(DatasetError, match=r"500.*README"):
        find_slice(500, store=tiny_store if with_store else None, remote=None)


@pytest.mark.parametrize("number", [-1, 0, 3065])
def test_a_number_outside_the_data_set_is_refused(remote, server, number):
    with pytest.raises(DatasetError, match=f"no slice {number} .* 1 to 3064"):
        find_slice(number, store=None, remote=remote)
    assert not server.requests


# The local copy


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
