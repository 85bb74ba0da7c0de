"""Explain: which parts of a slice spoke for an answer, and whether they are the tumour."""

import streamlit as st

from core.inference.gate import has_gate
from core.inference.result import slice_result, split_part
from panels import shell
from panels.explain import heat_maps, picture
from panels.explain.sanity_check import draw_sanity_check
from panels.explain.statistics import draw_statistics
from panels.shared import answer, slice_image
from panels.shared.cache import predict
from panels.shared.slice_chooser import choose_slice
from panels.shared.theme import CLASS_TITLES

shell.require()

KEY = "explain"
PICTURE_WIDTH = 560

st.title("Explain", anchor=False)
introduction = st.empty()
chosen = choose_slice(key=KEY)
if chosen is None:
    introduction.markdown(
        "Choose a slice, and see which parts of it spoke for a network's answer: five methods, any layer, each class. "
        "Below stands, for every test slice, whether that was the tumour."
    )
columns = st.columns(3)
with columns[0]:
    bundle = heat_maps.choose_explained_network()

if chosen is not None:
    slice_ = chosen.slice
    asked = heat_maps.choose_explanation(bundle, *columns[1:])
    every = asked.about == heat_maps.ALL_CLASSES
    # All three stand side by side across the page; one stands beside what is said of it.
    if every:
        picture_areas = [column.empty() for column in st.columns(len(bundle.card["classes"]))]
        said_column, look_column = st.columns(2, gap="medium")
    else:
        left, right = st.columns([PICTURE_WIDTH, 640], gap="medium")
        picture_areas = [left.container(width=PICTURE_WIDTH).empty()]
        said_column = look_column = right
    said_area = said_column.empty()
    with look_column:
        look = picture.display_controls(slice_, of_mask=asked.about == heat_maps.PREDICTED_MASK)
    shown = heat_maps.available_heat_maps(slice_, chosen.identity, bundle, asked)
    if shown is None:
        for area in picture_areas:
            with area:
                slice_image.draw_slice(slice_)
        with said_area.container():
            shown = heat_maps.make_heat_maps(slice_, chosen.identity, bundle, asked)
    for area, one in zip(picture_areas, shown, strict=True):
        with area.container():
            picture.draw_heat_map(
                slice_,
                one,
                look,
                method=asked.method,
                name=CLASS_TITLES[one.class_name] if every else slice_.name,
            )
    with said_area.container():
        said = None
        # Of the data set's slices, which all have a tumour, stored answers are shown without loading TensorFlow.
        if slice_.number is None and has_gate(bundle):
            prediction = predict(slice_, chosen.identity, classifier=bundle, segmenter=bundle)
            said = slice_result(slice_, prediction, (bundle,))
        picture.draw_prediction(
            slice_, shown[0], said, of_likeliest=asked.about == heat_maps.PREDICTED_CLASS, key=f"{KEY}_bars"
        )
        picture.draw_localisation(slice_, shown)
        answer.draw_file_remarks(slice_)
        if split_part(bundle, slice_) == "train":
            st.caption(f":material/school: {bundle.name} has trained on this slice.")
        st.download_button(
            "Heat map PNG",
            lambda: picture.heat_maps_png(slice_, shown, look),
            f"{KEY}-{asked.method}.png",
            "image/png",
            on_click="ignore",
            icon=":material/download:",
        )
    draw_sanity_check(slice_, chosen.identity, bundle, asked, look)

st.header("Does the heat fall on the tumour?", anchor=False)
draw_statistics(bundle, key=f"{KEY}_statistics")

st.subheader("What a heat map says, and what it does not", anchor=False)
st.markdown(
    "A heat map says which places of one layer moved the network's score for one answer. It does not say that the "
    "network knows a tumour when it sees one, nor that the answer is right: a wrong answer has a heat map as tidy as a "
    "right one. Methods and layers disagree about the same answer, and a deep layer is coarse, so the edges of its "
    "heat mean little. Heat beside the tumour is a reason to doubt, for the network may be going by the shape of the "
    "head or by the frame of the picture; heat on the tumour is no proof that it is not."
)
