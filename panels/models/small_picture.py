"""A network as a small picture: a bar for each block, as high as its grid and as wide as its channels."""

from math import log2

from panels.models.diagram_layout import Block

_WIDTH, _HEIGHT, _GAP = 120, 44, 3
"""In the picture's own units."""


def network_svg(blocks: list[Block], colour: str) -> str:
    """Return the picture as SVG, from input to output.

    Args:
        blocks: of ``panels.models.diagram_layout.layer_blocks``.
        colour: of the bars.
    """
    highest = max((log2(1 + block.shape[0]) for block in blocks if is_grid(block)), default=1.0)
    bars, x = [], 0.0
    for block in blocks:
        height = _HEIGHT * log2(1 + block.shape[0]) / highest if is_grid(block) else _HEIGHT / 8
        width = 2 + log2(1 + block.shape[-1]) if is_grid(block) else 4
        bars.append(
            f'<rect x="{x:.1f}" y="{(_HEIGHT - height) / 2:.1f}" width="{width:.1f}" height="{height:.1f}" rx="1" />'
        )
        x += width + _GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {x - _GAP:.1f} {_HEIGHT}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" preserveAspectRatio="none" fill="{colour}">{"".join(bars)}</svg>'
    )


def is_grid(block: Block) -> bool:
    """Return whether a block computes on a grid of places, not on a row of values."""
    return len(block.shape) == 3 and block.shape[1] > 1
