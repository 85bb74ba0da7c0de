"""How often the networks on the Analyse page were right on test slices, after the gate and before it."""

import streamlit as st

from core.bundles.bundle import Bundle
from core.bundles.card.metrics import TestMetrics
from core.bundles.measured_gate import DEV, measured_split
from core.labels import METRIC_TITLES
from core.text import lower_first
from panels.shared.labels import bundle_title, mean_text, split_level_of
from panels.shared.model_choice import evaluated_bundle, listed_bundles
from panels.shared.theme import percent


def draw_reliability(classifier: Bundle, segmenter: Bundle, *, with_network: bool = True) -> None:
    """Draw how often the answer after the gate is right, then the scores of the two networks.

    Args:
        classifier: the bundle that gives the class, and the gate where it has one.
        segmenter: the bundle that gives the mask.
        with_network: whether class and mask are shown; scores of what is hidden are left out.
    """
    st.markdown("**How far to trust this**")
    lines = _gate_lines(classifier)
    if with_network or not lines:
        lines = [*lines, _class_line(classifier, has_gate=bool(lines)), _mask_line(segmenter)]
    st.caption("\n\n".join(lines))


def _gate_lines(bundle: Bundle) -> list[str]:
    """Return a paragraph on the answers after the gate; none where there is no gate or it is not measured."""
    split = measured_split(bundle)
    if split is None:
        return []
    metrics = bundle.card.metrics.external
    external = metrics.dev if metrics and split == DEV else metrics
    internal = metrics.figshare_all if metrics else None
    if external is None or internal is None:
        return []
    return [
        f"**After the gate:** *patient-level split*, {internal.slices} slices of "
        f"{bundle.test_metrics.patients} patients whose ids were not in training, all with a tumour: "
        f"**{percent(internal.right)}** are classified correctly, {percent(internal.wrong)} wrongly, "
        f"{percent(internal.not_sure)} have low confidence, and {percent(internal.stranger)} are flagged "
        f"out-of-distribution. External slices: {percent(external.no_tumour_called_tumour)} of those without a "
        f"tumour are given one, {percent(external.tumour_called_no_tumour)} of those with a tumour are called "
        f"tumour-free, and {percent(external.class_accuracy_answered)} of the named tumour types are right."
    ]


def _class_line(bundle: Bundle, *, has_gate: bool) -> str:
    """Return the classifier's accuracy, patient-level too where a counterpart bundle has it."""
    line = f"**{'Class before the gate' if has_gate else 'Class'}:** {bundle_title(bundle)} ({bundle.name})."
    metrics = bundle.test_metrics
    if bundle.card.data.by_patient:
        return f"{line} *Patient-level split*: {_patient_level_accuracy(metrics)}.{_over_folds(bundle, 'accuracy')}"
    line += (
        f" *Slice-level split* (leaks: optimistic): accuracy {percent(metrics.accuracy)} on {metrics.slices} "
        "slices; neighbours of the same tumour were in training."
    )
    counterpart = evaluated_bundle(bundle.card.data.by_patient_bundle)
    if counterpart is None:
        return f"{line} *Patient-level split*: {_no_counterpart(bundle)}."
    return (
        f"{line} *Patient-level split*, the same architecture trained without fold 1's patients ({counterpart.name}): "
        f"{_patient_level_accuracy(counterpart.test_metrics)}.{_over_folds(counterpart, 'accuracy')}"
    )


def _no_counterpart(bundle: Bundle) -> str:
    """Tell why a bundle's patient-level counterpart gives no figure."""
    name = bundle.card.data.by_patient_bundle
    return f"{name} cannot be used" if name in listed_bundles().problems else "not measured"


def _patient_level_accuracy(metrics: TestMetrics) -> str:
    return (
        f"accuracy **{percent(metrics.accuracy)}** on {metrics.slices} slices of {metrics.patients} patients "
        "whose ids were not in training"
    )


def _over_folds(bundle: Bundle, metric: str) -> str:
    """Return what the same recipe reaches over several folds; nothing where fewer than two were trained."""
    over_folds = bundle.card.metrics.over_folds
    figure = over_folds.figures.get(metric) if over_folds else None
    if figure is None:
        return ""
    text = mean_text(metric, figure.mean, figure.std)
    return f" The same recipe on {len(figure.folds)} folds: {lower_first(METRIC_TITLES[metric])} {text}."


def _mask_line(bundle: Bundle) -> str:
    """Return the segmenter's mean Dice and share of missed tumours."""
    metrics = bundle.test_metrics
    patient_level = ""
    if not bundle.card.data.by_patient:
        counterpart = evaluated_bundle(bundle.card.data.by_patient_bundle)
        patient_level = (
            f" *Patient-level split*: {_no_counterpart(bundle)}."
            if counterpart is None
            else f" *Patient-level split*, the same architecture ({counterpart.name}): mean Dice "
            f"{counterpart.test_metrics.dice_mean:.2f}."
        )
    return (
        f"**Mask:** {bundle_title(bundle)} ({bundle.name}). Mean Dice **{metrics.dice_mean:.2f}** on "
        f"{metrics.slices} test slices; the split is {split_level_of(bundle, with_caveat=True)}.{patient_level}"
        f"{_over_folds(bundle, 'dice_mean')} {METRIC_TITLES['missed']}: {percent(metrics.missed)}."
    )
