"""The page Hyperparameters without a browser, on made-up trials: its figures are theirs."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.bundles.bundle import open_bundle
from core.config import ROOT
from core.dataset import splits
from core.search.names import TRIALS, search_names
from core.search.plan import PLAN, Range, load_plan
from core.search.results import COMPLETE, FULL_SIZE, IMPORTANCE, STOPPED, read_search
from core.training.recipe import Augmentation
from panels.tuning.help import AUGMENTATION_TEXTS, SETTING_TITLES
from panels.tuning.history import selected_trials
from tests.pages import test_analyse
from tests.pages.situations import opened
from tests.settings import link_bundles


def made_up_trials(name: str = "report-cnn", count: int = 12) -> pd.DataFrame:
    """``count`` trials of each sampler; the first is the recipe's own setting, TPE's ninth the best of all."""
    plan, random, rows = load_plan(name), np.random.default_rng(1), []
    for sampler in ("tpe", "genetic"):
        for trial in range(count):
            setting = {
                key: random.uniform(values.low, values.high) if isinstance(values, Range) else random.choice(values)
                for key, values in plan.space.items()
            }
            setting["epochs"] = round(setting["epochs"])
            value = 0.95 if (sampler, trial) == ("tpe", 8) else 0.5 + 0.03 * trial
            rows.append(
                {
                    "sampler": sampler,
                    "trial": trial,
                    "generation": trial // plan.population if sampler == "genetic" else None,
                    "state": STOPPED if trial % 4 == 1 else COMPLETE,
                    "value": value,
                    "epochs_run": 5,
                    "seconds": 30.0,
                    **(setting if trial else plan.start),
                }
            )
    return pd.DataFrame(rows)


@pytest.fixture
def make_searches(tmp_path: Path, configure: Callable[..., None]) -> Callable[..., Path]:
    """Makes a folder of searches the page reads, with made-up trials and, where asked for, a full-size check."""

    def make(*names: str, full: list[float] | None = None) -> Path:
        folder = tmp_path / "searches"
        for plan in (ROOT / "searches").glob(f"*/{PLAN}"):
            (folder / plan.parent.name).mkdir(parents=True)
            shutil.copy(plan, folder / plan.parent.name)
        for name in names:
            trials = made_up_trials(name)
            trials.to_csv(folder / name / TRIALS, index=False)
            shares = dict.fromkeys(load_plan(name).space, 0.1) | {"learning_rate": 0.5}
            text = json.dumps({"tpe": shares, "genetic": shares, "all": shares})
            (folder / name / IMPORTANCE).write_text(text)
            if full:
                rows = trials.head(len(full))[["sampler", "trial", "value"]].assign(full_value=full, seconds=100)
                rows.to_csv(folder / name / FULL_SIZE, index=False)
        configure(searches=folder)
        return folder

    return make


def texts(app: AppTest) -> str:
    """The page's texts and what the question marks of its captions open."""
    return "\n".join([test_analyse.texts(app), *(caption.proto.help for caption in app.caption)])


def tables(app: AppTest) -> list[pd.DataFrame]:
    return [one.value for one in app.dataframe]


@pytest.mark.parametrize("name", search_names())
def test_every_shipped_search_opens_with_the_trials_of_its_files(name: str) -> None:
    app = opened("tuning", search=name)
    assert not app.exception and not app.error
    shipped = read_search(name)
    assert tables(app)[0]["Trials"].tolist() == [
        int((shipped.trials["sampler"] == sampler).sum()) for sampler in shipped.samplers
    ]


