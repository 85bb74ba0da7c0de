"""The external test set: stored predictions, metrics by hand, and an index that is not right."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.bundles.bundle import EXTERNAL, load_network, open_bundle
from core.bundles.card_update import update_card
from core.config import CLASSES
from core.dataset.external_index import read_external_index
from core.errors import BundleError, DatasetError
from core.evaluation.external import external_metrics, measure_external, write_external_metrics
from core.inference.predictor import model_input
from core.outcome import CONFIDENT, LOW_CONFIDENCE, NO_TUMOUR, NOT_A_HEAD, OUTCOMES, UNUSUAL
from core.readers.slices import read_slice
from tests.core import tiny
from tests.published import a_slice


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight images of four classes, the first five in dev."""
    images = tmp_path_factory.mktemp("external")
    rows = []
    for number, name in enumerate([*CLASSES, "no_tumour"] * 2):
        pixels, _, _ = a_slice(number + 1, side=70, height=90)
        scaled = (255 * (pixels - pixels.min()) / np.ptp(pixels)).astype(np.uint8)
        Image.fromarray(scaled).save(images / f"{number}.png")
        rows.append({"file": f"{number}.png", "class": name, "split": "dev" if number < 5 else "test"})
    pd.DataFrame(rows).to_csv(images / "index.csv", index=False)
    return images


@pytest.mark.parametrize("make", [tiny.classifier, tiny.segmenter, tiny.unified])
def test_predictions_and_metrics_are_written_into_the_bundle(make, folder: Path, tmp_path: Path) -> None:
    bundle = tiny.lite(make(tmp_path))
    evaluated = tiny.with_test_metrics(bundle)
    card = measure_external(open_bundle(bundle.name, tmp_path), folder)
    again = open_bundle(bundle.name, tmp_path)
    table = pd.read_csv(again.path(EXTERNAL), keep_default_na=False)
    assert table["file"].tolist() == [f"{number}.png" for number in range(5)]
    assert again.card == card
    assert card.metrics.test == evaluated.test_metrics, "the other metrics stay"
    assert card.as_dict()["metrics"]["external"]["dev"] == external_metrics(table)
    inputs, _ = model_input(again, read_slice((folder / "3.png").read_bytes(), "3.png"))
    outputs = load_network(again)(inputs)
    if "classification" in bundle.tasks:
        probabilities = np.asarray(outputs[0])[0] if isinstance(outputs, list) else np.asarray(outputs)[0]
        np.testing.assert_allclose(
            table.loc[3, [f"p_{name}" for name in CLASSES]].astype(float), probabilities, atol=1e-5
        )
    assert ("predicted_px" in table) == ("segmentation" in bundle.tasks)


def test_another_split_is_added_and_the_first_one_kept(folder: Path, tmp_path: Path) -> None:
    bundle = tiny.lite(tiny.classifier(tmp_path))
    for split in ("dev", "test", "dev"):
        card = measure_external(open_bundle(bundle.name, tmp_path), folder, split=split)
    with pytest.raises(BundleError, match=r"split test .*single use"):
        measure_external(open_bundle(bundle.name, tmp_path), folder, split="test")
    # Those of test stand by themselves, those of dev apart.
    measured = card.metrics.external
    assert measured.dev.slices["meningioma"] == 2
    assert measured.slices == {"glioma": 1, "pituitary": 1, "no_tumour": 1}
    assert len(pd.read_csv(bundle.folder / EXTERNAL)) == 8


def test_metrics_are_computed_again_from_stored_predictions(folder: Path, tmp_path: Path) -> None:
    bundle = tiny.lite(tiny.unified(tmp_path))
    with pytest.raises(BundleError, match=r"not measured .*external test set"):
        write_external_metrics(bundle)
    for split in ("dev", "test"):
        card = measure_external(open_bundle(bundle.name, tmp_path), folder, split=split)
    update_card(bundle.folder, {"metrics.external": {"non_brain_flagged": 0.5}}, "Metrics removed.")
    again = write_external_metrics(open_bundle(bundle.name, tmp_path)).as_dict()["metrics"]["external"]
    assert again == card.as_dict()["metrics"]["external"] | {"non_brain_flagged": 0.5}


