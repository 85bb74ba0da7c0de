"""Training curves: one chart a measure, one colour a run, what is marked in them and what they say."""

from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core import histories, report
from core.histories import WITHIN, History
from core.report import CURVE_VALUES, CurveValue
from panels.plots import style, theme_colour
from panels.text import plain
from panels.theme import PLOT_CONFIG, text_colour

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
    "kept": Mark("star", "★", "kept epoch"),
}
_MARKED_IN = {"loss": tuple(MARKS), "learning_rate": ("lowered",)}
_MARKED_ELSEWHERE = ("kept",)
_LOG_TICKS = [digit * 10.0**power for power in range(-5, 3) for digit in (1, 2, 5)]


def colours(known: list[History], chosen: list[History]) -> dict[str, str]:
    """A colour for each chosen run, which stays with it as others come and go wherever the colours suffice.

    Args:
        known: all runs there are to choose from.
        chosen: at most ``MOST`` of them.
    """
    palette = st.get_option("theme.chartCategoricalColors")
    order = known if len(known) <= len(palette) else chosen
    return {history.name: palette[place] for place, history in enumerate(order) if history in chosen}


def marks(history: History) -> dict[str, list[int]]:
    """The epochs to mark, by the names of ``MARKS``; what depends on the last epoch only once training is over."""
    settled = histories.settled_epoch(history.table) if history.finished else None
    found = {
        "settled": [settled],
        "lowered": histories.rate_drops(history.table),
        "stopped": [histories.early_stop(history)],
        "kept": [history.kept],
    }
    return {name: [epoch for epoch in epochs if epoch is not None] for name, epochs in found.items()}


