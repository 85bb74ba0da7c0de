"""Captions of training curves; every sentence follows from the histories and the report's figures."""

import streamlit as st

from core.config import CLASSIFICATION
from core.course_report import (
    CNN_EARLY_EPOCH,
    CNN_EPOCHS,
    CNN_EPOCHS_PLANNED,
    CURVE_VALUES,
    UNET_EPOCHS,
    UNET_STEADY_EPOCH,
)
from core.dataset.splits import selecting_part
from core.labels import TASK_LABELS, Titles
from core.text import join_words
from core.training.history import (
    RECENT_EPOCHS,
    RUN_SUFFIX,
    SETTLED_WITHIN,
    History,
    best_epoch,
    divergence_epoch,
    early_stop,
    is_stalled,
    marked_epochs,
    seconds_left,
)
from core.translation.messages import mark, tr
from panels.shared.labels import duration_text
from panels.shared.model_choice import choice_title
from panels.shared.theme import escape_markdown

_METRIC_NAMES = Titles(
    {
        "loss": mark("loss"),
        "class_loss": mark("class loss"),
        "mask_loss": mark("mask loss"),
        "accuracy": mark("accuracy"),
        "dice": mark("Dice"),
        "iou": mark("IoU"),
    }
)


def report_caption(histories: list[History], task: str) -> str:
    """Return what the report's lines are, and why some of them cannot be compared with ours.

    Args:
        histories: the runs that are drawn.
        task: classification or segmentation.
    """
    sections = sorted({value.section for value in CURVE_VALUES[task]})
    source = tr(
        "Dotted: what the report states ({sections}).",
        sections=join_words(tr("section {number}", number=section) for section in sections),
    )
    losses = sorted({_loss_text(history) for history in histories} - {""})
    loss = (
        tr("It does not name its loss; here it is {losses}.", losses=join_words(losses, mark("{first}, or {final}")))
        if losses
        else ""
    )
    if task == CLASSIFICATION:
        stopped = tr(
            "Its training stopped at epoch {epoch} of {planned}. It does not say which part its values at epoch "
            "{early} are from.",
            epoch=CNN_EPOCHS,
            planned=CNN_EPOCHS_PLANNED,
            early=CNN_EARLY_EPOCH,
        )
        return f"{source} {stopped} {loss}"
    steady = tr(
        "Its network trained for {epochs} epochs; loss and accuracy were steady from about epoch {steady} on.",
        epochs=UNET_EPOCHS,
        steady=UNET_STEADY_EPOCH,
    )
    iou = tr(
        "Its IoU is not the tumour's: our best explanation is that Keras computed it from scores, as the page Masks "
        "shows."
    )
    return f"{source} {steady} {loss} {iou}"


def _loss_text(history: History) -> str:
    """Return the loss that a run is trained with; empty where the recipe is not known."""
    losses = history.plan.losses if history.plan else [""]
    if len(losses) == 1:
        return losses[0]
    parts = join_words(
        f"{name} ({TASK_LABELS[task].short_in_text})" for name, task in zip(losses, history.tasks, strict=False)
    )
    return tr("the sum of {losses}", losses=parts)


def run_summary(history: History) -> str:
    """Return what a run's curves show, in Markdown; how its training ended only once it is over."""
    sentences = [*_kept_epoch(history), *_marked_epochs(history)]
    if history.split and selecting_part(history.split) == "test":
        sentences.append(tr("Its validation slices are its test slices, as in the report."))
    if history.finished:
        sentences += [_divergence(history), *_after_best_epoch(history)]
    seconds = history.table["seconds"].sum()
    title = f"**{escape_markdown(choice_title(history.name))}**: {_epoch_count(history)}, {duration_text(seconds)}"
    return "\n".join([title, "", *(f"- {sentence}" for sentence in sentences)])


def _epoch_count(history: History) -> str:
    if history.epochs_planned is None:
        return tr("{done} epochs", done=history.epochs_run)
    sentence = (
        mark("{done} of {planned} epochs, stopped early") if early_stop(history) else mark("{done} of {planned} epochs")
    )
    return tr(sentence, done=history.epochs_run, planned=history.epochs_planned)


