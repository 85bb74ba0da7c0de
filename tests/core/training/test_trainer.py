"""Training: batches in pieces, runs that are killed and go on, and what is refused."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.bundles.bundle import HISTORY
from core.config import PRETRAINED, ROOT
from core.errors import TrainingError
from core.networks.losses import LOSSES
from core.networks.registry import build_network
from core.training import recorder, trainer
from core.training.checkpoint import STATE_NAME, State, load_state
from core.training.data.augmentation import augment
from core.training.data.batches import epoch_order
from core.training.data.examples import Examples
from core.training.recipe import Recipe
from core.training.trainer import compile_model, run_training
from tests.core import tiny


class Killed(BaseException):
    """As KeyboardInterrupt, but nobody else's."""


def kill_at(epoch: int, *, after: int = 3) -> Callable[[int, int, dict[str, float]], None]:
    """A progress that raises in the middle of ``epoch``, counted from 1, of an ``overfitting_run``."""
    steps = 8  # 50 slices cut to 48, in micro-batches of 6

    def progress(done: int, total: int, metrics: dict[str, float]) -> None:
        assert total == 25 * steps
        if done == (epoch - 1) * steps + after:
            raise Killed

    return progress


def without_times(state: State) -> list[dict[str, float]]:
    return [{key: value for key, value in row.items() if key != "seconds"} for row in state.history]


def assert_same_run(resumed: State, whole: State) -> None:
    """Same epochs, rates, figures, stop, best epoch and weights, up to sums in another order."""
    assert len(resumed.history) == len(whole.history)
    for ours, theirs in zip(without_times(resumed), without_times(whole), strict=True):
        assert ours == pytest.approx(theirs, rel=2e-3)
    assert [row["learning_rate"] for row in resumed.history] == [row["learning_rate"] for row in whole.history]
    assert resumed.best_epoch == whole.best_epoch
    assert resumed.best_value == pytest.approx(whole.best_value, rel=2e-3)
    assert resumed.finished
    for ours, theirs in zip(resumed.best, whole.best, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-3)


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, State]:
    """The folder and state of an uninterrupted ``overfitting_run``; do not change them."""
    folder = tmp_path_factory.mktemp("whole")
    return folder, run_training(*tiny.overfitting_run(), folder)


