"""A volume on Analyse: the choice of a slice, the volume's answer, and the slice's."""

import streamlit as st

from panels.analyse.analysis import draw_analysis
from panels.analyse.comparison import is_compared
from panels.analyse.volume.answer import draw_volume_answer, largest_mask
from panels.shared.controls import fragment
from panels.shared.model_choice import chosen_model
from panels.shared.slices.chosen import ChosenVolume
from panels.shared.viewer.viewer import viewer_and_words
from panels.shared.volumes.place import choose_place


@fragment
def draw_volume(chosen: ChosenVolume, *, key: str) -> None:
    """Draw a volume; a step to another slice draws nothing else of the page."""
    model = chosen_model()
    networks = model.classifier, model.segmenter
    # Beside the picture, which stands in the first screen so; the two of a comparison take the whole width.
    columns = None if is_compared() else viewer_and_words(key=key)
    with columns[1] if columns else st.container():
        shown = choose_place(chosen, opening=lambda plane: largest_mask(chosen, plane, networks))
        if shown.count > 1:
            draw_volume_answer(chosen, shown.plane, shown.number, networks, key=f"{key}_volume")
    draw_analysis(shown, key=key, columns=columns)
