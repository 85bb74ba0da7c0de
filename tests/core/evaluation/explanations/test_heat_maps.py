"""Heat maps of the test slices of a made-up data set: localisation computed again, and a run that is killed."""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.bundles.bundle import EXPLANATIONS, HEAT_MAPS, Bundle, file_facts, load_network, open_bundle
from core.bundles.card_update import update_card
from core.bundles.stored_maps import stored_heat_map
from core.cli.main import main
from core.dataset.slices import slice_from_store
from core.dataset.store import Store
from core.errors import BundleError
from core.evaluation.explanations.heat_maps import COLUMNS, evaluate_heat_maps, summarise_heat_maps
from core.evaluation.slice_predictions import draw_slices
from core.explanation.explainer import METHODS, Explainer, methods_for
from core.explanation.targets import bundle_target
from core.inference.predictor import model_input
from core.metrics.localisation import chance_level, heat_inside, pointing_game_hit
from core.readers.preprocessing import map_to_slice
from tests.core import tiny
from tests.settings import configured


class Killed(BaseException):
    """Raised by a test to end a run."""


@pytest.fixture(autouse=True, scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tiny.DataSet]:
    """A made-up data set in place of the real one."""
    data = tiny.data_set()
    with configured(splits=data.write_table(tmp_path_factory.mktemp("splits") / "splits.csv")):
        yield data


