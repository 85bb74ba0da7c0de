"""Evaluation on a made-up data set: every metric is computed a second time, from the files or by hand."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.bundles.bundle import (
    ALONE,
    CARD,
    MASK_THRESHOLDS,
    MASKS,
    PREDICTIONS,
    README,
    Bundle,
    file_facts,
    load_network,
    open_bundle,
)
from core.cli.main import main
from core.config import CLASSES
from core.dataset import splits
from core.dataset.splits import SPLIT_NAMES
from core.dataset.store import Store
from core.errors import BundleError, DatasetError
from core.evaluation.evaluate import evaluate
from core.evaluation.slice_predictions import BATCH, batches, tumour_channel
from core.inference.predictor import Predictor
from core.metrics import overlap
from core.metrics.definitions import DEFINITIONS
from core.networks.losses import tumour_probability
from core.readers.preprocessing import map_to_slice, preprocess_mask, preprocess_slice
from core.readers.slices import Slice
from core.training.export import export_bundle
from tests.core import tiny
from tests.settings import configured

Made = tuple[Bundle, tiny.DataSet, dict[str, Any]]


def run(bundle: Bundle, data: tiny.DataSet, path: Path) -> dict[str, Any]:
    """Evaluate on ``data`` instead of the whole data set; the new card."""
    table = data.write_table(path.with_name("splits.csv"))
    with configured(splits=table), Store(data.write(path)) as store:
        return evaluate(bundle, store).as_dict()


def made(make: Callable[[Path], Bundle], folder: Path) -> Made:
    bundle, data = make(folder), tiny.data_set()
    card = run(bundle, data, folder / "store.h5")
    return open_bundle(bundle.name, folder), data, card


@pytest.fixture(scope="module")
def classified(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A classifier's bundle after evaluation, the data set, and the card returned."""
    return made(tiny.classifier, tmp_path_factory.mktemp("classified"))


@pytest.fixture(scope="module")
def segmented(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A segmenter's bundle after evaluation, the data set, and the card returned."""
    return made(tiny.segmenter, tmp_path_factory.mktemp("segmented"))


def read(bundle: Bundle, file: str) -> pd.DataFrame:
    return pd.read_csv(bundle.path(file))


def held_out(bundle: Bundle) -> pd.DataFrame:
    table = read(bundle, PREDICTIONS)
    return table[table["part"] == "test"]


# Classes


def test_class_predictions_have_a_row_for_every_slice(classified: Made) -> None:
    bundle, data, _ = classified
    table = read(bundle, PREDICTIONS)
    answers = {"predicted", "p_meningioma", "p_glioma", "p_pituitary"}
    assert set(table) == {"slice", "patient", "part", "true", *answers}
    for column, source in (("slice", "slice"), ("patient", "patient"), ("true", "class"), ("part", "table-1")):
        assert table[column].tolist() == data.table[source].tolist()
    assert set(table["part"]) == {"train", "validation", "test"}
    scores = table[[f"p_{name}" for name in CLASSES]]
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-4)
    assert table["predicted"].tolist() == [CLASSES[i] for i in scores.to_numpy().argmax(axis=1)]
    assert table["predicted"].nunique() > 1, "a network that always says the same would show little"


def test_each_slices_probabilities_are_that_slices(classified: Made) -> None:
    bundle, data, _ = classified
    network = load_network(bundle)
    table = read(bundle, PREDICTIONS).set_index("slice")
    for number, pixels in data.pixels.items():
        plane, _ = preprocess_slice(pixels, size=tiny.CNN_SIZE)
        alone = np.asarray(network(plane[None, ..., None].repeat(3, -1)))[0]
        np.testing.assert_allclose(table.loc[number, [f"p_{name}" for name in CLASSES]].astype(float), alone, atol=1e-5)


