"""How plots look: one font, one grid, margins that leave a telephone its width."""

import plotly.graph_objects as go
import streamlit as st

from panels.theme import text_colour


def theme_colour(name: str) -> str:
    """A colour of the theme that is on, light or dark, such as "borderColor"."""
    return str(st.get_option(f"theme.{st.context.theme.type or 'light'}.{name}"))


def style(figure: go.Figure, *, height: int) -> go.Figure:
    """Give a figure the house's look; returns it.

    Text has the theme's text colour, the grid its border colour. Axes cannot be dragged, so that a finger on a plot
    scrolls the page. A legend lies above the plot, in rows.

    Args:
        figure: the figure, its traces and axis titles in place; what is set afterwards prevails.
        height: in pixels, with axis labels and legend.
    """
    colour = text_colour()
    figure.update_layout(
        height=height,
        margin={"l": 0, "r": 8, "t": 0, "b": 0},
        font={"size": 13, "color": colour},
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1.02,
            "yanchor": "bottom",
            "font": {"size": 13, "color": colour},
        },
        hoverlabel={
            "bgcolor": theme_colour("secondaryBackgroundColor"),
            "bordercolor": theme_colour("borderColor"),
            "font": {"size": 13, "color": colour},
        },
    )
    axis = {
        "fixedrange": True,
        "gridcolor": theme_colour("borderColor"),
        "zeroline": False,
        "tickfont": {"size": 13, "color": colour},
        "title": {"font": {"size": 13, "color": colour}},
    }
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis, ticksuffix=" ")
    return figure
