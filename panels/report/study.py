"""The study of why the report's network gets more slices right: its runs."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.search.fixed.runs import Run, best_of_batch
from core.text import join_words
from core.translation.messages import tr
from core.translation.numbers import number_text
from panels.report.layout import draw_table
from panels.shared.kept_figures import kept_figure
from panels.shared.theme import PLOT_CONFIG, percent, style_figure

_SYMBOLS = ("circle", "square-open", "diamond-open", "cross-open")


def draw_study(results: pd.DataFrame) -> None:
    """Draw the runs of the finished study: accuracy by batch, and a table."""
    batches = sorted(results["batch"].unique(), reverse=True)
    best = {batch: best_of_batch(results, batch) for batch in batches}
    reached = join_words(
        tr("{accuracy} at batch {batch}", accuracy=percent(run["val_accuracy"]), batch=batch)
        for batch, run in best.items()
    )
    st.markdown(
        tr(
            "A study of {total} runs, fixed beforehand: those of lowest validation loss reach {reached}, on validation "
            "slices.",
            total=len(results),
            reached=reached,
        )
    )
    st.plotly_chart(
        _figure(results, batches),
        key="report_study",
        config=PLOT_CONFIG,
        alt=tr("Validation accuracy of each run by batch; {reached}", reached=reached),
    )
    with st.expander(tr("The runs")):
        draw_table(
            [
                tr("Run"),
                tr("batch"),
                tr("updates an epoch"),
                tr("rate"),
                tr("other settings"),
                tr("epochs"),
                tr("loss"),
                tr("accuracy"),
            ],
            [
                [
                    f"{run['run']}",
                    f"{run['batch']}",
                    f"{run['updates_per_epoch']}",
                    number_text(run["learning_rate"], "g"),
                    _others(run),
                    f"{run['epochs']}",
                    number_text(run["val_loss"], ".3f"),
                    percent(run["val_accuracy"]),
                ]
                for run in results.to_dict("records")
            ],
        )


def _others(run: Run) -> str:
    return tr("dropout {dropout:g}, 0 to {value}", dropout=run["dropout"], value=255 if run["byte_range"] else 1)


@kept_figure
def _figure(results: pd.DataFrame, batches: list[int]) -> go.Figure:
    figure = go.Figure()
    colours = st.get_option("theme.chartCategoricalColors")
    kinds = results.assign(other=[_others(run) for run in results.to_dict("records")])
    others = list(dict.fromkeys(kinds["other"]))
    for number, (rate, of_rate) in enumerate(kinds.groupby("learning_rate")):
        for other, rows in of_rate.groupby("other", sort=False):
            figure.add_scatter(
                x=[tr("batch {batch}", batch=batch) for batch in rows["batch"]],
                y=rows["val_accuracy"],
                mode="markers",
                name=tr("rate {rate:g}, {other}", rate=rate, other=other),
                marker={"color": colours[number], "symbol": _SYMBOLS[others.index(str(other))], "size": 10},
                hovertemplate="%{x}: %{y:.3f}<extra>%{fullData.name}</extra>",
            )
    style_figure(figure, height=320)
    figure.update_xaxes(categoryorder="array", categoryarray=[tr("batch {batch}", batch=batch) for batch in batches])
    figure.update_yaxes(title_text=tr("validation accuracy"), tickformat=".0%")
    return figure
