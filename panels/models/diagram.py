"""The diagram of a network, drawn from its layers: the report's Figure 6 for the network of any bundle."""

import textwrap
from collections import Counter

import plotly.graph_objects as go
import streamlit as st

from core.text import join_words
from core.translation.messages import tr
from core.translation.numbers import number_text
from panels.models.diagram_layout import CENTRE, LEFT, RIGHT, Block
from panels.shared.kept_figures import kept_figure
from panels.shared.theme import PLOT_CONFIG, style_figure, text_colour, theme_colour

# As wide as the words in a box need on a telephone's 390 pixels, in two columns with room for arrows.
_WIDTH = 0.44
_MIDDLE = {LEFT: _WIDTH / 2, CENTRE: 0.5, RIGHT: 1 - _WIDTH / 2}
_LETTERS = 20
"""Letters a line."""
_LINE, _PADDING, _GAP, _BAR = 16, 14, 30, 4
"""In pixels: height of a line, above and below the words together, between rows, of the bar of parameters."""


def draw_diagram(blocks: list[Block], *, key: str) -> None:
    """Draw a network as blocks and arrows, with a caption.

    Args:
        blocks: of ``panels.models.diagram_layout.layer_blocks``.
        key: tells the diagram from others on the page.
    """
    st.plotly_chart(
        _diagram_figure(blocks),
        key=key,
        config={**PLOT_CONFIG, "staticPlot": True},
        alt=tr("The network, block by block. {blocks}", blocks=_blocks_text(blocks)),
    )
    has_skips = any(len(block.sources) > 1 for block in blocks)
    st.caption(
        tr(
            "Each box holds the layers that compute on one grid, in order, and the height × width × channels of their "
            "output.{skips} The bar at the bottom of a box is its share of the network's parameters.",
            skips=" " + tr("Dotted arrows are skip connections: the output is passed on unchanged.")
            if has_skips
            else "",
        )
    )


@kept_figure
def _diagram_figure(blocks: list[Block]) -> go.Figure:
    texts = [_box_lines(block) for block in blocks]
    tops, bottoms, height = _row_edges(blocks, texts)
    figure = go.Figure(go.Scatter(x=[], y=[]))
    style_figure(figure, height=height)
    figure.update_layout(margin={"l": 1, "r": 1, "t": 1, "b": 1}, showlegend=False)
    figure.update_xaxes(visible=False, range=[0, 1])
    figure.update_yaxes(visible=False, range=[height, 0])
    total = max(1, sum(block.parameters for block in blocks))
    for block, lines in zip(blocks, texts, strict=True):
        left, top, bottom = _MIDDLE[block.column] - _WIDTH / 2, tops[block.row], bottoms[block.row]
        _draw_box(figure, left, left + _WIDTH, top, bottom, fillcolor=theme_colour("secondaryBackgroundColor"))
        share = block.parameters / total
        _draw_box(figure, left, left + _WIDTH * share, bottom - _BAR, bottom, fillcolor=theme_colour("primaryColor"))
        _draw_box(figure, left, left + _WIDTH, top, bottom, line={"width": 1, "color": theme_colour("borderColor")})
        figure.add_annotation(
            x=_MIDDLE[block.column],
            y=(top + bottom) / 2,
            text="<br>".join(lines),
            showarrow=False,
            font={"size": 12, "color": text_colour()},
        )
    arrows = [(blocks[source], block, place > 0) for block in blocks for place, source in enumerate(block.sources)]
    detours = [(source, target) for source, target, _ in arrows if _passes_boxes(source, target)]
    for source, target, is_skip in arrows:
        if (source, target) in detours:
            lane = detours.index((source, target)) / len(detours)
            _draw_detour(figure, source, target, tops, bottoms, lane=lane)
        else:
            _draw_arrow(figure, *_arrow_ends(source, target, tops, bottoms), is_skip=is_skip)
    return figure


def _passes_boxes(source: Block, target: Block) -> bool:
    """Tell whether a straight arrow would run over the boxes between two of one column."""
    return source.column == target.column != CENTRE and abs(source.row - target.row) > 1


