"""Measuring a gate: stored answers, metrics by hand, and aims."""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.bundles.bundle import EXTERNAL, OOD_ANSWERS, Bundle, open_bundle
from core.config import CLASSES
from core.dataset.store import Store
from core.errors import DatasetError
from core.evaluation.external import measure_external
from core.inference.gate import load_gate
from core.ood.evaluate import INTERNAL_GROUP, NON_BRAIN_GROUP, Aim, measure_ood, ood_metrics
from core.ood.external_set import measure_external_set
from core.outcome import CONFIDENT, LOW_CONFIDENCE, NO_TUMOUR, NOT_A_HEAD, REFUSED, UNUSUAL, decide_outcomes
from tests.core import tiny


def test_answers_to_external_slices_are_stored_with_their_scores(
    gated: tuple[Bundle, Path], external_folder: Path
) -> None:
    bundle, _ = gated
    card = measure_external(bundle, external_folder)
    table = pd.read_csv(bundle.folder / EXTERNAL)
    again = decide_outcomes(table["tumour_score"], table["strangeness"], table["sure"], load_gate(bundle)[1])
    assert table["answer"].tolist() == again.tolist()
    assert card.metrics.external.dev.answers.keys() == {*CLASSES, "no_tumour"}


def test_own_slices_and_non_brain_images_are_counted_apart(
    gated: tuple[Bundle, Path], tmp_path: Path, configure: Callable[..., None]
) -> None:
    bundle, store = gated
    configure(splits=tiny.data_set(40).write_table(tmp_path / "splits.csv"))
    kinds = ["chart", "noise", "chart"]
    for number, _ in enumerate(kinds):
        noise = np.random.default_rng(number).integers(0, 255, (64, 64)).astype(np.uint8)
        Image.fromarray(noise).save(tmp_path / f"{number}.png")
    pd.DataFrame({"file": ["0.png", "1.png", "2.png"], "kind": kinds}).to_csv(tmp_path / "index.csv", index=False)
    with Store(store) as opened:
        card = measure_ood(open_bundle(bundle.name, bundle.folder.parent), opened, [tmp_path])
    table = pd.read_csv(bundle.folder / OOD_ANSWERS)
    counts = table["group"].value_counts()
    assert counts[INTERNAL_GROUP] == 13 and counts[NON_BRAIN_GROUP] == 3
    for group, answer, name in (
        (INTERNAL_GROUP, REFUSED, "figshare_flagged"),
        (INTERNAL_GROUP, (NO_TUMOUR,), "figshare_called_no_tumour"),
        (NON_BRAIN_GROUP, REFUSED, "non_brain_flagged"),
    ):
        flagged = table["answer"][table["group"] == group].isin(answer).mean()
        assert getattr(card.metrics.external, name) == pytest.approx(flagged)


def test_metrics_of_own_slices_and_non_brain_images_by_hand() -> None:
    table = pd.DataFrame(
        {
            "group": [INTERNAL_GROUP] * 5 + [NON_BRAIN_GROUP] * 3,
            "kind": ["glioma", "glioma", "glioma", "pituitary", "pituitary", "chart", "chart", "noise"],
            "predicted": ["glioma", "meningioma", "glioma", "pituitary", "pituitary", "glioma", "glioma", "glioma"],
            "answer": [
                CONFIDENT,
                CONFIDENT,
                NO_TUMOUR,
                LOW_CONFIDENCE,
                CONFIDENT,
                UNUSUAL,
                CONFIDENT,
                NOT_A_HEAD,
            ],
        }
    )
    metrics = ood_metrics(table)
    assert metrics["non_brain_flagged"] == pytest.approx(2 / 3)
    assert metrics["non_brain_flagged_by_kind"] == {"chart": 1 / 2, "noise": 1}
    assert metrics["figshare_called_no_tumour_by_class"] == {"glioma": pytest.approx(1 / 3), "pituitary": 0}
    shares = {"right": 2 / 5, "wrong": 2 / 5, LOW_CONFIDENCE: 1 / 5, UNUSUAL: 0, NOT_A_HEAD: 0}
    assert metrics["figshare_all"] == {"slices": 5, **shares}
    assert metrics["figshare_by_outcome"][LOW_CONFIDENCE] == {"slices": 1, "right": 1}
    assert metrics["non_brain_by_outcome"][CONFIDENT] == {"slices": 1, "right": 0}


@pytest.mark.parametrize(
    ("aim", "reached", "short"),
    [
        (Aim(0.1, at_most=True), 0.12, 0.02),
        (Aim(0.1, at_most=True), 0.1, 0),
        (Aim(0.8, at_most=False), 0.75, 0.05),
        (Aim(0.8, at_most=False), 0.9, 0),
    ],
)
def test_an_aim_is_short_on_its_wrong_side_only(aim: Aim, reached: float, short: float) -> None:
    assert aim.short_by(reached) == pytest.approx(short)


def test_without_non_brain_images_the_split_test_is_not_used(
    gated: tuple[Bundle, Path], external_folder: Path, tmp_path: Path
) -> None:
    bundle, store = gated
    shutil.copytree(bundle.folder, tmp_path / bundle.name)
    bundle = open_bundle(bundle.name, tmp_path)
    measure = partial(
        measure_external_set, bundle, external_folder, split="test", store=store, progress=lambda title: iter
    )
    with pytest.raises(DatasetError, match="--non-brain"):
        measure()
    with pytest.raises(DatasetError, match="is missing"):
        measure(non_brain=[tmp_path])
    path = bundle.folder / EXTERNAL
    assert not path.is_file() or "test" not in set(pd.read_csv(path)["split"])
