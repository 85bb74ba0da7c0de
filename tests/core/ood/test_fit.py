"""The screen: what is answered when, what it is read from, and how its thresholds come about."""

import shutil
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.bundles.bundle import EXTERNAL, OOD_ANSWERS, Bundle, load_network, open_bundle, write_card
from core.config import CLASSES
from core.dataset import splits
from core.dataset.store import Store
from core.errors import BundleError
from core.evaluation.external import measure_external
from core.inference.gate import (
    CONFIDENT,
    FUSION_LAYER,
    LOW_CONFIDENCE,
    NO_TUMOUR,
    OUT_OF_DISTRIBUTION,
    Gate,
    GateDecision,
    GateThresholds,
    apply_temperature,
    decide_answers,
    gate_classifier,
    has_gate,
    load_gate,
    with_feature_output,
)
from core.inference.predictor import Predictor
from core.inference.result import results_csv, slice_result, summary_line
from core.ood import evaluate, fit
from core.ood.evaluate import INTERNAL_GROUP, NON_BRAIN_GROUP, Aim, measure_ood
from core.ood.fit import NetworkOutputs, choose_thresholds, degrade, fit_gate, fit_scores
from tests.core import tiny

LIMITS = GateThresholds(no_tumour=-1, tumour=1, sure=0.8, strange=10, temperature=1)


@pytest.mark.parametrize(
    ("score", "strangeness", "highest", "answer"),
    [
        (5, 11, 0.99, OUT_OF_DISTRIBUTION),
        (-5, 11, 0.99, OUT_OF_DISTRIBUTION),
        (-1.1, 10, 0.99, NO_TUMOUR),
        (-1, 1, 0.99, LOW_CONFIDENCE),
        (0.9, 1, 0.99, LOW_CONFIDENCE),
        (1, 1, 0.79, LOW_CONFIDENCE),
        (1, 1, 0.8, CONFIDENT),
    ],
)
def test_answers_change_at_the_thresholds(score: float, strangeness: float, highest: float, answer: str) -> None:
    assert str(decide_answers(score, strangeness, highest, LIMITS)) == answer
    said = GateDecision(answer, score, strangeness, np.array([highest, 1 - highest]), LIMITS)
    assert said.reason.endswith(".")


def test_the_reason_names_what_decided() -> None:
    def reason(answer: str, score: float) -> str:
        return GateDecision(answer, score, 12.0, np.array([0.6, 0.4]), LIMITS).reason

    assert "12 standard deviations" in reason(OUT_OF_DISTRIBUTION, 0) and "beyond 10" in reason(OUT_OF_DISTRIBUTION, 0)
    assert "below -1.0" in reason(NO_TUMOUR, -2)
    assert "left open" in reason(LOW_CONFIDENCE, 0)
    assert "likeliest kind has 60 %" in reason(LOW_CONFIDENCE, 2)


@pytest.mark.parametrize(
    ("answer", "score", "strangeness", "highest", "says"),
    [
        (
            OUT_OF_DISTRIBUTION,
            0,
            27.2,
            0.9,
            "lie 27.2 standard deviations from those of the nearest training slice; beyond 26.6 ",
        ),
        (
            OUT_OF_DISTRIBUTION,
            0,
            26.5847,
            0.9,
            "lie 26.585 standard deviations from those of the nearest training slice; beyond 26.584 ",
        ),
        (
            OUT_OF_DISTRIBUTION,
            0,
            31,
            0.9,
            "lie 31 standard deviations from those of the nearest training slice; beyond 27 ",
        ),
        (NO_TUMOUR, 0.38, 1, 0.9, "is 0.38; below 0.41 "),
        (NO_TUMOUR, -2, 1, 0.9, "is -2.0; below 0.4 "),
        (LOW_CONFIDENCE, 0.86, 1, 0.9, "is 0.860; from 0.407 to 0.863 "),
        (LOW_CONFIDENCE, 0.6, 1, 0.9, "is 0.6; from 0.4 to 0.9 "),
        (LOW_CONFIDENCE, 0.4071, 1, 0.9, "is 0.4; from 0.4 to 0.9 "),
        (LOW_CONFIDENCE, 3, 1, 0.722, "has 72.2 %; below 72.5 % none"),
        (LOW_CONFIDENCE, 3, 1, 0.6, "has 60 %; below 72 % none"),
    ],
)
def test_a_number_and_its_limit_do_not_round_to_the_same(
    answer: str, score: float, strangeness: float, highest: float, says: str
) -> None:
    limits = GateThresholds(no_tumour=0.4071, tumour=0.8625, sure=0.7247, strange=26.5845, temperature=1)
    assert says in GateDecision(answer, score, strangeness, np.array([highest, 1 - highest]), limits).reason


