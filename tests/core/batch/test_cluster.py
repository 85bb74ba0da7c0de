"""A batch over two Ray nodes on this machine, one of which is killed: nothing is missing, nothing stands twice."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from core.batch.answering import BatchOptions
from core.batch.cluster import RESULTS, run_on_cluster
from core.batch.run import run_batch
from core.batch.table import RESULTS as MERGED
from core.batch.table import SERIES_ROW
from core.cli.main import main
from core.config import SAMPLES
from core.errors import BatchError
from tests.core.cli.support import write_picture
from tests.volumes import a_head, dicom_series

ray = pytest.importorskip("ray", reason="requirements-scale.txt is not installed")
pytest.importorskip("fsspec")
OPTIONS = BatchOptions("unified-unet", "unified-unet")
PICTURES = 130
VALUES, _ = a_head()


@pytest.fixture(scope="module")
def nodes() -> Iterator["ray.cluster_utils.Cluster"]:
    """A cluster whose head answers nothing, and two nodes of one core each."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    yield cluster
    ray.shutdown()
    cluster.shutdown()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(PICTURES):
        write_picture(folder / f"{number:03}.png", number)
    (folder / "broken.png").write_bytes(b"no picture")
    return folder


def rows(out: Path) -> pd.DataFrame:
    return pd.read_parquet(out / RESULTS)


def merged(out: Path) -> pd.DataFrame:
    return pd.read_parquet(out / MERGED)


def test_a_node_is_killed_and_nothing_is_missing_and_nothing_twice(nodes, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    doomed, _ = nodes.add_node(num_cpus=1), nodes.add_node(num_cpus=1)

    def kill_one() -> None:
        until = time.monotonic() + 120
        while not list(out.glob(f"{RESULTS}/*.parquet")) and time.monotonic() < until:
            time.sleep(0.05)
        nodes.remove_node(doomed, allow_graceful=False)

    killer = threading.Thread(target=kill_one)
    killer.start()
    seen: list[int] = []

    def begin(files: int):
        assert files == PICTURES + 1
        return lambda outcome: seen.append(outcome.files)

    summary = run_on_cluster((str(pictures),), str(out), OPTIONS, cluster=nodes.address, actors=2, begin=begin)
    killer.join()
    assert sum(seen) == PICTURES + 1 and summary.failed == 1
    table = rows(out)
    assert table["source"].is_unique and len(table) == PICTURES + 1
    assert table.loc[table["of"] == "error", "source"].str.endswith("broken.png").all()

    again = run_on_cluster((str(pictures),), str(out), OPTIONS, cluster=nodes.address, actors=1)
    assert again.slices == 0, "what is there is not answered again"
    write_picture(pictures / "000.png", 999)
    os.utime(pictures / "000.png", (1, 1))
    changed = run_on_cluster((str(pictures),), str(out), OPTIONS, cluster=nodes.address, actors=1)
    assert 0 < changed.slices < PICTURES
    assert rows(out)["source"].is_unique


def test_answers_are_those_of_one_machine(nodes, tmp_path: Path) -> None:
    series = tmp_path / "in" / "series"
    series.mkdir(parents=True)
    for number, data in enumerate(dicom_series(VALUES[12:18])):
        (series / f"{number}.dcm").write_bytes(data)
    (tmp_path / "in" / "sample.png").write_bytes((SAMPLES / "glioma-axial-1.png").read_bytes())
    nodes.add_node(num_cpus=1)
    out, alone = tmp_path / "out", tmp_path / "alone"
    options = BatchOptions("report-cnn", "report-unet", masks=True)
    run_on_cluster((str(tmp_path / "in"),), str(out), options, cluster=nodes.address)
    run_batch((str(tmp_path / "in"),), alone, options)
    one, other = rows(out), merged(alone)
    assert sorted(one["of"]) == sorted(other["of"])
    for column in ("outcome", "likeliest_class", "area_px", "voxels", "sha256"):
        assert sorted(one[column].dropna()) == sorted(other[column].dropna()), column
    for name in one["mask_file"].dropna():
        assert (out / name).is_file()


def test_pictures_of_a_folder_are_answered_together_as_on_one_machine(nodes, tmp_path: Path) -> None:
    source = str(tmp_path / "in")
    (tmp_path / "in" / "patient").mkdir(parents=True)
    for number in range(34):  # of two portions
        write_picture(tmp_path / "in" / "patient" / f"{number:02}.png", number)
    nodes.add_node(num_cpus=1)
    out, alone = tmp_path / "out", tmp_path / "alone"
    options = BatchOptions("report-cnn", "report-unet")
    run_on_cluster((source,), str(out), options, cluster=nodes.address, as_series=True)
    run_batch((source,), alone, options, as_series=True)
    one, other = (table[table["of"] == SERIES_ROW].reset_index() for table in (rows(out), merged(alone)))
    assert one["source"].str.endswith("in/patient").all() and list(one["slices"]) == [34]
    same = ["name", "outcome", "likeliest_class", "p_glioma", "remarks"]
    pd.testing.assert_frame_equal(one[same], other[same])


def test_an_address_of_another_kind_of_file_system_is_read_and_written(tmp_path: Path) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.pipe_file("/in/sample.png", (SAMPLES / "glioma-axial-1.png").read_bytes())
    from core.batch import cluster

    (portion,) = cluster._portions(("memory://in",))
    answerer = cluster._PortionAnswerer(OPTIONS, "memory://out")
    told = answerer({"name": portion.name, "addresses": list(portion.addresses), "digest": portion.digest})
    assert told == {"files": 1, "slices": 1, "failed": 0}
    with memory.open(f"/out/{RESULTS}/{portion.name}") as file:
        assert len(pd.read_parquet(file)) == 1


@pytest.mark.parametrize(
    ("sources", "options", "told"),
    [
        (("nowhere/*.png",), OPTIONS, "holds no file"),
        (("nosuch://bucket/in",), OPTIONS, "cannot be listed"),
    ],
)
def test_what_cannot_be_listed_is_refused_in_a_sentence(
    sources: tuple[str, ...], options: BatchOptions, told: str, tmp_path: Path
) -> None:
    with pytest.raises(BatchError, match=told):
        run_on_cluster(sources, str(tmp_path / "out"), options)


def test_a_folder_of_another_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "manifest.json").write_text("{}")
    with pytest.raises(BatchError, match="give another --out"):
        run_on_cluster((str(SAMPLES / "*.png"),), str(tmp_path / "out"), OPTIONS)
    assert main(["batch", str(SAMPLES), "--out", str(tmp_path / "other"), "--ray", "local", "--pdf"]) == 2
