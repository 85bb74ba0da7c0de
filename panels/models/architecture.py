"""A drawing of a network, made from its layers: the report's Figure 6 for whatever network a bundle holds."""

import textwrap
from collections import Counter

import plotly.graph_objects as go
import streamlit as st

from panels.models.blocks import CENTRE, LEFT, RIGHT, Block
from panels.shared.theme import PLOT_CONFIG, style_figure, text_colour, theme_colour

# Boxes are as wide on a telephone's 390 pixels as their words need, in two columns with room for arrows.
_WIDTH = 0.44
_MIDDLE = {LEFT: _WIDTH / 2, CENTRE: 0.5, RIGHT: 1 - _WIDTH / 2}
_LETTERS = 20
"""Letters a line."""
_LINE, _PADDING, _GAP, _BAR = 16, 14, 30, 4
"""In pixels: height of a line, above and below the words together, between rows, of the bar of parameters."""


def architecture(blocks: list[Block], *, key: str) -> None:
    """Draw a network as blocks and arrows, with a caption.

    Args:
        blocks: of ``panels.models.blocks.layer_blocks``.
        key: tells the drawing from others on the page.
    """
    st.plotly_chart(
        _figure(blocks),
        key=key,
        config={**PLOT_CONFIG, "staticPlot": True},
        alt=f"The network, block by block. {_in_words(blocks)}",
    )
    has_skips = any(len(block.sources) > 1 for block in blocks)
    st.caption(
        "A box is what is computed on one grid: height × width × channels of its output, and its layers in their order."
        + (" Dotted arrows are skips: the output is handed over as it is." if has_skips else "")
        + " The bar at a box's foot is its share of the network's parameters."
    )


def _figure(blocks: list[Block]) -> go.Figure:
    words = [_words(block) for block in blocks]
    tops, bottoms, height = _rows(blocks, words)
    figure = go.Figure(go.Scatter(x=[], y=[]))
    style_figure(figure, height=height)
    figure.update_layout(margin={"l": 1, "r": 1, "t": 1, "b": 1}, showlegend=False)
    figure.update_xaxes(visible=False, range=[0, 1])
    figure.update_yaxes(visible=False, range=[height, 0])
    total = max(1, sum(block.parameters for block in blocks))
    for block, lines in zip(blocks, words, strict=True):
        left, top, bottom = _MIDDLE[block.column] - _WIDTH / 2, tops[block.row], bottoms[block.row]
        _box(figure, left, left + _WIDTH, top, bottom, fillcolor=theme_colour("secondaryBackgroundColor"))
        share = block.parameters / total
        _box(figure, left, left + _WIDTH * share, bottom - _BAR, bottom, fillcolor=theme_colour("primaryColor"))
        _box(figure, left, left + _WIDTH, top, bottom, line={"width": 1, "color": theme_colour("borderColor")})
        figure.add_annotation(
            x=_MIDDLE[block.column],
            y=(top + bottom) / 2,
            text="<br>".join(lines),
            showarrow=False,
            font={"size": 12, "color": text_colour()},
        )
    arrows = [(blocks[source], block, place > 0) for block in blocks for place, source in enumerate(block.sources)]
    past = [(source, target) for source, target, _ in arrows if _passes_boxes(source, target)]
    for source, target, is_skip in arrows:
        if (source, target) in past:
            _around(figure, source, target, tops, bottoms, lane=past.index((source, target)) / len(past))
        else:
            _arrow(figure, *_ends(source, target, tops, bottoms), is_skip=is_skip)
    return figure


def _passes_boxes(source: Block, target: Block) -> bool:
    """Whether a straight arrow would run over the boxes between two of one column."""
    return source.column == target.column != CENTRE and abs(source.row - target.row) > 1


def _around(
    figure: go.Figure,
    source: Block,
    target: Block,
    tops: dict[int, float],
    bottoms: dict[int, float],
    *,
    lane: float,
) -> None:
    """An arrow through the room between the columns, in a lane of its own, 0 to 1."""
    edge = _WIDTH if source.column == LEFT else 1 - _WIDTH
    x = edge + (0.5 - edge) * (0.3 + 1.4 * lane)
    start, end = ((tops[one.row] + bottoms[one.row]) / 2 for one in (source, target))
    line = {"width": 1.5, "color": text_colour()}
    figure.add_shape(type="path", path=f"M {edge},{start} L {x},{start} L {x},{end}", line=line)
    _arrow(figure, (x, end), (edge, end), is_skip=False)


def _words(block: Block) -> list[str]:
    """The lines in a block's box."""
    first, last = block.layers[0], block.layers[-1]
    grid = " × ".join(f"{length:,}" for length in block.shape)
    if not first.inputs:
        return [f"<b>{first.name}</b>", grid]
    # In the order in which each kind comes first.
    counts = Counter(layer.kind for layer in block.layers)
    kinds = ", ".join(kind if count == 1 else f"{count}\N{NO-BREAK SPACE}{kind}" for kind, count in counts.items())
    lines = [f"<b>{grid}</b>", *textwrap.wrap(kinds, _LETTERS, break_long_words=False)]
    if len(block.layers) == 1:
        lines.insert(0, f"<b>{last.name}</b>")
    if block.parameters:
        lines.append(f"{block.parameters:,} parameters")
    return lines


def _rows(blocks: list[Block], words: list[list[str]]) -> tuple[dict[int, float], dict[int, float], int]:
    """Top and bottom of each row, and the height of them all, in pixels."""
    tops: dict[int, float] = {}
    bottoms: dict[int, float] = {}
    y = 0.0
    for row in range(max(block.row for block in blocks) + 1):
        lines = max((len(said) for block, said in zip(blocks, words, strict=True) if block.row == row), default=0)
        tops[row], bottoms[row] = y, y + lines * _LINE + _PADDING
        y = bottoms[row] + _GAP
    return tops, bottoms, int(y - _GAP)


def _ends(
    source: Block, target: Block, tops: dict[int, float], bottoms: dict[int, float]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where the arrow between two blocks begins and ends."""
    x, to_x = _MIDDLE[source.column], _MIDDLE[target.column]
    if source.row == target.row:
        half, y = _WIDTH / 2 if to_x > x else -_WIDTH / 2, (tops[source.row] + bottoms[source.row]) / 2
        return (x + half, y), (to_x - half, y)
    # An arrow between columns leaves and enters where the boxes lie nearest to each other.
    shift = 0.0 if x == to_x else _WIDTH / 4 * (1 if to_x > x else -1)
    if source.row < target.row:
        return (x + shift, bottoms[source.row]), (to_x - shift, tops[target.row])
    return (x + shift, tops[source.row]), (to_x - shift, bottoms[target.row])


def _box(figure: go.Figure, left: float, right: float, top: float, bottom: float, **look: object) -> None:
    figure.add_shape(type="rect", x0=left, x1=right, y0=top, y1=bottom, **{"line": {"width": 0}, **look})


def _arrow(figure: go.Figure, start: tuple[float, float], end: tuple[float, float], *, is_skip: bool) -> None:
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


def _in_words(blocks: list[Block]) -> str:
    return "; ".join(
        f"{block.layers[-1].name}: {' by '.join(map(str, block.shape))}"
        + (
            f", from {' and '.join(blocks[source].layers[-1].name for source in block.sources)}"
            if block.sources
            else ""
        )
        for block in blocks
    )
