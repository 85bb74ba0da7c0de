"""Bundles: the folders ``models/<name>/`` with a trained network, its card and its results.

card.json describes the bundle; the code reads it and repeats none of it. A file whose size or hash differs from the
card's is refused.
"""

import functools
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from core.bundles.card.metrics import TestMetrics
from core.bundles.card.schema import Card, FileFacts, GateDescription
from core.config import CLASSIFICATION, PRESENCE, SEGMENTATION, models_folder
from core.errors import NONE, BundleError
from core.files import replace_file
from core.translation.messages import tr
from core.validation import describe_fault

if TYPE_CHECKING:
    import keras

CARD = "card.json"
README = "README.md"
"""Written from the card, which states neither its own size and hash nor this file's."""
PREDICTIONS = "predictions.csv"
ALONE = "predictions_alone.csv"
"""Of the test slices, without neighbours; of a bundle that takes neighbours, as its other predictions have them."""
HISTORY = "history.csv"
MASKS = "masks.npz"
MASK_THRESHOLDS = "thresholds.csv"
EXPLANATIONS = "explanations.csv"
ROBUSTNESS = "robustness.csv"
HEAT_MAPS = "heat.npz"
DRAWINGS = "drawings.npz"
GATE = "screen.npz"
EXTERNAL = "external.csv"
OOD_ANSWERS = "strangers.csv"
CROSS_VALIDATION = "cross_validation.csv"
CROSS_VALIDATION_HISTORY = "cross_validation_history.csv"
FOLD_VALIDATION = "cross_validation_validation.csv"
"""The validation predictions of every fold, on which the folds' temperature is fitted."""
FOLD_BUNDLES = "bundles"
"""Folder of the folds' bundles, beside their runs."""
WEIGHTS = "network.keras"
LITE = "network.tflite"
"""The network as LiteRT runs it; a bundle without one is converted when it is first asked."""
LITE_VERSION = 1
"""Of the outputs that ``core.training.lite`` writes; a kept conversion of another version is made anew."""
LAYERS = "layers.csv"
EVIDENCE_MAP = "evidence-map"
"""The heat map of ``core.explanation.class_maps.heat_plane`` that follows the mask, by its name in cards and files."""
DEFAULT_CLASSIFIER = "unified-unet"
DEFAULT_SEGMENTER = "unified-unet"
REPORT_CLASSIFIER = "report-cnn"
REPORT_SEGMENTER = "report-unet"
REPORT_CNN_LITERAL, REPORT_UNET_LITERAL = "report-cnn-literal", "report-unet-literal"
REPORT_CNN_BATCH_32 = "report-cnn-batch-32"
UNIFIED_BY_SLICE = "unified-unet-report"


