"""Explain: which parts of a slice are evidence for a network's prediction, and whether they are the tumour."""

from functools import partial

import streamlit as st

from core.bundles.measured_gate import has_gate
from core.inference.result import slice_result, split_part
from core.translation.messages import tr
from panels import shell
from panels.explain.controls import (
    PREDICTED_CLASS,
    choose_explanation,
    choose_output,
)
from panels.explain.drawings import draw_drawings
from panels.explain.localisation import draw_localisation_note
from panels.explain.picture import heat_maps_png
from panels.explain.prediction import draw_prediction
from panels.explain.sanity_check import draw_sanity_check
from panels.explain.side_by_side import draw_heat_maps
from panels.explain.statistics import draw_statistics
from panels.shared.answer import answer_container, draw_file_remarks
from panels.shared.controls import file_button
from panels.shared.labels import bundle_title, term
from panels.shared.model_choice import chosen_model
from panels.shared.predictions import predict
from panels.shared.slices.chooser import choose_image
from panels.shared.slices.chosen import ChosenVolume
from panels.shared.viewer.viewer import viewer_and_words
from panels.shared.volumes.place import choose_place

shell.require()

KEY = "explain"


def _introduce() -> None:
    st.markdown(
        tr(
            "Choose a slice to see which parts of it are evidence for a network's prediction: {heat_map} by "
            "five methods, such as {grad_cam}, of any layer and class. Here is an example.",
            heat_map=term("heat-map", tr("heat maps")),
            grad_cam=term("grad-cam"),
        )
    )


image = choose_image(key=KEY, introduce=_introduce, with_example=True)
left, right = viewer_and_words(key=KEY, share=0.67) if image else (st.container(), st.container())
with right:
    chosen = choose_place(image) if isinstance(image, ChosenVolume) else image
    output, bundle = choose_output(chosen_model())
    requests = choose_explanation(output, bundle, of_example=chosen is not None and chosen.is_example)

if chosen is not None:
    slice_ = chosen.slice
    with right:
        text_area = st.container(key=f"{KEY}_words").empty()
    with left:
        views = draw_heat_maps(chosen, bundle, requests, waiting=text_area, key=KEY)
    true_pixels = None if slice_.mask is None else int(slice_.mask.sum())
    answered = chosen.identity, bundle.fingerprint, *requests, true_pixels
    with text_area, answer_container(*answered, key=f"{KEY}_answer"):
        result = None
        # The data set's slices all have a tumour: their stored predictions are shown without loading TensorFlow.
        if slice_.number is None and has_gate(bundle):
            prediction = predict(slice_, chosen.identity, classifier=bundle, segmenter=bundle)
            result = slice_result(slice_, prediction, (bundle,))
        of_predicted_class = output == PREDICTED_CLASS
        draw_prediction(slice_, views[0], result, of_predicted_class=of_predicted_class, key=f"{KEY}_bars")
        draw_localisation_note(slice_)
        draw_file_remarks(slice_)
        if split_part(bundle, slice_) == "train":
            st.caption(tr(":material/school: This slice was in training for {bundle}.", bundle=bundle_title(bundle)))
        file_button(partial(heat_maps_png, slice_, views), tr("Heat maps PNG"), f"{KEY}.png")
    draw_sanity_check(slice_, chosen.identity, bundle, requests)

st.header(tr("Heat-map localisation on the test set"), anchor=False)
draw_statistics(bundle, key=f"{KEY}_statistics")

draw_drawings(bundle)

with st.expander(tr("What a heat map shows, and what it does not"), icon=":material/info:"):
    st.markdown(
        tr(
            "A heat map shows which places of one layer changed the network's score for one output. It does "
            "not show that the network recognises a tumour, nor that the prediction is right: the heat map "
            "of a wrong prediction is as tidy as that of a right one. Methods and layers disagree about the "
            "same prediction. A deep layer is coarse, so the edges of its heat mean little. Heat beside the "
            "tumour is a reason to doubt: the network may use a {shortcut}, such as the shape or the "
            "position of the head. Heat on the tumour does not prove that it uses none.",
            shortcut=term("shortcut", tr("shortcut")),
        )
    )
