"""The Models page's table: the report's two networks, then a row for each bundle; and a sentence that compares them."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core import course_report
from core.bundles.bundle import REPORT_CLASSIFIER, REPORT_SEGMENTER, UNIFIED_BY_SLICE, WEIGHTS, Bundle
from core.config import CLASSIFICATION, SEGMENTATION
from core.evaluation.bootstrap import DRAWS, LEVEL
from core.evaluation.comparison.bundles import metrics_on_table_5
from core.labels import TASK_LABELS, metric_titles, split_level
from core.text import join_words
from core.translation.messages import mark, tr
from core.translation.numbers import number_text
from panels.models.record_table import draw_records
from panels.shared.cache import cached_headline_metrics
from panels.shared.labels import NOT_AVAILABLE, bundle_title, count_text, interval_text, split_level_of, term
from panels.shared.model_choice import choice_title
from panels.shared.theme import percent

HEADLINE_METRICS = metric_titles(("accuracy", "series_accuracy", "dice_mean", "dice_class_mean")).english
"""Metrics of the table: name in ``core.evaluation.bootstrap`` and title."""
_NETWORK, _SIZE, _TRAINING, _INFERENCE = (
    mark("Network"),
    mark("Size (MB)"),
    mark("Training (min)"),
    mark("Inference (ms)"),
)
_TABLE_5 = mark("Mean Dice on Table 5's test slices")


def interval_note() -> str:
    """Say what stands in brackets behind a metric."""
    return tr(
        "In brackets: {level:g} % intervals by a {bootstrap} ({draws} draws).",
        level=LEVEL * 100,
        bootstrap=term("bootstrap", tr("patient-level bootstrap")),
        draws=DRAWS,
    )


def task_text(bundle: Bundle) -> str:
    """Name a bundle's tasks: "classification and segmentation"."""
    return join_words(TASK_LABELS[task].in_text for task in bundle.tasks)


def split_text(bundle: Bundle) -> str:
    """Name a bundle's split and its level: "patient-level (fold-1)"."""
    return f"{split_level_of(bundle)} ({bundle.card.data.split})"


def dice_on_table_5(bundle: Bundle) -> float | None:
    """Return the mean Dice on Table 5's test slices; see ``core.evaluation.comparison.bundles.metrics_on_table_5``."""
    metrics = metrics_on_table_5(bundle)
    return metrics.dice_mean if metrics else None


def networks_table(bundles: Sequence[Bundle]) -> pd.DataFrame:
    """Build a row for each of the report's networks and then for each bundle.

    Where a network was tested on Table 1's slices, masks are compared on those of them that are Table 5's too.
    """
    rows = pd.DataFrame([*_report_rows(), *(_network_row(bundle) for bundle in bundles)])
    tests = [bundle.card.metrics.test for bundle in bundles]
    rows = rows if any(test and test.table_5 for test in tests) else rows.drop(columns=_TABLE_5)
    return rows.fillna(NOT_AVAILABLE)


def draw_networks_table(bundles: Sequence[Bundle]) -> None:
    """Draw the table."""
    draw_records(networks_table(bundles), alt=tr("The networks: the report's two, then a row for each of ours"))


def draw_between_neighbours(bundles: Sequence[Bundle]) -> None:
    """Draw a sentence for each bundle that reads neighbours: its figures are not those of single slices."""
    for bundle in bundles:
        alone = bundle.card.metrics.without_neighbours
        if alone is None:
            continue
        test = bundle.test_metrics
        st.markdown(
            tr(
                "**{network}** reads each slice between its neighbours: accuracy {accuracy}, series {series}, mean "
                "Dice {dice:.3f}. Of slices given alone: {accuracy_alone}, {series_alone}, {dice_alone:.3f}.",
                network=bundle_title(bundle),
                accuracy=percent(test.accuracy),
                series=percent(test.series_accuracy),
                dice=test.dice_mean,
                accuracy_alone=percent(alone.accuracy),
                series_alone=percent(alone.series_accuracy),
                dice_alone=alone.dice_mean,
            )
        )


