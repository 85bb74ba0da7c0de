"""Recipes: the shipped ones make sense, and one that does not is refused."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from core.config import ROOT, recipes_folder
from core.dataset.splits import ALL_SPLITS, FOLD_SPLITS
from core.errors import TrainingError
from core.networks.losses import LOSSES
from core.networks.registry import NETWORKS
from core.readers.preprocessing import HEAD, MIN_MAX
from core.training.data.augmentation import augment
from core.training.recipe import Augmentation, load_recipe, parse_recipe, recipe_names


def test_the_reports_networks_and_the_honest_one_have_recipes() -> None:
    assert {"report-cnn", "report-unet", "report-cnn-patients"} <= set(recipe_names())


@pytest.mark.parametrize("name", recipe_names())
def test_a_shipped_recipe_names_only_what_there_is(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.network.name in NETWORKS
    assert recipe.split in ALL_SPLITS
    assert recipe.input.preprocessing in (MIN_MAX, HEAD)
    assert set(recipe.losses) <= set(LOSSES)
    assert recipe.training.optimizer in ("adam", "adamw")
    assert recipe.training.schedule in ("constant", "cosine")
    assert recipe.training.dtype in ("float32", "mixed_bfloat16")
    measured = {"loss", "accuracy"} | ({"dice", "iou"} if "segmentation" in recipe.tasks else set())
    assert recipe.training.keep in {"last", *(f"val_{value}" for value in measured)}


def test_the_options_of_augmentation_are_those_that_augment_takes() -> None:
    accepted = {name: value for name, value in (augment.__kwdefaults__ or {}).items() if name != "size"}
    assert {name: field.default for name, field in Augmentation.model_fields.items()} == accepted


@pytest.mark.parametrize("name", recipe_names())
def test_a_recipes_table_is_what_its_file_states(name: str) -> None:
    assert load_recipe(name).table == tomllib.loads((recipes_folder() / f"{name}.toml").read_text())


@pytest.mark.parametrize("name", recipe_names())
def test_the_bundle_that_stands_for_unseen_patients_has_a_recipe(name: str) -> None:
    recipe = load_recipe(name)
    if recipe.by_patient is None:
        return
    other = load_recipe(recipe.by_patient)
    assert other.split in FOLD_SPLITS
    assert other.network.name == recipe.network.name, "the same network, honestly split"


def test_the_reports_recipe_is_the_reports() -> None:
    plan = load_recipe("report-cnn").training
    assert (plan.epochs, plan.batch, plan.early_stopping_patience, plan.reduce_rate_patience) == (20, 300, 5, 2)
    assert not plan.augmentation
    plan = load_recipe("report-unet").training
    assert (plan.epochs, plan.batch) == (40, 32)


@pytest.mark.parametrize("name", ["report-cnn", "report-unet"])
def test_the_honest_recipe_differs_in_its_split_alone(name: str) -> None:
    one, other = load_recipe(name), load_recipe(f"{name}-patients")
    assert one.by_patient == other.name
    assert not other.limits, "those of the split by slice"
    assert {**other.decisive_settings, "split": one.split} == one.decisive_settings


def broken(folder: Path, old: str, new: str) -> str:
    """Copy a shipped recipe with one change, as a newcomer would; its name."""
    text = (ROOT / "recipes" / "report-cnn.toml").read_text()
    assert old in text
    (folder / "mine.toml").write_text(text.replace(old, new))
    return "mine"


def test_a_copied_recipe_is_a_recipe(tmp_path: Path) -> None:
    recipe = load_recipe(broken(tmp_path, "epochs = 20", "epochs = 3"), tmp_path)
    assert (recipe.name, recipe.training.epochs) == ("mine", 3)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('task = "classification"', 'task = "detection"', "cannot be read: the task is detection; it may be"),
        (
            "micro_batch = 30",
            "micro_batch = 40",
            "cannot be read: training: micro-batches of 40 do not divide a batch of 300",
        ),
        (
            "epochs = 20",
            "epochs = 20\nepoch = 20",
            "cannot be read: training.epoch is unknown; it may be epochs, batch, ",
        ),
        ('loss = "cross-entropy"', "", "cannot be read: training.loss is missing"),
        ('loss = "cross-entropy"', 'loss = "entropy"', "cannot be read: training.loss is 'entropy'; it may be cross-"),
        ('title = "Report CNN"', 'titel = "Report CNN"', "cannot be read: title is missing"),
        ('version = "1.0.0"', 'version = "1.0.0"\nname = "x"', "cannot be read: name is unknown"),
        ("[training]", "[trainings]", "cannot be read: training is missing"),
        ('split = "table-1"', 'split = "table-2"', "cannot be read: split is 'table-2'; it may be table-1, "),
        ("size = 512", "size = 512.5", "cannot be read: input.size is 512.5; it must be a whole number"),
        ("channels = 3", "channels = 4", "cannot be read: input.channels is 4; it must be 1 or 3"),
        ("size = 512", "size = 512\nwidth = 512", "cannot be read: input.width is unknown; it may be size, channels, "),
        ('"min-max"', '"max"', "cannot be read: input.preprocessing is 'max'; it may be min-max, head"),
        ("[training]", "mask_threshold = 0.3\n[training]", "cannot be read: input.mask_threshold is unknown"),
        (
            "[network]",
            "mask_threshold = 1.5\n[network]",
            "cannot be read: mask_threshold is 1.5; it must be less than 1",
        ),
        (
            "[network]",
            '[heat]\nmethod = "cam"\nlayer = "x"\n[network]',
            "cannot be read: heat.method is 'cam'; it may be ",
        ),
        ('optimizer = "adam"', 'optimizer = "sgd"', "cannot be read: training.optimizer is 'sgd'; it must be 'adam'"),
        ('dtype = "mixed_bfloat16"', 'dtype = "float16"', "cannot be read: training.dtype is 'float16'; it must be "),
        (
            "learning_rate = 0.001",
            "learning_rate = -1",
            "cannot be read: training.learning_rate is -1; it must be at least 0",
        ),
        ("epochs = 20", "epochs = ", "cannot be read: "),
        ("epochs = 20", 'epochs = "20"', "cannot be read: training.epochs is '20'; it must be a whole number"),
        (
            "micro_batch = 30",
            "micro_batch = 0",
            "cannot be read: training.micro_batch is 0; it must be more than 0",
        ),
        (
            'keep = "val_loss"',
            'keep = "val_los"',
            "cannot be read: training.keep is 'val_los'; it may be last, val_loss, ",
        ),
        (
            "seed = 2023",
            "seed = 2023\n[training.augmentation]\nrotate = 3.0",
            "cannot be read: training.augmentation.rotate is unknown; it may be flip, ",
        ),
        (
            'name = "report_cnn"',
            'name = "report_cnn"\n[network.options]\nfilter = 3',
            "cannot be read: network: report_cnn has no option filter; it has f",
        ),
        (
            "seed = 2023",
            "seed = 2023\n[training.augmentation]\nsize = 96",
            "cannot be read: training.augmentation.size is unk",
        ),
        (
            "seed = 2023",
            "seed = 2023\n[training.augmentation]\nflip = 2.0",
            "cannot be read: training.augmentation.flip is 2.0",
        ),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused(old: str, new: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=f"^The recipe 'mine' {said}.*\\.$|^The recipe 'mine' .*{said}.*\\.$"):
        load_recipe(broken(tmp_path, old, new), tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("presence = true", "presence = false", "presence"),
        ("tumour_free = 0.125", "tumour_free = 0.0", "tumour_free"),
        ("tumour_free = 0.125", "tumour_free = 1.0", "tumour_free"),
        ("tumour_free_mask_weight = 0.25", "tumour_free_mask_weight = -1.0", "tumour_free_mask_weight"),
        ('"segmentation", "presence"', '"segmentation"', "3 losses for 2 tasks"),
        ('["classification", "segmentation", "presence"]', '["segmentation", "presence"]', "the task is"),
        ("cache = 256", "", "cache"),
        ("cache = 256", "cache = 0", "cache"),
        ("decoder_rate = 3.0", "decoder_rate = -3.0", "decoder_rate"),
    ],
)
def test_presence_needs_both_tasks_its_head_and_tumour_free_examples(
    old: str, new: str, said: str, tmp_path: Path
) -> None:
    text = (recipes_folder() / "unified-unet.toml").read_text()
    assert old in text
    (tmp_path / "odd.toml").write_text(text.replace(old, new))
    with pytest.raises(TrainingError, match=re.escape(said)):
        load_recipe("odd", tmp_path)


def test_a_cache_needs_an_augmentation_that_shrinks_its_planes(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="augmentation"):
        load_recipe(broken(tmp_path, "seed = 2023", "seed = 2023\ncache = 600"), tmp_path)


def test_a_missing_recipe_is_refused_with_those_there_are() -> None:
    with pytest.raises(TrainingError, match=r"no recipe 'report-cn'; .*report-unet.*\.$"):
        load_recipe("report-cn")


def test_a_recipe_on_another_split_is_the_same_but_for_split_and_name() -> None:
    recipe = load_recipe("unified-unet")
    assert recipe.on_split("fold-1") is recipe
    other = recipe.on_split("fold-3")
    assert other.name == "unified-unet-fold-3"
    assert other.split == other.decisive_settings["split"] == "fold-3"
    assert {**other.decisive_settings, "split": recipe.split} == recipe.decisive_settings


def test_a_recipe_on_another_split_does_not_speak_of_its_own() -> None:
    recipe = load_recipe("report-unet")
    assert "by slice" in recipe.about and recipe.limits, "negative control"
    other = recipe.on_split("fold-2")
    assert (other.title, other.limits, other.by_patient) == ("report-unet on fold-2", [], None)
    assert "by slice" not in other.about and all(part in other.about for part in ("'report-unet'", "fold-2", "table-5"))
    assert parse_recipe(other.name, other.table) == other
    assert load_recipe("unified-unet-report").on_split("fold-2").by_patient is None


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("task = [", 'task = ["detection", '), "the task is detection and classification and segmentation; it may be"),
        (('loss = ["cross-entropy", ', "loss = ["), "it has 1 losses for 2 tasks; one a task is needed."),
    ],
)
def test_tasks_and_losses_that_do_not_fit_are_refused(change: tuple[str, str], sentence: str, tmp_path: Path) -> None:
    text = (recipes_folder() / "unified-unet-1.toml").read_text()
    (tmp_path / "odd.toml").write_text(text.replace(*change))
    with pytest.raises(TrainingError, match=re.escape(sentence)):
        load_recipe("odd", tmp_path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"network": {"name": "unified_unet", "options": {"presence": True}}}, "need each other"),
        ({"split": "table-1"}, "a patient-level split"),
        ({"input": {"size": 192, "channels": 1, "preprocessing": HEAD, "neighbours": True}}, "3 channels"),
    ],
    ids=["network", "split", "channels"],
)
def test_neighbours_need_their_network_three_channels_and_whole_patients(changes: dict[str, Any], said: str) -> None:
    table = load_recipe("unified-unet-25d").table
    with pytest.raises(TrainingError, match=said):
        parse_recipe("mine", {**table, **changes})