def test_metrics_by_hand() -> None:
    table = pd.DataFrame(
        {
            "true": ["glioma", "glioma", "meningioma", "pituitary", "no_tumour", "no_tumour"],
            "predicted": ["glioma", "pituitary", "meningioma", "pituitary", "glioma", "glioma"],
            "predicted_px": [10, 0, 5, 7, 3, 0],
            "mask_class": ["meningioma", "", "meningioma", "pituitary", "glioma", ""],
        }
    )
    metrics = external_metrics(table)
    assert metrics["slices"] == {"glioma": 2, "no_tumour": 2, "meningioma": 1, "pituitary": 1}
    assert metrics["class_accuracy"] == 3 / 4
    assert metrics["outlined"] == 3 / 4
    assert metrics["outlined_without_tumour"] == 1 / 2
    assert metrics["mask_class_accuracy"] == pytest.approx(2 / 3)
    assert metrics["confusion_matrix"] == [[1, 0, 0], [0, 1, 1], [0, 0, 1]]


def test_metrics_of_a_gate_by_hand() -> None:
    table = pd.DataFrame(
        {
            "true": ["glioma", "glioma", "glioma", "meningioma", "pituitary", "no_tumour", "no_tumour", "no_tumour"],
            "predicted": ["glioma", "pituitary", "glioma", "meningioma", "pituitary", "glioma", "glioma", "glioma"],
            "answer": [
                CONFIDENT,
                CONFIDENT,
                LOW_CONFIDENCE,
                NO_TUMOUR,
                UNUSUAL,
                NO_TUMOUR,
                CONFIDENT,
                LOW_CONFIDENCE,
            ],
        }
    )
    metrics = external_metrics(table)
    assert metrics["answers"]["glioma"] == dict(zip(OUTCOMES, (2, 1, 0, 0, 0), strict=True))
    assert metrics["answered_tumour"] == 3 / 5
    assert metrics["answered_no_tumour"] == pytest.approx(2 / 3)
    assert metrics["no_tumour_called_tumour"] == pytest.approx(1 / 3)
    assert metrics["tumour_called_no_tumour"] == 1 / 5
    assert metrics["class_accuracy_answered"] == 1 / 2
    # Right: the first glioma and the tumour-free slice; wrong: the second glioma, the meningioma, the false alarm.
    shares = {"right": 2 / 8, "wrong": 3 / 8, LOW_CONFIDENCE: 2 / 8, UNUSUAL: 1 / 8, NOT_A_HEAD: 0}
    assert metrics["all"] == {"slices": 8, **shares}
    counts = {name: (count["slices"], count["right"]) for name, count in metrics["by_outcome"].items()}
    assert counts == dict(zip(OUTCOMES, ((3, 1), (2, 1), (2, 1), (1, 0), (0, 0)), strict=True))


def test_masks_that_are_all_empty_give_no_nan() -> None:
    table = pd.DataFrame({"true": ["glioma"], "predicted": ["glioma"], "predicted_px": [0], "mask_class": [""]})
    metrics = external_metrics(table)
    assert "mask_class_accuracy" not in metrics
    assert metrics["outlined"] == 0


def test_an_index_that_is_not_right_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no index\.csv"):
        read_external_index(tmp_path, "dev")
    (tmp_path / "index.csv").write_text("file,class\na.png,glioma\n")
    with pytest.raises(DatasetError, match=r"columns .*file, class and"):
        read_external_index(tmp_path, "dev")
    (tmp_path / "index.csv").write_text("file,class,split\na.png,glioma,train\n")
    with pytest.raises(DatasetError, match=r"no split 'dev'; .*train"):
        read_external_index(tmp_path, "dev")