def draw_unified_against_report(bundles: Sequence[Bundle]) -> None:
    """Compare the unified network with the report's two in a sentence, on the slices those were tested on.

    Draws nothing where one of the three is missing or not evaluated.
    """
    by_name = {bundle.name: bundle for bundle in bundles if bundle.is_evaluated and bundle.card.times}
    if not {UNIFIED_BY_SLICE, REPORT_CLASSIFIER, REPORT_SEGMENTER} <= by_name.keys():
        return
    trio = unified, classifier, segmenter = (
        by_name[UNIFIED_BY_SLICE],
        by_name[REPORT_CLASSIFIER],
        by_name[REPORT_SEGMENTER],
    )
    unified_dice, report_dice = dice_on_table_5(unified), dice_on_table_5(segmenter)
    table_5 = unified.test_metrics.table_5
    if unified_dice is None or report_dice is None or table_5 is None:
        return
    times = [bundle.card.times for bundle in trio if bundle.card.times]
    milliseconds = [time.one_slice_seconds * 1000 for time in times]
    same_machine = len({time.machine for time in times}) == 1
    inference = (
        mark("Inference for a slice: {unified} {unified_ms:.0f} ms, the report's two together {report_ms:.0f} ms.")
        if same_machine
        else mark(
            "Inference for a slice: {unified} {unified_ms:.0f} ms, the report's two together {report_ms:.0f} ms, "
            "measured on different machines."
        )
    )
    titles = [bundle_title(bundle) for bundle in trio]
    st.markdown(
        tr(
            "**One network against the report's two**, on the same slices. Accuracy on Table 1's test "
            "slices: {unified} {unified_right}, {classifier} {classifier_right} (the report states "
            "{stated}). Mean Dice on Table 5's {slices} test slices: {unified} {unified_dice:.3f}, "
            "{segmenter} {segmenter_dice:.3f}.",
            unified=titles[0],
            unified_right=_right_text(unified),
            classifier=titles[1],
            classifier_right=_right_text(classifier),
            stated=percent(course_report.CNN_TEST_ACCURACY),
            slices=table_5.slices,
            unified_dice=unified_dice,
            segmenter=titles[2],
            segmenter_dice=report_dice,
        )
        + " "
        + tr(inference, unified=titles[0], unified_ms=milliseconds[0], report_ms=sum(milliseconds[1:]))
    )


def _right_text(bundle: Bundle) -> str:
    return count_text(bundle.test_metrics.accuracy or 0.0, bundle.test_metrics.slices)


def _network_row(bundle: Bundle) -> dict[str, str | None]:
    card = bundle.card
    metrics = cached_headline_metrics(bundle) if bundle.is_evaluated else {}
    dice = dice_on_table_5(bundle)
    return {
        _NETWORK: choice_title(bundle.name),
        mark("Task"): task_text(bundle),
        **{title: interval_text(name, metrics.get(name)) for name, title in HEADLINE_METRICS.items()},
        _TABLE_5: None if dice is None else number_text(dice, ".3f"),
        mark("Split"): split_text(bundle),
        mark("Parameters"): number_text(card.parameters.total, ","),
        _SIZE: number_text(card.files[WEIGHTS].bytes / 1e6, ".1f") if WEIGHTS in card.files else None,
        _TRAINING: number_text(card.training.seconds / 60, ".0f"),
        _INFERENCE: number_text(card.times.one_slice_seconds * 1000, ".0f") if card.times else None,
    }


def _report_rows() -> list[dict[str, str | None]]:
    shared = {
        mark("Series accuracy"): NOT_AVAILABLE,
        mark("Mean Dice"): NOT_AVAILABLE,
        mark("Class-mean Dice"): NOT_AVAILABLE,
        _TABLE_5: None,
        mark("Split"): split_level(False),
        _SIZE: None,
    }
    return [
        {
            _NETWORK: tr("The report's CNN"),
            mark("Task"): TASK_LABELS[CLASSIFICATION].in_text,
            mark("Accuracy"): percent(course_report.CNN_TEST_ACCURACY),
            **shared,
            mark("Parameters"): number_text(course_report.CNN_PARAMETERS, ","),
            _TRAINING: None,
            _INFERENCE: number_text(course_report.CNN_SLICE_SECONDS * 1000, ".0f"),
        },
        {
            _NETWORK: tr("The report's U-Net"),
            mark("Task"): TASK_LABELS[SEGMENTATION].in_text,
            mark("Accuracy"): NOT_AVAILABLE,
            **shared,
            mark("Parameters"): number_text(course_report.UNET_PARAMETERS, ","),
            _TRAINING: number_text(course_report.UNET_TRAINING_SECONDS / 60, ".0f"),
            _INFERENCE: number_text(course_report.UNET_SLICE_SECONDS * 1000, ".0f"),
        },
    ]
