"""Training curves: a chart a measure, a colour a run, and the epochs that stand out."""

from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from core.course_report import CURVE_VALUES, CurveValue
from core.training.history import WITHIN, History, marked_epochs
from panels.shared.theme import PLOT_CONFIG, style_figure, text_colour, theme_colour
from panels.training.captions import said

MOST = 5
"""Runs at a time: the theme has so many colours."""
MEASURES = {"loss": "Loss", "dice": "Dice", "iou": "IoU", "accuracy": "Accuracy", "learning_rate": "Learning rate"}
"""Columns that are drawn, where a run has them, in the order of the charts."""


@dataclass(frozen=True)
class Mark:
    """How an epoch that stands out is marked: a plotly symbol, the same as a character, and what it means."""

    symbol: str
    character: str
    meaning: str


MARKS = {
    "settled": Mark("diamond-open", "◇", f"validation loss first within {WITHIN} of its last value"),
    "lowered": Mark("triangle-down-open", "▽", "learning rate lowered"),
    "stopped": Mark("square-open", "□", "stopped early"),
    "kept": Mark("star", "★", "best epoch, the one kept"),
}
"""By the names that ``core.training.history.marked_epochs`` gives; drawn in this order, the later above."""
_MARKED_IN = {"loss": tuple(MARKS), "learning_rate": ("lowered",)}
_MARKED_ELSEWHERE = ("kept",)
_LOG_TICKS = [digit * 10.0**power for power in range(-5, 3) for digit in (1, 2, 5)]
_COLUMNS = 2


def colours(known: list[History], chosen: list[History]) -> dict[str, str]:
    """A colour for each chosen run, by name, which stays with it as others come and go wherever the colours suffice.

    Args:
        known: all runs there are to choose from.
        chosen: at most ``MOST`` of them.
    """
    palette = st.get_option("theme.chartCategoricalColors")
    order = known if len(known) <= len(palette) else chosen
    return {history.name: palette[place] for place, history in enumerate(order) if history in chosen}


def key_caption(chosen: list[History], *, show_report: bool) -> str:
    """What lines and marks mean, in a line; only of marks that there are."""
    present = {name for history in chosen for name, epochs in marked_epochs(history).items() if epochs}
    dotted = ["Dotted: the report."] if show_report else []
    explained = " · ".join(f"{mark.character} {mark.meaning}" for name, mark in MARKS.items() if name in present)
    return " ".join(["Solid: validation. Dashed: training.", *dotted, explained])


