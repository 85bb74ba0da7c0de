"""Heat-map localisation on one slice: whether the heat falls on the true mask."""

import pandas as pd
import streamlit as st

from core.labels import CLASS_LABELS
from core.metrics.localisation import chance_level, heat_inside, pointing_game_hit
from core.readers.slices import Slice
from panels.explain.heat_maps import HeatMapView
from panels.shared.labels import term
from panels.shared.slices.image import has_true_tumour
from panels.shared.theme import percent


def draw_localisation(slice_: Slice, views: list[HeatMapView]) -> None:
    """Draw the share of heat on the tumour, the chance level and the pointing game, where the true mask is known."""
    if not has_true_tumour(slice_):
        st.caption("This slice has no true mask, so heat-map localisation is not measured.")
        return
    assert slice_.mask is not None
    shares = [percent(heat_inside(view.heat, slice_.mask)) for view in views]
    hits = ["hit" if pointing_game_hit(view.heat, slice_.mask, tolerance_px=0) else "miss" for view in views]
    chance = percent(chance_level(slice_.mask))
    if len(views) == 1:
        with st.container(horizontal=True, gap="medium"):
            st.metric("Heat on the tumour", shares[0])
            st.metric("Chance level", chance)
            st.metric("Pointing game", hits[0])
    else:
        table = pd.DataFrame(
            {
                "Class": [CLASS_LABELS[view.class_name].title for view in views],
                "Heat on the tumour": shares,
                "Chance level": chance,
                "Pointing game": hits,
            }
        )
        st.dataframe(table, hide_index=True, alt="Heat-map localisation for each class")
    st.caption(
        f"The share of all heat inside the true mask, its {term('chance-level', 'chance level')}, and the "
        f"{term('pointing-game', 'pointing game')}, without tolerance."
    )
