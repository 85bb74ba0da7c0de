"""The gate of a network with the task presence: what it reads, how it is fitted, and what its card states."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.bundles.bundle import OOD_ANSWERS, Bundle, open_bundle
from core.config import FEATURES, PRESENCE, SEGMENTATION
from core.dataset.store import Store
from core.errors import BundleError, DatasetError
from core.inference.gate import Gate, load_gate, require_features
from core.inference.predictor import Predictor
from core.networks.gate_features import PRESENCE_INPUTS, gate_inputs, presence_inputs
from core.ood.evaluate import FRAMED_GROUP, MADE_GROUP, NOISY_GROUP, after_gate, measure_ood
from core.ood.gate_control import check_gate
from core.ood.gate_recipe import PRESENCE_GATE_RECIPE, PresenceGateSettings, gate_recipe_of, load_gate_recipe
from core.ood.network_outputs import NetworkOutputs
from core.ood.non_brain import FIT, read_non_brain_index
from core.ood.presence.fit import fit_presence_gate, fit_presence_scores, with_margins
from core.ood.presence.planes import change_plane
from core.outcome import CONFIDENT, LOW_CONFIDENCE, NO_TUMOUR, OUTCOMES, UNUSUAL, GateThresholds
from tests.core import tiny
from tests.core.ood.conftest import a_head
from tests.settings import configured

RECIPE = load_gate_recipe(PRESENCE_GATE_RECIPE)
SETTINGS = RECIPE.settings
assert isinstance(SETTINGS, PresenceGateSettings)


def test_the_tumour_score_reads_the_presence_head_and_the_best_pixels_of_the_mask() -> None:
    scores = np.zeros((1, 20, 20, 4), np.float32)
    scores[..., 0] = 0.9
    scores[0, 0, :10, 0] = 0.2
    outputs = {PRESENCE: np.array([[0.2, 0.8]]), SEGMENTATION: scores, FEATURES: np.array([[7.0, 8.0]])}
    inputs = gate_inputs(outputs)
    low, high = np.log(0.1 / 0.9), np.log(0.8 / 0.2)
    np.testing.assert_allclose(inputs, [[high, high, (10 * high + 190 * low) / 200, 7, 8]], rtol=1e-4)
    del outputs[PRESENCE]
    np.testing.assert_array_equal(gate_inputs(outputs), outputs[FEATURES])


def test_certain_pixels_stay_finite() -> None:
    scores = np.zeros((1, 4, 4, 4), np.float32)
    inputs = presence_inputs({PRESENCE: np.array([[1.0, 0.0]]), SEGMENTATION: scores})
    assert np.isfinite(inputs).all()


def made_up() -> tuple[np.ndarray, dict[str, np.ndarray], NetworkOutputs, NetworkOutputs]:
    """Inputs of heads, of two kinds of pictures that lie far off in one channel each, of validation and of dev."""
    random = np.random.default_rng(0)

    def inputs(count: int, *, tumour: bool = True, channel: int | None = None) -> np.ndarray:
        values = random.normal(size=(count, PRESENCE_INPUTS + 6 + 4))
        values[:, :PRESENCE_INPUTS] += 3 if tumour else -3
        if channel is not None:
            values[:, channel] += 8
        return values

    validation = NetworkOutputs(inputs(60), np.full((60, 3), 1 / 3), np.array(["glioma"] * 60))
    dev_inputs = np.concatenate([inputs(30), inputs(30, tumour=False)])
    dev = NetworkOutputs(dev_inputs, np.full((60, 3), 1 / 3), np.array(["glioma"] * 30 + ["no_tumour"] * 30))
    return inputs(200), {"panels": inputs(20, channel=-1), "spine": inputs(5, channel=-2)}, validation, dev


def test_both_scores_are_fitted_and_the_larger_part_of_the_ood_score_counts() -> None:
    heads, no_heads, validation, dev = made_up()
    gate = fit_presence_scores(heads, no_heads, validation, dev, SETTINGS, channels=4)
    assert len(gate.weights) == PRESENCE_INPUTS
    assert ((gate.tumour_score(dev.features) > 0) == dev.has_tumour).mean() > 0.95
    limit = np.quantile(gate.ood_score(validation.features), 0.985)
    for group in no_heads.values():
        np.testing.assert_array_equal(
            gate.ood_score(group), np.maximum(gate.distance(group), gate.no_head_score(group))
        )
        assert (gate.ood_score(group) > limit).all()
    for score in (gate.distance, gate.no_head_score):
        own, outside = np.quantile(score(validation.features), 0.985), np.quantile(score(dev.features), 0.95)
        assert max(own, outside) == pytest.approx(_limit_of_distance(gate, validation, dev)), "both have one limit"


def _limit_of_distance(gate: Gate, validation: NetworkOutputs, dev: NetworkOutputs) -> float:
    return max(np.quantile(gate.distance(validation.features), 0.985), np.quantile(gate.distance(dev.features), 0.95))


def test_margins_follow_how_far_changed_slices_move() -> None:
    heads, no_heads, validation, dev = made_up()
    gate = fit_presence_scores(heads, no_heads, validation, dev, SETTINGS, channels=4)
    moved = validation.features.copy()
    moved[:, 0] += 2 / gate.weights[0]
    plain = GateThresholds(no_tumour=0, tumour=0, sure=0.5, strange=3.0, temperature=1)
    thresholds = with_margins(plain, gate, validation.features, moved, SETTINGS)
    assert thresholds.tumour_margin == pytest.approx(2, abs=1e-3)
    assert thresholds.free_below == pytest.approx(-2, abs=1e-3)
    assert thresholds.ood_margin == 0
    assert thresholds.no_head >= max(3.0, gate.ood_score(validation.features).max() - 1e-3)


def test_a_changed_plane_is_the_same_slice() -> None:
    plane, _ = a_head(3)
    unit = (plane / 255).astype(np.float32)
    settings = replace(SETTINGS, invert=0.0, caption=0.0)
    for seed in range(4):
        changed = change_plane(unit, settings, np.random.default_rng(seed))
        assert changed.shape == unit.shape and changed.dtype == np.float32
        assert changed.min() >= 0 and changed.max() <= 1
        assert max(np.corrcoef(changed.ravel(), image.ravel())[0, 1] for image in (unit, unit[:, ::-1])) > 0.6


def test_shares_after_the_gate_by_hand() -> None:
    table = pd.DataFrame(
        {
            "true": ["glioma"] * 5,
            "predicted": ["glioma", "glioma", "glioma", "glioma", "pituitary"],
            "answer": [CONFIDENT, LOW_CONFIDENCE, NO_TUMOUR, UNUSUAL, CONFIDENT],
        }
    )
    assert after_gate(table) == {"slices": 5, "correct": 0.4, "no_tumour": 0.2, "refused": 0.2}


@pytest.fixture(scope="module")
def other_images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pictures to fit on and two to measure on."""
    folder = tmp_path_factory.mktemp("other")
    rows = []
    for number, (kind, part) in enumerate(
        [("spine CT", "fit")] * 2 + [("ultrasound", "fit")] + [("ankle", "test")] * 2
    ):
        noise = np.random.default_rng(number).integers(0, 255, (64, 64)).astype(np.uint8)
        Image.fromarray(noise).save(folder / f"{number}.png")
        rows.append({"file": f"{number}.png", "kind": kind, "part": part})
    pd.DataFrame(rows).to_csv(folder / "index.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def presence_gated(
    external_folder: Path, other_images: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Bundle, Path, Path]:
    """A small network with the task presence and a gate, its store, and the table of its splits."""
    folder = tmp_path_factory.mktemp("presence")
    data = tiny.data_set(40)
    for number in data.pixels:
        if len(data.pixels[number]) == 64:
            data.pixels[number], data.masks[number] = a_head(number)
    bundle = tiny.lite(tiny.unified(folder / "models", base="unified-unet", name="unified-unet"))
    tiny.with_test_metrics(bundle)
    store, table = data.write(folder / "figshare.h5"), data.write_table(folder / "splits.csv")
    small = replace(RECIPE, settings=replace(SETTINGS, directions=3, own_slices=6, made_per_kind=2, changed_every=4))
    with configured(splits=table), Store(store) as opened:
        fit_presence_gate(
            open_bundle(bundle.name, folder / "models"), opened, external_folder, other_images, recipe=small
        )
    return open_bundle(bundle.name, folder / "models"), store, table


