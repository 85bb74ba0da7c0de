"""Whether the heat of heat maps falls on the true mask of one slice, and how far the maps agree."""

from html import escape
from itertools import combinations

import pandas as pd
import streamlit as st

from core.metrics.agreement import hottest_overlap, rank_correlation
from core.metrics.localisation import chance_level, heat_inside, pointing_game_hit
from core.readers.slices import Slice
from core.translation.messages import tr
from core.translation.numbers import number_text
from panels.explain.controls import method_title
from panels.explain.heat_maps import HeatMapView
from panels.shared.labels import NOT_AVAILABLE, term
from panels.shared.slices.image import has_true_tumour
from panels.shared.theme import percent, whole_percent

_HOTTEST = 0.1
"""The share of a slice's pixels whose overlap is measured."""


def localisation_figures(slice_: Slice, view: HeatMapView | None) -> dict[str, str]:
    """Return the figures of a heat map by title, dashes as long as it is not made; none without a true mask."""
    if not has_true_tumour(slice_) or slice_.mask is None:
        return {}
    inside = hit = NOT_AVAILABLE
    if view is not None:
        inside = percent(heat_inside(view.heat, slice_.mask))
        is_hit = pointing_game_hit(view.heat, slice_.mask, tolerance_px=0)
        hit = tr("hit") if is_hit else tr("miss")
    return {
        tr("Heat on the tumour"): inside,
        tr("Chance level"): percent(chance_level(slice_.mask)),
        tr("Pointing game"): hit,
    }


def draw_localisation(slice_: Slice, view: HeatMapView | None) -> None:
    """Draw the figures below a heat map; the room that they take does not depend on whether it is made."""
    figures = localisation_figures(slice_, view)
    if figures:
        rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(text)}</dd></div>" for name, text in figures.items())
        st.html(f'<dl class="figures">{rows}</dl>')


def draw_localisation_note(slice_: Slice) -> None:
    """Say what the figures are, or why there are none."""
    if not has_true_tumour(slice_):
        st.caption(tr("This slice has no true mask, so heat-map localisation is not measured."))
        return
    st.caption(
        tr(
            "The share of all heat inside the true mask, its {chance_level}, and the {pointing_game}, "
            "without tolerance.",
            chance_level=term("chance-level", tr("chance level")),
            pointing_game=term("pointing-game", tr("pointing game")),
        )
    )


def agreement_table(methods: list[str], views: list[HeatMapView | None]) -> pd.DataFrame:
    """Return a row for each two methods; dashes as long as one of their maps is not made.

    Args:
        methods: of the maps.
        views: their maps, of one output.
    """
    rows = []
    for (first, own), (second, other) in combinations(zip(methods, views, strict=True), 2):
        ranks = overlap = NOT_AVAILABLE
        if own is not None and other is not None:
            ranks = number_text(rank_correlation(own.heat, other.heat), ".2f")
            overlap = number_text(hottest_overlap(own.heat, other.heat, share=_HOTTEST), ".2f")
        names = tr("{first} and {second}", first=method_title(first), second=method_title(second))
        rows.append({tr("Agreement"): names, tr("Rank correlation"): ranks, tr("Hottest tenth, IoU"): overlap})
    return pd.DataFrame(rows)


def draw_agreement(methods: list[str], views: list[HeatMapView | None]) -> None:
    """Draw how far the maps of several methods agree; nothing for one. Arguments as for ``agreement_table``."""
    if len(methods) < 2:
        return
    st.table(
        agreement_table(methods, views), hide_index=True, border="horizontal", alt=tr("Agreement of the heat maps")
    )
    st.caption(
        tr("1 is full agreement."),
        help=tr(
            "Rank correlation: Spearman's, of all pixels; 0 is unrelated, -1 the reverse. Hottest tenth: "
            "the hottest {share} of each map's pixels, those that both share divided by those that "
            "either has.",
            share=whole_percent(_HOTTEST),
        ),
    )