def test_a_reason_has_no_negative_zero_and_not_digits_without_end() -> None:
    limits = GateThresholds(no_tumour=0, tumour=1, sure=0.8, strange=10, temperature=1)
    probabilities = np.array([0.6, 0.4])
    assert "is -0.04; below 0.00 " in GateDecision(NO_TUMOUR, -0.04, 1, probabilities, limits).reason
    assert "is 0.000000; below 0.000000 " in GateDecision(NO_TUMOUR, -1e-9, 1, probabilities, limits).reason
    assert "is 0.0, and" in GateDecision(CONFIDENT, -0.01, 1, probabilities, limits).reason


def test_a_temperature_above_one_makes_less_sure_and_one_changes_nothing() -> None:
    said = np.array([[0.9, 0.08, 0.02]])
    np.testing.assert_allclose(apply_temperature(said, 1), said, atol=1e-6)
    assert apply_temperature(said, 2).max() < 0.9 < apply_temperature(said, 0.5).max()
    # Halved logits are square roots of the powers.
    np.testing.assert_allclose(apply_temperature(said, 2), np.sqrt(said) / np.sqrt(said).sum(), atol=1e-6)


# Fitting


def made_up(seed: int = 0) -> list[tuple[np.ndarray, bool, float]]:
    """Groups of six features, the fourth of which tells tumours, and two means; sources differ in the fifth."""
    random = np.random.default_rng(seed)
    groups = []
    for has, source in ((True, 1), (False, 1), (True, 0), (False, 0)):
        features = random.normal(size=(200, 8))
        features[:, 3] += 4 * has
        features[:, 4] += 4 * source
        groups.append((features, has, 1.0))
    return groups


def test_a_tumour_is_told_by_what_tells_tumours_whatever_the_source() -> None:
    groups = made_up()
    screen = fit_scores(groups, channels=2)
    assert abs(screen.weights[3]) > 5 * abs(screen.weights[4])
    for features, has, _ in made_up(1):
        assert ((screen.tumour_score(features) > 0) == has).mean() > 0.9


def test_strangeness_is_the_distance_from_the_nearest_training_slice_in_standard_deviations() -> None:
    random = np.random.default_rng(0)
    typical = random.normal(size=(500, 3)) @ np.array([[2, 0, 0], [1, 0.5, 0], [0, 0, 3]])
    screen = fit_scores([(typical, True, 1.0), (typical + 1, False, 1.0)], channels=2)
    np.testing.assert_allclose(screen.ood_score(typical), 0, atol=1e-6)
    new = random.normal(size=(20, 3)) * 3
    inverse = np.linalg.inv(np.cov(typical[:, 1:].T))
    off = new[:, None, 1:] - typical[None, :, 1:]
    expected = np.sqrt(np.einsum("nti,ij,ntj->nt", off, inverse, off)).min(axis=1)
    np.testing.assert_allclose(screen.ood_score(new), expected, rtol=1e-3)


def asked(scores: list[float], true: list[str], sure: list[float] | None = None) -> NetworkOutputs:
    """Slices whose one feature is their score and their strangeness alike."""
    highest = np.array(sure or [0.9] * len(true))
    probabilities = np.full((len(true), 3), 0.0)
    place = [CLASSES.index(one) if one in CLASSES else 0 for one in true]
    probabilities[:] = ((1 - highest) / 2)[:, None]
    probabilities[np.arange(len(true)), place] = highest
    return NetworkOutputs(np.array(scores, float)[:, None], probabilities, np.array(true))


PLAIN = Gate(np.array([1.0]), np.array(0.0), np.zeros(1), np.ones((1, 1)), np.zeros((1, 1)))


def test_thresholds_follow_their_rules() -> None:
    tumours = list(np.linspace(0, 10, 101))
    healthy = list(np.linspace(-10, 1, 101))
    dev = asked([*tumours, *healthy], ["glioma"] * 101 + ["no_tumour"] * 101)
    own = asked(list(np.linspace(2, 12, 101)), ["meningioma"] * 101)
    limits = choose_thresholds(PLAIN, own, dev)
    assert limits.no_tumour == limits.tumour == pytest.approx((0.5 + 0.45) / 2), "the two cross"
    assert limits.strange == pytest.approx(np.quantile(np.linspace(2, 12, 101), 0.985), abs=1e-3)
    assert limits.sure == pytest.approx(
        apply_temperature(np.array([0.9, 0.05, 0.05]), limits.temperature).max(), abs=1e-3
    )


