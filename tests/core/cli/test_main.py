"""The command line: what it prints, what it writes, and its exit status."""

import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core import config
from core.bundles import bundle as bundles
from core.bundles.bundle import DEFAULT_CLASSIFIER, DEFAULT_SEGMENTER, distinct_bundles, open_bundle
from core.cli.main import main
from core.cli.progress import trials_bar
from core.dataset import splits
from core.dataset.slices import read_and_recognise_slice
from core.errors import TrainingError
from core.evaluation.cross_validation import fold_recipe
from core.inference.gate import LOW_CONFIDENCE, NO_TUMOUR, OUT_OF_DISTRIBUTION, GateDecision, GateThresholds
from core.inference.predictor import Predictor
from core.inference.result import slice_result
from core.search import full_size, objective, results, study, trials_file, worker
from core.search import plan as search_plan
from core.search.plan import PLAN, Plan
from core.training import recipe as recipes
from core.training.checkpoint import save_state
from core.training.export import export_bundle
from core.training.recipe import Recipe
from tests.core import tiny
from tests.core.search import trials as search_trials

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
        slice_ = read_and_recognise_slice(path.read_bytes(), path.name)
        expected = slice_result(slice_, predictor(slice_), distinct_bundles(*chosen))
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


@pytest.mark.parametrize(("answer", "mask"), [(OUT_OF_DISTRIBUTION, False), (NO_TUMOUR, False), (LOW_CONFIDENCE, True)])
def test_predict_writes_no_mask_outline_or_heat_of_a_flagged_picture(
    answer: str,
    mask: bool,
    commands: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = GateDecision(answer, 0, 5, np.array([0.1, 0.6, 0.3]), GateThresholds(-1, 1, 0.8, 20, 1))
    ask = Predictor.__call__
    monkeypatch.setattr(Predictor, "__call__", lambda self, slice_: replace(ask(self, slice_), gate=found))
    out = tmp_path / "out"
    assert (
        main(["predict", str(write_picture(tmp_path / "one.png", 1)), *THE_REPORTS, "--out", str(out), "--json"]) == 0
    )
    (printed,) = json.loads(capsys.readouterr().out)
    assert printed["class"] is None and printed["likeliest_class"] in printed["probabilities"]
    assert (out / "one-mask.png").exists() == mask
    with Image.open(out / "one-overlay.png") as image:
        coloured = np.ptp(np.asarray(image).astype(int), axis=2).any()
    assert coloured == mask


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
        sentence(output.err)
        == f"{bad}: The file is not a PNG, JPEG, TIFF, WebP or BMP picture, nor a figshare .mat file."
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


def test_what_is_odd_about_a_file_is_said_beside_its_answer(
    commands: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = Image.open(write_picture(tmp_path / "one.png", 1))
    picture.save(tmp_path / "pages.tif", save_all=True, append_images=[picture])
    colour = np.dstack([np.asarray(picture)] * 2 + [255 - np.asarray(picture)])
    Image.fromarray(colour).save(tmp_path / "cat.png")
    paths = [tmp_path / name for name in ("one.png", "pages.tif", "cat.png")]
    assert main(["predict", *map(str, paths), *THE_REPORTS, "--json"]) == 0
    output = capsys.readouterr()
    assert len(json.loads(output.out)) == 3
    pages, cat = (line for line in output.err.splitlines() if line.startswith(str(tmp_path)))
    assert pages == f"{paths[1]}: The TIFF has more than one page; the first one is shown."
    assert cat.startswith(f"{paths[2]}: This looks like a colour picture;")


# The rest


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FileNotFoundError(2, "No such file or directory", "/x.h5"), "/x.h5: No such file or directory."),
        (
            OSError("Unable to synchronously open file (truncated\nfile)"),
            "Unable to synchronously open file (truncated file).",
        ),
        (OSError(28, "No space left on device"), "No space left on device."),
        (OSError(), "OSError."),
    ],
)
def test_an_error_of_the_system_is_one_sentence_without_none(
    error: OSError, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(name: str) -> None:
        raise error

    monkeypatch.setattr(recipes, "load_recipe", fail)
    assert main(["train", "report-cnn"]) == 1
    assert sentence(capsys.readouterr().err) == f"core train: {said}"


def test_a_cards_texts_are_written_anew_without_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle, recipe = tiny.classifier(tmp_path), tiny.recipe("report-cnn")
    monkeypatch.setattr(bundles, "open_bundle", partial(OPEN_BUNDLE, models=tmp_path))
    monkeypatch.setattr(recipes, "load_recipe", lambda name: replace(recipe, about="Another text."))
    assert main(["card", "report-cnn"]) == 0
    assert OPEN_BUNDLE("report-cnn", tmp_path).card == {**bundle.card, "about": "Another text."}
    assert "says what recipes/report-cnn.toml says." in capsys.readouterr().out


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
    monkeypatch.setattr(recipes, "load_recipe", lambda name: recipe)
    monkeypatch.setattr(splits, "index_table", lambda: data.table)
    monkeypatch.setattr(config, "MODELS", models)
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
    tested = [int((data.table[f"fold-{number}"] == "test").sum()) for number in (1, 2)]
    assert f"All slices: {sum(tested)}, tested in folds 1 and 2\n" in printed
    assert "Without letter twins: " in printed
    assert "mean ± std        fold 1  fold 2\n" in printed
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

    # Without the runs too: the bundle keeps what they said.
    shutil.rmtree(runs)
    assert main(command) == 0
    assert "reading slices" not in capsys.readouterr().out
    assert OPEN_BUNDLE("report-cnn-patients", models).card["metrics"]["cross_validation"] == said
    assert main(["cross-validate", "report-cnn-patients", "--folds", "1", "4", "5", "--collect", *where]) == 1
    assert OPEN_BUNDLE("report-cnn-patients", models).card["metrics"]["cross_validation"] == said
    found = sentence(capsys.readouterr().err.splitlines()[-1])
    assert found.startswith("core cross-validate: 'report-cnn-patients' lacks folds 4 and 5; ")
    assert not runs.exists(), "nothing is trained"


def test_a_fold_that_is_trained_but_not_evaluated_is_not_trained_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tiny.data_set()
    store, models, runs = data.write(tmp_path / "store.h5"), tmp_path / "models", tmp_path / "runs"
    recipe = tiny.recipe("report-cnn-patients")
    instead(monkeypatch, recipe, data, models)
    other, folder = fold_recipe(recipe, 2, runs, models)
    made = [export_bundle(one, tiny.finished_state(one), where) for one, where in ((recipe, models), (other, folder))]
    weights = [(one.folder / bundles.WEIGHTS).read_bytes() for one in made]
    where = ["--store", str(store), "--runs", str(runs)]
    assert main(["cross-validate", "report-cnn-patients", "--folds", "1", "2", *where]) == 0
    assert "reading slices" not in capsys.readouterr().out
    assert [(one.folder / bundles.WEIGHTS).read_bytes() for one in made] == weights
    assert OPEN_BUNDLE(other.name, folder).test_metrics["slices"] == (data.table["fold-2"] == "test").sum()
    assert OPEN_BUNDLE("report-cnn-patients", models).card["metrics"]["cross_validation"]["folds_done"] == [1, 2]


def test_a_fold_of_another_recipe_is_trained_anew_and_its_run_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tiny.data_set()
    store, models, runs = data.write(tmp_path / "store.h5"), tmp_path / "models", tmp_path / "runs"
    recipe = tiny.recipe("report-cnn-patients", epochs=1, batch=6, micro_batch=6)
    instead(monkeypatch, recipe, data, models)
    before, folder = fold_recipe(tiny.recipe("report-cnn-patients", epochs=2), 2, runs, models)
    save_state(runs / before.name, tiny.finished_state(before))
    export_bundle(before, tiny.finished_state(before), folder)
    where = ["--store", str(store), "--runs", str(runs)]
    command = ["cross-validate", "report-cnn-patients", "--folds", "2", *where]
    assert main(command) == 1
    assert "There is no bundle 'report-cnn-patients' of its recipe to write into; " in capsys.readouterr().err
    export_bundle(recipe, tiny.finished_state(recipe), models)
    assert main(command) == 0
    assert f"{before.name}: the run of another recipe is now called {before.name}-before-1" in capsys.readouterr().out
    assert (runs / f"{before.name}-before-1" / "state.npz").is_file()
    assert OPEN_BUNDLE(before.name, folder).card["training"]["recipe"]["epochs"] == 1
    assert OPEN_BUNDLE("report-cnn-patients", models).card["metrics"]["cross_validation"]["folds_done"] == [2]


def test_there_is_no_sixth_fold(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "report-cnn-patients", "--fold", "6"]) == 2
    assert "6 is not in the range 1<=x<=5" in capsys.readouterr().err


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
    output = capsys.readouterr()
    assert "2 epochs, kept epoch" in output.out
    # The validation figures of each epoch stay in sight.
    epochs = [line for line in output.err.splitlines() if line.startswith("report-cnn, epoch ") and "val_" in line]
    history = pd.read_csv(models / "report-cnn" / "history.csv")
    for row, line in zip(history.itertuples(), epochs, strict=True):
        head, _, figures = line.partition(": ")
        assert head == f"report-cnn, epoch {row.epoch}/2"
        said = {name: float(value) for name, value in (one.split() for one in figures.split(", "))}
        assert said == pytest.approx({name: getattr(row, name) for name in ("val_loss", "val_accuracy")}, abs=1e-4)
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


