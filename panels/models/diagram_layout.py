"""The layout of a network's diagram: its layers as blocks, one for each grid, in a column or a U.

The layout follows from the layers alone. Layers on one grid make a block; a new block begins where the grid shrinks
or grows by half or more. Blocks stand below each other as the grid shrinks; where it grows, they go up again on the
right, each beside the block on the left whose output it takes over (a skip connection).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from core.bundles.layers import Layer, Shape

LEFT, CENTRE, RIGHT = "left", "centre", "right"

# A convolution without padding makes the grid a little smaller and still belongs to its block.
_NEW_GRID = 1.5


@dataclass(frozen=True)
class Block:
    """The layers that compute on one grid.

    Attributes:
        layers: in the network's order.
        sources: places, in the list of blocks, of those that feed it; the one it continues first, then skips.
        row: from the top, 0 is the highest.
        column: ``LEFT``, ``CENTRE`` or ``RIGHT``.
    """

    layers: tuple[Layer, ...]
    sources: tuple[int, ...]
    row: int
    column: str

    @property
    def shape(self) -> Shape:
        """Shape of its last layer's output."""
        return self.layers[-1].shape

    @property
    def parameters(self) -> int:
        """Parameters of its layers together."""
        return sum(layer.parameters for layer in self.layers)


def layer_blocks(layers: Sequence[Layer]) -> list[Block]:
    """Group a network's layers into blocks, each after the one it continues; inputs and outputs get their own blocks.

    Args:
        layers: the network's, each after those that feed it.
    """
    groups, sources = _groups(layers)
    places = _places([_grid_side(group[-1]) for group in groups], sources)
    return [
        Block(tuple(group), tuple(fed), row, column)
        for group, fed, (row, column) in zip(groups, sources, places, strict=True)
    ]


def _groups(layers: Sequence[Layer]) -> tuple[list[list[Layer]], list[list[int]]]:
    """Return the layers by block, and the blocks that feed each."""
    by_name = {layer.name: layer for layer in layers}
    order = {layer.name: place for place, layer in enumerate(layers)}
    feeding = {name for layer in layers for name in layer.inputs}
    group_of: dict[str, int] = {}
    begun: dict[tuple[int, int], int] = {}
    groups: list[list[Layer]] = []
    sources: list[list[int]] = []
    for layer in layers:
        # A layer continues the finest grid it takes, and of two on one grid the later: a skip comes from before.
        inputs = sorted(layer.inputs, key=lambda name: (_grid_side(by_name[name]), order[name]), reverse=True)
        group = len(groups)
        if inputs and layer.name in feeding:
            main = by_name[inputs[0]]
            if main.inputs and _same_grid(layer, main):
                group = group_of[main.name]
            else:
                # Branches from one block to one grid, such as a shortcut beside convolutions, are one block.
                group = begun.setdefault((group_of[main.name], _grid_side(layer)), group)
        if group == len(groups):
            groups.append([])
            sources.append([])
        group_of[layer.name] = group
        groups[group].append(layer)
        for source in (group_of[name] for name in inputs):
            if source != group and source not in sources[group]:
                sources[group].append(source)
    return groups, sources


def _places(sides: list[int], sources: list[list[int]]) -> list[tuple[int, str]]:
    """Return row and column of every block, no two at one place."""
    places: list[tuple[int, str]] = []
    turns = {fed[0] for side, fed in zip(sides, sources, strict=True) if fed and side > sides[fed[0]]}
    for block, fed in enumerate(sources):
        if not fed:
            row, column = 0, LEFT
        else:
            before, side_before = places[fed[0]], sides[fed[0]]
            if before[1] == RIGHT or sides[block] > side_before:
                column = RIGHT
                beside = [places[skip][0] for skip in fed[1:] if skip < block and places[skip][1] == LEFT]
                row = beside[0] if beside else before[0] - 1
            else:
                column, row = before[1], before[0] + 1
        if column == LEFT and (block in turns or not turns):
            column = CENTRE
        while (row, column) in places:
            row += -1 if column == RIGHT else 1
        places.append((row, column))
    top = min(row for row, _ in places)
    return [(row - top, column) for row, column in places]


def _grid_side(layer: Layer) -> int:
    """Return the longest side of a layer's output; that of a vector is 1."""
    return max(layer.shape[:-1], default=1)


def _same_grid(first: Layer, second: Layer) -> bool:
    small, large = sorted((_grid_side(first), _grid_side(second)))
    return large < _NEW_GRID * small