def test_class_metrics_are_those_of_the_test_rows(classified: Made) -> None:
    bundle, data, card = classified
    rows = held_out(bundle)
    metrics = card["metrics"]["test"]
    assert metrics["slices"] == len(rows) == (data.table["table-1"] == "test").sum()
    assert metrics["patients"] == rows["patient"].nunique()
    assert metrics["accuracy"] == pytest.approx((rows["true"] == rows["predicted"]).mean())
    assert 0 < metrics["accuracy"] < 1
    chances = [row[f"p_{row['true']}"] for _, row in rows.iterrows()]
    assert metrics["loss"] == pytest.approx(-np.log(chances).mean(), rel=1e-3)
    f1 = []
    for i, name in enumerate(CLASSES):
        true, predicted = rows["true"] == name, rows["predicted"] == name
        ours = metrics["per_class"][name]
        assert ours["support"] == true.sum()
        assert ours["precision"] == pytest.approx(rows["true"][predicted].eq(name).mean() if predicted.any() else 0)
        assert ours["recall"] == pytest.approx(rows["predicted"][true].eq(name).mean())
        f1.append(2 * (true & predicted).sum() / (true.sum() + predicted.sum()))
        assert ours["f1"] == pytest.approx(f1[-1])
        for j, other in enumerate(CLASSES):
            assert metrics["confusion_matrix"][i][j] == (true & (rows["predicted"] == other)).sum()
    assert metrics["macro_f1"] == pytest.approx(np.mean(f1))
    means = rows.groupby("patient")[[f"p_{name}" for name in CLASSES]].mean()
    said = means.columns.to_numpy()[means.to_numpy().argmax(axis=1)]
    truth = rows.groupby("patient")["true"].first()
    assert metrics["patient_accuracy"] == pytest.approx(
        np.mean([f"p_{name}" == one for name, one in zip(truth, said, strict=True)])
    )
    assert "series_accuracy" not in metrics, "a series of a slice-level split leaks"


def test_accuracy_without_similar_ids_leaves_their_patients_out(tmp_path: Path) -> None:
    recipe = tiny.recipe("report-cnn-patients")
    bundle, data = export_bundle(recipe, tiny.finished_state(recipe), tmp_path), tiny.data_set()
    # Patients 4 and 5 are test, but 5 and 1 may be one person.
    data.table["fold-1"] = np.where(data.table["patient"] >= 4, "test", "train")
    data.table.loc[data.table["patient"] == 5, "patient_group"] = 1
    card = run(bundle, data, tmp_path / "store.h5")
    rows = held_out(open_bundle(bundle.name, tmp_path))
    assert set(rows["patient"]) == {4, 5}
    alone = rows[rows["patient"] == 4]
    assert card["metrics"]["test"]["without_letter_twins"] == {
        "slices": len(alone),
        "accuracy": pytest.approx((alone["true"] == alone["predicted"]).mean()),
    }


def test_a_slice_level_split_has_no_accuracy_without_similar_ids(classified: Made) -> None:
    _, _, card = classified
    assert "without_letter_twins" not in card["metrics"]["test"]


# Masks


def test_mask_predictions_have_a_row_for_every_slice(segmented: Made) -> None:
    bundle, data, _ = segmented
    table = read(bundle, PREDICTIONS)
    assert {"slice", "patient", "part", "true", "dice", "iou", "true_px", "predicted_px"} <= set(table)
    assert table["slice"].tolist() == data.table["slice"].tolist()
    assert table["patient"].tolist() == data.table["patient"].tolist()
    assert table["part"].tolist() == data.table["table-5"].tolist()
    assert table["true"].tolist() == data.table["class"].tolist()
    assert table["true_px"].tolist() == [int(data.masks[number].sum()) for number in table["slice"]]
    assert table["predicted_px"].nunique() > 3
    np.testing.assert_allclose(table["iou"], table["dice"] / (2 - table["dice"]), atol=1e-5)


