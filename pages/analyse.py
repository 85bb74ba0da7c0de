"""Analyse: one slice in, and at a glance the class, the mask and where the network looked."""

import streamlit as st

from core.bundles.bundle import distinct_bundles
from core.inference.result import slice_result, split_part
from panels import shell
from panels.analyse import details
from panels.analyse.welcome import draw_welcome
from panels.shared import answer, slice_image
from panels.shared.cache import is_predicted, predict
from panels.shared.model_choice import choose_networks
from panels.shared.slice_chooser import choose_slice

shell.require()

KEY = "analyse"
PICTURE_WIDTH = 560

st.title("Analyse a slice", anchor=False)
introduction = st.container()
chosen = choose_slice(key=KEY)
if chosen is None:
    with introduction:
        st.markdown(
            "Upload a contrast-enhanced T1 slice of a head, or press a sample. A network then names the kind of "
            "tumour, outlines it, and shows where it looked. SliceScope rebuilds the two networks of a 2023 course "
            "report, adds its own, and shows how often and why each of them is wrong."
        )
        draw_welcome()
    st.stop()

slice_ = chosen.slice
# Two rows, so that on a telephone the answer follows the picture and the controls come after both.
picture_column, answer_column = st.columns([PICTURE_WIDTH, 640], gap="medium")
settings_column, details_column = st.columns([PICTURE_WIDTH, 640], gap="medium")
picture_area = picture_column.container(width=PICTURE_WIDTH, key=f"{KEY}_picture").empty()

with answer_column:
    classifier, segmenter = choose_networks()
if not is_predicted(chosen.identity, classifier=classifier, segmenter=segmenter):
    with picture_area:
        slice_image.draw_slice(slice_)

with answer_column:
    prediction = predict(slice_, chosen.identity, classifier=classifier, segmenter=segmenter)
    asked = distinct_bundles(classifier, segmenter)
    said = slice_result(slice_, prediction, asked)
    is_shown = answer.draw_answer(said, key=f"{KEY}_bars", slice_key=str(chosen.identity))
    answer.draw_truth(said, with_mask=is_shown)
    if is_shown:
        answer.draw_mask_size(said)
    answer.draw_reliability(classifier, segmenter, with_network=is_shown)
    answer.draw_file_remarks(slice_)
    for bundle in asked:
        part = split_part(bundle, slice_)
        if part in ("train", "validation"):
            did = "has seen its answer" if part == "train" else "was chosen among its epochs by slices like it"
            st.warning(
                f"Slice {slice_.number} is in the {'training' if part == 'train' else part} part of {bundle.name}: "
                f"that network {did}.",
                icon=":material/school:",
            )

with settings_column:
    look = slice_image.overlay_controls(slice_, key=KEY, slice_key=str(chosen.identity), with_answers=is_shown)
    if is_shown:
        st.page_link(
            "pages/explain.py",
            label="Explain this answer: other methods, layers and classes",
            icon=":material/visibility:",
            query_params=chosen.address | {"bundle": classifier.name},
        )
with picture_area:
    slice_image.draw_overlay(slice_, prediction, look)

with details_column:
    details.draw_measurements(said, prediction, with_mask=is_shown)
    details.draw_model_inputs(prediction, *asked)
    details.draw_downloads(chosen, prediction, said, look, classifier, segmenter, with_mask=is_shown)
