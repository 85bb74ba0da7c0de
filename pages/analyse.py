"""Analyse: one slice in, and at a glance the class, the mask and where the network looked."""

import json
from pathlib import Path

import streamlit as st

from core.bundles import open_bundle
from core.overlay import (
    COLOUR_MAPS,
    PREDICTED_COLOUR,
    TRUE_COLOUR,
    default_window,
    grey_picture,
    png,
    with_heat,
    with_mask,
)
from core.results import part_in, result, table_csv
from panels import answer, frame
from panels.chooser import choose_slice
from panels.loaders import bundle_names, predict

frame.require()

KEY = "analyse"
PICTURE_WIDTH = 560

st.title("Analyse a slice", anchor=False)
introduction = st.empty()
chosen = choose_slice(key=KEY)
if chosen is None:
    introduction.markdown(
        "Upload a contrast-enhanced T1 slice of a head, or press a sample. Two networks then name the kind of "
        "tumour, outline it, and show where they looked."
    )
    st.stop()

slice_ = chosen.slice
picture_column, answer_column = st.columns([PICTURE_WIDTH, 640], gap="medium")
picture_area = picture_column.container(width=PICTURE_WIDTH).empty()
settings = picture_column.container()
low, high = default_window(slice_.pixels)
# The slice itself is there at once, also while the networks load for the first time.
picture_area.image(grey_picture(slice_.pixels, low, high), width="stretch", output_format="PNG", alt="The slice")
with answer_column:
    answer_area = st.container()
    with st.expander("Networks", icon=":material/hub:"):
        classifier = open_bundle(st.selectbox("Class by", bundle_names("classification"), key=f"{KEY}_classifier"))
        segmenter = open_bundle(st.selectbox("Mask by", bundle_names("segmentation"), key=f"{KEY}_segmenter"))

with answer_area:
    prediction = predict(slice_, chosen.identity, classifier=classifier, segmenter=segmenter)
    said = result(slice_, prediction, (classifier, segmenter))
    answer.class_answer(said, key=f"{KEY}_bars")
    answer.truth_line(said)
    answer.size_line(said)
    for note in slice_.notes:
        st.info(note, icon=":material/info:")
    for bundle in (classifier, segmenter):
        if part_in(bundle, slice_) == "train":
            st.warning(
                f"Slice {slice_.number} is in the training part of {bundle.name}: that network has seen its answer.",
                icon=":material/school:",
            )
    answer.trust(classifier, segmenter)

with settings:
    layers = ["Mask", "Heat map"] + (["True mask"] if slice_.mask is not None and slice_.mask.any() else [])
    shown = st.pills("Shown over the slice", layers, selection_mode="multi", default=layers, key=f"{KEY}_layers")
    bottom, top = float(slice_.pixels.min()), float(slice_.pixels.max())
    with st.expander("Window, opacity, colours", icon=":material/tune:"):
        low, high = st.slider(
            "Window: intensities shown from black to white",
            bottom,
            top,
            (low, high),
            key=f"{KEY}_window_{chosen.identity}",
        )
        heat_opacity = st.slider("Opacity of the heat map", 0.0, 1.0, 0.5, 0.05, key=f"{KEY}_heat")
        mask_opacity = st.slider("Opacity of the masks", 0.0, 1.0, 0.9, 0.05, key=f"{KEY}_mask")
        fill = st.segmented_control("Masks as", ["Outline", "Fill"], default="Outline", key=f"{KEY}_fill") == "Fill"
        colour_map = st.selectbox("Colours of the heat map", COLOUR_MAPS, key=f"{KEY}_colours")

    picture = grey_picture(slice_.pixels, low, high)
    if "Heat map" in shown:
        picture = with_heat(picture, prediction.heat, opacity=heat_opacity, colour_map=colour_map)
    if "True mask" in shown and slice_.mask is not None:
        picture = with_mask(picture, slice_.mask, colour=TRUE_COLOUR, opacity=mask_opacity, fill=fill)
    if "Mask" in shown:
        picture = with_mask(picture, prediction.mask, colour=PREDICTED_COLOUR, opacity=mask_opacity, fill=fill)
    legend = {"Mask": "cyan: predicted mask", "True mask": "yellow: true mask", "Heat map": "glow: spoke for the class"}
    caption = "; ".join([slice_.name.replace("_", r"\_"), *(text for name, text in legend.items() if name in shown)])
    alt = f"The slice with {' and '.join(shown).lower() or 'nothing'} over it; the text beside it says what was found"
    picture_area.image(picture, width="stretch", output_format="PNG", caption=caption, alt=alt)

with answer_column:
    with st.expander("Measurements", icon=":material/straighten:"):
        mask = said["mask"]
        st.markdown(
            f"- Slice: {said['width']} x {said['height']} px\n"
            f"- Mask: {mask['area_px']} px in {mask['parts']} part(s), where the tumour's probability is at least "
            f"{mask['threshold']}"
        )
        if mask["spacing_mm"] is None:
            st.markdown("- Millimetres: unknown, for the file states no pixel spacing")
        else:
            st.markdown(f"- Pixel spacing {mask['spacing_mm']} mm, {slice_.spacing_source}")
            if mask["area_mm2"] is not None:
                st.markdown(
                    f"- Area {mask['area_mm2']} mm²; longest diameter of the largest part "
                    f"{mask['longest_diameter_mm']} mm (Feret)"
                )
        st.markdown(f"- Time for class, mask and heat map: {prediction.seconds * 1000:.0f} ms")
    with st.expander("What the networks were fed", icon=":material/input:"):
        for bundle in (classifier, segmenter):
            fed = prediction.fed[bundle.name]
            st.image(fed, width=240, caption=f"{bundle.name}: {fed.shape[1]} x {fed.shape[0]} px, values 0 to 1")
            st.caption(bundle.card["input"]["description"])
    with st.expander("Download", icon=":material/download:"):
        stem = Path(slice_.name).stem.replace(" ", "-").replace(",", "")
        with st.container(horizontal=True):
            st.download_button("Overlay PNG", png(picture), f"{stem}-overlay.png", "image/png", on_click="ignore")
            st.download_button("Mask PNG", png(prediction.mask), f"{stem}-mask.png", "image/png", on_click="ignore")
            st.download_button(
                "JSON", json.dumps(said, indent=2), f"{stem}.json", "application/json", on_click="ignore"
            )
        if len(chosen.uploads) > 1 and st.button(f"Analyse all {len(chosen.uploads)} uploads"):
            with st.spinner("Asking the networks, slice by slice"):
                everything = [
                    result(
                        one, predict(one, identity, classifier=classifier, segmenter=segmenter), (classifier, segmenter)
                    )
                    for identity, one in chosen.uploads.items()
                ]
            st.download_button("CSV of all", table_csv(everything), "slices.csv", "text/csv", on_click="ignore")
