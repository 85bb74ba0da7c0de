import numpy as np
import pytest

from core.dataset.download import FigshareDownloader
from core.dataset.lookup import find_slice
from core.errors import DatasetError
from tests.figshare_server import FigshareServer, index_of, zip_files


@pytest.fixture
def server():
    with FigshareServer(zip_files([[1, 500]])) as server:
        yield server


@pytest.fixture
def remote(server, tmp_path):
    return FigshareDownloader(tmp_path, sources=server.sources, index=index_of([1, 500]))


def test_the_store_comes_first(tiny_store, remote, server):
    found = find_slice(1, store=tiny_store, remote=remote)
    np.testing.assert_array_equal(found.pixels, tiny_store.pixels(1))
    np.testing.assert_array_equal(found.mask, tiny_store.mask(1))
    assert found.class_name == "meningioma"
    assert not server.requests


def test_figshare_is_asked_for_what_the_store_does_not_hold(tiny_store, remote, server):
    told = []
    assert find_slice(500, store=tiny_store, remote=remote, progress=told.append).number == 500
    assert told and server.requests


def test_without_a_store_figshare_is_asked(remote):
    assert find_slice(1, store=None, remote=remote).number == 1


@pytest.mark.parametrize("with_store", [False, True])
def test_where_there_is_neither_the_sentence_says_the_number_and_the_way_to_the_data(tiny_store, with_store):
    with pytest.raises(DatasetError, match=r"^Slice 500 .*README, “The data”\)\.$"):
        find_slice(500, store=tiny_store if with_store else None, remote=None)


@pytest.mark.parametrize("number", [-1, 0, 3065])
def test_a_number_the_data_set_has_not_is_refused(remote, server, number):
    with pytest.raises(DatasetError, match=f"no slice {number} .* 1 to 3064"):
        find_slice(number, store=None, remote=remote)
    assert not server.requests
