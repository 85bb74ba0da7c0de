"""Small recipes, examples, bundles and stores, so that tests take seconds instead of the minutes of the data set.

Functions only; each test file builds its own fixtures from them. What takes seconds to make is made once for all
processes of a test run.
"""

import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pandas as pd

from core.bundles.bundle import CARD, LITE, WEIGHTS, Bundle, open_bundle, save_network
from core.bundles.card_update import update_card
from core.config import CLASSES, CLASSIFICATION, PRESENCE, SEGMENTATION, TASKS
from core.dataset.perceptual_hash import hash_text
from core.dataset.splits import SPLIT_NAMES, index_table
from core.dataset.store import STORE_NAME, STORE_VERSION, Store
from core.evaluation.evaluate import evaluate
from core.evaluation.explanations.heat_maps import evaluate_heat_maps
from core.networks.registry import build_network
from core.readers.slices import Slice
from core.search.full_size import to_toml
from core.training.checkpoint import State
from core.training.data.examples import Examples
from core.training.export import export_bundle, write_layers
from core.training.lite import convert_bundle
from core.training.recipe import Recipe, load_recipe, parse_recipe
from tests.published import a_slice
from tests.settings import configured
from tests.shared import made_once, shared

if TYPE_CHECKING:
    import keras

CNN_SIZE, UNET_SIZE, UNIFIED_SIZE = 48, 32, 64
SIZES = {
    ("classification",): CNN_SIZE,
    ("segmentation",): UNET_SIZE,
    TASKS: UNIFIED_SIZE,
    (*TASKS, PRESENCE): UNIFIED_SIZE,
}
CNN_OPTIONS: dict[str, Any] = {"filters": [4, 4, 4, 4]}
UNIFIED_OPTIONS: dict[str, Any] = {"filters": [4, 4, 4, 4, 4], "look": 4, "small_encoder": True}
OPTIONS: dict[tuple[str, ...], dict[str, Any]] = {
    ("classification",): CNN_OPTIONS,
    ("segmentation",): {"filters": 2},
    TASKS: UNIFIED_OPTIONS,
    (*TASKS, PRESENCE): {**UNIFIED_OPTIONS, "presence": True},
}
GAINS = {("classification",): 2.5, ("segmentation",): 1.7, TASKS: 1.0, (*TASKS, PRESENCE): 1.0}


def recipe(
    base: str = "report-cnn", *, name: str | None = None, options: dict[str, Any] | None = None, **training: Any
) -> Recipe:
    """Make a shipped recipe small: network, batches, float32; None removes an option.

    Args:
        base: the shipped recipe.
        name: the new recipe's name; the shipped one's if None.
        options: of the network, beside the small sizes.
        training: replaces entries of the recipe's [training].
    """
    shipped = load_recipe(base)
    between = {"neighbours": True} if shipped.input.neighbours else {}
    plan = {**shipped.table["training"], "epochs": 1, "batch": 12, "micro_batch": 6, "dtype": "float32", **training}
    table = {
        **{key: value for key, value in shipped.table.items() if key != "origin"},
        "network": {**shipped.table["network"], "options": {**OPTIONS[shipped.tasks], **between, **(options or {})}},
        "input": {**shipped.table["input"], "size": SIZES[shipped.tasks]},
        "training": {key: value for key, value in plan.items() if value is not None},
    }
    return parse_recipe(name or shipped.name, table)


def class_examples(count: int, *, size: int = CNN_SIZE, wrong: float = 0.0, seed: int = 0) -> Examples:
    """Draw noise with a bright square at one of three places, its class; the first ``wrong`` share is mislabelled."""
    random = np.random.default_rng(seed)
    planes = random.uniform(0, 0.3, (count, size, size, 1)).astype(np.float16)
    shown = random.integers(0, 3, count)
    third = size // 3
    for plane, place in zip(planes, shown, strict=True):
        plane[place * third : (place + 1) * third, place * third : (place + 1) * third] += np.float16(0.6)
    labels = shown.copy()
    labels[: round(count * wrong)] += 1
    return Examples(planes, ((labels % 3).astype(np.uint8),))