@dataclass(frozen=True)
class Bundle:
    """A bundle's folder and its card."""

    folder: Path
    card: Card

    @property
    def name(self) -> str:
        """The bundle's name, which is also its folder's."""
        return self.card.name

    @property
    def title(self) -> str:
        """The card's title in the current language."""
        return tr(self.card.title)

    @property
    def tasks(self) -> tuple[str, ...]:
        """Its tasks, in the order of its network's outputs; see ``core.config``."""
        return self.card.tasks

    @property
    def mask_classes(self) -> list[str]:
        """The classes of the channels of a segmenter's output, background first."""
        return self.card.output.mask_classes or self.card.classes

    @property
    def mask_threshold(self) -> float:
        """The tumour probability from which a pixel counts as tumour; of a bundle for segmentation."""
        assert self.card.output.threshold is not None
        return self.card.output.threshold

    @property
    def gate(self) -> GateDescription:
        """The card's description of its gate.

        Raises:
            BundleError: it has none.
        """
        if self.card.gate is None:
            raise BundleError("The bundle '{name}' has no gate; take one that has.", name=self.name)
        return self.card.gate

    @property
    def heat_method(self) -> str:
        """The default method of its heat maps, one of ``core.explanation.explainer.METHODS``."""
        return self.card.heat.method if self.card.heat else "grad-cam"

    @property
    def heat_layer(self) -> str | None:
        """The convolution at which its heat maps are taken by default; None for the deepest one."""
        return self.card.heat.layer if self.card.heat else None

    @property
    def answer_map(self) -> str:
        """The heat map beside its answers: ``EVIDENCE_MAP``, or its default method."""
        return (self.card.heat and self.card.heat.answer) or self.heat_method

    @property
    def heat_follows_mask(self) -> bool:
        """Whether the heat map beside its answers is the evidence map."""
        return self.answer_map == EVIDENCE_MAP

    @property
    def reads_neighbours(self) -> bool:
        """Whether its network reads each slice between the slices before and after it, and so answers series."""
        return self.card.input.neighbours

    @property
    def test_time_flip(self) -> bool:
        """Whether its outputs are averaged over a slice and its mirror image; see ``core.inference.forward``."""
        return self.card.output.test_time_flip

    @property
    def is_evaluated(self) -> bool:
        """Whether ``evaluate`` has run."""
        return self.card.metrics.test is not None

    @property
    def test_metrics(self) -> TestMetrics:
        """``metrics.test`` of the card.

        Raises:
            BundleError: the bundle is not evaluated.
        """
        if self.card.metrics.test is None:
            raise BundleError(
                "The bundle '{name}' is not evaluated yet; run 'python -m core evaluate {name}'.", name=self.name
            )
        return self.card.metrics.test

    @functools.cached_property
    def fingerprint(self) -> str:
        """A digest that changes whenever the bundle does: its card states the SHA-256 of every other file."""
        return hashlib.sha256(f"{self.folder.resolve()} {self.card.model_dump_json()}".encode()).hexdigest()

    def path(self, file: str) -> Path:
        """Check the size and SHA-256 of one of the bundle's files; return its path.

        Raises:
            BundleError: the card does not list the file, or it is missing or altered.
        """
        stated = self.card.files.get(file)
        path = self.folder / file
        if stated is None or not path.is_file():
            raise BundleError(
                "The bundle '{name}' has no {file}; take the whole folder models/{name} from the project again.",
                name=self.name,
                file=file,
            )
        state = path.stat()
        if _facts_of_version(path, state.st_ino, state.st_mtime_ns, state.st_ctime_ns, state.st_size) != stated:
            raise BundleError(
                "{file} of the bundle '{name}' is not the file its card describes (size or SHA-256 differ); take the "
                "whole folder models/{name} from the project again.",
                file=file,
                name=self.name,
            )
        return path


def bundle_names(models: Path | None = None) -> list[str]:
    """List the names of all bundles, usable or not: of the folders that hold files.

    Args:
        models: the folder of bundles; ``core.config.models_folder()`` if None.
    """
    # A folder whose name begins with a dot is half written or half removed.
    folder = models or models_folder()
    return sorted(name for name in _listed(folder) if _listed(folder / name))


def _listed(folder: Path) -> list[str]:
    """Return the names in a folder that begin with no dot; none where it is no folder, or gone meanwhile."""
    try:
        return [name for name in os.listdir(folder) if not name.startswith(".")]
    except OSError:
        return []


def open_bundle(name: str, models: Path | None = None) -> Bundle:
    """Open a bundle, its card checked; files are checked when they are used.

    Args:
        name: the bundle's, and its folder's.
        models: the folder of bundles; ``core.config.models_folder()`` if None.

    Raises:
        BundleError: there is no such bundle, or this version cannot use its card.
    """
    names = bundle_names(models)
    if name not in names:
        raise BundleError(
            "There is no bundle '{name}'; there are {accepted}.", name=name, accepted=", ".join(names) or NONE
        )
    path = (models or models_folder()) / name / CARD
    if not path.is_file():
        raise BundleError(
            "The bundle '{name}' has no {file}; take the whole folder models/{name} again.", name=name, file=CARD
        )
    return Bundle(path.parent, read_card(path, name))


