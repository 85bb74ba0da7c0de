"""Plans: settings become recipes, cheap and at full size, and what is refused."""

from pathlib import Path

import optuna
import pytest

from core.errors import TrainingError
from core.networks.registry import build_network
from core.search.full_size import to_toml
from core.search.plan import PLAN, SETTINGS, Range, load_plan, plan_names, round_setting, suggest_setting
from core.training.recipe import load_recipe
from tests.core.search import trials as search_trials

SETTING = {"filters": 16, "epochs": 7, "batch": 60, "learning_rate": 0.00123456, "dropout": 0.1, "augmentation": 0.5}


@pytest.mark.parametrize("name", plan_names())
def test_every_shipped_plan_varies_what_the_report_names_and_makes_recipes(name: str) -> None:
    plan = load_plan(name)
    assert set(plan.space) == set(SETTINGS)
    study = optuna.create_study(direction="maximize")
    for _ in range(5):
        setting = suggest_setting(plan, study.ask())
        for cheap in (True, False):
            assert plan.recipe_of(setting, name="x", cheap=cheap).split == plan.split


@pytest.mark.parametrize("name", plan_names())
def test_every_shipped_plan_starts_with_the_recipes_own_setting(name: str) -> None:
    plan, own = load_plan(name), load_recipe(name)
    started = plan.recipe_of(plan.start, name=name, cheap=False)
    assert set(plan.start) == set(plan.space)
    networks = [build_network(one.network.name, {**one.network.options, "size": 48}) for one in (started, own)]
    assert networks[0].get_config() == networks[1].get_config()
    for option in ("epochs", "batch", "micro_batch", "learning_rate"):
        assert getattr(started.training, option) == getattr(own.training, option)
    assert started.training.augmentation and not any(started.training.augmentation.model_dump().values())
    for key, values in plan.space.items():
        low, high = (values.low, values.high) if isinstance(values, Range) else (min(values), max(values))
        assert low <= plan.start[key] <= high


@pytest.mark.parametrize("name", plan_names())
def test_two_workers_have_trials_for_five_whole_generations(name: str) -> None:
    plan = load_plan(name)
    assert plan.population == 8
    # Each generation holds one more than its population: the one the second worker was in when it was full.
    assert plan.trials >= 5 * (plan.population + 1)


def test_no_shipped_plan_reads_the_fold_it_is_judged_on() -> None:
    assert {load_plan(name).split for name in plan_names()} == {"fold-1"}


def test_a_setting_stands_in_its_recipe() -> None:
    recipe = load_plan("report-cnn").recipe_of(SETTING, name="tried", cheap=False)
    plan = recipe.training
    assert (recipe.name, plan.epochs, plan.batch, plan.micro_batch, plan.learning_rate) == ("tried", 7, 60, 30, 0.00123)
    assert recipe.network.options == {"filters": [16, 32, 32, 64], "dropout": 0.1, "dropout_flat": 0.2}
    assert plan.augmentation and plan.augmentation.rotation == 7.5
    assert plan.keep == "val_accuracy"
    assert recipe.input.size == 512
    assert plan.dtype == "mixed_bfloat16"


def test_a_cheap_recipe_is_small_and_computes_its_batch_at_once() -> None:
    recipe = load_plan("report-cnn").recipe_of(SETTING, name="tried", cheap=True)
    assert recipe.input.size == 96
    assert recipe.training.micro_batch == recipe.training.batch == 60
    assert build_network(recipe.network.name, recipe.network_options).input_shape == (
        None,
        96,
        96,
        3,
    )


def test_a_cheap_recipe_trains_its_share_of_the_settings_epochs() -> None:
    plan = load_plan("report-unet")
    assert plan.recipe_of({"epochs": 40}, name="tried", cheap=True).training.epochs == 8
    assert plan.recipe_of({"epochs": 40}, name="tried", cheap=False).training.epochs == 40
    assert plan.recipe_of({"epochs": 1}, name="tried", cheap=True).training.epochs == 1
    assert load_plan("report-cnn").recipe_of({"epochs": 7}, name="tried", cheap=True).training.epochs == 7


@pytest.mark.parametrize(
    ("split", "held_out", "searched"),
    [
        ("fold-1", "fold 1", "folds 2 to 5"),
        ("fold-3", "fold 3", "folds 1, 2, 4 and 5"),
        ("fold-5", "fold 5", "folds 1 to 4"),
    ],
)
def test_a_plan_says_which_folds_it_searches_and_which_it_leaves(split: str, held_out: str, searched: str) -> None:
    plan = load_plan("report-cnn").model_copy(update={"split": split})
    assert (plan.held_out, plan.searched) == (held_out, searched)


