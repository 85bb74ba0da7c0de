"""Explain: which parts of a slice are evidence for a network's prediction, and whether they are the tumour."""

from functools import partial

import streamlit as st

from core.bundles.measured_gate import has_gate
from core.inference.render import DisplayOptions
from core.inference.result import slice_result, split_part
from panels import shell
from panels.explain.controls import (
    ALL_CLASSES,
    PREDICTED_CLASS,
    choose_explained_network,
    choose_explanation,
)
from panels.explain.display import draw_heat_maps
from panels.explain.drawings import draw_drawings
from panels.explain.heat_maps import available_heat_maps, make_heat_maps
from panels.explain.localisation import draw_localisation
from panels.explain.picture import heat_maps_png
from panels.explain.prediction import draw_prediction
from panels.explain.statistics import draw_statistics
from panels.shared.answer import answer_container, draw_file_remarks
from panels.shared.controls import file_button
from panels.shared.predictions import predict
from panels.shared.slices.chooser import choose_slice
from panels.shared.slices.image import draw_slice

shell.require()

KEY = "explain"
IMAGE_WIDTH = 560

st.title("Explain", anchor=False)
introduction = st.empty()
chosen = choose_slice(key=KEY)
if chosen is None:
    introduction.markdown(
        "Choose a slice to see which parts of it are evidence for a network's prediction: five methods, any layer, "
        "each class. Below is the heat-map localisation over the whole test set."
    )
columns = st.columns(3)
with columns[0]:
    bundle = choose_explained_network()

if chosen is not None:
    slice_ = chosen.slice
    request = choose_explanation(bundle, *columns[1:])
    # Several heat maps stand side by side across the page; a single one stands beside its prediction.
    if request.output == ALL_CLASSES:
        image_areas = [column.empty() for column in st.columns(len(bundle.card.classes))]
        text_column, controls_column = st.columns(2, gap="medium")
    else:
        left, right = st.columns([IMAGE_WIDTH, 640], gap="medium")
        image_areas = [left.container(width=IMAGE_WIDTH).empty()]
        text_column = controls_column = right
    text_area = text_column.empty()
    sanity_area = st.container()
    views = available_heat_maps(slice_, chosen.identity, bundle, request)
    if views is None:
        for area in image_areas:
            with area:
                draw_slice(slice_)
        with text_area.container():
            views = make_heat_maps(slice_, chosen.identity, bundle, request)
    shown: list[DisplayOptions] = []
    with controls_column:
        draw_heat_maps(
            slice_,
            chosen.identity,
            bundle,
            request,
            views,
            shown,
            image_areas=image_areas,
            sanity_area=sanity_area,
        )
    true_pixels = None if slice_.mask is None else int(slice_.mask.sum())
    answered = chosen.identity, bundle.fingerprint, request, true_pixels
    with text_area, answer_container(*answered, key=f"{KEY}_answer"):
        result = None
        # The data set's slices all have a tumour: their stored predictions are shown without loading TensorFlow.
        if slice_.number is None and has_gate(bundle):
            prediction = predict(slice_, chosen.identity, classifier=bundle, segmenter=bundle)
            result = slice_result(slice_, prediction, (bundle,))
        of_predicted_class = request.output == PREDICTED_CLASS
        draw_prediction(slice_, views[0], result, of_predicted_class=of_predicted_class, key=f"{KEY}_bars")
        draw_localisation(slice_, views)
        draw_file_remarks(slice_)
        if split_part(bundle, slice_) == "train":
            st.caption(f":material/school: This slice was in training for {bundle.name}.")
        make_png = partial(heat_maps_png, slice_, views)
        file_button(lambda: make_png(shown[-1]), "Heat map PNG", f"{KEY}-{request.method}.png")

st.header("Heat-map localisation on the test set", anchor=False)
draw_statistics(bundle, key=f"{KEY}_statistics")

draw_drawings(bundle)

st.subheader("What a heat map shows, and what it does not", anchor=False)
st.markdown(
    "A heat map shows which places of one layer changed the network's score for one output. It does not show that the "
    "network recognises a tumour, nor that the prediction is right: the heat map of a wrong prediction is as tidy as "
    "that of a right one. Methods and layers disagree about the same prediction. A deep layer is coarse, so the edges "
    "of its heat mean little. Heat beside the tumour is a reason to doubt: the network may use a shortcut, such as the "
    "shape or the position of the head. Heat on the tumour does not prove that it uses none."
)
