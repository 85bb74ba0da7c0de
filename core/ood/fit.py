"""Fit the gate beside a network: its tumour score, its OOD score, and its thresholds."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from core.bundles.bundle import EXTERNAL, GATE, OOD_ANSWERS, Bundle, load_network, open_bundle
from core.bundles.card.schema import Card
from core.bundles.card_update import update_card
from core.bundles.measured_gate import DEV
from core.config import CLASSES, SEED, TASKS
from core.dataset.store import Store
from core.errors import BundleError
from core.evaluation.figures import class_indices
from core.files import replace_file
from core.inference.gate import Gate
from core.metrics.calibration import calibration_error, coverage_curve
from core.metrics.temperature import apply_temperature, fit_temperature
from core.networks.gate_features import FUSION_LAYER, with_feature_output
from core.ood.gate_control import check_gate
from core.ood.gate_recipe import CommonGateSettings, GateRecipe, GateSettings, gate_texts, load_gate_recipe
from core.ood.network_outputs import NetworkOutputs, features_and_probabilities, network_outputs
from core.ood.score_fits import FeatureGroup, fit_distances, weighted_regression
from core.ood.training_planes import GateSlices, degrade, training_groups
from core.outcome import GateThresholds
from core.progress import ProgressWrapper


def fit_gate(
    bundle: Bundle,
    store: Store,
    folder: Path,
    *,
    recipe: GateRecipe | None = None,
    progress: ProgressWrapper = iter,
) -> Card:
    """Fit the gate of an evaluated bundle; write ``screen.npz`` and the card's ``screen``, and remove stale results.

    Args:
        bundle: of the unified network, for both tasks.
        store: the prepared data set.
        folder: of external slices; see ``core.dataset.external_index.read_external_index``. Its split train must hold
            slices without a tumour, its split dev all classes; its split test is not read.
        recipe: of the gate; the default recipe where None.
        progress: wraps the groups of planes, to show a bar.

    Returns:
        The new card.

    Raises:
        BundleError: the bundle is not for both tasks.
        DatasetError: see ``read_external_index``; or there is nothing to fit on.
    """
    if not set(TASKS) <= set(bundle.tasks):
        raise BundleError(
            "The bundle '{bundle}' is not for {tasks}; only such a bundle gets a gate.",
            bundle=bundle.name,
            tasks=" and ".join(TASKS),
        )
    recipe = recipe or load_gate_recipe()
    settings = recipe.settings
    assert isinstance(settings, GateSettings)
    slices, random = GateSlices(bundle, store, folder), np.random.default_rng(SEED)
    network = with_feature_output(load_network(bundle))
    groups, counts = training_groups(slices, settings, random)
    features = []
    for group in progress(groups):
        planes = [degrade(plane, recipe.settings, random) for plane in group.planes]
        features.append(
            FeatureGroup(features_and_probabilities(bundle, network, planes)[0], group.has_tumour, group.weight)
        )
    channels = network.get_layer(FUSION_LAYER).output.shape[-1]
    gate = fit_scores(features, recipe.settings, channels=channels)
    validation = network_outputs(bundle, network, slices.internal("validation"))
    dev = network_outputs(bundle, network, slices.external(DEV))
    thresholds = choose_thresholds(gate, validation, dev, recipe.settings)
    true = class_indices(validation.true)
    write_gate(
        bundle,
        gate,
        {
            **gate_texts(recipe),
            "thresholds": vars(thresholds),
            "fitted_on": counts,
            "calibration_error": {
                "before": calibration_error(true, validation.probabilities),
                "after": calibration_error(true, apply_temperature(validation.probabilities, thresholds.temperature)),
                "of": recipe.texts.calibration_error,
            },
        },
    )
    return check_gate(open_bundle(bundle.name, bundle.folder.parent), store, folder, recipe=recipe)


def write_gate(bundle: Bundle, gate: Gate, description: dict[str, Any]) -> None:
    """Write a gate and its part of the card; remove the results of the gate before it."""
    with replace_file(bundle.folder / GATE) as temporary:
        np.savez_compressed(
            temporary,
            **{
                field.name: array.astype(np.float32)
                for field in fields(gate)
                if (array := getattr(gate, field.name)) is not None
            },
        )
    for stale in (EXTERNAL, OOD_ANSWERS):
        (bundle.folder / stale).unlink(missing_ok=True)
    update_card(bundle.folder, {"metrics.external": None, "screen": description}, "Gate fitted.")


def fit_scores(groups: list[FeatureGroup], settings: CommonGateSettings, *, channels: int) -> Gate:
    """Fit the tumour score and the OOD score.

    Args:
        groups: the OOD score measures the distance from the first.
        settings: of the gate.
        channels: D, how many of the features are channel means over the whole plane; they come last.
    """
    scored = [group._replace(features=group.features[:, :-channels]) for group in groups]
    weights, bias = weighted_regression(scored, settings.regularisation)
    return Gate(weights, bias, *fit_distances(groups[0].features[:, -channels:], settings.directions))


def choose_thresholds(
    gate: Gate, validation: NetworkOutputs, dev: NetworkOutputs, settings: CommonGateSettings
) -> GateThresholds:
    """Choose the thresholds by the rules of the gate's recipe.

    Args:
        gate: fitted.
        validation: of the data set's validation slices, all with a tumour.
        dev: of the external slices in the split dev, with a tumour and without.
        settings: of the gate.
    """
    temperature = fit_temperature(class_indices(validation.true), validation.probabilities)
    score, tumour = gate.tumour_score(dev.features), dev.has_tumour
    low = float(
        min(
            np.quantile(scores, settings.missed_limit)
            for scores in (score[tumour], gate.tumour_score(validation.features))
        )
    )
    high = float(np.quantile(score[~tumour], 1 - settings.false_alarm_limit))
    if low > high:
        low = high = (low + high) / 2
    strange = max(
        np.quantile(gate.ood_score(validation.features), settings.ood_quantile_internal),
        np.quantile(gate.ood_score(dev.features), settings.ood_quantile_external),
    )
    probabilities = apply_temperature(dev.probabilities[tumour], temperature)
    correct = np.array(CLASSES)[probabilities.argmax(axis=1)] == dev.true[tumour]
    lowest = lowest_confidence(probabilities.max(axis=1), correct, accuracy=settings.accuracy_aim)
    # Rounded down, so that the slice with this probability stays above the threshold in a table with six digits.
    sure = np.floor(lowest * 1e4) / 1e4
    return GateThresholds(*(round(float(value), 4) for value in (low, high, sure, strange, temperature)))


def lowest_confidence(confidence: np.ndarray, correct: np.ndarray, *, accuracy: float) -> float:
    """Return the lowest confidence from which slices reach an accuracy; the highest where none does.

    Args:
        confidence: (n,) probability of the most probable class.
        correct: (n,) bool.
        accuracy: to be reached.
    """
    curve = coverage_curve(confidence, correct)
    enough = curve["threshold"][curve["accuracy"] >= accuracy]
    return float(enough.iloc[-1] if len(enough) else confidence.max())
