"""Analyse: one slice in; class, mask and heat map out."""

import streamlit as st

from panels import shell
from panels.analyse.preparation import prepare_first_answer
from panels.analyse.welcome import draw_welcome
from panels.shared.slices.chooser import choose_slice

shell.require()

KEY = "analyse"

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
    prepare_first_answer()
else:
    # Only now: what an answer needs would make the first page slow.
    from panels.analyse.analysis import draw_analysis

    draw_analysis(chosen, key=KEY)
