"""Analyse: one slice in; class, mask and heat map out."""

import streamlit as st

from core.bundles.bundle import distinct_bundles
from core.inference.result import slice_result
from panels import shell
from panels.analyse import details
from panels.analyse.overlay import draw_overlay, overlay_controls
from panels.analyse.prediction import draw_answer, draw_mask_size, warn_of_seen_slices
from panels.analyse.reliability import draw_reliability
from panels.analyse.welcome import draw_welcome
from panels.shared.answer import draw_file_remarks, draw_truth
from panels.shared.cache import is_predicted, predict
from panels.shared.model_choice import choose_networks
from panels.shared.slice_chooser import choose_slice
from panels.shared.slice_image import draw_slice

shell.require()

KEY = "analyse"
IMAGE_WIDTH = 560

st.title("Analyse a slice", anchor=False)
introduction = st.container()
chosen = choose_slice(key=KEY)
if chosen is None:
    with introduction:
        st.markdown(
            "Upload a contrast-enhanced T1 slice of a head, or press a sample. A network classifies the tumour, "
            "outlines it, and shows the evidence as a heat map. SliceScope rebuilds the two networks of a 2023 course "
            "report, adds its own, and shows how often and why each of them is wrong."
        )
        draw_welcome()
    st.stop()

slice_ = chosen.slice
# Two rows, so that on a telephone the answer follows the image and the controls come after both.
image_column, answer_column = st.columns([IMAGE_WIDTH, 640], gap="medium")
settings_column, details_column = st.columns([IMAGE_WIDTH, 640], gap="medium")
image_area = image_column.container(width=IMAGE_WIDTH, key=f"{KEY}_picture").empty()

with answer_column:
    classifier, segmenter = choose_networks()
if not is_predicted(chosen.identity, classifier=classifier, segmenter=segmenter):
    with image_area:
        draw_slice(slice_)

with answer_column:
    prediction = predict(slice_, chosen.identity, classifier=classifier, segmenter=segmenter)
    bundles = distinct_bundles(classifier, segmenter)
    result = slice_result(slice_, prediction, bundles)
    is_shown = draw_answer(result, key=f"{KEY}_bars", slice_key=str(chosen.identity))
    draw_truth(result["truth"], with_mask=is_shown)
    if is_shown:
        draw_mask_size(result)
    draw_reliability(classifier, segmenter, with_network=is_shown)
    draw_file_remarks(slice_)
    warn_of_seen_slices(slice_, bundles)

with settings_column:
    options = overlay_controls(slice_, key=KEY, slice_key=str(chosen.identity), with_prediction=is_shown)
    if is_shown:
        st.page_link(
            "pages/explain.py",
            label="Explain this answer: other methods, layers and classes",
            icon=":material/visibility:",
            query_params=chosen.address | {"bundle": classifier.name},
        )
with image_area:
    draw_overlay(slice_, prediction, options)

with details_column:
    details.draw_measurements(result, prediction, with_mask=is_shown)
    details.draw_model_inputs(prediction, *bundles)
    details.draw_downloads(chosen, prediction, result, options, classifier, segmenter, with_mask=is_shown)
