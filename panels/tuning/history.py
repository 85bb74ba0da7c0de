"""Trials in the order they were made, and what is chosen among them."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.search.results import STOPPED, SearchResults
from core.text import lower_first
from panels.shared.theme import PLOT_CONFIG, style_figure, text_colour, theme_colour
from panels.tuning.samplers import own_setting
from panels.tuning.words import SAMPLER_TITLES, SETTING_TITLES, setting_text, value_format, value_text, value_title


def history(found: SearchResults, *, key: str) -> pd.DataFrame:
    """Draw every trial's value in order, the best so far as a line, and give the trials that are chosen.

    Args:
        found: what a search found.
        key: tells the chart from others on the page.

    Returns:
        The rows of ``found.trials`` that a click or a box holds; all of them where nothing is chosen.
    """
    figure = go.Figure()
    colours = st.get_option("theme.chartCategoricalColors")
    for sampler, colour in zip(found.samplers, colours, strict=False):
        rows = found.trials[found.trials["sampler"] == sampler]
        order = list(range(1, len(rows) + 1))
        title = SAMPLER_TITLES[sampler]
        figure.add_scatter(
            x=order,
            y=rows["value"].cummax(),
            mode="lines",
            line={"color": colour, "width": 2, "shape": "hv"},
            name=f"{title}, best so far",
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
            customdata=[[index, _words(found, row)] for index, row in rows.iterrows()],
            hovertemplate="%{customdata[1]}<extra></extra>",
        )
    style_figure(figure, height=340)
    figure.update_layout(dragmode="select", hoverdistance=20, selectdirection="any")
    figure.update_xaxes(title_text="trial, in the order they were made", tickformat="d", showgrid=False)
    # The first trials and the stopped ones would press the good ones into a line.
    low = float(found.trials["value"].quantile(0.1))
    high = float(found.trials["value"].max())
    bottom = low - 0.15 * (high - low)
    below = int((found.trials["value"] < bottom).sum())
    own = own_setting(found)
    if own is not None and own > bottom:
        figure.add_hline(own, line={"dash": "dot", "width": 1, "color": text_colour()})
    figure.update_yaxes(
        title_text=lower_first(value_title(found.plan)),
        tickformat=value_format(found.plan),
        range=[bottom, high + 0.1 * (high - low)],
    )
    figure.update_layout(
        newselection={"line": {"color": theme_colour("primaryColor"), "width": 2}},
        activeselection={"fillcolor": theme_colour("primaryColor")},
    )
    words = "; ".join(
        f"{SAMPLER_TITLES[sampler]} {value_text(found.plan, float(found.best(sampler)['value']))}"
        for sampler in found.samplers
    )
    event = st.plotly_chart(
        figure,
        key=key,
        config=PLOT_CONFIG,
        on_select="rerun",
        selection_mode=("points", "box"),
        alt=f"{value_title(found.plan)} of every trial; best: {words}",
    )
    dotted = " Dotted: the recipe's own setting." if own is not None and own > bottom else ""
    unseen = f" {below} of the trials lie below what is drawn." if below else ""
    st.caption(
        f"Lines: the best so far. Hollow: stopped early.{dotted}{unseen} Click a trial, or draw a box around some, to "
        "see only those in the lines, the table and its download below; a double click lets them go. The comparison "
        "above and which settings matter stay over all trials."
    )
    return held(found, event.selection.points)


def held(found: SearchResults, points: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The trials at the points of a selection in the history; all of them where it holds none.

    Args:
        found: what a search found.
        points: as Streamlit gives them; those of a line, which carry no trial, are left out.
    """
    rows = {point["customdata"][0] for point in points if point.get("customdata")}
    return found.trials.loc[sorted(rows)] if rows else found.trials


def _words(found: SearchResults, row: pd.Series) -> str:
    setting = "<br>".join(
        f"{SETTING_TITLES[name]} {setting_text(name, row[name])}" for name in found.settings if pd.notna(row[name])
    )
    return (
        f"<b>{SAMPLER_TITLES[str(row['sampler'])]}, trial {row['trial']}</b><br>"
        f"{value_text(found.plan, float(row['value']))}, {row['state']}<br>{setting}"
    )
