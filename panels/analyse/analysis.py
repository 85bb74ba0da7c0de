"""The analysis of the chosen slice: picture and answer, controls of the picture, and details."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.bundles.bundle import LITE, distinct_bundles
from core.inference.predictor import Prediction
from core.inference.render import DisplayOptions
from core.inference.result import slice_result
from core.readers.slices import Slice
from panels.analyse import details
from panels.analyse.overlay import draw_overlay, overlay_controls
from panels.analyse.prediction import draw_answer, draw_mask_size, warn_of_seen_slices
from panels.analyse.reliability import draw_reliability
from panels.shared import predictions
from panels.shared.answer import answer_container, draw_file_remarks, draw_truth
from panels.shared.controls import fragment
from panels.shared.model_choice import choose_networks
from panels.shared.slices.chooser import ChosenSlice
from panels.shared.slices.image import draw_slice

_IMAGE_WIDTH = 560


def draw_analysis(chosen: ChosenSlice, *, key: str) -> None:
    """Draw everything about a slice: two rows, so that on a telephone the answer follows the image, then the rest."""
    slice_, slice_key = chosen.slice, str(chosen.identity)
    image_column, answer_column = st.columns([_IMAGE_WIDTH, 640], gap="medium")
    settings_column, details_column = st.columns([_IMAGE_WIDTH, 640], gap="medium")
    image_area = image_column.container(width=_IMAGE_WIDTH, key=f"{key}_picture").empty()

    with answer_column:
        classifier, segmenter = choose_networks()
    bundles = distinct_bundles(classifier, segmenter)
    is_new = not predictions.is_predicted(chosen.identity, classifier=classifier, segmenter=segmenter)
    # What another slice left goes before this one is asked about, not piece by piece as its own answer comes.
    answer_area, details_area = (
        column.empty() if is_new else column.container() for column in (answer_column, details_column)
    )
    if is_new and any(LITE not in bundle.card.files for bundle in bundles):
        with image_area:
            draw_slice(slice_)

    with answer_area:
        prediction = predictions.predict(slice_, chosen.identity, classifier=classifier, segmenter=segmenter)
    result = slice_result(slice_, prediction, bundles)
    with answer_area, answer_container(result, key=f"{key}_answer"):
        is_shown = draw_answer(result, key=f"{key}_bars", slice_key=slice_key)
        with answer_container(result, is_shown, key=f"{key}_trust"):
            draw_truth(result["truth"], with_mask=is_shown)
            if is_shown:
                draw_mask_size(result)
            draw_reliability(classifier, segmenter, with_network=is_shown)
            draw_file_remarks(slice_)
            warn_of_seen_slices(slice_, bundles)

    shown: list[DisplayOptions] = []
    with settings_column:
        _draw_picture(slice_, prediction, shown, image_area, key=key, slice_key=slice_key, with_prediction=is_shown)
        if is_shown:
            st.page_link(
                "pages/explain.py",
                label="Explain this answer: other methods, layers and classes",
                icon=":material/visibility:",
                query_params=chosen.address | {"bundle": classifier.name},
            )

    with details_area, answer_container(result, is_shown, key=f"{key}_details"):
        details.draw_measurements(result, prediction, with_mask=is_shown)
        details.draw_model_inputs(prediction, *bundles)
        details.draw_downloads(chosen, prediction, result, lambda: shown[-1], classifier, segmenter, with_mask=is_shown)


@fragment
def _draw_picture(
    slice_: Slice,
    prediction: Prediction,
    shown: list[DisplayOptions],
    image_area: DeltaGenerator,
    *,
    key: str,
    slice_key: str,
    with_prediction: bool,
) -> None:
    """Draw the controls of the picture and, in ``image_area``, the picture; a control redraws nothing else.

    Args:
        slice_: the slice.
        prediction: of the slice.
        shown: receives how the picture is drawn, for its download.
        image_area: an ``st.empty``.
        key, slice_key, with_prediction: see ``overlay_controls``.
    """
    shown[:] = [overlay_controls(slice_, key=key, slice_key=slice_key, with_prediction=with_prediction)]
    with image_area:
        draw_overlay(slice_, prediction, shown[-1])