def test_a_fitted_gate_decides_in_the_app_and_its_card_says_what_it_was_fitted_on(
    presence_gated: tuple[Bundle, Path, Path],
) -> None:
    bundle, *_ = presence_gated
    gate, thresholds = load_gate(bundle)
    assert gate.no_head_weights is not None and len(gate.weights) == PRESENCE_INPUTS
    decision = Predictor(bundle, bundle)(tiny.a_picture(60)).gate
    assert decision is not None and decision.outcome in OUTCOMES
    card = bundle.card.gate
    assert card.fitted_on["spine CT"] == 2 and card.fitted_on["ultrasound"] == 1 and "ankle" not in card.fitted_on
    assert card.fitted_on["four-panel figure"] == 2
    assert set(card.rules) == set(vars(thresholds))
    assert thresholds.ood_margin is not None and thresholds.not_a_head >= thresholds.refuse
    assert gate_recipe_of(bundle.tasks) is RECIPE


def test_what_the_gate_recognises_is_checked_without_heat_maps(
    presence_gated: tuple[Bundle, Path, Path], external_folder: Path, tmp_path: Path
) -> None:
    fitted, store, table = presence_gated
    shutil.copytree(fitted.folder, tmp_path / fitted.name)
    with configured(splits=table), Store(store) as opened:
        gate = check_gate(open_bundle(fitted.name, tmp_path), opened, external_folder).gate
    assert gate is not None and gate.source_control is not None
    control = gate.source_control
    assert 0 <= control.as_they_are <= 1 and control.heat_in_head is None
    measured = {name for name, value in vars(control).items() if value is not None} - {"definitions"}
    assert measured <= set(control.definitions) or not control.own_twins