def charts(
    chosen: list[History], colour_of: dict[str, str], *, log: bool, show_report: bool, key: str, columns: int = 2
) -> None:
    """A chart a measure, then a text a run, in a grid that a narrow screen stacks.

    Args:
        chosen: runs of one task, at least one.
        colour_of: a colour for each of their names.
        log: whether the loss has a logarithmic axis.
        show_report: whether to draw what the report states.
        key: tells the charts from others on the page.
        columns: of the grid.
    """
    stated = CURVE_VALUES[chosen[0].task] if show_report else ()
    measures = [measure for measure in MEASURES if any(measure in history.table for history in chosen)]
    cells = [*measures, *chosen]
    for start in range(0, len(cells), columns):
        for column, cell in zip(st.columns(columns, gap="medium"), cells[start : start + columns], strict=False):
            with column:
                if isinstance(cell, History):
                    st.markdown(said(cell))
                    continue
                title = "Pixel accuracy" if (cell, chosen[0].task) == ("accuracy", "segmentation") else MEASURES[cell]
                st.markdown(f"**{title}**")
                shown = [history for history in chosen if cell in history.table]
                st.plotly_chart(
                    _chart(cell, shown, colour_of, [value for value in stated if value.measure == cell], log=log),
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
        _add_curves(figure, measure, history, colour_of[history.name])
    for history in shown:
        _add_marks(figure, measure, history, colour_of[history.name])
    # Room for the legend, which on a telephone takes a row a run.
    style(figure, height=280 + 22 * (len(shown) + bool(stated)))
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


def _add_curves(figure: go.Figure, measure: str, history: History, colour: str) -> None:
    table = history.table
    # One epoch makes no line.
    mode = "lines" if len(table) > 1 else "markers"
    common = {"x": table["epoch"], "mode": mode, "legendgroup": history.name}
    name = history.name
    if measure == "learning_rate":
        figure.add_scatter(
            **common,
            y=table[measure],
            name=name,
            showlegend=True,
            line={"color": colour, "width": 2.5, "shape": "hvh"},
            customdata=table["seconds"],
            hovertemplate=f"{name} %{{y:.3g}}, %{{customdata:.0f}} s<extra></extra>",
        )
        return
    noted = {epoch: [] for epoch in table["epoch"]}
    for mark, epochs in marks(history).items():
        for epoch in epochs:
            noted[epoch].append(MARKS[mark].meaning)
    figure.add_scatter(
        **common,
        y=table[f"val_{measure}"],
        name=name,
        showlegend=True,
        line={"color": colour, "width": 2.5},
        customdata=["".join(f"<br>   {note}" for note in notes) for notes in noted.values()],
        hovertemplate=f"{name} validation %{{y:.4f}}%{{customdata}}<extra></extra>",
    )
    figure.add_scatter(
        **common,
        y=table[measure],
        name=f"{name} training",
        showlegend=False,
        line={"color": colour, "width": 1.5, "dash": "6px,3px"},
        hovertemplate=f"{name} training %{{y:.4f}}<extra></extra>",
    )


def _add_marks(figure: go.Figure, measure: str, history: History, colour: str) -> None:
    column = measure if measure == "learning_rate" else f"val_{measure}"
    values = history.table.set_index("epoch")[column]
    for name, epochs in marks(history).items():
        if not epochs or name not in _MARKED_IN.get(measure, _MARKED_ELSEWHERE):
            continue
        is_filled = name == "kept"
        figure.add_scatter(
            x=epochs,
            y=values.loc[epochs],
            mode="markers",
            marker={
                "symbol": MARKS[name].symbol,
                "size": 14,
                "color": colour,
                # What is filled gets an edge of the ground, to stand clear of its line.
                "line": {
                    "width": 1 if is_filled else 2,
                    "color": theme_colour("backgroundColor") if is_filled else colour,
                },
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


def legend_caption(chosen: list[History]) -> str:
    """What lines and marks mean; only marks that there are."""
    present = {name for history in chosen for name, epochs in marks(history).items() if epochs}
    explained = " · ".join(f"{mark.character} {mark.meaning}" for name, mark in MARKS.items() if name in present)
    return (
        f"Solid: validation, after the epoch. Dashed: training, a mean over the epoch with dropout on, so that it may "
        f"begin the worse of the two. {explained}"
    )


def report_caption(chosen: list[History]) -> str:
    """What the report's lines are, and why some of them are not to be measured against ours."""
    sections = sorted({value.section for value in CURVE_VALUES[chosen[0].task]})
    where = f"Dotted: what the report states (section{'s' * (len(sections) > 1)} {' and '.join(sections)})."
    losses = sorted({history.plan["loss"] for history in chosen if history.plan.get("loss")})
    unnamed = f"It does not name its loss; here it is {' or '.join(losses)}." if losses else ""
    if chosen[0].task == "classification":
        return (
            f"{where} Its training stopped at epoch {report.CNN_EPOCHS} of {report.CNN_EPOCHS_PLANNED}. It does not "
            f"say of which part its values at epoch {report.CNN_EARLY_EPOCH} are. {unnamed}"
        )
    return (
        f"{where} It trained {report.UNET_EPOCHS} epochs; loss and accuracy were steady from about epoch "
        f"{report.UNET_STEADY_EPOCH} on. {unnamed} Its IoU is not the tumour's: Keras counted it on scores, as the "
        "page Masks shows."
    )


def said(history: History) -> str:
    """What there is to see in a run's curves, in Markdown; every sentence follows from the table."""
    title = f"**{plain(history.name)}**: {_epochs(history)}, {_duration(history.table['seconds'].sum())}"
    sentences = [_kept(history), *_marked(history), *_parting(history), *_after_the_best(history)]
    return "\n".join([title, "", *(f"- {sentence}" for sentence in sentences if sentence)])


def _epochs(history: History) -> str:
    planned = history.epochs_planned
    if planned is None:
        return f"{history.epochs_run} epochs"
    stopped = ", stopped early" if histories.early_stop(history) else ""
    return f"{history.epochs_run} of {planned} epochs{stopped}"


def _duration(seconds: float) -> str:
    """Seconds as text: "45 s", "29 min", "2 h 5 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def _kept(history: History) -> str:
    if history.kept is None:
        return ""
    row = history.table.set_index("epoch").loc[history.kept]
    measure = "loss" if history.keep == "last" else history.keep.removeprefix("val_")
    title = MEASURES[measure] if measure == "iou" else MEASURES[measure].lower().replace("dice", "Dice")
    best = "the last" if history.keep == "last" else f"best by validation {title}"
    so_far = "" if history.finished else " so far"
    return (
        f"Kept{so_far}: epoch {history.kept}, {best} ({title} {row[f'val_{measure}']:.3f}; "
        f"in training {row[measure]:.3f})."
    )


def _marked(history: History) -> list[str]:
    found = marks(history)
    sentences = []
    if found["lowered"]:
        epochs = [str(epoch) for epoch in found["lowered"]]
        several = f"s {', '.join(epochs[:-1])} and {epochs[-1]}" if len(epochs) > 1 else f" {epochs[0]}"
        sentences.append(f"The learning rate was lowered at epoch{several}.")
    if found["settled"]:
        sentences.append(
            f"Validation loss first came within {WITHIN} of its last value at epoch {found['settled'][0]}."
        )
    return sentences


def _parting(history: History) -> list[str]:
    epoch = histories.parting_epoch(history.table)
    last = history.table.iloc[-1]
    values = f"{last['loss']:.3f} against {last['val_loss']:.3f}"
    if epoch is None:
        return [f"Training loss is not below validation loss at epoch {history.epochs_run} ({values})."]
    return [
        f"Training and validation part at epoch {epoch}: training loss is the lower from there on, "
        f"{values} at epoch {history.epochs_run}."
    ]


def _after_the_best(history: History) -> list[str]:
    """How validation and training loss went on after validation loss was lowest."""
    lowest = histories.best_epoch(history.table, "val_loss")
    if lowest is None:
        return []
    best, last = history.table.set_index("epoch").loc[lowest], history.table.iloc[-1]
    if lowest == history.epochs_run:
        more = ": it had not stopped falling" if history.finished and len(history.table) > 1 else ""
        return [f"Validation loss is lowest at the last epoch, {lowest}{more}."]
    rise, fall = last["val_loss"] - best["val_loss"], best["loss"] - last["loss"]
    start = (
        f"Since epoch {lowest}, where validation loss was lowest ({best['val_loss']:.3f}), it has risen by {rise:.3f}"
    )
    if fall <= 0:
        return [f"{start}, and training loss has not fallen."]
    meaning = "overfitting" if rise > WITHIN else "what is still learnt holds for the training slices alone"
    return [f"{start} while training loss has fallen by {fall:.3f}: {meaning}."]


def progress(history: History, now: float) -> None:
    """How far a run that goes on is: epochs done, time left, and whether it seems to stand still.

    Args:
        history: of the run.
        now: seconds since 1970.
    """
    planned = history.epochs_planned
    left = histories.seconds_left(history)
    name = plain(history.name)
    if planned is None or left is None:
        return
    pace = _duration(history.table["seconds"].tail(histories.RECENT).median())
    st.progress(
        min(history.epochs_run / planned, 1.0),
        f"**{name}** is training: {history.epochs_run} of {planned} epochs done, about {_duration(left)} left "
        f"at {pace} an epoch, less if it stops early.",
    )
    if histories.stands_still(history, now):
        since = _duration(now - (history.written or now))
        st.warning(
            f"No epoch of {name} has ended for {since}: it seems to be interrupted. "
            f"`python -m core train {history.name.removesuffix(' (run)')}` goes on with it.",
            icon=":material/pause_circle:",
        )


def csv(chosen: list[History]) -> bytes:
    """The tables of runs, one below the other, with the run's name in front."""
    tables = [history.table.assign(run=history.name) for history in chosen]
    table = pd.concat(tables, ignore_index=True)
    return table[["run", *(column for column in table if column != "run")]].to_csv(index=False).encode()
