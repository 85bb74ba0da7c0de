"""The command line: exit statuses, errors, and the way from training to prediction."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from core.bundles.bundle import open_bundle
from core.cli.main import COMMANDS, main
from core.config import ROOT
from core.training import recipe as recipes
from core.training.recipe import Recipe
from tests.core import tiny
from tests.core.cli.conftest import Workplace
from tests.core.cli.support import REPORT_BUNDLES, sentence, write_picture


def test_every_command_has_a_help_of_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    listed = capsys.readouterr().out
    for command in COMMANDS:
        assert main([command, "--help"]) == 0
        first = capsys.readouterr().out.split("\n\n")[1].strip()
        assert first.endswith(".") and first in listed, "short enough to stand in the list"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "Missing command"),
        (["nothing"], "No such command 'nothing'"),
        (["predict"], "Missing argument"),
        (["train", "report-cnn", "--nothing"], "No such option"),
        (["evaluate", "report-cnn", "--explain", "--times"], "exclude each other"),
        (["search", "report-cnn", "--full", "2", "--winner"], "--full and --winner exclude each other"),
        (["search", "report-cnn", "--sampler", "tpe", "nothing"], "'nothing' is not one of"),
        (["cross-validate", "report-cnn", "--folds", "1", "6"], "6 is not in the range"),
    ],
)
def test_wrong_usage_is_refused_with_a_reason(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    output = capsys.readouterr()
    assert reason in output.err and not output.out


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (KeyboardInterrupt(), 130, "stopped."),
        (ModuleNotFoundError("No module", name="tqdm"), 1, "the package tqdm is missing; 'make setup' installs it."),
    ],
)
def test_an_interruption_and_a_missing_package_are_one_sentence(
    error: BaseException,
    status: int,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(name: str) -> None:
        raise error

    monkeypatch.setattr(recipes, "load_recipe", fail)
    assert main(["train", "report-cnn"]) == status
    assert sentence(capsys.readouterr().err) == f"core train: {message}"


def test_importing_the_command_line_loads_no_command() -> None:
    code = "import sys, core.cli.main; print({'numpy', 'pandas', 'tqdm', 'core.cli.train'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "set()", done.stderr


@pytest.mark.parametrize(
    ("error", "message"),
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
def test_a_system_error_is_one_sentence_without_none(
    error: OSError, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(name: str) -> None:
        raise error

    monkeypatch.setattr(recipes, "load_recipe", fail)
    assert main(["train", "report-cnn"]) == 1
    assert sentence(capsys.readouterr().err) == f"core train: {message}"


@pytest.mark.parametrize("command", [["train", "report-cnn"], ["evaluate", "report-cnn"], ["splits"]])
def test_a_missing_store_is_one_sentence_that_says_how_to_make_it(
    command: list[str], commands: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--store", str(tmp_path / "x.h5")]) == 1
    assert "make it with 'python -m core prepare FOLDER'." in sentence(capsys.readouterr().err)


def test_train_evaluate_and_predict_on_one_data_set(
    workplace: Workplace,
    use_recipe: Callable[[Recipe], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data, store, models, runs = vars(workplace).values()
    tiny.lite(tiny.segmenter(models))
    use_recipe(tiny.recipe(epochs=2, batch=6, micro_batch=3, dtype="mixed_bfloat16", augmentation={"flip": 0.5}))

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
        printed = {name: float(value) for name, value in (figure.split() for figure in figures.split(", "))}
        assert printed == pytest.approx({name: getattr(row, name) for name in ("val_loss", "val_accuracy")}, abs=1e-4)
    card = open_bundle("report-cnn").card
    assert card.data.counts.as_dict() == data.table["table-1"].value_counts().to_dict()
    assert card.training.epochs_run == 2
    assert pd.read_csv(models / "report-cnn" / "history.csv")["epoch"].tolist() == [1, 2]

    # A finished run is exported again, not trained again.
    state = (runs / "report-cnn" / "state.npz").read_bytes()
    assert main(train) == 0
    assert (runs / "report-cnn" / "state.npz").read_bytes() == state

    capsys.readouterr()
    assert main(["evaluate", "report-cnn", "--store", str(store)]) == 0
    printed = dict(line.split() for line in capsys.readouterr().out.strip().splitlines())
    figures = open_bundle("report-cnn").test_metrics
    assert float(printed["accuracy"]) == pytest.approx(figures.accuracy, abs=1e-4)
    assert figures.slices == (data.table["table-1"] == "test").sum()

    tiny.lite(open_bundle("report-cnn"))
    path = write_picture(tmp_path / "one.png", 1)
    assert main(["predict", str(path), *REPORT_BUNDLES]) == 0
    assert capsys.readouterr().out.startswith(f"{path}: ")
