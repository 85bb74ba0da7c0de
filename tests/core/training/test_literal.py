"""The literal recipes: the report's slices, its updates an epoch, and the label of what its test slices did."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.bundles.bundle import (
    REPORT_CNN_BATCH_32,
    REPORT_CNN_LITERAL,
    REPORT_UNET_LITERAL,
    Bundle,
    open_bundle,
)
from core.bundles.card.readme import bundle_readme
from core.course_report import CNN_TEST_SLICES, TABLE_1, TABLE_5
from core.dataset.splits import TABLE_1_LITERAL, split_parts
from core.dataset.store import STORE_NAME, Store
from core.errors import TrainingError
from core.evaluation.comparison.result_tables import metrics_tables
from core.evaluation.evaluate import evaluate
from core.training.card_writer import card_limits, rewrite_texts
from core.training.data.batches import training_batches, updates_per_epoch
from core.training.data.examples import Examples, read_split_examples
from core.training.export import export_bundle
from core.training.recipe import Recipe, load_recipe, parse_recipe
from core.training.trainer import run_training
from panels.shared.labels import describe_test_set
from tests.core import tiny
from tests.settings import configured

LITERAL = [REPORT_CNN_LITERAL, REPORT_CNN_BATCH_32, REPORT_UNET_LITERAL]


def test_the_literal_split_trains_on_all_that_is_not_test() -> None:
    counts = split_parts(TABLE_1_LITERAL).value_counts().to_dict()
    assert counts == {"train": sum(row.train for row in TABLE_1.values()), "test": CNN_TEST_SLICES}


@pytest.mark.parametrize(("name", "updates"), zip(LITERAL, (9, 77, 77), strict=True))
def test_an_epoch_has_keras_s_updates(name: str, updates: int) -> None:
    recipe = load_recipe(name)
    counts = split_parts(recipe.split).value_counts()
    assert updates_per_epoch(counts["train"], recipe.training) == updates
    assert counts["train"] % recipe.training.batch % recipe.training.micro_batches == 0


def test_the_u_net_s_recipe_is_the_report_s_with_keras_s_defaults() -> None:
    recipe = load_recipe(REPORT_UNET_LITERAL)
    counts = split_parts(recipe.split).value_counts()
    assert {part: counts[part] for part in ("train", "validation", "test")} == {
        part: TABLE_5[part] for part in ("train", "validation", "test")
    }
    plan = recipe.training
    assert (plan.losses, plan.schedule, plan.epochs, plan.batch) == (["cross-entropy"], "constant", 40, 32)
    assert recipe.network.options["momentum"] == 0.99


@pytest.mark.parametrize("change", ["neither", "both"])
def test_a_literal_recipe_says_of_every_setting_whether_it_is_chosen(change: str) -> None:
    recipe = load_recipe(REPORT_CNN_LITERAL)
    table = recipe.table
    if change == "neither":
        table["origin"]["stated"].remove("epochs")
    else:
        table["origin"]["chosen"]["epochs"] = "Twice."
    with pytest.raises(TrainingError, match="epochs"):
        parse_recipe(recipe.name, table)


def small(**training: Any) -> Recipe:
    return tiny.recipe(REPORT_CNN_LITERAL, **training)


def test_an_epoch_shows_every_slice_and_ends_with_a_smaller_batch() -> None:
    recipe, examples = small(batch=12, micro_batch=6), tiny.class_examples(30)
    marked = Examples(np.full_like(examples.planes, 0), (np.arange(30, dtype=np.uint8),))
    batches = training_batches(marked, recipe, first_epoch=0).take(6).as_numpy_iterator()
    shown = [targets.tolist() for _, targets in batches]
    assert [len(each) for each in shown] == [6, 6, 6, 6, 3, 3]
    assert sorted(number for each in shown for number in each) == list(range(30))


def weights_after(folder: Path, **training: Any) -> tuple[list[np.ndarray], int]:
    recipe = small(
        epochs=2, batch=12, options={"filters": [2, 2, 2, 2], "dropout": 0.0, "dropout_flat": 0.0}, **training
    )
    state = run_training(recipe, tiny.class_examples(30), tiny.class_examples(3), folder)
    updates = next(int(value) for value in state.optimizer if value.ndim == 0 and value.dtype.kind == "i")
    return state.best, updates


def test_the_last_batch_in_pieces_updates_as_at_once(tmp_path: Path) -> None:
    at_once, updates = weights_after(tmp_path / "once", micro_batch=12)
    assert updates == 6, "two epochs of three updates"
    in_pieces, _ = weights_after(tmp_path / "pieces", micro_batch=6)
    for ours, theirs in zip(in_pieces, at_once, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_pieces_of_different_size_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"\b5 slices .*\b2 equal micro-batches"):
        run_training(small(batch=12, micro_batch=6), tiny.class_examples(29), tiny.class_examples(3), tmp_path)


def test_a_split_without_validation_slices_stops_by_its_test_slices(tmp_path: Path) -> None:
    data = tiny.data_set()
    with configured(splits=data.write_table(tmp_path / "splits.csv")):
        parts = split_parts(TABLE_1_LITERAL)
        train, validation = read_split_examples(small(), data.write(tmp_path / STORE_NAME))
        other, _ = read_split_examples(tiny.recipe("report-cnn"), tmp_path / STORE_NAME)
    assert len(train) == (parts == "train").sum() > len(other)
    assert len(validation) == (parts == "test").sum()


@pytest.fixture
def stopped(tmp_path: Path) -> Bundle:
    """A small literal classifier, evaluated on a made-up data set."""
    data, recipe = tiny.data_set(), small()
    with configured(splits=data.write_table(tmp_path / "splits.csv")):
        bundle = export_bundle(recipe, tiny.finished_state(recipe), tmp_path / "models")
        with Store(data.write(tmp_path / STORE_NAME)) as store:
            evaluate(bundle, store)
    return open_bundle(bundle.name, tmp_path / "models")


def test_everything_about_the_bundle_says_that_its_test_slices_stopped_it(stopped: Bundle) -> None:
    card = stopped.card
    assert card.data.test_stopped_training and card.data.counts.validation == 0
    assert any("stopped the training" in limit for limit in card.limits)
    assert "also stopped the training" in bundle_readme(card)
    assert "stopped its training" in describe_test_set(stopped)
    assert f"stopped the training of `{stopped.name}`" in metrics_tables(stopped.folder.parent)
    assert card.training.epoch_size.startswith("every training slice")


def test_a_bundle_that_watched_validation_slices_says_nothing_of_it(tmp_path: Path) -> None:
    bundle = tiny.with_test_metrics(tiny.classifier(tmp_path))
    assert not bundle.card.data.test_stopped_training
    assert "stopped" not in " ".join([*bundle.card.limits, bundle_readme(bundle.card), describe_test_set(bundle)])


def test_a_card_says_what_is_literal_and_what_is_chosen(tmp_path: Path) -> None:
    recipe = small()
    bundle = export_bundle(recipe, tiny.finished_state(recipe), tmp_path)
    assert bundle.card.training.origin is None
    origin = load_recipe(REPORT_CNN_LITERAL).origin
    card = rewrite_texts(bundle, recipe.model_copy(update={"origin": origin}))
    assert origin and card.training.origin
    assert card.training.origin.as_dict() == origin.model_dump()
    text = bundle_readme(card)
    assert "As the report states: network, size" in text
    assert all(f"Chosen, {name}: {why}" in text for name, why in origin.chosen.items())


def test_the_limit_is_the_literal_split_s_alone() -> None:
    stopped, other = (card_limits(load_recipe(name)) for name in (REPORT_CNN_LITERAL, "report-cnn"))
    assert [limit for limit in stopped if limit not in other] == [stopped[1]]
