"""Broken bundles and searches: one sentence says what is wrong, the others stay, and none answers in their place."""

import io
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.bundles.bundle import (
    CARD,
    CROSS_VALIDATION,
    CROSS_VALIDATION_HISTORY,
    DRAWINGS,
    EXPLANATIONS,
    EXTERNAL,
    GATE,
    HEAT_MAPS,
    HISTORY,
    LAYERS,
    LITE,
    MASK_THRESHOLDS,
    MASKS,
    OOD_ANSWERS,
    PREDICTIONS,
    WEIGHTS,
    Bundle,
    file_facts,
    load_network,
    open_bundle,
)
from core.bundles.drawings import stored_drawings
from core.bundles.layers import read_layers
from core.bundles.listing import list_bundles
from core.bundles.mask_thresholds import read_thresholds
from core.bundles.predictions import read_predictions
from core.bundles.stored_maps import stored_heat_map, stored_tumour_probability
from core.config import searches_folder
from core.dataset.store import STORE_NAME
from core.errors import BundleError, SliceScopeError
from core.evaluation.cross_validation import stored_folds
from core.evaluation.explanations.heat_maps import read_explanations
from core.inference.gate import load_gate
from core.ood.evaluate import gate_answers
from core.search.names import TRIALS
from core.search.plan import PLAN
from core.search.results import FULL_SIZE, IMPORTANCE, read_search
from core.training.history import bundle_history
from panels.shared.model_choice import REPORT_NETWORKS, UNIFIED_NETWORK
from tests.core import tiny
from tests.pages.situations import bars, opened
from tests.settings import SHIPPED_MODELS

SHIPPED_SEARCHES = searches_folder()

CNN, UNET, UNIFIED = NAMES = ("report-cnn", "report-unet", "unified-unet")
FOLDED = "report-cnn-patients"
"""A bundle that keeps its folds."""
REPORT = {"networks": REPORT_NETWORKS}
GARBAGE = b"\x00\xff not what it was \n\n,,,\n"


