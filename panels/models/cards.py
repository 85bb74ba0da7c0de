"""A card for each network: four figures and a small picture; a press opens the network below."""

from collections.abc import Sequence
from contextlib import suppress
from html import escape
from math import ceil

import streamlit as st

from core.bundles.bundle import Bundle
from core.errors import BundleError
from core.translation.messages import tr
from panels.models.diagram_layout import layer_blocks
from panels.models.network import network_layers
from panels.models.small_picture import network_svg
from panels.shared.labels import NOT_AVAILABLE, metric_text, split_level_of
from panels.shared.link.address import change
from panels.shared.theme import theme_colour

_MOST_COLUMNS = 7
"""Of cards, on a wide window."""


def draw_cards(bundles: Sequence[Bundle], *, chosen: str, key: str) -> None:
    """Draw the cards; a press on one puts its bundle's name into the session's ``key``.

    Args:
        bundles: one a card.
        chosen: name of the bundle that is open now.
        key: of the select box that opens bundles.
    """

    def open_network(name: str) -> None:
        st.session_state[key] = name
        change({key: [name]})

    grid = st.grid(even_columns(len(bundles)), min_column_width=158, gap="small")
    for bundle in bundles:
        with grid.container(border=True, gap="small", key=f"models_thumbnail_{bundle.name}"):
            st.button(
                f"**{bundle.title}**" if bundle.name == chosen else bundle.title,
                key=f"models_card_{bundle.name}",
                on_click=open_network,
                args=(bundle.name,),
                type="tertiary",
                width="stretch",
            )
            _draw_picture(bundle)
            st.html(_figures_html(bundle))


def even_columns(cards: int) -> int:
    """Return how many columns give the fewest rows on a wide window, with the last row as full as can be."""
    rows = max(1, ceil(cards / _MOST_COLUMNS))
    return max(1, ceil(cards / rows))


def card_figures(bundle: Bundle) -> dict[str, str]:
    """Return a card's figures by title: accuracy by slice and of series, mean Dice, millions of parameters.

    A dash stands for none; a series of a slice-level split leaks, and has none.
    """
    metrics = bundle.card.metrics.test
    values = {name: getattr(metrics, name, None) for name in ("accuracy", "series_accuracy", "dice_mean")}
    texts = {name: NOT_AVAILABLE if value is None else metric_text(name, value) for name, value in values.items()}
    return {
        tr("Accuracy"): texts["accuracy"],
        tr("Series"): texts["series_accuracy"],
        tr("Dice"): texts["dice_mean"],
        tr("Parameters"): tr("{millions:.1f}\N{NO-BREAK SPACE}M", millions=bundle.card.parameters.total / 1e6),
    }


def _figures_html(bundle: Bundle) -> str:
    rows = "".join(
        f"<div><dt>{escape(title)}</dt><dd>{escape(text)}</dd></div>" for title, text in card_figures(bundle).items()
    )
    return f'<div class="model-card"><dl class="figures">{rows}</dl><p>{escape(split_level_of(bundle))}</p></div>'


def _draw_picture(bundle: Bundle) -> None:
    """Draw the network's picture; nothing where its layers cannot be read, which the opened network tells."""
    with suppress(BundleError):
        picture = network_svg(layer_blocks(network_layers(bundle)), theme_colour("primaryColor"))
        st.image(picture, width=120, alt=tr("The network of {card}", card=bundle.title))
