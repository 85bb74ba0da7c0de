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
from core.labels import TASK_LABELS
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
from core.translation.messages import tr
from panels.shared.labels import duration_text
from panels.shared.model_choice import choice_title
from panels.shared.theme import escape_markdown

_METRIC_NAMES = {"dice": "Dice", "iou": "IoU"}


def report_caption(histories: list[History], task: str) -> str:
    """Return what the report's lines are, and why some of them cannot be compared with ours.

    Args:
        histories: the runs that are drawn.
        task: classification or segmentation.
    """
    sections = sorted({value.section for value in CURVE_VALUES[task]})
    source = f"Dotted: what the report states ({join_words(f'section {section}' for section in sections)})."
    losses = sorted({_loss_text(history) for history in histories} - {""})
    loss = f"It does not name its loss; here it is {', or '.join(losses)}." if losses else ""
    if task == CLASSIFICATION:
        return (
            f"{source} Its training stopped at epoch {CNN_EPOCHS} of {CNN_EPOCHS_PLANNED}. It does not say which part "
            f"its values at epoch {CNN_EARLY_EPOCH} are from. {loss}"
        )
    return (
        f"{source} Its network trained for {UNET_EPOCHS} epochs; loss and accuracy were steady from about epoch "
        f"{UNET_STEADY_EPOCH} on. {loss} Its IoU is not the tumour's: our best explanation is that Keras computed it "
        "from scores, as the page Masks shows."
    )


def _loss_text(history: History) -> str:
    """Return the loss that a run is trained with; empty where the recipe is not known."""
    losses = history.plan.losses if history.plan else [""]
    if len(losses) == 1:
        return losses[0]
    return "the sum of " + join_words(
        f"{name} ({TASK_LABELS[task].short_in_text})" for name, task in zip(losses, history.tasks, strict=False)
    )


def run_summary(history: History) -> str:
    """Return what a run's curves show, in Markdown; how its training ended only once it is over."""
    sentences = [*_kept_epoch(history), *_marked_epochs(history)]
    if history.split and selecting_part(history.split) == "test":
        sentences.append("Its validation slices are its test slices, as in the report.")
    if history.finished:
        sentences += [_divergence(history), *_after_best_epoch(history)]
    seconds = history.table["seconds"].sum()
    title = f"**{escape_markdown(choice_title(history.name))}**: {_epoch_count(history)}, {duration_text(seconds)}"
    return "\n".join([title, "", *(f"- {sentence}" for sentence in sentences)])


def _epoch_count(history: History) -> str:
    if history.epochs_planned is None:
        return f"{history.epochs_run} epochs"
    stopped = ", stopped early" if early_stop(history) else ""
    return f"{history.epochs_run} of {history.epochs_planned} epochs{stopped}"


def _kept_epoch(history: History) -> list[str]:
    if history.kept is None:
        return []
    row = history.table.set_index("epoch").loc[history.kept]
    metric = "loss" if history.keep == "last" else history.keep.removeprefix("val_")
    name = _METRIC_NAMES.get(metric, metric)
    reason = "the last" if history.keep == "last" else f"best by validation {name}"
    so_far = "" if history.finished else " so far"
    values = f"{name} {row[f'val_{metric}']:.3f}; in training {row[metric]:.3f}"
    return [f"Kept{so_far}: epoch {history.kept}, {reason} ({values})."]


def _marked_epochs(history: History) -> list[str]:
    marked = marked_epochs(history)
    sentences = []
    if marked["lowered"]:
        epochs = join_words(f"epoch {epoch}" for epoch in marked["lowered"])
        sentences.append(f"The learning rate was lowered at {epochs}.")
    if marked["settled"]:
        epoch = marked["settled"][0]
        sentences.append(f"Validation loss first came within {SETTLED_WITHIN} of its last value at epoch {epoch}.")
    return sentences


def _divergence(history: History) -> str:
    epoch = divergence_epoch(history.table)
    last = history.table.iloc[-1]
    values = f"{last['loss']:.3f} against {last['val_loss']:.3f}"
    if epoch is None:
        return f"Training loss is not below validation loss at epoch {history.epochs_run} ({values})."
    return f"From epoch {epoch} on training loss stays below validation loss: {values} at epoch {history.epochs_run}."


def _after_best_epoch(history: History) -> list[str]:
    """Return how validation and training loss changed after validation loss was lowest."""
    lowest = best_epoch(history.table, "val_loss")
    if lowest is None:
        return []
    if lowest == history.epochs_run:
        falling = ": it was still falling" if len(history.table) > 1 else ""
        return [f"Validation loss is lowest at the last epoch, {lowest}{falling}."]
    best, last = history.table.set_index("epoch").loc[lowest], history.table.iloc[-1]
    rise, fall = last["val_loss"] - best["val_loss"], best["loss"] - last["loss"]
    start = (
        f"Since epoch {lowest}, where validation loss was lowest ({best['val_loss']:.3f}), it has risen by {rise:.3f}"
    )
    if not fall > 0:
        return [f"{start}, and training loss has not fallen."]
    meaning = "a sign of overfitting" if rise > SETTLED_WITHIN else "the later gain is on the training slices alone"
    return [f"{start} while training loss has fallen by {fall:.3f}: {meaning}."]


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
            f"**{name}** is training: {history.epochs_run} of {history.epochs_planned} epochs done, about "
            f"{duration_text(left)} left at {pace} an epoch, less if it stops early.",
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