def mask_examples(count: int, *, size: int = UNET_SIZE, seed: int = 0) -> Examples:
    """Draw noise with a bright square that is the mask."""
    random = np.random.default_rng(seed)
    planes = random.uniform(0, 0.4, (count, size, size, 1)).astype(np.float16)
    masks = np.zeros((count, size, size, 1), np.uint8)
    for plane, mask in zip(planes, masks, strict=True):
        top, left = random.integers(0, size * 3 // 4, 2)
        mask[top : top + size // 4, left : left + size // 4] = 1
        plane[mask > 0] += np.float16(0.5)
    return Examples(planes, (masks,))


def unified_examples(count: int, *, size: int = UNIFIED_SIZE, seed: int = 0) -> Examples:
    """As ``mask_examples``; the square's brightness is its class, and its mask's pixels have the class too."""
    random = np.random.default_rng(seed)
    shown = mask_examples(count, size=size, seed=seed)
    planes, (masks,) = shown.planes, shown.targets
    classes = random.integers(0, 3, count).astype(np.uint8)
    planes[masks > 0] *= np.repeat(0.4 + 0.3 * classes, (masks > 0).sum(axis=(1, 2, 3))).astype(np.float16)
    return Examples(planes, (classes, masks * (classes[:, None, None, None] + 1)))


def overfitting_run() -> tuple[Recipe, Examples, Examples]:
    """Return recipe, training and validation examples of a run whose validation loss falls, then rises.

    A third of the validation slices are mislabelled, so that a more confident network has a higher loss. The learning
    rate is reduced on the way and the run stops long before its 25 epochs.
    """
    overfitting = recipe(
        epochs=25,
        learning_rate=0.003,
        early_stopping_patience=5,
        reduce_rate_patience=2,
        options={"filters": [8, 8, 8, 8], "dropout": 0.1, "dropout_flat": 0.1},
    )
    return overfitting, class_examples(50, seed=1), class_examples(24, wrong=1 / 3, seed=2)


def finished_state(recipe: Recipe, *, seed: int = 2) -> State:
    """Return the state of a finished run: random weights, large enough that predictions differ between slices."""
    import keras

    keras.utils.set_random_seed(seed)
    network = build_network(recipe.network.name, recipe.network_options)
    # With this initialisation, each ReLU halves the signal.
    weights = [weight * GAINS[recipe.tasks] if weight.ndim > 1 else weight for weight in network.get_weights()]
    history = [{"epoch": 1, "loss": 1.0, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.5}]
    history[0] |= {"learning_rate": 0.001, "seconds": 1.5}
    return State([], [], weights, 1.0, 1, history, {}, True, recipe.table)


@made_once
def classifier(models: Path, *, name: str = "report-cnn") -> Bundle:
    """Export a small classifier with random weights."""
    small = recipe("report-cnn", name=name)
    return export_bundle(small, finished_state(small), models)


@made_once
def segmenter(models: Path, *, name: str = "report-unet") -> Bundle:
    """Export a small segmenter with random weights."""
    small = recipe("report-unet", name=name)
    return export_bundle(small, finished_state(small), models)


@made_once
def unified(models: Path, *, base: str = "unified-unet-1", name: str = "unified-unet") -> Bundle:
    """Export a small network for both tasks with random weights."""
    small = recipe(base, name=name)
    return export_bundle(small, finished_state(small), models)


@made_once
def between_neighbours(models: Path, *, name: str = "unified-unet-25d") -> Bundle:
    """Export a small network for all tasks, of a slice between its neighbours, with random weights."""
    small = recipe("unified-unet-25d", name=name)
    return export_bundle(small, finished_state(small), models)


@made_once
def brightness_segmenter(models: Path, *, dark: bool = False) -> Bundle:
    """Export a segmenter whose mask is known: it predicts pixels above (or below) half the intensity range."""
    import keras

    bundle = segmenter(models)
    inputs = keras.Input((UNET_SIZE, UNET_SIZE, 1), name="image")
    outputs = keras.layers.Conv2D(2, 1, activation="softmax", name="mask")(inputs)
    network = keras.Model(inputs, outputs)
    sign = -1.0 if dark else 1.0
    network.set_weights([np.array([[[[0.0, 40.0 * sign]]]]), np.array([0.0, -20.0 * sign])])
    return with_network(bundle, network)


@made_once
def brightness_classifier(models: Path) -> Bundle:
    """Export a classifier whose heat maps are known: bright pixels are evidence for its second class, dark ones are
    weaker evidence for its first, and nothing is for its third."""
    import keras

    bundle = classifier(models)
    inputs = keras.Input((CNN_SIZE, CNN_SIZE, 3), name="image")
    x = keras.layers.Conv2D(2, 3, activation="relu", padding="same", name="conv2d")(inputs)
    outputs = keras.layers.Dense(3, activation="softmax", name="dense")(keras.layers.Flatten(name="flatten")(x))
    network = keras.Model(inputs, outputs, name="report_cnn")
    kernel = np.zeros((3, 3, 3, 2))
    kernel[1, 1] = [1 / 3, -1 / 3]
    dense = np.zeros((CNN_SIZE**2, 2, 3))
    dense[:, 0, 1], dense[:, 1, 0] = 0.2, 0.001
    network.set_weights([kernel, np.array([-0.5, 0.5]), dense.reshape(-1, 3), np.zeros(3)])
    return with_network(bundle, network)


@made_once
def evaluated(models: Path, *, make: Callable[..., Bundle], **options: Any) -> Bundle:
    """Export a small network by one of the functions above and evaluate it on ``data_set()``."""
    bundle = make(models, **options)
    with _whole_data_set(models) as store:
        evaluate(bundle, store)
    return open_bundle(bundle.name, models)


@made_once
def explained(models: Path, *, make: Callable[..., Bundle]) -> Bundle:
    """As ``evaluated``, with heat maps of its test slices; ``SLOW`` of them by the slow methods."""
    bundle = evaluated(models, make=make)
    with _whole_data_set(models) as store:
        evaluate_heat_maps(bundle, store, models / "partial.jsonl", slow=SLOW)
    return open_bundle(bundle.name, models)


SLOW = 3
"""Test slices that get the slow methods."""


@contextmanager
def _whole_data_set(folder: Path) -> Iterator[Store]:
    """Let ``data_set()`` be the data set, its files in this folder, and yield its store."""
    data = data_set()
    with (
        configured(splits=data.write_table(folder / "splits.csv")),
        Store(data.write(folder / STORE_NAME)) as store,
    ):
        yield store


def lite(bundle: Bundle) -> Bundle:
    """Write the bundle's LiteRT file, so that a predictor need not convert it in another process."""
    with zipfile.ZipFile(bundle.folder / WEIGHTS) as file:  # the same networks' files differ in their dates
        parts = [file.getinfo(name).CRC for name in ("config.json", "model.weights.h5")]
    kept = shared(f"{parts}-{bundle.tasks}.tflite", lambda path: convert_bundle(bundle, path))
    shutil.copyfile(kept, bundle.folder / LITE)
    update_card(bundle.folder, {}, "The network as LiteRT runs it.")
    return open_bundle(bundle.name, bundle.folder.parent)


def with_network(bundle: Bundle, network: "keras.Model") -> Bundle:
    """Replace the bundle's network by another."""
    save_network(network, bundle.folder / WEIGHTS)
    count = network.count_params()
    update_card(bundle.folder, {"parameters": {"total": count, "trainable": count}}, "Another network.")
    changed = open_bundle(bundle.name, bundle.folder.parent)
    write_layers(changed)
    return open_bundle(bundle.name, bundle.folder.parent)


def change_card(bundle: Bundle, **fields: Any) -> None:
    """Write fields into a bundle's card and nothing else, unchecked; None removes a field."""
    import json

    card = {key: value for key, value in {**bundle.card.as_dict(), **fields}.items() if value is not None}
    (bundle.folder / CARD).write_text(json.dumps(card))


def change_output(bundle: Bundle, **fields: Any) -> None:
    """Write fields into a card's ``output`` and nothing else, unchecked."""
    change_card(bundle, output={**bundle.card.output.as_dict(), **fields})


def with_test_metrics(bundle: Bundle) -> Bundle:
    """Write made-up test metrics into a bundle's card."""
    update_card(bundle.folder, {"metrics.test": made_up_test_metrics(bundle)}, "Evaluated.")
    return open_bundle(bundle.name, bundle.folder.parent)


def made_up_test_metrics(bundle: Bundle) -> dict[str, Any]:
    """Return the test metrics that every card of the bundle's tasks has, made up."""
    metrics: dict[str, Any] = {"slices": 1, "patients": 1, "loss": 0.5}
    if CLASSIFICATION in bundle.tasks:
        figures = {"precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 1}
        metrics |= {"accuracy": 0.5, "per_class": dict.fromkeys(CLASSES, figures)}
        metrics["confusion_matrix"] = [[0] * len(CLASSES)] * len(CLASSES)
    if SEGMENTATION in bundle.tasks:
        metrics["dice_mean"] = 0.5
    return metrics


GATE: dict[str, Any] = {
    "about": "A gate.",
    "answers": {"class": "confident"},
    "data": "Some slices.",
    "rules": {"sure": "by a rule"},
    "tried": [],
    "thresholds": {"no_tumour": -1.0, "tumour": 1.0, "sure": 0.8, "strange": 10.0, "temperature": 1.0},
}
"""A card's description of a gate."""


def a_picture(number: int = 1, *, height: int = 64, width: int = 64) -> Slice:
    """Return a made-up slice without class and mask."""
    pixels, _, _ = a_slice(number, side=width, height=height)
    return Slice(pixels.astype(np.float32), f"made-up {number}")


@dataclass
class DataSet:
    """A made-up data set in memory, to change and to write.

    Attributes:
        pixels, masks: (H, W) arrays by slice number.
        table: in the form of ``core.dataset.splits.index_table``.
    """

    pixels: dict[int, np.ndarray]
    masks: dict[int, np.ndarray]
    table: pd.DataFrame

    def write(self, path: Path) -> Path:
        """Write the store in the form of ``core.dataset.prepare``."""
        numbers = self.table["slice"].to_numpy()
        side = max(len(pixels) for pixels in self.pixels.values())
        with h5py.File(path, "w") as file:
            for name, arrays, kind in (("slices", self.pixels, np.int16), ("masks", self.masks, bool)):
                stored = file.create_dataset(name, (len(numbers), side, side), kind)
                for row, number in enumerate(numbers):
                    size = len(arrays[number])
                    stored[row, :size, :size] = arrays[number]
            file["number"] = numbers.astype(np.uint16)
            file["label"] = self.table["class"].map(CLASSES.index).to_numpy().astype(np.uint8) + 1
            for name in ("patient", "patient_group", "fold", "size"):
                file[name] = self.table[name].to_numpy()
            file.attrs["version"] = STORE_VERSION
            file.attrs["whole"] = True
        return path

    def write_table(self, path: Path) -> Path:
        """Write the table of slices and splits, for the setting ``splits``."""
        self.table.to_csv(path, index=False)
        return path


def as_one_series(data: DataSet) -> DataSet:
    """Make all slices one patient's, each like the ones before and after it."""
    base = data.pixels[1].astype(float)
    for number, pixels in data.pixels.items():
        side = len(pixels)
        noise = np.random.default_rng(number).normal(0, base.std() / 4, (side, side))
        data.pixels[number] = (base[:side, :side] + noise).astype(np.int16)
    data.table["patient_group"] = data.table["patient"] = 1
    return data


def write_recipe(recipe: Recipe, folder: Path) -> Path:
    """Write a recipe's file into a folder of recipes; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{recipe.name}.toml").write_text(to_toml(recipe.table), encoding="utf-8")
    return folder


def data_set(count: int = 22, *, side: int = 64) -> DataSet:
    """Make ``count`` slices, every seventh of half the side; every third is test; five patients, each in all parts."""
    pixels, masks, rows = {}, {}, []
    for number in range(1, count + 1):
        size = side // 2 if number % 7 == 0 else side
        pixels[number], masks[number], _ = a_slice(number, side=size)
        part = ("test", "train", "validation")[number % 3]
        patient = number * 3 % 5 + 1
        rows.append(
            {
                **dict.fromkeys(index_table().columns, ""),  # digests, which no made-up slice has
                "perceptual_hash": hash_text(pixels[number]),
                "slice": number,
                "class": CLASSES[patient % 3],
                "patient": patient,
                "patient_group": patient,
                "fold": number % 5 + 1,
                "size": size,
                "tumour_px": int(masks[number].sum()),
                **dict.fromkeys(SPLIT_NAMES, part),
            }
        )
    return DataSet(pixels, masks, pd.DataFrame(rows))
