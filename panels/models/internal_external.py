"""Networks on the external test set, beside their figures on held-out patients of the data set (internal)."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.bundles.bundle import Bundle
from core.bundles.card.metrics import SplitMetrics
from core.bundles.measured_gate import DEV
from core.config import CLASSES
from core.dataset.splits import FOLD_SPLITS
from core.labels import CLASS_LABELS
from core.translation.messages import mark, tr
from panels.models.record_table import draw_records
from panels.shared.labels import NOT_AVAILABLE, mean_text
from panels.shared.model_choice import choice_title
from panels.shared.theme import escape_markdown, percent

_WITH_SHORTCUT, _WITHOUT_SHORTCUT = "unified-unet-plain", "unified-unet"
"""The same network on whole slices, whose framing is a shortcut, and on slices cut to the head."""
_MENINGIOMA, _PITUITARY = CLASSES.index("meningioma"), CLASSES.index("pituitary")


def draw_internal_and_external(bundles: Sequence[Bundle]) -> None:
    """Draw a row for each bundle that was tested on the external test set; nothing where there is none."""
    tested = {bundle.name: bundle for bundle in bundles if _external_metrics(bundle)}
    if not tested:
        return
    st.header(tr("Internal and external accuracy"), anchor=False)
    held_out = sorted({bundle.card.data.split for bundle in tested.values() if _has_internal_accuracy(bundle)})
    rows = pd.DataFrame([_tested_row(bundle, held_out) for bundle in tested.values()]).fillna(NOT_AVAILABLE)
    draw_records(
        rows,
        alt=tr("Networks on held-out patients of the data set and on the external test set, split {split}", split=DEV),
    )
    comparison = _shortcut_comparison(tested.get(_WITH_SHORTCUT), tested.get(_WITHOUT_SHORTCUT))
    if comparison:
        st.markdown(comparison)
    metrics = _external_metrics(next(iter(tested.values())))
    slices = metrics.slices if metrics else {}
    counts = ", ".join(f"{slices.get(name, 0)} {CLASS_LABELS[name].in_text}" for name in CLASSES)
    st.caption(
        tr(
            "External: the split {split} of the external test set, without the gate, so that every slice gets "
            "a class. It is {counts} slices of the collection “Brain Tumor Classification (MRI)” by Sartaj "
            "Bhuvaji et al., from other scanners and with other framing; its labels are known to be noisy. "
            "Results after the gate, and on the split test, are on the page External data. Internal: slices "
            "of patients that were not in training; first of the fold that this network was tested on, then "
            "the mean ± the standard deviation over {folds} folds, each held out of one training; of "
            "series, the slices of a patient are classified together. The external slices' patients are not "
            "known. A network on *whole* slices can use a shortcut: the head's position predicts the class "
            "(see Data), and external slices are framed differently. A network on the *head* can use it "
            "much less.",
            split=DEV,
            counts=counts,
            folds=len(FOLD_SPLITS),
        )
    )


def _external_metrics(bundle: Bundle) -> SplitMetrics | None:
    """Return the card's metrics on the external test set's development split; None where there are none."""
    external = bundle.card.metrics.external
    return external.dev if external else None


def _has_internal_accuracy(bundle: Bundle) -> bool:
    """Tell whether a bundle's test part measures its accuracy on patients that were not in training."""
    return bundle.card.data.by_patient and bundle.is_evaluated and bundle.test_metrics.accuracy is not None


def _tested_row(bundle: Bundle, held_out: Sequence[str]) -> dict[str, str]:
    external = _external_metrics(bundle)
    row = {
        mark("Network"): choice_title(bundle.name),
        mark("Input"): tr("the head") if bundle.card.input.preprocessing == "head" else tr("whole slices"),
    }
    for split in held_out:
        is_own = _has_internal_accuracy(bundle) and bundle.card.data.split == split
        column = tr("Internal accuracy, fold {fold}", fold=split.removeprefix("fold-"))
        row[column] = percent(bundle.test_metrics.accuracy) if is_own else NOT_AVAILABLE
    row[mark("Internal accuracy, five folds")] = _over_folds(bundle, "accuracy")
    row[mark("Internal series accuracy, five folds")] = _over_folds(bundle, "series_accuracy")
    external = _external_metrics(bundle)
    if external is None:
        return row
    row[mark("External accuracy")] = percent(external.class_accuracy)
    matrix = external.confusion_matrix
    if matrix:
        for place, name in enumerate(CLASSES):
            row[tr("External recall, {type}", type=CLASS_LABELS[name].short_in_text)] = tr(
                "{right} of {total}", right=matrix[place][place], total=sum(matrix[place])
            )
        row[mark("Meningioma predicted as pituitary")] = str(matrix[_MENINGIOMA][_PITUITARY])
    row[mark("External slices with a mask")] = percent(external.outlined)
    row[mark("External accuracy of the mask's class")] = percent(external.mask_class_accuracy)
    return row


def _over_folds(bundle: Bundle, name: str) -> str:
    """Write a metric's mean over folds: "94.9 % ± 1.2", with the number of folds where not all are done yet."""
    over_folds = bundle.card.metrics.over_folds
    figure = over_folds.figures.get(name) if over_folds else None
    if figure is None:
        return NOT_AVAILABLE
    text = mean_text(name, figure.mean, figure.std)
    return (
        text
        if len(figure.folds) == len(FOLD_SPLITS)
        else tr("{text} ({count} folds)", text=text, count=len(figure.folds))
    )


def _shortcut_comparison(before: Bundle | None, after: Bundle | None) -> str | None:
    """Write what removing the framing shortcut changed; None where the two bundles cannot be compared."""
    if not before or not after or not _has_internal_accuracy(before) or not _has_internal_accuracy(after):
        return None
    first, second = _external_metrics(before), _external_metrics(after)
    split = after.card.data.split
    if before.card.data.split != split or not (first and first.confusion_matrix and second and second.confusion_matrix):
        return None
    rows = [metrics.confusion_matrix[_MENINGIOMA] for metrics in (first, second)]
    if sum(rows[0]) != sum(rows[1]):
        return None
    titles = [escape_markdown(choice_title(bundle.name)) for bundle in (before, after)]
    internal = [percent(bundle.test_metrics.accuracy) for bundle in (before, after)]
    external = [percent(metrics.class_accuracy) for metrics in (first, second)]
    return tr(
        "**Without the framing shortcut** ({without} instead of {with_shortcut}): internal accuracy "
        "({split}) {internal} instead of {other_internal}, external accuracy {external} instead of "
        "{other_external}. Of {meningiomas} external meningiomas {right} instead of {other_right} were classified "
        "correctly, and {pituitary} instead of {other_pituitary} were predicted as pituitary.",
        without=titles[1],
        with_shortcut=titles[0],
        split=tr("fold {number}", number=split.removeprefix("fold-")),
        internal=internal[1],
        other_internal=internal[0],
        external=external[1],
        other_external=external[0],
        meningiomas=sum(rows[0]),
        right=rows[1][_MENINGIOMA],
        other_right=rows[0][_MENINGIOMA],
        pituitary=rows[1][_PITUITARY],
        other_pituitary=rows[0][_PITUITARY],
    )
