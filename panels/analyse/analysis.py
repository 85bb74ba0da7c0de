"""The analysis of the chosen slice: the viewer, the answer, and details."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.bundles.bundle import LITE, distinct_bundles
from core.inference.result import slice_result
from core.translation.messages import tr
from panels.analyse import details
from panels.analyse.comparison import choose_other, draw_comparison, is_compared
from panels.analyse.overlay import draw_overlay
from panels.analyse.prediction import draw_mask_size, draw_withheld, warn_of_seen_slices
from panels.analyse.reliability import draw_how_often
from panels.shared import predictions
from panels.shared.answer import answer_container, draw_file_remarks, draw_headline, draw_truth
from panels.shared.model_choice import chosen_model, model_address
from panels.shared.slices.chosen import ChosenSlice
from panels.shared.viewer.viewer import draw_waiting, viewer_and_words
from panels.shared.volumes.place import stepping


def draw_analysis(
    chosen: ChosenSlice, *, key: str, columns: tuple[DeltaGenerator, DeltaGenerator] | None = None
) -> None:
    """Draw everything about a slice; on a telephone the answer follows the picture, then the rest.

    Args:
        chosen: the slice.
        key: of the viewer and of what stands beside it.
        columns: of ``viewer_and_words``, where the caller has drawn something beside the viewer.
    """
    slice_, slice_key, viewer = chosen.slice, str(chosen.identity), f"{key}_viewer"
    classifier, segmenter = chosen_model().classifier, chosen_model().segmenter
    is_asked = is_compared()
    if is_asked:
        choice, summary = st.columns([1, 2], gap="medium", vertical_alignment="bottom")
        with choice:
            other = choose_other((classifier, segmenter))
        if other:
            draw_comparison(chosen, ((classifier, segmenter), other), summary, key=f"{key}_compared")
            return

    image_column, answer_column = columns or viewer_and_words(key=key)
    image_area = image_column.empty()
    bundles = distinct_bundles(classifier, segmenter)
    is_new = not predictions.is_predicted(chosen.identity, classifier=classifier, segmenter=segmenter)
    # What another slice left goes before this one is asked about, not piece by piece as its own answer comes.
    answer_area, details_area = (answer_column.empty() if is_new else answer_column.container() for _ in range(2))
    if is_new and any(LITE not in bundle.card.files for bundle in bundles):
        with image_area:
            draw_waiting(slice_, key=viewer, group=viewer, adjusting=chosen.adjusting, volume=stepping(chosen))

    with answer_area:
        prediction = predictions.predict(slice_, chosen.identity, classifier=classifier, segmenter=segmenter)
    result = slice_result(slice_, prediction, bundles)
    with answer_area, answer_container(result, key=f"{key}_answer"):
        if chosen.count > 1:
            st.markdown(tr("**Slice {number} alone**", number=chosen.number))
        draw_headline(result, key=key)
        draw_how_often(result, classifier)
        is_shown = draw_withheld(result, key=key, slice_key=slice_key)
        with answer_container(result, is_shown, key=f"{key}_trust"):
            if is_shown:
                draw_mask_size(result)
            draw_truth(result["truth"], with_mask=is_shown)
            draw_file_remarks(slice_)
            warn_of_seen_slices(slice_, bundles)

    with image_area:
        draw_overlay(chosen, prediction, key=viewer, with_prediction=is_shown)
    with details_area, answer_container(result, is_shown, key=f"{key}_details"):
        address = chosen.address | model_address(classifier.name, segmenter.name)
        details.draw_why(result, address, with_class=is_shown, key=f"{key}_bars")
        details.draw_measured(result, prediction, classifier, segmenter, with_mask=is_shown)
        details.draw_model_inputs(prediction, *bundles)
        details.draw_downloads(chosen, prediction, result, with_mask=is_shown)
    if not is_asked:
        with answer_column:
            choose_other((classifier, segmenter))