def test_an_empty_setting_leaves_the_recipe_but_for_the_kept_epoch() -> None:
    recipe = load_plan("report-unet").recipe_of({}, name="tried", cheap=False)
    assert recipe.training.learning_rate == 0.001
    assert not recipe.network.options
    assert recipe.training.keep == "val_dice"


def test_a_unet_has_one_number_of_filters() -> None:
    options = load_plan("report-unet").recipe_of(SETTING, name="tried", cheap=False).network.options
    assert options == {"filters": 16, "dropout": 0.1}


@pytest.mark.parametrize(("value", "text"), [(0.00123456, "0.00123"), (0.5, "0.5"), (0.0, "0.0"), (30, "30")])
def test_settings_are_rounded_so_that_a_recipe_can_be_read(value: float, text: str) -> None:
    assert str(round_setting(value)) == text


def test_the_grid_leaves_what_it_does_not_name_to_the_recipe() -> None:
    plan = load_plan("report-unet")
    study = optuna.create_study(sampler=optuna.samplers.GridSampler(plan.grid))
    assert set(suggest_setting(plan, study.ask(), grid=True)) == set(plan.grid) < set(plan.space)


def written(folder: Path, changes: dict[str, object]) -> str:
    """Write the plan of ``tests.core.search.trials`` with changes, without the fields that are None; its name."""
    table = {**search_trials.plan().model_dump(exclude={"name"}), **changes}
    (folder / "mine").mkdir()
    (folder / "mine" / PLAN).write_text(to_toml({key: value for key, value in table.items() if value is not None}))
    return "mine"


def test_a_written_plan_is_the_plan(tmp_path: Path) -> None:
    plan = search_trials.plan()
    read = load_plan(written(tmp_path, {}), tmp_path)
    assert read == plan.model_copy(update={"name": "mine"})
    assert [type(value) for value in read.start.values()] == [float, int], "a whole number stays one"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"trials": None}, "trials is missing"),
        ({"trails": 4}, "trails is unknown; it may be about, split, "),
        ({"name": "other"}, "name is unknown"),
        ({"trials": "4"}, "trials is '4'; it must be a whole number"),
        ({"trials": 0}, "trials is 0; it must be more than 0"),
        ({"population": 2.5}, "population is 2.5; "),
        ({"split": "table-1"}, "split is 'table-1'; it may be fold-1, fold-2, "),
        ({"value": "val_loss"}, "value is 'val_loss'; it may be val_accuracy, val_dice, val_iou"),
        ({"cheap": {"dtype": "float32"}}, "cheap.size is missing"),
        (
            {"cheap": {"size": 48, "dtype": "float32", "epoch": 1}},
            "cheap.epoch is unknown; it may be size, dtype, e",
        ),
        ({"cheap": {"size": 48, "dtype": "float64"}}, "cheap.dtype is 'float64'; it must be 'float32' or "),
        ({"cheap": {"size": 48, "dtype": "float32", "epochs": 2.0}}, "cheap.epochs is 2.0; it must be at most 1"),
        ({"space": {"depth": [1, 2]}}, "space.depth is unknown; it may be filters, epochs, "),
        ({"space": {"batch": []}}, "space.batch is a list; it must be a list of at least 1"),
        ({"space": {"batch": ["15"]}}, "space.batch.0 is '15'; it must be a number"),
        ({"space": {"batch": 15}}, "space.batch is 15; it must be a table"),
        ({"space": {"batch": {"low": 15}}}, "space.batch.high is missing"),
        ({"space": {"batch": {"low": 15, "high": 8}}}, "space.batch: low must not be above high"),
        ({"space": {"batch": {"low": 0, "high": 8, "log": True}}}, "space.batch: low must .* above 0"),
        ({"grid": {"depth": [1]}}, "grid.depth is unknown; it may be filters, "),
        ({"start": {"batch": "all"}}, "start.batch is 'all'; it must be a number"),
        ({"means": {"batch": "slices an update"}}, "means must say what learning_rate is"),
        ({"augmentation": {"rotate": 3.0}}, "augmentation.rotate is unknown; it may be flip, rotation, "),
        ({"known": "nothing"}, "known is 'nothing'; it must be a list"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    name = written(tmp_path, changes)
    with pytest.raises(TrainingError, match=f"'mine' cannot be read: {message}") as refused:
        load_plan(name, tmp_path)
    assert "\n" not in str(refused.value) and str(refused.value).endswith(".")


@pytest.mark.parametrize("content", [b"about = ", 'about = "größer"'.encode("latin-1")])
def test_a_plan_that_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / PLAN).write_bytes(content)
    with pytest.raises(TrainingError, match="'one' cannot be read"):
        load_plan("one", tmp_path)


def test_an_unknown_search_is_refused_with_those_there_are() -> None:
    with pytest.raises(TrainingError, match=r"no search 'nothing'; .*report-cnn, report-unet"):
        load_plan("nothing")