def _kept_epoch(history: History) -> list[str]:
    if history.kept is None:
        return []
    row = history.table.set_index("epoch").loc[history.kept]
    metric = "loss" if history.keep == "last" else history.keep.removeprefix("val_")
    name = _METRIC_NAMES.get(metric, metric)
    reason = tr("the last") if history.keep == "last" else tr("best by validation {metric}", metric=name)
    sentence = (
        mark("Kept: epoch {epoch}, {reason} ({metric} {validation:.3f}; in training {training:.3f}).")
        if history.finished
        else mark("Kept so far: epoch {epoch}, {reason} ({metric} {validation:.3f}; in training {training:.3f}).")
    )
    return [
        tr(
            sentence,
            epoch=history.kept,
            reason=reason,
            metric=name,
            validation=row[f"val_{metric}"],
            training=row[metric],
        )
    ]


def _marked_epochs(history: History) -> list[str]:
    marked = marked_epochs(history)
    sentences = []
    if marked["lowered"]:
        epochs = join_words(tr("epoch {number}", number=epoch) for epoch in marked["lowered"])
        sentences.append(tr("The learning rate was lowered at {epochs}.", epochs=epochs))
    if marked["settled"]:
        epoch = marked["settled"][0]
        sentences.append(
            tr(
                "Validation loss first came within {margin} of its last value at epoch {epoch}.",
                margin=SETTLED_WITHIN,
                epoch=epoch,
            )
        )
    return sentences


def _divergence(history: History) -> str:
    epoch = divergence_epoch(history.table)
    last = history.table.iloc[-1]
    sentence = (
        mark("Training loss is not below validation loss at epoch {last} ({training:.3f} against {validation:.3f}).")
        if epoch is None
        else mark(
            "From epoch {epoch} on training loss stays below validation loss: {training:.3f} against {validation:.3f} "
            "at epoch {last}."
        )
    )
    return tr(sentence, epoch=epoch, last=history.epochs_run, training=last["loss"], validation=last["val_loss"])


def _after_best_epoch(history: History) -> list[str]:
    """Return how validation and training loss changed after validation loss was lowest."""
    lowest = best_epoch(history.table, "val_loss")
    if lowest is None:
        return []
    if lowest == history.epochs_run:
        sentence = (
            mark("Validation loss is lowest at the last epoch, {epoch}: it was still falling.")
            if len(history.table) > 1
            else mark("Validation loss is lowest at the last epoch, {epoch}.")
        )
        return [tr(sentence, epoch=lowest)]
    best, last = history.table.set_index("epoch").loc[lowest], history.table.iloc[-1]
    rise, fall = last["val_loss"] - best["val_loss"], best["loss"] - last["loss"]
    if not fall > 0:
        sentence = mark(
            "Since epoch {epoch}, where validation loss was lowest ({best:.3f}), it has risen by {rise:.3f}, and "
            "training loss has not fallen."
        )
    elif rise > SETTLED_WITHIN:
        sentence = mark(
            "Since epoch {epoch}, where validation loss was lowest ({best:.3f}), it has risen by {rise:.3f} while "
            "training loss has fallen by {fall:.3f}: a sign of overfitting."
        )
    else:
        sentence = mark(
            "Since epoch {epoch}, where validation loss was lowest ({best:.3f}), it has risen by {rise:.3f} while "
            "training loss has fallen by {fall:.3f}: the later gain is on the training slices alone."
        )
    return [tr(sentence, epoch=lowest, best=best["val_loss"], rise=rise, fall=fall)]


def show_progress(history: History, now: float) -> None:
    """Show how far a run in progress is: epochs done, time left, and whether it seems to be interrupted.

    Args:
        history: of the run.
        now: seconds since 1970.
    """
    name = escape_markdown(choice_title(history.name))
    left = seconds_left(history)
    if left is not None and history.epochs_planned:
        pace = duration_text(history.table["seconds"].tail(RECENT_EPOCHS).median())
        st.progress(
            min(history.epochs_run / history.epochs_planned, 1.0),
            tr(
                "**{name}** is training: {done} of {planned} epochs done, about {left} left at {pace} an epoch, less "
                "if it stops early.",
                name=name,
                done=history.epochs_run,
                planned=history.epochs_planned,
                left=duration_text(left),
                pace=pace,
            ),
        )
    if history.written is not None and is_stalled(history, now):
        st.warning(
            tr(
                "No epoch of {name} has ended for {duration}: it seems to be interrupted. `python -m core train "
                "{history}` goes on with it.",
                name=name,
                duration=duration_text(now - history.written),
                history=history.name.removesuffix(RUN_SUFFIX),
            ),
            icon=":material/pause_circle:",
        )
