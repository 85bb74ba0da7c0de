"""Fit the gate of a network with the task presence: its two scores, thresholds and margins.

Nothing here reads a test slice: the scores are fitted on training, validation and dev slices and on pictures of the
part fit, and all thresholds follow rules on validation and dev slices alone.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from core.bundles.bundle import Bundle, load_network, open_bundle
from core.bundles.card.schema import Card
from core.bundles.measured_gate import DEV
from core.config import SEED
from core.dataset.store import Store
from core.errors import BundleError
from core.evaluation.figures import class_indices
from core.inference.gate import Gate
from core.metrics.calibration import calibration_error
from core.metrics.temperature import apply_temperature
from core.networks.gate_features import FUSION_LAYER, PRESENCE_INPUTS, with_feature_output
from core.ood.fit import choose_thresholds, write_gate
from core.ood.gate_recipe import PRESENCE_GATE_RECIPE, GateRecipe, PresenceGateSettings, gate_texts, load_gate_recipe
from core.ood.network_outputs import NetworkOutputs, features_and_probabilities, network_outputs
from core.ood.presence.planes import changed_validation, ood_planes
from core.ood.score_fits import FeatureGroup, fit_distances, weighted_regression
from core.ood.training_planes import GateSlices
from core.outcome import GateThresholds
from core.progress import ProgressWrapper


def fit_presence_gate(
    bundle: Bundle,
    store: Store,
    folder: Path,
    non_brain: Path,
    *,
    recipe: GateRecipe | None = None,
    progress: ProgressWrapper = iter,
) -> Card:
    """Fit the gate of a bundle with the task presence; write ``screen.npz`` and the card's ``screen``.

    Args:
        bundle: with the tasks classification, segmentation and presence.
        store: the prepared data set; its test slices are not read.
        folder: of external slices; its splits train and dev are read.
        non_brain: folder of pictures that are no head slices; its part fit is read.
        recipe: of the gate; the recipe for such networks where None.
        progress: wraps the groups of planes, to show a bar.

    Returns:
        The new card.

    Raises:
        DatasetError: an index is missing or incomplete.
    """
    recipe = recipe or load_gate_recipe(PRESENCE_GATE_RECIPE)
    settings = recipe.settings
    if not isinstance(settings, PresenceGateSettings):
        raise BundleError(
            "The gate of '{bundle}' needs a recipe such as {recipe}.",
            bundle=bundle.name,
            recipe=PRESENCE_GATE_RECIPE,
        )
    slices, random = GateSlices(bundle, store, folder), np.random.default_rng(SEED)
    network = with_feature_output(load_network(bundle))
    planes = ood_planes(slices, non_brain, settings, random)
    groups = {"": planes.heads, **planes.no_heads}
    inputs = {
        kind: features_and_probabilities(bundle, network, group)[0] for kind, group in progress(list(groups.items()))
    }
    heads = inputs.pop("")
    validation = network_outputs(bundle, network, slices.internal("validation"))
    dev = network_outputs(bundle, network, slices.external(DEV))
    changed = changed_validation(slices, every=settings.changed_every)
    moved, _ = features_and_probabilities(bundle, network, [plane for *_, plane in changed])
    channels = network.get_layer(FUSION_LAYER).output.shape[-1]
    gate = fit_presence_scores(heads, inputs, validation, dev, settings, channels=channels)
    before = validation.features[[place for place, *_ in changed]]
    thresholds = with_margins(choose_thresholds(gate, validation, dev, settings), gate, before, moved, settings)
    true = class_indices(validation.true)
    write_gate(
        bundle,
        gate,
        {
            **gate_texts(recipe),
            "thresholds": vars(thresholds),
            "fitted_on": {
                "head slices of the data set and from elsewhere, changed": len(heads),
                **{kind: len(group) for kind, group in inputs.items()},
                "validation slices of the data set": len(validation.true),
                "external slices of the split dev": len(dev.true),
            },
            "calibration_error": {
                "before": calibration_error(true, validation.probabilities),
                "after": calibration_error(true, apply_temperature(validation.probabilities, thresholds.temperature)),
                "of": recipe.texts.calibration_error,
            },
        },
    )
    return open_bundle(bundle.name, bundle.folder.parent).card


def fit_presence_scores(
    heads: np.ndarray,
    no_heads: dict[str, np.ndarray],
    validation: NetworkOutputs,
    dev: NetworkOutputs,
    settings: PresenceGateSettings,
    *,
    channels: int,
) -> Gate:
    """Fit the tumour score on validation and dev slices, and both parts of the OOD score.

    The tumour score is not fitted on training slices: the network has seen their masks, and is surer of them.

    Args:
        heads: (n, k) inputs of head slices.
        no_heads: by kind, (n, k) inputs of pictures that are no head slices; a kind weighs as the root of its number.
        validation: of the data set, all with a tumour.
        dev: external slices, with a tumour and without.
        settings: of the gate.
        channels: D, how many of the inputs, the last, are channel means.
    """
    has = dev.has_tumour
    groups = [
        FeatureGroup(validation.features[:, :PRESENCE_INPUTS], True, 0.5),
        FeatureGroup(dev.features[has, :PRESENCE_INPUTS], True, 0.5),
        FeatureGroup(dev.features[~has, :PRESENCE_INPUTS], False, 1.0),
    ]
    weights, bias = weighted_regression(groups, settings.regularisation)
    distances = fit_distances(heads[:, -channels:], settings.directions)
    total = sum(len(group) ** 0.5 for group in no_heads.values())
    no_head_weights, no_head_bias = weighted_regression(
        [
            FeatureGroup(heads[:, PRESENCE_INPUTS:], False, 1.0),
            *(FeatureGroup(group[:, PRESENCE_INPUTS:], True, len(group) ** 0.5 / total) for group in no_heads.values()),
        ],
        settings.no_head_regularisation,
    )
    gate = Gate(weights, bias, *distances, no_head_weights, no_head_bias)
    return _in_units_of_distance(gate, validation.features, dev.features, settings)


def _in_units_of_distance(gate: Gate, validation: np.ndarray, dev: np.ndarray, settings: PresenceGateSettings) -> Gate:
    """Scale the score of no head slices so that validation's median and the limit by the rule of ``strange`` are those
    of the distance: neither part of the OOD score then decides alone.

    Args:
        gate: with both parts of the OOD score.
        validation, dev: (n, k) inputs of head slices.
        settings: of the gate.
    """
    assert gate.no_head_weights is not None and gate.no_head_bias is not None
    (low, high), (from_low, from_high) = (
        (float(np.median(score(validation))), _limit(score(validation), score(dev), settings))
        for score in (gate.distance, gate.no_head_score)
    )
    factor = (high - low) / max(from_high - from_low, 1e-6)
    return replace(
        gate,
        no_head_weights=gate.no_head_weights * factor,
        no_head_bias=np.array((gate.no_head_bias - from_low) * factor + low),
    )


def _limit(validation: np.ndarray, dev: np.ndarray, settings: PresenceGateSettings) -> float:
    quantiles = (settings.ood_quantile_internal, settings.ood_quantile_external)
    return float(max(np.quantile(scores, at) for scores, at in zip((validation, dev), quantiles, strict=True)))


def with_margins(
    thresholds: GateThresholds, gate: Gate, before: np.ndarray, moved: np.ndarray, settings: PresenceGateSettings
) -> GateThresholds:
    """Add the margins of low confidence and the limit of what is no head slice, by the rules of the recipe.

    Args:
        thresholds: without margins.
        gate: fitted.
        before: (n, k) inputs of validation slices.
        moved: (n, k) inputs of the same slices, changed.
        settings: of the gate.
    """
    tumour, ood = (
        float(np.quantile(np.abs(score(moved) - score(before)), settings.margin_quantile))
        for score in (gate.tumour_score, gate.ood_score)
    )
    farthest = float(max(gate.ood_score(before).max(), gate.ood_score(moved).max()))
    rounded = replace(thresholds, tumour_margin=round(tumour, 4), ood_margin=round(ood, 4))
    return replace(rounded, not_a_head=round(max(farthest, rounded.refuse), 4))
