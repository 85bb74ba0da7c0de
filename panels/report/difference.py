"""Why the report's classifier, rebuilt, does not reach the report's figure: what differs, as far as it is known."""

import math

import streamlit as st

from core import course_report
from core.bundles.bundle import (
    REPORT_CLASSIFIER,
    REPORT_CNN_BATCH_32,
    REPORT_CNN_LITERAL,
    REPORT_SEGMENTER,
    REPORT_UNET_LITERAL,
    Bundle,
)
from core.evaluation.comparison.result_tables import correct_slices, report_correct
from core.search.fixed.runs import finished_runs
from core.training.data.batches import updates_per_epoch
from core.training.history import History
from core.translation.messages import mark, tr
from core.translation.numbers import number_text
from panels.report.curves import cached_history
from panels.report.layout import draw_table
from panels.report.study import draw_study
from panels.shared.labels import bundle_title
from panels.shared.model_choice import evaluated_bundle, listed_bundles
from panels.shared.theme import escape_markdown

_TUNED = "report-cnn-tuned"
_NOT_STATED = mark("not stated")


def report_networks() -> tuple[str, str]:
    """Return the names of the report's classifier and U-Net as trained here: literally, where such bundles ship."""
    return (
        REPORT_CNN_LITERAL if evaluated_bundle(REPORT_CNN_LITERAL) else REPORT_CLASSIFIER,
        REPORT_UNET_LITERAL if evaluated_bundle(REPORT_UNET_LITERAL) else REPORT_SEGMENTER,
    )


def updates_by_early_epoch(history: History, slices: int) -> tuple[int, int]:
    """Return the weight updates by the epoch at which the report's network is nearly done: the report's, and ours.

    Args:
        history: of our training.
        slices: that it was trained on.
    """
    theirs = math.ceil(sum(row.train for row in course_report.TABLE_1.values()) / course_report.CNN_BATCH)
    ours = updates_per_epoch(slices, history.plan) if history.plan else 0
    return course_report.CNN_EARLY_EPOCH * theirs, course_report.CNN_EARLY_EPOCH * ours


def draw_difference() -> None:
    """Draw both figures and, in an expander, what differs."""
    bundle = listed_bundles().find(report_networks()[0])
    study = finished_runs(REPORT_CNN_LITERAL)  # what is fixed beforehand is read at the end
    st.markdown(
        tr(
            "The report's classifier gets **{report_correct}** test slices right; rebuilt, **{correct_slices}**.",
            report_correct=report_correct(),
            correct_slices=correct_slices(bundle),
        )
    )
    with st.expander(tr("What differs between the two trainings")):
        draw_table(["", tr("report"), bundle_title(bundle)], _rows(bundle, cached_history(bundle)))
        st.markdown(
            tr(
                "Table 1 has no validation part, and the report's validation loss ({validation}) is its test loss "
                "({test}): early stopping seems to have watched the test slices. Its updates are counted as Keras "
                "makes them, the last, smaller batch included.",
                validation=course_report.CNN_VALIDATION_LOSS,
                test=course_report.CNN_TEST_LOSS,
            )
            + ("" if study is not None else " " + tr("How much each difference weighs is not measured."))
        )
        for other in filter(None, map(evaluated_bundle, (REPORT_CNN_BATCH_32, _TUNED))):
            limits = " ".join(tr(limit) for limit in other.card.limits if limit not in bundle.card.limits)
            about = escape_markdown(f"{tr(other.card.about)} {limits}")
            st.markdown(
                tr(
                    "`{other}` gets **{correct_slices}** right. {about}",
                    other=other.name,
                    correct_slices=correct_slices(other),
                    about=about,
                )
            )
    if study is not None:
        draw_study(study)


def _rows(bundle: Bundle, history: History) -> list[list[str]]:
    card, report_train = bundle.card, sum(row.train for row in course_report.TABLE_1.values())
    recipe, counts = card.training.recipe, card.data.counts
    early = course_report.CNN_EARLY_EPOCH
    report_updates, updates = updates_by_early_epoch(history, counts.train)
    row = history.table.set_index("epoch").loc[early]
    options = card.network.options
    watches_test = card.data.test_stopped_training
    return [
        [tr("Training slices"), number_text(report_train, ","), number_text(counts.train, ",")],
        [
            tr("Validation slices"),
            tr(_NOT_STATED),
            tr("the test slices") if watches_test else number_text(counts.validation, ","),
        ],
        [tr("Batch"), f"{course_report.CNN_BATCH}", f"{recipe['batch']}"],
        [tr("Updates an epoch"), f"{report_updates // early}", f"{updates // early}"],
        [tr("Updates by epoch {early}", early=early), f"{report_updates}", f"{updates}"],
        [
            tr("Accuracy at epoch {early}", early=early),
            tr("{cnn_early_accuracy}, part not named", cnn_early_accuracy=course_report.CNN_EARLY_ACCURACY),
            tr(
                "{val_accuracy:.2f} {part}, {accuracy:.2f} training",
                val_accuracy=row["val_accuracy"],
                part=tr(course_report.TEST if watches_test else course_report.VALIDATION),
                accuracy=row["accuracy"],
            ),
        ],
        [tr("Learning rate"), tr(_NOT_STATED), number_text(recipe["learning_rate"])],
        [
            tr("Dropout"),
            tr(_NOT_STATED),
            tr("{dropout}, last {dropout_flat}", dropout=options["dropout"], dropout_flat=options["dropout_flat"]),
        ],
        [tr("Number type"), tr(_NOT_STATED), str(recipe["dtype"])],
    ]
