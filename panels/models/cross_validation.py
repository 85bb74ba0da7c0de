"""Recipes trained on several official folds: a table for each bundle, a row for each metric, a column for each fold."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.bundles.bundle import Bundle
from core.bundles.card.metrics import CrossValidation, FoldMetrics
from core.dataset.splits import FOLD_SPLITS
from core.labels import METRIC_TITLES, metric_titles
from core.text import lower_first
from core.translation.messages import mark, tr
from panels.models.record_table import draw_records
from panels.shared.labels import NOT_AVAILABLE, mean_text, metric_text, term
from panels.shared.model_choice import choice_title
from panels.shared.theme import escape_markdown

_METRIC, _MEAN, _ALL = mark("Metric"), mark("Mean"), mark("All slices")


def draw_fold_tables(bundles: Sequence[Bundle]) -> None:
    """Draw a table for each bundle whose card has metrics over folds; nothing where none has."""
    metrics = {bundle.name: bundle.card.metrics.cross_validation for bundle in bundles}
    measured = {name: over_folds for name, over_folds in metrics.items() if over_folds}
    if not measured:
        return
    st.header(tr("Fold by fold, patient-level split"), anchor=False)
    for name, over_folds in measured.items():
        _draw_table(choice_title(name), over_folds)
    st.caption(
        tr("Each {fold} is held out of one training of the same recipe.", fold=term("fold", tr("fold"))),
        help=tr(
            "No patient id is in two folds. ± is the standard deviation over folds. *All slices*: over "
            "the test slices of all folds together. By patient: the mean over patients of the "
            "patient's mean. Series accuracy: all slices of a patient get the class with the highest "
            "mean probability; patient-level, each patient counts once."
        ),
    )


def _draw_table(title: str, metrics: CrossValidation) -> None:
    done, total = len(metrics.folds_done), len(FOLD_SPLITS)
    st.markdown(
        tr("**{title}** on all {total} official folds", title=escape_markdown(title), total=total)
        if done == total
        else tr(
            "**{title}** on {done} of the {total} official folds", title=escape_markdown(title), done=done, total=total
        )
    )
    rows = pd.DataFrame([_metric_row(name, metric, metrics) for name, metric in metric_titles(metrics.figures).items()])
    alt = tr("Metrics of {title} by fold", title=title)
    st.table(
        rows[[_METRIC, _MEAN, _ALL]].rename(columns=tr),
        hide_index=True,
        border="horizontal",
        alt=tr("{alt}, in short", alt=alt),
    )
    with st.expander(tr("Every fold"), icon=":material/table:"):
        draw_records(rows, alt=alt)
    with st.expander(tr("Without similar patient ids, and calibration"), icon=":material/info:"):
        _draw_notes(metrics)


def _draw_notes(metrics: CrossValidation) -> None:
    if metrics.calibration:
        st.markdown(
            tr(
                "A temperature of {temperature:.2f}, fitted on the validation slices of all folds together, "
                "takes the expected calibration error of the test slices from {before:.3f} to {after:.3f}.",
                temperature=metrics.calibration.temperature,
                before=metrics.calibration.before,
                after=metrics.calibration.after,
            )
        )
    rest = metrics.without_letter_twins
    words = ", ".join(
        f"{lower_first(METRIC_TITLES[key])} {_mean_cell(key, rest)}"
        for key in ("accuracy", "series_accuracy", "dice_mean")
        if key in rest.figures
    )
    st.markdown(
        tr(
            "Some patient ids differ only by a final letter and stand in different folds. Without their "
            "slices ({slices} of {total}): {words}.",
            slices=sum(metrics.slices) - sum(rest.slices),
            total=sum(metrics.slices),
            words=words,
        )
    )


def _metric_row(name: str, title: str, metrics: CrossValidation) -> dict[str, str]:
    figure = metrics.figures[name]
    folds = zip(metrics.folds_done, figure.folds, strict=True)
    columns = {_ALL: figure.all, **{tr("Fold {fold}", fold=fold): value for fold, value in folds}}
    texts = {
        # Cards written before have no figure over all slices.
        column: NOT_AVAILABLE if value is None else metric_text(name, value)
        for column, value in columns.items()
    }
    return {_METRIC: title, _MEAN: _mean_cell(name, metrics), **texts}


def _mean_cell(name: str, metrics: FoldMetrics) -> str:
    return mean_text(name, metrics.figures[name].mean, metrics.figures[name].std)