# search


@pytest.fixture
def searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of searches with a plan and no trials, which the command line finds; trials cost nothing."""
    plan, folder = search_trials.plan(), tmp_path / "searches"
    (folder / plan.name).mkdir(parents=True)
    fields = {key: value for key, value in vars(plan).items() if key != "name"}
    (folder / plan.name / PLAN).write_text(full_size.to_toml(fields))
    monkeypatch.setattr(search_plan, "load_plan", lambda name: plan)
    search_trials.without_main(monkeypatch)
    monkeypatch.setattr(objective, "make_trial", search_trials.without_data)
    for name in ("export_trials", "restore_trials"):
        monkeypatch.setattr(trials_file, name, partial(getattr(trials_file, name), folder=folder))
    read = results.read_search
    monkeypatch.setattr(results, "read_search", lambda name, where=folder: read(name, where))
    monkeypatch.setattr(full_size, "write_winner", partial(full_size.write_winner, folder=tmp_path / "recipes"))
    return folder


def test_a_search_is_made_and_gone_on_with_and_made_anew_from_what_it_wrote(
    searched: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["search", "report-cnn", "--sampler", "tpe", "--threads", "1", "--runs", str(tmp_path / "runs")]
    assert main([*command, "--trials", "3"]) == 0
    printed = capsys.readouterr().out
    table = pd.read_csv(searched / "report-cnn" / results.TRIALS)
    best = table.loc[table["value"].idxmax()]
    assert len(table) == 3
    assert printed.startswith(f"tpe: val_accuracy {best['value']:.4f}, trial {best['trial']} of 3: ")
    assert f"learning_rate {best['learning_rate']:g}" in printed
    assert main([*command, "--trials", "3"]) == 0
    assert pd.read_csv(searched / "report-cnn" / results.TRIALS).equals(table), "nothing was left to do"

    (tmp_path / "runs" / "search-report-cnn.db").unlink()
    capsys.readouterr()
    assert main([*command, "--trials", "4"]) == 0
    assert "tpe: goes on after the 3 trials in searches/report-cnn." in capsys.readouterr().out
    again = pd.read_csv(searched / "report-cnn" / results.TRIALS)
    assert again["trial"].tolist() == [0, 1, 2, 3]
    assert again["value"][:3].tolist() == pytest.approx(table["value"].tolist())


def test_a_stopped_search_says_so_and_writes_what_it_found(
    searched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(plan: Plan, sampler: str, storage: str, *arguments: object, **options: object) -> None:
        worker.run_worker(plan, sampler, storage, search_trials.quick, 2)
        raise KeyboardInterrupt

    monkeypatch.setattr(worker, "run_search", stopped)
    assert main(["search", "report-cnn", "--runs", str(tmp_path)]) == 1
    output = capsys.readouterr()
    assert "Stopped; finished trials are kept, the same command goes on." in output.err
    assert output.out.startswith("tpe: val_accuracy ")
    assert len(pd.read_csv(searched / "report-cnn" / results.TRIALS)) == 2


def test_one_samplers_trials_leave_those_of_another_that_ship(
    searched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, table = search_trials.plan(), searched / "report-cnn" / results.TRIALS
    storage = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    for sampler in ("tpe", "genetic"):
        worker.run_worker(plan, sampler, storage, search_trials.quick, 3)
    trials_file.export_trials(plan, study.existing_studies(plan, storage))
    monkeypatch.setattr(
        worker, "run_search",
        lambda plan, sampler, storage, *rest, trials, **options: worker.run_worker(
            plan, sampler, storage, search_trials.quick, trials
        ),
    )  # fmt: skip
    assert main(["search", "report-cnn", "--sampler", "tpe", "--trials", "4", "--runs", str(tmp_path)]) == 0
    assert pd.read_csv(table).groupby("sampler").size().to_dict() == {"tpe": 4, "genetic": 3}


def test_a_search_whose_workers_fail_writes_what_it_found_all_the_same(
    searched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failed(plan: Plan, sampler: str, storage: str, *arguments: object, **options: object) -> None:
        worker.run_worker(plan, sampler, storage, search_trials.quick, 2)
        raise TrainingError("The workers stopped.")

    monkeypatch.setattr(worker, "run_search", failed)
    assert main(["search", "report-cnn", "--runs", str(tmp_path)]) == 1
    assert capsys.readouterr().err.endswith("\ncore search: The workers stopped.\n")
    assert len(pd.read_csv(searched / "report-cnn" / results.TRIALS)) == 2


@pytest.mark.parametrize("after", [["--full", "2"], ["--winner"]])
def test_what_comes_after_a_search_is_refused_without_one(
    after: list[str], searched: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["search", "report-cnn", *after, "--runs", str(tmp_path)]) == 1
    said = sentence(capsys.readouterr().err)
    assert said == (
        "core search: The search 'report-cnn' has no trials yet; 'python -m core search report-cnn' makes them."
    )


def test_a_winner_is_refused_before_anything_is_trained_at_full_size(
    searched: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    storage = f"sqlite:///{tmp_path / 'study.db'}"
    worker.run_worker(search_trials.plan(), "tpe", storage, search_trials.quick, 1)
    trials_file.export_trials(search_trials.plan(), study.existing_studies(search_trials.plan(), storage))
    assert main(["search", "report-cnn", "--winner", "--runs", str(tmp_path)]) == 1
    said = sentence(capsys.readouterr().err)
    assert said == "core search: Of the search 'report-cnn' no trial is trained at full size yet."
    assert not (tmp_path / "recipes").exists()


def test_the_time_left_is_from_trials_finished_since_the_search_began(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 0.0
    monkeypatch.setattr("tqdm.std.time", lambda: now)

    def shown(before: int) -> str:
        """What is shown after two trials of a minute each, looked at every second."""
        nonlocal now
        now = 0.0
        with trials_bar("x", 40, study.StudyProgress(before, 0, None)) as progress:
            for second in range(1, 121):
                now = second
                progress(study.StudyProgress(before + second // 60, 1, 0.5))
        return capsys.readouterr().err

    assert "2/40 [02:00<38:00, 60.00s/ trials" in shown(0), "a fresh study's first trial is no earlier one"
    assert "12/40 [02:00<28:00, 60.00s/ trials" in shown(10), "those of before took no time here"


# compare


def test_two_bundles_are_compared_on_one_data_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tiny.data_set()
    store, models = data.write(tmp_path / "store.h5"), tmp_path / "models"
    instead(monkeypatch, tiny.recipe(), data, models)
    tiny.classifier(models, name="one")
    tiny.classifier(models, name="other")
    assert main(["compare", "one", "other"]) == 1
    assert "The bundle 'one' is not evaluated yet" in sentence(capsys.readouterr().err)
    for name in ("one", "other"):
        assert main(["evaluate", name, "--store", str(store)]) == 0
    capsys.readouterr()
    assert main(["compare", "one", "other"]) == 0
    compared = OPEN_BUNDLE("one", models).card["metrics"]["comparison"]
    value = compared["figures"]["accuracy"]["value"]
    printed = capsys.readouterr().out
    assert (
        f"accuracy                {value:.4f} against {value:.4f}, difference +0.0000 (+0.0000 to +0.0000)" in printed
    )
    assert compared["with"] == "other"
    assert compared["slices"] == (data.table["table-1"] == "test").sum()
