"""Data: what the data set is, who is in it, what its splits let leak, and what of it is on this machine."""

import streamlit as st

from core.dataset import citation, splits
from core.dataset.lookup import store_state
from core.dataset.splits import SPLIT_NAMES
from core.dataset.store import default_store
from core.ood.framing_shortcut import shortcut_table as frame_table
from panels import shell
from panels.data import charts
from panels.data.framing_shortcut import frame_shortcut
from panels.data.local_copy import local_copy
from panels.data.slices import before_and_after

shell.require()

table = splits.index_table()
state = store_state(default_store())

st.title("Data", anchor=False)
st.markdown(
    f"**{len(table):,} slices** of **{table['patient'].nunique()} patients**: T1-weighted, contrast-enhanced MRI with "
    "a tumour in each slice, outlined by hand. Nothing else is in the set: no healthy brain, no other kind "
    "of tumour, no other kind of picture."
)
st.markdown(
    f"{citation.AUTHOR}, *{citation.NAME}*, figshare {citation.FIGSHARE}, version {citation.VERSION}, "
    f"[doi:{citation.DOI}](https://doi.org/{citation.DOI}), licence [{citation.LICENCE}]({citation.LICENCE_ADDRESS}). "
    "Its author asks to cite:\n"
    + "\n".join(
        f"- {paper.authors}, “{paper.title}”, {paper.journal}, [doi:{paper.doi}](https://doi.org/{paper.doi})"
        for paper in citation.PAPERS
    )
)
left, right = st.columns(2, gap="large")
with left:
    st.subheader("Slices by class", anchor=False)
    charts.classes(table)
with right:
    st.subheader("Slices per patient", anchor=False)
    charts.slices_per_patient(table)

st.subheader("Why splits by slice flatter", anchor=False)
st.markdown(
    "Each bar is a patient, each colour a part of the split. Where training and test share a bar, the network is "
    "tested on a tumour it was trained on, a few millimetres away. The report's splits, Tables 1 and 5, are by slice; "
    "the official folds are by patient."
)
split = st.segmented_control(
    "Split",
    list(SPLIT_NAMES),
    default=SPLIT_NAMES[0],
    required=True,
    format_func=charts.SPLIT_TITLES.__getitem__,
    key="split",
    bind="query-params",
)
charts.leak(table, split)

left, right = st.columns(2, gap="large")
with left:
    st.subheader("Parts of each split", anchor=False)
    charts.parts(table)
with right:
    st.subheader("The official folds", anchor=False)
    charts.folds(table)
charts.letter_twins(table)

st.subheader("The frame gives the class away", anchor=False)
frame_shortcut(frame_table())

st.subheader("Before and after", anchor=False)
st.markdown(
    "A slice of each class whose tumour is of middling size, with its mask: as published (the report's Figure 1) and "
    "as its U-Net is fed (Figure 5)."
)
before_and_after(table, can_fetch=state.problem is None)

st.subheader("The copy on this machine", anchor=False)
local_copy(state)