def test_the_samplers_stand_side_by_side(make_searches: Callable[..., Path]) -> None:
    make_searches("report-cnn")
    app = opened("tuning")
    assert not app.exception and not app.error
    table = tables(app)[0]
    assert table["Sampler"].tolist() == ["TPE", "Genetic (NSGA-II)"]
    assert table["Trials"].tolist() == [12, 12]
    assert table["Stopped early"].tolist() == [3, 3]
    assert table["Best"].tolist() == ["95.0\xa0%", "83.0\xa0%"]
    assert table["Found at"].tolist() == ["9 of 12", "12 of 12"]
    assert table["Different"].tolist() == [12, 12]
    assert table["Epochs trained"].tolist() == [60, 60]
    text = texts(app)
    assert "own setting reached 50.0\xa0%" in text
    index = splits.index_table()
    validation = index[index["fold-1"] == "validation"]
    assert re.search(rf"\b{len(validation)} \[validation slices\].*\b{validation['patient'].nunique()} patients", text)


def test_a_setting_tried_again_counts_once_among_the_different_ones(make_searches: Callable[..., Path]) -> None:
    folder = make_searches("report-cnn")
    trials = made_up_trials()
    settings = list(load_plan("report-cnn").space)
    trials.loc[3, settings] = trials.loc[2, settings]
    trials.to_csv(folder / "report-cnn" / TRIALS, index=False)
    assert tables(opened("tuning"))[0]["Different"].tolist() == [11, 12]


def test_a_search_that_is_not_finished_says_so(make_searches: Callable[..., Path]) -> None:
    folder = make_searches("report-cnn")
    (unfinished,) = [one for one in opened("tuning").info if "hourglass" in one.icon]
    assert re.search(r"TPE .*\b12 of 48\b.*NSGA-II.*\b12 of 48\b", unfinished.value)
    made_up_trials(count=load_plan("report-cnn").trials).to_csv(folder / "report-cnn" / TRIALS, index=False)
    assert not [one for one in opened("tuning").info if "hourglass" in one.icon]


def test_the_importance_is_given_in_words(make_searches: Callable[..., Path]) -> None:
    make_searches("report-cnn")
    text = texts(opened("tuning"))
    assert "learning rate 50\xa0%" in text
    assert re.search(r"\((filters|batch) \d+ in \d+ of 24 trials\).*Fewer epochs", text)


def test_with_a_schedule_fewer_epochs_are_another_training(
    make_searches: Callable[..., Path],
) -> None:
    make_searches("report-unet")
    assert "Fewer epochs" not in texts(opened("tuning"))


def test_every_setting_and_sampler_is_explained(make_searches: Callable[..., Path]) -> None:
    make_searches("report-cnn", "report-unet")
    for name in ("report-cnn", "report-unet"):
        text = texts(opened("tuning", search=name))
        for word in ("[TPE](#term-tpe)", "[NSGA-II](#term-nsga-ii)", "stopped early", *SETTING_TITLES.values()):
            assert f"**{word}**" in text
        assert f"{AUGMENTATION_TEXTS['flip'](0.5)}, {AUGMENTATION_TEXTS['rotation'](15)}" in text
    assert re.search(r"quarter .*, from 50\xa0%", text)


def test_trials_below_the_chart_are_counted(make_searches: Callable[..., Path]) -> None:
    folder = make_searches("report-cnn")
    trials = made_up_trials()
    trials.loc[[2, 14], "value"] = 0.01
    trials.to_csv(folder / "report-cnn" / TRIALS, index=False)
    assert re.search(r"\b2 of the trials .*below", texts(opened("tuning")))


def test_settings_at_full_size_are_numbered(make_searches: Callable[..., Path]) -> None:
    make_searches("report-cnn", full=[0.8, 0.6, 0.7])
    app = opened("tuning")
    charts = [chart.proto for chart in app.get("plotly_chart")]
    (fidelity,) = [json.loads(one.spec) for one in charts if "fidelity_report-cnn" in one.id]
    assert fidelity["data"][0]["text"] == ["1", "2", "3"]
    named = re.search(r": 1 (.+), 2 (.+), 3 (.+?)\. Kendall", texts(app))
    assert named and list(named.groups()) == fidelity["data"][0]["customdata"]


