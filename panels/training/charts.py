"""Training curves: one chart a metric, one colour a run, and the epochs that stand out."""

from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from core.config import CLASSIFICATION, SEGMENTATION
from core.course_report import CURVE_VALUES, TRAINING, VALIDATION, CurveValue
from core.labels import Titles
from core.training.history import SETTLED_WITHIN, History, marked_epochs
from core.translation.messages import Message, mark, tr
from panels.shared.kept_figures import kept_figure
from panels.shared.labels import duration_text, stated_value
from panels.shared.model_choice import choice_title
from panels.shared.theme import PLOT_CONFIG, style_figure, text_colour, theme_colour
from panels.training.captions import run_summary

MAX_RUNS = 5
"""Runs drawn at a time; the theme has as many colours."""
CURVE_TITLES = Titles(
    {
        "loss": mark("Loss"),
        "class_loss": mark("Class loss"),
        "mask_loss": mark("Mask loss"),
        "presence_loss": mark("Presence loss"),
        "dice": mark("Dice"),
        "iou": mark("IoU"),
        "accuracy": mark("Accuracy"),
        "learning_rate": mark("Learning rate"),
    }
)
"""Titles of the columns that are drawn, where a run has them, in the order of the charts."""


@dataclass(frozen=True)
class Mark:
    """The mark of an epoch: a plotly symbol, the same as a character, and what it means."""

    symbol: str
    character: str
    meaning: str


MARKS = {
    "settled": Mark(
        "diamond-open", "◇", Message("validation loss first within {margin} of its last value", margin=SETTLED_WITHIN)
    ),
    "lowered": Mark("triangle-down-open", "▽", mark("learning rate lowered")),
    "stopped": Mark("square-open", "□", mark("stopped early")),
    "kept": Mark("star", "★", mark("epoch whose weights are kept")),
}
"""By the keys of ``core.training.history.marked_epochs``; drawn in this order, later ones above."""
_MARKS_OF_METRIC = {"loss": tuple(MARKS), "learning_rate": ("lowered",)}
_MARKS_OF_OTHERS = ("kept",)
_LOG_TICKS = [digit * 10.0**power for power in range(-5, 3) for digit in (1, 2, 5)]
_COLUMNS = 2


def run_colours(available: list[History], chosen: list[History]) -> dict[str, str]:
    """Return a colour for each chosen run by name; a run keeps its colour wherever the colours suffice for all.

    Args:
        available: all runs to choose from.
        chosen: at most ``MAX_RUNS`` of them.
    """
    palette = st.get_option("theme.chartCategoricalColors")
    order = available if len(available) <= len(palette) else chosen
    return {history.name: palette[place] for place, history in enumerate(order) if history in chosen}


def legend_caption(chosen: list[History], *, show_report: bool) -> str:
    """Return what lines and marks mean, in a line; only the marks that are drawn."""
    present = {name for history in chosen for name, epochs in marked_epochs(history).items() if epochs}
    dotted = [tr("Dotted: the report.")] if show_report else []
    explained = " · ".join(f"{each.character} {tr(each.meaning)}" for name, each in MARKS.items() if name in present)
    return " ".join([tr("Solid: validation. Dashed: training."), *dotted, explained])


def show_charts(
    chosen: list[History], colour_of: dict[str, str], *, task: str, log: bool, show_report: bool, key: str
) -> None:
    """Show the loss, a summary of each run, then the other metrics, in a grid that a narrow screen stacks.

    Args:
        chosen: runs that do the task, at least one.
        colour_of: a colour for each of their names.
        task: classification or segmentation.
        log: whether the loss has a logarithmic axis.
        show_report: whether to draw what the report states.
        key: tells the charts from others on the page.
    """
    stated = CURVE_VALUES[task] if show_report else ()
    # Room for the legend, which on a telephone takes a row a run; the same for all, so that neighbours align.
    height = 280 + 22 * (len(chosen) + bool(stated))
    runs_of = {metric: [history for history in chosen if _is_drawn(history, metric, task)] for metric in CURVE_TITLES}
    loss, *others = (metric for metric, runs in runs_of.items() if runs)
    cells: list[str | History] = [loss, *chosen, *others]
    for start in range(0, len(cells), _COLUMNS):
        for column, cell in zip(st.columns(_COLUMNS, gap="medium"), cells[start : start + _COLUMNS], strict=False):
            with column:
                if isinstance(cell, History):
                    st.markdown(run_summary(cell))
                    continue
                title = tr("Pixel accuracy") if (cell, task) == ("accuracy", SEGMENTATION) else CURVE_TITLES[cell]
                of_report = [value for value in stated if value.measure == cell]
                figure = _curves_figure(cell, runs_of[cell], colour_of, of_report, log=log, height=height)
                st.markdown(f"**{title}**")
                st.plotly_chart(
                    figure,
                    key=f"{key}_{cell}",
                    config=PLOT_CONFIG,
                    alt=_chart_in_words(title, cell, runs_of[cell]),
                )


def _is_drawn(history: History, metric: str, task: str) -> bool:
    """Return whether a run has a metric of the task; of a network that gives a class, the accuracy is the class's."""
    is_other_accuracy = metric == "accuracy" and task == SEGMENTATION and CLASSIFICATION in history.tasks
    return metric in history.table and not is_other_accuracy


