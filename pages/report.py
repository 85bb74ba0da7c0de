"""The report: every figure and table of the course report, in its order, beside ours."""

import streamlit as st

from core.translation.messages import mark, tr
from panels import shell
from panels.report.classification import draw_classification
from panels.report.data_set import draw_data_set
from panels.report.difference import draw_difference
from panels.report.future_work import draw_future_work
from panels.report.layout import draw_style
from panels.report.segmentation import draw_segmentation
from panels.shared.controls import errors_in_one_sentence

shell.require()

SECTIONS = {
    mark("6 · Data set"): draw_data_set,
    mark("7 · Classification"): draw_classification,
    mark("8 · Segmentation"): draw_segmentation,
    mark("8.2 · Future work"): draw_future_work,
}

draw_style()
st.markdown(tr("The course report (*Trabajo Práctico Integrador, Redes Neuronales Artificiales*, 2023) beside ours."))
with errors_in_one_sentence():
    draw_difference()
for title, draw in SECTIONS.items():
    st.header(tr(title), anchor=False)
    with errors_in_one_sentence():
        draw()