def charts(
    chosen: list[History], colour_of: dict[str, str], *, task: str, log: bool, show_report: bool, key: str
) -> None:
    """A chart a measure, then a text a run, in a grid that a narrow screen stacks.

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
    measures = [measure for measure in MEASURES if any(measure in history.table for history in chosen)]
    cells = [*measures, *chosen]
    for start in range(0, len(cells), _COLUMNS):
        for column, cell in zip(st.columns(_COLUMNS, gap="medium"), cells[start : start + _COLUMNS], strict=False):
            with column:
                if isinstance(cell, History):
                    st.markdown(said(cell))
                    continue
                title = "Pixel accuracy" if (cell, task) == ("accuracy", "segmentation") else MEASURES[cell]
                shown = [history for history in chosen if cell in history.table]
                figure = _chart(cell, shown, colour_of, [value for value in stated if value.measure == cell], log=log)
                st.markdown(f"**{title}**")
                st.plotly_chart(
                    figure.update_layout(height=height),
                    key=f"{key}_{cell}",
                    config=PLOT_CONFIG,
                    alt=_alternative(title, cell, shown),
                )


def _chart(
    measure: str, shown: list[History], colour_of: dict[str, str], stated: list[CurveValue], *, log: bool
) -> go.Figure:
    figure = go.Figure()
    last = max(_last_epoch(history) for history in shown)
    if stated:
        _add_report(figure, stated, last)
    for history in shown:
        if measure == "learning_rate":
            _add_rate(figure, history, colour_of[history.name])
        else:
            _add_curves(figure, measure, history, colour_of[history.name])
    for history in shown:
        _add_marks(figure, measure, history, colour_of[history.name])
    style_figure(figure, height=300)
    figure.update_layout(hovermode="x unified", hoverdistance=-1)
    figure.update_xaxes(
        title_text="epoch", range=[0.5, last + 0.5], tickformat="d", nticks=min(last + 1, 9), showgrid=False
    )
    figure.update_yaxes(exponentformat="none", separatethousands=False)
    if measure == "loss" and log:
        figure.update_yaxes(type="log", tickvals=_LOG_TICKS)
    if measure == "learning_rate":
        figure.update_yaxes(rangemode="tozero")
    return figure


def _last_epoch(history: History) -> int:
    """Where the axis ends: a run that goes on has room for what is to come."""
    return history.epochs_run if history.finished else max(history.epochs_run, history.epochs_planned or 0)


def _mode(history: History) -> str:
    """One epoch makes no line."""
    return "lines" if len(history.table) > 1 else "markers"


def _add_rate(figure: go.Figure, history: History, colour: str) -> None:
    figure.add_scatter(
        x=history.table["epoch"],
        y=history.table["learning_rate"],
        mode=_mode(history),
        name=history.name,
        legendgroup=history.name,
        showlegend=True,
        line={"color": colour, "width": 2.5, "shape": "hvh"},
        customdata=history.table["seconds"],
        hovertemplate=f"{history.name} %{{y:.3g}}, %{{customdata:.0f}} s<extra></extra>",
    )


def _add_curves(figure: go.Figure, measure: str, history: History, colour: str) -> None:
    noted = {epoch: "" for epoch in history.table["epoch"]}
    for name, epochs in marked_epochs(history).items():
        for epoch in epochs:
            noted[epoch] += f" {MARKS[name].character}"
    for part, column, line in (
        ("validation", f"val_{measure}", {"width": 2.5}),
        ("training", measure, {"width": 1.5, "dash": "6px,3px"}),
    ):
        is_validation = part == "validation"
        figure.add_scatter(
            x=history.table["epoch"],
            y=history.table[column],
            mode=_mode(history),
            name=history.name,
            legendgroup=history.name,
            showlegend=is_validation,
            line={"color": colour, **line},
            customdata=list(noted.values()) if is_validation else [""] * len(noted),
            hovertemplate=f"{history.name} {part} %{{y:.4f}}%{{customdata}}<extra></extra>",
        )


def _add_marks(figure: go.Figure, measure: str, history: History, colour: str) -> None:
    column = measure if measure == "learning_rate" else f"val_{measure}"
    values = history.table.set_index("epoch")[column]
    found = marked_epochs(history)
    # What is filled gets an edge of the ground, to stand clear of its line.
    edges = {"kept": {"width": 1, "color": theme_colour("backgroundColor")}}
    for name in MARKS:
        if not found[name] or name not in _MARKED_IN.get(measure, _MARKED_ELSEWHERE):
            continue
        figure.add_scatter(
            x=found[name],
            y=values.loc[found[name]],
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
    """What the report states: a line for the end of its training, a cross for an epoch before."""
    colour = text_colour()
    end = max(value.epoch for value in stated)
    # One label for all, in the legend: the lines lie too close together for a label each.
    label = f"report: {', '.join(_stated(value, end) for value in stated)}"
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


def _stated(value: CurveValue, end: int) -> str:
    return f"{value.part or ''} {value.value:.4g}{'' if value.epoch == end else f' at epoch {value.epoch} (×)'}".strip()


def _alternative(title: str, measure: str, shown: list[History]) -> str:
    """The chart in words."""
    lines = []
    for history in shown:
        first, last = history.table.iloc[0], history.table.iloc[-1]
        if measure == "learning_rate":
            text = f"from {first[measure]:.3g} to {last[measure]:.3g}"
        else:
            text = ", ".join(
                f"{part} from {first[column]:.3f} to {last[column]:.3f}"
                for part, column in (("validation", f"val_{measure}"), ("training", measure))
            )
        lines.append(f"{history.name}, {history.epochs_run} epochs: {text}")
    return f"{title} by epoch. {'. '.join(lines)}"
