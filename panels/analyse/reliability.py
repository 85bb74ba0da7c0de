"""How often an answer on Analyse is right: a line for its outcome, and the networks' figures on test slices."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.bundles.bundle import Bundle
from core.bundles.card.metrics import ExternalMetrics, OutcomeCount, SplitMetrics, TestMetrics
from core.bundles.measured_gate import DEV, measured_split
from core.labels import METRIC_TITLES
from core.outcome import CONFIDENT, LOW_CONFIDENCE, NO_TUMOUR
from core.text import lower_first
from core.translation.messages import mark, tr
from panels.shared.labels import bundle_title, mean_text, split_level_of, term
from panels.shared.model_choice import evaluated_bundle, listed_bundles
from panels.shared.theme import percent

_EXTERNAL = mark("**{right} of {slices}** external slices")


def draw_how_often(result: dict[str, Any], classifier: Bundle) -> None:
    """Draw in one line how often such an answer is right, on new patients and on external slices.

    Args:
        result: ``core.inference.result.slice_result`` of the slice.
        classifier: the bundle that gives the class; nothing is drawn where it is not measured so.
    """
    outcome = result["outcome"]
    line = _outcome_line(outcome, classifier) if outcome else _class_only_line(classifier)
    if line:
        st.markdown(line)


def _outcome_line(outcome: str, bundle: Bundle) -> str:
    metrics, external = _measured(bundle)
    if metrics is None or external is None or outcome not in metrics.figshare_by_outcome:
        return ""
    own, outside = metrics.figshare_by_outcome, external.by_outcome
    if outcome in (CONFIDENT, LOW_CONFIDENCE):
        sentence = (
            mark("Such answers were right for {at_home} and {outside}.")
            if outcome == CONFIDENT
            else mark("The class of such answers was right for {at_home} and {outside}.")
        )
        at_home = _right(own[outcome], mark("**{right} of {slices}** slices of new patients"))
        return tr(sentence, at_home=at_home, outside=_right(outside[outcome], _EXTERNAL))
    if outcome == NO_TUMOUR:
        return tr(
            "Such answers were right for {outside}; {at_home} slices of new patients got one, though all show a "
            "tumour.",
            outside=_right(outside[outcome], _EXTERNAL),
            at_home=_share(own, outcome),
        )
    return tr(
        "{other} pictures of other things got this answer, {at_home} slices of new patients, and {outside} external "
        "slices.",
        other=_share(metrics.non_brain_by_outcome, outcome),
        at_home=_share(own, outcome),
        outside=_share(outside, outcome),
    )


def _measured(bundle: Bundle) -> tuple[ExternalMetrics | None, SplitMetrics | None]:
    """Return the figures of a bundle's gate, and those of the external slices; None where it is not measured."""
    split, metrics = measured_split(bundle), bundle.card.metrics.external
    if split is None or metrics is None:
        return None, None
    return metrics, metrics.dev if split == DEV else metrics


def _right(count: OutcomeCount, what: str) -> str:
    share = f" ({percent(count.right / count.slices)})" if count.slices else ""
    return tr(what, right=count.right, slices=count.slices) + share


def _share(counts: Mapping[str, OutcomeCount], outcome: str) -> str:
    return tr(
        "**{count} of {total}**", count=counts[outcome].slices, total=sum(each.slices for each in counts.values())
    )


def _class_only_line(bundle: Bundle) -> str:
    """Return how often the class of a network without a gate is right."""
    by_patient = bundle if bundle.card.data.by_patient else evaluated_bundle(bundle.card.data.by_patient_bundle)
    if by_patient is None:
        return ""
    metrics = by_patient.test_metrics
    shares = {"at_home": percent(metrics.accuracy), "slices": metrics.slices}
    stored = bundle.card.metrics.external
    external = stored and (stored if stored.class_accuracy is not None else stored.dev)
    if external and external.class_accuracy is not None:
        return tr(
            "The class was right for **{at_home}** of {slices} slices of new patients and **{outside}** of external "
            "tumours.",
            outside=percent(external.class_accuracy),
            **shares,
        )
    return tr("The class was right for **{at_home}** of {slices} slices of new patients.", **shares)


def draw_test_figures(classifier: Bundle, segmenter: Bundle, *, with_network: bool = True) -> None:
    """Draw how the networks and the gate did on test slices.

    Args:
        classifier: the bundle that gives the class, and the gate where it has one.
        segmenter: the bundle that gives the mask.
        with_network: whether class and mask are shown; scores of what is hidden are left out.
    """
    lines = _gate_lines(classifier)
    if with_network or not lines:
        lines = [*lines, _class_line(classifier, has_gate=bool(lines)), _mask_line(segmenter)]
    st.markdown("\n".join(f"- {line}" for line in lines))


