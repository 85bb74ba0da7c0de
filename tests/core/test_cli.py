"""The command line: what it prints, what it writes, and its exit status."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core import bundles, recipes, splits
from core.bundles import DEFAULT_CLASSIFIER, DEFAULT_SEGMENTER, distinct, open_bundle
from core.cli import main
from core.inference import Predictor
from core.recipes import Recipe
from core.results import result
from core.slices import read_slice
from tests.core import tiny

# Taken here, before a test puts others in their place.
OPEN_BUNDLE = bundles.open_bundle


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with small bundles: the default and the report's two."""
    folder = tmp_path_factory.mktemp("models")
    tiny.unified(folder, name=DEFAULT_CLASSIFIER)
    tiny.classifier(folder)
    tiny.brightness_segmenter(folder)
    return folder


THE_REPORTS = ["--classifier", "report-cnn", "--segmenter", "report-unet"]


@pytest.fixture
def commands(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line with the small bundles."""
    monkeypatch.setattr(bundles, "open_bundle", partial(OPEN_BUNDLE, models=models))


def write_picture(path: Path, number: int, *, width: int = 64, height: int = 64) -> Path:
    pixels = tiny.a_picture(number, width=width, height=height).pixels
    Image.fromarray(pixels.astype(np.uint8)).save(path)
    return path


def sentence(text: str) -> str:
    """The one line on stderr; TensorFlow's own lines are not asked."""
    (line,) = text.strip().splitlines()
    return line


# predict


@pytest.mark.parametrize(
    ("options", "asked"),
    [([], (DEFAULT_CLASSIFIER, DEFAULT_SEGMENTER)), (THE_REPORTS, ("report-cnn", "report-unet"))],
    ids=["one network for both", "two networks"],
)
def test_predict_prints_what_the_predictor_says(
    options: list[str],
    asked: tuple[str, str],
    commands: None,
    models: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    paths = [write_picture(tmp_path / "one.png", 1), write_picture(tmp_path / "two.png", 2, width=48, height=80)]
    assert main(["predict", *map(str, paths), *options, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    chosen = open_bundle(asked[0], models), open_bundle(asked[1], models)
    predictor = Predictor(*chosen)
    for one, path in zip(printed, paths, strict=True):
        slice_ = read_slice(path.read_bytes(), path.name)
        expected = result(slice_, predictor(slice_), distinct(*chosen))
        assert one.pop("probabilities") == pytest.approx(expected.pop("probabilities"), abs=1e-5)
        assert one == expected
    assert [(one["width"], one["height"]) for one in printed] == [(64, 64), (48, 80)]


def test_predict_writes_overlay_and_mask_at_the_slices_own_size(
    commands: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_picture(tmp_path / "one.png", 1, width=48, height=80)
    out = tmp_path / "new" / "folder"
    assert main(["predict", str(path), *THE_REPORTS, "--out", str(out), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert sorted(file.name for file in out.iterdir()) == ["one-mask.png", "one-overlay.png"]
    with Image.open(out / "one-mask.png") as image:
        assert image.size == (48, 80)
        mask = np.asarray(image)
    assert set(np.unique(mask)) == {0, 255}
    assert (mask > 0).sum() == found["mask"]["area_px"]
    with Image.open(out / "one-overlay.png") as image:
        assert image.size == (48, 80)
        assert image.mode == "RGB"


def test_one_unreadable_file_leaves_the_others_answered(
    commands: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = [write_picture(tmp_path / f"good-{i}.png", i) for i in (1, 2)]
    bad = tmp_path / "bad.png"
    bad.write_bytes(good[0].read_bytes()[:200])
    gone = tmp_path / "gone.png"
    assert (
        main(["predict", str(good[0]), str(bad), str(gone), str(good[1]), *THE_REPORTS, "--out", str(tmp_path / "out")])
        == 1
    )
    output = capsys.readouterr()
    lines = output.out.strip().splitlines()
    assert [line.split(":")[0] for line in lines] == [str(path) for path in good]
    assert all("px tumour" in line for line in lines)
    said = output.err.strip().splitlines()
    assert [line.split(":")[0] for line in said] == [str(bad), str(gone)], "a line each, and no traceback"
    assert said[0].endswith("The picture is damaged or cut short and could not be read.")
    assert len(list((tmp_path / "out").iterdir())) == 4


def test_files_whose_results_would_overwrite_each_other_are_refused(
    commands: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a").mkdir()
    twins = [write_picture(path, 1) for path in (tmp_path / "one.png", tmp_path / "a" / "one.png")]
    assert main(["predict", *map(str, twins), *THE_REPORTS, "--out", str(tmp_path / "out")]) == 1
    assert "Several files are called one" in sentence(capsys.readouterr().err)
    assert main(["predict", *map(str, twins), *THE_REPORTS]) == 0


def test_json_stays_json_when_a_file_is_unreadable(
    commands: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    assert main(["predict", str(bad), *THE_REPORTS, "--json"]) == 1
    output = capsys.readouterr()
    assert json.loads(output.out) == []
    assert (
        sentence(output.err) == f"{bad}: The file is no PNG, JPEG, TIFF, WebP or BMP picture and no figshare .mat file."
    )


@pytest.mark.parametrize("option", ["--classifier", "--segmenter"])
def test_an_unknown_bundle_is_one_sentence(
    option: str, commands: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_picture(tmp_path / "one.png", 1)
    assert main(["predict", str(path), option, "nothing"]) == 1
    output = capsys.readouterr()
    there = "report-cnn, report-unet, unified-unet"
    assert sentence(output.err) == f"core predict: There is no bundle 'nothing'; there are {there}."
    assert not output.out


def test_a_bundle_of_the_wrong_task_is_one_sentence(
    commands: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_picture(tmp_path / "one.png", 1)
    assert main(["predict", str(path), "--segmenter", "report-cnn"]) == 1
    assert "is for classification; one for segmentation is needed" in capsys.readouterr().err


# The rest


def test_prepare_of_a_missing_folder_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = tmp_path / "store" / "figshare.h5"
    assert main(["prepare", str(tmp_path / "nothing"), "--store", str(store)]) == 1
    output = capsys.readouterr()
    said = sentence(output.err)
    assert said.startswith(f"core prepare: '{tmp_path / 'nothing'}' is not a folder;")
    assert not output.out
    assert not store.parent.exists()


def test_an_unknown_recipe_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "nothing", "--store", str(tmp_path / "x.h5"), "--runs", str(tmp_path)]) == 1
    assert sentence(capsys.readouterr().err).startswith("core train: There is no recipe 'nothing'; there are ")


@pytest.mark.parametrize("command", [["train", "report-cnn"], ["evaluate", "report-cnn"], ["splits"]])
def test_a_missing_store_is_one_sentence_that_says_how_to_make_it(
    command: list[str], commands: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--store", str(tmp_path / "x.h5")]) == 1
    assert "make it with 'python -m core prepare FOLDER'." in sentence(capsys.readouterr().err)


def instead(monkeypatch: pytest.MonkeyPatch, recipe: Recipe, data: tiny.DataSet, models: Path) -> None:
    """Let commands find this recipe, this data set and this folder of bundles."""
    monkeypatch.setattr(recipes, "load", lambda name: recipe)
    monkeypatch.setattr(splits, "index_table", lambda: data.table)
    monkeypatch.setattr(bundles, "MODELS", models)
    monkeypatch.setattr(bundles, "open_bundle", lambda name, folder=models: OPEN_BUNDLE(name, folder))


def test_folds_are_trained_once_and_put_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tiny.data_set()
    store, models, runs = data.write(tmp_path / "store.h5"), tmp_path / "models", tmp_path / "runs"
    recipe = tiny.recipe("report-cnn-patients", epochs=1, batch=6, micro_batch=6)
    instead(monkeypatch, recipe, data, models)
    where = ["--store", str(store), "--runs", str(runs)]

    assert main(["train", "report-cnn-patients", "--fold", "2", *where]) == 0
    assert "report-cnn-patients-fold-2: 1 epochs" in capsys.readouterr().out
    assert not models.exists(), "a fold that does not ship stays beside the runs"
    trained = (runs / "report-cnn-patients-fold-2" / "state.npz").stat().st_mtime_ns

    command = ["cross-validate", "report-cnn-patients", "--folds", "1", "2", *where]
    assert main(command) == 0
    assert (runs / "report-cnn-patients-fold-2" / "state.npz").stat().st_mtime_ns == trained
    printed = capsys.readouterr().out
    assert "all slices: " in printed
    assert "without letter twins: " in printed
    said = OPEN_BUNDLE("report-cnn-patients", models).card["metrics"]["cross_validation"]
    assert said["folds_done"] == [1, 2]
    assert f"accuracy                {said['accuracy']['mean']:.4f} ± {said['accuracy']['std']:.4f}" in printed
    own = OPEN_BUNDLE("report-cnn-patients", models).test_metrics
    assert said["accuracy"]["folds"][0] == pytest.approx(own["accuracy"])

    # What is done is not done again.
    states = {path: path.stat().st_mtime_ns for path in runs.rglob("*") if path.is_file()}
    assert main(command) == 0
    assert {path: path.stat().st_mtime_ns for path in runs.rglob("*") if path.is_file()} == states
    assert "reading slices" not in capsys.readouterr().out


def test_there_is_no_sixth_fold(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["train", "report-cnn-patients", "--fold", "6"])
    assert "invalid choice: 6" in capsys.readouterr().err


def test_trained_evaluated_and_asked_on_one_data_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tiny.data_set()
    store, models, runs = data.write(tmp_path / "store.h5"), tmp_path / "models", tmp_path / "runs"
    tiny.segmenter(models)
    recipe = tiny.recipe(epochs=2, batch=6, micro_batch=3, dtype="mixed_bfloat16", augmentation={"flip": 0.5})
    instead(monkeypatch, recipe, data, models)

    train = ["train", "report-cnn", "--store", str(store), "--runs", str(runs)]
    assert main(train) == 0
    assert "2 epochs, kept epoch" in capsys.readouterr().out
    card = OPEN_BUNDLE("report-cnn", models).card
    assert card["data"]["counts"] == data.table["table-1"].value_counts().to_dict()
    assert card["training"]["epochs_run"] == 2
    assert pd.read_csv(models / "report-cnn" / "history.csv")["epoch"].tolist() == [1, 2]

    # A finished run is exported again, not trained again.
    state = (runs / "report-cnn" / "state.npz").read_bytes()
    assert main(train) == 0
    assert (runs / "report-cnn" / "state.npz").read_bytes() == state

    capsys.readouterr()
    assert main(["evaluate", "report-cnn", "--store", str(store)]) == 0
    printed = dict(line.split() for line in capsys.readouterr().out.strip().splitlines())
    found = OPEN_BUNDLE("report-cnn", models).test_metrics
    assert float(printed["accuracy"]) == pytest.approx(found["accuracy"], abs=1e-4)
    assert found["slices"] == (data.table["table-1"] == "test").sum()

    path = write_picture(tmp_path / "one.png", 1)
    assert main(["predict", str(path), *THE_REPORTS]) == 0
    assert capsys.readouterr().out.startswith(f"{path}: ")
