"""Data: pictures of the data set, who is in it, where its splits leak, and what of it is on this machine."""

import streamlit as st

from core.dataset import citation, splits
from core.dataset.lookup import store_state
from core.dataset.store import default_store
from core.ood.framing_shortcut import shortcut_table
from core.translation.messages import tr
from panels import shell
from panels.data import charts
from panels.data.before_and_after import draw_before_and_after
from panels.data.framing_shortcut import draw_framing_shortcut
from panels.data.local_copy import draw_local_copy
from panels.shared.labels import term
from panels.shared.link.address import bound

shell.require()

index = splits.index_table()
state = store_state(default_store())

st.markdown(
    tr(
        "**{count:,} slices** of **{patient} patients**: T1-weighted, contrast-enhanced MRI. Every slice has a "
        "tumour, outlined by hand.",
        count=len(index),
        patient=index["patient"].nunique(),
    )
)
draw_before_and_after(index, can_fetch=state.problem is None)
st.caption(
    tr("A tumour of median size of each class: as published (the report's Figure 1), as model input (Figure 5).")
)
with st.expander(tr("Source, licence, and papers to cite"), icon=":material/menu_book:"):
    st.markdown(
        tr(
            "{author}, *{name}*, figshare {figshare}, version {version}, {address}, licence {licence}. Its author asks "
            "to cite:",
            author=citation.AUTHOR,
            name=citation.NAME,
            figshare=citation.FIGSHARE,
            version=citation.VERSION,
            address=f"[doi:{citation.DOI}](https://doi.org/{citation.DOI})",
            licence=f"[{citation.LICENCE}]({citation.LICENCE_ADDRESS})",
        )
        + "\n"
        + "\n".join(
            f"- {paper.authors}, “{paper.title}”, {paper.journal}, [doi:{paper.doi}](https://doi.org/{paper.doi})"
            for paper in citation.PAPERS
        )
    )
left, right = st.columns(2, gap="large")
with left:
    st.header(tr("Slices by class"), anchor=False)
    charts.draw_class_counts(index)
with right:
    st.header(tr("Slices per patient"), anchor=False)
    charts.draw_slices_per_patient(index)

st.header(tr("Slice-level splits leak"), anchor=False)
st.markdown(
    tr(
        "Each bar is a patient: training and test should not share one. The report's splits, Tables 1 and 5, are "
        "{slice_level}; the official {fold} are {patient_level}.",
        slice_level=term("slice-level", tr("slice-level")),
        fold=term("fold", tr("folds")),
        patient_level=term("patient-level", tr("patient-level")),
    )
)
split = bound(
    st.segmented_control,
    tr("Split"),
    list(splits.SPLIT_NAMES),
    default=splits.SPLIT_NAMES[0],
    required=True,
    format_func=charts.SPLIT_TITLES.__getitem__,
    key="split",
)
charts.draw_leakage(index, split)

with st.expander(tr("Parts of each split, and the official folds"), icon=":material/bar_chart:"):
    left, right = st.columns(2, gap="large")
    with left:
        charts.draw_part_counts(index)
    with right:
        charts.draw_fold_counts(index)
charts.draw_similar_ids(index)

st.header(tr("Shortcut: the head's position predicts the class"), anchor=False)
draw_framing_shortcut(shortcut_table())

with st.expander(tr("Local copy"), icon=":material/folder_open:", expanded=state.problem is not None):
    draw_local_copy(state)