def _gate_lines(bundle: Bundle) -> list[str]:
    """Return what the gate does to test slices, own and external; nothing where there is none or it is not measured."""
    metrics, external = _measured(bundle)
    internal = metrics.figshare_all if metrics else None
    if external is None or internal is None:
        return []
    refused = internal.unusual_image + internal.not_a_head_slice
    return [
        tr(
            "**After the gate, new patients** (patient-level split): of {slices} slices, all with a "
            "tumour, **{right}** are classified correctly, {wrong} wrongly, {low_confidence} have low "
            "confidence, {refused} are refused.",
            slices=internal.slices,
            right=percent(internal.right),
            wrong=percent(internal.wrong),
            low_confidence=percent(internal.low_confidence),
            refused=percent(refused),
        ),
        tr(
            "**After the gate, external slices:** {given_one} of slices without a tumour are given one, "
            "{called_free} of those with one are called tumour-free, and {right} of confident tumour "
            "types are right.",
            given_one=percent(external.no_tumour_called_tumour),
            called_free=percent(external.tumour_called_no_tumour),
            right=percent(external.class_accuracy_answered),
        ),
    ]


def _class_line(bundle: Bundle, *, has_gate: bool) -> str:
    """Return the classifier's accuracy, patient-level too where a counterpart bundle has it."""
    title = mark("**Class before the gate:** {bundle} ({name}).") if has_gate else mark("**Class:** {bundle} ({name}).")
    sentences = [tr(title, bundle=bundle_title(bundle), name=bundle.name)]
    metrics = bundle.test_metrics
    if bundle.card.data.by_patient:
        accuracy = tr("*Patient-level split*: {accuracy}.", accuracy=_patient_level_accuracy(metrics))
        return " ".join([*sentences, accuracy, *_class_over_folds(bundle)])
    sentences.append(
        tr(
            "*Slice-level split* (leaks: optimistic): accuracy {share} on {slices} slices; neighbours of the same "
            "tumour were in training.",
            share=percent(metrics.accuracy),
            slices=metrics.slices,
        )
    )
    counterpart = evaluated_bundle(bundle.card.data.by_patient_bundle)
    if counterpart is None:
        return " ".join([*sentences, tr("*Patient-level split*: {reason}.", reason=_no_counterpart(bundle))])
    accuracy = tr(
        "*Patient-level split*, the same architecture trained without fold 1's patients ({counterpart}): {accuracy}.",
        counterpart=counterpart.name,
        accuracy=_patient_level_accuracy(counterpart.test_metrics),
    )
    return " ".join([*sentences, accuracy, *_class_over_folds(counterpart)])


def _no_counterpart(bundle: Bundle) -> str:
    """Tell why a bundle's patient-level counterpart gives no figure."""
    name = bundle.card.data.by_patient_bundle
    return tr("{name} cannot be used", name=name) if name in listed_bundles().problems else tr("not measured")


def _patient_level_accuracy(metrics: TestMetrics) -> str:
    accuracy = tr(
        "accuracy **{share}** on {slices} slices of {patients} patients whose ids were not in training",
        share=percent(metrics.accuracy),
        slices=metrics.slices,
        patients=metrics.patients,
    )
    if metrics.series_accuracy is None:
        return accuracy
    return tr(
        "{accuracy}; a patient's slices classified together ({series}), **{by_slice}** of the slices and "
        "{by_patient} of the patients",
        accuracy=accuracy,
        series=term("series", tr("series")),
        by_slice=percent(metrics.series_accuracy),
        by_patient=percent(metrics.patient_accuracy),
    )


def _class_over_folds(bundle: Bundle) -> list[str]:
    return _over_folds(bundle, "accuracy", "series_accuracy")


def _over_folds(bundle: Bundle, *metrics: str) -> list[str]:
    """Say what the same recipe reaches over several folds; nothing where fewer than two were trained."""
    over_folds = bundle.card.metrics.over_folds
    figures = {name: over_folds.figures[name] for name in metrics if name in over_folds.figures} if over_folds else {}
    if over_folds is None or not figures:
        return []
    words = ", ".join(
        f"{lower_first(METRIC_TITLES[name])} {mean_text(name, figure.mean, figure.std)}"
        for name, figure in figures.items()
    )
    return [tr("The same recipe on {count} folds: {words}.", count=len(over_folds.folds_done), words=words)]


def _mask_line(bundle: Bundle) -> str:
    """Return the segmenter's mean Dice and share of missed tumours."""
    metrics = bundle.test_metrics
    sentences = [
        tr(
            "**Mask:** {bundle} ({name}). Mean Dice **{dice:.2f}** on {slices} test slices; the split is {split}.",
            bundle=bundle_title(bundle),
            name=bundle.name,
            dice=metrics.dice_mean,
            slices=metrics.slices,
            split=split_level_of(bundle, with_caveat=True),
        )
    ]
    if not bundle.card.data.by_patient:
        counterpart = evaluated_bundle(bundle.card.data.by_patient_bundle)
        sentences.append(
            tr("*Patient-level split*: {reason}.", reason=_no_counterpart(bundle))
            if counterpart is None
            else tr(
                "*Patient-level split*, the same architecture ({counterpart}): mean Dice {dice_mean:.2f}.",
                counterpart=counterpart.name,
                dice_mean=counterpart.test_metrics.dice_mean,
            )
        )
    missed = tr("{metric}: {share}.", metric=METRIC_TITLES["missed"], share=percent(metrics.missed))
    return " ".join([*sentences, *_over_folds(bundle, "dice_mean"), missed])