def test_dice_keeps_its_capital_within_a_sentence(make_searches: Callable[..., Path]) -> None:
    make_searches("report-unet")
    assert "a better validation Dice" in texts(opened("tuning"))


def test_a_search_can_be_chosen_by_address(make_searches: Callable[..., Path]) -> None:
    make_searches("report-cnn", "report-unet")
    app = opened("tuning", search="report-unet")
    assert tables(app)[0]["Best"].tolist() == ["0.950", "0.830"]


@pytest.mark.parametrize(
    ("full", "verdict"),
    [
        ([0.5, 0.6, 0.7, 0.8, 0.9], r"τ 1\.00 over 5 .*: the ranking holds \(by chance 1\xa0%"),
        ([0.5, 0.6, 0.7, 0.9, 0.8], r"ranking holds for .* \(by chance 4\xa0%"),
        ([0.5, 0.7, 0.6, 0.9, 0.8], r": too few .*by chance 12\xa0%"),
        ([0.9, 0.8, 0.7, 0.6, 0.5], r"does not hold"),
        ([0.5, 0.6, 0.7, 0.8], r"τ 1\.00 over 4 .*: fewer than 5"),
        ([0.5] * 5, r"\b5 settings: .*\bno ranking"),
    ],
)
def test_the_ranking_of_low_fidelity_trials_is_checked_at_full_size(
    make_searches: Callable[..., Path], full: list[float], verdict: str
) -> None:
    make_searches("report-cnn", full=full)
    shown = texts(opened("tuning"))
    assert re.search(verdict, shown)
    assert "nan" not in shown


@pytest.mark.parametrize("full", [[0.9, 0.8, 0.7, 0.6], [0.5] * 5])
def test_no_verdict_without_a_ranking(make_searches: Callable[..., Path], full: list[float]) -> None:
    make_searches("report-cnn", full=full)
    shown = texts(opened("tuning"))
    assert "does not hold" not in shown
    assert not re.search(r"ranking holds (for|\()", shown)


def test_the_folds_follow_from_the_plan(make_searches: Callable[..., Path]) -> None:
    folder = make_searches("report-cnn")
    path = folder / "report-cnn" / PLAN
    path.write_text(path.read_text().replace('split = "fold-1"', 'split = "fold-3"'))
    app = opened("tuning")
    assert "within folds 1, 2, 4 and 5;" in texts(app)
    assert "; fold 3 is" in texts(app)
    assert any("on fold 3" in one.value for one in app.info)


def test_shorter_trials_are_named_as_such(make_searches: Callable[..., Path]) -> None:
    make_searches("report-cnn", "report-unet")
    assert re.search(r"at 48 pixels .*20\xa0% .*folds 2 to 5", texts(opened("tuning", search="report-unet")))
    assert "at 96 pixels, within" in texts(opened("tuning"))


def test_the_trials_of_a_selection_are_those_at_its_points(make_searches: Callable[..., Path]) -> None:
    make_searches("report-cnn")
    trials = read_search("report-cnn")
    # As Streamlit gives them: of a line without what it carries, of markers with the row first.
    points = [
        {"x": 3, "y": 0.5, "curve_number": 0},
        {"x": 9, "y": 0.95, "curve_number": 1, "customdata": [8, "words"]},
        {"x": 3, "y": 0.56, "curve_number": 3, "customdata": [14, "words"]},
        {"x": 3, "y": 0.56, "curve_number": 3, "customdata": [14, "words"]},
    ]
    rows = selected_trials(trials, points)
    assert rows[["sampler", "trial"]].to_numpy().tolist() == [["tpe", 8], ["genetic", 2]]
    assert len(selected_trials(trials, [])) == len(selected_trials(trials, points[:1])) == len(trials.trials)


def test_the_page_names_what_a_selection_does_not_change(make_searches: Callable[..., Path]) -> None:
    make_searches("report-cnn")
    assert re.search(r"importance of settings stay over all trials", texts(opened("tuning")))


