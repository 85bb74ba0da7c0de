"""Trials in their order, and the selection of trials in the chart."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.search.results import STOPPED, SearchResults
from core.text import lower_first
from core.translation.messages import tr
from panels.shared.kept_figures import kept_figure
from panels.shared.theme import PLOT_CONFIG, style_figure, text_colour, theme_colour
from panels.tuning.help import SAMPLER_LABELS, trial_text, value_format, value_text, value_title
from panels.tuning.samplers import own_setting_value


def show_history(results: SearchResults, *, key: str) -> pd.DataFrame:
    """Draw every trial's value in order with the best so far as a line; return the selected trials.

    Args:
        results: of a search.
        key: tells the chart from others on the page.

    Returns:
        The rows of ``results.trials`` that a click or a box selects; all of them where nothing is selected.
    """
    # A range from the first trials and the stopped ones on would press the good ones into a line.
    values = results.trials["value"]
    low, high = float(values.quantile(0.1)), float(values.max())
    bottom, top = low - 0.15 * (high - low), high + 0.1 * (high - low)
    own = own_setting_value(results)
    own = own if own is not None and own > bottom else None
    best = "; ".join(
        f"{SAMPLER_LABELS[sampler].title} {value_text(results.plan, float(results.best(sampler)['value']))}"
        for sampler in results.samplers
    )
    event = st.plotly_chart(
        _trials_figure(results, own, (bottom, top)),
        key=key,
        config=PLOT_CONFIG,
        on_select="rerun",
        selection_mode=("points", "box"),
        alt=tr("{value} of every trial; best: {best}", value=value_title(results.plan), best=best),
    )
    below = int((values < bottom).sum())
    st.caption(
        " ".join(
            [
                tr("Lines: the best so far. Hollow: stopped early."),
                *([tr("Dotted: the recipe's own setting.")] if own is not None else []),
                *([tr("{count} of the trials lie below the chart.", count=below)] if below else []),
                tr("Click a trial, or draw a box, to see only those below."),
            ]
        ),
        help=tr(
            "The lines, the table and the download show the selected trials; a double click clears the selection. "
            "The comparison above and the importance of settings stay over all trials."
        ),
    )
    return selected_trials(results, event.selection.points)


def selected_trials(results: SearchResults, points: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the trials at the points of a selection; all of them where it holds none.

    Args:
        results: of a search.
        points: as Streamlit gives them; those of a line, which carry no trial, are left out.
    """
    rows = {point["customdata"][0] for point in points if point.get("customdata")}
    return results.trials.loc[sorted(rows)] if rows else results.trials


@kept_figure
def _trials_figure(results: SearchResults, own: float | None, value_range: tuple[float, float]) -> go.Figure:
    """Return the chart; ``own`` is the value of the recipe's own setting, where it is drawn."""
    figure = go.Figure()
    colours = st.get_option("theme.chartCategoricalColors")
    for sampler, colour in zip(results.samplers, colours, strict=False):
        _add_sampler(figure, results, sampler, colour)
    style_figure(figure, height=340)
    figure.update_layout(
        dragmode="select",
        hoverdistance=20,
        selectdirection="any",
        newselection={"line": {"color": theme_colour("primaryColor"), "width": 2}},
        activeselection={"fillcolor": theme_colour("primaryColor")},
    )
    figure.update_xaxes(title_text=tr("trial, in the order they were made"), tickformat="d", showgrid=False)
    figure.update_yaxes(
        title_text=lower_first(value_title(results.plan)),
        tickformat=value_format(results.plan),
        range=list(value_range),
    )
    if own is not None:
        figure.add_hline(own, line={"dash": "dot", "width": 1, "color": text_colour()})
    return figure


def _add_sampler(figure: go.Figure, results: SearchResults, sampler: str, colour: str) -> None:
    """Draw one sampler's trials as points and the best so far as a line."""
    rows = results.trials[results.trials["sampler"] == sampler]
    order = list(range(1, len(rows) + 1))
    title = SAMPLER_LABELS[sampler].title
    figure.add_scatter(
        x=order,
        y=rows["value"].cummax(),
        mode="lines",
        line={"color": colour, "width": 2, "shape": "hv"},
        name=tr("{title}, best so far", title=title),
        legendgroup=sampler,
        showlegend=False,
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=order,
        y=rows["value"],
        mode="markers",
        name=title,
        legendgroup=sampler,
        marker={
            "size": 10,
            "color": colour,
            "symbol": ["circle-open" if state == STOPPED else "circle" for state in rows["state"]],
        },
        customdata=[[index, trial_text(results, row)] for index, row in rows.iterrows()],
        hovertemplate="%{customdata[1]}<extra></extra>",
    )
