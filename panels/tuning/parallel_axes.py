"""The settings of trials as lines through parallel axes.

Plotly's own such chart needs WebGL, which takes seconds to start where there is no graphics card.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.search.plan import Range
from core.search.results import SearchResults
from core.text import lower_first
from core.translation.messages import tr
from core.translation.numbers import number_text
from panels.shared.kept_figures import kept_figure
from panels.shared.theme import PLOT_CONFIG, style_figure, text_colour, theme_colour
from panels.tuning.help import SETTING_TITLES, setting_text, trial_text, value_text, value_title

_TICKS = 3
_SHADES = 8
"""Strengths of colour; lines of one are drawn together."""
WEAKEST = 0.65
"""Opacity of the lines up to the median: they still have a contrast of 3:1 to the ground, in both themes."""
_WIDTHS = 1.0, 2.5
"""Pixels of the weakest and of the strongest line."""


@dataclass(frozen=True)
class _Axis:
    """An axis from 0 to 1: its title, each trial's place on it, and its ticks' texts by place."""

    title: str
    places: list[float]
    ticks: dict[float, str]


def show_parallel_axes(results: SearchResults, trials: pd.DataFrame, *, key: str) -> None:
    """Draw each trial as a line through one axis a setting, coloured by value.

    Args:
        results: of a search.
        trials: the rows to draw; those of a grid, which lack settings, are left out.
        key: tells the chart from others on the page.
    """
    rows = trials.dropna(subset=results.settings).sort_values("value", kind="stable")  # the best is drawn on top
    left_out = len(trials) - len(rows)
    if rows.empty:
        st.info(
            tr("A grid names fewer settings than these axes; its trials are in the table only."), icon=":material/tune:"
        )
        return
    axes = [*(_setting_axis(results, name, rows) for name in results.settings), _value_axis(results, rows["value"])]
    texts = [trial_text(results, row) for _, row in rows.iterrows()]
    st.plotly_chart(
        _axes_figure(axes, _strengths(results, rows["value"]), texts),
        key=key,
        config=PLOT_CONFIG,
        alt=tr("Settings of {count} trials as lines", count=len(rows)),
    )
    st.caption(
        " ".join(
            [
                tr(
                    "A line is a trial; a stronger colour is a better {value}.",
                    value=lower_first(value_title(results.plan)),
                ),
                *(
                    [tr("{count} of a grid, which names fewer settings, are only in the table.", count=left_out)]
                    if left_out
                    else []
                ),
            ]
        )
    )


def _strengths(results: SearchResults, values: pd.Series) -> list[int]:
    """Return each trial's shade: the weakest up to the median of all, so that good trials stand out."""
    low, high = float(results.trials["value"].median()), float(results.trials["value"].max())
    shares = ((values - low) / max(high - low, 1e-6)).clip(0, 1)
    return [round(share * (_SHADES - 1)) for share in shares]


@kept_figure
def _axes_figure(axes: list[_Axis], strengths: list[int], texts: list[str]) -> go.Figure:
    """Return lines through axes; a line's text shows at each of its corners."""
    figure = go.Figure()
    for strength in sorted(set(strengths)):
        share = strength / (_SHADES - 1)
        x: list[int | None] = []
        y: list[float | None] = []
        shown: list[str] = []
        for trial in (place for place, own in enumerate(strengths) if own == strength):
            x += [*range(len(axes)), None]
            y += [*(axis.places[trial] for axis in axes), None]
            shown += [texts[trial]] * (len(axes) + 1)
        figure.add_scatter(
            x=x,
            y=y,
            mode="lines",
            opacity=WEAKEST + (1 - WEAKEST) * share,
            line={"color": theme_colour("primaryColor"), "width": float(np.interp(share, (0, 1), _WIDTHS))},
            customdata=shown,
            hovertemplate="%{customdata}<extra></extra>",
        )
    style_figure(figure, height=370)
    figure.update_layout(margin={"l": 40, "r": 48, "t": 72, "b": 16}, showlegend=False, hovermode="closest")
    # Level titles would overlap on a telephone.
    titles = {"tickvals": list(range(len(axes))), "ticktext": [axis.title for axis in axes], "tickangle": -30}
    figure.update_xaxes(side="top", range=[-0.1, len(axes) - 0.9], **titles)
    figure.update_yaxes(visible=False, range=[-0.03, 1.03])
    for number, axis in enumerate(axes):
        figure.add_shape(type="line", x0=number, x1=number, y0=0, y1=1, line={"width": 1, "color": text_colour()})
        for place, text in axis.ticks.items():
            figure.add_annotation(
                x=number,
                y=place,
                text=text,
                showarrow=False,
                xanchor="left",
                xshift=3,
                font={"size": 12, "color": text_colour()},
                bgcolor=theme_colour("backgroundColor"),
                opacity=0.85,
            )
    return figure


def _setting_axis(results: SearchResults, name: str, rows: pd.DataFrame) -> _Axis:
    """Return an axis over the plan's whole range; the values of a choice stand at equal steps."""
    space, values = results.plan.space[name], rows[name].astype(float)
    title = SETTING_TITLES[name]
    if not isinstance(space, Range):
        steps = {float(value): step / max(len(space) - 1, 1) for step, value in enumerate(space)}
        return _Axis(title, values.map(steps).tolist(), {steps[float(v)]: setting_text(name, v) for v in space})
    low, high = float(space.low), float(space.high)
    ticks = np.geomspace(low, high, _TICKS) if space.log else np.linspace(low, high, _TICKS)
    places = np.log(values.to_numpy() / low) / np.log(high / low) if space.log else (values - low) / (high - low)
    return _Axis(
        title,
        np.asarray(places).tolist(),
        {step: number_text(tick, ".2g") for step, tick in zip(np.linspace(0, 1, _TICKS).tolist(), ticks, strict=True)},
    )


def _value_axis(results: SearchResults, values: pd.Series) -> _Axis:
    low, high = float(values.min()), float(values.max())
    places = (values - low) / max(high - low, 1e-6)
    return _Axis(
        tr("Value"), places.tolist(), {0.0: value_text(results.plan, low), 1.0: value_text(results.plan, high)}
    )