@pytest.fixture
def untraced() -> Iterator[None]:
    """Run steps operation by operation: to trace a large network takes longer than a few steps of it."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


# Micro-batches


def weights_after(folder: Path, train: Examples, **options: int) -> list[np.ndarray]:
    recipe = tiny.recipe(
        epochs=2,
        batch=300,
        keep="last",
        options={"filters": [2, 2, 2, 2], "dropout": 0.0, "dropout_flat": 0.0},
        **options,
    )
    return run_training(recipe, train, tiny.class_examples(3), folder).best


def test_ten_micro_batches_of_30_update_as_one_batch_of_300(tmp_path: Path) -> None:
    train = tiny.class_examples(600)
    in_pieces = weights_after(tmp_path / "pieces", train, micro_batch=30)
    at_once = weights_after(tmp_path / "at once", train, micro_batch=300)
    for ours, theirs in zip(in_pieces, at_once, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    # Negative control: with other slices in a batch the four updates are others.
    order = np.random.default_rng(0).permutation(600)
    others = weights_after(
        tmp_path / "others", Examples(train.planes[order], (train.targets[0][order],)), micro_batch=300
    )
    assert max(np.abs(ours - theirs).max() for ours, theirs in zip(others, at_once, strict=True)) > 1e-4


def test_the_cosine_schedule_ends_at_zero_in_spite_of_micro_batches() -> None:
    import keras

    recipe = tiny.recipe(epochs=5, batch=12, micro_batch=3, schedule="cosine", learning_rate=0.1)
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    compile_model(network, recipe, steps=8)
    rates = []

    class Rates(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            rates.append(float(self.model.optimizer.learning_rate))

    values = np.random.default_rng(0).normal(size=(24, 4))
    network.fit(values, np.arange(24) % 3, batch_size=3, epochs=5, callbacks=[Rates()], verbose=0)
    assert rates == pytest.approx([0.1 * 0.5 * (1 + np.cos(np.pi * epoch / 5)) for epoch in range(1, 6)], abs=1e-6)


# The order of an epoch


def test_an_epoch_is_cut_to_whole_batches_of_different_slices() -> None:
    order = epoch_order(50, 12, seed=1, epoch=0)
    assert len(order) == 48
    assert len(set(order.tolist())) == 48
    assert set(order.tolist()) <= set(range(50))


def test_the_order_follows_seed_and_epoch_and_nothing_else() -> None:
    first = epoch_order(50, 12, seed=1, epoch=3)
    np.random.default_rng().random()
    np.testing.assert_array_equal(first, epoch_order(50, 12, seed=1, epoch=3))
    assert (first != epoch_order(50, 12, seed=1, epoch=4)).any()
    assert (first != epoch_order(50, 12, seed=2, epoch=3)).any()


def test_the_slices_left_out_change_from_epoch_to_epoch() -> None:
    left_out = [frozenset(range(50)) - set(epoch_order(50, 12, seed=1, epoch=epoch).tolist()) for epoch in range(5)]
    assert len(set(left_out)) > 1


# Killed and resumed


def test_a_run_killed_again_and_again_ends_as_an_uninterrupted_one(
    tmp_path: Path, whole_run: tuple[Path, State]
) -> None:
    _, whole = whole_run
    # Both really happen on the way, or this test would show nothing.
    assert 1 < whole.best_epoch < len(whole.history) < 25
    assert len({row["learning_rate"] for row in whole.history}) > 1
    # Before the first state; before the best epoch; while patience is counted; after the rate was reduced.
    reduced = next(row["epoch"] for row in whole.history if row["learning_rate"] < 0.0029)
    for epoch in (1, 2, whole.best_epoch + 2, int(reduced) + 1):
        with pytest.raises(Killed):
            run_training(*tiny.overfitting_run(), tmp_path, progress=kill_at(epoch))
        state = load_state(tmp_path)
        assert (len(state.history) if state else 0) == epoch - 1
    assert_same_run(run_training(*tiny.overfitting_run(), tmp_path), whole)
    assert len(pd.read_csv(tmp_path / HISTORY)) == len(whole.history)


def test_a_run_killed_right_after_its_last_epoch_does_not_train_on(
    tmp_path: Path, whole_run: tuple[Path, State], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, whole = whole_run
    write_history = recorder.write_history

    def killed_at_the_stop(folder: Path, history: list[dict[str, float]]) -> None:
        if len(history) == len(whole.history):
            raise Killed
        write_history(folder, history)

    with monkeypatch.context() as patch:
        patch.setattr(recorder, "write_history", killed_at_the_stop)
        with pytest.raises(Killed):
            run_training(*tiny.overfitting_run(), tmp_path)
    assert len(pd.read_csv(tmp_path / HISTORY)) == len(whole.history) - 1

    trained: list[int] = []
    resumed = run_training(*tiny.overfitting_run(), tmp_path, progress=lambda done, *_: trained.append(done))
    assert not trained
    assert_same_run(resumed, whole)
    assert len(pd.read_csv(tmp_path / HISTORY)) == len(whole.history)


_CHILD = """
import sys, time
from pathlib import Path
from core.training.trainer import run_training
from tests.core import tiny
run_training(*tiny.overfitting_run(), Path(sys.argv[1]), progress=lambda *_: time.sleep(0.05))
"""


def test_a_process_killed_at_a_random_moment_resumes(tmp_path: Path, whole_run: tuple[Path, State]) -> None:
    process = subprocess.Popen([sys.executable, "-c", _CHILD, str(tmp_path)], cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        latest = time.monotonic() + 300
        while not (tmp_path / STATE_NAME).is_file():
            assert process.poll() is None, "the process ended by itself"
            assert time.monotonic() < latest, "no state was written"
            time.sleep(0.02)
        time.sleep(random.uniform(0, 1.5))  # eight more epochs take at least 3 s
    finally:
        process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    state = load_state(tmp_path)
    assert state is not None
    assert 1 <= len(state.history) < len(whole_run[1].history)
    assert_same_run(run_training(*tiny.overfitting_run(), tmp_path), whole_run[1])
    assert sorted(os.listdir(tmp_path)) == [HISTORY, STATE_NAME], "no temporary file is left"


def test_a_state_stores_the_patience_counters_by_name(whole_run: tuple[Path, State]) -> None:
    assert {name: set(counters) for name, counters in whole_run[1].counters.items()} == {
        "early_stopping": {"wait", "best", "stopped_epoch"},
        "reduce_rate": {"wait", "best", "cooldown_counter"},
    }


def test_a_folder_with_another_recipes_run_is_refused(whole_run: tuple[Path, State]) -> None:
    folder, _ = whole_run
    recipe, train, validation = tiny.overfitting_run()
    for name, value in (("learning_rate", 0.004), ("seed", 7), ("early_stopping_patience", None)):
        plan = {**recipe.table["training"], name: value}
        other = tiny.recipe(**plan, options=recipe.network.options)
        with pytest.raises(TrainingError, match=r"^'.*' .*'report-cnn' with another recipe; [^.]*\.$"):
            run_training(other, train, validation, folder)


def test_another_title_is_no_other_recipe(whole_run: tuple[Path, State]) -> None:
    folder, whole = whole_run
    recipe, train, validation = tiny.overfitting_run()
    titles = {"title": "Another title", "about": "Another text.", "version": "2.0.0"}
    renamed = recipe.model_copy(update=titles)
    assert run_training(renamed, train, validation, folder).best_epoch == whole.best_epoch


# What is recorded


def test_history_of_a_classifier_has_every_column(whole_run: tuple[Path, State]) -> None:
    folder, whole = whole_run
    table = pd.read_csv(folder / HISTORY)
    assert set(table) == {"epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds"}
    assert table["epoch"].tolist() == list(range(1, len(whole.history) + 1))
    assert np.isfinite(table.to_numpy()).all()
    assert (table["seconds"] > 0).all()
    assert table["val_loss"].idxmin() + 1 == whole.best_epoch
    # The rate an epoch was trained at, not the one reduced at its end.
    assert table["learning_rate"].iloc[: whole.best_epoch + 2].tolist() == pytest.approx(
        [0.003] * (whole.best_epoch + 2)
    )


@pytest.mark.usefixtures("untraced")
def test_history_of_a_segmenter_has_dice_and_iou(tmp_path: Path) -> None:
    recipe = tiny.recipe("report-unet", epochs=2, batch=8, micro_batch=4)
    state = run_training(recipe, tiny.mask_examples(10), tiny.mask_examples(6, seed=1), tmp_path)
    table = pd.read_csv(tmp_path / HISTORY)
    watched = {"loss", "accuracy", "dice", "iou"}
    assert set(table) == {"epoch", *watched, *(f"val_{name}" for name in watched), "learning_rate", "seconds"}
    assert len(table) == 2
    assert np.isfinite(table.to_numpy()).all()
    assert state.best_epoch == table["val_dice"].idxmax() + 1, "the highest Dice is the best, not the lowest"


def without_pretrained(recipe: Recipe) -> Recipe:
    return recipe.model_copy(update={"network": recipe.network.model_copy(update={"pretrained": False})})


def test_a_network_for_both_tasks_learns_both_under_the_names_of_each(tmp_path: Path) -> None:
    recipe = tiny.recipe("unified-unet-1", epochs=3, batch=12, micro_batch=12, warmup_epochs=0, learning_rate=0.003)
    recipe = without_pretrained(recipe)
    run_training(recipe, tiny.unified_examples(96), tiny.unified_examples(24, seed=1), tmp_path)
    table = pd.read_csv(tmp_path / HISTORY)
    watched = {"loss", "class_loss", "mask_loss", "accuracy", "dice", "iou"}
    assert set(table) == {"epoch", *watched, *(f"val_{name}" for name in watched), "learning_rate", "seconds"}
    assert np.isfinite(table.to_numpy()).all()
    np.testing.assert_allclose(table["loss"], table["class_loss"] + table["mask_loss"], rtol=1e-4)
    assert table["class_loss"].iloc[-1] < table["class_loss"].iloc[0]
    assert table["mask_loss"].iloc[-1] < table["mask_loss"].iloc[0]


@pytest.mark.usefixtures("untraced")
def test_a_pretrained_encoder_starts_from_its_weights(tmp_path: Path) -> None:
    still = {"learning_rate": 0.0, "weight_decay": 0.0, "warmup_epochs": 0}
    recipe = tiny.recipe("unified-unet-1", micro_batch=12, options={"small_encoder": False}, **still)
    assert recipe.network.pretrained
    state = run_training(recipe, tiny.unified_examples(12), tiny.unified_examples(3), tmp_path)
    network = build_network("unified_unet", recipe.network_options)
    network.set_weights(state.best)
    with np.load(PRETRAINED) as stored:
        kernel = network.get_layer("encoder_stem_conv").get_weights()[0]
        np.testing.assert_allclose(kernel, stored["encoder_stem_conv/kernel"], rtol=1e-6)


@pytest.mark.usefixtures("untraced")
def test_a_training_begins_with_the_weights_of_its_start(tmp_path: Path) -> None:
    still = {"learning_rate": 0.0, "weight_decay": 0.0, "warmup_epochs": 0}
    recipe = without_pretrained(tiny.recipe("unified-unet-1", micro_batch=12, **still))
    start = build_network(recipe.network.name, recipe.network_options)
    kernel = start.get_layer("look_conv").get_weights()[0]
    state = run_training(recipe, tiny.unified_examples(12), tiny.unified_examples(3), tmp_path, start=lambda: start)
    trained = build_network(recipe.network.name, recipe.network_options)
    trained.set_weights(state.best)
    np.testing.assert_array_equal(trained.get_layer("look_conv").get_weights()[0], kernel)


def test_the_rate_warms_up_before_it_falls() -> None:
    import keras

    recipe = tiny.recipe(epochs=5, schedule="cosine", warmup_epochs=1.0, learning_rate=0.1)
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    compile_model(network, recipe, steps=8)
    rate = network.optimizer._learning_rate
    assert [float(rate(step)) for step in (0, 4, 8, 24, 40)] == pytest.approx([0, 0.05, 0.1, 0.05, 0], abs=1e-6)


def test_the_recipes_augmentation_reaches_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, float]] = []

    def spy(planes: np.ndarray, *rest: object, **options: float) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
        seen.append(options)
        return augment(planes, *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(trainer, "augment", spy)
    asked = {"flip": 0.5, "rotation": 8.0}
    run_training(tiny.recipe(augmentation=asked), tiny.class_examples(24), tiny.class_examples(6), tmp_path)
    assert len(seen) >= 4, "every micro-batch"
    assert all(options == asked for options in seen)


# What is refused


def test_fewer_slices_than_a_batch_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"^11 training slices .*\b12\.$"):
        run_training(tiny.recipe(), tiny.class_examples(11), tiny.class_examples(3), tmp_path)


@pytest.mark.parametrize(
    ("option", "accepted"),
    [
        ({"optimizer": "sgdd"}, ("adam", "adamw")),
        ({"schedule": "linear"}, ("constant", "cosine")),
        ({"loss": "hinge"}, tuple(LOSSES)),
        ({"keep": "val_dice"}, ()),
    ],
)
def test_an_unknown_choice_is_refused_in_one_sentence(
    option: dict[str, str], accepted: tuple[str, ...], tmp_path: Path
) -> None:
    with pytest.raises(TrainingError) as refusal:
        run_training(tiny.recipe(**option), tiny.class_examples(12), tiny.class_examples(3), tmp_path)
    assert all(f"'{value}'" in str(refusal.value) for value in option.values())
    assert all(value in str(refusal.value) for value in accepted)
    assert load_state(tmp_path) is None


# A network that also tells whether there is a tumour


@pytest.mark.usefixtures("untraced")
def test_class_mask_and_presence_have_losses_of_their_own(tmp_path: Path) -> None:
    recipe = without_pretrained(tiny.recipe("unified-unet", batch=6, tumour_free=0.5, cache=80, schedule="constant"))
    size = recipe.input.size

    def examples(count: int, side: int, *, present: bool) -> Examples:
        planes = np.random.default_rng(count).uniform(0, 1, (count, side, side, 1)).astype(np.float16)
        masks = np.zeros((count, side, side, 1), np.uint8)
        masks[:, 10:30, 10:30] = int(present)
        targets = (np.zeros(count, np.uint8), masks, np.full(count, present, np.uint8))
        return Examples(planes, targets, np.full(count, present))

    state = run_training(
        recipe,
        examples(9, 80, present=True),
        examples(4, size, present=True),
        tmp_path,
        tumour_free=examples(5, 80, present=False),
    )
    losses = {"loss", "class_loss", "mask_loss", "presence_loss"}
    row = state.history[0]
    assert losses | {f"val_{name}" for name in losses} <= set(row)
    assert np.isfinite(list(row.values())).all()
    for part in ("", "val_"):
        parts = [row[f"{part}{name}"] for name in losses - {"loss"}]
        assert row[f"{part}loss"] == pytest.approx(sum(parts), rel=1e-3)


def test_a_recipe_with_tumour_free_slices_is_refused_without_them(tmp_path: Path) -> None:
    recipe = tiny.recipe("unified-unet")
    with pytest.raises(TrainingError, match="slices without a tumour"):
        run_training(recipe, tiny.class_examples(20), tiny.class_examples(3), tmp_path)


@pytest.mark.parametrize("optimizer", ["adam", "adamw"])
def test_the_decoder_s_rate_is_a_multiple_and_the_encoder_s_stays(optimizer: str) -> None:
    import keras

    def moves(**training: float) -> dict[str, np.ndarray]:
        recipe = tiny.recipe("unified-unet-1", optimizer=optimizer, schedule="constant", **training)
        keras.utils.set_random_seed(1)
        model = build_network(recipe.network.name, recipe.network_options)
        compile_model(model, recipe, steps=1)
        before = [variable.numpy() for variable in model.trainable_variables]
        model.optimizer.apply([variable * 0 + 1.0 for variable in before], model.trainable_variables)
        pairs = zip(model.trainable_variables, before, strict=True)
        return {variable.path: variable.numpy() - old for variable, old in pairs}

    plain, faster = (moves(weight_decay=0.0, **options) for options in ({}, {"decoder_rate": 3.0}))
    for path, move in plain.items():
        factor = 1 if path.startswith("encoder_") else 3
        np.testing.assert_allclose(faster[path], factor * move, rtol=1e-3, atol=1e-7)