def _draw_detour(
    figure: go.Figure,
    source: Block,
    target: Block,
    tops: dict[int, float],
    bottoms: dict[int, float],
    *,
    lane: float,
) -> None:
    """Draw an arrow through the room between the columns, in a lane of its own, 0 to 1."""
    edge = _WIDTH if source.column == LEFT else 1 - _WIDTH
    x = edge + (0.5 - edge) * (0.3 + 1.4 * lane)
    start, end = ((tops[block.row] + bottoms[block.row]) / 2 for block in (source, target))
    line = {"width": 1.5, "color": text_colour()}
    figure.add_shape(type="path", path=f"M {edge},{start} L {x},{start} L {x},{end}", line=line)
    _draw_arrow(figure, (x, end), (edge, end), is_skip=False)


def _box_lines(block: Block) -> list[str]:
    """Write the lines in a block's box."""
    first, last = block.layers[0], block.layers[-1]
    grid = _shape_text(block)
    if not first.inputs:
        return [f"<b>{first.name}</b>", grid]
    # In the order in which each kind comes first.
    counts = Counter(layer.kind for layer in block.layers)
    kinds = ", ".join(kind if count == 1 else f"{count}\N{NO-BREAK SPACE}{kind}" for kind, count in counts.items())
    lines = [f"<b>{grid}</b>", *textwrap.wrap(kinds, _LETTERS, break_long_words=False)]
    if len(block.layers) == 1:
        lines.insert(0, f"<b>{last.name}</b>")
    if block.parameters:
        lines.append(tr("{parameters:,} parameters", parameters=block.parameters))
    return lines


def _row_edges(blocks: list[Block], texts: list[list[str]]) -> tuple[dict[int, float], dict[int, float], int]:
    """Return top and bottom of each row, and the height of them all, in pixels."""
    tops: dict[int, float] = {}
    bottoms: dict[int, float] = {}
    y = 0.0
    for row in range(max(block.row for block in blocks) + 1):
        lines = max((len(text) for block, text in zip(blocks, texts, strict=True) if block.row == row), default=0)
        tops[row], bottoms[row] = y, y + lines * _LINE + _PADDING
        y = bottoms[row] + _GAP
    return tops, bottoms, int(y - _GAP)


def _arrow_ends(
    source: Block, target: Block, tops: dict[int, float], bottoms: dict[int, float]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the points where the arrow between two blocks begins and ends."""
    x, to_x = _MIDDLE[source.column], _MIDDLE[target.column]
    if source.row == target.row:
        half, y = _WIDTH / 2 if to_x > x else -_WIDTH / 2, (tops[source.row] + bottoms[source.row]) / 2
        return (x + half, y), (to_x - half, y)
    # An arrow between columns leaves and enters where the boxes lie nearest to each other.
    shift = 0.0 if x == to_x else _WIDTH / 4 * (1 if to_x > x else -1)
    if source.row < target.row:
        return (x + shift, bottoms[source.row]), (to_x - shift, tops[target.row])
    return (x + shift, tops[source.row]), (to_x - shift, bottoms[target.row])


def _draw_box(figure: go.Figure, left: float, right: float, top: float, bottom: float, **look: object) -> None:
    figure.add_shape(type="rect", x0=left, x1=right, y0=top, y1=bottom, **{"line": {"width": 0}, **look})


def _draw_arrow(figure: go.Figure, start: tuple[float, float], end: tuple[float, float], *, is_skip: bool) -> None:
    colour = theme_colour("primaryColor") if is_skip else text_colour()
    if is_skip:  # an annotation's arrow cannot be dotted: its line is a shape, and only its head an annotation
        line = {"width": 2, "color": colour, "dash": "dot"}
        figure.add_shape(type="line", x0=start[0], y0=start[1], x1=end[0], y1=end[1], line=line)
        start = (end[0] + (start[0] - end[0]) / 3, end[1] + (start[1] - end[1]) / 3)
    figure.add_annotation(
        x=end[0],
        y=end[1],
        ax=start[0],
        ay=start[1],
        xref="x",
        yref="y",
        axref="x",
        ayref="y",
        text="",
        arrowhead=2,
        arrowsize=1.1,
        arrowwidth=1.5,
        arrowcolor=colour,
    )


def _blocks_text(blocks: list[Block]) -> str:
    """Write the diagram as a text for those who do not see it."""
    return "; ".join(
        tr(
            "{name}: {shape}, from {sources}",
            name=block.layers[-1].name,
            shape=_shape_text(block),
            sources=join_words(blocks[source].layers[-1].name for source in block.sources),
        )
        if block.sources
        else f"{block.layers[-1].name}: {_shape_text(block)}"
        for block in blocks
    )


def _shape_text(block: Block) -> str:
    return " × ".join(number_text(length, ",") for length in block.shape)