@pytest.fixture(autouse=True)
def models(tmp_path: Path, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of models with three of the shipped bundles, whose files may be replaced."""
    folder = tmp_path / "models"
    for name in NAMES:
        (folder / name).mkdir(parents=True)
        for path in (SHIPPED_MODELS / name).iterdir():
            (folder / name / path.name).symlink_to(path)
    configure(models=folder)
    monkeypatch.setenv("SLICESCOPE_DATA", str(tmp_path))
    st.cache_data.clear()
    st.cache_resource.clear()
    yield folder
    st.cache_data.clear()
    st.cache_resource.clear()


def replace(path: Path, content: bytes) -> None:
    """Put a file in place of a link to a shipped one."""
    path.unlink(missing_ok=True)
    path.write_bytes(content)


def change_card(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    change(card)
    replace(folder / CARD, json.dumps(card).encode())


def put(folder: Path, file: str, content: bytes) -> None:
    """Put a file into a bundle, and its size and hash into the card."""
    replace(folder / file, content)
    change_card(folder, lambda card: card["files"].update({file: file_facts(folder / file).as_dict()}))


def table(name: str, file: str, **options: Any) -> pd.DataFrame:
    return pd.read_csv(SHIPPED_MODELS / name / file, **options)


def csv(rows: pd.DataFrame) -> bytes:
    return rows.to_csv(index=False).encode()


def arrays(name: str, file: str, **changed: Any) -> bytes:
    """Return an NPZ file with some arrays changed; None removes one."""
    with np.load(SHIPPED_MODELS / name / file) as stored:
        content = {**stored, **changed}
    buffer = io.BytesIO()
    np.savez(buffer, **{key: value for key, value in content.items() if value is not None})
    return buffer.getvalue()


def drawings(**changed: np.ndarray) -> bytes:
    """Return a file of drawings with some arrays changed."""
    content = {"drawing": np.zeros((3, 4, 4), np.uint8), "probability": np.ones(3), **changed}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **content)
    return buffer.getvalue()


def is_one_sentence(text: str) -> bool:
    return text.endswith(".") and "\n" not in text and "Traceback" not in text and "Error" not in text


# Cards


def drop(*path: str) -> Callable[[dict[str, Any]], None]:
    def change(card: dict[str, Any]) -> None:
        for key in path[:-1]:
            card = card[key]
        del card[path[-1]]

    return change


def set_to(value: Any, *path: str) -> Callable[[dict[str, Any]], None]:
    def change(card: dict[str, Any]) -> None:
        for key in path[:-1]:
            card = card[key]
        card[path[-1]] = value

    return change


CARD_CHANGES = {
    "no output": drop("output"),
    "no files": drop("files"),
    "files are a list": set_to(["network.keras"], "files"),
    "a file's facts are text": set_to("here", "files", WEIGHTS),
    "another name": set_to("another", "name"),
    "another format": set_to(99, "format"),
    "an unknown task": set_to("ranking", "task"),
    "no task": set_to([], "task"),
    "classes are text": set_to("meningioma", "classes"),
    "an input without a height": drop("input", "height"),
    "text for the input's height": set_to("high", "input", "height"),
    "text for the number of parameters": set_to("many", "parameters", "total"),
    "text for a threshold": set_to("half", "output", "threshold"),
    "no by_patient": drop("data", "by_patient"),
    "limits are a number": set_to(3, "limits"),
    "metrics are text": set_to("good", "metrics"),
    "metrics of the test are a list": set_to([1, 2], "metrics", "test"),
    "text for an accuracy": set_to("high", "metrics", "test", "accuracy"),
    "a confusion matrix of text": set_to("x", "metrics", "test", "confusion_matrix"),
    "a gate's thresholds are missing": drop("screen", "thresholds"),
}
CARD_TEXTS = {"no JSON": b"{", "a list": b"[]", "empty": b"", "bytes": GARBAGE, "deep": b"[" * 100_000}


@pytest.mark.parametrize("change", CARD_CHANGES.values(), ids=CARD_CHANGES)
def test_a_bundle_with_a_broken_card_is_named_and_the_others_stay(
    change: Callable[[dict[str, Any]], None], models: Path
) -> None:
    change_card(models / UNIFIED, change)
    assert_only_unified_is_left_out(models)


@pytest.mark.parametrize("content", CARD_TEXTS.values(), ids=CARD_TEXTS)
def test_a_card_that_is_no_card_is_named_and_the_others_stay(content: bytes, models: Path) -> None:
    replace(models / UNIFIED / CARD, content)
    assert_only_unified_is_left_out(models)


def test_a_bundle_without_a_card_is_named_and_the_others_stay(models: Path) -> None:
    (models / UNIFIED / CARD).unlink()
    assert_only_unified_is_left_out(models)


def assert_only_unified_is_left_out(models: Path) -> None:
    listing = list_bundles()
    assert list(listing.bundles) == [CNN, UNET]
    (problem,) = map(str, listing.problems.values())
    assert is_one_sentence(problem) and UNIFIED in problem and str(models) not in problem
    with pytest.raises(BundleError, match=UNIFIED):
        listing.find(UNIFIED)


# Files whose size and hash are those of the card, but whose content is not


READERS: dict[str, Callable[[Bundle], Any]] = {
    PREDICTIONS: read_predictions,
    MASK_THRESHOLDS: read_thresholds,
    HISTORY: bundle_history,
    EXPLANATIONS: read_explanations,
    LAYERS: read_layers,
    HEAT_MAPS: lambda bundle: stored_heat_map(bundle, 6),
    DRAWINGS: stored_drawings,
    MASKS: lambda bundle: stored_tumour_probability(bundle, 6),
    GATE: load_gate,
    EXTERNAL: lambda bundle: gate_answers(bundle, "test"),
    OOD_ANSWERS: lambda bundle: gate_answers(bundle, "test"),
    CROSS_VALIDATION: stored_folds,
    CROSS_VALIDATION_HISTORY: stored_folds,
}
"""What pages and commands read a file with."""


def owner(file: str) -> str:
    """The bundle whose file it is that a test replaces."""
    return FOLDED if file in (CROSS_VALIDATION, CROSS_VALIDATION_HISTORY) else UNIFIED


def changed(file: str, column: str, value: Any) -> bytes:
    rows = table(UNIFIED, file, dtype=object)
    rows.loc[len(rows) // 2, column] = value
    return csv(rows)


def without(file: str, column: str) -> bytes:
    return csv(table(owner(file), file).drop(columns=column))


def heads(file: str) -> bytes:
    return csv(table(UNIFIED, file).head(0))


CONTENTS: list[tuple[str, Callable[[], bytes]]] = [
    *[(file, lambda: GARBAGE) for file in READERS],
    *[(file, lambda: b"") for file in (PREDICTIONS, HISTORY, HEAT_MAPS)],
    *[(file, lambda file=file: heads(file)) for file in (PREDICTIONS, MASK_THRESHOLDS, HISTORY, EXTERNAL, LAYERS)],
    (PREDICTIONS, lambda: without(PREDICTIONS, "p_glioma")),
    (PREDICTIONS, lambda: without(PREDICTIONS, "dice")),
    (PREDICTIONS, lambda: changed(PREDICTIONS, "p_glioma", "much")),
    (PREDICTIONS, lambda: changed(PREDICTIONS, "p_glioma", 7)),
    (PREDICTIONS, lambda: changed(PREDICTIONS, "p_glioma", np.nan)),
    (PREDICTIONS, lambda: changed(PREDICTIONS, "predicted", "sarcoma")),
    (PREDICTIONS, lambda: changed(PREDICTIONS, "part", "exam")),
    (PREDICTIONS, lambda: changed(PREDICTIONS, "slice", 1)),
    (PREDICTIONS, lambda: csv(table(UNIFIED, PREDICTIONS).head(100))),
    (PREDICTIONS, lambda: csv(table(UNIFIED, PREDICTIONS).assign(part="train"))),
    (PREDICTIONS, lambda: (SHIPPED_MODELS / CNN / PREDICTIONS).read_bytes()),
    (MASK_THRESHOLDS, lambda: changed(MASK_THRESHOLDS, "overlap_px", -1)),
    (MASK_THRESHOLDS, lambda: changed(MASK_THRESHOLDS, "overlap_px", 10**6)),
    (MASK_THRESHOLDS, lambda: csv(table(UNIFIED, MASK_THRESHOLDS).head(100))),
    (MASK_THRESHOLDS, lambda: (SHIPPED_MODELS / UNET / MASK_THRESHOLDS).read_bytes()),
    (HISTORY, lambda: without(HISTORY, "val_loss")),
    (HISTORY, lambda: changed(HISTORY, "loss", "low")),
    (HISTORY, lambda: changed(HISTORY, "epoch", 99)),
    (HISTORY, lambda: csv(table(UNIFIED, HISTORY).head(2))),
    (MASKS, lambda: arrays(UNIFIED, MASKS, probability=None)),
    (MASKS, lambda: arrays(UNIFIED, MASKS, slice=np.arange(3))),
    (MASKS, lambda: (SHIPPED_MODELS / UNET / MASKS).read_bytes()),
    (HEAT_MAPS, lambda: arrays(UNIFIED, HEAT_MAPS, heat=np.zeros((3, 4)))),
    (HEAT_MAPS, lambda: arrays(UNIFIED, HEAT_MAPS, step=np.array("x"))),
    (HEAT_MAPS, lambda: (SHIPPED_MODELS / CNN / HEAT_MAPS).read_bytes()),
    (DRAWINGS, lambda: drawings(drawing=np.zeros((2, 4, 4), np.uint8))),
    (DRAWINGS, lambda: drawings(drawing=np.zeros((3, 4, 4)))),
    (DRAWINGS, lambda: drawings(drawing=np.zeros((3, 0, 0), np.uint8))),
    (DRAWINGS, lambda: drawings(probability=np.full(3, 2.0))),
    (GATE, lambda: arrays(UNIFIED, GATE, weights=None)),
    (GATE, lambda: arrays(UNIFIED, GATE, bias=np.nan)),
    (GATE, lambda: arrays(UNIFIED, GATE, centre=np.zeros(3))),
    (EXTERNAL, lambda: without(EXTERNAL, "tumour_score")),
    (EXTERNAL, lambda: csv(table(UNIFIED, EXTERNAL).assign(split="dev"))),
    (OOD_ANSWERS, lambda: changed(OOD_ANSWERS, "sure", "very")),
    (OOD_ANSWERS, lambda: csv(table(UNIFIED, OOD_ANSWERS).assign(group="no brain"))),
    (EXPLANATIONS, lambda: changed(EXPLANATIONS, "method", "guess")),
    (EXPLANATIONS, lambda: changed(EXPLANATIONS, "inside", 3)),
    (LAYERS, lambda: (SHIPPED_MODELS / CNN / LAYERS).read_bytes()),
    (LAYERS, lambda: changed(LAYERS, "parameters", 1)),
    (LAYERS, lambda: changed(LAYERS, "output_shape", "wide")),
    (LAYERS, lambda: changed(LAYERS, "inputs", "nothing_of_this_name")),
    (CROSS_VALIDATION, lambda: csv(table(FOLDED, CROSS_VALIDATION).query("fold == 1"))),
    (CROSS_VALIDATION_HISTORY, lambda: without(CROSS_VALIDATION_HISTORY, "val_loss")),
]


@pytest.mark.parametrize(("file", "content"), CONTENTS, ids=[f"{i}-{file}" for i, (file, _) in enumerate(CONTENTS)])
def test_a_file_with_other_content_is_refused_in_one_sentence(
    file: str, content: Callable[[], bytes], models: Path
) -> None:
    name = owner(file)
    if name not in NAMES:
        shutil.copytree(SHIPPED_MODELS / name, models / name)
    put(models / name, file, content())
    with pytest.raises(BundleError) as refused:
        READERS[file](open_bundle(name))
    assert is_one_sentence(str(refused.value))
    assert file in str(refused.value) and f"'{name}'" in str(refused.value)
    assert "whole folder" in str(refused.value)


@pytest.mark.parametrize("content", [GARBAGE, None], ids=["garbage", "another bundle's"])
def test_a_network_that_is_not_the_card_s_is_refused_when_loaded(content: bytes | None, models: Path) -> None:
    put(models / UNET, WEIGHTS, content or (SHIPPED_MODELS / CNN / WEIGHTS).read_bytes())
    with pytest.raises(BundleError) as refused:
        load_network(open_bundle(UNET))
    assert is_one_sentence(str(refused.value)) and UNET in str(refused.value)


# Pages


def sentences(app: AppTest) -> list[str]:
    """Return what the page says is wrong; it has no traceback."""
    assert not app.exception
    found = [element.value for kind in (app.error, app.warning) for element in kind]
    assert all(map(is_one_sentence, found)), found
    return found


def shows_a_prediction(app: AppTest) -> bool:
    return bool(app.header) or bool(bars(app))


def test_with_the_default_s_card_broken_no_other_network_answers(models: Path) -> None:
    replace(models / UNIFIED / CARD, b"{")
    app = opened("analyse", sample="glioma-axial-1")
    assert any(UNIFIED in element.value for element in app.error) and len(set(sentences(app))) == 1
    assert app.selectbox(key="networks").value == "Unified U-Net"
    assert not shows_a_prediction(app)


@pytest.mark.parametrize(
    ("page", "query", "key"),
    [
        ("errors", {"networks": "Custom"}, "class_by"),
        ("analyse", {"sample": "glioma-axial-1", "networks": "Custom", "class_by": CNN}, "class_by"),
        ("explain", {"networks": "Custom", "class_by": CNN}, "class_by"),
        ("models", {"bundle": CNN}, "bundle"),
    ],
)
def test_a_broken_bundle_that_is_chosen_is_refused_and_the_others_are_offered(
    page: str, query: dict[str, str], key: str, models: Path
) -> None:
    replace(models / CNN / CARD, b"{")
    app = opened(page, **query)
    assert len(set(sentences(app))) == 1 and any(CNN in element.value for element in app.error)
    assert app.selectbox(key=key).value == CNN and "Unified U-Net" in app.selectbox(key=key).options
    assert page == "models" or not shows_a_prediction(app)


@pytest.mark.parametrize("page", ["errors", "explain"])
def test_a_broken_bundle_that_a_former_address_chose_is_refused(page: str, models: Path) -> None:
    replace(models / CNN / CARD, b"{")
    app = opened(page, bundle=CNN)
    assert len(set(sentences(app))) == 1 and any(CNN in element.value for element in app.error)
    assert app.selectbox(key="networks").value == REPORT_NETWORKS and not shows_a_prediction(app)


def test_a_network_that_breaks_while_it_is_chosen_is_not_replaced(models: Path) -> None:
    app = opened("errors", bundle=UNIFIED)
    assert not sentences(app)
    replace(models / UNIFIED / CARD, b"{")
    app.run()
    assert len(set(sentences(app))) == 1 and app.selectbox(key="networks").value == UNIFIED_NETWORK


@pytest.mark.parametrize(
    ("page", "query", "name", "file"),
    [
        ("errors", REPORT, CNN, PREDICTIONS),
        ("errors", {"view": "Report's tables", "bundle": UNIFIED}, CNN, PREDICTIONS),
        ("models", {}, CNN, PREDICTIONS),
        ("models", {"bundle": CNN}, CNN, LAYERS),
        ("masks", REPORT, UNET, MASK_THRESHOLDS),
        ("training", {}, CNN, HISTORY),
        ("explain", {"bundle": CNN}, CNN, EXPLANATIONS),
        ("external", {}, UNIFIED, OOD_ANSWERS),
    ],
)
def test_a_page_says_which_file_holds_something_else(
    page: str, query: dict[str, str], name: str, file: str, models: Path
) -> None:
    put(models / name, file, GARBAGE)
    app = opened(page, **query)
    (sentence,) = set(sentences(app))
    assert f"{file} of the bundle '{name}'" in sentence
    assert all(len(box.options) > 1 for box in app.selectbox if name in box.options)


def test_another_bundle_s_network_gives_no_answer(models: Path) -> None:
    put(models / UNIFIED, LITE, (SHIPPED_MODELS / CNN / LITE).read_bytes())
    app = opened("analyse", sample="glioma-axial-1")
    (sentence,) = sentences(app)
    assert f"{LITE} of the bundle '{UNIFIED}'" in sentence
    assert not shows_a_prediction(app)


def test_a_slice_s_dialog_says_that_the_segmenter_cannot_be_used(models: Path) -> None:
    replace(models / UNET / CARD, b"{")
    assert UNET not in " ".join(element.value for element in opened("errors", **REPORT).error)
    app = opened("errors", slice="6", **REPORT)
    assert any(UNET in element.value for element in app.error) and len(set(sentences(app))) == 1


@pytest.mark.parametrize(
    ("page", "name", "file"),
    [
        ("errors", CNN, HEAT_MAPS),
        ("errors", UNET, MASKS),
        ("errors", CNN, PREDICTIONS),
        ("masks", CNN, HEAT_MAPS),
        ("masks", UNET, MASKS),
        ("masks", UNET, MASK_THRESHOLDS),
    ],
)
def test_a_flipped_byte_behind_a_slice_s_dialog_is_told_in_a_sentence(
    page: str, name: str, file: str, models: Path, tmp_path: Path
) -> None:
    tiny.data_set().write(tmp_path / STORE_NAME)
    data = bytearray((models / name / file).read_bytes())
    data[len(data) // 2] ^= 1
    replace(models / name / file, bytes(data))
    said = sentences(opened(page, slice="6", **REPORT))
    assert said and all(name in sentence for sentence in said)


def test_a_network_that_needs_another_package_is_refused_when_loaded(models: Path) -> None:
    path = models / UNET / WEIGHTS
    changed_network = io.BytesIO()
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(changed_network, "w") as copy:
        for member in whole.infolist():
            content = whole.read(member)
            if member.filename == "config.json":
                content = content.replace(b'"keras.layers"', b'"no_such_package.layers"')
            copy.writestr(member, content)
    put(models / UNET, WEIGHTS, changed_network.getvalue())
    with pytest.raises(BundleError) as refused:
        load_network(open_bundle(UNET))
    assert is_one_sentence(str(refused.value)) and UNET in str(refused.value)


def test_the_default_network_s_external_results_are_not_replaced(models: Path) -> None:
    shutil.copytree(models / UNIFIED, models / "zeta", symlinks=True)
    change_card(models / "zeta", set_to("zeta", "name"))
    replace(models / UNIFIED / CARD, b"{")
    app = opened("external")
    assert any(UNIFIED in element.value for element in app.error) and not shows_a_prediction(app)


# Searches

SEARCH_CONTENTS = {
    "trials of garbage": (TRIALS, GARBAGE),
    "no trials": (TRIALS, b"sampler,trial,value\n"),
    "trials without values": (TRIALS, b"sampler,trial,state,epochs_run\ntpe,0,complete,3\n"),
    "a value that is text": (TRIALS, b"sampler,trial,state,value,epochs_run\ntpe,0,complete,good,3\n"),
    "a setting that is text": (TRIALS, b"sampler,trial,state,value,epochs_run,batch\ntpe,0,complete,0.5,3,big\n"),
    "importance that is no JSON": (IMPORTANCE, b"{"),
    "importance that is a list": (IMPORTANCE, b"[1]"),
    "a share that is text": (IMPORTANCE, b'{"tpe": {"batch": "much"}}'),
    "full size of garbage": (FULL_SIZE, GARBAGE),
    "full size without values": (FULL_SIZE, b"sampler,trial,value\ntpe,0,0.5\n"),
    "a plan of garbage": (PLAN, b"split = "),
}


@pytest.fixture
def searches(tmp_path: Path, configure: Callable[..., None]) -> Path:
    """A folder of the shipped searches, whose files may be replaced."""
    folder = tmp_path / "searches"
    shutil.copytree(SHIPPED_SEARCHES, folder)
    configure(searches=folder)
    return folder


@pytest.mark.parametrize(("file", "content"), SEARCH_CONTENTS.values(), ids=SEARCH_CONTENTS)
def test_a_broken_file_of_a_search_is_refused_in_one_sentence(file: str, content: bytes, searches: Path) -> None:
    replace(searches / "report-cnn" / file, content)
    with pytest.raises(SliceScopeError) as refused:
        read_search("report-cnn")
    assert is_one_sentence(str(refused.value)) and "report-cnn" in str(refused.value)
    assert read_search("report-unet").trials.shape[0] > 1


def test_a_broken_search_is_told_and_the_other_is_offered(searches: Path) -> None:
    replace(searches / "report-cnn" / TRIALS, GARBAGE)
    app = opened("tuning")
    (sentence,) = sentences(app)
    assert TRIALS in sentence and "'report-cnn'" in sentence
    assert app.segmented_control(key="search").options == ["Report CNN", "Report U-Net"]
    app.segmented_control(key="search").set_value("report-unet").run()
    assert not sentences(app)


def test_a_winner_that_cannot_be_used_is_not_called_unmeasured(models: Path, searches: Path) -> None:
    (models / "report-cnn-searched").mkdir()
    (models / "report-cnn-searched" / CARD).write_text("{")
    app = opened("tuning")
    assert len(set(sentences(app))) == 1 and "report-cnn-searched" in app.error[0].value
    assert not any("at full size" in element.value for element in app.info)
