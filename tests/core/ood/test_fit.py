"""Fitting a gate: its two scores, its thresholds, and what becomes part of the bundle."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.bundles.bundle import EXTERNAL, Bundle, open_bundle
from core.bundles.card.schema import Card
from core.bundles.measured_gate import has_gate
from core.config import CLASSES
from core.dataset.store import Store
from core.errors import BundleError
from core.evaluation.external import measure_external
from core.inference.gate import Gate, load_gate
from core.metrics.temperature import apply_temperature
from core.ood.evaluate import measure_ood
from core.ood.fit import choose_thresholds, fit_gate, fit_scores, lowest_confidence
from core.ood.gate_recipe import GateRecipe, load_gate_recipe
from core.ood.network_outputs import NetworkOutputs
from core.ood.score_fits import FeatureGroup
from tests.core import tiny
from tests.settings import configured

SETTINGS = load_gate_recipe().settings


def made_up(seed: int = 0) -> list[FeatureGroup]:
    """Groups of six features, the fourth of which tells tumours, and two means; sources differ in the fifth."""
    random = np.random.default_rng(seed)
    groups = []
    for has, source in ((True, 1), (False, 1), (True, 0), (False, 0)):
        features = random.normal(size=(200, 8))
        features[:, 3] += 4 * has
        features[:, 4] += 4 * source
        groups.append(FeatureGroup(features, has, 1.0))
    return groups


def test_the_tumour_score_follows_the_tumour_whatever_the_source() -> None:
    groups = made_up()
    gate = fit_scores(groups, SETTINGS, channels=2)
    assert abs(gate.weights[3]) > 5 * abs(gate.weights[4])
    for features, has, _ in made_up(1):
        assert ((gate.tumour_score(features) > 0) == has).mean() > 0.9


def test_the_ood_score_is_the_distance_from_the_nearest_training_slice_in_standard_deviations() -> None:
    random = np.random.default_rng(0)
    typical = random.normal(size=(500, 3)) @ np.array([[2, 0, 0], [1, 0.5, 0], [0, 0, 3]])
    groups = [FeatureGroup(typical, True, 1.0), FeatureGroup(typical + 1, False, 1.0)]
    gate = fit_scores(groups, SETTINGS, channels=2)
    np.testing.assert_allclose(gate.ood_score(typical), 0, atol=1e-6)
    new = random.normal(size=(20, 3)) * 3
    inverse = np.linalg.inv(np.cov(typical[:, 1:].T))
    off = new[:, None, 1:] - typical[None, :, 1:]
    expected = np.sqrt(np.einsum("nti,ij,ntj->nt", off, inverse, off)).min(axis=1)
    np.testing.assert_allclose(gate.ood_score(new), expected, rtol=1e-3)


def outputs(scores: list[float], true: list[str], sure: list[float] | None = None) -> NetworkOutputs:
    """Slices whose one feature is both their tumour score and their OOD score."""
    highest = np.array(sure or [0.9] * len(true))
    probabilities = np.full((len(true), 3), 0.0)
    place = [CLASSES.index(name) if name in CLASSES else 0 for name in true]
    probabilities[:] = ((1 - highest) / 2)[:, None]
    probabilities[np.arange(len(true)), place] = highest
    return NetworkOutputs(np.array(scores, float)[:, None], probabilities, np.array(true))


ONE_FEATURE = Gate(np.array([1.0]), np.array(0.0), np.zeros(1), np.ones((1, 1)), np.zeros((1, 1)))


def test_thresholds_follow_their_rules() -> None:
    tumours = list(np.linspace(0, 10, 101))
    healthy = list(np.linspace(-10, 1, 101))
    dev = outputs([*tumours, *healthy], ["glioma"] * 101 + ["no_tumour"] * 101)
    validation = outputs(list(np.linspace(2, 12, 101)), ["meningioma"] * 101)
    thresholds = choose_thresholds(ONE_FEATURE, validation, dev, SETTINGS)
    assert thresholds.no_tumour == thresholds.tumour == pytest.approx((0.5 + 0.45) / 2), "the two cross"
    assert thresholds.strange == pytest.approx(np.quantile(np.linspace(2, 12, 101), 0.985), abs=1e-3)
    assert thresholds.sure == pytest.approx(
        apply_temperature(np.array([0.9, 0.05, 0.05]), thresholds.temperature).max(), abs=1e-3
    )


def test_thresholds_that_do_not_cross_leave_a_gap() -> None:
    dev = outputs([-2.0, 1.0, -1.0, 2.0] * 10, ["glioma", "glioma", "no_tumour", "no_tumour"] * 10)
    thresholds = choose_thresholds(ONE_FEATURE, outputs([1.0] * 10, ["glioma"] * 10), dev, SETTINGS)
    assert thresholds.no_tumour == -2
    assert thresholds.tumour == 2


def test_a_slice_is_confident_from_the_lowest_probability_that_is_correct_often_enough() -> None:
    highest = np.array([0.95, 0.9, 0.85, 0.8, 0.7, 0.6])
    right = np.array([True, True, True, True, True, False])
    assert lowest_confidence(highest, right, accuracy=0.82) == 0.6, "five of six are enough"
    assert lowest_confidence(highest, ~right, accuracy=0.82) == 0.95, "none is: only the most confident is"


def test_a_fitted_gate_is_part_of_its_bundle_and_the_card_describes_it(gated: tuple[Bundle, Path]) -> None:
    bundle, _ = gated
    assert has_gate(bundle)
    gate, thresholds = load_gate(bundle)
    assert gate.directions.shape == (len(gate.centre), 3)
    assert gate.known.shape == (bundle.card.gate.fitted_on["tumour slices of the data set"], 3)
    description = bundle.card.as_dict()["screen"]
    assert set(description["rules"]) == set(vars(thresholds)) == set(description["thresholds"])
    assert description["fitted_on"]["tumour-free slices from elsewhere"] == 8
    assert description["source_control"].keys() - {"definitions"} == description["source_control"]["definitions"].keys()
    assert 0 <= description["source_control"]["as_they_are"] <= 1
    assert "no_tumour" in description["rules"]


@pytest.fixture(scope="module")
def refitted(
    gated: tuple[Bundle, Path],
    external_folder: Path,
    small_recipe: GateRecipe,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Bundle, Card]:
    """A gated bundle with answers on the split test, fitted again where that split's images are missing; and the new
    card."""
    bundle, store = gated
    folder = tmp_path_factory.mktemp("refitted")
    shutil.copytree(bundle.folder, folder / "models" / bundle.name)
    bundle = open_bundle(bundle.name, folder / "models")
    index = pd.read_csv(external_folder / "index.csv")
    for file in index["file"][index["split"] != "test"]:
        shutil.copy(external_folder / file, folder / file)
    index.to_csv(folder / "index.csv", index=False)
    with configured(splits=tiny.data_set(40).write_table(folder / "splits.csv")), Store(store) as opened:
        measure_external(bundle, external_folder, split="test")
        assert (bundle.folder / EXTERNAL).exists()
        return bundle, fit_gate(open_bundle(bundle.name, folder / "models"), opened, folder, recipe=small_recipe)


def test_a_refitted_gate_does_not_keep_the_answers_of_the_one_before(refitted: tuple[Bundle, Card]) -> None:
    bundle, card = refitted
    assert not (bundle.folder / EXTERNAL).exists()
    assert card.metrics.external is None and card.metrics.test == bundle.test_metrics


def test_the_split_test_is_not_read_by_fitting(gated: tuple[Bundle, Path], refitted: tuple[Bundle, Card]) -> None:
    before, after = gated[0].card.gate, refitted[1].gate
    assert before and after
    assert after.fitted_on == before.fitted_on
    assert vars(after.thresholds) == pytest.approx(vars(before.thresholds), abs=1e-3), "its images are missing"


def test_only_a_bundle_for_both_tasks_gets_a_gate(tmp_path: Path, tiny_store: Store) -> None:
    with pytest.raises(BundleError, match="classification and segmentation"):
        fit_gate(tiny.classifier(tmp_path), tiny_store, tmp_path)
    with pytest.raises(BundleError, match="has no gate"):
        measure_ood(tiny.unified(tmp_path), tiny_store, [tmp_path])
