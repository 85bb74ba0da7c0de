"""Blocks stand where a reader would draw them."""

from core.bundles.bundle import open_bundle
from core.bundles.layers import Layer, read_layers
from panels.models.diagram_layout import CENTRE, LEFT, RIGHT, Block, layer_blocks


def layer(name: str, kind: str, shape: tuple[int, ...], *inputs: str) -> Layer:
    return Layer(name, kind, shape, 1, inputs)


def named(found: list[Block]) -> list[list[str]]:
    return [[one.name for one in block.layers] for block in found]


def places(found: list[Block]) -> list[tuple[int, str]]:
    return [(block.row, block.column) for block in found]


def test_the_reports_classifier_is_a_column_of_blocks() -> None:
    found = layer_blocks(read_layers(open_bundle("report-cnn")))
    assert named(found) == [
        ["image"],
        ["conv2d"],
        ["max_pooling2d", "conv2d_1"],
        ["max_pooling2d_1", "dropout", "conv2d_2"],
        ["max_pooling2d_2", "dropout_1", "conv2d_3"],
        ["max_pooling2d_3", "dropout_2"],
        ["flatten", "dropout_3"],
        ["dense"],
    ]
    assert places(found) == [(row, CENTRE) for row in range(8)]
    assert [block.sources for block in found] == [(), *((place,) for place in range(7))]


def test_the_reports_unet_is_a_u_with_its_skips() -> None:
    found = layer_blocks(read_layers(open_bundle("report-unet")))
    assert places(found) == [
        *((row, LEFT) for row in range(5)),
        (5, CENTRE),
        *((row, RIGHT) for row in (4, 3, 2, 1, 0)),
    ]
    # Encoder blocks are 1 to 4, the bottom 5, decoder blocks 6 to 9.
    assert [block.sources for block in found[6:10]] == [(5, 4), (6, 3), (7, 2), (8, 1)]
    assert named(found)[9][-1] == "head_conv"
    assert named(found)[10] == ["mask"]
    assert sum(block.parameters for block in found) == 8643170


def test_a_second_output_leaves_the_bottom_of_the_u_downwards() -> None:
    found = layer_blocks(
        [
            layer("image", "InputLayer", (8, 8, 1)),
            layer("fine", "Conv2D", (8, 8, 2), "image"),
            layer("coarse", "Conv2D", (4, 4, 4), "fine"),
            layer("pool", "GlobalAveragePooling2D", (4,), "coarse"),
            layer("up", "Conv2DTranspose", (8, 8, 2), "coarse"),
            layer("class", "Dense", (3,), "pool"),
            layer("join", "Concatenate", (8, 8, 4), "fine", "up"),
            layer("mask", "Conv2D", (8, 8, 2), "join"),
        ]
    )
    where = {block.layers[-1].name: (block.row, block.column) for block in found}
    assert where == {
        "image": (0, LEFT),
        "fine": (1, LEFT),
        "coarse": (2, CENTRE),
        "pool": (3, CENTRE),
        "class": (4, CENTRE),
        "join": (1, RIGHT),
        "mask": (0, RIGHT),
    }
    join = next(block for block in found if block.layers[-1].name == "join")
    assert [found[source].layers[-1].name for source in join.sources] == ["coarse", "fine"]


def test_a_skip_named_first_is_not_what_a_block_continues() -> None:
    # Keras lists the inputs of a concatenation as the caller did: the skip may come first, as above.
    found = layer_blocks(
        [
            layer("image", "InputLayer", (8, 8, 1)),
            layer("a", "Conv2D", (8, 8, 2), "image"),
            layer("b", "DepthwiseConv2D", (8, 8, 2), "a"),
            layer("sum", "Add", (8, 8, 2), "a", "b"),
            layer("out", "Dense", (8, 8, 2), "sum"),
        ]
    )
    assert named(found) == [["image"], ["a", "b", "sum"], ["out"]]


def test_branches_to_one_grid_are_one_block() -> None:
    found = layer_blocks(
        [
            layer("image", "InputLayer", (8, 8, 1)),
            layer("a", "Conv2D", (8, 8, 2), "image"),
            layer("way", "DepthwiseConv2D", (4, 4, 2), "a"),
            layer("shortcut", "Conv2D", (4, 4, 2), "a"),
            layer("sum", "Add", (4, 4, 2), "way", "shortcut"),
            layer("out", "Dense", (4, 4, 2), "sum"),
        ]
    )
    assert named(found) == [["image"], ["a"], ["way", "shortcut", "sum"], ["out"]]


def test_no_two_blocks_stand_at_one_place() -> None:
    # Attention: each block is scaled by a vector made of it, below as above.
    found = layer_blocks(
        [
            layer("image", "InputLayer", (8, 8, 1)),
            layer("a", "Conv2D", (8, 8, 2), "image"),
            layer("pool", "GlobalAveragePooling2D", (2,), "a"),
            layer("squeeze", "Dense", (2,), "pool"),
            layer("scaled", "Multiply", (8, 8, 2), "a", "squeeze"),
            layer("b", "Conv2D", (4, 4, 2), "scaled"),
            layer("c", "Conv2DTranspose", (8, 8, 2), "b"),
            layer("pool_c", "GlobalAveragePooling2D", (2,), "c"),
            layer("scaled_c", "Multiply", (8, 8, 2), "c", "pool_c"),
            layer("mask", "Conv2D", (8, 8, 2), "scaled_c"),
            layer("edge", "Conv2D", (8, 8, 2), "scaled_c"),
        ]
    )
    assert len(set(places(found))) == len(found)
    assert min(block.row for block in found) == 0
    assert {"mask", "edge"} <= {block.layers[0].name for block in found}