def test_each_slices_dice_is_that_slices_at_its_own_size(segmented: Made) -> None:
    bundle, data, card = segmented
    network = load_network(bundle)
    table = read(bundle, PREDICTIONS).set_index("slice")
    for number, pixels in data.pixels.items():
        plane, place = preprocess_slice(pixels, size=tiny.UNET_SIZE)
        alone = tumour_probability(np.asarray(network(plane[None, ..., None]))[0])
        predicted = map_to_slice(alone, place) >= card["output"]["threshold"]
        assert predicted.shape == data.masks[number].shape
        # A pixel at the threshold may fall either way.
        assert table.loc[number, "predicted_px"] == pytest.approx(predicted.sum(), abs=2)
        both = (predicted & data.masks[number]).sum()
        dice = 2 * both / (predicted.sum() + data.masks[number].sum())
        assert table.loc[number, "dice"] == pytest.approx(dice, abs=0.005)


def test_mask_metrics_are_those_of_the_test_rows(segmented: Made) -> None:
    bundle, data, card = segmented
    rows = held_out(bundle)
    metrics = card["metrics"]["test"]
    assert metrics["slices"] == len(rows)
    assert metrics["threshold"] == card["output"]["threshold"] == 0.5
    assert metrics["dice_mean"] == pytest.approx(rows["dice"].mean(), abs=1e-5)
    assert metrics["iou_mean"] == pytest.approx(rows["iou"].mean(), abs=1e-5)
    true, predicted = rows["true_px"].sum(), rows["predicted_px"].sum()
    both = (rows["dice"] * (rows["true_px"] + rows["predicted_px"]) / 2).round().sum()
    assert metrics["dice_pooled"] == pytest.approx(2 * both / (true + predicted))
    assert metrics["iou_pooled"] == pytest.approx(both / (true + predicted - both))
    pixels = sum(data.pixels[number].size for number in rows["slice"])
    assert metrics["pixel_accuracy"] == pytest.approx(1 - (true + predicted - 2 * both) / pixels)
    assert metrics["missed"] == pytest.approx((rows["dice"] == 0).mean())
    assert 0 < metrics["dice_mean"] < 1
    assert metrics["dice_mean"] != pytest.approx(metrics["dice_pooled"], abs=1e-4)


def test_probability_maps_are_the_test_slices_at_network_size(segmented: Made) -> None:
    bundle, data, card = segmented
    with np.load(bundle.path(MASKS)) as file:
        numbers, maps = file["slice"], file["probability"]
    assert numbers.tolist() == held_out(bundle)["slice"].tolist()
    assert maps.dtype == np.uint8
    assert maps.shape == (len(numbers), tiny.UNET_SIZE, tiny.UNET_SIZE)
    network = load_network(bundle)
    targets = []
    for number, stored in zip(numbers, maps, strict=True):
        plane, place = preprocess_slice(data.pixels[number], size=tiny.UNET_SIZE)
        alone = np.asarray(network(plane[None, ..., None]))[0, ..., 1]
        np.testing.assert_allclose(stored / 255, alone, atol=0.5 / 255 + 1e-4)
        targets.append(preprocess_mask(data.masks[number], place, size=tiny.UNET_SIZE))
    # The second set of figures, and the loss, are about these maps; uint8 rounds them a little.
    scores, true = maps / 255, np.array(targets)
    small = card["metrics"]["test"]["network_size"]
    predicted = scores >= 0.5
    both = (predicted & true).sum(axis=(1, 2))
    dice = 2 * both / (predicted.sum(axis=(1, 2)) + true.sum(axis=(1, 2)))
    assert small["dice_mean"] == pytest.approx(dice.mean(), abs=0.01)
    assert small["pixel_accuracy"] == pytest.approx((predicted == true).mean(), abs=0.01)
    chances = np.clip(np.where(true, scores, 1 - scores), 0.25 / 255, 1)
    assert card["metrics"]["test"]["loss"] == pytest.approx(-np.log(chances).mean(), rel=0.02)
    assert card["metrics"]["test"]["tumour_share_of_pixels"] == pytest.approx(true.mean())


