"""Check whether a gate recognises the tumour or only the source of a slice; the card's ``source_control``."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from core.bundles.bundle import Bundle, load_network
from core.bundles.card.schema import Card
from core.bundles.card_update import update_card
from core.bundles.measured_gate import DEV
from core.config import CLASSES, PRESENCE, SEED
from core.dataset import splits
from core.dataset.store import Store
from core.explanation.compiled_network import CompiledNetwork
from core.explanation.engines import Explained, no_progress
from core.explanation.explainer import LAYER_CAM, METHODS, SALIENCY, Explainer
from core.explanation.targets import class_target
from core.inference.gate import Gate, gate_classifier, load_gate
from core.metrics.localisation import chance_level, heat_inside
from core.networks.gate_features import FUSION_LAYER, with_feature_output
from core.networks.tensor import Tensor
from core.ood.gate_recipe import GateRecipe, gate_recipe_of, gate_text_changes
from core.ood.network_outputs import Planes, features_and_probabilities
from core.ood.source_leakage import source_auc, source_features
from core.ood.training_planes import GateSlices, InternalSlice, degrade
from core.readers.preprocessing import HEAD_THRESHOLD
from core.training.card_writer import limits_with_gate
from core.training.data.inpainting import inpaint_beside_tumour, remove_tumour

if TYPE_CHECKING:
    import keras


def check_gate(bundle: Bundle, store: Store, folder: Path, *, recipe: GateRecipe | None = None) -> Card:
    """Measure whether a bundle's gate recognises the tumour or the source; write that and the gate's texts.

    Args:
        bundle: with a gate.
        store: the prepared data set.
        folder: see ``core.ood.fit.fit_gate``; its splits train and dev are read.
        recipe: of the gate; the one for its network where None.

    Returns:
        The new card, with ``screen.source_control``; heat for "no tumour" only where the gate reads pooled features.
    """
    recipe = recipe or gate_recipe_of(bundle.tasks)
    slices, random = GateSlices(bundle, store, folder), np.random.default_rng(SEED)
    gate, thresholds = load_gate(bundle)
    network = with_feature_output(load_network(bundle))

    def is_tumour_free(planes: Planes) -> np.ndarray:
        features, _ = features_and_probabilities(bundle, network, planes)
        return gate.tumour_score(features) < thresholds.no_tumour

    def tumour_free_share(planes: Planes) -> float | None:
        return float(is_tumour_free(planes).mean()) if planes else None

    internal = slices.internal("validation")
    inpainted = [plane for row in internal if (plane := remove_tumour(row.plane, row.mask)) is not None]
    beside = [plane for row in internal if (plane := inpaint_beside_tumour(row.plane, row.mask)) is not None]
    dev = [row.plane for row in slices.external(DEV)]
    tumour_free = [plane for plane, is_free in zip(dev, is_tumour_free(dev), strict=True) if is_free]
    heads = [_head(plane) for plane in tumour_free]
    moved = _in_other_surroundings(tumour_free, heads, internal, random)
    control = {
        **_source_aucs(slices, recipe, random),
        "own_twins": len(inpainted),
        "own_twins_called_no_tumour": tumour_free_share(inpainted),
        "own_shams_called_no_tumour": tumour_free_share(beside),
        "called_no_tumour": len(tumour_free),
        **({} if PRESENCE in bundle.tasks else _heat_on_head(bundle, gate, tumour_free, heads)),
        "kept_in_other_surroundings": tumour_free_share(moved),
    }
    changes = {
        **gate_text_changes(bundle.card, recipe),
        "limits": limits_with_gate(bundle.card.limits),
        "screen.source_control": {**control, "definitions": recipe.texts.control},
    }
    return update_card(bundle.folder, changes, "Gate checked for what it recognises.")


def _head(plane: np.ndarray) -> np.ndarray:
    """Return the (S, S) bool mask of the head."""
    return ndimage.binary_fill_holes(plane > HEAD_THRESHOLD)


def _in_other_surroundings(
    planes: Planes, heads: list[np.ndarray], internal: list[InternalSlice], random: np.random.Generator
) -> Planes:
    """Put each plane's head into the surroundings of a slice of the data set, drawn at random."""
    donors = [internal[int(n)].plane for n in random.integers(len(internal), size=len(planes))]
    return [
        np.where(head, plane, np.where(_head(donor), 0, donor))
        for plane, head, donor in zip(planes, heads, donors, strict=True)
    ]


def _source_aucs(slices: GateSlices, recipe: GateRecipe, random: np.random.Generator) -> dict[str, float]:
    """Measure how well size, border and histogram separate the sources, at three stages of preprocessing."""
    external = [pixels for pixels, class_name in slices.external_pixels("train") if class_name not in CLASSES]
    numbers = random.permutation(slices.numbers("train"))[: 2 * len(external)]
    internal = [slices.store.pixels(int(number)) for number in numbers]
    patients = splits.index_table().set_index("slice")["patient"].loc[numbers].to_numpy()

    def auc(change: Callable[[np.ndarray], np.ndarray]) -> float:
        inside, outside = (
            np.stack([source_features(change(pixels)) for pixels in group]) for group in (internal, external)
        )
        return source_auc(inside, outside, patients)

    return {
        "as_they_are": auc(lambda pixels: pixels),
        "preprocessed": auc(slices.plane),
        "as_in_training": auc(lambda pixels: degrade(slices.plane(pixels), recipe.settings, random)),
    }


def _heat_on_head(bundle: Bundle, gate: Gate, planes: Planes, heads: list[np.ndarray]) -> dict[str, float | None]:
    """Measure the mean share of the heat for "no tumour" that lies on the head, by two methods, and chance level."""
    network = load_network(bundle)
    explainer = Explainer(gate_classifier(network, gate))
    methods: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "heat_in_head": _fusion_layer_cam(network, gate),
        "saliency_in_head": lambda plane: explainer(plane[None, ..., None], class_target(0), method=SALIENCY).plane,
    }
    shares = {
        name: [heat_inside(heat_map(plane), head) for plane, head in zip(planes, heads, strict=True)]
        for name, heat_map in methods.items()
    }
    shares["head_area"] = [chance_level(head) for head in heads]
    return {name: float(np.mean(values)) if values else None for name, values in shares.items()}


def _fusion_layer_cam(network: "keras.Model", gate: Gate) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function from a plane to the (S, S) Layer-CAM for "no tumour" where encoder and decoder meet.

    ``Explainer`` takes one convolution; no single convolution sees all that the features are computed from.
    """
    import keras
    import tensorflow as tf

    features = with_feature_output(network).outputs[-1]
    compiled = CompiledNetwork(keras.Model(network.inputs, features), network.get_layer(FUSION_LAYER))
    make = METHODS[LAYER_CAM].engine(compiled)
    weights = tf.constant(gate.weights[:, None], tf.float32)
    count = len(gate.weights)

    def no_tumour(features: Tensor) -> Tensor:
        return -tf.matmul(features[:, :count], weights)[:, 0]

    def heat_map(plane: np.ndarray) -> np.ndarray:
        inputs = plane[None, ..., None]
        grid = make(Explained(inputs, *compiled.forward(inputs), no_tumour, no_progress))
        return np.kron(grid, np.ones((len(plane) // len(grid),) * 2))

    return heat_map