@kept_figure
def _curves_figure(
    metric: str, runs: list[History], colour_of: dict[str, str], stated: list[CurveValue], *, log: bool, height: int
) -> go.Figure:
    figure = go.Figure()
    last = max(_last_epoch(history) for history in runs)
    if stated:
        _add_report(figure, stated, last)
    for history in runs:
        if metric == "learning_rate":
            _add_rate(figure, history, colour_of[history.name])
        else:
            _add_curves(figure, metric, history, colour_of[history.name])
    for history in runs:
        _add_marks(figure, metric, history, colour_of[history.name])
    style_figure(figure, height=height)
    figure.update_layout(hovermode="x unified", hoverdistance=-1)
    figure.update_xaxes(
        title_text=tr("epoch"), range=[0.5, last + 0.5], tickformat="d", nticks=min(last + 1, 9), showgrid=False
    )
    figure.update_yaxes(exponentformat="none", separatethousands=False)
    if metric.endswith("loss") and log:
        figure.update_yaxes(type="log", tickvals=_LOG_TICKS)
    if metric == "learning_rate":
        figure.update_yaxes(rangemode="tozero")
    return figure


def _last_epoch(history: History) -> int:
    """Return where the axis ends; a run in progress has room for the epochs to come."""
    return history.epochs_run if history.finished else max(history.epochs_run, history.epochs_planned or 0)


def _mode(history: History) -> str:
    """Return how a run is drawn: one epoch makes no line."""
    return "lines" if len(history.table) > 1 else "markers"


def _add_rate(figure: go.Figure, history: History, colour: str) -> None:
    figure.add_scatter(
        x=history.table["epoch"],
        y=history.table["learning_rate"],
        mode=_mode(history),
        name=choice_title(history.name),
        legendgroup=history.name,
        showlegend=True,
        line={"color": colour, "width": 2.5, "shape": "hvh"},
        customdata=[tr("{duration} an epoch", duration=duration_text(seconds)) for seconds in history.table["seconds"]],
        hovertemplate=f"{choice_title(history.name)} %{{y:.3g}}, %{{customdata}}<extra></extra>",
    )


def _add_curves(figure: go.Figure, metric: str, history: History, colour: str) -> None:
    characters = {epoch: "" for epoch in history.table["epoch"]}
    for name, epochs in marked_epochs(history).items():
        for epoch in epochs:
            characters[epoch] += f" {MARKS[name].character}"
    for part, column, line in (
        (VALIDATION, f"val_{metric}", {"width": 2.5}),
        (TRAINING, metric, {"width": 1.5, "dash": "6px,3px"}),
    ):
        is_validation = part == VALIDATION
        figure.add_scatter(
            x=history.table["epoch"],
            y=history.table[column],
            mode=_mode(history),
            name=choice_title(history.name),
            legendgroup=history.name,
            showlegend=is_validation,
            line={"color": colour, **line},
            customdata=list(characters.values()) if is_validation else [""] * len(characters),
            hovertemplate=f"{choice_title(history.name)} {tr(part)} %{{y:.4f}}%{{customdata}}<extra></extra>",
        )


def _add_marks(figure: go.Figure, metric: str, history: History, colour: str) -> None:
    column = metric if metric == "learning_rate" else f"val_{metric}"
    values = history.table.set_index("epoch")[column]
    marked = marked_epochs(history)
    # A filled mark gets an edge in the background colour, to stand out from its line.
    edges = {"kept": {"width": 1, "color": theme_colour("backgroundColor")}}
    for name in MARKS:
        if not marked[name] or name not in _MARKS_OF_METRIC.get(metric, _MARKS_OF_OTHERS):
            continue
        figure.add_scatter(
            x=marked[name],
            y=values.loc[marked[name]],
            mode="markers",
            marker={
                "symbol": MARKS[name].symbol,
                "size": 14,
                "color": colour,
                "line": edges.get(name, {"width": 2, "color": colour}),
            },
            legendgroup=history.name,
            showlegend=False,
            hoverinfo="skip",
        )


def _add_report(figure: go.Figure, stated: list[CurveValue], last: int) -> None:
    """Draw the report's values: a line for the end of its training, a cross for an earlier epoch."""
    colour = text_colour()
    end = max(value.epoch for value in stated)
    # One label for all, in the legend: the lines lie too close together for a label each.
    label = tr("report: {value}", value=", ".join(_report_value(value, end) for value in stated))
    for value in stated:
        is_end = value.epoch == end
        figure.add_scatter(
            x=[0.5, last + 0.5] if is_end else [value.epoch],
            y=[value.value] * (2 if is_end else 1),
            mode="lines" if is_end else "markers",
            line={"color": colour, "width": 1.2, "dash": "dot"},
            marker={"symbol": "x-thin", "size": 9, "line": {"width": 2, "color": colour}},
            name=label,
            legendgroup="report",
            showlegend=value is stated[0],
            hoverinfo="skip",
        )


def _report_value(value: CurveValue, end: int) -> str:
    text = stated_value(value)
    return text if value.epoch == end else tr("{value} at epoch {epoch} (×)", value=text, epoch=value.epoch)


def _chart_in_words(title: str, metric: str, runs: list[History]) -> str:
    """Return a chart in words."""
    lines = []
    for history in runs:
        first, last = history.table.iloc[0], history.table.iloc[-1]
        if metric == "learning_rate":
            text = tr("from {first:.3g} to {last:.3g}", first=first[metric], last=last[metric])
        else:
            text = ", ".join(
                tr("{part} from {first:.3f} to {last:.3f}", part=tr(part), first=first[column], last=last[column])
                for part, column in ((VALIDATION, f"val_{metric}"), (TRAINING, metric))
            )
        lines.append(
            tr(
                "{network}, {epochs} epochs: {text}",
                network=choice_title(history.name),
                epochs=history.epochs_run,
                text=text,
            )
        )
    return tr("{title} by epoch. {lines}", title=title, lines=". ".join(lines))