@pytest.fixture(scope="module")
def store(small: tiny.DataSet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store(small.write(tmp_path_factory.mktemp("data") / "store.h5")) as opened:
        yield opened


@pytest.fixture(scope="module")
def classified(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A classifier's bundle after both evaluations."""
    return tiny.explained(tmp_path_factory.mktemp("classified"), make=tiny.brightness_classifier)


@pytest.fixture(scope="module")
def segmented(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A segmenter's bundle after both evaluations."""
    return tiny.explained(tmp_path_factory.mktemp("segmented"), make=tiny.brightness_segmenter)


def table(bundle: Bundle) -> pd.DataFrame:
    return pd.read_csv(bundle.path(EXPLANATIONS), keep_default_na=False)


@pytest.mark.parametrize("which", ["classified", "segmented"])
def test_every_test_slice_has_a_row_a_quick_method_and_some_have_slow_ones(
    which: str, small: tiny.DataSet, request: pytest.FixtureRequest
) -> None:
    bundle = request.getfixturevalue(which)
    rows = table(bundle)
    assert list(rows) == list(COLUMNS)
    test = small.table["slice"][small.table[bundle.card.data.split] == "test"].tolist()
    assert len(test) > tiny.SLOW
    assert set(rows["method"]) == set(methods_for(bundle.tasks[0]))
    for name, method_rows in rows.groupby("method"):
        expected = test if METHODS[str(name)].quick else sorted(draw_slices(np.array(test), tiny.SLOW))
        assert method_rows["slice"].tolist() == expected
    assert (rows["layer"] == "").equals(rows["method"] == "saliency")


@pytest.mark.parametrize("which", ["classified", "segmented"])
def test_a_rows_localisation_is_that_of_its_heat_map(which: str, store: Store, request: pytest.FixtureRequest) -> None:
    bundle = request.getfixturevalue(which)
    rows = table(bundle)
    explain = Explainer(load_network(bundle))
    for row in rows[rows["slice"].isin(draw_slices(rows["slice"].unique(), tiny.SLOW))].itertuples():
        slice_ = slice_from_store(store, row.slice)
        inputs, place = model_input(bundle, slice_)
        label = rows["class"][row.Index]
        explanation = explain(inputs, bundle_target(bundle, None if label == "tumour" else label), method=row.method)
        heat = map_to_slice(explanation.plane, place)
        assert row.inside == pytest.approx(heat_inside(heat, slice_.mask), abs=1e-4)
        assert row.area == pytest.approx(chance_level(slice_.mask), abs=1e-5)
        assert row.hit == pointing_game_hit(heat, slice_.mask, tolerance_px=0)
    assert rows["inside"].nunique() > 5


def test_the_predicted_class_is_explained_and_right_where_it_is_the_true_one(classified: Bundle) -> None:
    predictions = pd.read_csv(classified.path("predictions.csv")).set_index("slice")
    for row in table(classified).itertuples(index=False):
        prediction = predictions.loc[row.slice]
        assert row[COLUMNS.index("class")] == prediction["predicted"]
        assert row.right == (prediction["predicted"] == prediction["true"])
    assert set(table(classified)["right"]) == {True, False}


def test_a_mask_is_right_from_an_iou_of_a_half(segmented: Bundle) -> None:
    predictions = pd.read_csv(segmented.path("predictions.csv")).set_index("slice")
    rows = table(segmented)
    assert set(rows["class"]) == {"tumour"}
    assert rows["right"].tolist() == (predictions["iou"][rows["slice"]] >= 0.5).tolist()


def test_heat_falls_on_bright_pixels(segmented: Bundle) -> None:
    # The made-up tumours are bright, and this network predicts bright pixels as tumour.
    rows = table(segmented)
    assert (rows["inside"] > 0.8).all()
    assert (rows["inside"] > rows["area"]).all()


@pytest.mark.parametrize("which", ["classified", "segmented"])
def test_the_card_has_the_means_and_the_new_files(which: str, request: pytest.FixtureRequest) -> None:
    bundle = request.getfixturevalue(which)
    for name in (EXPLANATIONS, HEAT_MAPS):
        assert bundle.card.files[name] == file_facts(bundle.folder / name)
    assert bundle.is_evaluated, "the test metrics are still there"
    explanation = bundle.card.as_dict()["metrics"]["explanation"]
    assert explanation["layer"] in set(table(bundle)["layer"])
    for method, rows in table(bundle).groupby("method"):
        for name, right in (("right", True), ("wrong", False)):
            part = rows[rows["right"] == right]
            means = explanation["methods"][method][name]
            assert means["slices"] == len(part)
            for column in ("inside", "area", "hit") if len(part) else ():
                assert means[column] == pytest.approx(part[column].mean(), abs=1e-5)
    assert set(explanation["definitions"]) >= {"explained", "inside", "area", "hit", "right"}


def test_a_summary_of_no_slices_states_their_number_only() -> None:
    row = dict(zip(COLUMNS, (1, "grad-cam", "conv2d", "glioma", True, 0.5, 0.25, True), strict=True))
    assert summarise_heat_maps(pd.DataFrame([row])) == {
        "grad-cam": {"right": {"slices": 1, "inside": 0.5, "area": 0.25, "hit": 1.0}, "wrong": {"slices": 0}}
    }


# Stored heat maps


@pytest.mark.parametrize("which", ["classified", "segmented"])
def test_a_stored_heat_map_is_the_networks_own(which: str, store: Store, request: pytest.FixtureRequest) -> None:
    bundle = request.getfixturevalue(which)
    explain = Explainer(load_network(bundle))
    rows = table(bundle)
    for number in rows["slice"].unique()[:4]:
        label = rows["class"][rows["slice"] == number].iloc[0]
        inputs, _ = model_input(bundle, slice_from_store(store, number))
        plane = stored_heat_map(bundle, number)
        assert plane is not None and plane.dtype == np.float32
        np.testing.assert_allclose(plane, explain(inputs, bundle_target(bundle, label)).plane, atol=1 / 255)
        assert plane.any()


def test_there_is_no_stored_heat_map_of_other_slices_or_bundles(
    classified: Bundle, small: tiny.DataSet, tmp_path: Path
) -> None:
    train = small.table["slice"][small.table["table-1"] == "train"].iloc[0]
    assert stored_heat_map(classified, int(train)) is None
    assert stored_heat_map(tiny.classifier(tmp_path), 1) is None


def test_stored_heat_maps_that_were_altered_are_refused(tmp_path: Path) -> None:
    bundle = tiny.explained(tmp_path, make=tiny.brightness_segmenter)
    number = int(table(bundle)["slice"].iloc[0])
    (bundle.folder / HEAT_MAPS).write_bytes(b"something else")
    with pytest.raises(BundleError, match=r"not the file .*card"):
        stored_heat_map(bundle, number)
    update_card(bundle.folder, {}, "Another network.")
    with pytest.raises(BundleError, match=r"cannot be used: .*'python -m core evaluate --explain"):
        stored_heat_map(open_bundle(bundle.name, tmp_path), number)


# A run that is killed


def killed_after(count: int) -> Callable[[Iterable[int]], Iterator[int]]:
    def wrap(numbers: Iterable[int]) -> Iterator[int]:
        for done, number in enumerate(numbers):
            if done == count:
                raise Killed
            yield number

    return wrap


def test_a_killed_run_resumes_and_ends_the_same(classified: Bundle, store: Store, tmp_path: Path) -> None:
    bundle = tiny.evaluated(tmp_path, make=tiny.brightness_classifier)
    before = {path.name for path in bundle.folder.iterdir()}
    kept = tmp_path / "partial.jsonl"
    with pytest.raises(Killed):
        evaluate_heat_maps(bundle, store, kept, slow=tiny.SLOW, progress=killed_after(4))
    assert {path.name for path in bundle.folder.iterdir()} == before, "nothing half done in the bundle"
    with kept.open("a") as file:
        file.write('{"stamp": "cut short by the ki')
    left: list[int] = []

    def watch(numbers: Iterable[int]) -> Iterable[int]:
        left.extend(numbers)
        return list(left)

    evaluate_heat_maps(bundle, store, kept, slow=tiny.SLOW, progress=watch)
    expected = table(classified)
    assert left == sorted(expected["slice"].unique())[4:]
    pd.testing.assert_frame_equal(table(open_bundle(bundle.name, tmp_path)), expected, atol=1e-5)
    assert not kept.exists()
    number = int(expected["slice"].iloc[0])
    again = stored_heat_map(open_bundle(bundle.name, tmp_path), number)
    np.testing.assert_allclose(again, stored_heat_map(classified, number), atol=1 / 255)


def test_partial_results_of_other_weights_are_discarded(store: Store, tmp_path: Path) -> None:
    bundle = tiny.evaluated(tmp_path, make=tiny.brightness_segmenter)
    kept = tmp_path / "partial.jsonl"
    with pytest.raises(Killed):
        evaluate_heat_maps(bundle, store, kept, slow=tiny.SLOW, progress=killed_after(2))
    lines = [json.loads(line) for line in kept.read_text().splitlines()]
    assert len(lines) == 2
    kept.write_text("".join(json.dumps({**line, "stamp": "another"}) + "\n" for line in lines))
    seen: list[int] = []

    def watch(numbers: Iterable[int]) -> Iterable[int]:
        seen.extend(numbers)
        return list(seen)

    evaluate_heat_maps(bundle, store, kept, slow=tiny.SLOW, progress=watch)
    assert {line["slice"] for line in lines} <= set(seen)


# Refusals and the command line


def test_a_bundle_that_is_not_evaluated_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"not evaluated .*'python -m core evaluate report-cnn'"):
        evaluate_heat_maps(tiny.classifier(tmp_path), store, tmp_path / "partial.jsonl")


def test_the_command_explains_and_prints_the_means(
    small: tiny.DataSet, store: Store, tmp_path: Path, configure: Callable[..., None], capsys: Any
) -> None:
    tiny.evaluated(tmp_path / "models", make=tiny.brightness_segmenter)
    path = small.write(tmp_path / "figshare.h5")
    configure(models=tmp_path / "models")
    assert main(["evaluate", "report-unet", "--explain", "--store", str(path)]) == 0
    lines = capsys.readouterr().out.strip().splitlines()
    assert {line.split()[0] for line in lines} == set(methods_for("segmentation"))
    methods = open_bundle("report-unet", tmp_path / "models").card.as_dict()["metrics"]["explanation"]["methods"]
    assert f"inside {methods['grad-cam']['right']['inside']:.4f}" in lines[0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["figshare.h5", "models"]