def steep_segmenter(models: Path) -> Bundle:
    """A segmenter whose scores of bright pixels are exactly 1, or below it where 1 less the background's score is.

    By clipping: whether a sure softmax gives 1 or the float32 below it depends on the processor.
    """
    import keras

    bundle = tiny.segmenter(models)
    inputs = keras.Input((tiny.UNET_SIZE, tiny.UNET_SIZE, 1), name="image")
    outputs = keras.layers.Conv2D(2, 1, activation="hard_sigmoid", name="mask")(inputs)
    network = keras.Model(inputs, outputs)
    network.set_weights([np.array([[[[-40, 40]]]], np.float32), np.array([10, -14], np.float32)])
    return tiny.with_network(bundle, network)


@pytest.mark.parametrize("make", [tiny.segmenter, steep_segmenter])
def test_keras_mean_iou_in_the_card_is_that_of_the_tumour_channels_float_scores(
    make: Callable[[Path], Bundle], tmp_path: Path
) -> None:
    import keras

    bundle, data, card = made(make, tmp_path)
    network, metric, channel = load_network(bundle), keras.metrics.MeanIoU(num_classes=2), []
    # In batches as they are evaluated: of another size, a score's last bit may be another.
    numbers = data.table["slice"].tolist()
    tested = set(held_out(bundle)["slice"])
    for start in range(0, len(numbers), BATCH):
        part = numbers[start : start + BATCH]
        planes, places = zip(*(preprocess_slice(data.pixels[one], size=tiny.UNET_SIZE) for one in part), strict=True)
        for number, place, scores in zip(
            part, places, network.predict_on_batch(np.stack(planes)[..., None])[..., 1], strict=True
        ):
            if number in tested:
                true = preprocess_mask(data.masks[number], place, size=tiny.UNET_SIZE)
                metric.update_state(true.astype(np.uint8), scores)
                channel.append(scores)
    metrics = card["metrics"]["test"]["keras_mean_iou"]
    assert metrics["value"] == pytest.approx(float(metric.result()), abs=1e-6)
    assert metrics["share_of_ones"] == (np.array(channel) == 1).mean()
    if make is steep_segmenter:
        assert 0 < metrics["share_of_ones"] < 1


def test_with_several_tumour_channels_keras_gets_one_less_the_background() -> None:
    answer = np.array([[0.25, 0.5, 0.125, 0.125], [1, 0, 0, 0]], np.float32)
    assert tumour_channel(answer).tolist() == [0.75, 0]
    assert tumour_channel(np.array([[0.75, 0.25]], np.float32)).tolist() == [0.25]


def test_thresholds_agree_with_predictions_at_a_half(segmented: Made) -> None:
    bundle, _, _ = segmented
    table = read(bundle, MASK_THRESHOLDS)
    assert list(table) == ["slice", "threshold", "overlap_px", "true_px", "predicted_px"]
    rows = held_out(bundle).set_index("slice")
    assert set(table["slice"]) == set(rows.index)
    for number, cuts in table.groupby("slice"):
        assert cuts["threshold"].tolist() == [round(0.05 * i, 2) for i in range(1, 20)]
        assert (cuts["predicted_px"].diff().dropna() <= 0).all(), "a higher threshold marks no more"
        assert (cuts["true_px"] == rows.loc[number, "true_px"]).all()
        assert (cuts["overlap_px"] <= cuts[["true_px", "predicted_px"]].min(axis=1)).all()
        half = cuts[cuts["threshold"] == 0.5].iloc[0]
        assert half["predicted_px"] == rows.loc[number, "predicted_px"]
        dice = 2 * half["overlap_px"] / (half["true_px"] + half["predicted_px"])
        assert dice == pytest.approx(rows.loc[number, "dice"], abs=1e-5)
    assert table.groupby("threshold")["predicted_px"].sum().nunique() > 10, "the maps hold more than two values"


# Both


