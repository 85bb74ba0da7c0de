"""Whether the screen goes by the tumour or by the source, what was tried, and generated pictures with their answers."""

import pandas as pd
import streamlit as st

from core.bundles import Bundle
from core.not_brains import EXAMPLES, example
from core.overlay import default_window, grey_picture
from core.strangers import NOT_BRAIN
from panels.matrix import SHORT
from panels.theme import percent


def control(bundle: Bundle) -> None:
    """The control's figures and what the screen was fitted on."""
    found, counts = bundle.card["screen"]["source_control"], bundle.card["screen"]["fitted_on"]
    st.markdown(
        "All tumours to learn from come from one data set and all slices without one from another: a screen could "
        "tell the two by their size, border or grey levels and never look at a tumour. Against that both kinds were "
        f"made on both sides: of {counts['of them made tumour-free too']} slices of the data set the tumour was taken "
        "out, replaced by the other half of the head, and "
        f"{counts['tumours put into those']} tumours were put into the {counts['tumour-free slices from elsewhere']} "
        "slices without one; and all went through the same crop, resampling, compression and change of contrast."
    )
    rows = [
        ("As they are", found["as_they_are"]),
        ("After the network's preprocessing", found["preprocessed"]),
        ("As the screen learnt from them", found["as_in_training"]),
    ]
    st.dataframe(
        pd.DataFrame(
            {
                "The two sources": [title for title, _ in rows],
                "Told apart without looking at the picture": [f"{area:.3f}" for _, area in rows],
            }
        ),
        hide_index=True,
        alt="; ".join(f"{title}: {area:.3f}" for title, area in rows),
    )
    st.caption(
        "Area under the ROC curve of a model that knows only size, border and histogram: 0.5 is chance. Of the data "
        f"set's validation slices with their tumour taken out, {percent(found['own_twins_called_no_tumour'])} score as "
        "tumour-free: a screen that went by the source alone would find none. The answer “no tumour” comes from the "
        f"head: {percent(found['heat_in_head'])} of its heat lies there, and {percent(found['saliency_in_head'])} of "
        f"its saliency, where {percent(found['head_area'])} would if they were spread evenly; with all beside the head "
        f"made black, {percent(found['kept_without_surroundings'])} of these answers stay."
    )


def examples(table: pd.DataFrame) -> None:
    """A picture of each kind, with the answer it got.

    Args:
        table: of ``panels.strangers_answers.answered``.
    """
    rows = table[table["group"] == NOT_BRAIN].set_index("name")
    grid = st.grid(min_column_width=160, gap="small")
    for kind in EXAMPLES:
        slice_ = example(kind)
        if slice_.name not in rows.index:
            continue
        row = rows.loc[slice_.name]
        with grid.container():
            st.image(grey_picture(slice_.pixels, *default_window(slice_.pixels)), width="stretch", alt=f"A {kind}")
            st.caption(f"{kind.capitalize()}: {SHORT.get(row['answer'], row['answer']).lower()}")
    st.caption(
        "One of each kind, openly licensed (sources in samples/README.md) or generated. Left alone, the network names "
        f"a tumour in each: {_without_screen(rows)}."
    )


def _without_screen(rows: pd.DataFrame) -> str:
    counts = rows["predicted"].value_counts()
    return ", ".join(f"{SHORT[name].lower()} in {count} of {len(rows)} pictures" for name, count in counts.items())