def distinct_bundles(*bundles: Bundle) -> tuple[Bundle, ...]:
    """Return the bundles without repetition: one that serves both tasks occurs once."""
    return tuple({bundle.name: bundle for bundle in bundles}.values())


def load_network(bundle: Bundle) -> "keras.Model":
    """Load a bundle's network, float32 and uncompiled, in Keras' safe mode.

    Raises:
        BundleError: the file is missing or altered, is no Keras network, or is not the network of the card.
    """
    path = bundle.path(WEIGHTS)
    import keras

    try:
        network = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises errors of any type for what it does not know, packages among it
        raise BundleError(
            "The network of the bundle '{bundle}' cannot be loaded by this version of Keras; take the whole folder "
            "models/{bundle} from the project again.",
            bundle=bundle.name,
        ) from error
    _require_stated_network(bundle, network)
    return network


def _require_stated_network(bundle: Bundle, network: "keras.Model") -> None:
    """Refuse a network whose input, outputs or parameters are not those that the card states."""
    size = bundle.card.input
    shape = (size.height, size.width)
    outputs = {
        CLASSIFICATION: (len(bundle.card.classes),),
        SEGMENTATION: (*shape, len(bundle.mask_classes)),
        PRESENCE: (2,),
    }
    stated = {
        "input": [(*shape, size.channels)],
        "outputs": [outputs[task] for task in bundle.tasks],
        "number of parameters": bundle.card.parameters.total,
    }
    found = {
        "input": [tuple(tensor.shape[1:]) for tensor in network.inputs],
        "outputs": [tuple(tensor.shape[1:]) for tensor in network.outputs],
        "number of parameters": network.count_params(),
    }
    for part, value in stated.items():
        if found[part] != value:
            raise BundleError(
                "The network of the bundle '{bundle}' is not the one that its card describes (its {part}: {found}, "
                "in the card {value}); take the whole folder models/{bundle} from the project again.",
                bundle=bundle.name,
                part=part,
                found=found[part],
                value=value,
            )


def save_network(network: "keras.Model", path: Path) -> None:
    """Save a network whose outputs are the same wherever it is loaded.

    Raises:
        BundleError: it is compiled (its optimizer would be saved too, which triples the size), or not float32
            throughout (a saved network keeps its dtype policy, and its outputs differ).
    """
    policies = {layer.dtype_policy.name for layer in network.layers}
    if policies != {"float32"} or network.compiled:
        raise BundleError("A bundle's network is saved in float32 and uncompiled: rebuild it and set its weights.")
    with replace_file(path) as temporary:
        network.save(temporary)


def file_facts(path: Path) -> FileFacts:
    """Return the size and SHA-256 of a file."""
    with path.open("rb") as file:
        return FileFacts(bytes=path.stat().st_size, sha256=hashlib.file_digest(file, "sha256").hexdigest())


@functools.lru_cache(maxsize=1024)
def _facts_of_version(path: Path, *version: int) -> FileFacts:
    """Return a file's size and SHA-256, computed once as long as its inode, times and size stay."""
    return file_facts(path)


def read_card(path: Path, name: str) -> Card:
    """Read and check the card of a bundle.

    Raises:
        BundleError: it is no card of this version, or another bundle's.
    """
    text = path.read_bytes()
    try:
        card = Card.from_json(text)
    except ValidationError as error:
        raise BundleError(
            "The card of the bundle '{name}' cannot be read: {fault}; take its folder from the project again.",
            name=name,
            fault=describe_fault(error, Card, _json_of(text)),
        ) from error
    if card.name != name:
        raise BundleError(
            "The card of the bundle '{name}' names itself '{stated}'; a bundle's folder has its card's name.",
            name=name,
            stated=card.name,
        )
    return card


def _json_of(text: bytes) -> Any:
    """Return what JSON holds; None if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
