"""Section 8 of the report, segmentation: Figures 5 to 8, Table 5, and the figures of its text."""

from collections import Counter

import streamlit as st

from core import course_report
from core.bundles.bundle import Bundle
from core.bundles.layers import read_layers
from core.config import SEGMENTATION
from core.dataset.splits import PARTS
from core.evaluation.comparison.result_tables import slice_time
from core.labels import PART_LABELS
from core.translation.messages import tr
from core.translation.numbers import number_text
from panels.report.classification import epochs_text
from panels.report.curves import cached_history, draw_curves
from panels.report.difference import report_networks
from panels.report.layout import draw_table, draw_title
from panels.report.pictures import answered_slice, draw_mask_row, draw_slices_and_masks, slice_of_each_class
from panels.shared.labels import bundle_title, duration_text
from panels.shared.model_choice import listed_bundles, model_address


def draw_segmentation() -> None:
    """Draw the section."""
    classifier, bundle = map(listed_bundles().find, report_networks())
    size = course_report.UNET_SIDE
    draw_title(tr("Figure 5 · Slices and masks, {size} × {size}", size=size), "data", tr("Before and after"))
    draw_slices_and_masks(slice_of_each_class()[0], reduced=True)
    st.caption(tr("Its shrinking is not described; ours averages."))
    draw_title(tr("Table 5 · Split of the U-Net"), "data", tr("How it leaks"), split="Table 5")
    counts = bundle.card.data.counts
    ours = {"train": counts.train, "validation": counts.validation, "test": counts.test}
    ours = {"total": sum(ours.values()), **ours}
    titles = {"total": tr("Total"), **{part: PART_LABELS[part].short for part in PARTS}}
    draw_table(
        ["", tr("report"), bundle_title(bundle)],
        [
            [titles[part], number_text(count, ","), number_text(ours[part], ",")]
            for part, count in course_report.TABLE_5.items()
        ],
    )
    st.caption(tr("The same counts; it names no slices."))
    draw_title(tr("Figure 6 · U-Net"), "models", tr("Its layers"), bundle=bundle.name)
    _draw_layers(bundle)
    draw_title(tr("Figure 7 · Training"), "training", tr("All curves"), kind="Masks", masks=bundle.name)
    draw_curves(bundle, SEGMENTATION, ("loss", "accuracy", "iou"))
    draw_table([tr("In the text"), tr("report"), bundle_title(bundle)], _text_rows(bundle))
    metrics = bundle.test_metrics
    loss = bundle.card.training.recipe["loss"]
    keras = metrics.keras_mean_iou
    st.caption(
        tr(
            "Our loss is {loss}, the report's unknown; our IoU the tumour's (Keras's: {value:.4f}).",
            loss=loss,
            value=keras.value,
        )
        if keras
        else tr("Our loss is {loss}, the report's unknown; our IoU the tumour's.", loss=loss)
    )
    address = model_address(classifier.name, bundle.name)
    draw_title(tr("Figure 8 · Masks"), "masks", tr("Why IoU says 0.49"), **address, view="Why IoU says 0.49")
    answered = answered_slice(classifier, bundle)
    if answered:
        draw_mask_row(answered)
    st.caption(
        (f"{answered.title}. " if answered else "")
        + tr(
            "Our mean Dice: {dice:.4f}. A slice took {milliseconds:.0f} ms, here {here}.",
            dice=metrics.dice_mean,
            milliseconds=course_report.UNET_SLICE_SECONDS * 1000,
            here=slice_time(bundle),
        )
    )


def _draw_layers(bundle: Bundle) -> None:
    parameters = bundle.card.parameters
    counts = Counter(layer.kind for layer in read_layers(bundle) if layer.inputs)
    fixed = parameters.total - parameters.trainable
    rows = [
        [tr("Parameters"), number_text(course_report.UNET_PARAMETERS, ","), number_text(parameters.total, ",")],
        [tr("Not trainable"), number_text(course_report.UNET_PARAMETERS_NOT_TRAINED, ","), number_text(fixed, ",")],
        *([kind, f"{count}", f"{counts.get(kind, 0)}"] for kind, count in course_report.UNET_LAYERS.items()),
    ]
    draw_table(["", tr("report"), bundle_title(bundle)], rows)
    st.caption(tr("The report's text counts fewer layers than its parameters need."))


def _text_rows(bundle: Bundle) -> list[list[str]]:
    """Return the figures that the report states of its training, beside ours at the last epoch."""
    training, last = bundle.card.training, cached_history(bundle).table.iloc[-1]
    stated = {
        tr("Loss"): (course_report.UNET_TRAINING_LOSS, course_report.UNET_VALIDATION_LOSS, "loss"),
        tr("IoU"): (course_report.UNET_TRAINING_IOU, course_report.UNET_VALIDATION_IOU, "iou"),
        tr("Pixel accuracy"): (
            course_report.UNET_TRAINING_ACCURACY,
            course_report.UNET_VALIDATION_ACCURACY,
            "accuracy",
        ),
    }
    rows = [
        [
            tr("{title}: training, validation", title=title),
            f"{number_text(first)}, {number_text(second)}",
            f"{number_text(last[key], '.4f')}, {number_text(last[f'val_{key}'], '.4f')}",
        ]
        for title, (first, second, key) in stated.items()
    ]
    return [
        [tr("Epochs"), f"{course_report.UNET_EPOCHS}", epochs_text(bundle)],
        [tr("Batch"), f"{course_report.UNET_BATCH}", f"{training.recipe['batch']}"],
        [
            tr("Training time"),
            tr("{duration} (Colab)", duration=duration_text(course_report.UNET_TRAINING_SECONDS)),
            duration_text(training.seconds),
        ],
        *rows,
    ]
