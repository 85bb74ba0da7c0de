"""A network's card: its four figures, and its picture."""

import re

import pytest

from core.bundles.bundle import bundle_names, open_bundle
from panels.models.cards import card_figures, even_columns
from panels.models.diagram_layout import layer_blocks
from panels.models.network import network_layers
from panels.models.small_picture import is_grid, network_svg
from panels.shared.labels import NOT_AVAILABLE


def test_a_card_has_the_cards_figures_and_a_dash_for_a_task_that_the_network_does_not_do() -> None:
    bundle = open_bundle("report-cnn")
    accuracy = bundle.test_metrics.accuracy
    assert accuracy is not None
    figures = card_figures(bundle)
    assert figures["Accuracy"] == f"{100 * accuracy:.1f}\xa0%"
    assert figures["Dice"] == NOT_AVAILABLE
    assert figures["Series"] == NOT_AVAILABLE, "a series of a slice-level split leaks"
    series = open_bundle("report-cnn-patients").test_metrics.series_accuracy
    assert card_figures(open_bundle("report-cnn-patients"))["Series"] == f"{100 * (series or 0):.1f}\xa0%"
    assert figures["Parameters"] == f"{bundle.card.parameters.total / 1e6:.1f}\N{NO-BREAK SPACE}M"


@pytest.mark.parametrize("name", bundle_names())
def test_a_picture_has_a_bar_for_each_block_and_the_deepest_grid_is_the_lowest(name: str) -> None:
    blocks = layer_blocks(network_layers(open_bundle(name)))
    heights = [float(height) for height in re.findall(r'<rect [^>]*height="([\d.]+)"', network_svg(blocks, "red"))]
    assert len(heights) == len(blocks)
    sides = {place: block.shape[0] for place, block in enumerate(blocks) if is_grid(block)}
    assert heights[min(sides, key=sides.__getitem__)] == min(heights[place] for place in sides)


def test_rows_of_cards_are_as_even_as_can_be() -> None:
    assert [even_columns(cards) for cards in (0, 1, 7, 8, 10, 14, 15)] == [1, 1, 7, 4, 5, 7, 5]