def test_thresholds_that_do_not_cross_leave_a_gap() -> None:
    dev = asked([-2.0, 1.0, -1.0, 2.0] * 10, ["glioma", "glioma", "no_tumour", "no_tumour"] * 10)
    limits = choose_thresholds(PLAIN, asked([1.0] * 10, ["glioma"] * 10), dev)
    assert limits.no_tumour == -2
    assert limits.tumour == 2


def test_the_kind_is_named_from_the_lowest_probability_that_is_right_often_enough() -> None:
    highest = np.array([0.95, 0.9, 0.85, 0.8, 0.7, 0.6])
    right = np.array([True, True, True, True, True, False])
    assert fit._lowest_sure(highest, right) == 0.6, "five of six are enough"
    assert fit._lowest_sure(highest, ~right) == 0.95, "none is: only the surest is named"


def test_a_degraded_plane_is_the_same_picture_made_worse() -> None:
    plane = tiny.a_picture(2, height=64, width=64).pixels
    plane = ((plane - plane.min()) / np.ptp(plane)).astype(np.float32)
    found = degrade(plane, np.random.default_rng(3))
    assert found.shape == plane.shape and found.dtype == np.float32
    assert found.min() >= 0 and found.max() <= 1
    both = [np.corrcoef(found.ravel(), one.ravel())[0, 1] for one in (plane, plane[:, ::-1])]
    assert max(both) > 0.7


# On a network