def test_the_page_names_missing_results(
    make_searches: Callable[..., Path], tmp_path: Path, configure: Callable[..., None]
) -> None:
    make_searches("report-cnn")
    configure(models=link_bundles(tmp_path / "models", "report-cnn"))
    text = [one.value for one in opened("tuning").info]
    assert any("full size yet" in one for one in text)
    assert any("on fold 1" in one for one in text)


def test_a_search_that_finds_nothing_better_than_the_recipe_says_so(
    make_searches: Callable[..., Path], tmp_path: Path, configure: Callable[..., None]
) -> None:
    configure(models=link_bundles(tmp_path / "models", "report-cnn"))
    make_searches("report-cnn", full=[0.8, 0.6, 0.7])
    assert any("no winner" in one.value for one in opened("tuning").info)


def test_the_winner_s_gain_is_that_of_its_card(
    make_searches: Callable[..., Path], tmp_path: Path, configure: Callable[..., None]
) -> None:
    make_searches("report-cnn")
    folder = tmp_path / "models" / "report-cnn-searched"
    shutil.copytree(open_bundle("report-cnn-patients").folder, folder)
    card = json.loads((folder / "card.json").read_text())
    one = {"value": 0.8, "other": 0.7262, "difference": 0.0738, "low": 0.0123, "high": 0.1357}
    card |= {"name": folder.name}
    card["metrics"]["comparison"] = {
        "with": "report-cnn-patients",
        "slices": 570,
        "figures": {"accuracy": one},
        "without_letter_twins": {"slices": 483, "figures": {"accuracy": one | {"difference": 0.0512}}},
        "recipe_differences": ["batch", "keep", "micro_batch"],
    }
    (folder / "card.json").write_text(json.dumps(card))
    configure(models=folder.parent)
    app = opened("tuning")
    row = tables(app)[-1].iloc[0].tolist()
    assert row == ["Accuracy", "80.0\xa0%", "72.6\xa0%", "+7.4 points", "+1.2 to +13.6", "+5.1 points"]
    (caption,) = [one.value for one in app.caption if "483 slices" in one.proto.help]
    assert "excludes zero" in caption
    assert "epoch is kept" in caption and "batch" not in caption
    title = re.escape(card["title"])
    assert re.search(rf"fold 1 {title} .*\b80\.0\xa0%.*\b72\.6\xa0%: \+7\.4 points .*\+1\.2 to \+13\.6\b", texts(app))


def test_without_a_search_the_page_names_the_command_that_makes_one(make_searches: Callable[..., Path]) -> None:
    folder = make_searches("report-cnn")
    (folder / "report-cnn" / TRIALS).unlink()
    app = opened("tuning")
    assert not app.exception
    assert not app.error
    assert "python -m core search report-cnn" in app.info[0].value


def test_trials_of_a_grid_that_lack_settings_are_shown(make_searches: Callable[..., Path]) -> None:
    folder = make_searches("report-cnn")
    trials = made_up_trials()
    trials.loc[trials["sampler"] == "genetic", ["sampler", "epochs", "generation"]] = ["grid", None, None]
    trials.to_csv(folder / "report-cnn" / TRIALS, index=False)
    app = opened("tuning")
    assert not app.exception and not app.error
    assert tables(app)[0]["Sampler"].tolist() == ["TPE", "Grid"]
    assert "12 of a grid" in texts(app)


def test_unreadable_files_of_a_search_are_one_sentence(make_searches: Callable[..., Path]) -> None:
    folder = make_searches("report-cnn")
    (folder / "report-cnn" / IMPORTANCE).write_text("{")
    app = opened("tuning")
    assert not app.exception
    assert "searches/report-cnn" in app.error[0].value


def test_every_option_of_augmentation_can_be_explained() -> None:
    assert set(AUGMENTATION_TEXTS) == set(Augmentation.model_fields)
    texts = [text(0.3) for text in AUGMENTATION_TEXTS.values()]
    assert len(set(texts)) == len(texts)