@pytest.mark.parametrize("which", ["classified", "segmented"])
def test_the_card_on_disk_is_the_one_returned_and_its_hashes_hold(which: str, request: pytest.FixtureRequest) -> None:
    bundle, _, card = request.getfixturevalue(which)
    stored = json.loads((bundle.folder / CARD).read_text(encoding="utf-8"))
    assert stored["metrics"] == card["metrics"]
    expected = {PREDICTIONS} if which == "classified" else {PREDICTIONS, MASKS, MASK_THRESHOLDS}
    assert expected | {"network.keras", "layers.csv", "history.csv"} == set(stored["files"])
    for name, facts in stored["files"].items():
        assert facts == file_facts(bundle.folder / name).as_dict()
    for name, value in stored["metrics"]["test"].items():
        if isinstance(value, float):
            assert name in stored["metrics"]["definitions"] or name in ("threshold", "tumour_share_of_pixels")
    assert stored["metrics"]["definitions"] == DEFINITIONS["test"]
    assert stored["times"]["one_slice_seconds"] > 0
    assert stored["times"]["machine"]


@pytest.fixture
def evaluate_on(
    tmp_path: Path, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, dict, dict]]:
    """Runs the command on a small bundle with times, on an idle or a busy machine; status, card before and after."""
    bundle, data, _ = made(tiny.classifier, tmp_path)
    configure(models=tmp_path, splits=data.write_table(tmp_path / "splits.csv"))

    def run(*options: str, busy: bool) -> tuple[int, dict, dict]:
        monkeypatch.setattr("core.cli.evaluate.is_busy", lambda: busy)
        before = json.loads((bundle.folder / CARD).read_text(encoding="utf-8"))
        status = main(["evaluate", bundle.name, *options, "--store", str(tmp_path / "store.h5")])
        return status, before, json.loads((bundle.folder / CARD).read_text(encoding="utf-8"))

    return run


@pytest.mark.parametrize(("options", "busy"), [(["--times"], False), (["--times", "--busy"], True)])
def test_times_alone_are_measured_again_and_all_else_stays(
    options: list[str], busy: bool, evaluate_on: Callable[..., tuple[int, dict, dict]], capsys: pytest.CaptureFixture
) -> None:
    status, before, after = evaluate_on(*options, busy=busy)
    assert status == 0
    assert "one slice" in capsys.readouterr().out
    assert after["times"] != before["times"] and set(after["times"]) == set(before["times"])
    assert after["changelog"][:-1] == before["changelog"]
    assert {**after, "times": None, "changelog": None} == {**before, "times": None, "changelog": None}


def test_a_busy_machine_does_not_overwrite_times_unasked(
    evaluate_on: Callable[..., tuple[int, dict, dict]], capsys: pytest.CaptureFixture[str]
) -> None:
    status, before, after = evaluate_on("--times", busy=True)
    assert status != 0 and after == before
    assert "--busy" in capsys.readouterr().err
    status, before, after = evaluate_on(busy=True)
    assert status == 0 and after["times"] == before["times"]


