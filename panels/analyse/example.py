"""The example on the front page: a finished answer to the first sample, before a visitor has done anything."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.bundles.bundle import distinct_bundles
from core.inference.result import slice_result
from core.translation.messages import tr
from panels.analyse.overlay import draw_overlay
from panels.analyse.reliability import draw_how_often
from panels.shared import predictions
from panels.shared.answer import answer_container, draw_headline, draw_truth
from panels.shared.controls import errors_in_one_sentence
from panels.shared.model_choice import chosen_model
from panels.shared.slices.chosen import ChosenSlice
from panels.shared.slices.sample_buttons import first_readable_sample
from panels.shared.viewer.viewer import viewer_and_words


def draw_example(*, key: str) -> DeltaGenerator | None:
    """Draw the first sample in the viewer and the chosen networks' answer beside it.

    Args:
        key: tells it from others on the page.

    Returns:
        Where else to draw: below the answer. None where no sample can be read, which the gallery tells.
    """
    example = first_readable_sample()
    if example is None:
        return None
    picture, words = viewer_and_words(key=key)
    answer, below = words.container(), words.container()
    with answer, errors_in_one_sentence():
        identity, slice_ = example
        chosen = ChosenSlice(identity, slice_)
        classifier, segmenter = chosen_model().classifier, chosen_model().segmenter
        prediction = predictions.predict(slice_, identity, classifier=classifier, segmenter=segmenter)
        result = slice_result(slice_, prediction, distinct_bundles(classifier, segmenter))
        with picture:
            draw_overlay(chosen, prediction, key=f"{key}_viewer", with_prediction=True)
        with answer_container(result, key=f"{key}_words"):
            draw_headline(result, key=key)
            draw_how_often(result, classifier)
            draw_truth(result["truth"])
            st.page_link(
                "pages/analyse.py",
                label=tr("Why, how it was measured, downloads"),
                icon=":material/arrow_forward:",
                query_params=chosen.address,
            )
    return below
