"""Numbers as text and in tables, and the style of plots."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.translation.messages import Message, shown, tr
from core.translation.numbers import number_text, separators, unbroken

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from core.evaluation.bootstrap import Interval

# What Markdown takes for an address, and at the start of a line for a heading, a rule or a list.
_ADDRESS, _BLOCK = re.compile(r"(?<=www)\.", re.IGNORECASE), re.compile(r"^(\d+(?=[.)](?:\s|$))|(?=[-+=]))")
_FOLDERS = re.compile(r"'(?:[A-Za-z]:)?[/\\][^']*[/\\](?=[^'/\\]+[/\\]?')")
"""Before the last part of a quoted absolute path."""
PLOT_CONFIG: dict[str, Any] = {"displayModeBar": False, "responsive": True}


def text_colour() -> str:
    """Return the theme's text colour: Streamlit's own for a plot's labels is too faint to read."""
    return str(st.get_option(f"theme.{st.context.theme.type or 'light'}.textColor"))


def percent(share: float | None) -> str:
    """Format a share: 0.9365 -> "93.7 %", never rounded up to a certainty; a dash where there is none."""
    if share is None:
        return "–"
    rounded = f"{share * 100:.1f}"
    if rounded == "100.0" and share < 1:
        return unbroken(f">\N{NO-BREAK SPACE}{number_text(99.9)} %")
    if rounded == "0.0" and share > 0:
        return unbroken(f"<\N{NO-BREAK SPACE}{number_text(0.1)} %")
    return unbroken(f"{number_text(share * 100, '.1f')} %")


def figure_columns(titles: Iterable[str]) -> dict[str, Any]:
    """Return the settings of a table's columns whose numbers are text: they stand on the right, as numbers do."""
    return {title: st.column_config.TextColumn(alignment="right") for title in titles}


def whole_percent(share: float) -> str:
    """Format a rough or chosen share without decimals: 0.95 -> "95 %"."""
    return unbroken(f"{share * 100:.0f} %")


def share_interval(interval: "Interval") -> str:
    """Format a share with its interval: "85.7 % (81.0 to 90.3)"."""
    return tr(
        "{share} ({low:.1f} to {high:.1f})",
        share=percent(interval.value),
        low=interval.low * 100,
        high=interval.high * 100,
    )


def escape_markdown(text: str) -> str:
    """Make any text inert in Streamlit's Markdown: one line without links, formulas, emphasis, lists or headings."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    escaped = "".join(f"\\{c}" if c in r"\`*_{}[]<>$:~|#&@" else c for c in line)
    return _BLOCK.sub(r"\1\\", _ADDRESS.sub(r"\\.", escaped))


def error_text(error: Exception | Message | str) -> str:
    """Return an error's sentence for a page, in the current language: inert, and without the folders of this server's
    disk."""
    return escape_markdown(_FOLDERS.sub("'", shown(error)))


def theme_colour(name: str) -> str:
    """Return a colour of the current theme, light or dark, such as "borderColor"."""
    return str(st.get_option(f"theme.{st.context.theme.type or 'light'}.{name}"))


def style_figure(figure: "go.Figure", *, height: int) -> "go.Figure":
    """Set a figure's fonts, colours and axes; return it.

    Text has the theme's text colour, the grid its border colour. Axes cannot be dragged, so that a finger on a plot
    scrolls the page. The legend lies above the plot, in rows. Numbers are written as the current language has them.

    Args:
        figure: the figure, its traces and axis titles in place; what is set afterwards overrides this.
        height: in pixels, with axis labels and legend.
    """
    colour = text_colour()
    figure.update_layout(
        height=height,
        margin={"l": 0, "r": 8, "t": 0, "b": 0},
        separators=separators(),
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


def add_interval(
    figure: "go.Figure",
    interval: "Interval",
    *,
    label: str,
    colour: str,
    hover: str,
    size: int = 12,
    thickness: int = 3,
) -> None:
    """Add a value with its interval to a figure, as a dot with a horizontal bar.

    Args:
        figure: changed in place.
        interval: the dot and the ends of the bar.
        label: on the vertical axis.
        colour: of dot and bar.
        hover: Plotly's template of what the pointer shows.
        size: of the dot in pixels.
        thickness: of the bar in pixels.
    """
    figure.add_scatter(
        x=[interval.value],
        y=[label],
        error_x={
            "type": "data",
            "array": [interval.high - interval.value],
            "arrayminus": [interval.value - interval.low],
            "thickness": thickness,
            "width": 6,
        },
        mode="markers",
        marker={"size": size, "color": colour},
        hovertemplate=f"{hover}<extra></extra>",
    )
