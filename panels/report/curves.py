"""The report's Figures 2 and 7: our curves of a training, and the values that the report states."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.bundles.bundle import Bundle
from core.course_report import CURVE_VALUES, TRAINING, VALIDATION, CurveValue
from core.labels import Titles
from core.training.history import History, bundle_history
from core.translation.messages import mark, tr
from panels.shared.cache import HASH_BUNDLES
from panels.shared.kept_figures import kept_figure
from panels.shared.labels import stated_value
from panels.shared.theme import PLOT_CONFIG, style_figure, text_colour

_TITLES = Titles({"loss": mark("Loss"), "accuracy": mark("Accuracy"), "iou": mark("IoU")})


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=HASH_BUNDLES)
def cached_history(bundle: Bundle) -> History:
    """Return a bundle's history. Do not change it in place."""
    return bundle_history(bundle)


def draw_curves(bundle: Bundle, task: str, measures: tuple[str, ...]) -> None:
    """Draw a chart for each measure, side by side where there is room."""
    table = cached_history(bundle).table
    for column, measure in zip(st.columns(len(measures), gap="medium"), measures, strict=True):
        with column:
            stated = [value for value in CURVE_VALUES[task] if value.measure == measure]
            last = table.iloc[-1]
            st.plotly_chart(
                _figure(table, measure, stated),
                key=f"report_{bundle.name}_{measure}",
                config=PLOT_CONFIG,
                alt=tr(
                    "{measure} of {bundle} by epoch; at the end {validation:.3f} on validation, {training:.3f} in "
                    "training",
                    measure=_TITLES[measure],
                    bundle=bundle.name,
                    validation=last[f"val_{measure}"],
                    training=last[measure],
                ),
            )


@kept_figure
def _figure(table: pd.DataFrame, measure: str, stated: list[CurveValue]) -> go.Figure:
    figure = go.Figure()
    colour = st.get_option("theme.chartCategoricalColors")[0]
    for part, column, dash in ((VALIDATION, f"val_{measure}", "solid"), (TRAINING, measure, "dash")):
        name = tr(part)
        figure.add_scatter(
            x=table["epoch"],
            y=table[column],
            mode="lines",
            name=name,
            line={"color": colour, "dash": dash, "width": 2},
            hovertemplate=f"{name} %{{y:.4f}}<extra></extra>",
        )
    for value in stated:
        figure.add_scatter(
            x=[value.epoch],
            y=[value.value],
            mode="markers",
            marker={"symbol": "x-thin", "size": 10, "line": {"width": 2, "color": text_colour()}},
            name=tr("report (×)"),
            showlegend=value is stated[0],
            hovertemplate=tr("report: {value}", value=stated_value(value)) + "<extra></extra>",
        )
    style_figure(figure, height=250)
    figure.update_layout(hovermode="x unified", hoverdistance=-1)
    figure.update_xaxes(title_text=tr("epoch"), tickformat="d", showgrid=False)
    figure.update_yaxes(title_text=_TITLES[measure], exponentformat="none")
    return figure