def a_head(number: int, *, lesion: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """(64, 64) noise in a grey disc, on its left or right a brighter one, and that one's mask."""
    random = np.random.default_rng(number)
    rows, columns = np.mgrid[:64, :64]
    pixels = np.where(np.hypot(rows - 32, columns - 32) < 28, 100 + 20 * random.normal(size=(64, 64)), 0).clip(0, 255)
    place = random.uniform(26, 38), random.choice([16, 48]) + random.uniform(-2, 2)
    mask = (np.hypot(rows - place[0], columns - place[1]) < 4) & lesion
    pixels[mask] = 230
    return pixels, mask


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures without a tumour to learn from, and all classes in dev and test."""
    folder = tmp_path_factory.mktemp("elsewhere")
    rows = []
    for split, names in (("train", ["no_tumour"] * 8), ("dev", [*CLASSES, "no_tumour"] * 3), ("test", [*CLASSES] * 2)):
        for name in names:
            number = len(rows) + 50
            pixels, _ = a_head(number, lesion=name != "no_tumour")
            Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number}.png")
            rows.append({"file": f"{number}.png", "class": name, "split": split})
    pd.DataFrame(rows).to_csv(folder / "index.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def with_screen(elsewhere: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Bundle, Path]:
    """A small network's bundle with a screen, and the store it was fitted on; copy it to change it."""
    folder = tmp_path_factory.mktemp("screened")
    data = tiny.data_set(40)
    for number in data.pixels:
        if len(data.pixels[number]) == 64:
            data.pixels[number], data.masks[number] = a_head(number)
    bundle = tiny.unified(folder / "models")
    write_card(bundle.folder, {**bundle.card, "metrics": {"test": {"slices": 1}}})
    store = data.write(folder / "figshare.h5")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(splits, "index_table", lambda: data.table)
        patch.setattr(fit, "DIRECTIONS", 3)
        with Store(store) as opened:
            fit_gate(open_bundle(bundle.name, folder / "models"), opened, elsewhere)
    return open_bundle(bundle.name, folder / "models"), store


def test_a_fitted_screen_is_part_of_its_bundle_and_says_how_it_came_about(with_screen: tuple[Bundle, Path]) -> None:
    bundle, _ = with_screen
    assert has_gate(bundle)
    screen, limits = load_gate(bundle)
    assert screen.directions.shape == (len(screen.centre), 3)
    assert screen.known.shape == (bundle.card["screen"]["fitted_on"]["tumour slices of the data set"], 3)
    described = bundle.card["screen"]
    assert set(described["rules"]) == set(vars(limits)) == set(described["thresholds"])
    assert described["fitted_on"]["tumour-free slices from elsewhere"] == 8
    assert described["source_control"].keys() - {"definitions"} == described["source_control"]["definitions"].keys()
    assert 0 <= described["source_control"]["as_they_are"] <= 1
    assert "no_tumour" in described["rules"]


def test_features_leave_the_networks_answers_as_they_were(with_screen: tuple[Bundle, Path]) -> None:
    bundle, _ = with_screen
    network = load_network(bundle)
    inputs = np.random.default_rng(0).uniform(0, 1, (2, tiny.UNIFIED_SIZE, tiny.UNIFIED_SIZE, 1)).astype(np.float32)
    plain, more = network.predict_on_batch(inputs), with_feature_output(network).predict_on_batch(inputs)
    for one, other in zip(plain, more[:2], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    screen, _ = load_gate(bundle)
    assert more[2].shape == (2, len(screen.weights) + len(screen.centre))
    said = gate_classifier(network, screen).predict_on_batch(inputs)
    np.testing.assert_allclose(np.log(said[:, 1] / said[:, 0]), screen.tumour_score(more[2]), atol=1e-3)


def test_a_tumours_score_is_read_from_the_head_alone(with_screen: tuple[Bundle, Path]) -> None:
    network = load_network(with_screen[0])
    whole = keras.Model(
        network.inputs, [network.get_layer(FUSION_LAYER).output, with_feature_output(network).outputs[-1]]
    )
    plane = np.full((1, 64, 64, 1), 0.5, np.float32)
    plane[:, :, 32:] = 0.05
    seen, features = whole.predict_on_batch(plane)
    seen, channels = seen[0], seen.shape[-1]
    left = seen[:, : seen.shape[1] // 2].reshape(-1, channels)
    np.testing.assert_allclose(features[0, :channels], left.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(features[0, channels : 2 * channels], left.max(axis=0), atol=1e-5)
    np.testing.assert_allclose(features[0, -channels:], seen.mean(axis=(0, 1)), atol=1e-5)
    # Where there is no head at all, every place counts.
    seen, features = whole.predict_on_batch(np.zeros_like(plane))
    np.testing.assert_allclose(features[0, channels : 2 * channels], seen[0].max(axis=(0, 1)), atol=1e-5)
    assert np.isfinite(features).all()


@pytest.fixture(scope="module")
def screening(with_screen: tuple[Bundle, Path]) -> Predictor:
    """The small network with its screen."""
    return Predictor(with_screen[0], with_screen[0])


def test_the_predictor_says_what_the_screen_says(
    with_screen: tuple[Bundle, Path], screening: Predictor, tmp_path: Path
) -> None:
    bundle, _ = with_screen
    picture = tiny.a_picture(60)
    found = screening(picture).gate
    assert found is not None
    assert found.answer == str(
        decide_answers(found.tumour_score, found.ood_score, found.probabilities.max(), found.thresholds)
    )
    beside = Predictor(bundle, tiny.segmenter(tmp_path))(picture).gate
    assert beside is not None and beside.tumour_score == pytest.approx(found.tumour_score, abs=1e-3)
    assert Predictor(tiny.classifier(tmp_path), bundle)(picture).gate is None


def test_a_result_says_the_answer_and_its_reason_and_a_table_has_it(
    with_screen: tuple[Bundle, Path], screening: Predictor
) -> None:
    bundle, _ = with_screen
    picture = tiny.a_picture(60)
    prediction = screening(picture)
    found = slice_result(picture, prediction, (bundle,))
    assert prediction.gate is not None
    assert found["answer"]["kind"] == prediction.gate.answer
    assert found["answer"]["reason"] == prediction.gate.reason
    assert prediction.gate.answer in results_csv([found])
    flagged = {**found, "answer": {"kind": OUT_OF_DISTRIBUTION, "reason": "Why."}}
    assert summary_line(flagged) == "unusual image, not a head slice: Why."


def test_answers_to_pictures_from_elsewhere_are_kept_with_their_scores(
    with_screen: tuple[Bundle, Path], elsewhere: Path
) -> None:
    bundle, _ = with_screen
    card = measure_external(bundle, elsewhere)
    table = pd.read_csv(bundle.folder / EXTERNAL)
    again = decide_answers(table["tumour_score"], table["strangeness"], table["sure"], load_gate(bundle)[1])
    assert table["answer"].tolist() == again.tolist()
    assert card["metrics"]["external"]["dev"]["answers"].keys() == {*CLASSES, "no_tumour"}


def test_own_slices_and_non_brain_images_are_counted_apart(
    with_screen: tuple[Bundle, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle, store = with_screen
    monkeypatch.setattr(splits, "index_table", lambda: tiny.data_set(40).table)
    kinds = ["chart", "noise", "chart"]
    for number, _ in enumerate(kinds):
        noise = np.random.default_rng(number).integers(0, 255, (64, 64)).astype(np.uint8)
        Image.fromarray(noise).save(tmp_path / f"{number}.png")
    pd.DataFrame({"file": ["0.png", "1.png", "2.png"], "kind": kinds}).to_csv(tmp_path / "index.csv", index=False)
    with Store(store) as opened:
        card = measure_ood(open_bundle(bundle.name, bundle.folder.parent), opened, tmp_path)
    table = pd.read_csv(bundle.folder / OOD_ANSWERS)
    assert table["group"].value_counts().to_dict() == {INTERNAL_GROUP: 13, NON_BRAIN_GROUP: 3}
    for group, answer, name in (
        (INTERNAL_GROUP, OUT_OF_DISTRIBUTION, "figshare_flagged"),
        (INTERNAL_GROUP, NO_TUMOUR, "figshare_called_no_tumour"),
        (NON_BRAIN_GROUP, OUT_OF_DISTRIBUTION, "non_brain_flagged"),
    ):
        flagged = (table["answer"][table["group"] == group] == answer).mean()
        assert card["metrics"]["external"][name] == pytest.approx(flagged)


def test_figures_of_own_slices_and_of_pictures_by_hand() -> None:
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
                OUT_OF_DISTRIBUTION,
                CONFIDENT,
                OUT_OF_DISTRIBUTION,
            ],
        }
    )
    found = evaluate.ood_metrics(table)
    assert found["non_brain_flagged"] == pytest.approx(2 / 3)
    assert found["non_brain_flagged_by_kind"] == {"chart": 1 / 2, "noise": 1}
    assert found["figshare_called_no_tumour_by_class"] == {"glioma": pytest.approx(1 / 3), "pituitary": 0}
    assert found["figshare_all"] == {"slices": 5, "right": 2 / 5, "wrong": 2 / 5, "not_sure": 1 / 5, "stranger": 0}


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


def test_a_refitted_screen_does_not_keep_the_answers_of_the_one_before(
    with_screen: tuple[Bundle, Path], elsewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle, store = with_screen
    shutil.copytree(bundle.folder, tmp_path / bundle.name)
    monkeypatch.setattr(splits, "index_table", lambda: tiny.data_set(40).table)
    monkeypatch.setattr(fit, "DIRECTIONS", 3)
    measure_external(open_bundle(bundle.name, tmp_path), elsewhere, split="test")
    with Store(store) as opened:
        card = fit_gate(open_bundle(bundle.name, tmp_path), opened, elsewhere)
    assert not (tmp_path / bundle.name / EXTERNAL).exists()
    assert "external" not in card["metrics"] and card["metrics"]["test"] == {"slices": 1}


def test_a_screen_does_away_with_the_limit_that_anything_is_named(with_screen: tuple[Bundle, Path]) -> None:
    bundle, _ = with_screen
    limits = " ".join(bundle.card["limits"])
    assert "it names one of them in any picture" not in limits
    assert "metrics.external" in limits and "sequences" in limits and "patient" in limits
    assert "gate" in bundle.card["screen"]["about"]
    assert bundle.card["screen"]["answers"].keys() == {CONFIDENT, NO_TUMOUR, LOW_CONFIDENCE, OUT_OF_DISTRIBUTION}


def test_the_split_test_is_not_read_by_fitting(
    with_screen: tuple[Bundle, Path], elsewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle, store = with_screen
    index = pd.read_csv(elsewhere / "index.csv")
    for _, row in index[index["split"] != "test"].iterrows():
        shutil.copy(elsewhere / row["file"], tmp_path / row["file"])
    index.to_csv(tmp_path / "index.csv", index=False)
    shutil.copytree(bundle.folder, tmp_path / "models" / bundle.name)
    monkeypatch.setattr(splits, "index_table", lambda: tiny.data_set(40).table)
    monkeypatch.setattr(fit, "DIRECTIONS", 3)
    with Store(store) as opened:
        fit_gate(open_bundle(bundle.name, tmp_path / "models"), opened, tmp_path)


def test_only_a_network_that_names_and_outlines_gets_a_screen(tmp_path: Path, tiny_store: Store) -> None:
    with pytest.raises(BundleError, match="does not both name and outline"):
        fit_gate(tiny.classifier(tmp_path), tiny_store, tmp_path)
    with pytest.raises(BundleError, match="has no gate"):
        measure_ood(tiny.unified(tmp_path), tiny_store, tmp_path)