@pytest.mark.parametrize(("which", "split"), [("classified", "table-1"), ("segmented", "table-5")])
def test_train_and_validation_slices_do_not_change_the_metrics(
    which: str, split: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    bundle, _, card = request.getfixturevalue(which)
    other = tiny.data_set()
    part = other.table.set_index("slice")[split]
    random = np.random.default_rng(9)
    for number in part.index[part != "test"]:
        other.pixels[number] = random.integers(0, 200, other.pixels[number].shape).astype(np.int16)
        other.masks[number] = random.random(other.masks[number].shape) < 0.5
        other.table.loc[other.table["slice"] == number, "class"] = CLASSES[number % 3]
    before = read(bundle, PREDICTIONS)
    copy = copied(bundle, tmp_path)
    metrics = run(copy, other, tmp_path / "other.h5")["metrics"]["test"]
    assert flat(metrics) == pytest.approx(flat(card["metrics"]["test"]), abs=1e-5)
    # Negative control: their own rows did change.
    after = read(open_bundle(copy.name, tmp_path), PREDICTIONS)
    assert not before[before["part"] != "test"].equals(after[after["part"] != "test"])


def copied(bundle: Bundle, models: Path) -> Bundle:
    """The same bundle in another folder."""
    (models / bundle.name).mkdir()
    for path in bundle.folder.iterdir():
        (models / bundle.name / path.name).write_bytes(path.read_bytes())
    return open_bundle(bundle.name, models)


def flat(value: Any, name: str = "") -> dict[str, float]:
    """Every number in nested dictionaries and lists, by its path."""
    if isinstance(value, dict):
        return {key: number for part in value for key, number in flat(value[part], f"{name}/{part}").items()}
    if isinstance(value, list):
        return {key: number for i, part in enumerate(value) for key, number in flat(part, f"{name}/{i}").items()}
    return {name: value}


def test_a_store_without_some_slices_is_refused(classified: Made, tmp_path: Path) -> None:
    bundle, data, _ = classified
    less = tiny.data_set()
    less.table = less.table[less.table["slice"] != 5]
    table = data.write_table(tmp_path / "splits.csv")
    refused = pytest.raises(DatasetError, match=r"no slice 5 .*; .*\.$")
    with configured(splits=table), Store(less.write(tmp_path / "less.h5")) as store, refused:
        evaluate(copied(bundle, tmp_path), store)


def test_an_unknown_task_is_refused(classified: Made, tmp_path: Path) -> None:
    bundle, data, _ = classified
    copy = copied(bundle, tmp_path)
    tiny.change_card(copy, task="regression")
    with pytest.raises(BundleError, match=r"task is regression; .*classification"):
        run(open_bundle(copy.name, tmp_path), data, tmp_path / "store.h5")


def test_the_made_up_splits_are_not_the_shipped_ones() -> None:
    assert len(splits.index_table()) == 3064
    assert set(SPLIT_NAMES) <= set(tiny.data_set().table)


# Both from one network


def test_a_network_for_both_tasks_is_evaluated_for_both(tmp_path: Path) -> None:
    bundle, data, card = made(tiny.unified, tmp_path)
    table, metrics = read(bundle, PREDICTIONS), card["metrics"]["test"]
    answers = {"predicted", *(f"p_{name}" for name in CLASSES), "dice", "iou", "true_px", "predicted_px"}
    assert set(table) == {"slice", "patient", "part", "true", *answers}
    tested = table[table["part"] == "test"]
    assert metrics["accuracy"] == pytest.approx((tested["true"] == tested["predicted"]).mean())
    assert metrics["dice_mean"] == pytest.approx(tested["dice"].mean(), abs=1e-5)
    # Two losses: that of the class, and that of the pixels as tumour or background.
    chances = [row[f"p_{row['true']}"] for _, row in tested.iterrows()]
    assert metrics["loss"] == pytest.approx(-np.log(chances).mean(), abs=1e-4)
    network = load_network(bundle)
    losses = []
    for number, row in table.set_index("slice").iterrows():
        spec = bundle.card.input
        plane, place = preprocess_slice(data.pixels[number], size=spec.height, preprocessing=spec.preprocessing)
        kind, mask = (np.asarray(one)[0] for one in network(plane[None, ..., None]))
        np.testing.assert_allclose(kind, row[[f"p_{name}" for name in CLASSES]].astype(float), atol=1e-4)
        tumour = 1 - mask[..., 0]
        assert row["predicted_px"] == np.count_nonzero(map_to_slice(tumour, place) >= metrics["threshold"])
        if row["part"] == "test":
            true = preprocess_mask(data.masks[number], place, size=spec.height)
            losses.append(-np.log(np.clip(np.where(true, tumour, 1 - tumour), 1e-7, 1)).mean())
    assert metrics["mask_loss"] == pytest.approx(np.mean(losses), rel=1e-3)
    assert bundle.mask_classes == ["background", *CLASSES]
    assert bundle.card.classes == list(CLASSES)


def test_a_masks_threshold_is_the_best_on_validation_whatever_the_test_slices_are(tmp_path: Path) -> None:
    bundle = tiny.brightness_segmenter(tmp_path)
    # Brighter tumours on validation than on test: which threshold is best depends on where one looks.
    tiny.change_output(bundle, threshold_rule="the best on validation")
    data = tiny.data_set()
    part = data.table.set_index("slice")["table-5"]
    random = np.random.default_rng(0)
    for number in data.pixels:
        shape = data.pixels[number].shape
        data.pixels[number] = random.integers(0, 1000, shape).astype(np.int16)
        data.masks[number] = data.pixels[number] > (550 if part[number] == "validation" else 450)
    card = run(bundle, data, tmp_path / "store.h5")
    chosen = card["output"]["threshold"]
    assert chosen == card["metrics"]["test"]["threshold"]
    again = open_bundle(bundle.name, tmp_path)
    assert again.card.output.threshold == chosen
    by_cut = read(again, MASK_THRESHOLDS).groupby("threshold")[["overlap_px", "true_px", "predicted_px"]].sum()
    test_dice = overlap.dice_from_counts(*(by_cut[name].to_numpy() for name in by_cut))
    best_on_test = by_cut.index[int(test_dice.argmax())]
    assert chosen > best_on_test, "chosen where the tumours are the brighter ones"


def test_a_fixed_threshold_stays(segmented: Made) -> None:
    assert segmented[2]["output"] == segmented[0].card.output.as_dict()
    assert segmented[2]["output"]["threshold"] == 0.5


def test_a_network_of_table_1_is_measured_on_table_5s_test_slices_too(tmp_path: Path) -> None:
    bundle, data = tiny.unified(tmp_path, base="unified-unet-report"), tiny.data_set()
    data.table.loc[data.table["slice"] > 12, "table-5"] = "validation"
    metrics = run(bundle, data, tmp_path / "store.h5")["metrics"]["test"]["table_5"]
    table = held_out(open_bundle(bundle.name, tmp_path))
    tested = table[table["slice"] <= 12]
    assert metrics["slices"] == len(tested) < len(table)
    assert metrics["dice_mean"] == pytest.approx(tested["dice"].mean(), abs=1e-5)


def test_a_network_of_another_split_has_no_metrics_on_table_5(segmented: Made) -> None:
    assert "table_5" not in segmented[2]["metrics"]["test"]


def test_a_network_between_neighbours_is_measured_between_them_and_alone(tmp_path: Path) -> None:
    bundle, data = tiny.between_neighbours(tmp_path), tiny.as_one_series(tiny.data_set())
    card = run(bundle, data, tmp_path / "store.h5")
    bundle = tiny.lite(open_bundle(bundle.name, tmp_path))
    between, alone = read(bundle, PREDICTIONS).set_index("slice"), read(bundle, ALONE).set_index("slice")
    assert alone.index.tolist() == between.index[between["part"] == "test"].tolist()
    predictor, columns = Predictor(bundle, bundle), [f"p_{name}" for name in CLASSES]
    slices = {number: Slice(pixels.astype(np.float32), str(number)) for number, pixels in data.pixels.items()}
    for number in (3, 12):
        around = slices[number - 1], slices[number + 1]
        stored, stored_alone = (table.loc[number, columns].to_numpy(float) for table in (between, alone))
        np.testing.assert_allclose(predictor(slices[number], around).probabilities, stored, atol=1e-4)
        np.testing.assert_allclose(predictor(slices[number]).probabilities, stored_alone, atol=1e-4)
    with Store(tmp_path / "store.h5") as store:
        ((_, inputs, _),) = batches(bundle, store, [3])
        ((_, single, _),) = batches(bundle, store, [3], alone=True)
    assert (inputs[..., 1] == single[..., 1]).all() and (single == single[..., :1]).all()
    assert (inputs[..., 0] != single[..., 0]).any() and (inputs[..., 2] != single[..., 2]).any()
    figures = card["metrics"]["without_neighbours"]
    assert figures["slices"] == len(alone)
    assert figures["accuracy"] == pytest.approx((alone["true"] == alone["predicted"]).mean())
    assert figures["dice_mean"] == pytest.approx(alone["dice"].mean(), abs=1e-5)
    assert "Between neighbours" in (bundle.folder / README).read_text()


def test_a_network_of_single_slices_has_no_figures_between_neighbours(classified: Made) -> None:
    assert "without_neighbours" not in classified[2]["metrics"]
    assert ALONE not in classified[0].card.files
