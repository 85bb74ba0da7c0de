"""Whether the screen goes by the tumour or by the source, what was tried, and generated pictures with their answers."""

import pandas as pd
import streamlit as st

from core.bundles.bundle import Bundle
from core.inference.gate import OUT_OF_DISTRIBUTION
from core.inference.render import default_window, grey_image
from core.ood.evaluate import NON_BRAIN_GROUP
from core.ood.non_brain import EXAMPLES, example_image
from panels.shared.confusion_matrix import SHORT_TITLES
from panels.shared.theme import escape_markdown, percent


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
                "Told apart": [f"{area:.3f}" for _, area in rows],
            }
        ),
        hide_index=True,
        alt="; ".join(f"{title}: {area:.3f}" for title, area in rows),
    )
    st.caption(
        "Told apart by size, border and histogram alone, area under the ROC curve: 0.5 is chance, 1 is always. **The "
        "sources can still be told apart after all that**, so that some of what the screen goes by may be the source."
    )
    st.markdown("**How much of the answer is the tumour's?**")
    st.markdown(
        f"- Of {found['own_twins']} of the data set's validation slices, their tumour taken out, "
        f"{percent(found['own_twins_called_no_tumour'])} are called tumour-free; a screen that went by the source "
        "alone would call none so. With the tumour left and an equal piece beside it replaced instead, "
        f"{percent(found['own_shams_called_no_tumour'])} are: that much may be the traces of a replacement.\n"
        f"- Of the slices from elsewhere that thresholds were chosen on, {found['called_no_tumour']} are called "
        f"tumour-free: {percent(found['heat_in_head'])} of that answer's heat lies on the head, where "
        f"{percent(found['head_area'])} would if it were spread evenly; of its saliency, which shows what speaks "
        f"against it too, {percent(found['saliency_in_head'])}.\n"
        "- With the surroundings of a slice of the data set around their heads, "
        f"{percent(found['kept_in_other_surroundings'])} of these answers stay."
    )
    st.caption(escape_markdown(bundle.card["screen"]["data"]))


def examples(table: pd.DataFrame) -> None:
    """A picture of each kind, with the answer it got.

    Args:
        table: of ``panels.external.answers.answered``.
    """
    rows = table[table["group"] == NON_BRAIN_GROUP].set_index("name")
    grid = st.grid(min_column_width=160, gap="small")
    for kind in EXAMPLES:
        slice_ = example_image(kind)
        if slice_.name not in rows.index:
            continue
        row = rows.loc[slice_.name]
        with grid.container():
            st.image(grey_image(slice_.pixels, *default_window(slice_.pixels)), width="stretch", alt=f"A {kind}")
            st.caption(f"{kind.capitalize()}: {SHORT_TITLES.get(row['answer'], row['answer']).lower()}")
    kinds = (rows["answer"] == OUT_OF_DISTRIBUTION).groupby(rows["kind"], sort=False)
    told = ", ".join(f"{kind} {int(hits.sum())} of {len(hits)}" for kind, hits in kinds)
    st.caption(
        f"Told to be strangers: {told}. Those shown are openly licensed (sources in samples/README.md) or generated; "
        "of faces none may be shown. Many pictures of a kind are parts of the same few: photographs of eight, textures "
        f"of three. Left alone, the network names a tumour in every one of the {len(rows)}: {_without_screen(rows)}."
    )


def _without_screen(rows: pd.DataFrame) -> str:
    counts = rows["predicted"].value_counts()
    return ", ".join(f"{SHORT_TITLES[name].lower()} in {count}" for name, count in counts.items())
