"""What training curves say, in sentences; every one follows from the tables and the report's figures."""

import streamlit as st

from core import course_report
from core.course_report import CURVE_VALUES
from core.training.history import (
    RECENT,
    RUN_SUFFIX,
    WITHIN,
    History,
    best_epoch,
    divergence_epoch,
    early_stop,
    is_stalled,
    marked_epochs,
    seconds_left,
)
from panels.shared.theme import escape_markdown

_TITLES = {"dice": "Dice", "iou": "IoU"}


def report_caption(chosen: list[History], task: str) -> str:
    """What the report's lines are, and why some of them are not to be measured against ours."""
    sections = sorted({value.section for value in CURVE_VALUES[task]})
    where = f"Dotted: what the report states (section{'s' * (len(sections) > 1)} {' and '.join(sections)})."
    losses = sorted({history.plan["loss"] for history in chosen if history.plan.get("loss")})
    unnamed = f"It does not name its loss; here it is {' or '.join(losses)}." if losses else ""
    if task == "classification":
        return (
            f"{where} Its training stopped at epoch {course_report.CNN_EPOCHS} of "
            f"{course_report.CNN_EPOCHS_PLANNED}. It does not "
            f"say of which part its values at epoch {course_report.CNN_EARLY_EPOCH} are. {unnamed}"
        )
    return (
        f"{where} It trained {course_report.UNET_EPOCHS} epochs; loss and accuracy were steady from about epoch "
        f"{course_report.UNET_STEADY_EPOCH} on. {unnamed} Its IoU is not the tumour's: our best explanation is that "
        "Keras "
        "counted it on scores, as the page Masks shows."
    )


def said(history: History) -> str:
    """What there is to see in a run's curves, in Markdown. How a training ended is told once it is over."""
    sentences = [*_kept(history), *_marked(history)]
    if history.finished:
        sentences += [_parting(history), *_after_the_best(history)]
    title = f"**{escape_markdown(history.name)}**: {_epochs(history)}, {duration(history.table['seconds'].sum())}"
    return "\n".join([title, "", *(f"- {sentence}" for sentence in sentences)])


def _epochs(history: History) -> str:
    if history.epochs_planned is None:
        return f"{history.epochs_run} epochs"
    stopped = ", stopped early" if early_stop(history) else ""
    return f"{history.epochs_run} of {history.epochs_planned} epochs{stopped}"


def duration(seconds: float) -> str:
    """Seconds as text: "45 s", "29 min", "2 h 5 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def _kept(history: History) -> list[str]:
    if history.kept is None:
        return []
    row = history.table.set_index("epoch").loc[history.kept]
    measure = "loss" if history.keep == "last" else history.keep.removeprefix("val_")
    title = _TITLES.get(measure, measure)
    best = "the last" if history.keep == "last" else f"best by validation {title}"
    so_far = "" if history.finished else " so far"
    values = f"{title} {row[f'val_{measure}']:.3f}; in training {row[measure]:.3f}"
    return [f"Kept{so_far}: epoch {history.kept}, {best} ({values})."]


def _marked(history: History) -> list[str]:
    found = marked_epochs(history)
    sentences = []
    if found["lowered"]:
        *before, last = [str(epoch) for epoch in found["lowered"]]
        epochs = f"epochs {', '.join(before)} and {last}" if before else f"epoch {last}"
        sentences.append(f"The learning rate was lowered at {epochs}.")
    if found["settled"]:
        epoch = found["settled"][0]
        sentences.append(f"Validation loss first came within {WITHIN} of its last value at epoch {epoch}.")
    return sentences


def _parting(history: History) -> str:
    epoch = divergence_epoch(history.table)
    last = history.table.iloc[-1]
    values = f"{last['loss']:.3f} against {last['val_loss']:.3f}"
    if epoch is None:
        return f"Training loss is not below validation loss at epoch {history.epochs_run} ({values})."
    return (
        f"Training and validation part at epoch {epoch}: training loss is the lower from there on, "
        f"{values} at epoch {history.epochs_run}."
    )


def _after_the_best(history: History) -> list[str]:
    """How validation and training loss went on after validation loss was lowest."""
    lowest = best_epoch(history.table, "val_loss")
    if lowest is None:
        return []
    if lowest == history.epochs_run:
        more = ": it had not stopped falling" if len(history.table) > 1 else ""
        return [f"Validation loss is lowest at the last epoch, {lowest}{more}."]
    best, last = history.table.set_index("epoch").loc[lowest], history.table.iloc[-1]
    rise, fall = last["val_loss"] - best["val_loss"], best["loss"] - last["loss"]
    start = (
        f"Since epoch {lowest}, where validation loss was lowest ({best['val_loss']:.3f}), it has risen by {rise:.3f}"
    )
    if not fall > 0:
        return [f"{start}, and training loss has not fallen."]
    meaning = "a sign of overfitting" if rise > WITHIN else "what was still learnt held for the training slices alone"
    return [f"{start} while training loss has fallen by {fall:.3f}: {meaning}."]


def progress(history: History, now: float) -> None:
    """How far a run that goes on is: epochs done, time left, and whether it seems to stand still.

    Args:
        history: of the run.
        now: seconds since 1970.
    """
    name = escape_markdown(history.name)
    left = seconds_left(history)
    if left is not None and history.epochs_planned:
        pace = duration(history.table["seconds"].tail(RECENT).median())
        st.progress(
            min(history.epochs_run / history.epochs_planned, 1.0),
            f"**{name}** is training: {history.epochs_run} of {history.epochs_planned} epochs done, about "
            f"{duration(left)} left at {pace} an epoch, less if it stops early.",
        )
    if history.written is not None and is_stalled(history, now):
        st.warning(
            f"No epoch of {name} has ended for {duration(now - history.written)}: it seems to be interrupted. "
            f"`python -m core train {history.name.removesuffix(RUN_SUFFIX)}` goes on with it.",
            icon=":material/pause_circle:",
        )