def test_a_gate_of_other_inputs_is_refused(presence_gated: tuple[Bundle, Path, Path]) -> None:
    bundle, *_ = presence_gated
    gate, _ = load_gate(bundle)
    assert gate.no_head_weights is not None
    sizes = {PRESENCE: 2, FEATURES: len(gate.no_head_weights)}
    require_features(bundle, gate, sizes)
    without = replace(gate, weights=np.zeros(7))
    for other, of in ((without, sizes), (gate, {FEATURES: sizes[FEATURES]}), (gate, {PRESENCE: 2, FEATURES: 1})):
        with pytest.raises(BundleError, match="other features"):
            require_features(bundle, other, of)


def test_own_test_slices_are_measured_with_frame_and_noise_and_in_panels(
    presence_gated: tuple[Bundle, Path, Path], external_folder: Path, other_images: Path, tmp_path: Path
) -> None:
    fitted, store, table = presence_gated
    shutil.copytree(fitted.folder, tmp_path / fitted.name)
    bundle = open_bundle(fitted.name, tmp_path)
    with configured(splits=table), Store(store) as opened:
        external = measure_ood(bundle, opened, [other_images]).metrics.external
    assert external is not None
    stored = pd.read_csv(bundle.folder / OOD_ANSWERS)
    counts = stored["group"].value_counts()
    own = external.figshare_after_gate
    assert own.keys() == {"unaltered", "frame", "noise"}
    assert own["frame"].slices == counts[FRAMED_GROUP] == counts[NOISY_GROUP] == own["unaltered"].slices
    pictures = external.pictures_without_class
    assert pictures["ankle"].pictures == 2, "the part fit is not measured"
    panels = stored[(stored["group"] == MADE_GROUP) & (stored["kind"] == "four-panel figure")]
    assert pictures["four-panel figure"].pictures == len(panels) == 36


def test_only_images_of_a_part_are_read(other_images: Path, tmp_path: Path) -> None:
    assert len(read_non_brain_index(other_images)) == 2
    assert len(read_non_brain_index(other_images, FIT)) == 3
    (tmp_path / "index.csv").write_text("file,kind\na.png,chart\n")
    assert len(read_non_brain_index(tmp_path)) == 1
    with pytest.raises(DatasetError, match="no images of the part fit"):
        read_non_brain_index(tmp_path, FIT)
