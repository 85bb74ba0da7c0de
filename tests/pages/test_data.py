"""The Data page without a browser, with a store, with figshare's button, and with nothing."""

import json
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.config import CLASSES, ROOT
from core.dataset import citation
from core.dataset.remote.download import FigshareDownloader, default_cache
from core.dataset.splits import SPLIT_NAMES, index_table, mask_digest
from core.dataset.statistics import split_leakage, typical_slices
from core.dataset.store import STORE_NAME
from core.ood import framing_shortcut
from panels.shared.slices.data_set import find
from panels.shared.theme import percent
from tests.core import tiny
from tests.figshare_server import FigshareServer, label_of, status, zip_files
from tests.pages import situations
from tests.pages.test_analyse import texts
from tests.published import a_slice

COUNT = 22


def made_up_table() -> pd.DataFrame:
    """The index of the made-up slices, with the classes and the masks their files have."""
    table = tiny.data_set(COUNT).table
    return table.assign(
        **{
            "class": [CLASSES[label_of(number) - 1] for number in table["slice"]],
            "mask_digest": [
                mask_digest(a_slice(number, side=size)[1])
                for number, size in zip(table["slice"], table["size"], strict=True)
            ],
        }
    )


@pytest.fixture(autouse=True)
def nothing(tmp_path: Path, fresh_caches: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """No data set, and figshare left alone."""
    monkeypatch.setenv("SLICESCOPE_DATA", str(tmp_path))
    monkeypatch.setenv("SLICESCOPE_FIGSHARE", "0")


@pytest.fixture
def small(tmp_path: Path, configure: Callable[..., None]) -> pd.DataFrame:
    """The page with the made-up data set's index."""
    table = made_up_table()
    table.to_csv(tmp_path / "splits.csv", index=False)
    configure(splits=tmp_path / "splits.csv")
    return table


@pytest.fixture
def server(small: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> Iterator[FigshareServer]:
    """Figshare on this machine, with the made-up slices."""
    with FigshareServer(zip_files([range(1, 12), range(12, COUNT + 1)])) as server:
        monkeypatch.setattr(
            find,
            "figshare_downloader",
            lambda: FigshareDownloader(default_cache(), sources=server.sources, index=small),
        )
        yield server


opened = partial(situations.opened, "data")


def said(app: AppTest) -> str:
    return (texts(app) + " ".join(caption.value for caption in app.caption)).replace("\\", "")


def pictures(app: AppTest) -> list[str]:
    return [image.proto.imgs[0].caption for image in app.get("image")]


def metrics_of(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def bars(app: AppTest, place: int) -> list[dict[str, Any]]:
    return json.loads(app.get("plotly_chart")[place].proto.spec)["data"]


# With nothing


def test_with_nothing_the_page_says_how_to_get_the_data_set(tmp_path: Path) -> None:
    app = opened()
    assert not app.exception and not app.error
    assert len(app.info) == 1 and not app.success and not app.warning
    assert f"{STORE_NAME} is expected in the folder that SLICESCOPE_DATA names" in said(app)
    assert str(tmp_path) not in said(app), "nobody learns where the server keeps what"
    assert ".venv/bin/python -m core prepare FOLDER" in app.code[0].value
    assert "Fetching is off" in said(app)
    assert len(pictures(app)) == 12, "three slices, each before and after, with its mask"
    assert not app.toggle(key="data_figshare").value
    assert said(app).count(", simulated sample") == 3


def test_the_default_folder_is_named_without_where_the_server_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLICESCOPE_DATA")
    text = said(opened())
    assert f" data/{STORE_NAME}." in text and str(ROOT) not in text


def test_the_commands_are_the_readmes() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in opened().code[0].value.splitlines():
        assert f"`{command}`" in readme


def test_licence_and_papers_are_named() -> None:
    text = said(opened())
    assert citation.LICENCE in text and f"https://doi.org/{citation.DOI}" in text
    assert all(paper.title in text and paper.doi in text for paper in citation.PAPERS)
    assert "3,064 slices** of **233 patients" in text


def test_every_split_shows_its_leakage() -> None:
    app = opened()
    for name in SPLIT_NAMES:
        app.segmented_control(key="split").set_value(name).run()
        assert not app.exception and not app.error
        found = split_leakage(index_table(), name)
        shown = metrics_of(app)
        share = percent(found.slices_in_training / found.slices)
        patients, slices = shown.values()
        assert patients == f"{found.patients_in_training} of {found.patients}"
        assert slices == f"{found.slices_in_training} of {found.slices} ({share})"
        assert sum(len(bar["x"]) for bar in bars(app, 2)) == 3 * 233


def test_the_address_carries_the_split() -> None:
    app = opened(split="Fold 3")
    assert app.segmented_control(key="split").value == "fold-3"
    assert metrics_of(app)["Test patients who also have slices in training"].startswith("0 of ")
    assert opened(split="Fold 9").segmented_control(key="split").value == SPLIT_NAMES[0]


def test_the_framing_shortcut_stands_with_figures_from_its_file() -> None:
    app = opened()
    frames = framing_shortcut.shortcut_table()
    right = (frames["true"] == frames["predicted"]).mean()
    assert f"accuracy of **{round(3064 * right)} of 3064 ({percent(right)})**" in said(app)
    assert f"class reaches {percent(framing_shortcut.majority_accuracy(frames))}." in said(app)
    recall = {name: (frames["predicted"] == name)[frames["true"] == name].mean() for name in CLASSES}
    words = " and ".join(f"{percent(recall[name])} for {name}" for name in ("meningioma", "glioma"))
    assert re.search(rf"{percent(recall['pituitary'])} for pituitary .*{words}\.", said(app)), "low ones too"
    counts = next(
        one.value for one in app.dataframe if list(one.value.columns) == ["Meningioma", "Glioma", "Pituitary"]
    )
    assert counts.to_numpy().sum() == 3064
    assert np.trace(counts.to_numpy()) == round(right * 3064)


def test_patient_ids_that_differ_by_a_final_letter_are_counted() -> None:
    assert "15 groups, 652 slices" in said(opened())


# With a store


def test_with_a_store_slices_stand_with_their_masks_before_and_after(tmp_path: Path, small: pd.DataFrame) -> None:
    tiny.data_set(COUNT).write(tmp_path / STORE_NAME)
    app = opened()
    assert not app.exception and not app.error
    assert pictures(app) == ["Slice, 64 × 64", "Mask, 64 × 64", "Slice, 128 × 128", "Mask, 128 × 128"] * 3
    numbers = typical_slices(small, CLASSES)
    assert all(f"slice {number}" in said(app) for number in numbers.values())
    assert f"{COUNT} slices" in app.success[0].value
    assert not app.code and not app.toggle


def test_part_of_the_data_set_is_an_incomplete_local_copy(tmp_path: Path, small: pd.DataFrame) -> None:
    path = tiny.data_set(COUNT).write(tmp_path / STORE_NAME)
    with h5py.File(path, "r+") as file:
        file.attrs["whole"] = False
    app = opened()
    assert not app.exception and not app.error
    assert f"{COUNT} of 3,064 slices" in app.warning[0].value
    assert app.code


def test_a_broken_store_is_told_and_the_page_still_stands(tmp_path: Path) -> None:
    (tmp_path / STORE_NAME).write_bytes(b"nothing")
    app = opened()
    assert not app.exception
    assert len(app.error) == 1 and STORE_NAME in app.error[0].value
    assert len(pictures(app)) == 12
    assert app.code


# With figshare


def switched_on(app: AppTest, until: Callable[[AppTest], bool]) -> AppTest:
    """Turn the switch on, and run the page again, as its browser does, until something is reached."""
    app.toggle(key="data_figshare").set_value(True).run()
    end = time.monotonic() + 30
    while not until(app):
        assert time.monotonic() < end
        time.sleep(0.1)
        app.run()
    return app


def test_figshare_is_asked_when_the_switch_is_on_and_not_before(server: FigshareServer) -> None:
    app = opened()
    assert not app.exception and not app.error
    assert not server.requests
    expected = ["Slice, 64 × 64", "Mask, 64 × 64", "Slice, 128 × 128", "Mask, 128 × 128"] * 3
    app = switched_on(app, lambda page: pictures(page) == expected)
    assert not app.exception and not app.error
    assert "so far: 3 slices" in said(app)
    assert "Fetching is on" in said(app)
    asked = len(server.requests)
    assert asked
    app.run()
    assert len(server.requests) == asked, "what is kept is not fetched again"


def test_a_figshare_that_refuses_leaves_samples_and_no_error(server: FigshareServer) -> None:
    server.play(status(404, b"gone"))
    app = switched_on(opened(), lambda page: "out of reach" in said(page))
    assert not app.exception and not app.error
    assert said(app).count(", simulated sample") == 3
